r"""Roots: differences of them, roots of sums of squares, and what is divided by such a root.

sqrt(p) - sqrt(q)                 (p - q) / (sqrt(p) + sqrt(q)), where p - q has fewer terms
sqrt(sum x^2), sqrt(a^2 + b^2)    norm(x), hypot(a, b), whose slope at 0 is 0; sqrt(a^2) = |a|; products of such
norm(x)^2                         sum x^2
a . b / (norm(a) norm(b))         over(a, norm(a)) . over(b, norm(b))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from derive.codegen.flat_products import is_view
from derive.codegen.textbook_forms import Looking
from derive.ir import build
from derive.ir.node import Node
from derive.ops.stable_functions import norm, spread
from derive.ops.tensors import axes_of


def root_difference_form(looking: Looking, node: Node) -> Node | None:
    """sqrt(p) - sqrt(q), where p - q is shorter than both."""
    parts = looking.less(node) if node.op == "add" else None
    return None if parts is None or _numbers(looking, parts) else _root_difference(looking, node, parts)


def root_less_number_form(looking: Looking, node: Node) -> Node | None:
    """sqrt(p) - c, whose slope is that of sqrt(p)."""
    parts = looking.less(node) if node.op == "add" else None
    return _root_difference(looking, node, parts) if parts is not None and _numbers(looking, parts) == 1 else None


def _numbers(looking: Looking, parts: tuple[Node, Node]) -> int:
    return sum(looking.number(part) is not None for part in parts)


def _root_difference(looking: Looking, node: Node, parts: tuple[Node, Node]) -> Node | None:
    under = [_under_root(looking, part) for part in parts]
    if under[0] is None or under[1] is None:
        return None
    rest = _terms_left(looking, under[0], under[1])
    if rest is None:
        return None
    total = build.add(*parts)
    for part, other in (parts, parts[::-1]):
        seen = looking.at(part)
        if seen.op == "call" and seen.name == "~hypot" and looking.number(other) is not None:
            number, u = seen.args
            if looking.number(number) != looking.number(other):
                return None
            product = build.mul(u, build.div(u, total))  # hypot(c, u) - c, of which u^2 may overflow
            return product if part is parts[0] else build.neg(product)
    return build.div(build.broadcast_to(rest, node.shape), total)


def _under_root(looking: Looking, node: Node) -> Node | None:
    """p, if a node is sqrt(p) or a number that is not negative."""
    number = looking.number(node)
    if number is not None:
        return build.number(number**2) if number >= 0 else None
    seen = looking.at(node)
    if seen.op == "call" and seen.name == "~hypot" and not any(seen.orders):
        return build.add(*(build.power(arg, 2) for arg in seen.args))
    if seen.op == "pow" and looking.number(seen.args[1]) == Fraction(1, 2):
        return seen.args[0]
    return looking.function(node, "sqrt")


def _terms_left(looking: Looking, p: Node, q: Node) -> Node | None:
    """p - q, if terms of the two cancel."""
    counts: Counter[Node] = Counter()
    numbers, before = [Fraction(0), Fraction(0)], 0
    for k, (side, sign) in enumerate(((p, 1), (q, -1))):
        for term, own in _terms(looking, side):
            number = _constant(looking, term)
            if number is None:
                counts[term] += sign * own
                before += 1
            else:
                numbers[k] += own * number
    kept = [term if count > 0 else build.neg(term) for term, count in counts.items() for _ in range(abs(count))]
    if len(kept) == before and not (numbers[0] and numbers[1]):
        return None
    left = numbers[0] - numbers[1]
    return build.add(*kept, *([build.number(left)] if left or not kept else []))


def _constant(looking: Looking, node: Node) -> Fraction | None:
    number = looking.number(node)
    base = looking.square(node) if number is None else None
    root = looking.number(base) if base is not None else None
    return number if root is None else root**2


def _terms(looking: Looking, node: Node, sign: int = 1) -> list[tuple[Node, int]]:
    seen = looking.at(node)
    if seen.op == "add":
        return [found for arg in seen.args for found in _terms(looking, arg, sign)]
    if seen.op == "neg":
        return _terms(looking, seen.args[0], -sign)
    return [(node, sign)]


# ------------------------------------------------------------------------------------- roots of squares


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
    top = _flat(looking, looking.at(over))
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


def _flat(looking: Looking, node: Node) -> Node:
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
