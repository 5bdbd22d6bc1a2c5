"""The same arguments with another number of rows.

A constant such as 1/6 that stands for the number of samples is right as long as there are six. Where the forward pass
takes other leading sizes as well (it runs, its value changes in no other axis, and every new row matters to it) one
more point has another one. What the backward pass cannot do there refutes nothing: it may be meant for one size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.difference import Array
from derive.gradients.drawing import nearby
from derive.gradients.guard import CallFailed, same
from derive.gradients.point import Subject, Values

MORE_ROWS = 3


@dataclass(frozen=True)
class Resized:
    """A subject with `more` rows in place of `rows`."""

    subject: Subject
    values: dict[str, Array]
    rows: int
    more: int


Placed = tuple[Subject, dict[str, Array]]
"""A subject at some arguments, and what is moved there."""


def resized(
    arguments: Sequence[Any], before: list[Array], make: Callable[[Any], Placed], rng: np.random.Generator
) -> Iterator[Resized]:
    """Subjects at other leading sizes: for every size that several arguments may share, the commonest first.

    `before` are the outputs at the given sizes.
    """
    counts = Counter(a.shape[0] for a in arguments if isinstance(a, np.ndarray) and a.ndim and a.shape[0] > 1)
    for rows, _ in counts.most_common():
        more = rows + MORE_ROWS
        new = tuple(_with_rows(a, rows, more, rng) for a in arguments)
        try:
            subject, values = make(new)
            after = subject.outputs({})
            fits = _fits(before, after, rows, more) and _new_rows_matter(subject, values, after, more, rng)
        except (CallFailed, DeriveError):
            continue
        if fits:
            values = {n: nearby(v, rng) if v.ndim and v.shape[0] == more else v for n, v in values.items()}
            yield Resized(subject, values, rows, more)


def _with_rows(value: Any, rows: int, more: int, rng: np.random.Generator) -> Any:
    """Rows drawn from those that are there, so that labels stay labels."""
    if not isinstance(value, np.ndarray) or not value.ndim or value.shape[0] != rows:
        return value
    order = np.concatenate([np.arange(rows), rng.integers(0, rows, more - rows)])
    return value[order]


def _fits(before: list[Array], after: list[Array], rows: int, more: int) -> bool:
    """Whether the outputs differ in that size at most, and are finite."""
    if len(before) != len(after):
        return False
    for old, new in zip(before, after, strict=True):
        if old.ndim != new.ndim or not np.all(np.isfinite(new)):
            return False
        if any(b not in ((a, more) if a == rows else (a,)) for a, b in zip(old.shape, new.shape, strict=True)):
            return False
    return True


def _new_rows_matter(
    subject: Subject, values: Values, before: list[Array], more: int, rng: np.random.Generator
) -> bool:
    """Whether the value changes with the last row of what is moved."""
    moved = {}
    for name, value in values.items():
        if value.ndim and value.shape[0] == more:
            moved[name] = value.copy(order="K")
            moved[name][-1] = nearby(value[-1:], rng)[0]
    # where only data has rows, and is not moved, the forward pass has shown that it takes them
    return not moved or not same(before, subject.outputs(moved))
