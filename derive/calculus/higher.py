r"""Derivatives of higher order as recipes.

    Jacobian        J_{ij}  =  dp_i / dq_j                                      shape of p, then of q
    pushforward     sum over q of  (dp/dq) v_q                                  shape of p      (jvp)
    pullback        sum over p of  (dp/dq)^T u_p                                shape of q      (vjp)
    curvature       sum over z of  (dz/dp)^T  M_z  (dz/dq)                      shape of p, then of q

A Hessian is the Jacobian of a gradient, a Hessian times a vector its pullback, d/dp of sum over q of v_q . dL/dq. The
Gauss-Newton matrix is a curvature with M_z = d^2 L / dz dz, the Fisher matrix one with the information of a
distribution in its parameter z.

A recipe applied to a graph gives a node in the names of that graph. So one recipe serves the graph as its author wrote
it, the one whose gradients have their closed forms (print) and the stable one (code). Its `statement` is the left side
of the formula: derivatives by name, contracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from derive.calculus.derivation import adjoint_name, adjoint_parts
from derive.calculus.jacobian import coefficient, jacobian, total_cotangent
from derive.calculus.reverse import pullback
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ir.size import Shape

_SEED, _DIRECTION = "%cotangent", "%direction"


class Recipe(Protocol):
    """A derivative that can be taken in any graph with these names."""

    @property
    def of(self) -> tuple[str, ...]:
        """What is differentiated."""

    @property
    def by(self) -> tuple[str, ...]:
        """What it is differentiated by."""

    def __call__(self, graph: ComputationGraph) -> Node:
        """The derivative in the names of the graph."""

    def statement(self, graph: ComputationGraph) -> Node:
        """The same in derivatives by name, `∂p/∂q`."""


@dataclass(frozen=True)
class JacobianOf:
    """The derivative of `p` by `q`."""

    p: str
    q: str
    direct: bool = False

    @property
    def of(self) -> tuple[str, ...]:
        return (self.p,)

    @property
    def by(self) -> tuple[str, ...]:
        return (self.q,)

    def __call__(self, graph: ComputationGraph) -> Node:
        return jacobian(graph, self.p, self.q, direct=self.direct)

    def statement(self, graph: ComputationGraph) -> Node:
        return named(graph, self.p, self.q)


@dataclass(frozen=True)
class Pushforward:
    """The derivative of `p` along directions, a node for each name that moves."""

    p: str
    along: tuple[tuple[str, Node], ...]

    @property
    def of(self) -> tuple[str, ...]:
        return (self.p,)

    @property
    def by(self) -> tuple[str, ...]:
        return tuple(q for q, _ in self.along)

    def __call__(self, graph: ComputationGraph) -> Node:
        # what a cotangent of p sends to q is linear in it: its product with v_q has the derivative (dp/dq) v_q
        seed = build.ref(_SEED, graph.shape(self.p))
        sent = build.add(*[_inner(v, cotangent(graph, {self.p: seed}, q)) for q, v in self.along])
        return pullback(sent, build.number(1), only=_SEED).get(_SEED) or build.zeros(seed.shape)

    def statement(self, graph: ComputationGraph) -> Node:
        return build.add(*[_times(named(graph, self.p, q), v) for q, v in self.along])


@dataclass(frozen=True)
class Pullback:
    """The derivative by `q` of the sum of the products of names with their cotangents."""

    q: str
    cotangents: tuple[tuple[str, Node], ...]

    @property
    def of(self) -> tuple[str, ...]:
        return tuple(p for p, _ in self.cotangents)

    @property
    def by(self) -> tuple[str, ...]:
        return (self.q,)

    def __call__(self, graph: ComputationGraph) -> Node:
        return cotangent(graph, dict(self.cotangents), self.q)

    def statement(self, graph: ComputationGraph) -> Node:
        return build.add(*[self._term(graph, p, u) for p, u in self.cotangents])

    def _term(self, graph: ComputationGraph, p: str, u: Node) -> Node:
        gradient = adjoint_parts(p)
        if gradient is None:
            return _times(named(graph, p, self.q), u, behind=False)
        loss, variable = gradient
        # second derivatives commute: the one by q stands first, as the result has its shape
        return _times(named(graph, adjoint_name(loss, self.q), variable), u)

    def scalar(self, graph: ComputationGraph) -> Node:
        """The number whose gradient by `q` this is."""
        return build.add(*[_inner(u, build.ref(p, graph.shape(p))) for p, u in self.cotangents])


@dataclass(frozen=True)
class Directional:
    """The first or second derivative of a scalar along directions, v . dL/dw or v^T H v."""

    loss: str
    along: tuple[tuple[str, Node], ...]
    order: int

    @property
    def of(self) -> tuple[str, ...]:
        return tuple(self._gradients)

    @property
    def by(self) -> tuple[str, ...]:
        return tuple(q for q, _ in self.along)

    @property
    def _gradients(self) -> dict[str, Node]:
        return {adjoint_name(self.loss, q): v for q, v in self.along}

    def __call__(self, graph: ComputationGraph) -> Node:
        def slope(q: str) -> Node:
            return graph.ref(adjoint_name(self.loss, q)) if self.order == 1 else cotangent(graph, self._gradients, q)

        return build.add(*[_inner(v, slope(q)) for q, v in self.along])

    def statement(self, graph: ComputationGraph) -> Node:
        gradients = [(named(graph, self.loss, q), v) for q, v in self.along]
        if self.order == 1:
            return build.add(*[_inner(v, gradient) for gradient, v in gradients])
        return build.add(
            *[
                _times(_times(named(graph, gradient.name, r), u), v, behind=False)
                for gradient, v in gradients
                for r, u in self.along
            ]
        )


@dataclass(frozen=True)
class Curvature:
    """A middle between derivatives of names, by `p` on its left and by `q` on its right; or times directions of these.

    A middle is a node of the shape of its name twice, or the Jacobian of a gradient.
    """

    p: str
    q: str
    through: tuple[tuple[str, Node | JacobianOf], ...]
    along: tuple[tuple[str, Node], ...] = ()

    @property
    def of(self) -> tuple[str, ...]:
        return tuple(middle.p for _, middle in self.through if isinstance(middle, JacobianOf))

    @property
    def by(self) -> tuple[str, ...]:
        moved = [q for q, _ in self.along] or [self.q]
        return tuple(dict.fromkeys([self.p, *moved, *(z for z, _ in self.through)]))

    def __call__(self, graph: ComputationGraph) -> Node:
        if self.along:
            return self._product(graph, self.along)
        # the product with a direction is linear in it: the matrix is what stands before it
        seed = build.ref(_DIRECTION, graph.shape(self.q))
        turned = coefficient(self._product(graph, ((self.q, seed),)), seed)
        axes, rank = tuple(range(len(turned.shape))), len(seed.shape)
        return build.transpose(turned, axes[rank:] + axes[:rank])

    def _product(self, graph: ComputationGraph, along: tuple[tuple[str, Node], ...]) -> Node:
        sent: dict[str, Node] = {}
        for z, middle in self.through:
            moved = Pushforward(z, along)(graph)
            if isinstance(middle, JacobianOf):  # a Hessian times a vector without the Hessian
                sent[z] = cotangent(graph, {middle.p: moved}, z)
            else:
                sent[z] = _times(middle, moved)
        return cotangent(graph, sent, self.p)

    def statement(self, graph: ComputationGraph) -> Node:
        ends = [(q, [v]) for q, v in self.along] or [(self.q, [])]
        terms = []
        for z, middle in self.through:
            inside = middle.statement(graph) if isinstance(middle, JacobianOf) else middle
            terms += [_between(named(graph, z, self.p), inside, named(graph, z, q), *v) for q, v in ends]
        return build.add(*terms)


def named(graph: ComputationGraph, p: str, q: str) -> Node:
    """The derivative of `p` by `q` as a name."""
    return build.ref(adjoint_name(p, q), _shape(graph, p) + _shape(graph, q))


def cotangent(graph: ComputationGraph, seeds: Mapping[str, Node], q: str) -> Node:
    """The sum over p of (dp/dq)^T times the cotangent of p, in the shape of q."""
    found = total_cotangent(graph, seeds, q)
    return build.zeros(graph.shape(q)) if found is None else found


def _shape(graph: ComputationGraph, name: str) -> Shape:
    """The shape of a name; of an adjoint, which has no line where it is zero, that of its variable."""
    parts = None if name in graph else adjoint_parts(name)
    return graph.shape(name) if parts is None else _shape(graph, parts[0]) + _shape(graph, parts[1])


def _inner(u: Node, p: Node) -> Node:
    """The sum of the products of all entries."""
    axes = tuple(range(len(p.shape)))
    return build.contract([axes, axes], (), [u, p], ())


def _times(derivative: Node, v: Node, *, behind: bool = True) -> Node:
    """A derivative times what has the shape of its last axes, or, before it, of its first ones; term by term."""
    if derivative.op in ("add", "neg"):
        terms = [_times(term, v, behind=behind) for term in derivative.args]
        return build.add(*terms) if derivative.op == "add" else build.neg(terms[0])
    rank, inner = len(derivative.shape), len(v.shape)
    axes = tuple(range(rank))
    if behind:
        return build.contract(
            [axes, axes[rank - inner :]], axes[: rank - inner], [derivative, v], derivative.shape[: rank - inner]
        )
    return build.contract([axes[:inner], axes], axes[inner:], [v, derivative], derivative.shape[inner:])


def _between(left: Node, middle: Node, right: Node, *v: Node) -> Node:
    """J^T M K, or J^T M K v: with the axes of M first in J and K, and those of v last in K; term by term."""
    if middle.op in ("add", "neg"):
        terms = [_between(left, term, right, *v) for term in middle.args]
        return build.add(*terms) if middle.op == "add" else build.neg(terms[0])
    half = len(middle.shape) // 2
    counts = [half, half, len(left.shape) - half, len(right.shape) - half]
    ends = [sum(counts[:k]) for k in range(5)]
    first, second, p, q = (tuple(range(*pair)) for pair in pairwise(ends))
    ins = [first + p, first + second, second + q, *(q for _ in v)]
    shape = left.shape[half:] + (() if v else right.shape[half:])
    return build.contract(ins, p if v else p + q, [left, middle, right, *v], shape)
