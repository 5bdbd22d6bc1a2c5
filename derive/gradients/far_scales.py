"""Points at other scales, and beyond the signs of the given numbers: where a branch may begin that no other point saw.

On a line through 0 all groups are moved together, to a few scales and with both signs (with the given ones where the
forward pass fails otherwise), and one central difference is held against the claim. That costs two forward calls;
where the two disagree the point is worth a full comparison. Where the claimed slope is the same at two places of the
line, and the value rises by something else, there is a branch between them, which is found by halving.

What differs at much larger numbers only is no refutation: a clip that keeps a logarithm finite has no slope in the
backward pass of most people. It is open, as a branch may be missing as well.

A claim beyond the given signs may lie outside the domain: log(max(p, 1e-7)) is flat for p < 0, and its gradient is
1/p. There the gradient grows without bound towards the end of the domain, as it does not for relu:
|c(p/100) - c(p/1000)| falls by about 10 from one decade to the next where c is smooth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from derive.errors import DeriveError
from derive.gradients.arguments import ClaimedGradients
from derive.gradients.claimed import Claimed
from derive.gradients.difference import Array, norm
from derive.gradients.drawing import Draw, in_unit, keeping_signs, like, one_signed
from derive.gradients.gradient_report import GroupResult
from derive.gradients.guard import CallFailed
from derive.gradients.locate import gather
from derive.gradients.point import Neighbourhood, Values, scale_of

SCALES = (1 / 32, 30.0, 1000.0)
FEW = 32  # numbers, of which all may have one sign on one half of the line
HALVINGS = 12  # of the distance between two places; the last are still far from a kink beside the step
NEAR = 1e-4  # of the slope: what one difference can be relied on for
BORDER = (0.1, 0.01, 0.001)


@dataclass(frozen=True)
class _Look:
    """A place on the line, whether claim and slope agree there, the value, and its claimed slope along the line."""

    scale: float
    values: Values
    fits: bool
    level: float
    rate: float
    noise: float


class Far:
    """Further places for the groups `moved`, around the caller's point."""

    def __init__(self, given: Neighbourhood, rng: np.random.Generator, moved: Iterable[str]) -> None:
        self.given, self.rng = given, rng
        self.moved = {name: given.values[name] for name in moved if given.values[name].size}
        self.bounded = {n: v for n, v in self.moved.items() if one_signed(v) or in_unit(v)}
        self._seen: dict[str, set[str]] = {name: set() for name in self.bounded}
        self._ends: dict[str, bool] = {}
        self._tried = False

    def points(self) -> Iterator[tuple[float, dict[str, Array]]]:
        """Values at which the claim does not fit one slope of the forward pass, with their scale."""
        self._tried = True
        direction = {name: _at_scale(1.0)(value, self.rng) for name, value in self.moved.items()}
        for name, value in self.bounded.items():  # a few numbers may all be drawn with the sign that they have
            if one_signed(direction[name]) and np.all(direction[name] * value > 0):
                direction[name] = -direction[name]
        scales = (1.0, *SCALES) if self.bounded else SCALES
        if sum(value.size for value in self.moved.values()) <= FEW:  # too few to have both signs
            scales = (*scales, *(-scale for scale in scales))
        line: list[_Look] = []
        for scale in scales:
            look = self._look(scale, direction)
            if look is not None:
                line.append(look)
            elif self.bounded:
                signed = {n: keeping_signs(_at_scale(1.0))(v, self.rng) for n, v in self.moved.items()}
                look = self._look(abs(scale), signed)
            if look is not None and not look.fits:
                yield abs(scale), self._in_own_type(look)
        line.sort(key=lambda look: look.scale)
        for low, high in pairwise(line):
            found = self._between(low, high, direction) if _hides(low, high) else None
            if found is not None:
                yield abs(found.scale), self._in_own_type(found)

    def _in_own_type(self, look: _Look) -> dict[str, Array]:
        return {name: like(look.values[name], value) for name, value in self.given.given.items()}

    def _between(self, low: _Look, high: _Look, direction: Values) -> _Look | None:
        """Where between two places the claim does not fit, by halving towards the greater mismatch."""
        for _ in range(HALVINGS):
            middle = self._look(0.5 * (low.scale + high.scale), direction)
            if middle is None or not middle.fits:
                return middle
            below, above = abs(_mismatch(low, middle)), abs(_mismatch(middle, high))
            low, high = (low, middle) if below > above else (middle, high)
        return None

    def _look(self, scale: float, direction: Values) -> _Look | None:
        """Claim and slope at `scale * direction`; None where the forward pass or the claim is not defined."""
        new = {name: like(scale * direction[name], value) for name, value in self.moved.items()}
        values = {**self.given.values, **new}
        h = math.sqrt(self.given.eps)
        steps = {name: self._step(values[name]) for name in self.moved}
        plus, minus = (
            self._terms({**values, **{n: like(values[n] + t * step, values[n]) for n, step in steps.items()}})
            for t in (h, -h)
        )
        claim = None if plus is None or minus is None else self._claim(values)
        if plus is None or minus is None or claim is None or claim.problems or self.outside(values):
            return None
        self.visited(values)
        known = [name for name in self.moved if name in claim.gradients]
        claimed = [float(np.sum(claim.gradients[name] * steps[name])) for name in known]
        slope = float(np.sum(plus - minus)) / (2.0 * h)
        size = max(sum(map(abs, claimed)), abs(slope))
        noise = self.given.eps * norm(plus)
        fits = abs(sum(claimed) - slope) <= max(NEAR, 30.0 * h) * size + 100.0 * noise / h
        rate = sum(float(np.sum(claim.gradients[name] * direction[name])) for name in known)
        return _Look(scale, values, fits, 0.5 * float(np.sum(plus + minus)), rate, noise)

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

    def _claim(self, values: Values) -> ClaimedGradients | None:
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
            growth = norm(nearest - nearer)
            if growth > max(0.5 * norm(nearer - near), NEAR * norm(nearest)):
                return True
        return False

    def notes(self) -> list[str]:
        """Which numbers of a group were seen, where those beyond the given ones were not."""
        told = []
        for name, value in self.bounded.items() if self._tried else ():
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


def _mismatch(low: _Look, high: _Look) -> float:
    """What the value rises by, beside what the claimed slopes at both ends say."""
    return high.level - low.level - 0.5 * (low.rate + high.rate) * (high.scale - low.scale)


def _hides(low: _Look, high: _Look) -> bool:
    """Whether the claimed slope is the same at both ends, and the value rises by something else."""
    apart = high.scale - low.scale
    rise = max(abs(high.level - low.level), abs(low.rate) * apart)
    same = abs(high.rate - low.rate) <= 1e-9 * max(abs(high.rate), abs(low.rate))
    across = low.scale < 0.0 < high.scale  # an odd function has the same slopes there
    hidden = abs(_mismatch(low, high)) > NEAR * rise + 100.0 * (low.noise + high.noise)
    return low.fits and high.fits and same and hidden and not across


def out_of_scale(point: Neighbourhood, claimed: Claimed, name: str, scale: float) -> GroupResult:
    """What differs only at numbers much larger than the given ones is open: they may be none that occur."""
    worst = gather(point, claimed, name).worst()
    text = f"right for numbers like the given ones, not for {scale:g} times as large ones"
    if worst is not None and worst.coordinate is not None:
        number = float(point.values[name][worst.coordinate])
        text += f" (where {name}{list(worst.coordinate) or ''} is {number:.6g})"
    text += ": a branch is missing, or a guard is met, as a clip before a logarithm"
    return GroupResult(name, point.values[name].shape, "undecided", text, worst=worst)


def _at_scale(scale: float) -> Draw:
    return lambda value, rng: like(scale * scale_of(value) * rng.standard_normal(value.shape), value)
