"""What can be asked of models and derivations beside first derivatives.

Everything is a recipe of `derive.calculus.higher`, applied to the model, or to the model with its gradients:

    jacobian, jvp, vjp                     dp/dq,  (dp/dq) v,  (dp/dq)^T u          of any two names
    hessian, hvp, directional              of the loss:  d^2 L / dp dq,  times directions,  v . grad L and v^T H v
    gauss_newton, fisher                   curvatures through an output z
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from derive.calculus import derivation as calculus
from derive.calculus.closed import ClosedForm, closed_forms
from derive.calculus.derivation import adjoint_name
from derive.calculus.distributions import distribution
from derive.calculus.higher import Curvature, Directional, JacobianOf, Pullback, Pushforward, Recipe
from derive.calculus.shared_parameters import whole
from derive.directions import Moved, directions
from derive.errors import ModelError
from derive.higher_order import HigherDerivative
from derive.ir.graph import Binding, ComputationGraph
from derive.ir.node import Node
from derive.operators import known_name


class Differentiable:
    """The derivatives of any name of a model by any other."""

    data: ComputationGraph

    def jacobian(self, p: Any, q: Any, *, direct: bool = False) -> HigherDerivative:
        """The derivative of `p` by `q`: an expression shaped like p, then like q, with `.latex()` and `.sympy()`.

        Total by default: set q and run everything after it. `direct` differentiates the line of p alone.
        """
        p, q = self._two(p, q, check=not direct)
        how = "direct derivative" if direct else "Jacobian"
        return HigherDerivative(JacobianOf(p, q, direct), self.data, "jacobian", f"The {how} of {p} by {q}")

    def jvp(self, p: Any, along: Any) -> HigherDerivative:
        """The derivative of `p` along directions, shaped like p: the sum of (dp/dq) v over what moves.

        `along` is a name (its direction is a further input), several names, or a mapping from names to directions:
        values of the model, their names, arrays. Raises ShapeError for a direction that does not fit.
        """
        p = known_name(self.data, p)
        graph, moved = directions(self.data, along)
        _whole(self.data, [q for q, _ in moved])
        words = f"The derivative of {p} along {_and(_shown(v) for _, v in moved)}, by {_and(q for q, _ in moved)}"
        return HigherDerivative(Pushforward(p, moved), graph, "jvp", words)

    def vjp(self, p: Any, q: Any, cotangent: Any = None) -> HigherDerivative:
        """The cotangent that `p` sends to `q`, shaped like q: (dp/dq)^T u, for a given u or one that is an input."""
        p, q = self._two(p, q)
        graph, seeds = directions(self.data, {p: cotangent}, "u")
        words = f"The Jacobian of {p} by {q}, transposed, times {_shown(seeds[0][1])}"
        return HigherDerivative(Pullback(q, seeds), graph, "vjp", words)

    def fisher(self, p: Any, model: str, q: Any = None, *, along: Any = None) -> HigherDerivative:
        """The Fisher information of a distribution, by `p` and `q` (by default p), or times a direction of q.

        `model` says of which: `"bernoulli(logits=z)"`, `"categorical(logits=Z)"`, `"normal(mean=z, std=0.1)"`,
        `"poisson(rate=r)"`, ... with names of the model or numbers. The entries of a parameter belong to independent
        observations, whose information adds up. Raises UnknownNameError and ModelError for another text.
        """
        p, q = self._two(p, p if q is None else q)
        through = distribution(model, self.data).information(self.data)
        for z, _ in through:
            _reaches(self.data, z, [p, q])
        return _curvature(self.data, p, q, through, along, "fisher", f"The Fisher information of {model}")

    def _two(self, p: Any, q: Any, *, check: bool = True) -> tuple[str, str]:
        p, q = known_name(self.data, p), known_name(self.data, q)
        if check:
            _whole(self.data, [q])
        return p, q


class TwiceDifferentiable:
    """The second derivatives of the loss."""

    data: calculus.Adjoints

    @cached_property
    def closed(self) -> Mapping[str, ClosedForm]:
        """The closed form of every derivative, by name."""
        return closed_forms(self.data)

    def hessian(self, p: Any, q: Any = None) -> HigherDerivative:
        """The second derivative of the loss by `p` and `q` (by default p): shaped like p, then like q."""
        p, q = self._name(p), self._name(p if q is None else q)
        words = f"The Hessian of {self.data.loss} by {_and(dict.fromkeys((p, q)))}"
        return self._made(JacobianOf(self._gradient(p), q), [p, q], "hessian", words)

    def hvp(self, p: Any, along: Any = None) -> HigherDerivative:
        """The Hessian times directions, shaped like `p`: the sum of (d^2 L / dp dq) v over what moves, by default p.

        `along` as for `Graph.jvp`.
        """
        p = self._name(p)
        graph, moved = directions(self.data.gradient, p if along is None else along)
        seeds = tuple((self._gradient(q), v) for q, v in moved)
        words = f"The Hessian of {self.data.loss} by {_and(dict.fromkeys([p, *(q for q, _ in moved)]))}"
        words += f", times {_and(_shown(v) for _, v in moved)}"
        return self._made(Pullback(p, seeds), [p, *(q for q, _ in moved)], "hessian_vector_product", words, graph)

    def directional(self, along: Any, order: int = 1) -> HigherDerivative:
        """The first or second derivative of the loss along directions: v . dL/dw, or v^T H v; `along` as for `jvp`."""
        if order not in (1, 2):
            raise ModelError(f"a directional derivative of order {order!r}", hint="of order 1 or 2")
        graph, moved = directions(self.data.gradient, along)
        loss, names = self.data.loss, [q for q, _ in moved]
        recipe = Directional(loss, moved, order)
        which = "first" if order == 1 else "second"
        words = f"The {which} derivative of {loss} along {_and(_shown(v) for _, v in moved)}, by {_and(names)}"
        return self._made(recipe, names, f"{which}_directional_derivative", words, graph)

    def gauss_newton(self, p: Any, q: Any = None, *, through: Any, along: Any = None) -> HigherDerivative:
        """The Gauss-Newton matrix by `p` and `q` (by default p), or times a direction of q.

        It is the part of the Hessian that is left where z, `through` which the loss sees its parameters, is replaced
        by its tangent: (dz/dp)^T (d^2 L / dz dz) (dz/dq).
        """
        p, q, z = self._name(p), self._name(p if q is None else q), self._name(through)
        _reaches(self.data.graph, z, [p, q])
        graph = self._graph([z])
        middle = JacobianOf(self._gradient(z), z)
        words = f"The Gauss-Newton matrix of {self.data.loss} through {z}"
        return _curvature(graph, p, q, ((z, middle),), along, "gauss_newton", words, self)

    def _name(self, asked: Any) -> str:
        name = known_name(self.data.graph, asked)
        _whole(self.data.graph, [name])
        return name

    def _gradient(self, name: str) -> str:
        return adjoint_name(self.data.loss, name)

    def _graph(self, names: Iterable[str], graph: ComputationGraph | None = None) -> ComputationGraph:
        """The model with its loss and gradients, also those that are zero and have no line."""
        graph = (graph or self.data.gradient).with_loss(self.data.loss)
        for name in dict.fromkeys(names):
            step = self.data.steps[name]
            if step.adjoint not in graph:
                graph = graph.with_binding(Binding(step.adjoint, step.total, adjoint_of=name))
        return graph

    def _made(
        self, recipe: Recipe, names: list[str], kind: str, words: str, graph: ComputationGraph | None = None
    ) -> HigherDerivative:
        _whole(self.data.graph, names)
        return HigherDerivative(recipe, self._graph(names, graph), kind, words, self)


def _curvature(
    graph: ComputationGraph,
    p: str,
    q: str,
    through: tuple[tuple[str, Any], ...],
    along: Any,
    kind: str,
    words: str,
    derivation: TwiceDifferentiable | None = None,
) -> HigherDerivative:
    """The matrix, or its product with directions."""
    words += f", by {_and(dict.fromkeys((p, q)))}"
    moved: Moved = ()
    if along is not None:
        graph, moved = directions(graph, along)
        words += f", times {_and(_shown(v) for _, v in moved)}"
    return HigherDerivative(Curvature(p, q, through, moved), graph, kind, words, derivation)


def _reaches(graph: ComputationGraph, z: str, names: list[str]) -> None:
    """ModelError for names that z is not made of: a curvature through it would be zero."""
    above = graph.ancestors(z)
    for name in names:
        if name != z and name not in above:
            possible = [other for other in graph.bindings if name in graph.ancestors(other)]
            raise ModelError(
                f"{z} does not depend on {name}", hint=f"go through one of {', '.join(possible)}" if possible else None
            )


def _whole(graph: ComputationGraph, names: Iterable[str]) -> None:
    """UnsupportedError for a name that the windows of a family show in parts only."""
    for name in names:
        whole(graph, name)


def _and(names: Iterable[str]) -> str:
    listed = list(names)
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)


def _shown(direction: Node) -> str:
    return direction.name if direction.op == "ref" else "a given direction"
