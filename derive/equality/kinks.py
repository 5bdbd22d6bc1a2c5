r"""What is said of slopes on the edges of conditions, and where that is wrong.

    relu(z) by z at z = 0            no slope: any value between those on either side may be claimed
    max(z, 0)^2 by z at z = 0        the slope 0, which its formula gives
    relu(z) - relu(-z) = z           the slope 1 at z = 0 too, where its formula, 1[z > 0] + 1[z < 0], gives 0

Kinks that cancel leave a slope that is the limit of those nearby. That they do so at one point may be an accident of
its numbers, as in v relu(z) - u relu(-z) at u = v: what is said of slopes in general is said of generic values.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from derive.equality.cells import Cells, Part
from derive.equality.climb import between, onto_edge
from derive.equality.edges import sign_of
from derive.equality.magnitudes import first_entries, in_sight, inputs_of, whole_points
from derive.equality.probe import Point
from derive.equality.recent import PerGraph
from derive.equality.still import still_points
from derive.equality.subgradients import Corrected, EdgePoint, TakenSlope, beside_limit, beyond_slopes
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs
from derive.ops.conditions import open_nodes, switch_of

MOST_AT_KINK = 6
"""Points on the edge of a condition at which a derivative is held against the slopes on either side."""
MOST_WHERE_SEVERAL_MEET = 24
"""Points at which several conditions meet, all together; each such place has one at least."""
TRIED = 3
"""So many times as many points are looked for."""
FIRST = 3
GENERIC = 4
"""Points of the same edges, of which two must show what is no accident."""
FINE = 64


@dataclass(frozen=True)
class Kinks:
    """A point at which the members differ (`members`, if slopes have their limits there), or what leaves them open.

    `beside`: the conditions on whose edges there is no slope, and one between those on either side is claimed.
    """

    different: Point | None = None
    members: tuple[Node, Node] | None = None
    open: str = ""
    beside: tuple[str, ...] = ()


def at_kinks(
    cells: Cells,
    claimed: str | None,
    taken: Sequence[TakenSlope],
    plain: tuple[bool, bool],
    rng: random.Random,
) -> Kinks:
    """What is said of slopes on edges: at a kink between those on either side, elsewhere what they are."""
    for found in still_points(cells, {slope.by for slope in taken}, rng) if taken else ():
        if found.differ(cells.left, cells.right):
            return Kinks(found)
    beside: list[str] = []
    slope, value = (cells.right, cells.left) if claimed == "left" else (cells.left, cells.right)
    for face, found in _on_edges(cells, rng):
        if not taken and not cells.kinks.has_of_model(found) and beside_limit(slope, value, found):
            return Kinks(found)
        wrong = EdgePoint(found).differ(cells.left, cells.right, taken, plain)
        if wrong is not None:
            if wrong.kept or _is_no_accident(cells, face, found, taken, plain, rng):
                return _wrong(wrong)
            if found.differ(cells.left, cells.right):
                where = cells.text(cells.conditions[face[0]])
                return Kinks(open=f"at {where} = 0 another value is claimed of the slope than those nearby tend to")
        beyond = beyond_slopes(slope, value, found, cells.conditions) if claimed is not None else None
        if beyond:
            return Kinks(found)
        if beyond is False:
            beside.append(f"{cells.text(cells.conditions[face[0]])} = 0")
    return Kinks(beside=tuple(dict.fromkeys(beside)))


def off_the_formula(
    left: Node, right: Node, graph: ComputationGraph, taken: Sequence[TakenSlope], plain: tuple[bool, bool]
) -> Kinks | None:
    """Where members that are equal by their formulas are not, as the formula of a slope is not the slope."""
    slopes = {one.value for one in taken}
    for one in taken:
        edges = () if one.whole in slopes else _joint.of(graph).edges(one)
        for points in edges:
            shown = [wrong for at in points if (wrong := at.differ(left, right, taken, plain)) is not None]
            if len(shown) > 1:
                return _wrong(shown[0])
    return None


class _JointKinks:
    """Generic points at which several kinks of what is differentiated are at once, edge by edge.

    Of one kink by itself the formula gives the slope wherever there is one.
    """

    def __init__(self, graph: ComputationGraph) -> None:
        self._graph = graph
        self._edges: dict[Node, list[list[EdgePoint]]] = {}

    def edges(self, one: TakenSlope) -> list[list[EdgePoint]]:
        if one.whole not in self._edges:
            self._edges[one.whole] = list(self._found(one.whole))
        return self._edges[one.whole]

    def _found(self, whole: Node) -> Iterator[list[EdgePoint]]:
        if any(name not in self._graph for name in refs(whole)):  # a loss that is only a name
            return
        sight = in_sight(whole, whole, self._graph)
        pieces = [switch for node in open_nodes(sight) if (switch := switch_of(node)) is not None]
        for condition in dict.fromkeys(pieces) if len(pieces) > 1 else ():
            free = inputs_of([condition], self._graph)
            rng = random.Random(len(pieces))
            points: list[EdgePoint] = []
            for start in islice(whole_points(whole, whole, self._graph), GENERIC):
                edge = onto_edge(between(start, rng, FINE), partial(first_entries, [condition]), rng, free)
                if edge is not None and _zeros(pieces, edge) < 2:
                    break
                points += [EdgePoint(edge)] if edge is not None else []
            if len(points) > 1:
                yield points


_joint = PerGraph(_JointKinks)


def _zeros(pieces: Sequence[Node], point: Point) -> int:
    """How many entries of conditions are 0, a condition counted as often as a piecewise operation has it."""
    signs = [sign_of(node, point) for node in pieces]
    return sum(int((sign == 0).sum()) for sign in signs if sign is not None)


def _wrong(at: Corrected) -> Kinks:
    return Kinks(at.point, (at.left, at.right))


def _on_edges(cells: Cells, rng: random.Random) -> Iterator[tuple[Part, Point]]:
    """Points on the edges of conditions, and where several meet."""
    numbers = range(len(cells.conditions))
    meetings = list(cells.faces(numbers))
    few = min(MOST_AT_KINK, max(1, MOST_WHERE_SEVERAL_MEET // max(len(meetings), 1)))
    for face in chain(((k,) for k in numbers), meetings):
        most = MOST_AT_KINK if len(face) == 1 else few
        for found in islice(_apart(cells, islice(cells.on_edge(face, rng), TRIED * most)), most):
            yield face, found


def _apart(cells: Cells, points: Iterable[Point]) -> Iterator[Point]:
    """Those of some points at which the conditions have signs that they have at none before, and the first few."""
    met: set[tuple[bytes, ...]] = set()
    for number, point in enumerate(points):
        signs = tuple(b"" if (sign := sign_of(node, point)) is None else sign.tobytes() for node in cells.conditions)
        if number < FIRST or signs not in met:
            yield point
        met.add(signs)


def _is_no_accident(
    cells: Cells, face: Part, point: Point, taken: Sequence[TakenSlope], plain: tuple[bool, bool], rng: random.Random
) -> bool:
    """Whether the members differ at other points of the same edges too, with all values moved that can be."""
    nodes = [cells.conditions[k] for k in face]
    free = inputs_of(nodes, cells.graph)
    starts = (between(point, rng, FINE) for _ in range(GENERIC))
    edges = (onto_edge(start, partial(first_entries, nodes), rng, free) for start in starts)
    shown = (EdgePoint(edge).differ(cells.left, cells.right, taken, plain) for edge in edges if edge is not None)
    return len(list(islice(filter(None, shown), 2))) > 1
