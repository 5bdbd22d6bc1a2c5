"""What a check works on: a subject, its values, and where further points come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    audit: Callable[[list[Array], Mapping[str, Array]], list[Finding]] | None = None
    """What leaks from call to call; it is given the upstream gradients and the gradients already claimed for them."""
    notes: list[str] = field(default_factory=list)
    derived: Derived | None = None
    resized: Callable[[list[Array]], Iterator[Resized]] | None = None
    """Subjects with another number of rows, made from the outputs at the given one."""
