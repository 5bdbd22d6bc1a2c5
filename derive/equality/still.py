"""Edges that are not crossed while what is differentiated by moves: there are slopes on them, as anywhere else.

    max(b a, 2 a) by a        at b = 2 it is 2 a for all a, and its slope is 2
    max(w x, v x) by x        at w = v, for as many entries as x has

A condition is 0 there wherever what moves is: at several of its values, so many equations for all the rest.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import islice

import numpy as np

from derive.equality.cells import Cells
from derive.equality.climb import between, onto_edge
from derive.equality.magnitudes import first_entries, inputs_of, whole_points
from derive.equality.probe import Point
from derive.ir.node import Node

MOST_VALUES = 3
"""Values of what moves at which a condition is to be 0."""
MOST_STARTS = 4
MOST_STILL = 3
"""Points that are compared on each edge."""


def still_points(cells: Cells, by: Collection[str], rng: random.Random) -> Iterator[Point]:
    """Points on edges of conditions that nothing crosses as these names alone move."""
    moving = sorted(by)
    for condition in cells.conditions:
        free = [name for name in inputs_of([condition], cells.graph) if name not in moving]
        found = _on_edge(cells, condition, moving, free, rng) if free else iter(())
        yield from islice((point for point in found if cells.kinks.is_still(point, moving)), MOST_STILL)


def _on_edge(cells: Cells, condition: Node, by: list[str], free: list[str], rng: random.Random) -> Iterator[Point]:
    for start in islice(whole_points(cells.left, cells.right, cells.graph), MOST_STARTS):
        for point in (between(start, rng), start):
            ways = [_way(point, by, rng) for _ in range(MOST_VALUES - 1)]
            for count in range(1, MOST_VALUES + 1):
                edge = onto_edge(point, partial(_values, condition, ways[: count - 1]), rng, free)
                if edge is not None:
                    yield edge


def _way(point: Point, by: list[str], rng: random.Random) -> dict[str, np.ndarray]:
    """Other values of what moves, short ones, so that float64 is exact."""
    return {
        name: np.reshape(
            [rng.randint(-4, 4) for _ in range(np.size(point.values()[name]))], np.shape(point.values()[name])
        )
        for name in by
    }


def _values(condition: Node, ways: Sequence[dict[str, np.ndarray]], point: Point) -> list[float] | None:
    """The first entry of a condition at a point, and with what moves elsewhere."""
    moved = [Point(point.graph, point.sizes, {**point.inputs, **way}, point.seed) for way in ways]
    found = [first_entries([condition], one) for one in (point, *moved)]
    return [entry[0] for entry in found if entry is not None] if None not in found else None
