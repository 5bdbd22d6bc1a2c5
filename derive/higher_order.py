"""A derivative of higher order, or along directions: an expression of the model that knows what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from derive.calculus.closed import short_recipe
from derive.calculus.derivation import adjoint_parts
from derive.calculus.higher import Curvature, JacobianOf, Recipe
from derive.calculus.short_forms import ShortForms
from derive.codegen import Emitted, callable_of, module, single
from derive.codegen.identifiers import Identifiers
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ir.size import show_shape
from derive.notation import Line, default_view, print_recipe
from derive.notation.sympy_form import to_sympy
from derive.operators import Value
from derive.partial import Closed
from derive.report.derivation import style_of, view_of


class HigherDerivative(Value):
    """A Jacobian, a Hessian, a product of either with vectors, a Gauss-Newton or Fisher matrix.

    `node` is what the chain rule gives, `closed` the short form that is printed. As a value it goes into models.
    `graph` is the model with the directions as further inputs, and with the gradients that are differentiated again.
    """

    def __init__(
        self, recipe: Recipe, graph: ComputationGraph, kind: str, words: str, derivation: Closed | None = None
    ) -> None:
        super().__init__(recipe(graph))
        self.recipe, self.graph, self.kind, self.words = recipe, graph, kind, words
        self._derivation = derivation  # the one whose gradients are differentiated again

    @cached_property
    def closed(self) -> Node:
        """The short form, in names of the forward pass where it is known in them."""
        if self._derivation is None:
            return ShortForms(self.graph).short(self.node)
        return short_recipe(self.recipe, self.graph, self._derivation.data, self._derivation.closed)

    @property
    def taken_by(self) -> tuple[str, ...]:
        """The names that tell it from others of its kind."""
        if not isinstance(self.recipe, JacobianOf):
            return self.recipe.by
        gradient = adjoint_parts(self.recipe.p)
        return (self.recipe.p if gradient is None else gradient[1]), self.recipe.q

    @property
    def is_matrix(self) -> bool:
        """Whether it has the axes of two names, and is printed entry by entry if nobody says otherwise."""
        return isinstance(self.recipe, JacobianOf) or (isinstance(self.recipe, Curvature) and not self.recipe.along)

    def line(self, view: str | None = None, **style: Any) -> Line:
        """The equation in parts; options as for `Derivation.latex`."""
        chosen = view_of(view) or ("index" if self.is_matrix else default_view(self.graph))
        return print_recipe(self.recipe, self.closed, self.graph, chosen, style_of(self.graph, style))

    def latex(self, view: str | None = None, **style: Any) -> str:
        """The equation as LaTeX: what is asked for in derivatives by name, and its short form."""
        return self.line(view, **style).latex()

    def unicode(self, view: str | None = None, **style: Any) -> str:
        """The same equation for a terminal."""
        return self.line(view, **style).unicode()

    def sympy(self, view: str | None = None) -> Any:
        """The short form in SymPy: an expression, a matrix expression where there is one, else the entry at i, j, ...

        Raises UnsupportedError for what SymPy has no counterpart of.
        """
        return to_sympy(self.closed, self.graph, view_of(view) or "matrix")

    def emitted(self, name: str | None = None) -> Emitted:
        """The function that computes it, as data."""
        return single(self.recipe, self.graph, name or self.kind, self.words, self.node.shape)

    def source(self) -> str:
        """A NumPy module with a function of the inputs, directions among them, that returns the value."""
        return module([self.emitted()], self.words)

    def lambdify(self, **options: Any) -> Callable[..., Any]:
        """That function, with its inputs checked; options as for `Derivation.lambdify`."""
        return callable_of(self.emitted(), **options)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        return f"<{self.words} {show_shape(self.node.shape)}>"


def joint_source(derivatives: Sequence[HigherDerivative]) -> str:
    """One module with a function for each."""
    if len(derivatives) == 1:
        return derivatives[0].source()
    kinds, names = [one.kind for one in derivatives], Identifiers()
    functions = [
        one.emitted(names.claim(one.kind if kinds.count(one.kind) == 1 else "_".join((one.kind, *one.taken_by))))
        for one in derivatives
    ]
    return module(functions, "Derivatives")
