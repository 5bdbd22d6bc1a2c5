"""Naming a constant: 6.0 is nothing, "m, the 6 rows of x" is a cause.

A measured ratio is compared with 2, 1/2 and the like, and with the sizes at hand: every axis of every argument
and output, their square roots, products of two of them, one more or one less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from derive.gradients.point import Neighbourhood

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Named:
    """A constant with its name, such as `6` "(6 = rows of x)", and the size it comes from, if any."""

    value: float
    text: str
    reciprocal: bool
    size: int | None = None


def axes(point: Neighbourhood) -> dict[int, str]:
    """Every size at hand with the first place where it occurs."""
    found: dict[int, str] = {}
    outputs = {"the output" + (f" {k}" if k else ""): y for k, y in enumerate(point.outputs)}
    for name, value in [*point.values.items(), *outputs.items(), *point.subject.constants.items()]:
        for axis, size in enumerate(value.shape):
            if size > 1:
                found.setdefault(size, f"size of axis {axis} of {name}")
    return found


def candidates(point: Neighbourhood) -> Iterator[Named]:
    """Constants worth naming, the likely ones first; each with its reciprocal."""
    at_hand = axes(point)
    for size, place in at_hand.items():
        if size != 2:
            yield from _both(float(size), str(size), place, size)
    for number in (2, 3, 4):  # which a size may equal by coincidence
        yield from _both(float(number), str(number), "", None)
    for size, place in at_hand.items():
        yield from _both(size / 2, f"{size}/2", place, size, f"2/{size}")
        yield from _both(2.0 * size, f"2*{size}", place, size)
        yield from _both(math.sqrt(size), f"sqrt({size})", place, size)
        yield from _both(size / (size - 1), f"{size}/({size}-1)", place, size, f"({size}-1)/{size}")
        yield from _both(float(size * size), f"{size}^2", place, size)
    for size, place in at_hand.items():
        for other, there in at_hand.items():
            if other > size:
                yield from _both(float(size * other), f"{size}*{other}", f"{place}, {there}", size * other)
    arrays = [*point.values.items(), *point.subject.constants.items(), *(("the output", y) for y in point.outputs)]
    for name, value in arrays:
        for axis, size in enumerate(value.shape):
            count = value.size // max(size, 1)
            if size > 1 and value.ndim > 2:
                yield from _both(
                    float(count), str(count), f"number of entries of {name} along all axes but {axis}", count
                )
    for k, y in enumerate(point.outputs):
        yield from _both(float(y.size), str(y.size), "number of outputs" + (f" {k}" if k else ""), y.size)


def _both(value: float, text: str, place: str, size: int | None, inverse: str | None = None) -> Iterator[Named]:
    note = f" ({text} is the {place})" if place and text.isdigit() else f" ({place})" if place else ""
    yield Named(value, text + note, False, size)
    yield Named(1.0 / value, (inverse or f"1/{text}") + note, True, size)


def name_constant(value: float, point: Neighbourhood) -> Named | None:
    """The first candidate that the positive number `value` equals, or None; from 1 it differs as the candidate does."""
    for named in candidates(point):
        if abs(value / named.value - 1.0) < TOLERANCE * min(1.0, abs(named.value - 1.0)):
            return named
    return None
