r"""The unambiguous text of a reading: brackets where precedence needs them.

    a + b, -a   <   a / b, a ⊙ b   <   a b, p∘q   <   x^2, xᵀ, ∂p/∂q   <   x, x[i], f(x), (a + b)

How strongly a text binds is seen from the text, outside of all of its brackets.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Binds(IntEnum):
    """How strongly the outermost sign of a text binds."""

    SUM = 0
    QUOTIENT = 1
    PRODUCT = 2
    SCRIPT = 3
    ATOM = 4


_OPEN, _CLOSE = "([{⟨", ")]}⟩"
_SIGNS = (
    (Binds.SUM, re.compile(r"^-| [+-] ")),
    (Binds.QUOTIENT, re.compile(r" [/⊙⊗] |(?<=\d)/(?=\d)")),
    (Binds.PRODUCT, re.compile(r"[ *]|(?<!\^)∘")),
    (Binds.SCRIPT, re.compile(r"[\^ᵀ⁻∂]")),
)


def binds(text: str) -> Binds:
    """How strongly a text binds."""
    outside = _outside(text)
    return next((level for level, sign in _SIGNS if sign.search(outside)), Binds.ATOM)


def at_least(text: str, level: Binds) -> str:
    """The text, in brackets if it binds less than `level`."""
    return text if binds(text) >= level else f"({text})"


def call_text(word: str, text: str) -> str:
    """`word(text)`, without a second pair of brackets."""
    whole = text.startswith("(") and not _outside(text)
    return f"{word}{text}" if whole else f"{word}({text})"


def _outside(text: str) -> str:
    """What stands outside of all brackets."""
    depth, inside, kept = 0, False, []
    for sign in text:
        if sign == "‖":
            inside = not inside
        elif sign in _CLOSE:
            depth -= 1
        if not depth and not inside and sign not in _OPEN and sign not in _CLOSE:
            kept.append(sign)
        if sign in _OPEN:
            depth += 1
    return "".join(kept)
