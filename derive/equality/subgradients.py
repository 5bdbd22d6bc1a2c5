r"""At a kink there is no derivative, and any value between the slopes on either side may be claimed of it.

    a = max(z, 0):   \partial a/\partial z at z = 0 may be said to be 0, 1 or 1/2, and not 7

The slopes on either side are what the members are nearby, where they are equal. Looked at are points on the edge of one
condition alone: where several edges cross there are more than two sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np

from derive.equality.climb import FIXED, shaken
from derive.equality.edges import sign_of
from derive.equality.probe import DIGITS, Point
from derive.ir import build
from derive.ir.node import Node, refs, substitute, topological

Array = Any
WAYS = 16
FLOAT_WAYS = 4
"""Points nearby: that two edges have the same sides at all of them has a probability of 1/32768."""
MARGIN = 1e-4
LEAST = 1e-6
SCALES = (Fraction(1, 10**4), Fraction(1, 10**10))
"""How far away points nearby are, to tell a limit from a jump."""
SHRINKS = 1e-3
NOISE = 1e-30
CLEARLY = 100
"""So many times as far as a member varies nearby is the way from its limit to where it jumps."""


class TakenSlope(NamedTuple):
    """A derivative that stands in a formula: `value` is that of `whole` by the name `by`."""

    whole: Node
    value: Node
    by: str


class Corrected(NamedTuple):
    """Members with the limits of slopes in the place of formulas that do not give them there, and a point with these.

    `kept`: nothing was replaced, the formulas give the limits.
    """

    left: Node
    right: Node
    point: Point
    kept: bool


class Limit(NamedTuple):
    """What a slope tends to, how far it is from that nearby, and whether its formula gives something else."""

    value: Array
    spread: Array
    off: bool


class EdgePoint:
    """A point on the edge of a condition, and the limits that slopes have there; they are remembered."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self._near: dict[tuple[str, Fraction, int], Point] = {}
        self._limits: dict[tuple[TakenSlope, bool], Limit | None] = {}

    def differ(
        self, left: Node, right: Node, taken: Sequence[TakenSlope], plain: tuple[bool, bool]
    ) -> Corrected | None:
        """The members, if all derivatives in them exist here and they differ; else None.

        A slope exists where its formula has one limit and what it is of does not jump: max(z, 0)^2 has the slope 0 at 0
        (mean value theorem). The limit is the slope, whatever the formula gives: that of min(x, y) max(x, y) = x y,
        made of the slopes of its parts, is 2 y at x = y. A difference that is one of points nearby, too, says nothing.
        Members that are `plain` have no derivative in them.
        """
        members = (left, right)
        inside = {*topological(*(m for m, is_plain in zip(members, plain, strict=True) if not is_plain))}
        slopes, wholes = {one.value for one in taken}, {one.whole for one in taken}
        last = [one for one in taken if one.value in inside or one.value not in wholes]  # of which none is taken again
        if not all(map(self._is_known, last)):
            return None
        off = [one for one in last if self._is_off(one)]
        if not last or not (off or self.point.differ(left, right)) or not inside >= {one.value for one in off}:
            return None
        limits: dict[TakenSlope, Limit] = {}
        for one in dict.fromkeys((*off, *last)):  # what jumps has no limit, and most that is off jumps
            limit = self._limit(one, one.whole in slopes)
            if limit is None:
                return None
            limits[one] = limit
        made = _corrected(members, {one.value: limits[one].value for one in off}, self.point, plain)
        sides = [made.point.value(member, DIGITS) for member in (made.left, made.right)]
        if sides[0] is None or sides[1] is None:
            return None
        widest = max(np.max(limit.spread, initial=0) for limit in limits.values())
        least = NOISE * max(1, *(np.max(np.abs(side), initial=0) for side in sides if side is not None))
        apart = np.asarray(np.abs(sides[0] - sides[1]) > CLEARLY * widest + least, dtype=bool)
        return made if np.any(apart) else None

    def _is_known(self, one: TakenSlope) -> bool:
        """Whether a slope has values, and what it is by can be moved."""
        declared = self.point.graph.declarations.get(one.by)
        fixed = declared is not None and any(fact.name in FIXED for fact in declared.facts)
        return not fixed and self.point.inputs.keys() | self.point.graph.bindings.keys() >= {
            *refs(one.whole, one.value)
        }

    def _is_off(self, one: TakenSlope) -> bool:
        """Whether a slope is not what it is nearby: one way from which it is near is enough, most points end here."""
        for digits, ways, scale in ((0, FLOAT_WAYS, SCALES[0]), (DIGITS, 1, SCALES[-1])):
            here = self.point.value(one.value, digits)
            for other in self._beside(one.by, scale, ways) if here is not None else ():
                there = other.value(one.value, digits)
                if there is None or not np.any(np.asarray(np.abs(there - here) > MARGIN, dtype=bool)):
                    return False
        return True

    def _limit(self, one: TakenSlope, again: bool) -> Limit | None:
        """The limit of a slope, if it has one; `again`: what it is of is a slope too, which does not jump (Darboux)."""
        if (one, again) not in self._limits:
            (nearest,) = self._beside(one.by, SCALES[-1], 1)
            off = self._is_off(one)
            value = (nearest if off else self.point).value(one.value, DIGITS)
            whole = (nearest if again else self.point).value(one.whole, DIGITS)
            spread = self._spread(one.value, one.by, value)
            exists = spread is not None and self._spread(one.whole, one.by, whole) is not None
            self._limits[one, again] = Limit(value, spread, off) if exists else None
        return self._limits[one, again]

    def _spread(self, node: Node, by: str, here: Array | None) -> Array | None:
        """How far the nearest values are from a value, if they come as much closer as points do; a jump does not."""
        if here is None:
            return None
        spreads: list[Any] = []
        for scale in reversed(
            SCALES
        ):  # the nearest first: most that are no limits jump there, and one of them shows it
            apart: list[Array] = []
            for other in self._beside(by, scale):
                value = other.value(node, DIGITS)
                jumps = value is None or np.any(np.asarray(np.abs(value - here) > MARGIN, dtype=bool))
                if value is None or (not spreads and jumps):
                    return None
                apart.append(np.abs(value - here))
            spreads.append(np.max(apart, axis=0))
        nearest, farther = spreads
        return nearest if np.all(np.asarray(nearest <= SHRINKS * farther, dtype=bool)) else None

    def _beside(self, by: str, scale: Fraction, ways: int = WAYS) -> Iterator[Point]:
        """Points nearby, with what is differentiated by moved by itself: |x| as `by` may be negative."""
        for way in range(1, ways + 1):
            if (by, scale, way) not in self._near:
                near = shaken(self.point, way=way, scale=scale)
                if by not in self.point.inputs:
                    alone = shaken(self.point, by, way=way, scale=scale).inputs[by]
                    near = Point(near.graph, near.sizes, {**near.inputs, by: alone}, near.seed)
                self._near[by, scale, way] = near
            yield self._near[by, scale, way]


def _corrected(
    members: tuple[Node, Node], limits: Mapping[Node, Array], point: Point, plain: tuple[bool, bool]
) -> Corrected:
    """Members with limits as inputs of their own, in the place of slopes."""
    if not limits:
        return Corrected(*members, point, kept=True)
    named = {node: build.ref(f"slope {k}", node.shape) for k, node in enumerate(limits)}
    left, right = (m if is_plain else substitute(m, named) for m, is_plain in zip(members, plain, strict=True))
    values = {named[node].name: np.frompyfunc(_exact, 1, 1)(limit) for node, limit in limits.items()}
    inputs = {**point.inputs, **{name: np.asarray(value, dtype=object) for name, value in values.items()}}
    return Corrected(left, right, Point(point.graph, point.sizes, inputs, point.seed), kept=False)


def _exact(value: Any) -> Fraction:
    return Fraction(mpmath.nstr(value, DIGITS))


def beyond_slopes(slope: Node, claimed: Node, point: Point, conditions: Sequence[Node]) -> bool | None:
    """Whether what is claimed of a slope is outside of the slopes on either side of a kink, and the slope is not.

    None where they do not differ, or where the point is on no edge or on several.
    """
    here = [point.value(member, DIGITS) for member in (slope, claimed)]
    if here[0] is None or here[1] is None or not point.differ(slope, claimed):
        return None
    near = [shaken(point, way=way) for way in range(1, WAYS + 1)]
    if not _on_one_edge(point, near, conditions):
        return None
    values = [other.value(member) for other in near for member in (slope, claimed)]
    slopes = [value for value in values if value is not None]
    if len(slopes) < len(values):
        return None
    low, high = np.min(slopes, axis=0), np.max(slopes, axis=0)
    margin = np.maximum(MARGIN * np.maximum(np.abs(low), np.abs(high)), LEAST)
    outside = [bool(np.any((value < low - margin) | (value > high + margin))) for value in here]
    return outside[1] and not outside[0]


def beside_limit(left: Node, right: Node, point: Point) -> bool:
    """Whether members differ at a point near which each of them has one limit, entry by entry.

    There is a slope where it has a limit (mean value theorem): what is said of it holds there as it does nearby.
    """
    if not point.differ(left, right):
        return False
    near = [shaken(point, way=way) for way in range(1, WAYS + 1)]
    spreads, gaps = [], []
    for member in (left, right):
        value = point.value(member)
        values = [one for other in near if (one := other.value(member)) is not None]
        if value is None or len(values) < len(near):
            return False
        low, high = np.min(values, axis=0), np.max(values, axis=0)
        spreads.append(high - low)
        gaps.append(np.maximum(low - value, value - high))
    return bool(np.any(np.maximum(*gaps) > np.maximum(CLEARLY * np.maximum(*spreads), LEAST)))


def _on_one_edge(point: Point, near: Sequence[Point], conditions: Sequence[Node]) -> bool:
    """Whether what is 0 at the point has two sides nearby, which are the same or opposite for all that is 0 there."""
    sides: list[Array] = []
    for node in conditions:
        here, there = sign_of(node, point), [sign_of(node, other) for other in near]
        seen = [sign for sign in there if sign is not None]
        if here is None or len(seen) < len(there):
            return False
        sides += np.reshape(seen, (len(seen), -1))[:, (here == 0).ravel()].T.tolist()
    patterns = {tuple(side) if side[0] > 0 else tuple(-sign for sign in side) for side in sides}
    return len(patterns) == 1 and len(set(patterns.pop())) == 2
