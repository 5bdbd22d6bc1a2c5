r"""A generic function of the model that the page specifies: `f(u) = \tanh u`.

From there on the page speaks of the model with that f in it, `f(A)` is taken entry by entry, and f' is the derivative
of the right side. What is found is true under the page's f; every reading after it says so.

    body        the right side, a scalar expression in refs to `%u`
    applied     body with arrays of one shape in the place of its letters, entry by entry
    specified   a graph in which every call of f, f', f'' is written out
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from derive.calculus.jacobian import expression_jacobian
from derive.ir import build
from derive.ir.graph import Graph
from derive.ir.node import Node, rewrite, substitute, with_args
from derive.ops.record import elementwise

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
        shape = build.broadcast_shape([argument.shape for argument in arguments])
        given = {build.ref(letter): argument for letter, argument in zip(self.letters, arguments, strict=True)}
        made = rewrite(node, lambda old, args: _entrywise(old, args, given))
        return None if made.op == "unknown" else build.broadcast_to(made, shape)


def is_entrywise(node: Node) -> bool:
    """Whether an expression is made of operations that act entry by entry."""
    return not node.shape and rewrite(node, lambda old, args: _entrywise(old, args, {})).op != "unknown"


_UNKNOWN = Node("unknown", (), None, ())


def _entrywise(node: Node, args: tuple[Node, ...], given: Mapping[Node, Node]) -> Node:
    if any(arg is _UNKNOWN for arg in args) or node.shape:
        return _UNKNOWN
    if node in given:
        return given[node]
    if all(new is old for new, old in zip(args, node.args, strict=True)):
        scalar = node.op in ("call", "add", "neg", "div", "pow", "number", "size", "ref", "constant")
        return node if scalar or (node.op == "contract" and _is_product(node)) else _UNKNOWN
    match node.op:
        case "call":
            return build.call(node.name, *args, orders=node.orders)
        case "add":
            return build.add(*args)
        case "neg":
            return build.neg(*args)
        case "div":
            return build.div(*args)
        case "pow":
            return build.power(*args)
        case "contract" if _is_product(node):
            return build.mul(*args)
    return _UNKNOWN


def _is_product(node: Node) -> bool:
    return not any(node.labels[0]) and not node.labels[1]


def specified(graph: Graph, body: Body) -> Graph:
    """The graph, and all windows of its family, with the function written out; a derivative too high stays as it is."""

    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op != "call" or node.name != body.name:
            return with_args(node, args)
        made = body.applied(args, node.orders)
        return with_args(node, args) if made is None else made

    def within(one: Graph) -> Graph:
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
