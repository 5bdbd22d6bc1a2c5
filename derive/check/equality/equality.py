"""Are two nodes equal? A verdict, the kind of evidence, and a counterexample.

    different         at one point the members differ by more than 1e-25 of their size, in 50 digits
    equal, probed     they agree to 1e-25 at three or more points in two draws of sizes
    equal, proved-at-sizes    and every entry is exactly equal for these sizes, as functions of the inputs
    equal, proved     and they have one normal form, for all sizes
    undefined         a member has no real value at any point, as log(-1) or 1/(w - w)
    undecided         too few points at which both members are defined, or, without a proof, one defined and one not

Float64 comes first, for speed; it refutes nothing by itself and confirms nothing: a proof comes with one point in 50
digits, and without a proof every point is evaluated so. A difference that is tiny against everything around it is
looked at again in 100 digits: what is rounding shrinks, what is real stays.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from derive.check.equality.algebra import Undefined
from derive.check.equality.probe import DIGITS, Point, points_of
from derive.check.equality.proof import proved, proved_at_sizes
from derive.check.equality.witness import Witness, find_witness, witness_at
from derive.errors import ShapeError
from derive.ir.graph import Graph
from derive.ir.node import Node
from derive.ir.size import show_shape

Array = Any
Verdict = Literal["equal", "different", "undecided", "undefined"]
Evidence = Literal["proved", "proved-at-sizes", "probed"]
Level = Literal["any", "proved"]

POINTS = 3
SPARE_POINTS = 10
PROBE_SHARE = 4
"""Probing may take that many times the limit of a proof; a model so large is then undecided."""
TOLERANCE = 1e-25
NOISE = 1e-35
FLOAT_TOLERANCE = 1e-8
FLOOR = 1e-9


@dataclass(frozen=True)
class Decision:
    """What was found: `witness` for a difference, `sizes` the draws of sizes that were looked at.

    `undefined_side` names the member without a value: left, right or both.
    """

    verdict: Verdict
    evidence: Evidence | None = None
    witness: Witness | None = None
    sizes: tuple[dict[str, int], ...] = field(default=())
    undefined_side: Literal["left", "right", "both"] | None = None

    @property
    def equal(self) -> bool:
        return self.verdict == "equal"


def decide(
    left: Node,
    right: Node,
    graph: Graph,
    *,
    level: Level = "any",
    time_limit: float = 2.0,
    counterexample: bool = True,
) -> Decision:
    """Decide `left = right` in a graph. Shapes must agree; ShapeError if they do not.

    With `level="proved"` only a proof for all sizes counts as equal, anything less is undecided. Raises
    UnsupportedError if no values exist at which the model is defined.
    """
    if left.shape != right.shape:
        raise ShapeError(f"shapes {show_shape(left.shape)} and {show_shape(right.shape)} cannot be equal")
    screened = _screened(left, right, graph, time.monotonic() + PROBE_SHARE * time_limit)
    if screened.decision is not None:
        found = screened.decision
        if found.verdict == "different" and counterexample:
            return replace(found, witness=find_witness(left, right, graph) or found.witness)
        return found
    sizes = screened.sizes
    try:
        if left is right or proved(left, right, graph, seconds=time_limit):
            return Decision("equal", "proved", None, sizes)
        for point in screened.points[1:]:
            if _differs(left, right, point) is not False:
                return _refuted(left, right, point, graph, counterexample=counterexample)
        if level == "proved" or screened.one_sided:
            return Decision("undecided", None, None, sizes)
        if all(proved_at_sizes(left, right, graph, draw, seconds=time_limit / 4) for draw in sizes):
            return Decision("equal", "proved-at-sizes", None, sizes)
    except Undefined:
        return Decision("undefined", None, None, sizes)
    return Decision("equal", "probed", None, sizes)


def _refuted(left: Node, right: Node, point: Point, graph: Graph, *, counterexample: bool) -> Decision:
    """What to say where many digits do not confirm float64: different, or undecided if there is no value."""
    sizes = (dict(point.sizes),)
    if _differs(left, right, point) is None:
        return Decision("undecided", sizes=sizes)
    small = find_witness(left, right, graph) if counterexample else None
    return Decision("different", None, small or witness_at(left, right, point), sizes)


@dataclass(frozen=True)
class _Screened:
    """Points at which the members agree in float64 (at the first one in 50 digits), or a decision.

    `one_sided`: at some point of the model one member has a value and the other has none, as log(ab) and log a + log b.
    """

    points: tuple[Point, ...] = ()
    decision: Decision | None = None
    one_sided: bool = False

    @property
    def sizes(self) -> tuple[dict[str, int], ...]:
        return tuple({tuple(point.sizes.items()): dict(point.sizes) for point in self.points}.values())


def _screened(left: Node, right: Node, graph: Graph, end: float) -> _Screened:
    """Look for a difference, or for enough points without one."""
    points = points_of(graph)
    used: list[Point] = []
    lacking = {"left": 0, "right": 0}
    one_sided = False
    for number in range(POINTS + SPARE_POINTS):
        point = points[number]
        if point is None:
            continue
        a, b = point.value(left), point.value(right)
        lacking["left"] += a is None
        lacking["right"] += b is None
        if a is None or b is None:
            if (a is None) != (b is None):
                # many digits do not overflow: what has no value there has none
                one_sided |= (point.value(left, DIGITS) is None) != (point.value(right, DIGITS) is None)
            continue
        if not used or not _close(a, b):
            if (found := _differs(left, right, point)) is None:
                lacking["left"] += 1
                continue
            if found:
                witness = witness_at(left, right, point)
                return _Screened((), Decision("different", None, witness, (dict(point.sizes),)))
        used.append(point)
        several = len({tuple(other.sizes.items()) for other in used}) == len(points.draws)
        if (len(used) >= POINTS and several) or time.monotonic() > end:
            break
    else:
        points.first(1)
        several = False
    if used and several and len(used) >= POINTS:
        return _Screened(tuple(used), one_sided=one_sided)
    if used:
        return _Screened((), Decision("undecided", sizes=_Screened(tuple(used)).sizes))
    side: Any = "both" if all(lacking.values()) else "left" if lacking["left"] else "right"
    return _Screened((), Decision("undefined", undefined_side=side))


def _differs(left: Node, right: Node, point: Point) -> bool | None:
    """Whether the members differ at a point, by many digits; None if one is not defined there."""
    a, b = point.value(left, DIGITS), point.value(right, DIGITS)
    if a is None or b is None:
        return None
    gap = np.asarray(np.abs(a - b))
    size = np.asarray(np.maximum(np.abs(a), np.abs(b)))
    if _every(gap <= TOLERANCE * size):
        return False
    if _some(gap > TOLERANCE * size, gap > NOISE * max(1, *size.flat)):
        return True
    # what is left is tiny: rounding of a cancellation shrinks with more digits, a real difference does not
    finer_a, finer_b = point.value(left, 2 * DIGITS), point.value(right, 2 * DIGITS)
    if finer_a is None or finer_b is None:
        return None
    finer = np.abs(finer_a - finer_b)
    return not _every((gap <= TOLERANCE * size) | (finer <= TOLERANCE * gap))


def _every(condition: Array) -> bool:
    return bool(np.all(np.asarray(condition, dtype=bool)))


def _some(a: Array, b: Array) -> bool:
    return bool(np.any(np.asarray(a, dtype=bool) & np.asarray(b, dtype=bool)))


# ---------------------------------------------------------------------------- scoring of candidates


def quick_equal(left: Node, right: Node, points: Sequence[Point]) -> bool:
    """Whether two nodes agree in float64 at all points where both are defined, and at one at least.

    A screen for repairs: what passes is still to be decided. Nodes of unequal shapes are not equal.
    """
    if left.shape != right.shape:
        return False
    seen = False
    for point in points:
        a, b = point.value(left), point.value(right)
        if a is None or b is None:
            continue
        if not _close(a, b):
            return False
        seen = True
    return seen


def _close(a: Array, b: Array) -> bool:
    size = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)), FLOOR)
    return float(np.abs(a - b).max(initial=0.0)) <= FLOAT_TOLERANCE * size


def decide_many(
    pairs: Sequence[tuple[Node, Node]], graph: Graph, *, level: Level = "any", time_limit: float = 2.0
) -> list[Decision]:
    """`decide` for several pairs over one graph; the points and their memory are shared."""
    return [decide(left, right, graph, level=level, time_limit=time_limit) for left, right in pairs]
