r"""From the source of a formula to tokens.

    token    ::=  \command | letter | digit | sign | { | } | ^ | _ | & | \\ | ' | space
    comment  ::=  % up to the end of the line (dropped)

LaTeX and Unicode mathematics give the same tokens: `∂` is `\partial`, `aᵀ` is `a^{T}`, `x̂` is `\hat{x}`. A
token knows where it stands in the source; the tokens that one Unicode character stands for share its place.
The work is one pass of one regular expression without nested repetition, so it is linear in the length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from derive.errors import ClaimError, Span
from derive.typography import symbols
from derive.typography.nodes import Offsets

MAX_FORMULA = 100_000
"""Characters in one formula; the longest formula of a printed book has a few thousand."""


class Token(NamedTuple):
    """One sign of a formula. Kinds: "command", "letter", "digit", "sign", "space", and "raw" (text taken whole)."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def span(self) -> Offsets:
        """Its place in the source."""
        return self.start, self.end


_PATTERN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<comment>%[^\n]*)"
    r"|(?P<newline>\\\\\*?(?:[ \t]*\[\s*-?[0-9.]{1,9}\s*[a-z]{2}\s*\])?)"
    r"|(?P<command>\\(?:[A-Za-z]+|[\s\S]))"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<digit>[0-9])"
    r"|(?P<sign>\.\.\.|:=|<=|>=|==|->|=>|[-+*/]=|\*\*|[-{}^_&'()\[\]+*/=<>,;:.!|~])"
    r"|(?P<superscript>[" + "".join(symbols.SUPERSCRIPTS) + r"]+)"
    r"|(?P<subscript>[" + "".join(symbols.SUBSCRIPTS) + r"]+)"
    r"|(?P<stray>\?[-+]?)"
    r"|(?P<other>[\s\S])"
)


def place(source: str, span: Offsets) -> Span:
    """The line and column of `span` in `source`, for an error message."""
    start, end = span
    before = source.rfind("\n", 0, start) + 1
    after = source.find("\n", start)
    line = source[before : after if after >= 0 else len(source)]
    width = max(1, min(end, before + len(line)) - start)
    return Span(source.count("\n", 0, start) + 1, start - before + 1, line, width)


def tokenize(source: str) -> list[Token]:
    r"""The tokens of `source`; spaces are kept, because `\text{...}` needs them."""
    if len(source) > MAX_FORMULA:
        raise ClaimError(
            f"a formula of {len(source):,} characters is too long to read (the limit is {MAX_FORMULA:,})",
            span=place(source[:200], (0, 1)),
            hint="is a closing delimiter of a display missing?",
        )
    return list(_tokens(source)) if source.isascii() else _combine(_tokens(source))


def _tokens(source: str) -> Iterator[Token]:
    for match in _PATTERN.finditer(source):
        kind, text = str(match.lastgroup), match.group()
        start, end = match.span()
        if kind in ("space", "letter", "digit"):
            yield Token(kind, text, start, end)
        elif kind == "newline":
            yield Token("command", r"\\", start, end)
        elif kind in ("command", "sign"):
            yield _canonical(text, start, end)
        elif kind in ("superscript", "subscript"):
            yield from _script(match, start, end)
        elif kind == "stray":
            yield Token("stray", text, start, end)
        elif kind == "other":
            yield from _character(text, start, end)


def _canonical(text: str, start: int, end: int) -> Token:
    if text == "~":
        return Token("space", text, start, end)
    if len(text) == 2 and text[0] == "\\" and text[1].isspace():
        return Token("space", text, start, end)
    name = symbols.ALIASES.get(text, text)
    return Token("command" if name[0] == "\\" else "sign", name, start, end)


def _script(match: re.Match[str], start: int, end: int) -> Iterator[Token]:
    raised = match.lastgroup == "superscript"
    table = symbols.SUPERSCRIPTS if raised else symbols.SUBSCRIPTS
    yield Token("sign", "^" if raised else "_", start, start)
    yield Token("sign", "{", start, start)
    for offset, char in enumerate(match.group(), start):
        plain = table[char]
        if plain.isascii():
            kind = "letter" if plain.isalpha() else "digit" if plain.isdigit() else "sign"
            yield Token(kind, plain, offset, offset + 1)
        else:
            yield from _character(plain, offset, offset + 1)
    yield Token("sign", "}", end, end)


def _character(char: str, start: int, end: int) -> Iterator[Token]:
    """What one character outside ASCII (or a stray one inside it) stands for."""
    if char in symbols.UNICODE:
        text = symbols.UNICODE[char]
        parts = [text] if text[0] == "\\" or text == ":=" else list(text)
        for part in parts:
            yield _canonical(part, start, end)
    elif char in symbols.FRACTIONS:
        yield Token("command", r"\frac", start, end)
        for digit in symbols.FRACTIONS[char]:
            yield Token("digit", digit, start, end)
    elif unicodedata.category(char) == "Cf":  # zero-width spaces, byte order marks
        yield Token("space", char, start, end)
    else:
        yield from _letter(char, start, end)


def _letter(char: str, start: int, end: int) -> Iterator[Token]:
    r"""Accented and styled letters by their Unicode decomposition: `ŷ` is `\hat{y}`, `𝐖` is `\mathbf{W}`."""
    command, base = "", char
    parts = unicodedata.normalize("NFKD", char)
    if len(parts) == 2 and parts[1] in symbols.COMBINING:
        command, base = symbols.COMBINING[parts[1]], symbols.UNICODE.get(parts[0], parts[0])
    elif len(parts) == 1 and parts != char:
        name = unicodedata.name(char, "")
        command = next((font for word, font in _STYLES if word in name), "")
        base = symbols.UNICODE.get(parts, parts)
    if command:
        yield Token("command", command, start, end)
    if base[0] == "\\":
        yield Token("command", base, start, end)
    elif base.isascii() and base.isdigit():
        yield Token("digit", base, start, end)
    else:
        yield Token("letter" if base.isalpha() else "stray", base, start, end)


_STYLES = (
    ("DOUBLE-STRUCK", r"\mathbb"),
    ("BOLD", r"\mathbf"),
    ("SCRIPT", r"\mathcal"),
    ("FRAKTUR", r"\mathfrak"),
    ("BLACK-LETTER", r"\mathfrak"),
    ("SANS-SERIF", r"\mathsf"),
    ("MONOSPACE", r"\mathtt"),
)


def _combine(tokens: Iterable[Token]) -> list[Token]:
    r"""Turns a letter followed by a combining accent (`x` and U+0302) into `\hat` and the letter."""
    result: list[Token] = []
    for token in tokens:
        if token.text in symbols.COMBINING and result and result[-1].kind in ("letter", "command"):
            result.insert(-1, Token("command", symbols.COMBINING[token.text], result[-1].start, token.end))
        else:
            result.append(token)
    return result


def raw_text(tokens: Iterable[Token]) -> str:
    """The tokens as text again, runs of space as one."""
    return "".join(" " if token.kind == "space" else token.text for token in tokens)
