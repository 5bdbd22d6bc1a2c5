"""One point at which a gradient is compared: the values, the upstream gradient, and slopes through the point.

With the outputs `f_k` and upstream gradients `u_k` the number to differentiate is `L = sum_k <u_k, f_k>`. A
direction v lives in one group, at the scale of that group, so that groups at 1e-8 and at 1e8 are moved alike.

Values in float32 (or float16) are exact in float64, so the differences are taken in float64 wherever the code
lets float64 through; what is then left of float32 is the rounding of the claimed gradient itself.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from derive.gradients.arguments import ClaimedGradients
from derive.gradients.complex_step import complex_slope, confirmed_slopes
from derive.gradients.difference import Array, Line, Slope, measured_noise, norm, slope
from derive.gradients.guard import CallFailed, Deadline

Values = Mapping[str, Array]
LARGE_STEPS = (0.25, 1.0, 4.0, 16.0, 64.0)
BARELY = 2.0**12
MANY = 100_000
"""Numbers in all groups beyond which complex copies of them take too much memory."""


class Subject(Protocol):
    """Something with a forward value and a claimed gradient, both as functions of named groups of numbers."""

    constants: dict[str, Array]
    """Numbers that are held fixed; a diagnosis may name them."""

    def outputs(self, values: Values) -> list[Array]:
        """The floating-point outputs of the forward pass."""

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
        """The claimed gradients, from fresh copies of everything."""


@dataclass
class Workshop:
    """What a diagnosis works with: edits that are left, functions with code and cause that mended, other sizes."""

    left: int = 9000
    seconds: float = 8.0
    mends: list[tuple[types.FunctionType, types.CodeType, tuple[list[str], str]]] = field(default_factory=list)
    other_sizes: Callable[[Any], Iterator[Any]] | None = None
    """For the evidence on a group the same at other sizes: another number of rows, a sample."""


class Counted:
    """A subject whose forward calls are counted and whose time is limited."""

    def __init__(self, subject: Subject, deadline: Deadline) -> None:
        self.subject, self.deadline, self.calls = subject, deadline, 0
        self.workshop = Workshop()
        self.constants = subject.constants
        self.real_only: set[str] = set()
        """Groups through which the code has not carried a complex number."""

    def outputs(self, values: Values) -> list[Array]:
        self.deadline.check()
        self.calls += 1
        return self.subject.outputs(values)

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
        self.deadline.check()
        return self.subject.claim(values, upstream)


def scale_of(value: Array) -> float:
    """The size of a group's numbers; 1 for a group of zeros, about which nothing is known."""
    largest = float(np.abs(value).max(initial=0.0))
    if not (0.0 < largest < math.inf):
        return 1.0
    return largest * norm(value.astype(np.float64) / largest) / math.sqrt(value.size)


def wide(value: Array) -> Array:
    """The same numbers in at least float64."""
    return value.astype(np.float64) if value.dtype.itemsize < 8 else value


class Neighbourhood:
    """The forward value at one place, and slopes through it."""

    def __init__(
        self,
        subject: Counted,
        values: Values,
        outputs: list[Array],
        upstream: list[Array],
        rng: np.random.Generator,
        label: str,
    ) -> None:
        self.subject, self.upstream, self.label, self.rng = subject, upstream, label, rng
        self.given = dict(values)
        self.given_eps = max((float(np.finfo(v.dtype).eps) for v in self.given.values()), default=0.0)
        self.values: dict[str, Array] = self.given
        self.outputs = outputs
        self.promoted = self._promote()
        self.eps = float(max(np.finfo(y.dtype).eps for y in self.outputs))
        self.center = self.weighted(self.outputs)
        self.scales = {name: scale_of(value) for name, value in self.values.items()}
        self._noise: float | None = None
        self._sharp: dict[str, tuple[Array, Slope]] | None = None
        self.complex_works: bool | None = None

    def _promote(self) -> bool:
        """Move to float64 where all values and outputs follow and the forward value stays the same."""
        narrow = any(value.dtype.itemsize < 8 for value in self.given.values())
        if not narrow and all(y.dtype.itemsize >= 8 for y in self.outputs):
            return False
        values = {name: wide(value) for name, value in self.given.items()}
        try:
            outputs = self.subject.outputs(values)
        except Exception:  # the code insists on its own type; it is differenced in that type
            return False
        if len(outputs) != len(self.outputs) or any(y.dtype.itemsize < 8 for y in outputs):
            return False
        for new, old in zip(outputs, self.outputs, strict=True):
            if new.shape != old.shape or not np.all(np.isfinite(new)):
                return False
            loose = 0.01 * scale_of(wide(old)) if np.any(old) else 0.01
            if old.size and float(np.max(np.abs(new - old))) > loose:
                return False
        self.values, self.outputs = values, outputs
        return True

    @property
    def wide_upstream(self) -> list[Array]:
        return [wide(u) for u in self.upstream] if self.promoted else self.upstream

    @property
    def finite(self) -> bool:
        return bool(np.all(np.isfinite(self.center)))

    @property
    def natural(self) -> float:
        """The size of the numbers that L is made of; a slope along a direction at the scale of a group has its unit."""
        return norm(self.center)

    @property
    def loss(self) -> float:
        return float(np.sum(self.center))

    def weighted(self, outputs: list[Array]) -> Array:
        """The terms that L is the sum of."""
        weighted = [(wide(u) * wide(y)).ravel() for u, y in zip(self.upstream, outputs, strict=True)]
        return weighted[0] if len(weighted) == 1 else np.concatenate(weighted)

    def line(self, directions: Values) -> Line:
        """t -> the weighted outputs at `values + t * directions`."""
        shapes = [y.shape for y in self.outputs]

        def moved(t: complex) -> Array:
            there = dict(self.values)
            for name, direction in directions.items():
                step = t * direction
                there[name] = self.values[name] + (step if isinstance(t, complex) else step.astype(direction.dtype))
            try:
                outputs = self.subject.outputs(there)
            except CallFailed:  # the domain may end between here and there
                return np.full(self.center.shape, np.nan)
            if [y.shape for y in outputs] != shapes:
                return np.full(self.center.shape, np.nan)
            return self.weighted(outputs)

        return moved

    def direction(self, name: str, mask: Array | None = None) -> Array:
        """A random direction of one group: each coordinate 0.5 to 1.5 of the group's scale, with both signs."""
        value = self.values[name]
        size = self.rng.uniform(-1.0, 1.0, value.shape)
        size += np.copysign(0.5, size)
        if mask is not None:
            size = size * mask
        return np.asarray(self.scales[name] * size, dtype=value.dtype)

    @property
    def noise(self) -> float:
        """The rounding noise of L around this point, measured once."""
        if self._noise is None:
            directions = {name: self.direction(name) for name in self.values}
            self._noise = measured_noise(self.line(directions), self.center, self.eps)
        return self._noise

    def slope(self, name: str, direction: Array, target: float) -> Slope:
        """The real slope along `direction` of the group `name`."""
        first = 2.0**-6 if self.eps < 1e-10 else 2.0**-3
        return slope(self.line({name: direction}), self.center, self.noise, target, first)

    def sharp(self, name: str) -> tuple[Array, Slope] | None:
        """A direction of the group and its slope by a complex step that real values confirm, or None."""
        if self._sharp is None:
            self._sharp = self._confirmed()
        return self._sharp.get(name)

    def _confirmed(self) -> dict[str, tuple[Array, Slope]]:
        carried = [n for n, v in self.values.items() if v.size and n not in self.subject.real_only]
        many = sum(self.values[n].size for n in carried) > MANY
        if many or self.eps > 1e-10 or not carried:
            return {}
        directions = {name: self.direction(name) for name in carried}
        slopes = confirmed_slopes(self.line, directions, self.center, self.eps)
        self.subject.real_only.update(name for name in carried if name not in slopes)
        return {name: (directions[name], slope) for name, slope in slopes.items()}

    def complex_slope(self, name: str, direction: Array) -> Slope | None:
        """The complex-step slope, or None.

        Its error is what rounding does to it: the spread under values that are one rounding away and directions that
        are 3 and 0.7 times as long, which change no digit but the last.
        """
        if self.complex_works is False or self.eps > 1e-10:
            return None
        sharp = complex_slope(self.line({name: direction}), self.center, self.eps)
        if sharp is None:
            self.complex_works = False
            return None
        spread = 0.0
        here = self.values
        for stretch in (3.0, 0.7):
            self.values = {key: nudged(value, self.rng) for key, value in here.items()}
            other = complex_slope(self.line({name: stretch * direction}), self.center, self.eps * 1e3)
            self.values = here
            if other is None:
                return None
            spread = max(spread, abs(other.value / stretch - sharp.value))
        return Slope(sharp.value, sharp.error + 4.0 * spread, method="complex")

    def hides_a_slope(self, name: str, direction: Array) -> bool:
        """Whether L, unmoved by small steps, moves by hardly more than its rounding at large ones.

        A slope below one rounding of L looks like none. Where L is constant, or jumps far away (a dead unit comes to
        life), there is none; where a change grows out of the rounding there may be one.
        """
        line = self.line({name: direction})
        for step in LARGE_STEPS:
            change = np.abs(np.stack([line(step), line(-step)]) - self.center)
            if not np.all(np.isfinite(change)):
                return False
            if np.any(change):
                return float(np.sum(change)) < BARELY * self.noise
        return False


def nudged(value: Array, rng: np.random.Generator) -> Array:
    """The same values, each moved by about one unit in its last place: what rounding alone would do."""
    factor = 1.0 + np.finfo(value.dtype).eps * rng.choice([-1.0, 1.0], value.shape)
    return np.asarray(value * factor, dtype=value.dtype)
