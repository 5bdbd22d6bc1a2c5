"""Cells: what the conditions of two members cut their domain into, and a comparison in every cell.

    max(z, 0), |z|, sign z, 1[z > 0], where(...)      a condition: the sign of a node (`derive.ops.conditions`)
    a cell                                            one sign for each condition

Members that are analytic in every cell are equal there if they are equal on an open part of it; so agreement at points
says something of a cell only if one of the points lies in it. The survey draws points of many magnitudes, near the
numbers that the conditions name and on their edges, until each cell was met in which there can be points at all: a cell
is empty if interval and linear reasoning shows it (`derive.check.equality.impossible`). What was met from one side only
is named, and the claim stays open.

A derivative is compared where it exists, off the edges; any other claim on the edges too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, product
from typing import Any

import numpy as np

from derive.check.equality.climb import climb, onto_edge, shaken
from derive.check.equality.far import far_points, first_entry, in_sight, whole_points
from derive.check.equality.impossible import Conditions
from derive.check.equality.probe import DIGITS, Point
from derive.errors import DeriveError
from derive.ir.graph import Graph
from derive.ir.node import Node, topological
from derive.notation import unicode_node
from derive.ops.conditions import countless, switch_of

Array = Any
Part = tuple[int, ...]  # conditions by number
Signs = tuple[int, ...]  # of the conditions of a part

LEAST = 32
"""Points at which every claim without a proof is compared, with conditions or without."""
MOST_CLIMBS = 12
"""Cells that are climbed for after the far points."""
MOST_ON_EDGE = 30
"""Points on the edge of a condition that are tried for the sides of the others."""
MOST_ON_EDGES = 3
"""Of more conditions, each edge is looked for by itself."""
MOST_TOGETHER = 9
"""Of more conditions the cells are too many to be looked at."""
CLOSE = 1e-8
UNSURE = 1e-9
ZERO = 1e-40
ANY = 2
"""In the place of a sign: this condition may have any."""


@dataclass(frozen=True)
class Survey:
    """A point at which the members differ, or the conditions that leave the claim open; neither if all is well."""

    different: Point | None = None
    open: str = ""


def survey(left: Node, right: Node, graph: Graph, *, derivative: bool, by: Sequence[str] = ()) -> Survey:
    """Compare two nodes in every cell. `derivative`: the claim is about a derivative and says nothing of the edges."""
    cells = _Cells(left, right, graph, edges=not derivative, by=by)
    stairs = countless(in_sight(left, right, graph))
    start: Point | None = None
    for number, point in enumerate(far_points(left, right, graph)):
        if number >= LEAST and not cells.missing and stairs is None:
            break
        start = start or point
        if cells.different_at(point, always=number < LEAST):
            return Survey(different=point)
    rng = random.Random(len(cells.conditions))
    for part, cell in cells.missing[:MOST_CLIMBS] if start is not None else ():
        for found in cells.towards(part, cell, start, rng):
            if cells.different_at(found, always=False):
                return Survey(different=found)
            if cells.was_met(part, cell):
                break
    return Survey(
        open=cells.told() or ("" if stairs is None else f"{unicode_node(stairs, graph)} has countless pieces")
    )


def conditions_of(left: Node, right: Node, graph: Graph) -> list[Node]:
    """The nodes whose signs are the conditions of two members and of what they depend on."""
    return _switches(in_sight(left, right, graph))


def _switches(nodes: Iterable[Node]) -> list[Node]:
    switches = (s for node in topological(*nodes) if (s := switch_of(node)) is not None)
    return [s for s in dict.fromkeys(switches) if any(node.op in ("ref", "size") for node in topological(s))]


class Edges:
    """Where a condition changes its sign, so that a derivative `by` some names need not exist.

    relu(z) is 0 for all z < 0, and relu(relu(z)) has a derivative there. By q there is none of a model with relu(q - 1)
    at q = 1, even if q is 1 for all inputs near; what the claim alone compares with 0 says nothing of that.
    """

    def __init__(self, left: Node, right: Node, graph: Graph, by: Sequence[str]) -> None:
        self._by = [name for name in by if name in graph]
        self._of_model = _switches(binding.node for binding in graph.bindings.values())
        self._all = list(dict.fromkeys([*conditions_of(left, right, graph), *self._of_model]))

    def has(self, point: Point) -> bool:
        """Whether an entry of a condition is 0 at a point, and not at all points near it."""
        if any(_changes(node, point, partial(shaken, point)) for node in self._all):
            return True
        return any(_changes(node, point, partial(shaken, point, name)) for name in self._by for node in self._of_model)


def _changes(node: Node, point: Point, near: Callable[[], Point]) -> bool:
    """Whether an entry of a condition is 0 at a point and not at another one."""
    sign = _sign(node, point)
    if sign is None or not (sign == 0).any():
        return False
    other = _sign(node, near())
    return other is None or bool(((sign == 0) & (other != 0)).any())


def _sign(node: Node, point: Point) -> Array | None:
    """The sign of a condition, entry by entry; None if it has no value."""
    value = point.value(node)
    if value is not None and ((value != 0) & (np.abs(value) < UNSURE)).any():
        value = point.value(node, DIGITS)
        value = None if value is None else np.where(np.asarray(np.abs(value) < ZERO, dtype=bool), 0, value)
    return None if value is None else np.sign(value.astype(float)).astype(int)


def _close(a: Array, b: Array) -> bool:
    return bool(np.all(np.abs(a - b) <= CLOSE * np.maximum(np.abs(a), np.abs(b))))


class _Cells:
    """The conditions of two members and of what they depend on, and which cells were met."""

    def __init__(self, left: Node, right: Node, graph: Graph, *, edges: bool, by: Sequence[str]) -> None:
        self.left, self.right, self.graph, self.edges = left, right, graph, edges
        self._kinks = Edges(left, right, graph, by)
        self._sight = in_sight(left, right, graph)
        self._conditions = Conditions(conditions_of(left, right, graph), graph)
        self.conditions = self._conditions.nodes
        self._met: dict[Part, set[Signs]] = {part: set() for part in self._groups() if len(part) <= MOST_TOGETHER}

    def _groups(self) -> list[Part]:
        """Conditions that have a sign at the same place: those of one shape, and the scalars with each of them."""
        count = range(len(self.conditions))
        shapes = dict.fromkeys(node.shape for node in self.conditions if node.shape) or dict.fromkeys([()])
        groups = [tuple(k for k in count if self.conditions[k].shape in ((), shape)) for shape in shapes]
        return [group for group in groups if group]

    # ------------------------------------------------------------------------------------------ at a point

    def different_at(self, point: Point, *, always: bool) -> bool:
        """Whether the members differ at a point; looked at only if it lies in a new cell, or always.

        A cell was met where the members were compared, or where one of them has no value in many digits either.
        """
        signs = self._signs(point)
        if signs is None or (not self.edges and self._kinks.has(point)):
            return False
        cells = self._cells(signs)
        if not always and all(cells[part] <= met for part, met in self._met.items()):
            return False
        a, b = point.value(self.left), point.value(self.right)
        different = False
        if a is None or b is None or not _close(a, b):
            different = bool(point.differ(self.left, self.right))
        for part, met in self._met.items():
            met |= cells[part]
        return different

    def _signs(self, point: Point) -> list[Array] | None:
        """The signs of the conditions; None if one has no value."""
        found = [_sign(node, point) for node in self.conditions]
        return None if any(sign is None for sign in found) else found

    def _cells(self, signs: Sequence[Array]) -> dict[Part, set[Signs]]:
        """The cells of a point, entry by entry."""
        found: dict[Part, set[Signs]] = {}
        for part in self._met:
            rows = np.broadcast_arrays(*(signs[k] for k in part))
            found[part] = set(zip(*(row.ravel().tolist() for row in rows), strict=True))
        return found

    # ------------------------------------------------------------------------------------------- what is missing

    @property
    def missing(self) -> list[tuple[Part, Signs]]:
        """The cells that were not met and are not shown to be empty."""
        return [
            (part, cell)
            for part in self._met
            for cell in chain(self._sides(part, ()), self._edges(part))
            if not self.was_met(part, cell)
        ]

    def _sides(self, part: Part, chosen: Signs) -> Iterator[Signs]:
        """Every choice of sides that begins so and is not shown to be empty."""
        seen = any(cell[: len(chosen)] == chosen for cell in self._met[part])
        if not seen and chosen and self._conditions.never(_signed(part[: len(chosen)], chosen)):
            return
        if len(chosen) == len(part):
            yield chosen
        else:
            for sign in (-1, 1):
                yield from self._sides(part, (*chosen, sign))

    def _edges(self, part: Part) -> Iterator[Signs]:
        """Each edge beside every choice of sides of the others, of many by itself."""
        others = (-1, 1) if len(part) <= MOST_ON_EDGES else (ANY,)
        for j in range(len(part) if self.edges else 0):
            for rest in product(others, repeat=len(part) - 1):
                cell = (*rest[:j], 0, *rest[j:])
                if not self._conditions.never(_signed(part, cell)):
                    yield cell

    def was_met(self, part: Part, cell: Signs) -> bool:
        """Whether a point was seen in a cell."""
        met = self._met[part]
        return cell in met or any(all(a in (ANY, b) for a, b in zip(cell, other, strict=True)) for other in met)

    def towards(self, part: Part, cell: Signs, start: Point | None, rng: random.Random) -> Iterable[Point]:
        """Points that may lie in a cell: one that was climbed for, or some on the edge that it has."""
        if 0 in cell:
            return islice(self._on_edge(self.conditions[part[cell.index(0)]], rng), MOST_ON_EDGE)
        found = climb(start, partial(self._height, part, cell), rng) if start is not None else None
        return () if found is None else (found,)

    def _on_edge(self, condition: Node, rng: random.Random) -> Iterator[Point]:
        """Points at which an entry of a condition is exactly 0."""
        for point in whole_points(self.left, self.right, self.graph):
            edge = onto_edge(point, partial(first_entry, condition), rng)
            if edge is not None:
                yield edge

    def _height(self, part: Part, cell: Signs, point: Point) -> float | None:
        """How near a point is to a cell: positive inside of it, in one of the entries."""
        values = [point.value(self.conditions[k]) for k in part]
        if any(value is None or not value.size for value in values):
            return None
        inside = np.broadcast_arrays(*(sign * np.asarray(v) for sign, v in zip(cell, values, strict=True)))
        return float(np.max(np.min(inside, axis=0)))

    # -------------------------------------------------------------------------------------------- in words

    def told(self) -> str:
        """What leaves the claim open, in words; empty if every cell was met."""
        power = self._real_power()
        if power is not None:
            return f"the base of {self._text(power)} may be negative, and the exponent any number"
        crowd = next((group for group in self._groups() if len(group) > MOST_TOGETHER), None)
        if crowd is not None:
            return f"{len(crowd)} conditions have more sides together than can be looked at"
        for part, cell in self.missing:
            shown = [f"{self._text(self.conditions[k])} {'<=>'[s + 1]} 0" for k, s in _signed(part, cell).items()]
            return f"no point was found with {' and '.join(shown)}, where the members may differ"
        return ""

    def _real_power(self) -> Node | None:
        """A power that has no value near most of its points: of a base that may be negative, to an exponent that is no
        whole number for every input. What agrees at some of its points need not agree at others."""
        powers = (node for node in topological(*self._sight) if node.op == "pow")
        varying = (node for node in powers if any(below.op == "ref" for below in topological(node.args[1])))
        return next((node for node in varying if not self._conditions.is_positive(node.args[0])), None)

    def _text(self, node: Node) -> str:
        try:
            return unicode_node(node, self.graph)
        except DeriveError:
            return "a condition"


def _signed(part: Part, cell: Signs) -> dict[int, int]:
    """The conditions of a cell that must have a sign, with it."""
    return {k: sign for k, sign in zip(part, cell, strict=True) if sign != ANY}
