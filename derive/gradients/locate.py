"""Where a refuted gradient is wrong: the coordinates, found by bisection where there are many.

A direction that is zero outside a set of coordinates tests that set alone. A single wrong row among n is found
with `2 log2(n)` slopes, so that a million parameters need no more than a few hundred forward calls. What is
measured coordinate by coordinate (everything in a small group, a sample around the fault in a large one) is the
evidence that the diagnosis explains.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from derive.gradients.claimed import ROUNDINGS, Claimed
from derive.gradients.difference import Array
from derive.gradients.gradient_report import Kink, Worst, severity
from derive.gradients.judge import REFUTE, judge_direction
from derive.gradients.point import Neighbourhood

WHOLE = 320
SAMPLE = 24
FEW = 3


@dataclass
class Evidence:
    """Measured coordinates of one group: claimed, numeric and error at the flat positions `index`."""

    name: str
    point: Neighbourhood
    claimed: Claimed
    index: Array
    numeric: Array
    error: Array
    slices: list[list[int] | None] = field(default_factory=list)
    """Per axis the wrong slices, or None where there are more than a few."""
    kinks: list[Kink] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.point.values[self.name].shape

    @property
    def complete(self) -> bool:
        return self.index.size == self.point.values[self.name].size

    @property
    def values(self) -> Array:
        return self.claimed.best(self.name).ravel()[self.index]

    @property
    def bad(self) -> Array:
        return self.differs(self.values)

    def differs(self, values: Array) -> Array:
        """Which measured coordinates refute `values`."""
        return np.asarray(np.abs(values - self.numeric) > REFUTE * self.tolerance(values))

    def tolerance(self, values: Array) -> Array:
        eps = self.claimed.eps(self.name, self.name in self.claimed.wide)
        return np.asarray(self.error + ROUNDINGS * eps * np.maximum(np.abs(values), np.abs(self.numeric)))

    def explains(self, values: Array) -> bool:
        """Whether `values`, measured coordinates of another gradient, agree with all differences."""
        if values.shape != self.numeric.shape or not np.all(np.isfinite(values)):
            return False
        size = max(float(np.max(np.abs(values))), float(np.max(np.abs(self.numeric))))
        eps = self.claimed.eps(self.name, self.name in self.claimed.wide)
        allowed = REFUTE * self.error + max(1e-8, 100.0 * ROUNDINGS * eps) * size
        return bool(np.all(np.abs(values - self.numeric) <= allowed))

    def worst(self) -> Worst | None:
        if not self.index.size:
            return None
        estimate = self.tolerance(self.values)
        places = [tuple(map(int, np.unravel_index(int(i), self.shape))) for i in self.index]
        found = [
            Worst(self.name, place, float(c), float(d), float(e))
            for place, c, d, e in zip(places, self.values, self.numeric, estimate, strict=True)
        ]
        bad = [w for w, is_bad in zip(found, self.bad, strict=True) if is_bad]
        if bad:  # among the refuted ones the greatest difference, which is the one to look at
            return max(bad, key=lambda w: abs(w.claimed - w.numeric))
        return max(found, key=severity)


def gather(point: Neighbourhood, claimed: Claimed, name: str) -> Evidence:
    """Measure every coordinate of a small group; bisect a large one and measure around the fault."""
    shape, size = point.values[name].shape, point.values[name].size
    if size <= WHOLE:
        evidence = measure(point, claimed, name, np.arange(size))
        if name in claimed.narrow:
            wrong = np.zeros(shape, dtype=bool)
            wrong.ravel()[evidence.index[evidence.bad]] = True
            evidence.slices = [_few(wrong, axis) for axis in range(len(shape))]
        return evidence
    slices: list[list[int] | None] = []
    if name in claimed.narrow:
        slices = [wrong_slices(point, claimed, name, axis) for axis in range(len(shape))]
    around = point.rng.choice(size, SAMPLE, replace=False)
    for axis, found in enumerate(slices):
        if found:
            inside = np.arange(size).reshape(shape).take(found, axis=axis).ravel()
            around = np.concatenate([around, point.rng.choice(inside, min(SAMPLE, inside.size), replace=False)])
    if slices and all(slices):
        corner = np.ix_(*[np.array(found) for found in slices if found])
        around = np.concatenate([np.arange(size).reshape(shape)[corner].ravel()[:SAMPLE], around])
    evidence = measure(point, claimed, name, np.unique(around))
    evidence.slices = slices
    return evidence


def _few(wrong: Array, axis: int) -> list[int] | None:
    others = tuple(a for a in range(wrong.ndim) if a != axis)
    found = np.flatnonzero(np.any(wrong, axis=others)).tolist()
    return found if len(found) <= FEW else None


def measure(point: Neighbourhood, claimed: Claimed, name: str, index: Array) -> Evidence:
    """The numeric gradient at the flat positions `index`."""
    value = point.values[name]
    raw = claimed.raw.get(name)
    size = float(np.max(np.abs(raw))) if raw is not None and raw.size and np.all(np.isfinite(raw)) else 0.0
    numeric, error, kinks = np.zeros(index.size), np.zeros(index.size), []
    step = point.scales[name]
    for k, flat in enumerate(index):
        direction = np.zeros(value.shape, dtype=value.dtype)
        direction.ravel()[flat] = step
        found = point.slope(name, direction, 1e-9 * size * step)
        if found.known and found.error > 1e-9 * abs(found.value):
            sharp = point.complex_slope(name, direction)
            if sharp is not None and abs(sharp.value - found.value) <= found.error and sharp.error < found.error:
                found = sharp
        numeric[k], error[k] = found.value / step, found.error / step
        if found.kink is not None:
            left, right = found.kink[0] / step, found.kink[1] / step
            error[k] = abs(right - left)
            place = tuple(map(int, np.unravel_index(int(flat), value.shape)))
            number = float(raw[place]) if raw is not None and raw.shape == value.shape else float("nan")
            kinks.append(Kink(name, place, left, right, number))
    known = np.isfinite(numeric) & np.isfinite(error)
    return Evidence(name, point, claimed, index[known], numeric[known], error[known], kinks=kinks)


def wrong_slices(point: Neighbourhood, claimed: Claimed, name: str, axis: int) -> list[int] | None:
    """The wrong slices along one axis by bisection, or None where there are more than a few."""
    shape = point.values[name].shape
    found: list[int] = []
    pending = [np.arange(shape[axis])]
    while pending:
        block = pending.pop()
        mask = np.zeros(shape[axis])
        mask[block] = 1.0
        spread = mask.reshape([-1 if a == axis else 1 for a in range(len(shape))])
        direction = point.direction(name, np.broadcast_to(spread, shape))
        if judge_direction(point, claimed, name, direction).verdict != "false":
            continue
        if block.size == 1:
            found.append(int(block[0]))
        else:
            half = block.size // 2
            pending += [block[half:], block[:half]]
        if len(found) > FEW:
            return None
    return sorted(found)
