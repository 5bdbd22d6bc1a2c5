"""Both sides of every condition of a model, and points that lie on the sides not yet seen.

relu(z) has two slopes, and what was seen with z > 0 says nothing of z < 0. So it is kept which side of each condition
has been met, entry by entry where an array has a fixed number of them, and each two of them together (the slope of
max(|z| - 1, 0) has three pieces, and two conditions). Points on a missing side are climbed for
(`derive.equality.climb`). A point so far out that rounding leaves nothing of a value is no point. A side that no
value reaches (x^2 < 0) does not exist.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from derive.equality.climb import climb
from derive.equality.intervals import Reach
from derive.equality.probe import NO_VALUE, Point
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.notation import unicode_node
from derive.ops.conditions import conditions

Array = Any
MOST_POINTS = 20
MOST_TOGETHER = 16  # conditions, of which each two are looked for together
MOST_FAILURES = 16  # pairs that were looked for in vain
MOST_ENTRIES = 64  # of a condition that is followed entry by entry
SAME = 1e-9
_SIGNS = ((1, ">"), (-1, "<"))


@dataclass(frozen=True)
class Side:
    """The side of a condition: where `condition` has this sign (1 or -1)."""

    condition: Node
    sign: int


Pattern = tuple[Side, ...]
"""One side, or sides of two conditions at once: a slope that both decide is seen where both are met."""


class Branches:
    """The conditions that some bindings (a loss, say) depend on, and the sides that were met.

    `judged` is the graph whose values have to be sharp at a point: that of the gradients, say.
    """

    def __init__(self, graph: ComputationGraph, outputs: Iterable[str], judged: ComputationGraph) -> None:
        self.graph, self.judged = graph, judged
        wanted = {name for output in outputs for name in (*graph.ancestors(output), output)}
        found = conditions([b.node for name, b in graph.bindings.items() if name in wanted])
        reach = Reach(graph)
        sides = [Side(node, sign) for node in found for sign in (1, -1) if reach.reaches(node, sign)]
        few = sides if len(sides) <= 2 * MOST_TOGETHER else []
        pairs = [(a, b) for a, b in combinations(few, 2) if a.condition is not b.condition]
        self.met: dict[Pattern, Array] = dict.fromkeys([*((side,) for side in sides), *pairs], np.False_)

    def meet(self, point: Point) -> None:
        """Take note of what this point meets."""
        for pattern in self.met:
            heights = self._heights(pattern, point)
            if heights is not None:
                self.met[pattern] = np.logical_or(self.met[pattern], heights > 0)

    def _heights(self, pattern: Pattern, point: Point) -> Array | None:
        """How far each entry has come towards the pattern: positive where it is met.

        One number where there are many entries, where their number depends on the draw, and for a pair.
        """
        values = [point.value(side.condition) for side in pattern]
        if any(value is None or not value.size for value in values):
            return None
        each = [side.sign * np.asarray(v, dtype=float) for side, v in zip(pattern, values, strict=True)]
        if len(pattern) == 1:
            shape = pattern[0].condition.shape
            followed = each[0].size <= MOST_ENTRIES and all(size.number is not None for size in shape)
            return each[0] if followed else np.max(each[0])
        if each[0].shape == each[1].shape:
            return np.max(np.minimum(*each))
        return np.minimum(np.max(each[0]), np.max(each[1]))

    @property
    def missing(self) -> list[Side]:
        """The sides not met so far."""
        return [pattern[0] for pattern, met in self.met.items() if len(pattern) == 1 and not np.all(met)]

    def unseen(self) -> list[str]:
        """A sentence for each condition of which no entry has met one of its sides."""
        missing = [side.condition for side in self.missing if not np.any(self.met[(side,)])]
        return [self._sentence(node) for node in dict.fromkeys(missing)]

    def untold(self) -> list[str]:
        """What is to be said of the sides not met, a sentence for each condition.

        A pair that was not found may be none: z < 0 and z > 1.
        """
        missing = [side.condition for side in self.missing]
        return [self._sentence(node) for node in dict.fromkeys(missing)]

    def _sentence(self, node: Node) -> str:
        text = unicode_node(node, self.graph)
        sides = [(f"{text} {symbol} 0", self.met.get((Side(node, sign),), np.True_)) for sign, symbol in _SIGNS]
        seen = [told for told, met in sides if np.any(met)]
        unseen = [told for told, met in sides if not np.all(met)]
        if len(seen) == 2:
            return f"{' and '.join(unseen)} was not met in every entry"
        return f"{f'only {seen[0]} was met' if seen else 'nothing was met'}, never {' nor '.join(unseen)}"

    def towards(self, start: Point, seed: int = 0, held: Collection[str] = ()) -> Iterator[Point]:
        """Points on missing sides, with the inputs `held` as they are at the start.

        Whoever takes one calls `meet`, or the side stays missing.
        """
        rng = random.Random(seed)
        free = [name for name in start.inputs if name not in held]
        given, failed = 0, 0
        for pattern in self.met:
            while not np.all(self.met[pattern]) and given < MOST_POINTS and failed < MOST_FAILURES:
                point = self._search(pattern, start, free, rng)
                if point is None:
                    failed += 1
                    break
                before = self.met[pattern]
                given += 1
                yield point
                if np.array_equal(self.met[pattern], before):
                    break

    def _search(self, pattern: Pattern, start: Point, free: list[str], rng: random.Random) -> Point | None:
        return climb(
            start,
            lambda point: self._height(pattern, point),
            rng,
            free=free,
            accepted=lambda point: _is_sharp(Point(self.judged, point.sizes, point.inputs)),
        )

    def _height(self, pattern: Pattern, point: Point) -> float | None:
        """How far the missing entry that is nearest has come."""
        heights = self._heights(pattern, point)
        if heights is None:
            return None
        met = np.broadcast_to(self.met[pattern], heights.shape)
        return float(np.max(heights[~met]))


def _is_sharp(point: Point) -> bool:
    """Whether float64 gives every value of a graph as 50 digits do: where it does not, it refutes nothing."""
    try:
        rough, exact = point.values(), point.values(50)
    except NO_VALUE:
        return False
    for name in point.graph.bindings:
        a, b = (np.asarray(values[name], dtype=float) for values in (rough, exact))
        size = np.max(np.abs(b), initial=0.0)
        if not np.all(np.isfinite(a)) or np.max(np.abs(a - b), initial=0.0) > SAME * size:
            return False
    return True
