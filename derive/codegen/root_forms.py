r"""Roots of sums of squares, and what is divided by such a root.

sqrt(sum x^2), sqrt(a^2 + b^2)    norm(x), hypot(a, b), whose slope at 0 is 0; sqrt(a^2) = |a|; products of such
norm(x)^2                         sum x^2
a . b / (norm(a) norm(b))         over(a, norm(a)) . over(b, norm(b))
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from derive.codegen.flat_products import is_view
from derive.codegen.textbook_forms import Looking
from derive.ir import build
from derive.ir.node import Node
from derive.ops.stable_functions import norm, spread
from derive.ops.tensors import axes_of


def norm_form(looking: Looking, node: Node) -> Node | None:
    """The root of a sum of squares."""
    root = (node.op == "call" and node.name == "sqrt" and not any(node.orders)) or (
        node.op == "pow" and looking.number(node.args[1]) == Fraction(1, 2)
    )
    if not root:
        return None
    only = looking.square(node.args[0])
    if only is not None:
        return build.call("abs", only)
    seen = looking.at(node.args[0])
    if seen.op == "contract" and len(seen.args) > 1 and all(own == seen.labels[1] for own in seen.labels[0]):
        lengths = [norm_form(looking, build.call("sqrt", arg)) for arg in seen.args]
        return build.mul(*(length for length in lengths if length is not None)) if all(lengths) else None
    if seen.op == "add" and len(seen.args) == 2:
        roots = [_root(looking, arg) for arg in seen.args]
        if roots[0] is None or roots[1] is None or all(looking.number(root) is not None for root in roots if root):
            return None
        ordered = (
            roots if looking.number(roots[0]) is not None else roots[::-1] if _is_number(looking, roots) else roots
        )
        return build.call("~hypot", *(root for root in ordered if root is not None))
    if seen.op != "contract" or is_view(seen):
        return None
    ins, out = seen.labels
    if len(seen.args) == 2 and seen.args[0] is seen.args[1] and ins[0] == ins[1]:
        base: Node | None = seen.args[0]
    else:
        base = looking.square(seen.args[0]) if len(seen.args) == 1 else None
    if base is None or len(set(ins[0])) < len(ins[0]) or len(set(out)) < len(out):
        return None
    axes = tuple(k for k, label in enumerate(ins[0]) if label not in out)
    kept = tuple(label for label in ins[0] if label in out)
    return build.contract([kept], out, [norm(base, axes)], node.shape) if axes else None


def _is_number(looking: Looking, roots: Sequence[Node | None]) -> bool:
    return roots[1] is not None and looking.number(roots[1]) is not None


def _root(looking: Looking, node: Node) -> Node | None:
    """u, if a node is u^2 or a number that is the square of one."""
    number = looking.number(node)
    if number is None:
        return looking.square(node)
    over, under = isqrt(max(0, number.numerator)), isqrt(number.denominator)
    exact = number > 0 and over**2 == number.numerator and under**2 == number.denominator
    return build.fill(build.number(Fraction(over, under)), node.shape) if exact else None


def squared_norm_form(looking: Looking, node: Node) -> Node | None:
    """The square of a norm is the sum of squares, smooth at 0."""
    base = looking.square(node) if node.op in ("pow", "contract") else None
    seen = looking.at(base) if base is not None else None
    if seen is None:
        return None
    if seen.op == "call" and seen.name == "~hypot" and not any(seen.orders):
        return build.add(*(build.power(arg, 2) for arg in seen.args))
    inner = looking.at(seen.args[0]) if is_view(seen) else seen
    if inner.op != "norm":
        return None
    total = build.sum_over(build.power(inner.args[0], 2), axes_of(inner))
    return total if inner is seen else build.contract(seen.labels[0], seen.labels[1], [total], seen.shape)


def direction_form(looking: Looking, node: Node) -> Node | None:
    """What is divided by the norm of one of its factors: that factor is divided first."""
    if node.op != "div":
        return None
    over, under = node.args
    plain = looking.at(under)
    inner = looking.at(plain.args[0]) if is_view(plain) else plain
    if inner.op == "norm" and looking.at(inner.args[0]) is looking.at(over):
        return build.call("~over", over, under)
    if inner is plain and inner.op == "call" and inner.name == "~hypot":
        for leg, other in (inner.args, inner.args[::-1]):
            if looking.at(leg) is looking.at(over):
                return build.call("~leg", over, other, under)
    top = flat(looking, looking.at(over))
    if top.op != "contract" or len(top.args) < 2 or len(set(top.labels[1])) < len(top.labels[1]):
        return None
    left = _norm_factors(looking, under)
    factors, rest = list(top.args), []
    for value in left:
        length = looking.at(value)
        k = _factor_of(looking, length, top, factors) if length.op == "norm" else None
        if k is None:
            rest.append(value)
        else:
            factors[k] = build.call("~over", factors[k], spread(length, value))
    if len(rest) == len(left):
        return None
    found = build.contract(top.labels[0], top.labels[1], factors, top.shape)
    return build.div(found, build.mul(*rest)) if rest else found


def flat(looking: Looking, node: Node) -> Node:
    """A sum over one elementwise product as one contraction."""
    if node.op != "contract" or len(node.args) != 1:
        return node
    inner, (labels,) = looking.at(node.args[0]), node.labels[0]
    if inner.op != "contract" or len(inner.args) < 2 or any(own != inner.labels[1] for own in inner.labels[0]):
        return node
    return build.contract([labels] * len(inner.args), node.labels[1], inner.args, node.shape)


def _norm_factors(looking: Looking, node: Node) -> list[Node]:
    """The factors of an elementwise product."""
    seen = looking.at(node)
    if seen.op == "contract" and len(seen.args) > 1 and all(own == seen.labels[1] for own in seen.labels[0]):
        return [factor for arg in seen.args for factor in _norm_factors(looking, arg)]
    return [node]


def _factor_of(looking: Looking, length: Node, top: Node, factors: Sequence[Node]) -> int | None:
    """Which factor of a contraction a norm is that of, along the axes that are left of it."""
    for k, (labels, arg) in enumerate(zip(top.labels[0], top.args, strict=True)):
        kept = tuple(label for j, label in enumerate(labels) if j not in axes_of(length))
        same = looking.at(arg) is looking.at(length.args[0])
        if same and kept == top.labels[1] and factors[k] is arg:
            return k
    return None
