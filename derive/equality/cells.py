"""Cells: what the conditions of two members cut their domain into, and a comparison in every cell.

    max(z, 0), |z|, sign z, 1[z > 0], where(...)      a condition: the sign of a node (`derive.ops.conditions`)
    a cell                                            one sign for each condition

Members that are analytic in every cell are equal there if they are equal on an open part of it; so agreement at points
says something of a cell only if one of the points lies in it. The survey draws points of many magnitudes, near the
numbers that the conditions name and on their edges, until each cell was met in which there can be points at all: a cell
is empty if interval and linear reasoning shows it (`derive.equality.impossible`). What was met from one side only
is named, and the claim stays open.

A derivative is compared where it exists, off the edges; any other claim is compared on those edges too on which a
piecewise operation jumps. Where domains end is a condition as well: what is analytic is so between the ends of its
domain, and may be another function on the other side.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, combinations, islice, product
from math import inf
from typing import Any

import numpy as np

from derive.equality.climb import between, climb, onto_edge, shaken
from derive.equality.edges import Edges, sign_of, switches_of
from derive.equality.impossible import Conditions
from derive.equality.magnitudes import first_entries, in_sight, inputs_of, whole_points
from derive.equality.places import SidesApart
from derive.equality.probe import DIGITS, Point
from derive.equality.saturation import Lost
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.notation import unicode_node
from derive.ops.conditions import limits

Array = Any
Part = tuple[int, ...]  # conditions by number
Signs = tuple[int, ...]  # of the conditions of a part

MOST_ON_EDGE = 30
"""Points on the edge of a condition that are tried for the sides of the others."""
MOST_ON_EDGES = 3
"""Of more conditions, each edge is looked for by itself."""
MOST_TOGETHER = 9
"""Of more conditions the cells are too many to be looked at."""
MOST_VOID = 8
"""Points of a cell without values at which the members are looked at before the cell counts as one without values."""
MOST_FAINT = 6
MOST_FACES = 12
MOST_IN_VAIN = 10
"""Points from which the edge of a condition was not reached: it is not linear."""
MOST_STARTS = 5
"""Choices of two and of three edges whose common points are looked for."""
MOST_TOLD = 8
CLOSE = 1e-12
ANY = 2
"""In the place of a sign: this condition may have any."""


def _has_zero(point: Point) -> bool:
    return any(not entry for value in point.inputs.values() for entry in value.flat)


def _close(a: Array, b: Array) -> bool:
    return bool(np.all(np.abs(a - b) <= CLOSE * np.maximum(np.abs(a), np.abs(b))))


class Cells:
    """The conditions of two members and of what they depend on, and which cells were met."""

    def __init__(
        self, left: Node, right: Node, graph: ComputationGraph, *, edges: bool, by: Sequence[str], domains: bool
    ) -> None:
        self.left, self.right, self.graph, self.edges = left, right, graph, edges
        self.kinks = Edges(left, right, graph, by)
        self._sight = in_sight(left, right, graph)
        jumping, every = switches_of(self._sight, jumping=True), switches_of(self._sight)
        self._conditions = Conditions(list(dict.fromkeys([*jumping, *every, *limits([left, right])])), graph)
        self.conditions = self._conditions.nodes
        self._ends = {k for k, node in enumerate(self.conditions) if node not in every}
        self._silent = set() if domains else self._ends
        self.jumps = [k for k, node in enumerate(self.conditions) if node in jumping or k in self._ends - self._silent]
        self.places = SidesApart(self._conditions, [k for k in range(len(self.conditions)) if k not in self._ends])
        self._lost = Lost(self._sight)
        self._met: dict[Part, set[Signs]] = {part: set() for part in self._groups() if len(part) <= MOST_TOGETHER}
        self._void: dict[Part, Counter[Signs]] = {part: Counter() for part in self._met}
        self._dim: dict[Part, set[Signs]] = {part: set() for part in self._met}
        self._faint: dict[Part, set[Signs]] = {part: set() for part in self._met}

    def _groups(self) -> list[Part]:
        """Conditions that have a sign at the same place: those of one shape, and the scalars with each of them.

        Without conditions there is one group of none, and the domain is its cell. Of too many the ends of domains are
        left out.
        """
        count = range(len(self.conditions))
        shapes = dict.fromkeys(node.shape for node in self.conditions if node.shape) or dict.fromkeys([()])
        groups = [tuple(k for k in count if self.conditions[k].shape in ((), shape)) for shape in shapes]
        few = [g if len(g) <= MOST_TOGETHER else tuple(k for k in g if k not in self._silent) for g in groups]
        return [group for group in few if group] or [()]

    # ------------------------------------------------------------------------------------------ at a point

    def different_at(self, point: Point, *, always: bool) -> Point | None:
        """A point at which the members differ, this one or one near; only a new cell is looked at, or always all.

        A cell was met where the members were compared in many digits and no value was lost in another one, or where
        time and again one of them had no value in many digits either. Beside the edges they are compared near the
        point too: what vanishes at x = 7 need not vanish in a cell; and on an edge with all inputs moved that can be.
        """
        signs = self._signs(point)
        if signs is None or (not self.edges and self.kinks.has(point)):
            return None
        cells = self._cells(signs)
        new = any(not self.was_met(part, cell) for part, found in cells.items() for cell in found)
        new = new or self.places.is_new(signs)
        if not always and not new:
            return None
        on_edge = any((sign == 0).any() for sign in signs)
        telling = (new or on_edge) and self._lost.margin(point) > 0
        a, b = point.value(self.left), point.value(self.right)
        differ: bool | None = False
        if telling or a is None or b is None or not _close(a, b):
            differ = point.differ(self.left, self.right)
        if differ is None:
            for part, void in self._void.items():
                void.update(cells[part])
            self.places.note(signs)
        if differ is not False or not telling:
            for part, dim in self._dim.items():
                dim |= cells[part]
            return point if differ else None
        near = self._beside(point, signs)
        beside = None if near is None else near.differ(self.left, self.right)
        loosened = list(self._loosened(point, signs)) if on_edge else []
        for other in loosened:
            if other.differ(self.left, self.right):
                return other
        self.places.note(signs)
        for part, met in self._met.items():
            edges = {cell for cell in cells[part] if 0 in cell}
            self._faint[part] |= edges
            if not all(map(_has_zero, loosened)):
                met |= edges
            if beside is False:
                met |= cells[part] - edges
        return near if beside else None

    def _beside(self, point: Point, signs: Sequence[Array]) -> Point | None:
        """A point near another one, if it lies on the same sides and nothing is lost there."""
        near = shaken(point)
        other = self._signs(near)
        same = other is not None and all(map(np.array_equal, signs, other))
        return near if same and self._lost.margin(near) > 0 else None

    def _loosened(self, point: Point, signs: Sequence[Array]) -> Iterator[Point]:
        """Points of the same edge at which the inputs are moved that can be: one after the other, and the last first.

        What is multiplied by y says nothing at y = 0, and an edge of small whole numbers has many a 0.
        """
        names = [*point.inputs]
        for order in (names, names[::-1]):
            moved = point
            for name in order:
                other = shaken(moved, name)
                found = self._signs(other)
                if found is not None and all(map(np.array_equal, signs, found)):
                    moved = other
            yield moved

    def is_clear(self, point: Point) -> bool:
        """Whether no value is lost in another one at a point, and none is 0 by accident."""
        return self._lost.margin(point) > 0 and not _has_zero(point)

    def _signs(self, point: Point) -> list[Array] | None:
        """The signs of the conditions; None if one has no value that is not the end of a domain."""
        found: list[Array] = []
        for k, node in enumerate(self.conditions):
            sign = sign_of(node, point)
            if sign is None and k not in self._ends:
                return None
            found.append(np.zeros((), dtype=int) if sign is None else sign)
        return found

    def _cells(self, signs: Sequence[Array]) -> dict[Part, set[Signs]]:
        """The cells of a point, entry by entry."""
        found: dict[Part, set[Signs]] = {}
        for part in self._met:
            rows = np.broadcast_arrays(*(signs[k] for k in part))
            found[part] = set(zip(*(row.ravel().tolist() for row in rows), strict=True)) or {()}
        return found

    # ------------------------------------------------------------------------------------------- what is missing

    @property
    def missing(self) -> list[tuple[Part, Signs]]:
        """The cells that were not met and are not shown to be empty."""
        return list(self._missing(MOST_VOID))

    def _missing(self, void: int) -> Iterator[tuple[Part, Signs]]:
        for part in self._met:
            for cell in chain(self._sides(part, ()), self._edges(part)):
                if not self.was_met(part, cell, void):
                    yield part, cell

    def _sides(self, part: Part, chosen: Signs) -> Iterator[Signs]:
        """Every choice of sides that begins so and is not shown to be empty."""
        seen = any(cell[: len(chosen)] == chosen for cell in chain(self._met[part], self._void[part]))
        if not seen and chosen and self._conditions.never(_signed(part[: len(chosen)], chosen)):
            return
        if len(chosen) == len(part):
            yield chosen
            return
        flat = True
        for sign in (-1, 1):
            for cell in self._sides(part, (*chosen, sign)):
                flat = False
                yield cell
        if flat:  # where it has neither sign a condition is 0, as 1[z > 0] y is for all z < 0
            yield from self._sides(part, (*chosen, 0))

    def _edges(self, part: Part) -> Iterator[Signs]:
        """Each edge on which a value may jump, beside every choice of sides of the others, of many by itself.

        What is joined on an edge has the value there that it has beside it.
        """
        for j in (j for j, k in enumerate(part) if self.edges and k in self.jumps):
            cells = [(*rest[:j], 0, *rest[j:]) for rest in self._rests(len(part) - 1)]
            possible = [cell for cell in cells if not self._conditions.never(_signed(part, cell))]
            anywhere = tuple(0 if i == j else ANY for i in range(len(part)))
            if possible:
                yield from possible
            elif not self._conditions.never(_signed(part, anywhere)):  # as |x| + |y| is 0 where x and y are
                yield anywhere

    def _rests(self, count: int) -> Iterator[Signs]:
        """The sides of the other conditions that are looked at on an edge."""
        return product((-1, 1) if count < MOST_ON_EDGES else (ANY,), repeat=count)

    def different_on_faint_edges(self, rng: random.Random) -> Point | None:
        """A point at which the members differ, on a few of the edges that were met only where an input is 0."""
        faint = [(part, cell) for part, met in self._met.items() for cell in sorted(self._faint[part] - met)]
        for part, cell in faint[:MOST_FAINT]:
            for found in islice(self.towards(part, cell, None, rng), MOST_FAINT):
                if (different := self.different_at(found, always=True)) is not None:
                    return different
        return None

    def was_met(self, part: Part, cell: Signs, void: int = MOST_VOID) -> bool:
        """Whether the members were compared in a cell, or had no value at so many of its points."""
        met, without = self._met[part], self._void[part]
        if cell in met or cell in self._faint[part] or without[cell] >= void:
            return True
        others = chain(met, self._faint[part], (other for other, count in without.items() if count >= void))
        return ANY in cell and any(all(a in (ANY, b) for a, b in zip(cell, other, strict=True)) for other in others)

    def towards(self, part: Part, cell: Signs, start: Point | None, rng: random.Random) -> Iterable[Point]:
        """Points that may lie in a cell: one that was climbed for, or some on the edge that it has."""
        if 0 in cell:
            return islice(self.on_edge([part[cell.index(0)]], rng), MOST_ON_EDGE)
        free = inputs_of([self.conditions[k] for k in part], self.graph) if part else None
        found = climb(start, partial(self._height, part, cell), rng, free=free) if start is not None else None
        return () if found is None else (found,)

    def on_edge(self, numbers: Sequence[int], rng: random.Random) -> Iterator[Point]:
        """Points at which an entry of a condition is exactly 0, or one of each of several."""
        nodes = [self.conditions[k] for k in numbers]
        free = inputs_of(nodes, self.graph)
        starts = whole_points(self.left, self.right, self.graph)
        found = False
        for number, point in enumerate(starts if len(nodes) == 1 else islice(starts, MOST_STARTS)):
            if number == MOST_IN_VAIN and not found:
                return
            for start in (between(point, rng), point):
                edge = onto_edge(start, partial(first_entries, nodes), rng, free)
                if edge is not None:
                    found = True
                    yield edge

    def faces(self, numbers: Sequence[int]) -> Iterator[Part]:
        """Which edges may meet: two or three of these conditions that can be 0 together."""
        for count in (2, 3):
            for part in islice(combinations(numbers, count), MOST_FACES):
                if not self._conditions.never(dict.fromkeys(part, 0)):
                    yield part

    def _height(self, part: Part, cell: Signs, point: Point) -> float | None:
        """How near a point is to a cell: positive inside of it, in one of the entries, where no value is lost."""
        values = [point.value(self.conditions[k]) for k in part]
        if any(value is None or not value.size for value in values):
            return None
        inside = np.broadcast_arrays(*(sign * np.asarray(v) for sign, v in zip(cell, values, strict=True)))
        height = float(np.max(np.min(inside, axis=0))) if part else inf
        return min(height, self._lost.margin(point)) if height > 0 else height

    # -------------------------------------------------------------------------------------------- in words

    def told(self) -> str:
        """What leaves the claim open, in words; empty if every cell was met."""
        power = self._real_power()
        if power is not None:
            return f"the base of {self.text(power)} may be negative, and the exponent any number"
        crowd = next((group for group in self._groups() if len(group) > MOST_TOGETHER), None)
        if crowd is not None:
            named = ", ".join(dict.fromkeys(self.text(self.conditions[k]) for k in crowd))
            return f"{len(crowd)} conditions have more sides together than can be looked at: the signs of {named}"
        first = next(self.unseen(), "")
        return first and f"no point was found with {first}, where the members may differ"

    def unseen(self) -> Iterator[str]:
        """The cells in which there may be points and none was found."""
        yield from self.places.unseen(self.text)
        untold = (missing for missing in self._missing(1) if not self._is_beside_one(*missing))
        for part, cell in islice(untold, MOST_TOLD):
            shown = [f"{self.text(self.conditions[k])} {'<=>'[s + 1]} 0" for k, s in _signed(part, cell).items()]
            dim = cell in self._dim[part] or not cell
            yield " and ".join([*shown, *([f"values that show in {DIGITS} digits"] if dim else [])])

    def _is_beside_one(self, part: Part, cell: Signs) -> bool:
        """Whether a cell was met or is void that differs from this one only in the ends of domains."""
        kept = [j for j, k in enumerate(part) if k not in self._silent]
        known = chain(self._met[part], self._void[part], self._faint[part])
        return len(kept) < len(part) and any(all(cell[j] in (ANY, other[j]) for j in kept) for other in known)

    def _real_power(self) -> Node | None:
        """A power that has no value near most of its points: of a base that may be negative, to an exponent that is no
        whole number for every input. What agrees at some of its points need not agree at others."""
        powers = (node for node in topological(*self._sight) if node.op == "pow")
        varying = (node for node in powers if any(below.op == "ref" for below in topological(node.args[1])))
        return next((node for node in varying if not self._conditions.is_nonnegative(node.args[0])), None)

    def text(self, node: Node) -> str:
        """A condition as it is printed."""
        try:
            return unicode_node(node, self.graph)
        except DeriveError:
            return "a condition"


def _signed(part: Part, cell: Signs) -> dict[int, int]:
    """The conditions of a cell that must have a sign, with it."""
    return {k: sign for k, sign in zip(part, cell, strict=True) if sign != ANY}
