"""Are two nodes equal? A verdict, the kind of evidence, and a counterexample.

    different         at one point the members differ, in 50 digits and in 100, and both are well conditioned there
    equal, probed     they agree in 50 digits (at one point in 100) at three or more points in two draws of sizes, and
                      at points of many magnitudes in every cell that their conditions cut out
                      (`derive.equality.cells`)
    equal, proved-at-sizes    and every entry is exactly equal for these sizes, as functions of the inputs
    equal, proved     and they have one normal form, for all sizes
    undefined         a member is shown to have no value for any input, as log(-1) or 1/(w - w)
    undecided         too few points at which both members are defined, or a cell that no point was found in

Equal members are so where both have a value: where only one has, the decision tells under which condition both do. What
was not proved is compared on either side of the ends of domains too: they are conditions like others.

Float64 comes first, for speed; it refutes nothing by itself and confirms nothing: a proof comes with one point in 50
digits, and without a proof every point is evaluated so. A difference that is tiny against everything around it is
looked at again in 100 digits: what is rounding shrinks, what is real stays.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any, Literal

import numpy as np

from derive.equality.algebra import Undefined
from derive.equality.climb import shaken
from derive.equality.cuts import cuts
from derive.equality.domains import Side, where_both
from derive.equality.edges import Edges
from derive.equality.kinks import off_the_formula
from derive.equality.magnitudes import far_points, in_sight, sizes_met
from derive.equality.probe import DIGITS, Point, points_of
from derive.equality.proof import proved, proved_at_sizes
from derive.equality.subgradients import TakenSlope
from derive.equality.survey import survey
from derive.equality.witness import Witness, find_witness, inputs_at, witness_at
from derive.errors import ShapeError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ir.size import show_shape
from derive.ops.tensors import axes_of

Array = Any
Verdict = Literal["equal", "different", "undecided", "undefined"]
Evidence = Literal["proved", "proved-at-sizes", "probed"]
Level = Literal["any", "proved"]

POINTS = 3
SPARE_POINTS = 10
FAR_POINTS = 60
"""Where a member has no value at the ordinary points, as log(x - 5), it may have one at those of other magnitudes."""
PROBE_SHARE = 4
"""Probing may take that many times the limit of a proof; a model so large is then undecided."""
FLOAT_TOLERANCE = 1e-8
FLOOR = 1e-9
TOO_FEW = "the members agree wherever they were compared, which is too little to decide"


@dataclass(frozen=True)
class Decision:
    """What was found: `witness` for a difference, `sizes` the draws of sizes that were looked at.

    `reason` tells in words what left it undecided, which member has no value, or where alone both have one;
    `one_sided` on which sides of conditions no point was found.
    """

    verdict: Verdict
    evidence: Evidence | None = None
    witness: Witness | None = None
    sizes: tuple[dict[str, int], ...] = field(default=())
    reason: str = ""
    one_sided: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        return self.verdict == "equal"


def decide(
    left: Node,
    right: Node,
    graph: ComputationGraph,
    *,
    level: Level = "any",
    time_limit: float = 2.0,
    counterexample: bool = True,
    derivative: bool = False,
    by: Sequence[str] = (),
    taken: Sequence[TakenSlope] = (),
    slopes: tuple[bool, bool] = (False, False),
    plain: tuple[bool, bool] = (False, False),
) -> Decision:
    """Decide `left = right` in a graph. Shapes must agree; ShapeError if they do not.

    With `level="proved"` only a proof for all sizes counts as equal, anything less is undecided. What is said of a
    `derivative` (`by` some names; `taken`: those in it, if all are known; `slopes`: which member is nothing else,
    `plain`: which has none in it) is said where it exists. Raises UnsupportedError if no values exist
    where the model is defined.
    """
    if left.shape != right.shape:
        raise ShapeError(f"shapes {show_shape(left.shape)} and {show_shape(right.shape)} cannot be equal")
    asked = _Question(left, right, graph, derivative, tuple(by), tuple(taken), slopes, plain)
    found = _decided(asked, level, time_limit)
    if found.verdict == "different" and counterexample:
        return replace(found, witness=find_witness(left, right, graph, asked.differ) or found.witness)
    if found.equal:
        said = where_both(left, right, graph, asked.is_apart)
        met = "" if found.evidence == "proved" else _sizes_of_extrema(left, right, graph)
        return replace(found, reason="; ".join(filter(None, (said, found.reason, met))))
    return found


@dataclass(frozen=True)
class _Question:
    """Two members over a graph; of a `derivative` nothing is asked on the edges of conditions: there may be none."""

    left: Node
    right: Node
    graph: ComputationGraph
    derivative: bool
    by: tuple[str, ...] = ()
    taken: tuple[TakenSlope, ...] = ()
    slopes: tuple[bool, bool] = (False, False)
    plain: tuple[bool, bool] = (False, False)

    @property
    def claimed(self) -> Side | None:
        """The member that is claimed of a slope, itself without derivatives: their values at a kink are a choice."""
        if self.slopes[0] and self.plain[1]:
            return "right"
        return "left" if self.slopes[1] and self.plain[0] else None

    def differ(self, point: Point) -> bool | None:
        """Whether the members differ at a point, by many digits; None if that cannot be said of it."""
        found = point.differ(self.left, self.right)
        return None if found and self._is_on_edge(point) else found

    def is_apart(self, point: Point, lacking: Side) -> bool:
        """Whether it says nothing of equal members that one has no value at a point.

        There need be no derivative on the edge of a condition. And a slope that has a limit where its formula has no
        value, as 2 |x| x/|x| at 0, is that limit there (mean value theorem): the other member, which is continuous.
        """
        slope = self.slopes[0 if lacking == "left" else 1]
        member = self.left if lacking == "left" else self.right
        return self._is_on_edge(point) or (slope and shaken(point).value(member) is not None)

    def _is_on_edge(self, point: Point) -> bool:
        return self.derivative and self._edges.has(point)

    @cached_property
    def _edges(self) -> Edges:
        return Edges(self.left, self.right, self.graph, self.by)


def _sizes_of_extrema(left: Node, right: Node, graph: ComputationGraph) -> str:
    """Up to which sizes extrema were compared, whose conditions are as many as the sizes are large."""
    extrema = [node for node in topological(*in_sight(left, right, graph)) if node.op in ("amax", "argmax_mask")]
    over = {name for node in extrema for axis in axes_of(node) for name in node.args[0].shape[axis].names}
    largest = [f"{name} up to {n}" for name, n in sizes_met(graph).items() if name in over]
    return f"the largest of entries was compared for {', '.join(largest)}" if largest else ""


def _decided(asked: _Question, level: Level, time_limit: float) -> Decision:
    left, right, graph = asked.left, asked.right, asked.graph
    screened = _screened(asked, time.process_time() + PROBE_SHARE * time_limit)
    if screened.decision is not None:
        return screened.decision
    sizes = screened.sizes
    try:
        if left is right or proved(left, right, graph, seconds=time_limit):
            return _off_the_formula(asked) or Decision("equal", "proved", None, sizes)
        for point in screened.points[1:]:
            if (found := asked.differ(point)) is not False:
                return _different(asked, point) if found else _undecided((point,))
        if level == "proved":
            return Decision("undecided", None, None, sizes, "no proof for all sizes was found")
        seen = survey(
            left,
            right,
            graph,
            derivative=asked.derivative,
            by=asked.by,
            domains=screened.one_sided,
            claimed=asked.claimed,
            taken=asked.taken,
            plain=asked.plain,
        )
        if seen.different is not None:
            return _different(asked, seen.different, seen.members)
        if screened.points[0].differ(left, right, 2 * DIGITS):  # tanh(60) is 1 to 50 digits
            return _different(asked, screened.points[0])
        if seen.open:
            left_open = Decision("undecided", None, None, sizes, seen.open, seen.one_sided)
            return _cut(asked, level, time_limit) or left_open
        if all(proved_at_sizes(left, right, graph, draw, seconds=time_limit / 4) for draw in sizes):
            return Decision("equal", "proved-at-sizes", None, sizes, _at_kinks(seen.kinks))
    except Undefined:
        return Decision("undefined", None, None, sizes, "a member has no value for any input")
    return Decision("equal", "probed", None, sizes, _at_kinks(seen.kinks))


def _at_kinks(kinks: Sequence[str]) -> str:
    where = " and at ".join(kinks)
    return (
        f"at {where} there is no derivative, and a value between the slopes on either side is claimed" if kinks else ""
    )


def _cut(asked: _Question, level: Level, time_limit: float) -> Decision | None:
    """Equal whatever the values on the way are, or None."""
    for left, right, graph in cuts(asked.left, asked.right, asked.graph):
        found = _decided(replace(asked, left=left, right=right, graph=graph), level, time_limit)
        if found.equal:
            return found
    return None


def _off_the_formula(asked: _Question) -> Decision | None:
    """A point at which a slope is not what its formula gives, and the members are not equal."""
    if not asked.derivative or not asked.taken:
        return None
    found = off_the_formula(asked.left, asked.right, asked.graph, asked.taken, asked.plain)
    return None if found is None or found.different is None else _different(asked, found.different, found.members)


def _different(asked: _Question, point: Point, members: tuple[Node, Node] | None = None) -> Decision:
    """The members differ at a point, or what they are with the limits of slopes in them."""
    shown = witness_at(*(members or (asked.left, asked.right)), point)
    if shown is not None and members:
        shown = replace(shown, inputs=inputs_at(asked.left, asked.right, point))
    return Decision("different", None, shown, (dict(point.sizes),))


def _undecided(points: tuple[Point, ...]) -> Decision:
    return Decision("undecided", sizes=_Screened(points).sizes, reason=TOO_FEW)


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


def _screened(asked: _Question, end: float) -> _Screened:
    """Look for a difference, or for enough points without one."""
    left, right, graph = asked.left, asked.right, asked.graph
    points = points_of(graph)
    used: list[Point] = []
    lacking = {"left": 0, "right": 0}
    one_sided = False
    near = (point for number in range(POINTS + SPARE_POINTS) if (point := points[number]) is not None)
    for point in chain(near, islice(far_points(left, right, graph), FAR_POINTS)):
        a, b = point.value(left), point.value(right)
        lacking["left"] += a is None
        lacking["right"] += b is None
        if a is None or b is None:
            if (a is None) != (b is None):
                # many digits do not overflow: what has no value there has none
                one_sided |= (point.value(left, DIGITS) is None) != (point.value(right, DIGITS) is None)
            continue
        if not used or not _close(a, b):
            if (found := asked.differ(point)) is None:
                lacking["left"] += 1
                continue
            if found:
                return _Screened((), _different(asked, point))
        used.append(point)
        several = len({tuple(other.sizes.items()) for other in used}) >= points.several
        enough = len(used) >= POINTS and several
        if enough or time.process_time() > end:
            break
    else:
        points.first(1)
        enough = False
    if enough:
        return _Screened(tuple(used), one_sided=one_sided)
    if used:
        return _Screened((), _undecided(tuple(used)))
    side = "a" if all(lacking.values()) else "the left" if lacking["left"] else "the right"
    try:
        proved(left, right, graph)  # it finds out whether a member has no value at all
    except Undefined:
        return _Screened((), Decision("undefined", reason=f"{side} member has no value for any input"))
    return _Screened((), Decision("undecided", reason=f"no point was found at which {side} member has a value"))


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
