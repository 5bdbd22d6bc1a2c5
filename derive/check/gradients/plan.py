"""What a check works on: a subject, its values, and where further points come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from derive.check.gradients.difference import Array
from derive.check.gradients.point import Subject

if TYPE_CHECKING:
    from derive.check.gradients.beside import Derived

Finding = tuple[str, str]


@dataclass(frozen=True)
class Resized:
    """A subject with `more` rows in place of `rows`."""

    subject: Subject
    values: dict[str, Array]
    rows: int
    more: int


@dataclass
class Plan:
    """What to check: the subject, its values, and where further points come from."""

    subject: Subject
    values: dict[str, Array]
    upstream: Callable[[list[Array]], list[Array]]
    redraw: bool = True
    further: Callable[[], tuple[Subject, dict[str, Array]]] | None = None
    further_upstream: Callable[[list[Array]], list[Array]] | None = None
    rounds: int = 3
    audit: Callable[[list[Array]], list[Finding]] | None = None
    notes: list[str] = field(default_factory=list)
    derived: Derived | None = None
    resized: Callable[[], Iterator[Resized]] | None = None
