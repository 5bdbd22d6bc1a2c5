"""One derivative out of a derivation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from derive.calculus import derivation as calculus
from derive.calculus.closed import ClosedForm
from derive.calculus.higher import Pullback
from derive.calculus.shared_parameters import is_shared, whole
from derive.codegen import Emitted, callable_of, module, single
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import show_shape
from derive.notation import Line, print_derivation
from derive.notation.sympy_form import to_sympy
from derive.operators import Value
from derive.report.derivation import shared_line, style_of, view_of


class Closed(Protocol):
    """A derivation with its closed forms, as `derive.api.Derivation` is one."""

    @property
    def data(self) -> calculus.Adjoints:
        """The plain derivation."""

    @property
    def closed(self) -> Mapping[str, ClosedForm]:
        """The closed form of every derivative, by the name that it is taken by."""


class Partial:
    """The derivative of the loss by one name."""

    def __init__(self, derivation: Closed, wrt: str) -> None:
        self.derivation, self.wrt = derivation, wrt

    @property
    def data(self) -> calculus.Step:
        """The plain step of the backward pass. UnsupportedError by what all layers of a family share."""
        whole(self.derivation.data.graph, self.wrt)
        return self.derivation.data.steps[self.wrt]

    @property
    def name(self) -> str:
        """`∂L/∂w`."""
        return self.derivation.data.steps[self.wrt].adjoint

    @property
    def shape(self) -> tuple[str | int, ...]:
        """The shape, which is that of the variable."""
        return Value(self.derivation.data.graph.ref(self.wrt)).shape

    @property
    def node(self) -> Node:
        """One step of the chain rule: the sum over the consumers, with their derivatives as names."""
        return self.data.total

    @property
    def closed(self) -> Node:
        """The closed form, in names of the forward pass where it is short enough."""
        return self.derivation.closed[self.data.name].node

    @property
    def reason(self) -> str:
        """Why the closed form follows."""
        return self.derivation.closed[self.data.name].reason

    @property
    def chain(self) -> tuple[str, ...]:
        """The names on the way from the loss to the variable.

        Where a name is used more than once the chain is a sum over its paths: the names then start there.
        """
        names = [self.wrt]
        steps = self.derivation.data.steps
        whole(self.derivation.data.graph, self.wrt)
        while len(paths := steps[names[-1]].paths) == 1:
            names.append(paths[0].consumer)
        return tuple(reversed(names))

    def sympy(self, view: str | None = None) -> Any:
        """The closed form in SymPy: an expression, a matrix expression where there is one, else the entry at i, j, ...

        Raises UnsupportedError for what SymPy has no counterpart of.
        """
        return to_sympy(self.closed, self.derivation.data.gradient, view_of(view) or "matrix")

    def line(self, view: str | None = None, **style: Any) -> Line:
        """The equation in parts: name, chain of names, factors, closed form; options as for `Derivation.latex`."""
        derivation, chosen = self.derivation, style_of(self.derivation.data.graph, style)
        if is_shared(derivation.data.graph, self.wrt):
            return shared_line(derivation.data, self.wrt, view_of(view), chosen)
        return print_derivation(derivation.data, derivation.closed, view_of(view), chosen, [self.wrt])[0]

    def latex(self, view: str | None = None, **style: Any) -> str:
        """The chain, the factors and the closed form as one equation in LaTeX; options as for `Derivation.latex`."""
        return self.line(view, **style).latex()

    def unicode(self, view: str | None = None, **style: Any) -> str:
        """The same equation for a terminal."""
        return self.line(view, **style).unicode()

    def source(self) -> str:
        """A NumPy module with a function of the inputs that returns this derivative alone."""
        return module([self._emitted()], self._words)

    def lambdify(self, **options: Any) -> Callable[..., Any]:
        """That function, with its inputs checked; options as for `Derivation.lambdify`."""
        return callable_of(self._emitted(), **options)

    @property
    def _words(self) -> str:
        return f"The derivative of {self.derivation.data.loss} by {self.wrt}"

    def _emitted(self) -> Emitted:
        loss, graph = self.derivation.data.loss, self.derivation.data.graph
        shape = self.data.total.shape
        return single(Pullback(self.wrt, ((loss, build.number(1)),)), graph, "gradient", self._words, shape)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        return f"<Partial {self.name} {show_shape(self.derivation.data.graph.shape(self.wrt))}>"
