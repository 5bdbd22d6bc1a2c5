"""The primitive operations and their vjp.

A vjp gives, for each operand, the cotangent that the cotangent `g` of the result sends to it; None where none is sent.

    contraction   c[out] = sum prod_k a_k[in_k]      a_k gets  sum g[out] prod_{j != k} a_j[in_j], as a[in_k]
    quotient      c = a / b                          g / b,   -g a / b^2
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
from derive.ops.record import Vjp, elementwise, tensor

Positions = tuple[int | None, ...]
Cotangents = tuple[Node | None, ...]


# ------------------------------------------------------------------------------------------------- vjp


def _leaf(_node: Node, _g: Node) -> Cotangents:
    return ()


def _contract(node: Node, g: Node) -> Cotangents:
    ins, out = node.labels
    result = []
    for k, arg in enumerate(node.args):
        others = [(labels, a) for j, (labels, a) in enumerate(zip(ins, node.args, strict=True)) if j != k]
        result.append(product([*others, (out, g)], ins[k], arg))
    return tuple(result)


def product(factors: list[tuple[Labels, Node]], out: Labels, like: Node) -> Node:
    """The contraction of `factors` to the shape of `like`; ones are dropped, views of one operand looked through."""
    kept: list[tuple[Labels, Node]] = []
    fresh = 1 + max((label for labels, _ in factors for label in labels), default=max(out, default=0))
    fresh = max(fresh, 1 + max(out, default=0))
    for labels, arg in factors:
        while arg.op == "contract" and len(arg.args) == 1:
            (inner,), outer = arg.labels
            if len(set(outer)) < len(outer):
                break
            names = dict(zip(outer, labels, strict=True))
            for label in inner:
                if label not in names:
                    names[label] = fresh
                    fresh += 1
            # an axis that the view only repeats: its label stays bound by the other factors or the result
            labels, arg = tuple(names[label] for label in inner), arg.args[0]
        if not (arg.op == "number" and arg.value == 1):
            kept.append((labels, arg))
    lost = {label for labels, _ in factors for label in labels} - {label for labels, _ in kept for label in labels}
    if lost - set(out):
        # a summed label that no kept factor bears would change the sum's value
        kept = [(labels, arg) for labels, arg in factors]
    if not kept:
        kept = [((), build.number(1))]
    return build.contract([labels for labels, _ in kept], out, [arg for _, arg in kept], like.shape)


def _add(node: Node, g: Node) -> Cotangents:
    return (g,) * len(node.args)


def _neg(_node: Node, g: Node) -> Cotangents:
    return (build.neg(g),)


def _div(node: Node, g: Node) -> Cotangents:
    a, b = node.args
    return build.div(g, b), build.mul(g, build.neg(build.div(a, build.power(b, build.fill(build.number(2), b.shape)))))


def _pow(node: Node, g: Node) -> Cotangents:
    base, exponent = node.args
    n = as_number(scalar_of(exponent))
    if n is not None:
        return build.mul(g, *power_rule(base, n)), None
    lowered = build.power(base, build.sub(exponent, build.number(1)))
    return build.mul(g, exponent, lowered), build.mul(g, node, build.call("log", base))


def power_rule(base: Node, n: Fraction) -> list[Node]:
    """The factors of n a^(n-1)."""
    if n == 2:
        return [build.number(2), base]
    return [build.number(n), build.power(base, build.number(n - 1))]


def scalar_of(node: Node) -> Node:
    """The scalar that was repeated to this shape, or the node itself."""
    while node.op == "contract" and len(node.args) == 1 and not node.labels[0][0]:
        node = node.args[0]
    return node


def _call(node: Node, g: Node) -> Cotangents:
    from derive.ops.sympy_bridge import expand  # SymPy is loaded when something is differentiated, not before

    result: list[Node | None] = []
    record = elementwise(node.name)
    for k in range(len(node.args)):
        orders = tuple(order + (j == k) for j, order in enumerate(node.orders))
        local = build.call(node.name, *node.args, orders=orders)
        if record is not None and not (record.prime and record.arity == 1):
            local = expand(local)
        result.append(None if build.is_zero(local) else build.mul(g, local))
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
