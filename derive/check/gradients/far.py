"""Points at other scales, and beyond the signs of the given numbers: where a branch may begin that no other point saw.

At each of a few scales all groups are drawn afresh with both signs (with the given ones where the forward pass fails
otherwise), and one central difference along a direction of all groups together is held against the claim. That costs
two forward calls; where the two disagree the point is worth a full comparison.

What differs at much larger numbers only is no refutation: a clip that keeps a logarithm finite has no slope in the
backward pass of most people. It is open, as a branch may be missing as well.

A claim beyond the given signs may lie outside the domain: log(max(p, 1e-7)) is flat for p < 0, and its gradient is
1/p. There the gradient grows without bound towards the end of the domain, as it does not for relu:
|c(p/100) - c(p/1000)| falls by about 10 from one decade to the next where c is smooth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from derive.check.gradients.arguments import Claim
from derive.check.gradients.claimed import Claimed
from derive.check.gradients.difference import Array, norm
from derive.check.gradients.drawing import Draw, in_unit, keeping_signs, like, one_signed
from derive.check.gradients.gradient_report import GroupResult
from derive.check.gradients.guard import CallFailed
from derive.check.gradients.locate import gather
from derive.check.gradients.point import Point, Values, scale_of
from derive.errors import DeriveError

SCALES = (1 / 32, 30.0, 1000.0)
NEAR = 1e-4  # of the slope: what one difference can be relied on for
BORDER = (0.1, 0.01, 0.001)


class Far:
    """Further places for the groups `moved`, around the caller's point."""

    def __init__(self, given: Point, rng: np.random.Generator, moved: Iterable[str]) -> None:
        self.given, self.rng = given, rng
        self.moved = {name: given.values[name] for name in moved if given.values[name].size}
        self.bounded = {n: v for n, v in self.moved.items() if one_signed(v) or in_unit(v)}
        self._seen: dict[str, set[str]] = {name: set() for name in self.bounded}
        self._ends: dict[str, bool] = {}

    def points(self) -> Iterator[tuple[float, dict[str, Array]]]:
        """Values at which the claim does not fit one slope of the forward pass, with their scale."""
        for scale in (1.0, *SCALES) if self.bounded else SCALES:
            for draw in (_at_scale(scale), keeping_signs(_at_scale(scale))):
                new = {name: draw(value, self.rng) for name, value in self.moved.items()}
                values = {**self.given.values, **new}
                fits = self._fits(values)
                if fits is not None and not self.outside(values):
                    self.visited(values)
                    if not fits:
                        yield scale, {name: like(values[name], value) for name, value in self.given.given.items()}
                    break
                if not self.bounded:
                    break

    def _fits(self, values: Values) -> bool | None:
        """Whether claim and slope agree; None where the forward pass or the claim is not defined."""
        h = math.sqrt(self.given.eps)
        steps = {name: self._step(values[name]) for name in self.moved}
        plus, minus = (
            self._terms({**values, **{n: like(values[n] + t * step, values[n]) for n, step in steps.items()}})
            for t in (h, -h)
        )
        claim = None if plus is None or minus is None else self._claim(values)
        if plus is None or minus is None or claim is None or claim.problems:
            return None
        claimed = [float(np.sum(claim.gradients[name] * steps[name])) for name in steps if name in claim.gradients]
        slope = float(np.sum(plus - minus)) / (2.0 * h)
        size = max(sum(map(abs, claimed)), abs(slope))
        noise = 100.0 * self.given.eps * norm(plus) / h
        return abs(sum(claimed) - slope) <= max(NEAR, 30.0 * h) * size + noise

    def _step(self, value: Array) -> Array:
        """No two coordinates alike, as steps of one size may cancel."""
        size = self.rng.uniform(0.5, 1.5, value.shape) * self.rng.choice((-1.0, 1.0), value.shape)
        return np.asarray(scale_of(value) * size)

    def _terms(self, values: Values) -> Array | None:
        try:
            outputs = self.given.subject.outputs(values)
        except (CallFailed, DeriveError):
            return None
        if [y.shape for y in outputs] != [y.shape for y in self.given.outputs]:
            return None
        terms = self.given.weighted(outputs)
        return terms if np.all(np.isfinite(terms)) else None

    def _claim(self, values: Values) -> Claim | None:
        try:
            return self.given.subject.claim(values, self.given.wide_upstream)
        except (CallFailed, DeriveError):
            return None

    # ----- where the domain may end -----

    def beyond(self, values: Values) -> list[str]:
        """The groups that have left the signs, or the interval [0, 1], of the given numbers."""
        left = []
        for name, value in self.bounded.items():
            there = values[name]
            if np.any(np.sign(there) * np.sign(value.flat[0]) < 0) or (in_unit(value) and np.any(there > 1)):
                left.append(name)
        return left

    def outside(self, values: Values) -> bool:
        """Whether a group has left the numbers it was given in, and its domain seems to end with them."""
        beyond = self.beyond(values)
        self._ends |= {name: self._singular(name) for name in beyond if name not in self._ends}
        return any(self._ends[name] for name in beyond)

    def visited(self, values: Values) -> None:
        """Take note that the gradient was compared here."""
        for name in self.bounded:
            there = values[name]
            places = {"below 0": there < 0, "above 0": there > 0, "above 1": there > 1}
            self._seen[name] |= {place for place, inside in places.items() if np.any(inside)}

    def _singular(self, name: str) -> bool:
        """Whether the gradient of a group grows without bound towards 0 (or 1, if its numbers are below 1)."""
        value = self.given.values[name]
        moves = [[part * value for part in BORDER]]
        if in_unit(value):
            moves.append([1.0 - part * (1.0 - value) for part in BORDER])
        for places in moves:
            claims = [self._claim({**self.given.values, name: like(place, value)}) for place in places]
            if any(claim is None or name not in claim.gradients or name in claim.problems for claim in claims):
                return True
            near, nearer, nearest = (claim.gradients[name] for claim in claims if claim is not None)
            if norm(nearest - nearer) > 0.5 * norm(nearer - near):
                return True
        return False

    def notes(self) -> list[str]:
        """Which numbers of a group were seen, where those beyond the given ones were not."""
        told = []
        for name, value in self.bounded.items():
            seen = self._seen[name] | {"above 0" if np.any(value > 0) else "below 0"}
            if {"below 0", "above 0"} <= seen:
                continue
            where = "in [0, 1]" if in_unit(value) and "above 1" not in seen else min(seen - {"above 1"})
            why = (
                "its gradient grows without bound towards the end"
                if self._ends.get(name)
                else "the forward pass is not defined beyond"
            )
            told.append(f"{name} was looked at {where} only: {why}")
        return told


def out_of_scale(point: Point, claimed: Claimed, name: str, scale: float) -> GroupResult:
    """What differs only at numbers much larger than the given ones is open: they may be none that occur."""
    worst = gather(point, claimed, name).worst()
    text = f"right for numbers like the given ones, not for {scale:g} times as large ones"
    if worst is not None and worst.coordinate is not None:
        number = float(point.values[name][worst.coordinate])
        text += f" (where {name}{list(worst.coordinate)} is {number:.6g})"
    text += ": a branch is missing, or a guard is met, as a clip before a logarithm"
    return GroupResult(name, point.values[name].shape, "undecided", text, worst=worst)


def _at_scale(scale: float) -> Draw:
    return lambda value, rng: like(scale * scale_of(value) * rng.standard_normal(value.shape), value)
