"""Gradients whose numbers are right and stand elsewhere: shifted, reversed, blocks exchanged, a term transposed.

right[i] = claimed[i + s]            an index that is off by s (what the shift brings in from outside is not compared)
right    = claimed[::-1]             along one axis
right    = blocks of the claimed one in another order: gates stacked wrongly, two halves exchanged
right + right^T = claimed + claimed^T, a square group: a term of it is transposed
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.locate import Evidence

Answer = tuple[list[str], str]
Elsewhere = Callable[[Evidence], Iterator[Evidence]]
SHIFTS = (-2, -1, 1, 2)
MOST_BLOCKS = 8


@dataclass(frozen=True)
class _Move:
    """What becomes of the claimed gradient; NaN where it does not say."""

    answer: Answer
    apply: Callable[[Array], Array]


def rearranged(evidence: Evidence, elsewhere: Elsewhere) -> Answer | None:
    """The rearrangement that explains the group here and at other points."""
    if not evidence.complete or evidence.index.size < 3:
        return None
    others: list[Evidence] | None = None
    for move in _moves(evidence):
        if _holds(move, evidence):
            others = list(elsewhere(evidence)) if others is None else others
            if others and all(_holds(move, other) for other in others):
                return move.answer
    if _half_transposed(evidence):
        others = list(elsewhere(evidence)) if others is None else others
        if others and all(_half_transposed(other) for other in others):
            return ["transposed"], "its symmetric part is right: a term of it is transposed"
    return None


def _holds(move: _Move, evidence: Evidence) -> bool:
    moved = move.apply(evidence.claimed.best(evidence.name)).ravel()[evidence.index]
    known = np.isfinite(moved)
    if np.count_nonzero(known) < 0.3 * known.size or not np.any(evidence.numeric[known]):
        return False
    return evidence.explains(np.where(known, moved, evidence.numeric))


def _moves(evidence: Evidence) -> Iterator[_Move]:
    shape = evidence.shape
    axes = [axis for axis, size in enumerate(shape) if size > 2]
    for axis in axes:
        yield _Move((["wrong_index"], f"it is reversed along axis {axis}"), partial(np.flip, axis=axis))
    for count in (1, 2):
        for chosen in combinations(axes, count):
            for offsets in product(SHIFTS, repeat=count):
                if all(abs(s) < shape[axis] - 1 for s, axis in zip(offsets, chosen, strict=True)):
                    by = " and ".join(f"by {s} along axis {axis}" for s, axis in zip(offsets, chosen, strict=True))
                    text = f"it is shifted {by}: an index is off"
                    yield _Move((["wrong_index"], text), partial(_shifted, offsets=offsets, axes=chosen))
    right = evidence.numeric.reshape(shape)
    claimed = evidence.claimed.best(evidence.name)
    for axis, size in enumerate(shape):
        for count in (n for n in range(2, MOST_BLOCKS + 1) if size % n == 0):
            order = _order(np.split(claimed, count, axis), np.split(right, count, axis))
            if order is not None:
                listed = ", ".join(str(order.index(k)) for k in range(count))
                what = f"the {count} blocks of {size // count} along axis {axis} are exchanged"
                text = f"{what}: they stand where {listed} belong"
                move = partial(_reordered, order=order, axis=axis)
                yield _Move((["wrong_index", "wrong_operand"], text), move)


def _reordered(gradient: Array, order: list[int], axis: int) -> Array:
    blocks = np.split(gradient, len(order), axis)
    return np.concatenate([blocks[k] for k in order], axis)


def _shifted(gradient: Array, offsets: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """gradient[i - offset], NaN where that is outside."""
    found = np.asarray(gradient, dtype=np.float64)
    for offset, axis in zip(offsets, axes, strict=True):
        found = np.roll(found, -offset, axis)
        outside = [slice(None)] * found.ndim
        outside[axis] = slice(-offset, None) if offset > 0 else slice(0, -offset)
        found[tuple(outside)] = np.nan
    return found


def _order(claimed: list[Array], right: list[Array]) -> list[int] | None:
    """For each block of the right gradient the block of the claimed one that it is; None if there is no such order."""
    order = []
    for block in right:
        close = 1e-6 * float(np.max(np.abs(block)))
        same = [k for k, other in enumerate(claimed) if float(np.max(np.abs(other - block))) <= close]
        if len(same) != 1:
            return None
        order.append(same[0])
    return order if sorted(order) == list(range(len(order))) and order != sorted(order) else None


def _half_transposed(evidence: Evidence) -> bool:
    """Whether right and claimed gradient, a square, differ in their antisymmetric part alone."""
    shape = evidence.shape
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 3 or not evidence.complete:
        return False
    right, claimed = evidence.numeric.reshape(shape), evidence.values.reshape(shape)
    return evidence.explains((0.5 * (claimed + claimed.T) + 0.5 * (right - right.T)).ravel())
