r"""What no repair may be, though its two sides are equal: a text that says nothing, or that is no proper notation.

dL/da = dL/da 1            the left side put into the right one
-2 (y - y)                 a term that is taken away from itself
x (A + A^\top)             a column in the place of a row
"""

from __future__ import annotations

from derive.meaning.claim import Claim
from derive.meaning.products import AS_ROW
from derive.repair.edit import tokens
from derive.repair.tree import rows, terms
from derive.typography.nodes import Markup
from derive.typography.statements import Statement

_SPACING = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\left", r"\right", "/", r"\,", r"\;", r"\!"))


def senseless(before: Claim, after: Claim, old: str, new: str) -> bool:
    """Whether a repair of a statement, from one source to another, brings in one of these faults."""
    return (
        (_is_circular(after.statement, new) and not _is_circular(before.statement, old))
        or _cancelling(after.statement, new) > _cancelling(before.statement, old)
        or bool(_as_rows(after) - _as_rows(before))
    )


def _is_circular(statement: Statement, source: str) -> bool:
    """Whether the left side is part of another member."""
    head, *others = [_plain(source[slice(*member.span)]) for member in statement.members]
    for member in others:
        for k in range(len(member) - len(head) + 1):
            follows = member[k + len(head) : k + len(head) + 1]
            if member != head and member[k : k + len(head)] == head and follows not in (["_"], ["^"], ["'"], ["("]):
                return True
    return False


def _plain(text: str) -> list[str]:
    """The tokens of a text, however its fractions, its brackets' sizes and its differentials are written."""
    return ["d" if token == r"\partial" else token for token in tokens(text) if token not in _SPACING]


def _cancelling(statement: Statement, source: str) -> int:
    """How many terms stand beside the same term with the other sign."""
    return sum(_pairs(source, items) for member in statement.members for items in rows(member))


def _pairs(source: str, items: tuple[Markup, ...]) -> int:
    found = terms(items)
    signed = {(term.sign is not None and term.sign.text == "-", *_plain(source[slice(*term.span)])) for term in found}
    return sum((True, *text) in signed for minus, *text in signed if not minus)


def _as_rows(claim: Claim) -> set[str]:
    """The columns that a reading takes for rows."""
    return {text for reading in claim.readings for text in reading.assumed if text.endswith(AS_ROW)}
