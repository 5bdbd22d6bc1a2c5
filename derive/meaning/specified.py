r"""A generic function of the model that the page specifies: `f(u) = \tanh u`.

From there on the page speaks of the model with that f in it, `f(A)` is taken entry by entry, and f' is the derivative
of the right side. What is found is true under the page's f; every reading after it says so.

    body        the right side, a scalar expression in refs to `%u`
    applied     body with arrays of one shape in the place of its letters, entry by entry
    specified   a graph in which every call of f, f', f'' is written out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from derive.calculus.jacobian import expression_jacobian
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, rewrite, substitute, topological, with_args
from derive.ops.record import elementwise
from derive.ops.sympy_bridge import instantiate

MAX_ORDER = 4
"""The highest derivative of such a function that is written out."""


@dataclass(frozen=True)
class Body:
    """What the page says of the function `name`: `node` in refs to `letters`, all scalar; `text` as stated."""

    name: str
    letters: tuple[str, ...]
    node: Node
    text: str

    def says(self, other: Body) -> bool:
        """Whether both state the same right side, whatever the letters are called."""
        named = {build.ref(b): build.ref(a) for a, b in zip(self.letters, other.letters, strict=True)}
        return substitute(other.node, named) is self.node

    def applied(self, arguments: Sequence[Node], orders: Sequence[int] | None = None) -> Node | None:
        """The function, or a derivative of it, of arrays; None if that is no expression of their entries."""
        node = self.node
        if max(orders or (), default=0) > MAX_ORDER:
            return None
        for letter, order in zip(self.letters, orders or (), strict=False):
            for _ in range(order):
                node = expression_jacobian(node, build.ref(letter))
        if not is_entrywise(node):
            return None
        shape = build.broadcast_shape([argument.shape for argument in arguments])
        whole = [build.broadcast_to(argument, shape) for argument in arguments]
        return instantiate(node, {build.ref(letter): value for letter, value in zip(self.letters, whole, strict=True)})


_SCALAR = frozenset({"call", "add", "neg", "div", "pow", "number", "size", "ref", "constant"})


def is_entrywise(node: Node) -> bool:
    """Whether an expression is made of operations that act entry by entry."""
    return all(
        not below.shape and (below.op in _SCALAR or (below.op == "contract" and not any(below.labels[0])))
        for below in topological(node)
    )


def specified(graph: ComputationGraph, body: Body) -> ComputationGraph:
    """The graph, and all windows of its family, with the function written out; a derivative too high stays as it is."""

    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op != "call" or node.name != body.name:
            return with_args(node, args)
        made = body.applied(args, node.orders)
        return with_args(node, args) if made is None else made

    def within(one: ComputationGraph) -> ComputationGraph:
        bindings = {name: replace(b, node=rewrite(b.node, rule)) for name, b in one.bindings.items()}
        return replace(one, bindings=bindings, declarations={**one.declarations, **declared})

    record = _registered(body)
    declared = {} if record is None else {body.name: replace(graph.declarations[body.name], definition=record)}
    family = graph.family
    if family is not None:
        family = replace(
            family,
            interior=within(family.interior),
            first=within(family.first),
            last=within(family.last),
            last_two=within(family.last_two),
        )
    return replace(within(graph), family=family)


def _registered(body: Body) -> str | None:
    """The registered function that it is by another name, or None."""
    node = body.node
    same = node.op == "call" and node.args == tuple(build.ref(letter) for letter in body.letters)
    return node.name if same and not any(node.orders) and elementwise(node.name) is not None else None
