r"""What a page says further down of a name that earlier formulas use.

    \frac{\partial L}{\partial b} = \delta ... \delta := m \frac{\partial L}{\partial z}      ambiguous
    \bar x = \frac1n \sum_i x_i ... \bar x ...                                                ambiguous

A definition holds from where it stands. A formula before it that spoke of the same name in the meaning that it has by
itself was perhaps meant so already: if its verdict is another one then, it is ambiguous. A mark of a derivative that is
claimed to be something else is false, unless the page goes on to use the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from derive.judging.judgement import Judgement
from derive.judging.verdict import Verdict
from derive.meaning.claim import Claim, Definition
from derive.meaning.context import Context
from derive.meaning.definitions import speaks_of
from derive.meaning.heads import CONSTANTS
from derive.pages.page import Item
from derive.typography.nodes import Row


@dataclass(frozen=True)
class Spoken:
    """An item with its verdict and its statements."""

    item: Item
    verdict: Verdict
    judged: tuple[Judgement, ...]

    @property
    def rows(self) -> list[Row]:
        """The members of all statements."""
        return [row for judgement in self.judged for row in judgement.claim.statement.members]


def taking(claims: Iterable[Claim]) -> list[Definition]:
    """The definitions among these of names that mean something by themselves."""
    found = [claim.defines for claim in claims if claim.defines is not None]
    return [definition for definition in found if definition.over and not definition.doubtful]


def reconsidered(
    spoken: Sequence[Spoken],
    defined: Sequence[tuple[int, Context, Definition]],
    places: Mapping[int, Context],
    again: Callable[[Item, Context], Verdict],
) -> Iterator[tuple[int, Verdict]]:
    """The verdicts that change, by position; `defined`: how many items stand before each, and its model."""
    for k, one in enumerate(spoken):
        if one.verdict.verdict not in ("true", "false") or k not in places:
            continue
        marks = [judgement.claim.defines for judgement in one.judged]
        doubtful = next((d for d in marks if d is not None and d.doubtful), None)
        if doubtful is not None and any(speaks_of(other.rows, doubtful) for other in spoken[k + 1 :]):
            said = f"{doubtful.text} may be a name for what it is equated to, as it is used later"
            yield k, replace(one.verdict, verdict="ambiguous", diagnosis=said)
            continue
        own = places[k].plain or places[k].graph
        behind = [(at, d) for at, context, d in defined if (context.plain or context.graph) is own]
        later = [d for at, d in behind if _reaches(k, at, d) and speaks_of(one.rows, d)]
        if not later:
            continue
        other_word = again(one.item, places[k].with_definitions(later)).verdict
        if other_word != one.verdict.verdict:
            said = f"the page defines {', '.join(d.over for d in later)} further down, by which it is {other_word}"
            yield k, replace(one.verdict, verdict="ambiguous", diagnosis=said)


def _reaches(k: int, at: int, definition: Definition) -> bool:
    """Whether a definition behind `at` items may be meant in the k-th: of e and its like only right behind it."""
    return at == k + 1 if definition.key[0] in CONSTANTS else at > k
