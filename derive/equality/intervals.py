"""Closed intervals that hold every entry of a value, from what is declared and from how it is computed.

    [a, b] + [c, d] = [a + c, b + d]      [a, b] [c, d] = [min of the four products, max of them]
    x^2 >= 0,  1 + x^2 >= 1               0 <= sigmoid(z) <= 1, e^z >= 0: the ranges of the records

An interval may be wider than what occurs; it is never narrower. A side that it does not reach does not exist.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from math import inf

from derive.ir.build import label_sizes
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, as_number, topological
from derive.ops.primitive import scalar_of
from derive.ops.record import elementwise, tensor_or_none

Number = Fraction | float  # infinite where it is a float
Interval = tuple[Number, Number]
ANY: Interval = (-inf, inf)
NOT_NEGATIVE: Interval = (Fraction(0), inf)


class Reach:
    """The intervals of the nodes of one graph."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.known: dict[Node, Interval] = {}
        self.names = {name: _exact(*d.bounds[:2]) for name, d in graph.declarations.items()}
        for name, binding in graph.bindings.items():
            self.names[name] = self.interval(binding.node)

    def interval(self, root: Node) -> Interval:
        """An interval that holds every entry of a node."""
        for node in topological(root):
            if node not in self.known:
                self.known[node] = self._of(node)
        return self.known[root]

    def reaches(self, root: Node, sign: int) -> bool:
        """Whether some entry may have this sign (1 or -1)."""
        low, high = self.interval(root)
        return high > 0 if sign > 0 else low < 0

    def _of(self, node: Node) -> Interval:
        args = [self.known[arg] for arg in node.args]
        match node.op:
            case "ref":
                return self.names.get(node.name, ANY)
            case "number":
                return node.value, node.value
            case "constant":
                return Fraction(2), Fraction(4)
            case "size":
                return Fraction(1), inf
            case "add":
                return sum(low for low, _ in args), sum(high for _, high in args)
            case "neg":
                return -args[0][1], -args[0][0]
            case "div":
                return _times(args[0], _inverse(args[1]))
            case "pow":
                return _power(args[0], as_number(scalar_of(node.args[1])))
            case "contract":
                return _contracted(node, args)
            case "array":
                return min(low for low, _ in args), max(high for _, high in args)
            case "entry":
                return args[0]
            case "call" if any(node.orders):
                return ANY
            case "call" if node.name in ("maximum", "minimum"):
                chosen = max if node.name == "maximum" else min
                return chosen(low for low, _ in args), chosen(high for _, high in args)
        record = elementwise(node.name) if node.op == "call" else tensor_or_none(node.op)
        return ANY if record is None else _exact(*record.range)


def _exact(low: float, high: float) -> Interval:
    return _end(low), _end(high)


def _end(value: float) -> Number:
    return value if value in (-inf, inf) else Fraction(str(value))


def _times(a: Interval, b: Interval) -> Interval:
    # nothing times infinity is nothing: an infinite end stands for numbers without bound
    ends = [x * y if x and y else Fraction(0) for x, y in product(a, b)]
    return min(ends), max(ends)


def _inverse(a: Interval) -> Interval:
    low, high = a
    if low < 0 < high:
        return ANY
    below = -inf if high == 0 else 1 / Fraction(high) if abs(high) != inf else Fraction(0)
    above = inf if low == 0 else 1 / Fraction(low) if abs(low) != inf else Fraction(0)
    return below, above


def _power(base: Interval, exponent: Fraction | None) -> Interval:
    even = exponent is not None and exponent.numerator % 2 == 0 and exponent.denominator == 1
    if exponent is not None and exponent.denominator == 1 and exponent > 0 and -inf < base[0] <= base[1] < inf:
        ends: list[Number] = [end ** int(exponent) for end in base]
        return Fraction(0) if even and base[0] <= 0 <= base[1] else min(ends), max(ends)
    if even or base[0] >= 0 or (exponent is not None and exponent.denominator != 1):
        return NOT_NEGATIVE
    return ANY


def _contracted(node: Node, args: list[Interval]) -> Interval:
    """A product, in which a pair of equal factors is a square, summed over what is not in the result."""
    ins, out = node.labels
    result: Interval = (Fraction(1), Fraction(1))
    pairs = Counter(zip(ins, node.args, strict=True))
    intervals = dict(zip(node.args, args, strict=True))
    for (_, arg), count in pairs.items():
        own = intervals[arg]
        if count > 1:
            own = _power(own, Fraction(count))
        result = _times(result, own)
    for label, size in label_sizes(node).items():
        if label not in out:
            n = size.number
            result = _times(result, (Fraction(1), inf) if n is None else (Fraction(n), Fraction(n)))
    on_a_diagonal = len(set(out)) < len(out)  # zeros beside it
    return (min(result[0], Fraction(0)), max(result[1], Fraction(0))) if on_a_diagonal else result
