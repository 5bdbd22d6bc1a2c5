"""Stable forms of single expressions, found where everything is derived and cancelled.

log(1 + u)                                   log1p(u)
1 - sigmoid(u), 1 - tanh(u), 1 - tanh(u)^2   sigmoid(-u), 2 sigmoid(-2u), sech(u)^2
e^u - 1, 1 - cos(u), 1 - erf(u), 1 + erf(u)  expm1(u), 2 sin(u/2)^2, erfc(u), erfc(-u)
1 ± u/hypot(u, v), of opposite signs          (v/hypot(u, v))^2 / (1 ∓ u/hypot(u, v))
1 - 2 sigmoid(u), sigmoid(-u) - sigmoid(u)   -tanh(u/2)
e^u - e^{-u}                                 2 sinh(u)
n x^(n-1), x log(x), x^p log(x), x log(x/q)  0 where n or x is 0
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from derive.codegen.textbook_forms import Looking, negated
from derive.ir import build
from derive.ir.node import Node, as_number


def log1p_form(looking: Looking, node: Node) -> Node | None:
    """log(1 + u)."""
    inner = looking.function(node, "log")
    if inner is None or inner.op != "add":
        return None
    one = next((k for k, term in enumerate(inner.args) if looking.number(term) == 1), None)
    if one is None:
        return None
    rest = build.add(*inner.args[:one], *inner.args[one + 1 :])
    raised = looking.exponent(rest.args[0]) if rest.op == "neg" else None
    return build.call("~log1p", rest) if raised is None else build.call("~log1mexp", raised)


def one_less_form(looking: Looking, node: Node) -> Node | None:
    """A number 1 and a function that comes close to 1 or -1."""
    if node.op != "add" or len(node.args) != 2:
        return None
    for one, other in (node.args, node.args[::-1]):
        unit = looking.number(one)
        if unit is None or abs(unit) != 1:
            continue
        sign = -1 if other.op == "neg" else 1
        inner = other.args[0] if other.op == "neg" else other
        # unit + sign f  is  unit (1 + unit sign f)
        found = _one_and(looking, inner, int(unit) * sign)
        if found is not None:
            return found if unit == 1 else build.neg(found)
    return None


def error_function_form(looking: Looking, node: Node) -> Node | None:
    """c + c erf(u) inside a longer sum, as in the slope of gelu."""
    if node.op != "add":
        return None
    for k, one in enumerate(node.args):
        number = looking.number(one)
        for j, term in enumerate(node.args if number else ()):
            scale, core = looking.scaled(term)
            if j == k or number is None or abs(scale) != abs(number) or looking.function(core, "erf") is None:
                continue
            found = _one_and(looking, core, 1 if scale == number else -1)
            if found is not None:
                rest = [arg for i, arg in enumerate(node.args) if i not in (j, k)]
                return build.add(build.mul(build.number(number), found), *rest)
    return None


def _one_and(looking: Looking, f: Node, sign: int) -> Node | None:
    """1 + sign f."""
    if (u := looking.function(f, "erf")) is not None:
        return build.call("erfc", negated(u) if sign > 0 else u)
    if (u := looking.function(f, "tanh")) is not None:
        doubled = build.mul(build.number(2 * sign), u)
        return build.mul(build.number(2), build.call("sigmoid", doubled))
    if f.op == "call" and f.name == "~leg" and not any(f.orders):
        u, v, length = f.args
        signed = f if sign > 0 else build.neg(f)
        near = build.div(build.power(build.call("~leg", v, u, length), 2), build.sub(build.ones(f.shape), signed))
        opposite = build.call("step", negated(u) if sign > 0 else u)
        return build.call("where", opposite, near, build.add(build.ones(f.shape), signed))
    if sign > 0:
        return None
    if (u := looking.function(f, "sigmoid")) is not None:
        return build.call("sigmoid", negated(u))
    if (parts := looking.mixture(f)) is not None:
        u, y = parts
        rest = build.sub(build.ones(y.shape), y)
        return build.add(build.mul(rest, build.call("sigmoid", u)), build.mul(y, build.call("sigmoid", negated(u))))
    if (u := looking.function(f, "exp")) is not None:
        return build.neg(build.call("~expm1", u))
    if (u := looking.function(f, "cos")) is not None:
        half = build.call("sin", build.mul(build.number(Fraction(1, 2)), u))
        return build.mul(build.number(2), build.power(half, 2))
    root = looking.square(f)
    if root is not None and (u := looking.function(root, "tanh")) is not None:
        return build.power(build.call("~sech", u), 2)
    return None


def half_form(looking: Looking, node: Node) -> Node | None:
    """1 - 2 sigmoid(u), 2 sigmoid(u) - 1, sigmoid(u) - 1/2, sigmoid(u) - sigmoid(-u), e^u - e^{-u}."""
    parts = looking.less(node) if node.op == "add" else None
    ends = [looking.function(part, "sigmoid") for part in parts] if parts is not None else []
    if len(ends) == 2 and ends[0] is not None and ends[1] is not None and negated(ends[0]) is ends[1]:
        return build.call("tanh", build.mul(build.number(Fraction(1, 2)), ends[0]))
    raised = [looking.function(part, "exp") for part in parts] if parts is not None else []
    if len(raised) == 2 and raised[0] is not None and raised[1] is not None and negated(raised[0]) is raised[1]:
        return build.mul(build.number(2), build.call("~sinh", raised[0]))
    if node.op != "add" or len(node.args) != 2:
        return None
    for one, other in (node.args, node.args[::-1]):
        unit = looking.number(one)
        inner = other.args[0] if other.op == "neg" else other
        u = looking.function(inner, "sigmoid")
        if u is not None and unit == Fraction(1 if other.op == "neg" else -1, 2):
            half = build.call("tanh", build.mul(build.number(Fraction(1, 2)), u))
            return build.mul(build.number(-unit), half)
        if unit is None or abs(unit) != 1 or inner.op != "contract" or len(inner.args) != 2:
            continue
        if as_number(inner.args[0]) != 2 or inner.labels[0] != ((), inner.labels[1]):
            continue
        u = looking.function(inner.args[1], "sigmoid")
        if u is not None and unit == (1 if other.op == "neg" else -1):
            tanh = build.call("tanh", build.mul(build.number(Fraction(1, 2)), u))
            return build.neg(tanh) if unit == 1 else tanh
    return None


def power_form(looking: Looking, node: Node) -> Node | None:
    """n x^(n-1), n (n-1) x^(n-2), ...: where a factor is 0 the exponent is too."""
    if node.op != "contract":
        return None
    ins, out = node.labels
    for k, (labels, power) in enumerate(zip(ins, node.args, strict=True)):
        exponent = power.args[1] if power.op == "pow" else power
        n = _without_number(looking, exponent)
        if power.op != "pow" or n is exponent or n.op == "number":
            continue
        factors = [
            f for own, f in zip(ins, node.args, strict=True) if own == labels and _without_number(looking, f) is n
        ]
        if not factors:
            continue
        present = build.call("step", build.call("abs", build.mul(*factors)))
        safe = build.call("where", present, exponent, build.zeros(exponent.shape))
        raised = build.power(power.args[0], safe)
        return build.contract(ins, out, [*node.args[:k], raised, *node.args[k + 1 :]], node.shape)
    return None


def _without_number(looking: Looking, node: Node) -> Node:
    """n, for a sum of n and numbers."""
    rest = [term for term in node.args if looking.number(term) is None] if node.op == "add" else []
    return _without_number(looking, rest[0]) if len(rest) == 1 else node


def logarithm_form(looking: Looking, node: Node) -> Node | None:
    """x log(x), x log(x/q), x (log(x) - r) and x^p log(x)^k: the logarithm is taken of 1 where x is 0."""
    if node.op != "contract":
        return None
    ins, out = node.labels
    args = list(node.args)
    for k, (labels, factor) in enumerate(zip(ins, args, strict=True)):
        beside = [arg for j, (own, arg) in enumerate(zip(ins, args, strict=True)) if own == labels and j != k]
        bases = [arg.args[0] if arg.op == "pow" else arg for arg in beside]
        args[k] = _without_zeros(looking, factor, bases)
    return build.contract(ins, out, args, node.shape) if args != list(node.args) else None


def _without_zeros(looking: Looking, node: Node, factors: Collection[Node]) -> Node:
    """Logarithms of one of the factors beside them, alone or in sums, as those of 1 where that is 0."""
    if node.op in ("add", "neg") or (node.op == "pow" and looking.number(node.args[1]) is not None):
        operands = node.args[:1] if node.op == "pow" else node.args
        found = tuple(_without_zeros(looking, arg, factors) for arg in operands)
        return node if found == operands else Node(node.op, (*found, *node.args[len(found) :]), None, node.shape)
    if node.op != "call" or node.name not in ("log", "~log1p") or any(node.orders):
        return node
    (u,) = node.args
    x = u.args[0] if u.op == "div" else u if node.name == "log" else build.add(build.ones(u.shape), u)
    if x not in factors or x.op in ("softmax", "number") or (x.op == "call" and x.name in ("where", "exp", "sigmoid")):
        return node
    here = build.call("step", build.call("abs", x))
    return build.call(node.name, build.call("where", here, u, build.fill(build.number(node.name == "log"), u.shape)))
