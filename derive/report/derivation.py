"""A derivation in sections, ready to be set: the forward pass, then the derivatives.

A family of layers has a section for any layer between the first and the last (in the letter l), one for the last
layer with the loss, and one for what stands before the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast, get_args, get_type_hints

from derive.calculus.closed import closed_forms
from derive.calculus.derivation import Derivation
from derive.calculus.reverse import backprop
from derive.errors import DeriveError, UnknownNameError, did_you_mean
from derive.ir.graph import Graph
from derive.model.names import parse_name
from derive.notation import Line, Style, View, default_style, print_derivation, print_forward


@dataclass(frozen=True)
class Section:
    """A heading and the equations under it."""

    heading: str
    lines: tuple[Line, ...]


def forward_sections(graph: Graph, view: View | None = None, style: Style | None = None) -> list[Section]:
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
    derivation: Derivation, view: View | None = None, style: Style | None = None, wrt: Iterable[str] | None = None
) -> list[Section]:
    """The derivatives of the loss, by the names in `wrt` or by all. UnknownNameError for an unknown name."""
    family = derivation.graph.family
    loss = derivation.loss
    if family is None or loss != derivation.graph.loss:
        return _section(
            f"Derivatives of {loss}", print_derivation(derivation, closed_forms(derivation), view, style, wrt)
        )
    parts: list[tuple[str, Graph, Callable[[str], bool]]] = [
        (f"Layer {family.high}, the last", derivation.graph, lambda name: layer_of(name) in ("", family.high)),
        (f"Layer {family.index}, before the last", family.interior, lambda name: layer_of(name) == family.index),
        ("Before the first layer", family.first, lambda name: layer_of(name) == ""),
    ]
    asked = None if wrt is None else list(wrt)
    sections: list[Section] = []
    printed: set[str] = set()
    for heading, graph, belongs in parts:
        own = backprop(graph)
        chosen = (
            None if asked is None else [n for n in asked if graph.aliases.get(n, n) in own.steps and n not in printed]
        )
        lines = print_derivation(own, closed_forms(own), view, style, chosen)
        lines = [line for line in lines if line.name not in printed and (asked is not None or belongs(line.name))]
        printed |= {line.name for line in lines} | set(chosen or ())
        sections += _section(heading, lines)
    for name in asked or ():
        if name not in printed:
            known = [n for _, graph, _ in parts for n in graph.names]
            raise UnknownNameError(f"{name!r} is neither an input nor a binding", hint=did_you_mean(name, known))
    return sections


def pairs(sections: Iterable[Section]) -> list[tuple[str, tuple[Line, ...]]]:
    """The sections as `derive.notation.document` takes them."""
    return [(section.heading, section.lines) for section in sections]


def plain_text(sections: Iterable[Section]) -> str:
    """The sections for a terminal, one equation a line."""
    blocks = ["\n".join([s.heading, *(f"  {line.unicode()}" for line in s.lines)]) for s in sections]
    return "\n\n".join(blocks)


def style_of(graph: Graph, choices: Mapping[str, Any]) -> Style:
    """The default style of the graph with these choices. Raises DeriveError for a choice there is not."""
    known = {field.name: field for field in fields(Style)}
    hints = get_type_hints(Style)
    for name, value in choices.items():
        if name not in known:
            raise DeriveError(f"there is no printing choice {name!r}", hint=did_you_mean(name, known))
        allowed = get_args(hints[name]) or (True, False)
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
