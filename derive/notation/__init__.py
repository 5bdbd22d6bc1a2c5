"""From nodes and derivations to formulas: scalar, index and matrix view; LaTeX and terminal text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from derive.calculus.derivation import Adjoints
from derive.calculus.higher import JacobianOf, Recipe
from derive.errors import UnknownNameError, did_you_mean
from derive.ir.graph import ComputationGraph, Family
from derive.ir.node import Node
from derive.notation.documents import document
from derive.notation.lines import forward_line, node_line, recipe_line, shared_line, step_line
from derive.notation.names import Names
from derive.notation.sides import Line
from derive.notation.style import Style, View

if TYPE_CHECKING:
    from derive.calculus.closed import ClosedForm
    from derive.calculus.shared_parameters import SharedStep

__all__ = [
    "Line",
    "Style",
    "View",
    "default_style",
    "default_view",
    "document",
    "print_derivation",
    "print_forward",
    "print_node",
    "print_partial",
    "print_recipe",
    "print_shared",
    "unicode_node",
]


def default_view(graph: ComputationGraph) -> View:
    """`scalar` if every input and binding is a scalar, else `matrix`."""
    return "matrix" if any(graph.shape(name) for name in graph.names) else "scalar"


def default_style(graph: ComputationGraph) -> Style:
    """For layers of a family δ, so that a recursion links δ to δ; else partial derivatives as fractions."""
    return Style(adjoint="delta") if any("[" in name for name in graph.names) else Style()


def print_node(node: Node, graph: ComputationGraph, view: View | None = None, style: Style | None = None) -> str:
    """A node as LaTeX. In the matrix view a tensor without matrix notation is printed by its entries."""
    return node_line(node, _names(graph, style), view or default_view(graph)).latex()


def unicode_node(node: Node, graph: ComputationGraph, view: View | None = None, style: Style | None = None) -> str:
    """A node as one line of terminal text."""
    return node_line(node, _names(graph, style), view or default_view(graph)).unicode()


def print_forward(graph: ComputationGraph, view: View | None = None, style: Style | None = None) -> list[Line]:
    """The definition of every binding, in order."""
    names, chosen = _names(graph, style), view or default_view(graph)
    return [forward_line(name, names, chosen) for name in graph.bindings]


def print_partial(of: str, by: str, node: Node, graph: ComputationGraph, style: Style | None = None) -> Line:
    """The derivative `node` of one value by another, shape of `of` followed by that of `by`, entry by entry."""
    return print_recipe(JacobianOf(of, by), node, graph, "index", style)


def print_recipe(
    recipe: Recipe, closed: Node, graph: ComputationGraph, view: View | None = None, style: Style | None = None
) -> Line:
    """A derivative of higher order: as it is asked for, and its short form."""
    return recipe_line(recipe, closed, _names(graph, style), view or default_view(graph))


def print_derivation(
    derivation: Adjoints,
    closed: Mapping[str, ClosedForm] | None = None,
    view: View | None = None,
    style: Style | None = None,
    wrt: Iterable[str] | None = None,
) -> list[Line]:
    """A line for every name in `wrt`, in the order of the backward pass; by default every name that the loss depends
    on but the loss itself; inputs that are held fixed and opaque derivatives, of which nothing can be said, are left
    out.

    `closed` are the closed forms, computed if they are not given; an empty mapping prints none. Raises
    UnknownNameError for a name that is neither input nor binding.
    """
    graph = derivation.graph
    if closed is None:
        from derive.calculus.closed import closed_forms  # loads SymPy

        closed = closed_forms(derivation)
    chosen, names = view or default_view(graph), Names(derivation.gradient, style or default_style(graph))
    if wrt is not None:
        return [step_line(derivation, name, closed.get(name), names, chosen) for name in _known(derivation, wrt)]
    asked = [name for name, step in derivation.steps.items() if step.paths and _asked(graph, name)]
    lines = [step_line(derivation, name, closed.get(name), names, chosen) for name in asked]
    return [line for line in lines if len(line.members) > 1]


def print_shared(step: SharedStep, family: Family, view: View | None = None, style: Style | None = None) -> Line:
    """The derivative by a name that all layers of a family share."""
    layers = family.index, str(family.low), family.high
    return shared_line(step, layers, _names(step.graph, style), view or default_view(family.last))


def _names(graph: ComputationGraph, style: Style | None) -> Names:
    return Names(graph, style or default_style(graph))


def _asked(graph: ComputationGraph, name: str) -> bool:
    return name in graph.bindings or graph.declarations[name].differentiable


def _known(derivation: Adjoints, names: Iterable[str]) -> Iterator[str]:
    for asked in names:
        name = derivation.graph.aliases.get(asked, asked)
        if name not in derivation.steps:
            hint = did_you_mean(name, derivation.graph.names)
            raise UnknownNameError(f"{asked!r} is neither an input nor a binding", hint=hint)
        yield name
