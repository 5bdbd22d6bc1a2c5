"""What the words before a formula say of it."""

from __future__ import annotations

import re

from derive.claims.typography.statements import DEFINES, QUALIFIERS

_CLAUSE = re.compile(r"[.;!?。；！？$]|\n[ \t>]*\n")
WIDTH = 120
WORDS = 6
"""How far before a formula the word may stand that says that it defines."""


def announces_definition(text: str, at: int) -> bool:
    """Whether the words that lead to the formula at `at` say that it defines: `We let $e = y - t$`."""
    return DEFINES.search(_before(text, at)) is not None


def is_conditional(text: str, at: int) -> bool:
    """Whether the words before a formula make it a condition or a case: `if $e = 1$`, `for $k = 2$`."""
    before = DEFINES.sub(" ", _before(text, at)).lower()
    return QUALIFIERS.search(before) is not None or before.endswith(("for", "with"))


def _before(text: str, at: int) -> str:
    clause = _CLAUSE.split(text[max(0, at - WIDTH) : at])[-1]
    return " ".join(clause.split()[-WORDS:])
