r"""The derivative of the loss by a name that all layers of a family share: a sum over every line that uses it.

    dJ/dw = sum over l of (what the lines of layer l send back)
          + what the lines before the first layer send back + what the loss and the lines beside it send back

What a line sends back is written with the adjoint of its own value as a name, so the lines of one layer stand for those
of all of them. They are taken from the window of an inner layer, the others from the first and the last window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from derive.calculus.closed import short_form
from derive.calculus.derivation import Adjoints, adjoint_name
from derive.calculus.reverse import backprop
from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.graph import ComputationGraph, Family
from derive.ir.node import Node
from derive.ir.size import Shape
from derive.model.shared_names import shown_in_part


@dataclass(frozen=True)
class Contribution:
    """What some lines send back; with `every` it is summed over the layers. `within` are the names it is written in."""

    node: Node
    every: bool
    within: Adjoints


@dataclass(frozen=True)
class SharedStep:
    """The derivative of the loss by `name`, term by term; `graph` has the names of layer l and all others.

    `shared` are all names of which a window shows a part: what one says of their derivatives is no fact.
    """

    name: str
    adjoint: str
    shape: Shape
    terms: tuple[Contribution, ...]
    graph: ComputationGraph
    shared: tuple[str, ...]


def is_shared(graph: ComputationGraph, name: str) -> bool:
    """Whether the windows of a family show the uses of a name in parts only."""
    family = graph.family
    stem, member, _ = graph.aliases.get(name, name).partition("[")
    return family is not None and not member and stem in family.shared


def whole(graph: ComputationGraph, name: str) -> None:
    """UnsupportedError for a name that the graph shows in parts only."""
    family = graph.family
    if family is not None and shown_in_part(family, graph, graph.aliases.get(name, name)):
        raise UnsupportedError(
            f"{name} is used in several layers {family.index} or around them: its derivative is a sum over all uses",
            hint=f"take a number of layers: instance({family.low + 2}), --layers {family.low + 2}",
        )


def shared_steps(graph: ComputationGraph) -> Iterator[SharedStep]:
    """The derivatives by all shared names that the loss depends on, in the order of the model."""
    family = graph.family
    if family is None or graph.loss is None:
        return
    parts = list(_parts(family))
    names = _together([derivation.gradient for derivation, _, _ in parts])
    for name in names.names:
        if not is_shared(graph, name):
            continue
        found = [Contribution(_sent(derivation, name, lines), every, derivation) for derivation, lines, every in parts]
        terms = tuple(term for term in found if not build.is_zero(term.node))
        if terms:
            yield SharedStep(name, adjoint_name(graph.loss, name), names.shape(name), terms, names, family.shared)


def _parts(family: Family) -> Iterator[tuple[Adjoints, set[str], bool]]:
    """The windows, with the lines that each of them answers for, and whether these stand for all layers.

    What a layer makes and nobody but the loss reads (`o[t] = V @ h[t]`, of which the loss has o[T]) counts in the last
    layer only.
    """
    inner, last = backprop(family.interior), backprop(family.last)
    inside = _layered(family.interior)
    layer = inside[: len(inside) // 2]
    yield inner, set(layer), True
    first = _layered(family.first)
    yield backprop(family.first), set(first[: len(first) - len(inside)]), False
    at_end = dict(zip(layer, _layered(family.last), strict=True))
    silent = {at_end[name] for name in layer if not inner.steps[name].paths}
    yield last, silent | (set(family.last.bindings) - set(at_end.values())), False


def _layered(graph: ComputationGraph) -> list[str]:
    return [name for name in graph.bindings if "[" in name]


def _sent(derivation: Adjoints, name: str, lines: set[str]) -> Node:
    step = derivation.steps.get(name)
    paths = [path.contribution for path in step.paths if path.consumer in lines] if step is not None else []
    return short_form(derivation, build.add(*paths)) if paths else build.number(0)


def _together(graphs: list[ComputationGraph]) -> ComputationGraph:
    """One graph with the names of several; the loss is that of the last."""
    made = graphs[-1]
    declarations = {name: d for graph in graphs for name, d in graph.declarations.items()}
    bindings = {name: binding for graph in graphs for name, binding in graph.bindings.items()}
    kept = {name: d for name, d in declarations.items() if name not in bindings or d.kind != "input"}
    return replace(made, declarations=kept, bindings=bindings)
