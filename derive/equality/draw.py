"""Draws of sizes and values for probes.

A probe must not find two different formulas equal by accident of the point. So sizes differ from each other, are not
neighbours and not sums of each other (no 3 = 2 + 1, no 5 = 2 + 3), a second draw reverses their order, and values
have no symmetry, take both signs, and obey every declared fact. Values are fractions of few digits, exact in any
precision and short in print.

What has conditions in it is looked at on all of their sides: for that there are values of several magnitudes, near the
numbers that the conditions name, and small whole ones, zero among them, which lie on the edge of many conditions.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any, Literal

import numpy as np

from derive.ir.graph import ComputationGraph, Declaration, Fact
from derive.ir.node import Node, topological
from derive.ir.size import Shape

Array = Any  # a NumPy object array of fractions
TRIALS = 400
SHORT = 16
"""Between whole numbers there are sixteenths: float64 is exact for them."""
Mood = Literal["signed", "positive", "unit", "wide", "whole"]
MAGNITUDES = (-3, -2, -1, 0, 0, 0, 0, 1, 1, 2, 3, 6)
"""Powers of ten; most of them where models live."""
NEAR = (Fraction(1, 2), Fraction(9, 10), Fraction(11, 10), Fraction(2))


def size_names(graph: ComputationGraph, nodes: Sequence[Node] = ()) -> tuple[list[str], set[int]]:
    """Every named size of a graph (and of further nodes), in order, and the integers that occur as sizes."""
    names: dict[str, None] = {}
    literals: set[int] = set()
    roots = [*(binding.node for binding in graph.bindings.values()), *nodes]
    shapes: list[Shape] = [d.shape for d in graph.declarations.values()]
    shapes += [node.shape for node in topological(*roots)]
    shapes += [(node.size,) for node in topological(*roots) if node.op == "size"]
    for shape in shapes:
        for size in shape:
            names.update(dict.fromkeys(sorted(size.names)))
            if size.number is not None:
                literals.add(size.number)
    names.update((name, None) for name, d in graph.declarations.items() if d.kind == "size")
    return list(names), literals


def size_draws(names: Sequence[str], literals: set[int], rng: random.Random) -> list[dict[str, int]]:
    """Four assignments of small integers; for every pair of names both orders occur twice."""
    if not names:
        return [{}]
    top = max(9, 2 * len(names) + 3)
    sets = [sorted(rng.sample(range(2, top + 1), len(names))) for _ in range(TRIALS)]
    # odd numbers are never sums of two of each other: what random sets of many sizes seldom achieve
    sets += [list(range(low, low + 2 * len(names), 2)) for low in (3, 5, 7, 9)]
    sets.sort(key=lambda values: _relations(values, literals))
    different = [list(values) for values in dict.fromkeys(map(tuple, sets))]
    order = list(names)
    rng.shuffle(order)
    return [dict(zip(order, values[:: 1 - 2 * (k % 2)], strict=True)) for k, values in enumerate(different[:4])]


def _relations(values: Sequence[int], literals: set[int]) -> float:
    """How much a set of sizes invites accidents; smaller is better."""
    known = set(values)
    bad = 10.0 * len(known & literals) + 0.02 * sum(values)
    for a, b in combinations(values, 2):
        bad += 8.0 * (b - a == 1) + 6.0 * (a + b in known) + 2.0 * (2 * a == b) + 1.0 * (b - a in literals - {1})
        bad += 0.5 * (b - a == 2) + 0.5 * (2 * b - a in known)
    return bad


class Draw:
    """Random values that obey declared facts.

    `mood` shifts the undeclared ones, for models whose domain the declarations do not tell: of both signs, positive, or
    inside (0, 1), all of about 1; `wide` ones of both signs and any magnitude, often near one of `anchors`, an array of
    one magnitude each; `whole` ones small and whole, or one of `anchors` itself. `grid` is the number of steps in one
    unit: 100 for probes, 10 or 2 for small numbers.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        mood: Mood = "signed",
        grid: int = 100,
        anchors: Sequence[Fraction] = (),
    ) -> None:
        self.rng, self.mood, self.grid, self.anchors = rng, mood, grid, anchors
        self._unit = Fraction(1)
        self._sign = 0

    def value(self, declaration: Declaration, sizes: Mapping[str, int]) -> Array:
        """An array of the declared shape."""
        shape = tuple(size.value(sizes) for size in declaration.shape)
        if self.mood == "wide":
            self._sign = self.rng.choice((-1, 0, 0, 1))
            self._unit = Fraction(10) ** self.rng.choice(MAGNITUDES)
            if self.anchors and self.rng.random() < 0.5:
                self._unit = abs(self.rng.choice(self.anchors)) * self.rng.choice(NEAR)
        facts = {fact.name: fact for fact in declaration.facts}
        for name in ("one_hot", "simplex"):
            if name in facts:
                return self._rows(shape, facts[name])
        result = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            result[index] = self._entry(facts)
        if len(shape) == 2 and shape[0] == shape[1]:
            self._structure(result, facts)
        return result

    def _entry(self, facts: Mapping[str, Fact]) -> Fraction:
        if "one_of" in facts:
            return Fraction(str(self.rng.choice(facts["one_of"].values)))
        if "in" in facts:
            return self._between(facts["in"])
        positive = self.mood == "positive" or "positive" in facts or "positive_definite" in facts
        top = 3 * self.grid // 2
        if self.mood == "unit" and not positive:
            return Fraction(self.rng.randint(1, max(1, self.grid - 1)), max(2, self.grid))
        if self.mood == "whole":
            return self._whole(never_zero=positive or bool(facts.keys() & {"nonzero", "invertible"}), positive=positive)
        size = Fraction(self.rng.randint(max(1, self.grid // 10), max(2, top)), self.grid) * self._unit
        if positive:
            return size
        negative = self._sign < 0 if self._sign else self.rng.random() >= 0.5
        return -size if negative else size

    def _edges(self) -> list[Fraction]:
        """Numbers at which conditions often change: small whole ones, or those that are named."""
        if self.anchors and self.rng.random() < 0.3:
            return [*self.anchors, *(-anchor for anchor in self.anchors)]
        return [Fraction(k) for k in (-3, -2, -1, 0, 0, 1, 2, 3)]

    def _whole(self, *, never_zero: bool, positive: bool) -> Fraction:
        value = self.rng.choice([choice for choice in self._edges() if choice or not never_zero])
        return abs(value) if positive else value

    def _between(self, fact: Fact) -> Fraction:
        low = Fraction(str(fact.low)) if fact.low is not None and np.isfinite(fact.low) else None
        high = Fraction(str(fact.high)) if fact.high is not None and np.isfinite(fact.high) else None
        if self.mood == "whole":
            inside = [k for k in self._edges() if (low is None or k > low) and (high is None or k < high)]
            if inside:
                return self.rng.choice(inside)
        steps = SHORT if self.mood == "whole" else max(self.grid, 10)
        part = Fraction(self.rng.randint(1, steps - 1), steps)
        if low is not None and high is not None:
            return low + (high - low) * part
        if low is not None:
            return low + 2 * part * self._unit
        return high - 2 * part * self._unit if high is not None else (2 * part - 1) * self._unit

    def _rows(self, shape: tuple[int, ...], fact: Fact) -> Array:
        """One-hot or positive entries that sum to one along the axis."""
        axis = (fact.axis if fact.axis is not None else -1) % len(shape)
        length = shape[axis]
        result = np.empty(shape, dtype=object)
        moved = np.moveaxis(result, axis, -1)
        previous = -1
        for index in np.ndindex(*moved.shape[:-1]):
            if fact.name == "one_hot":
                # neighbouring rows differ, so that no average hides a class; among the far points they may be alike
                free = length == 1 or self.mood in ("wide", "whole")
                previous = self.rng.choice([k for k in range(length) if free or k != previous])
                row = [Fraction(int(k == previous)) for k in range(length)]
            else:
                parts = 20 if length < 10 else 10 * length
                if self.mood == "whole" and length <= SHORT:
                    parts = SHORT
                cuts = sorted(self.rng.sample(range(1, parts), length - 1))
                row = [Fraction(b - a, parts) for a, b in zip([0, *cuts], [*cuts, parts], strict=True)]
            for k, entry in enumerate(row):
                moved[(*index, k)] = entry
        return result

    def _structure(self, result: Array, facts: Mapping[str, Fact]) -> None:
        n = len(result)
        for i, j in permutations(range(n), 2):
            if "diagonal" in facts:
                result[i, j] = Fraction(0)
            elif facts.keys() & {"symmetric", "positive_definite"} and i > j:
                result[i, j] = result[j, i]
        if "positive_definite" in facts:
            # a dominant diagonal is definite; the signs of the other entries are free
            for i in range(n):
                for j in range(i):
                    result[i, j] = result[j, i] = result[i, j] * self.rng.choice((-1, 1))
            for i in range(n):
                result[i, i] += sum(abs(result[i, j]) for j in range(n) if j != i)
