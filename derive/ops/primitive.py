"""The primitive operations and their vjp.

A vjp gives, for each operand, the cotangent that the cotangent `g` of the result sends to it; None where none is sent.

    contraction   c[out] = sum prod_k a_k[in_k]      a_k gets  sum g[out] prod_{j != k} a_j[in_j], as a[in_k]
    quotient      c = a / b                          g / b,   -g a / b^2   (of 1 / b: -g c^2, by the output)
    power         c = a^n                            g n a^(n-1)
    function      c = f(a)                           g f'(a)

The vjp of a contraction is a contraction: a label that only operand k has becomes a broadcast, a label that occurs
twice in it a diagonal.
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import numpy as np

from derive.ir import build
from derive.ir.node import Labels, Node, as_number
from derive.ir.size import ONE, Size
from derive.ops.record import Vjp, elementwise, tensor

Positions = tuple[int | None, ...]
Cotangents = tuple[Node | None, ...]


# ------------------------------------------------------------------------------------------------- vjp


def _leaf(_node: Node, _g: Node) -> Cotangents:
    return ()


def _contract(node: Node, g: Node) -> Cotangents:
    ins, out = node.labels
    factors = list(zip(ins, node.args, strict=True))
    # g stands where the operand stood, so that W x gives g x^T and W^T g; in a plain product it comes first
    elementwise_product = all(map(set(out).issuperset, ins))
    result = []
    for k, (labels, arg) in enumerate(factors):
        rest = [*factors[:k], *factors[k + 1 :]]
        rest.insert(0 if elementwise_product else k, (out, g))
        result.append(product(rest, labels, arg))
    return tuple(result)


def product(factors: list[tuple[Labels, Node]], out: Labels, like: Node) -> Node:
    """The contraction of `factors` to the shape of `like`, written short.

    Signs go in front, ones are dropped, views of one operand (transposes, sums, broadcasts, diagonals, identities) are
    looked through, and a sum over an index that nothing bears any more is a factor of its size.
    """
    names = _Labels()
    kept: list[tuple[Labels, Node]] = []
    sizes: dict[int, Size] = {}  # of the labels that a view bore
    negative = False
    for labels, arg in factors:
        while (view := arg.op == "contract" and len(arg.args) == 1) or arg.op == "neg":
            negative ^= arg.op == "neg"
            sizes.update(zip(labels, arg.shape, strict=True))
            labels, arg = names.look_through(arg, labels) if view else labels, arg.args[0]
        if arg.op == "number" and arg.value < 0:
            negative, arg = not negative, build.number(-arg.value)
        if arg.op != "number" or arg.value != 1:
            kept.append((labels, arg))
    if names.same:
        kept = [(names.find_all(labels), arg) for labels, arg in kept]
        out = names.find_all(out)
        sizes = {names.find(label): size for label, size in sizes.items()}
    if sizes:
        borne = set(out).union(*[labels for labels, _ in kept])
        for label, size in sizes.items():
            if label not in borne and size is not ONE:
                kept.insert(0, ((), build.size_value(size)))
    kept = kept or [((), build.number(1))]
    result = build.contract([labels for labels, _ in kept], out, [arg for _, arg in kept], like.shape)
    return negated(result) if negative else result


def negated(node: Node) -> Node:
    """`-node`, without a double sign."""
    return node.args[0] if node.op == "neg" else build.neg(node)


def times(*args: Node) -> Node:
    """The elementwise product of operands of one shape and of scalars, written short."""
    like = max(args, key=lambda arg: len(arg.shape))
    labels = tuple(range(len(like.shape)))
    return product([(labels if arg.shape else (), arg) for arg in args], labels, like)


class _Labels:
    """Labels with a supply of fresh ones (below 0) and a record of which have turned out to be the same."""

    def __init__(self) -> None:
        self.fresh = -1
        self.same: dict[int, int] = {}

    def find(self, label: int) -> int:
        while label in self.same:
            label = self.same[label]
        return label

    def find_all(self, labels: Labels) -> Labels:
        return tuple(self.find(label) for label in labels)

    def look_through(self, view: Node, labels: Labels) -> Labels:
        """The labels of the operand of a one-operand contraction whose result is labelled `labels`."""
        (inner,), outer = view.labels
        known: dict[int, int] = {}
        for own, label in zip(outer, labels, strict=True):
            if own not in known:
                known[own] = label
            elif self.find(known[own]) != self.find(label):
                self.same[self.find(label)] = self.find(known[own])
        for own in inner:
            if own not in known:
                known[own] = self.fresh
                self.fresh -= 1
        return tuple(known[own] for own in inner)


def _add(node: Node, g: Node) -> Cotangents:
    return (g,) * len(node.args)


def _neg(_node: Node, g: Node) -> Cotangents:
    return (negated(g),)


def _div(node: Node, g: Node) -> Cotangents:
    a, b = node.args
    if as_number(scalar_of(a)) == 1:
        return None, times(g, build.neg(build.power(node, 2)))
    return build.div(g, b), times(g, build.neg(build.div(a, build.power(b, build.fill(build.number(2), b.shape)))))


def _pow(node: Node, g: Node) -> Cotangents:
    base, exponent = node.args
    n = as_number(scalar_of(exponent))
    if n is not None:
        return times(g, *power_rule(base, n)), None
    lowered = build.power(base, build.sub(exponent, build.number(1)))
    return times(g, exponent, lowered), times(g, node, build.call("log", base))


def power_rule(base: Node, n: Fraction) -> list[Node]:
    """The factors of n a^(n-1)."""
    if n == 2:
        return [build.number(2), base]
    return [build.number(n), build.power(base, build.number(n - 1))]


def scalar_of(node: Node) -> Node:
    """The scalar that was repeated to this shape, or the node itself; eye(n) has its scalar on a diagonal only."""
    while node.op == "contract" and len(node.args) == 1 and not node.labels[0][0] and not embeds(node):
        node = node.args[0]
    return node


def embeds(node: Node) -> bool:
    """Whether a contraction lays entries on a diagonal: a label is twice in its result."""
    out = node.labels[1]
    return len(set(out)) < len(out)


def _call(node: Node, g: Node) -> Cotangents:
    result: list[Node | None] = []
    record = elementwise(node.name)
    for k, arg in enumerate(node.args):
        if not scalar_of(arg).args and scalar_of(arg).op != "ref":
            result.append(None)  # a number has no derivative: what it would be is not asked
            continue
        orders = tuple(order + (j == k) for j, order in enumerate(node.orders))
        local = build.call(node.name, *node.args, orders=orders)
        if record is not None and not (record.prime and record.arity == 1):
            from derive.ops.sympy_bridge import expand  # SymPy is loaded when it is needed, not before

            local = expand(local)
        result.append(None if build.is_zero(local) else times(g, local))
    return tuple(result)


def _functional(node: Node, g: Node) -> Cotangents:
    rank = len(node.shape)
    own = tuple(range(rank))
    result = []
    for k, arg in enumerate(node.args):
        local = build.functional(node.name, *node.args, wrt=(*node.orders, k))
        out = tuple(range(rank, rank + len(arg.shape)))
        result.append(product([(own, g), ((*own, *out), local)], out, arg))
    return tuple(result)


def _array(node: Node, g: Node) -> Cotangents:
    shape = [cast(int, size.number) for size in node.shape]
    return tuple(build.entry(g, tuple(int(i) for i in np.unravel_index(k, shape))) for k in range(len(node.args)))


def _entry(node: Node, g: Node) -> Cotangents:
    return (build.placed(g, cast(Positions, node.attribute), node.args[0].shape),)


def _placed(node: Node, g: Node) -> Cotangents:
    return (build.entry(g, cast(Positions, node.attribute)),)


PRIMITIVES: dict[str, Vjp] = {
    **dict.fromkeys(("ref", "number", "constant", "size"), _leaf),
    "contract": _contract,
    "add": _add,
    "neg": _neg,
    "div": _div,
    "pow": _pow,
    "call": _call,
    "functional": _functional,
    "array": _array,
    "entry": _entry,
    "placed": _placed,
}


def vjp(node: Node, g: Node) -> Cotangents:
    """The cotangent that `g`, shaped like `node`, sends to each operand; None where none is sent."""
    rule = PRIMITIVES.get(node.op) or tensor(node.op).vjp
    return rule(node, g)
