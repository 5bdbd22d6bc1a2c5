"""A comparison of two members in every cell that their conditions cut out, on edges, and where edges meet.

    cells       points of many magnitudes, and points that are climbed for    (`derive.equality.cells`)
    places      the sides of conditions in entries of their own               (`derive.equality.places`)
    faces       points at which several conditions are 0: 1[x >= y] 1[y >= z] 1[z >= x] is 1 at x = y = z alone
    ends        points near those at which an operation all but ceases to have values: arcsin(sin x) is x up to π/2

A derivative is held against the slopes on either side of an edge (`derive.equality.kinks`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from typing import Literal

import numpy as np

from derive.equality.cells import Cells
from derive.equality.climb import climb, shaken, summit
from derive.equality.kinks import Kinks, at_kinks
from derive.equality.magnitudes import far_points, in_sight, inputs_of
from derive.equality.probe import Point
from derive.equality.subgradients import TakenSlope
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ops.conditions import countless, limits

LEAST = 32
"""Points at which every claim without a proof is compared, with conditions or without."""
MOST_CLIMBS = 12
"""Cells that are climbed for after the far points, and sides at places of their own."""
MOST_ON_FACE = 4
MOST_ENDS = 6
NEAR_END = 16
"""Points that are compared near the end of a domain."""


@dataclass(frozen=True)
class Survey:
    """A point at which the members differ, or what leaves the claim open, in words; neither if all is well.

    `one_sided` are the cells in which no point was found, in words; `kinks` where members differ that are derivatives.
    `members`: what differs, where slopes have another value than their formulas.
    """

    different: Point | None = None
    open: str = ""
    one_sided: tuple[str, ...] = ()
    kinks: tuple[str, ...] = ()
    members: tuple[Node, Node] | None = None


def survey(
    left: Node,
    right: Node,
    graph: ComputationGraph,
    *,
    derivative: bool,
    by: Sequence[str] = (),
    domains: bool = False,
    claimed: Literal["left", "right"] | None = None,
    taken: Sequence[TakenSlope] = (),
    plain: tuple[bool, bool] = (False, False),
) -> Survey:
    """Compare two nodes in every cell. `derivative`: nothing is said of the edges but what is `claimed` of a slope.

    On edges on which all derivatives that were `taken` exist they are compared as anywhere else.
    `domains`: where an operation of theirs has values is a condition with edges too.
    """
    cells = Cells(left, right, graph, edges=not derivative, by=by, domains=domains)
    stairs = countless(in_sight(left, right, graph))
    start: Point | None = None
    for number, point in enumerate(far_points(left, right, graph)):
        if number >= LEAST and not cells.missing and not cells.places.missing and stairs is None:
            break
        start = point if start is None or not (cells.is_clear(start) or not cells.is_clear(point)) else start
        different = cells.different_at(point, always=number < LEAST)
        if different is not None:
            return Survey(different=different)
    rng = random.Random(len(cells.conditions))
    wanted = chain(_in_cells(cells, start, rng), _near_ends(cells, start, rng))
    points = chain(wanted, () if derivative else _on_faces(cells, rng))
    for point in points:
        different = cells.different_at(point, always=True)
        if different is not None:
            return Survey(different=different)
    different = cells.different_on_faint_edges(rng)
    if different is not None:
        return Survey(different=different)
    found = at_kinks(cells, claimed, taken, plain, rng) if derivative else Kinks()
    if found.different is not None or found.open:
        return Survey(found.different, found.open, members=found.members)
    told = cells.told() or (f"{cells.text(stairs)} has countless pieces" if stairs is not None else "")
    return Survey(open=told, one_sided=tuple(cells.unseen()), kinks=found.beside)


def _in_cells(cells: Cells, start: Point | None, rng: random.Random) -> Iterator[Point]:
    """Points in the cells that were not met, and with signs at places of their own that were not met."""
    if start is None:
        return
    for part, cell in cells.missing[:MOST_CLIMBS]:
        for point in cells.towards(part, cell, start, rng):
            yield point
            if cells.was_met(part, cell):
                break
    for wanted in cells.places.missing[:MOST_CLIMBS]:
        free = inputs_of(cells.places.nodes(wanted), cells.graph)
        found = climb(start, partial(cells.places.height, wanted), rng, free=free)
        if found is not None:
            yield found


def _near_ends(cells: Cells, start: Point | None, rng: random.Random) -> Iterator[Point]:
    """Points around some at which what must not vanish is nearly 0: beyond it there may be values again."""
    if start is None:
        return
    for end in limits([cells.left, cells.right])[:MOST_ENDS]:
        closest = summit(start, partial(_nearness, end), rng, inputs_of([end], cells.graph))
        yield from (shaken(closest, way=k, scale=Fraction(1, 4 ** (k // 2))) for k in range(1, NEAR_END))


def _nearness(end: Node, point: Point) -> float | None:
    value = point.value(end)
    return None if value is None or not value.size else -float(np.min(np.abs(value)))


def _on_faces(cells: Cells, rng: random.Random) -> Iterator[Point]:
    """Points at which several conditions are 0 on whose edges a value may jump."""
    for face in cells.faces(cells.jumps):
        yield from islice(cells.on_edge(face, rng), MOST_ON_FACE)
