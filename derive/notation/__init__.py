"""From nodes and derivations to formulas: scalar, index and matrix view; LaTeX and terminal text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from derive.calculus.derivation import Derivation
from derive.errors import UnknownNameError, did_you_mean
from derive.ir.graph import Graph
from derive.ir.node import Node
from derive.notation.documents import document
from derive.notation.lines import Line, forward_line, node_line, partial_line, step_line
from derive.notation.style import Style, View

if TYPE_CHECKING:
    from derive.calculus.closed import ClosedForm

__all__ = [
    "Line",
    "Style",
    "View",
    "default_view",
    "document",
    "partial_line",
    "print_derivation",
    "print_forward",
    "print_node",
    "unicode_node",
]


def default_view(graph: Graph) -> View:
    """`scalar` if every input and binding is a scalar, else `matrix`."""
    return "matrix" if any(graph.shape(name) for name in graph.names) else "scalar"


def print_node(node: Node, graph: Graph, view: View | None = None, style: Style | None = None) -> str:
    """A node as LaTeX. In the matrix view a tensor without matrix notation is printed by its entries."""
    return node_line(node, graph, view or default_view(graph), style or Style()).latex()


def unicode_node(node: Node, graph: Graph, view: View | None = None, style: Style | None = None) -> str:
    """A node as one line of terminal text."""
    return node_line(node, graph, view or default_view(graph), style or Style()).unicode()


def print_forward(graph: Graph, view: View | None = None, style: Style | None = None) -> list[Line]:
    """The definition of every binding, in order."""
    return [forward_line(graph, name, view or default_view(graph), style or Style()) for name in graph.bindings]


def print_derivation(
    derivation: Derivation,
    closed: Mapping[str, ClosedForm] | None = None,
    view: View | None = None,
    style: Style | None = None,
    wrt: Iterable[str] | None = None,
) -> list[Line]:
    """A line for every name in `wrt`, in the order of the backward pass; by default every name that the loss depends
    on but the loss itself, inputs that are held fixed left out.

    Raises UnknownNameError for a name that is neither input nor binding.
    """
    graph = derivation.graph
    if wrt is None:
        names = [name for name, step in derivation.steps.items() if step.paths and _asked(graph, name)]
    else:
        names = [_known(derivation, name) for name in wrt]
    chosen = view or default_view(graph)
    forms = closed or {}
    return [step_line(derivation, name, forms.get(name), chosen, style or Style()) for name in names]


def _asked(graph: Graph, name: str) -> bool:
    return name in graph.bindings or graph.declarations[name].differentiable


def _known(derivation: Derivation, name: str) -> str:
    name = derivation.graph.aliases.get(name, name)
    if name not in derivation.steps:
        raise UnknownNameError(
            f"{name!r} is neither an input nor a binding", hint=did_you_mean(name, derivation.graph.names)
        )
    return name
