"""A derivation in sections, ready to be set: the forward pass, then the derivatives.

A family of layers has a section for any layer between the first and the last (in the letter l), one for the last
layer with the loss, one for what stands before the first, and one for what all layers share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast, get_args

from derive.calculus.closed import closed_forms
from derive.calculus.derivation import Adjoints
from derive.calculus.reverse import backprop
from derive.calculus.shared_parameters import shared_steps, whole
from derive.errors import DeriveError, UnknownNameError, UnsupportedError, did_you_mean
from derive.ir.graph import ComputationGraph, Family
from derive.model.names import parse_name
from derive.model.shared_names import is_reached_out_of_view, shown_in_part
from derive.notation import Line, Style, View, default_style, print_derivation, print_forward, print_shared


@dataclass(frozen=True)
class Section:
    """A heading and the equations under it."""

    heading: str
    lines: tuple[Line, ...]


def forward_sections(graph: ComputationGraph, view: View | None = None, style: Style | None = None) -> list[Section]:
    """The definitions of all bindings."""
    if graph.family is None:
        return _section("Forward pass", print_forward(graph, view, style))
    letter, high = graph.family.index, graph.family.high
    inside = print_forward(graph.family.interior, view, style)
    last = print_forward(graph, view, style)
    return [
        *_section(f"Layer {letter}", [line for line in inside if layer_of(line.name) == letter]),
        *_section(f"Layer {high} and the loss", last),
    ]


def backward_sections(
    derivation: Adjoints, view: View | None = None, style: Style | None = None, wrt: Iterable[str] | None = None
) -> list[Section]:
    """The derivatives of the loss, by the names in `wrt` or by all. UnknownNameError for an unknown name."""
    graph, loss = derivation.graph, derivation.loss
    asked = None if wrt is None else list(wrt)
    if graph.family is not None and loss == graph.loss:
        return _of_layers(graph, graph.family, view, style, asked)
    for name in asked or ():
        whole(graph, name)
    lines = print_derivation(derivation, closed_forms(derivation), view, style, asked)
    return _section(f"Derivatives of {loss}", [line for line in lines if not _in_part(graph, line.name)])


def _of_layers(
    graph: ComputationGraph, family: Family, view: View | None, style: Style | None, asked: list[str] | None
) -> list[Section]:
    """The derivatives of the loss of a family, window by window; those by what all layers share are sums over them."""
    _check_even(graph, family, asked)
    parts: list[tuple[str, ComputationGraph, Callable[[str], bool]]] = [
        (f"Layer {family.high}, the last", graph, lambda name: layer_of(name) in ("", family.high)),
        (f"Layer {family.index}, before the last", family.interior, lambda name: layer_of(name) == family.index),
        ("Before the first layer", family.first, lambda name: layer_of(name) == ""),
    ]
    shared = {step.name: step for step in shared_steps(graph)}
    wanted = [name for name in shared if asked is None or name in {graph.aliases.get(n, n) for n in asked}]
    lines = [print_shared(shared[name], family, view, style) for name in wanted]
    sections: list[Section] = []
    printed: set[str] = set(shared) | {name for name in asked or () if graph.aliases.get(name, name) in shared}
    for heading, window, belongs in parts:
        own = backprop(window)
        chosen = None if asked is None else [n for n in asked if n not in printed and _reaches(own, n)]
        found = print_derivation(own, closed_forms(own), view, style, chosen)
        found = [line for line in found if line.name not in printed and (asked is not None or belongs(line.name))]
        printed |= {line.name for line in found} | set(chosen or ())
        sections += _section(heading, found)
    sections += _section(f"All layers {family.index}", lines)
    rest = [name for name in asked or () if name not in printed]
    return [*sections, *_without_effect([window for _, window, _ in parts], rest, view, style)]


def shared_line(derivation: Adjoints, name: str, view: View | None = None, style: Style | None = None) -> Line:
    """The derivative of the loss by a name that all layers of a family share."""
    graph, family = derivation.graph, derivation.graph.family
    step = next((step for step in shared_steps(graph) if step.name == name), None)
    if family is None or step is None or derivation.loss != graph.loss or family.uneven:
        raise UnsupportedError(f"no formula for the derivative of {derivation.loss} by {name}", hint="take an instance")
    return print_shared(step, family, view, style)


def _in_part(graph: ComputationGraph, name: str) -> bool:
    return graph.family is not None and shown_in_part(graph.family, graph, name)


def _reaches(derivation: Adjoints, name: str) -> bool:
    """Whether the loss depends on a name, as far as a window shows."""
    step = derivation.steps.get(derivation.graph.aliases.get(name, name))
    return step is not None and (bool(step.paths) or step.name == derivation.loss)


def _without_effect(
    windows: list[ComputationGraph], names: list[str], view: View | None, style: Style | None
) -> list[Section]:
    """The derivatives by names that the loss does not depend on. UnknownNameError for what is no name."""
    for name in names:
        if not any(name in window.aliases or name in window for window in windows):
            known = [known for window in windows for known in window.names]
            raise UnknownNameError(f"{name!r} is neither an input nor a binding", hint=did_you_mean(name, known))
    made = []
    for window in windows:
        own = [name for name in names if window.aliases.get(name, name) in window]
        names = [name for name in names if name not in own]
        derivation = backprop(window)
        made += print_derivation(derivation, closed_forms(derivation), view, style, own) if own else []
    return _section("Without effect", made)


def _check_even(graph: ComputationGraph, family: Family, asked: list[str] | None) -> None:
    """UnsupportedError where no formula holds for all layers, or for the member of a layer that is asked for."""
    hint = f"take a number of layers, {family.low + 2} for instance"
    if family.uneven:
        shown = family.uneven[0]
        raise UnsupportedError(f"{shown} of some layers is read outside of them: no formula holds for all", hint=hint)
    for name in asked or ():
        stem, member, _ = graph.aliases.get(name, name).partition("[")
        elsewhere = stem in family.shared and layer_of(name) not in (family.index, family.high)
        windows = (family.interior, family.last)
        if member and (elsewhere or any(is_reached_out_of_view(family, w, name, list(w.inputs)) for w in windows)):
            raise UnsupportedError(f"{name} is read by more layers than those around it", hint=hint)


def pairs(sections: Iterable[Section]) -> list[tuple[str, tuple[Line, ...]]]:
    """The sections as `derive.notation.document` takes them."""
    return [(section.heading, section.lines) for section in sections]


def plain_text(sections: Iterable[Section]) -> str:
    """The sections for a terminal, one equation a line."""
    blocks = ["\n".join([s.heading, *(f"  {line.unicode()}" for line in s.lines)]) for s in sections]
    return "\n\n".join(blocks)


def style_of(graph: ComputationGraph, choices: Mapping[str, Any]) -> Style:
    """The default style of the graph with these choices. Raises DeriveError for a choice there is not."""
    known = {field.name: field for field in fields(Style)}
    for name, value in choices.items():
        if name not in known:
            raise DeriveError(f"there is no printing choice {name!r}", hint=did_you_mean(name, known))
        allowed = list(known[name].metadata.get("choices", (True, False)))
        if value not in allowed:
            raise DeriveError(f"{name} cannot be {value!r}", hint=f"one of {', '.join(map(repr, allowed))}")
    return replace(default_style(graph), **choices)


def view_of(view: str | None) -> View | None:
    """The view of that name. Raises DeriveError for another one."""
    for known in get_args(View):
        if view == known:
            return cast(View, known)
    if view is None:
        return None
    raise DeriveError(f"there is no view {view!r}", hint=f"one of {', '.join(get_args(View))}")


def layer_of(name: str) -> str:
    """The layer of a member of a family, such as `l` or `L-1`; empty for other names."""
    parsed = parse_name(name)
    return str(parsed.index) if parsed is not None and parsed.index is not None else ""


def _section(heading: str, lines: Iterable[Line]) -> list[Section]:
    lines = tuple(lines)
    return [Section(heading, lines)] if lines else []
