"""Interval arithmetic: between which numbers a node lies for every input, as far as its operations tell.

Records know the range of a function, declarations that of an input; even powers are not negative, sums and products
combine. An interval is `(low, high)` with `strict` ends if the bound itself is never reached. Floats suffice: only the
sign of a bound is used, and every bound that is 0 comes from a fact or a range that says so exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan
from typing import NamedTuple

from derive.ir.graph import Graph
from derive.ir.node import Node, topological
from derive.ops.record import elementwise


class Interval(NamedTuple):
    """All numbers from `low` to `high`; a strict end is not among them."""

    low: float = -inf
    high: float = inf
    low_strict: bool = True
    high_strict: bool = True

    @property
    def positive(self) -> bool:
        """Whether every number in it is greater than 0."""
        return self.low > 0 or (self.low == 0 and self.low_strict)

    @property
    def negative(self) -> bool:
        """Whether every number in it is less than 0."""
        return self.high < 0 or (self.high == 0 and self.high_strict)

    def turned(self) -> Interval:
        """The negatives."""
        return Interval(-self.high, -self.low, self.high_strict, self.low_strict)

    def has(self, sign: int) -> bool:
        """Whether a number of this sign can be in it."""
        if sign == 0:
            return not self.positive and not self.negative
        return self.high > 0 if sign > 0 else self.low < 0


ALL = Interval()


def interval(root: Node, graph: Graph) -> Interval:
    """Where a node lies, its bindings included."""
    known: dict[Node, Interval] = {}
    order = [graph.bindings[name].node for name in graph.bindings]
    for line in (*order, root):
        for node in topological(line):
            if node not in known:
                known[node] = _one(node, [known[arg] for arg in node.args], graph, known)
    return known[root]


def _one(node: Node, args: list[Interval], graph: Graph, known: Mapping[Node, Interval]) -> Interval:
    match node.op:
        case "number":
            value = float(node.value)
            return Interval(value, value, False, False)
        case "size":
            return Interval(1.0, inf, False)
        case "ref":
            binding = graph.bindings.get(node.name)
            return known.get(binding.node, ALL) if binding is not None else _declared(node.name, graph)
        case "neg":
            return args[0].turned()
        case "add":
            return _sum(args)
        case "contract":
            return _contraction(node, args)
        case "pow":
            exponent = node.args[1]
            even = exponent.op == "number" and exponent.value % 2 == 0 and exponent.value > 0
            return _power(args[0], even=even)
        case "div":
            return _product([args[0], _inverse(args[1])])
        case "call" if not any(node.orders):
            record = elementwise(node.name)
            if record is None or node.name in graph.declarations:
                return ALL
            # a bound is reached where pieces meet, |0|, or where the domain ends, as in the root of 0
            reached = record.switch is not None or record.domain != (-inf, inf)
            return Interval(*record.range, not reached, not reached)
    return ALL


def _declared(name: str, graph: Graph) -> Interval:
    declared = graph.declarations.get(name)
    low, high, low_strict, high_strict = ALL
    for fact in declared.facts if declared is not None else ():
        if fact.name == "positive":
            low = max(low, 0.0)
        elif fact.name == "in":
            low = max(low, fact.low if fact.low is not None else -inf)
            high = min(high, fact.high if fact.high is not None else inf)
        elif fact.name == "one_of":
            return Interval(min(fact.values), max(fact.values), False, False)
        elif fact.name in ("simplex", "one_hot"):
            return Interval(0.0, 1.0, False, False)
    return Interval(low, high, low_strict, high_strict)


def _sum(parts: list[Interval]) -> Interval:
    low, high = sum(p.low for p in parts), sum(p.high for p in parts)
    return Interval(low, high, any(p.low_strict for p in parts), any(p.high_strict for p in parts))


def _contraction(node: Node, args: list[Interval]) -> Interval:
    """Of a product entry by entry its own interval; of a sum only the sign is kept."""
    ins, out = node.labels
    whole = _product(args)
    if all(label in out for labels in ins for label in labels):
        # on the diagonal it writes, the other entries are 0
        return whole if len(set(out)) == len(out) else _with_zero(whole)
    if whole.low >= 0:
        return Interval(0.0, inf, whole.positive)
    return Interval(-inf, 0.0, True, whole.negative) if whole.high <= 0 else ALL


def _with_zero(one: Interval) -> Interval:
    return Interval(
        min(one.low, 0.0), max(one.high, 0.0), one.low_strict and one.low < 0, one.high_strict and one.high > 0
    )


def _product(parts: list[Interval]) -> Interval:
    result = Interval(1.0, 1.0, False, False)
    for part in parts:
        ends = [
            (0.0 if isnan(a * b) else a * b, s or t)
            for a, s in ((result.low, result.low_strict), (result.high, result.high_strict))
            for b, t in ((part.low, part.low_strict), (part.high, part.high_strict))
        ]
        low, high = min(e for e, _ in ends), max(e for e, _ in ends)
        # an end is reached if one of the products that give it is; a zero that is reached makes the product reach it
        zero = any(e == 0 and not s for i in (result, part) for e, s in (i[::2], i[1::2]))
        result = Interval(
            low,
            high,
            all(s for e, s in ends if e == low) and not (zero and low == 0),
            all(s for e, s in ends if e == high) and not (zero and high == 0),
        )
    return result


def _inverse(one: Interval) -> Interval:
    if one.positive:
        return Interval(0.0, 1 / one.low if one.low > 0 else inf, True, one.low_strict)
    return _inverse(one.turned()).turned() if one.negative else ALL


def _power(base: Interval, *, even: bool) -> Interval:
    """Any power of what is positive is positive; an even one is not negative."""
    if base.positive:
        return Interval(0.0, inf)
    return Interval(0.0, inf, base.negative) if even else ALL
