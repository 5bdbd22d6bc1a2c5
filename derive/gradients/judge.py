"""The verdict on one group at one point, from slopes along random directions.

A direction v turns the claimed gradient c into one number `<c, v>` that a slope with an error estimate can be
held against. The estimate contains the truncation and rounding of the slope and the rounding of c itself:

    refuted    |<c, v> - slope| > 10 estimate
    accepted   estimate < 1e-6 of the larger of the two, and the difference within the estimate
    undecided  otherwise; two exact zeros are equal.

A function that moves faster than the steps of a slope has slopes that agree with each other and mean nothing
(`sin(1000 x)`). So what refutes has to stand as well over steps in which L moves little by what the claim says.

A random direction is blind to a wrong gradient with probability zero, and its resolution is that of the whole
group: a fault is seen if it exceeds the estimate, about 1e-10 of the group's size.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from derive.gradients.claimed import ROUNDINGS, Claimed, size_along
from derive.gradients.difference import Array, Slope
from derive.gradients.gradient_report import Kink, Worst
from derive.gradients.point import Neighbourhood, wide

REFUTE = 10.0
ACCEPT = 1e-6
GROSS = 1e-3
DIRECTIONS = 2
FINE = 2.0**-10
LITTLE = (1e-3, 2e-4)
NEARLY = 0.02
TARGET = 1e-9
"""The error of a slope, beside the claim's size along its direction, at which nothing sharper is looked for."""


@dataclass
class PointResult:
    """What one point says about one group."""

    verdict: str
    worst: Worst | None = None
    reason: str = ""
    defect: str = ""
    """The cause, where judging shows it already."""
    kinks: list[Kink] = field(default_factory=list)
    size: float = 0.0
    """The claimed gradient's size along the direction, and the error of the slope, in the unit of the loss."""
    estimate: float = 0.0
    agrees: bool = False

    @property
    def gross(self) -> bool:
        """Whether the difference is more than what rounding inside of the code may do to numbers far out."""
        if self.worst is None:
            return True
        claimed, numeric = abs(self.worst.claimed), abs(self.worst.numeric)
        return not abs(self.worst.claimed - self.worst.numeric) < GROSS * max(claimed, numeric)


def acceptance(eps: float) -> float:
    """The relative error an estimate must reach: 1e-6, or what the precision of the claim allows."""
    return float(min(max(ACCEPT, 1e4 * eps), 0.05))


def weigh(claimed: float, slope: Slope, rounding: float, size: float, limit: float, floor: float = 0.0) -> str:
    """The verdict on two numbers; `size` is the claimed gradient's own size along the direction.

    `floor` is what rounding may do to a gradient that is a small rest of large numbers (a saturated softmax): a
    difference below it refutes nothing, but neither does it help to accept.
    """
    estimate = slope.error + rounding
    difference = abs(claimed - slope.value)
    if claimed == 0.0 and slope.value == 0.0 and size == 0.0:
        return "true"
    if not slope.known:
        return "undecided"
    if difference > REFUTE * (estimate + floor):
        return "false"
    precise = estimate < limit * max(abs(claimed), abs(slope.value), size)
    return "true" if precise and difference <= estimate else "undecided"


def judge_group(point: Neighbourhood, claimed: Claimed, name: str) -> PointResult:
    """The group's verdict at this point: false if one direction refutes, true if all accept."""
    if not point.values[name].size:
        return PointResult("true")
    sharp = point.sharp(name)
    if sharp is not None and (outcome := _accepted(point, claimed, name, *sharp)) is not None:
        return outcome
    outcomes = []
    for _ in range(DIRECTIONS):
        outcomes.append(judge_direction(point, claimed, name, point.direction(name)))
        if outcomes[-1].verdict in ("false", "kink"):
            return outcomes[-1]
    if any(o.verdict == "undecided" for o in outcomes):  # one more chance, in another direction
        outcomes = [o for o in outcomes if o.verdict == "true"]
        outcomes.append(judge_direction(point, claimed, name, point.direction(name)))
    return next((o for o in outcomes if o.verdict != "true"), outcomes[-1])


def _accepted(point: Neighbourhood, claimed: Claimed, name: str, direction: Array, slope: Slope) -> PointResult | None:
    """Accepted by a complex step alone; whatever else it says is left to differences."""
    widened = name in claimed.wide
    gradient = claimed.best(name)
    number, size = float(np.sum(gradient * direction)), size_along(gradient, direction)
    eps = claimed.eps(name, widened)
    rounding, limit = ROUNDINGS * eps * size, acceptance(max(eps, point.eps))
    if not size or slope.error > TARGET * size or weigh(number, slope, rounding, size, limit) != "true":
        return None
    if widened:
        return replace(_same_in_both(point, claimed, name), size=size)
    return PointResult("true", Worst(name, None, number, slope.value, slope.error + rounding), size=size, agrees=True)


def judge_direction(
    point: Neighbourhood, claimed: Claimed, name: str, direction: Array, coordinate: tuple[int, ...] | None = None
) -> PointResult:
    """One slope against the claim in float64 and, if that does not accept, in the caller's own precision."""
    target = TARGET * size_along(claimed.best(name), direction)
    slope = point.slope(name, direction, target)
    if slope.kink is not None:
        return _at_kink(claimed, name, direction, slope, coordinate)
    if name not in claimed.wide:
        return _weighed(point, claimed, name, direction, slope, False, coordinate)
    precise = _weighed(point, claimed, name, direction, slope, True, coordinate)
    if precise.verdict == "true":
        return replace(_same_in_both(point, claimed, name), size=precise.size)
    own = _weighed(point, claimed, name, direction, slope, False, coordinate)
    return precise if own.verdict == "undecided" else own


def _weighed(
    point: Neighbourhood,
    claimed: Claimed,
    name: str,
    direction: Array,
    slope: Slope,
    widened: bool,
    coordinate: tuple[int, ...] | None,
) -> PointResult:
    gradient = wide((claimed.wide if widened else claimed.narrow)[name])
    number, size = float(np.sum(gradient * direction)), size_along(gradient, direction)
    if size == 0.0 and np.any((gradient != 0) & (direction != 0)):
        return PointResult("undecided", reason="the numbers are too small for floating-point arithmetic")
    eps = claimed.eps(name, widened)
    rounding, limit = ROUNDINGS * eps * size, acceptance(max(eps, point.eps))
    floor = ROUNDINGS * eps * claimed.natural
    verdict = weigh(number, slope, rounding, size, limit, floor)
    if verdict != "true":
        rounding += claimed.rounding(name, direction, widened)
        verdict = weigh(number, slope, rounding, size, limit, floor)
    absorbed = size == 0.0 and slope.value == 0.0  # zero, or too small to be seen beside the rest of L
    fast = verdict == "false" and _follows(point, name, direction, number, slope)
    if fast:
        verdict = "undecided"
    elif slope.known and (verdict == "undecided" or absorbed):
        verdict, slope = _sharpened(point, claimed, name, direction, slope, number, size, rounding, limit, floor)
    step = 1.0 if coordinate is None else float(direction[coordinate])
    estimate = (slope.error + rounding) / abs(step)
    worst = Worst(name, coordinate, number / step, slope.value / step, estimate)
    reason = "the forward value moves faster than the steps of its slope" if fast else ""
    if verdict == "undecided" and not fast:
        scale = max(size, abs(number), abs(slope.value)) / abs(step)
        reason = f"the estimate of the error ({estimate:.1e}) is too large beside the gradient ({scale:.1e})"
        if not scale:
            reason = "the claim is zero; a slope smaller than the rounding of the forward value cannot be seen"
        elif estimate < limit * scale:
            reason = f"the difference ({abs(number - slope.value) / abs(step):.1e}) may be rounding"
    total = slope.error + rounding
    agrees = abs(number - slope.value) <= total
    return PointResult(verdict, worst, reason, size=size, estimate=total, agrees=agrees)


def _follows(point: Neighbourhood, name: str, direction: Array, number: float, slope: Slope) -> bool:
    """Whether L does what the claim says, and not what the slope says, over steps far below those of the slope."""
    if abs(slope.value - number) < 10.0 * NEARLY * abs(number):
        return False
    line = point.line({name: direction})
    for part in LITTLE:
        h = part * point.natural / abs(number) if number else 1.0
        if not 1e3 * point.eps < h < FINE:
            return False
        if not abs(float(np.sum(line(h) - line(-h))) / (2.0 * h) - number) < NEARLY * abs(number):
            return False
    return True


def _sharpened(
    point: Neighbourhood,
    claimed: Claimed,
    name: str,
    direction: Array,
    slope: Slope,
    number: float,
    size: float,
    rounding: float,
    limit: float,
    floor: float,
) -> tuple[str, Slope]:
    """The complex step where it agrees with the real slope; and gradients that are zero but for rounding."""
    natural = claimed.natural
    sharp = point.complex_slope(name, direction)
    if sharp is not None and abs(sharp.value - slope.value) <= slope.error:
        verdict = weigh(number, sharp, rounding, size, limit, floor)
        nothing = abs(sharp.value) <= sharp.error and rounding + sharp.error < ACCEPT * natural
        if verdict != "false" and nothing and abs(number) <= rounding + sharp.error:
            return "true", sharp
        return verdict, sharp
    negligible = 0.0 < size <= 10.0 * rounding < 10.0 * ACCEPT * natural  # the claim is nothing but its own rounding
    if negligible and abs(slope.value) <= slope.error and slope.error < ACCEPT * natural:
        return "true", slope
    zero = size == 0.0 and slope.value == 0.0 and not point.hides_a_slope(name, direction)
    return ("true" if zero else "undecided"), slope


def _same_in_both(point: Neighbourhood, claimed: Claimed, name: str) -> PointResult:
    """Accepted in float64; the caller's own precision may differ from it by its rounding only."""
    narrow, precise = wide(claimed.narrow[name]), claimed.wide[name]
    size = max(float(np.max(np.abs(precise))), float(np.max(np.abs(narrow))))
    off = np.abs(narrow - precise)
    place = tuple(map(int, np.unravel_index(int(np.argmax(off)), off.shape)))
    allowed = ROUNDINGS * claimed.eps(name, False) * size
    if float(off[place]) > allowed:  # look what rounding does to it
        moved = [float(np.max(np.abs(wide(p[name]) - narrow))) for p in claimed.nudges(name, False)]
        allowed += 16.0 * max(moved, default=0.0)
    worst = Worst(name, place, float(narrow[place]), float(precise[place]), allowed)
    rounding = ROUNDINGS * claimed.eps(name, False) / point.scales[name]
    # the float64 claim was held against slopes already
    if float(off[place]) <= allowed + min(rounding * claimed.flow, 0.01 * size):
        return PointResult("true", worst)
    text = f"right in float64, but in {claimed.narrow[name].dtype} it is off by more than rounding"
    refuted = float(off[place]) > 10.0 * REFUTE * (allowed + rounding * claimed.natural)
    return PointResult("false", worst, text, "lost_precision") if refuted else PointResult("undecided", worst, text)


def _at_kink(
    claimed: Claimed, name: str, direction: Array, slope: Slope, coordinate: tuple[int, ...] | None
) -> PointResult:
    """At a kink any slope between the two one-sided ones may be claimed; along one coordinate no other may."""
    assert slope.kink is not None
    step = 1.0 if coordinate is None else float(direction[coordinate])
    number = float(np.sum(claimed.best(name) * direction))
    left, right = slope.kink
    rounding = slope.error + ROUNDINGS * claimed.eps(name, False) * max(abs(left), abs(right))
    outside = max(min(left, right) - number, number - max(left, right))
    sides = (left / step, right / step) if step > 0 else (right / step, left / step)
    kink = Kink(name, coordinate, sides[0], sides[1], number / step)
    worst = Worst(name, coordinate, number / step, slope.value / step, (slope.error + rounding) / abs(step))
    if outside > REFUTE * rounding and coordinate is not None:
        return PointResult("false", worst, "outside the one-sided slopes", "wrong_value", [kink])
    return PointResult("kink", worst, kinks=[kink])
