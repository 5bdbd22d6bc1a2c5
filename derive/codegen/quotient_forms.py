r"""Variances, and quotients that are 0/0 somewhere.

mean(x y) - mean(x) mean(y)                               mean((x - mean(x)) (y - mean(y)))
(e^u - 1)/u, log(1 + u)/u, sin(u)/u, (1 - cos(u))/u^2     regular functions of their own, and so is sinc(u)
"""

from __future__ import annotations

from fractions import Fraction

from derive.codegen.factors import is_view
from derive.codegen.looking import Looking
from derive.ir import build
from derive.ir.node import Node, as_number
from derive.ir.size import ONE, Size


def variance_form(looking: Looking, node: Node) -> Node | None:
    """mean(x y) - mean(x) mean(y) is mean((x - mean(x)) (y - mean(y))), over the same axes; y may be x."""
    parts = looking.less(node) if node.op == "add" else None
    if parts is None:
        return None
    product, own = _mean(looking, parts[0]), _factors(looking, parts[1])
    inside = _factors(looking, product[0]) if product is not None else None
    means = [_mean(looking, factor) for factor in own] if own is not None else []
    if product is None or inside is None or len(means) != 2 or means[0] is None or means[1] is None:
        return None
    (x, one), (y, other) = means[0], means[1]
    axes = product[1]
    if one != axes or other != axes or {looking.at(f) for f in inside} != {looking.at(x), looking.at(y)}:
        return None
    first, second = (build.sub(u, build.broadcast_to(build.mean_over(u, axes, keepdims=True), u.shape)) for u in (x, y))
    centred = build.power(first, 2) if looking.at(x) is looking.at(y) else build.mul(first, second)
    found = build.mean_over(centred, axes, keepdims=len(node.shape) == len(x.shape))
    return found if found.shape == node.shape else None


def _factors(looking: Looking, node: Node) -> tuple[Node, Node] | None:
    """Both factors of a square or of a product entry by entry."""
    base = looking.square(node)
    if base is not None:
        return base, base
    seen = looking.at(node)
    if seen.op != "contract" or len(seen.args) != 2 or any(own != seen.labels[1] for own in seen.labels[0]):
        return None
    return seen.args[0], seen.args[1]


def _mean(looking: Looking, node: Node) -> tuple[Node, tuple[int, ...]] | None:
    """x and the axes, if a node is a mean of x."""
    seen, scale, sizes = looking.at(node), Fraction(1), ONE
    while True:
        if seen.op == "div":
            found = _count(looking, seen.args[1])
            if found is None:
                return None
            scale, sizes, seen = scale / found[0], sizes * found[1], looking.at(seen.args[0])
        elif seen.op == "contract" and len(seen.args) == 2 and not seen.labels[0][0]:
            share = looking.at(seen.args[0])
            under = _count(looking, share.args[1]) if share.op == "div" else None
            number = looking.number(share.args[0]) if under is not None else looking.number(share)
            if number is None or seen.labels[0][1] != seen.labels[1]:
                return None
            scale *= number / (under[0] if under is not None else 1)
            sizes, seen = sizes * (under[1] if under is not None else ONE), looking.at(seen.args[1])
        else:
            break
    if seen.op != "contract" or len(seen.args) != 1:
        return None
    (labels,), out = seen.labels
    axes = tuple(k for k, label in enumerate(labels) if label not in out)
    if not axes or len(set(labels)) < len(labels) or len(set(out)) < len(out):
        return None
    total = ONE
    for k in axes:
        total = total * seen.args[0].shape[k]
    length = total.number
    whole = (scale * length == 1 and sizes is ONE) if length is not None else (scale == 1 and sizes is total)
    return (seen.args[0], axes) if whole else None


def _count(looking: Looking, node: Node) -> tuple[Fraction, Size] | None:
    """A number or a size, as a number times a size."""
    number = looking.number(node)
    if number is not None:
        return (number, ONE) if number else None
    seen = looking.at(node)
    while is_view(seen) and not seen.labels[0][0]:
        seen = looking.at(seen.args[0])
    return (Fraction(1), seen.size) if seen.op == "size" else None


def quotient_form(looking: Looking, node: Node) -> Node | None:
    """(e^u - 1)/u, log(1 + u)/u, sin(u)/u and (1 - cos(u))/u^2, u a number times the divisor; u/(e^u - 1)."""
    if node.op != "div":
        return None
    over, under = node.args
    for name, u, sign in _vanishing(looking, under):
        ratio = _ratio(looking, u, over) if name != "1 - cos" else None
        if ratio is not None:
            share = build.mul(build.number(sign * ratio), build.call(name, u))
            return build.div(build.number(1), share)
    square = looking.square(under)
    for name, u, sign in _vanishing(looking, over):
        ratio = _ratio(looking, u, square if name == "1 - cos" and square is not None else under)
        if ratio is None:
            continue
        if name != "1 - cos":
            return build.mul(build.number(sign * ratio), build.call(name, u))
        half = build.mul(build.number(Fraction(1, 2)), u)
        quotient = build.call("~sin_over", half)
        if square is not None:
            return build.mul(build.number(sign * ratio**2 / 2), build.power(quotient, 2))
        return build.mul(build.number(sign * ratio), build.call("sin", half), quotient)
    return None


def sinc_form(looking: Looking, node: Node) -> Node | None:
    """sin(pi u)/(pi u), whose slopes are regular at 0 as it is itself."""
    u = looking.function(node, "sinc") if node.op == "call" else None
    if u is None:
        return None
    return build.call("~sin_over", build.mul(build.fill(build.constant("pi"), u.shape), u))


def _vanishing(looking: Looking, node: Node) -> list[tuple[str, Node, int]]:
    """The quotient's name, u and a sign, if a node is e^u - 1, log(1 + u), sin(u) or 1 - cos(u)."""
    if (u := looking.function(node, "sin")) is not None:
        return [("~sin_over", u, 1)]
    if (inner := looking.function(node, "log")) is not None:
        total = looking.at(inner)
        if total.op == "add" and len(total.args) == 2:
            return [("~log1p_over", u, 1) for one, u in (total.args, total.args[::-1]) if looking.number(one) == 1]
        return []
    parts = looking.less(node)
    if parts is None:
        return []
    for (one, other), sign in ((parts, -1), (parts[::-1], 1)):
        if looking.number(one) != 1:
            continue
        if (u := looking.function(other, "exp")) is not None:
            return [("~expm1_over", u, sign)]
        if (u := looking.function(other, "cos")) is not None:
            return [("1 - cos", u, -sign)]
    return []


def _ratio(looking: Looking, u: Node, under: Node) -> Fraction | None:
    """u / under, if that is a number."""
    (one, number), (other, divisor) = _scaled(looking, u), _scaled(looking, under)
    return number / divisor if one is other and divisor else None


def _scaled(looking: Looking, node: Node) -> tuple[Node, Fraction]:
    """A node as another one times a number."""
    seen = looking.at(node)
    if seen.op == "neg":
        inner, number = _scaled(looking, seen.args[0])
        return inner, -number
    if seen.op == "contract" and len(seen.args) == 2 and not seen.labels[0][0]:
        number_ = as_number(seen.args[0])
        if number_ is not None and seen.labels[0][1] == seen.labels[1]:
            inner, number = _scaled(looking, seen.args[1])
            return inner, number * number_
    if seen.op == "div":
        divisor = looking.number(seen.args[1])
        if divisor:
            inner, number = _scaled(looking, seen.args[0])
            return inner, number / divisor
    return seen, Fraction(1)
