"""Further points: values drawn at the scale of given ones.

Faults hide at special places: where all numbers are positive, where two are equal, near zero, in the middle of a
saturating function. What is drawn has both signs and another size, but keeps the type, the shape and the memory
order, and stays in [0, 1] where all given numbers do (probabilities and their logarithms are undefined elsewhere).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.difference import Array
from derive.gradients.point import scale_of


def whole(seed: Any) -> int:
    """The seed of random numbers. Raises DeriveError if it is not a whole number from 0 on."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise DeriveError(f"seed is {seed!r}", hint="a whole number from 0 on: seed=0")
    return int(seed)


def generator(seed: Any, stream: int) -> np.random.Generator:
    """Random numbers of their own for every stream of one seed."""
    return np.random.default_rng(whole(seed) + stream)


Draw = Callable[[Array, np.random.Generator], Array]


def nearby(value: Array, rng: np.random.Generator) -> Array:
    """Close to the given values: the same signs, the same range, off any kink."""
    size = scale_of(value)
    factor = 1.0 + 0.05 * rng.uniform(-1.0, 1.0, value.shape)
    moved = np.where(value == 0, 0.01 * size * rng.uniform(-1.0, 1.0, value.shape), value * factor)
    return like(moved, value)


def drawn(value: Array, rng: np.random.Generator, stretch: float = 1.0) -> Array:
    """Afresh at the same scale with both signs; numbers that all lie in [0, 1] stay there (probabilities)."""
    if in_unit(value):
        return like(rng.uniform(0.05, 0.95, value.shape), value)
    return like(stretch * scale_of(value) * rng.standard_normal(value.shape), value)


def large(value: Array, rng: np.random.Generator) -> Array:
    return drawn(value, rng, 3.0)


def in_unit(value: Array) -> bool:
    """Whether the given numbers may be probabilities."""
    inside = np.all((value >= 0) & (value <= 1)) and np.any((value > 0) & (value < 1))
    return bool(value.size > 1 and inside)


def one_signed(value: Array) -> bool:
    """Whether all given numbers have one sign: their domain may end at zero."""
    return bool(value.size and (np.all(value > 0) or np.all(value < 0)))


def keeping_signs(draw: Draw) -> Draw:
    """The same drawing, but numbers that all have one sign keep it."""

    def signed(value: Array, rng: np.random.Generator) -> Array:
        new = draw(value, rng)
        return like(np.copysign(new, value), value) if one_signed(value) else new

    return signed


def like(numbers: Array, value: Array) -> Array:
    """In the type and memory order of `value`."""
    out = np.empty_like(value)
    out[...] = numbers
    return out
