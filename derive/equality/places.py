"""Signs at several places: what one entry of an array is says nothing of the others.

    sum_ij 1[x_i > 3] 1[x_j < 2]                    x_1 > 3 and x_2 < 2, which no entry is alone
    (sum_i max(x_i, 0)) (sum_j max(y_j, 0))         an entry of x and one of y, which have no place together

Wanted are the sides of a few conditions, each in an entry of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from derive.equality.impossible import Conditions
from derive.equality.probe import Point
from derive.ir.node import Node

Array = Any
Wanted = tuple[tuple[int, int], ...]  # conditions by number, each with a sign
MOST_AT_ONCE = 4
"""Of more conditions every two are looked at."""
MOST_PAIRED = 9
SIDES = ((-1,), (1,))
BOTH = (-1, 1)


class SidesApart:
    """Which sides of some conditions have been met in one point, whatever the entries."""

    def __init__(self, conditions: Conditions, numbers: Sequence[int]) -> None:
        self._conditions, self._nodes = conditions, conditions.nodes
        self._open = list(dict.fromkeys(self._wanted(numbers)))
        self._possible: set[Wanted] = set()

    def _wanted(self, numbers: Sequence[int]) -> Iterator[Wanted]:
        if not any(self._nodes[k].shape for k in numbers) or len(numbers) > MOST_PAIRED:
            return
        for chosen in [tuple(numbers)] if len(numbers) <= MOST_AT_ONCE else combinations(numbers, 2):
            sides = [(*SIDES, BOTH) if self._has_entries(self._nodes[k]) else SIDES for k in chosen]
            for choice in product(*sides):
                yield tuple((k, sign) for k, signs in zip(chosen, choice, strict=True) for sign in signs)

    def _has_entries(self, node: Node) -> bool:
        return any(size.number != 1 for size in node.shape)

    def is_new(self, signs: Sequence[Array]) -> bool:
        """Whether a point with these signs has something that is wanted."""
        return any(_holds(wanted, signs) for wanted in self._open)

    def note(self, signs: Sequence[Array]) -> None:
        """The members have been compared at a point with these signs, or have no value there."""
        self._open = [wanted for wanted in self._open if not _holds(wanted, signs)]

    @property
    def missing(self) -> list[Wanted]:
        """What was not met and is not shown to be impossible."""
        unsure = [wanted for wanted in self._open if wanted not in self._possible]
        never = {wanted for wanted in unsure if self._conditions.never_apart(wanted)}
        self._possible |= {*unsure} - never
        self._open = [wanted for wanted in self._open if wanted not in never]
        return self._open

    def nodes(self, wanted: Wanted) -> list[Node]:
        """The conditions whose sides are wanted."""
        return [self._nodes[k] for k, _ in wanted]

    def height(self, wanted: Wanted, point: Point) -> float | None:
        """How near a point is to what is wanted: positive where it is met."""
        values = [value for node in self.nodes(wanted) if (value := point.value(node)) is not None and value.size]
        if len(values) < len(wanted):
            return None
        return min(float(np.max(s * np.asarray(v))) for (_, s), v in zip(wanted, values, strict=True))

    def unseen(self, text: Callable[[Node], str]) -> Iterator[str]:
        """What was not met, in words."""
        for wanted in self.missing:
            yield " and ".join(f"{text(self._nodes[k])} {'<=>'[s + 1]} 0 in an entry" for k, s in wanted)


def _holds(wanted: Wanted, signs: Sequence[Array]) -> bool:
    return all((signs[k] == sign).any() for k, sign in wanted)
