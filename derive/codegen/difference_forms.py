r"""Differences of a function at two arguments p and q, of which p - q has fewer terms than both: p - q is divided.

sqrt(p) - sqrt(q)    (p - q) / (sqrt(p) + sqrt(q))
sqrt(p) - r          (p - r^2) / (sqrt(p) + r), where r > 0
log(p) - log(q)      log(1 + (p - q)/q);  2 atanh((p - q)/(p + q)), where p + q is a number
a/p - a/q            a (q - p) / p / q

And what a function differs by from the first terms of its series: e^u - 1 - u, u - log(1 + u), u - sin(u).
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import permutations

from derive.codegen.textbook_forms import Looking, negated
from derive.ir import build
from derive.ir.node import Node


def difference_form(looking: Looking, node: Node) -> Node | None:
    """f(p) - f(q), also with a number before both and beside other terms of a sum."""
    if node.op != "add":
        return None
    terms = looking.summands(node)
    parts = [_scaled(looking, term) for term in terms]
    for (i, (scale, one)), (j, (minus, other)) in permutations(enumerate(parts), 2):
        if scale != -minus or scale < 0 or looking.number(one) is not None or looking.number(other) is not None:
            continue
        for rule in (_roots, _root_and_leg, _logarithms, _inverses):
            found = rule(looking, one, other)
            if found is not None:
                rest = [term for k, term in enumerate(terms) if k not in (i, j)]
                return build.add(looking.times(scale, build.broadcast_to(found, node.shape)), *rest)
    return None


def _scaled(looking: Looking, term: Node) -> tuple[Fraction, Node]:
    """A number times a function; log(sqrt(p)) is half of log(p)."""
    scale, core = looking.scaled(term)
    inner = looking.function(core, "log")
    under = looking.function(inner, "sqrt") if inner is not None else None
    return (scale, core) if under is None else (scale / 2, build.call("log", under))


def log_quotient_form(looking: Looking, node: Node) -> Node | None:
    """log(p/q), where p - q has fewer terms than both."""
    inner = looking.function(node, "log")
    seen = looking.at(inner) if inner is not None else None
    if seen is not None and seen.op == "call" and seen.name == "~share" and not any(seen.orders):
        return _logarithm_of_quotient(looking, seen.args[0], build.add(*seen.args))
    if seen is None or seen.op != "div":
        return None
    return _logarithm_of_quotient(looking, *seen.args)


def rest_form(looking: Looking, node: Node) -> Node | None:
    """e^u - 1 - u, p - 1 - log(p) and u - sin(u), also with a number before them and beside other terms."""
    terms = looking.summands(node) if node.op == "add" else []
    for k, term in enumerate(terms):
        scale, core = looking.scaled(term)
        others = [*terms[:k], *terms[k + 1 :]]
        if (u := looking.function(core, "exp")) is not None:
            found, taken = build.call("~exp_rest", u), build.add(u, build.ones(u.shape))
        elif (p := looking.function(core, "log")) is not None:
            taken = _less_one(looking, p)
            found = build.call("~log_rest", taken, p)
        elif (u := looking.function(core, "sin")) is not None:
            found, taken = build.call("~sin_rest", u), u
        else:
            continue
        left = looking.without(others, -scale, taken)
        if left is not None:
            sign = 1 if found.name == "~exp_rest" else -1
            return build.add(looking.times(sign * scale, build.broadcast_to(found, node.shape)), *left)
    return None


def _less_one(looking: Looking, p: Node) -> Node:
    """p - 1."""
    terms = looking.summands(p)
    for k, term in enumerate(terms if len(terms) > 1 else ()):
        if looking.number(term) == 1:
            return build.add(*terms[:k], *terms[k + 1 :])
    return build.sub(p, build.ones(p.shape))


def root_less_number_form(looking: Looking, node: Node) -> Node | None:
    """sqrt(p) - c, whose slope is that of sqrt(p)."""
    parts = looking.less(node) if node.op == "add" else None
    if parts is None or sum(looking.number(part) is not None for part in parts) != 1:
        return None
    return _roots(looking, *parts)


def _roots(looking: Looking, one: Node, other: Node) -> Node | None:
    under = [_under_root(looking, part) for part in (one, other)]
    if under[0] is None or under[1] is None:
        return None
    rest = terms_left(looking, under[0], under[1])
    if rest is None:
        return None
    total = build.add(one, other)
    for part, number in ((one, other), (other, one)):
        seen = looking.at(part)
        if seen.op == "call" and seen.name == "~hypot" and looking.number(number) is not None:
            length, u = seen.args
            if looking.number(length) != looking.number(number):
                return None
            product = build.mul(u, build.div(u, total))  # hypot(c, u) - c, of which u^2 may overflow
            return product if part is one else build.neg(product)
    return build.div(build.broadcast_to(rest, total.shape), total)


def _root_and_leg(looking: Looking, one: Node, other: Node) -> Node | None:
    """sqrt(p) - r, where r has any sign and p - r^2 is shorter than p."""
    for root, leg, sign in ((one, other, 1), (other, one, -1)):
        p = _under_root(looking, root)
        if p is None or _under_root(looking, leg) is not None:
            continue
        rest = terms_left(looking, p, build.power(leg, 2))
        if rest is None:
            continue
        total = build.add(root, leg)
        found = build.div(build.broadcast_to(rest, total.shape), total)
        if not looking.is_positive(leg):
            here = build.call("step", build.broadcast_to(leg, total.shape))
            found = build.call("where", here, found, build.sub(root, leg))
        return found if sign > 0 else build.neg(found)
    return None


def _logarithms(looking: Looking, one: Node, other: Node) -> Node | None:
    p, q = (looking.function(part, "log") for part in (one, other))
    return None if p is None or q is None else _logarithm_of_quotient(looking, p, q)


def _logarithm_of_quotient(looking: Looking, p: Node, q: Node) -> Node | None:
    rest = terms_left(looking, p, q)
    if rest is None:
        return None
    total = terms_left(looking, p, build.neg(q))
    number = looking.number(total) if total is not None else None
    if number:
        return build.mul(build.number(2), build.call("atanh", build.div(rest, build.number(number))))
    shape = build.add(p, q).shape
    return build.call("~log_ratio", *(build.broadcast_to(part, shape) for part in (rest, q, p)))


def _inverses(looking: Looking, one: Node, other: Node) -> Node | None:
    (a, p), (b, q) = (_divided(looking, part) for part in (one, other))
    if p is None or q is None or looking.at(a) is not looking.at(b):
        return None
    rest = terms_left(looking, q, p)
    return None if rest is None else build.div(build.div(build.mul(a, rest), p), q)


def _divided(looking: Looking, node: Node) -> tuple[Node, Node | None]:
    """a and p, if a node is a/p."""
    seen = looking.at(node)
    if seen.op == "div" and looking.number(seen.args[1]) is None:
        return seen.args[0], seen.args[1]
    if seen.op == "pow" and looking.number(seen.args[1]) == -1:
        return build.ones(seen.shape), seen.args[0]
    return node, None


def _under_root(looking: Looking, node: Node) -> Node | None:
    """p, if a node is sqrt(p) or what is not negative."""
    number = looking.number(node)
    if number is not None:
        return build.number(number**2) if number >= 0 else None
    seen = looking.at(node)
    if seen.op == "call" and seen.name == "~hypot" and not any(seen.orders):
        return build.add(*(build.power(arg, 2) for arg in seen.args))
    if seen.op == "pow" and looking.number(seen.args[1]) == Fraction(1, 2):
        return seen.args[0]
    return looking.function(node, "sqrt")


def terms_left(looking: Looking, p: Node, q: Node) -> Node | None:
    """p - q, if terms of the two cancel."""
    counts: Counter[Node] = Counter()
    numbers, before = [Fraction(0), Fraction(0)], 0
    for k, (side, sign) in enumerate(((p, 1), (q, -1))):
        for term, own in _terms(looking, side):
            number = _constant(looking, term)
            if number is None:
                counts[_as_power(looking, term)] += sign * own
                before += 1
            else:
                numbers[k] += own * number
    kept = [term if count > 0 else negated(term) for term, count in counts.items() for _ in range(abs(count))]
    if len(kept) == before and not (numbers[0] and numbers[1]):
        return None
    left = numbers[0] - numbers[1]
    return build.add(*kept, *([build.number(left)] if left or not kept else []))


def _constant(looking: Looking, node: Node) -> Fraction | None:
    number = looking.number(node)
    base = looking.square(node) if number is None else None
    root = looking.number(base) if base is not None else None
    return number if root is None else root**2


def _as_power(looking: Looking, node: Node) -> Node:
    """u u as u^2, so that the two spellings cancel."""
    base = looking.square(node)
    return node if base is None else build.power(base, 2)


def _terms(looking: Looking, node: Node, sign: int = 1) -> list[tuple[Node, int]]:
    seen = looking.at(node)
    if seen.op == "add":
        return [found for arg in seen.args for found in _terms(looking, arg, sign)]
    if seen.op == "neg":
        return _terms(looking, seen.args[0], -sign)
    return [(node, sign)]
