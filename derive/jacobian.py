"""The derivative of one value by another: an expression of the model that knows what it is."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from derive.calculus.closed import second
from derive.calculus.simplify import Simplifier
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.notation import Line, print_partial
from derive.notation.sympy_form import to_sympy
from derive.operators import Value
from derive.partial import Closed
from derive.report.derivation import style_of, view_of


class Jacobian(Value):
    """A derivative shaped like `of`, then like `by`; of a gradient it is a Hessian.

    `node` is what the chain rule gives, `closed` the short form that is printed. As a value it goes into models.
    """

    def __init__(self, node: Node, graph: ComputationGraph, of: str, by: str, derivation: Closed | None = None) -> None:
        super().__init__(node)
        self.graph, self.of, self.by = graph, of, by
        self._derivation = derivation  # the one that `of` is a gradient in

    @cached_property
    def closed(self) -> Node:
        """The short form, in names of the forward pass where it is known in them."""
        derivation, adjoint = self._derivation, self.graph.bindings.get(self.of)
        if derivation is None or adjoint is None or adjoint.adjoint_of is None:
            return Simplifier(self.graph).short(self.node)
        return second(derivation.data, adjoint.adjoint_of, self.by, self.node, derivation.closed)

    def line(self, **style: Any) -> Line:
        """The equation in parts, entry by entry; options as for `Derivation.latex`."""
        return print_partial(self.of, self.by, self.closed, self.graph, style_of(self.graph, style))

    def latex(self, **style: Any) -> str:
        """The equation entry by entry as LaTeX; options as for `Derivation.latex`."""
        return self.line(**style).latex()

    def unicode(self, **style: Any) -> str:
        """The same equation for a terminal."""
        return self.line(**style).unicode()

    def sympy(self, view: str | None = None) -> Any:
        """The short form in SymPy: an expression, a matrix expression where there is one, else the entry at i, j, ...

        Raises UnsupportedError for what SymPy has no counterpart of.
        """
        return to_sympy(self.closed, self.graph, view_of(view) or "matrix")

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"
