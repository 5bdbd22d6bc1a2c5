r"""Quotients that are 0/0 somewhere, or have two slopes that cancel.

(e^u - 1)/u, log(1 + u)/u, sin(u)/u, tanh(u)/u, (1 - cos(u))/u^2     regular functions of their own, and so is sinc(u)
u / (u + v)                                               its slope is v / (u + v)^2
"""

from __future__ import annotations

from fractions import Fraction

from derive.codegen.textbook_forms import Looking
from derive.ir import build
from derive.ir.node import Node


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


def share_form(looking: Looking, node: Node) -> Node | None:
    """u / (u + v)."""
    if node.op != "div" or looking.number(node.args[0]) is not None:
        return None
    over, under = node.args
    terms = looking.summands(under)
    rest = looking.without(terms, 1, over) if len(terms) > 1 else None
    return build.call("~share", over, build.broadcast_to(build.add(*rest), node.shape)) if rest else None


def sinc_form(looking: Looking, node: Node) -> Node | None:
    """sin(pi u)/(pi u), whose slopes are regular at 0 as it is itself."""
    u = looking.function(node, "sinc") if node.op == "call" else None
    if u is None:
        return None
    return build.call("~sin_over", build.mul(build.fill(build.constant("pi"), u.shape), u))


def _vanishing(looking: Looking, node: Node) -> list[tuple[str, Node, int]]:
    """The quotient's name, u and a sign, if a node is e^u - 1, log(1 + u), sin(u) or 1 - cos(u)."""
    for name in ("sin", "tanh"):
        if (u := looking.function(node, name)) is not None:
            return [(f"~{name}_over", u, 1)]
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
    (number, one), (divisor, other) = looking.scaled(u), looking.scaled(under)
    return number / divisor if one is other and divisor else None
