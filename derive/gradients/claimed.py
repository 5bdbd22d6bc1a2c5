"""What is claimed at one point, and how far rounding alone may move it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from derive.errors import DeriveError
from derive.gradients.difference import Array, norm
from derive.gradients.guard import CallFailed
from derive.gradients.point import Neighbourhood, nudged, wide

ROUNDINGS = 64.0


class Claimed:
    """The claimed gradients at one point, in the caller's precision and, where possible, in float64."""

    def __init__(self, point: Neighbourhood) -> None:
        self.point = point
        claim = point.subject.claim(point.given, point.upstream)
        self.problems, self.notes = claim.problems, claim.notes
        self.narrow = {name: g for name, g in claim.gradients.items() if name not in claim.problems}
        self.raw = claim.gradients
        self.wide = self._widened()
        self._probes: dict[bool, list[dict[str, Array]]] = {}

    def _widened(self) -> dict[str, Array]:
        if not self.point.promoted:
            return {}
        try:
            claim = self.point.subject.claim(self.point.values, self.point.wide_upstream)
        except Exception:  # the backward pass insists on its own type; it is judged in that type
            return {}
        return {n: g for n, g in claim.gradients.items() if n not in claim.problems and g.dtype.itemsize >= 8}

    @cached_property
    def flow(self) -> float:
        """The largest numbers in the backward pass, as far as they show: the largest change of L by any group."""
        sizes = [size_along(g, self.point.scales[n]) for n, g in self.narrow.items()]
        return max((size for size in sizes if np.isfinite(size)), default=0.0)

    @property
    def natural(self) -> float:
        """The largest numbers in either pass.

        Where a local derivative is a small rest of an output (`1 - h^2` of a saturated tanh), nothing may be left of it
        but the rounding of that output.
        """
        return max(self.point.natural, self.flow)

    def best(self, name: str) -> Array:
        return wide(self.wide.get(name, self.narrow[name]))

    def eps(self, name: str, widened: bool) -> float:
        if widened:
            return float(np.finfo(np.float64).eps)
        eps = float(np.finfo(self.raw[name].dtype).eps) if name in self.raw else 0.0
        # a float64 result of a computation on float32 values has float32's rounding
        return max(eps, self.point.given_eps)

    def rounding(self, name: str, direction: Array, widened: bool) -> float:
        """How far rounding alone moves `<c, v>`: measured by moving all values by a unit in the last place."""
        gradient = wide((self.wide if widened else self.narrow)[name])
        moved = [abs(float(np.sum((wide(p[name]) - gradient) * direction))) for p in self.nudges(name, widened)]
        return 4.0 * max(moved, default=0.0)

    def nudges(self, name: str, widened: bool) -> list[dict[str, Array]]:
        """The claims at values that are one rounding away."""
        if widened not in self._probes:
            self._probes[widened] = []
            values = self.point.values if widened else self.point.given
            upstream = self.point.wide_upstream if widened else self.point.upstream
            for _ in range(2):
                there = {key: nudged(value, self.point.rng) for key, value in values.items()}
                try:
                    claim = self.point.subject.claim(there, upstream)
                except Exception:  # a gradient given as numbers exists at one point only
                    continue
                self._probes[widened].append(claim.gradients)
        shape = self.narrow[name].shape
        return [p for p in self._probes[widened] if name in p and p[name].shape == shape]


def size_along(gradient: Array, direction: Array | float) -> float:
    """The root of the sum of squares of the terms of `<gradient, direction>`."""
    return norm(wide(gradient) * direction)


def claimed_at(point: Neighbourhood) -> Claimed | None:
    """What is claimed at a place that nobody promised to be in the domain: None where the code fails."""
    try:
        return Claimed(point)
    except (CallFailed, DeriveError):
        return None
