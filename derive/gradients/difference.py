r"""Slopes along a line, each with an estimate of its own error.

For `phi(t) = L(x + t v)` the central difference `D(h) = (phi(h) - phi(-h)) / 2h` has an expansion in even
powers, `D(h) = phi'(0) + c_2 h^2 + c_4 h^4 + ...`. From a ladder `h, h/4, h/16, ...` the leading terms are
eliminated one by one (Richardson),

    A[i][0] = D(h_i),    A[i][j] = A[i][j-1] + (A[i][j-1] - A[i-1][j-1]) / (16^j - 1),

and the disagreement of neighbouring entries is the truncation error (Ridders). Rounding adds `eps |L| / h`,
where `eps |L|` is *measured* (below) and never taken below its theoretical value. The entry with the smallest
sum of both is the answer, so the step is chosen by its own error estimate and no tolerance is absolute: all
quantities scale with L and with v.

At a kink the two one-sided slopes differ. A central difference cannot see that (it is exact and wrong for
`|t|`), the *bend* `(phi(h) - 2 phi(0) + phi(-h)) / h` can: it falls with h where phi is smooth, and stays
at a kink.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Line = Callable[[Any], Array]
"""t -> the weighted outputs `u_j f_j(x + t v)`, flat, whose sum is phi(t). Kept apart so that differences are
taken before they are summed."""

RATIO = 4.0
LEVELS = 14
FIRST_STEP = 2.0**-6
LEAP = 32.0
NOISE_SAFETY = 4.0
KINKED = 50.0


@dataclass(frozen=True)
class Slope:
    """A derivative along a line: `value` plus or minus `error`; at a kink the two one-sided slopes."""

    value: float
    error: float
    kink: tuple[float, float] | None = None
    method: str = "central"

    @property
    def known(self) -> bool:
        return math.isfinite(self.value) and math.isfinite(self.error)


def norm(numbers: Array) -> float:
    """The root of the sum of squares."""
    flat = numbers.ravel()
    return math.sqrt(abs(float(flat @ flat)))


def measured_noise(line: Line, center: Array, eps: float) -> float:
    """The rounding noise of phi, from its differences over nine points a hair apart.

    Over such a distance a smooth function has no fourth difference, so what is left is rounding (the estimate of
    Hamming, and of More and Wild): `var(k-th difference) = binomial(2k, k) var(noise)`. A fast function still has
    one; its fifth is smaller, noise has both. The theoretical bound of independent output errors is a floor.
    """
    floor = 2.0 * eps * norm(center)
    spacing = eps**0.45

    def at(k: int) -> float:
        return float(np.sum(line(spacing * k) - center)) if k else 0.0

    values = [at(k) for k in range(-4, 5)]
    if not all(math.isfinite(v) for v in values):
        return floor
    noise = _noise_of(values)
    if noise > KINKED * floor:  # a kink at the point itself has differences too, but on neither side of it
        left, right = [at(k) for k in range(-8, -4)], [at(k) for k in range(5, 9)]
        halves = [_noise_of([*left, *values[:5]]), _noise_of([*values[4:], *right])]
        noise = min(noise, max(halves)) if all(map(math.isfinite, halves)) else noise
    return max(floor, noise)


def _noise_of(values: list[float]) -> float:
    fourth, fifth = (
        float(np.sqrt(np.mean(np.square(np.diff(np.array(values), n=k))) / math.comb(2 * k, k))) for k in (4, 5)
    )
    return NOISE_SAFETY * min(fourth, fifth)


def slope(line: Line, center: Array, noise: float, target: float, first: float = FIRST_STEP) -> Slope:
    """phi'(0) by extrapolated central differences; stops once the error estimate is below `target`."""
    return _Ladder(line, center, noise, target).climb(first)


class _Ladder:
    """The extrapolation table of one slope."""

    def __init__(self, line: Line, center: Array, noise: float, target: float) -> None:
        self.line, self.center, self.noise, self.target = line, center, noise, target
        self.best = Slope(math.nan, math.inf)
        self.rows: list[list[float]] = []
        self.bends: list[tuple[float, float]] = []  # (h, bend(h)), consecutive steps only
        self.moved = False

    def climb(self, h: float) -> Slope:
        worse = 0
        for _ in range(LEVELS):
            before = self.best.error
            if not self._rung(h):
                h /= LEAP
                continue
            kink = self._kink() if self.best.error <= self.target or len(self.rows) >= 4 else None
            if kink is not None:
                return kink
            if self.best.error <= self.target or self._exactly_constant():
                return self.best
            worse = worse + 1 if self.best.error >= before else 0
            if worse >= 3 and self.noise / h > 0.01 * self.best.error:
                break
            h /= self._pace()
        return self._kink() or self.best

    def _rung(self, h: float) -> bool:
        """Add one row to the table; False where phi is not finite at this step."""
        plus, minus = self.line(h), self.line(-h)
        difference = float(np.sum(plus - minus))
        bend = float(np.sum((plus - self.center) + (minus - self.center))) / h
        if not (math.isfinite(difference) and math.isfinite(bend)):
            self.rows, self.bends = [], []
            return False
        self.moved = self.moved or bool(np.any(plus != self.center) or np.any(minus != self.center))
        self.bends.append((h, bend))
        row = [difference / (2.0 * h)]
        rounding = 2.0 * self.noise / h
        if self.rows:
            above = self.rows[-1]
            for j in range(len(above)):
                row.append(row[j] + (row[j] - above[j]) / (RATIO ** (2 * j + 2) - 1.0))
                error = 2.0 * max(abs(row[j + 1] - row[j]), abs(row[j + 1] - above[j])) + rounding
                if error < self.best.error:
                    self.best = Slope(row[j + 1], error)
        self.rows.append(row)
        return True

    def _pace(self) -> float:
        """The next step is a quarter of this one; far from convergence the table starts anew, much finer."""
        if len(self.rows) >= 2:
            new, old = self.rows[-1][0], self.rows[-2][0]
            if abs(new - old) > max(0.25 * max(abs(new), abs(old)), 8.0 * self.noise / self.bends[-1][0]):
                self.rows, self.bends = [], []
                return LEAP
        return RATIO

    def _exactly_constant(self) -> bool:
        return len(self.rows) >= 2 and not self.moved

    def _kink(self) -> Slope | None:
        """One-sided slopes where the bend does not fall with h; the last bend is confirmed at a finer step."""
        if len(self.bends) < 2:
            return None
        (_, before), (h, bend) = self.bends[-2], self.bends[-1]
        if not self._bent(before, bend, h):
            return None
        fine = h / 64.0
        plus, minus = self.line(fine), self.line(-fine)
        right = float(np.sum(plus - self.center)) / fine
        left = float(np.sum(self.center - minus)) / fine
        if not self._bent(bend, right - left, fine):
            return None
        error = 2.0 * self.noise / fine + abs((right - left) - bend)
        return Slope(0.5 * (left + right), max(error, 1e-12 * abs(right - left)), kink=(left, right))

    def _bent(self, coarse: float, fine: float, h: float) -> bool:
        significant = abs(fine) > max(20.0 * self.noise / h, 1e-6 * abs(self.rows[-1][0]) if self.rows else 0.0)
        return significant and 0.6 * abs(coarse) < abs(fine) < 1.6 * abs(coarse)
