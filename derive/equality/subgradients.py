r"""At a kink there is no derivative, and any value between the slopes on either side may be claimed of it.

    a = max(z, 0):   \partial a/\partial z at z = 0 may be said to be 0, 1 or 1/2, and not 7

The slopes on either side are what the members are nearby, where they are equal. Looked at are points on the edge of one
condition alone: where several edges cross there are more than two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from derive.equality.climb import shaken
from derive.equality.edges import sign_of
from derive.equality.probe import DIGITS, Point
from derive.ir.node import Node, refs

Array = Any
WAYS = 16
"""Points nearby: that two edges have the same sides at all of them has a probability of 1/32768."""
MARGIN = 1e-4
LEAST = 1e-6
SCALES = (Fraction(1, 10**4), Fraction(1, 10**10))
"""How far away points nearby are, to tell a limit from a jump."""
SHRINKS = 1e-3
CLEARLY = 100
"""So many times as far as a member varies nearby is the way from its limit to where it jumps."""


class TakenSlope(NamedTuple):
    """A derivative that stands in a formula: `value` is that of `whole` by the name `by`."""

    whole: Node
    value: Node
    by: str


def differ_at_limit(left: Node, right: Node, taken: Sequence[TakenSlope], point: Point) -> bool:
    """Whether members differ at a point of an edge at which all derivatives in them exist.

    They exist where each has one limit and what it is of does not jump: max(z, 0)^2 has the slope 0 at 0 (mean value
    theorem). What is no limit of its formula says nothing; nor does a difference that is one of points nearby, too.
    """
    known = point.inputs.keys() | point.graph.bindings.keys()
    if not taken or not known >= {*refs(*(node for one in taken for node in (one.whole, one.value)))}:
        return False
    sides = [point.value(member, DIGITS) for member in (left, right)]
    if sides[0] is None or sides[1] is None or not point.differ(left, right):
        return False
    widest = 0
    for by in dict.fromkeys(one.by for one in taken):
        near = [[_moved(point, by, way, scale) for way in range(1, WAYS + 1)] for scale in SCALES]
        for node in (node for one in taken if one.by == by for node in (one.value, one.whole)):
            spread = _spread(node, point.value(node, DIGITS), near)
            if spread is None:
                return False
            widest = max(widest, np.max(spread, initial=0))
    return bool(np.any(np.asarray(np.abs(sides[0] - sides[1]) > CLEARLY * widest, dtype=bool)))


def _moved(point: Point, by: str, way: int, scale: Fraction) -> Point:
    """A point nearby, with what is differentiated by moved too: no input, it may be the same for all near."""
    other = shaken(point, way=way, scale=scale)
    return other if by in point.inputs else shaken(other, by, way=way, scale=scale)


def is_off_limit(slope: Node, claimed: Node, taken: Sequence[TakenSlope], point: Point) -> bool:
    """Whether a slope has one limit at a point of an edge, which its formula need not give, and another is claimed."""
    claim = point.value(claimed, DIGITS)
    if claim is None or len(taken) != 1 or taken[0].by not in point.inputs:
        return False
    limit = shaken(point, way=1, scale=SCALES[-1]).value(slope, DIGITS)
    if limit is None or bool(np.all(np.asarray(np.abs(limit - claim) <= MARGIN, dtype=bool))):
        return False  # one way from which it is near is enough, most points end here
    whole = taken[0].whole
    near = [[shaken(point, way=way, scale=scale) for way in range(1, WAYS + 1)] for scale in SCALES]
    exists = _is_limit(slope, limit, near) and _is_limit(whole, point.value(whole, DIGITS), near)
    return exists and not _is_limit(slope, claim, near)


def _is_limit(node: Node, here: Array | None, near: Sequence[Sequence[Point]]) -> bool:
    return _spread(node, here, near) is not None


def _spread(node: Node, here: Array | None, near: Sequence[Sequence[Point]]) -> Array | None:
    """How far the nearest values are from a value, if they come as much closer as the points do; a jump does not."""
    if here is None:
        return None
    spreads: list[Any] = []
    for points in reversed(near):  # the nearest first: most that are no limits jump there, and one of them shows it
        apart: list[Array] = []
        for other in points:
            value = other.value(node, DIGITS)
            if value is None or (not spreads and bool(np.any(np.asarray(np.abs(value - here) > MARGIN, dtype=bool)))):
                return None
            apart.append(np.abs(value - here))
        spreads.append(np.max(apart, axis=0))
    nearest, farther = spreads
    return nearest if np.all(np.asarray(nearest <= SHRINKS * farther, dtype=bool)) else None


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
