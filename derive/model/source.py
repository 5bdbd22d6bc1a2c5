"""Model text as statements: limits, comments, continuation lines, and places for error messages.

A statement is one logical line: a line break inside brackets does not end it. Nothing is evaluated here and nothing is
recursive; a text that is too large is refused before anything reads it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from derive.errors import ModelError, Span

MAX_TEXT = 4_000_000
MAX_LINE = 100_000
MAX_NESTING = 100

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
# what the scanner has to stop at: a string (in which nothing counts), a comment, a bracket
_LANDMARK = re.compile(r'"[^"]*"?|#|[()\[\]{}]')
_LIST_MARK = re.compile(r'"[^"]*"?|[()\[\]{},]')


class LogicalLine(NamedTuple):
    """A logical line without its comment. `pieces` says where in the text each part of it stands."""

    text: str
    pieces: tuple[tuple[int, int, int, str], ...]  # (offset in `text`, line, column of the piece, source line)
    indent: int
    file: str | None = None

    @property
    def line(self) -> int:
        """The line on which the statement begins."""
        return self.pieces[0][1]

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The place of `text[start:end]`; the width ends with the source line."""
        k = 0 if len(self.pieces) == 1 else max(0, bisect_right(self.pieces, start, key=itemgetter(0)) - 1)
        offset, line, column, source = self.pieces[k]
        end = len(self.text) if end is None else end
        column += start - offset
        width = max(1, min(end - start, len(source.rstrip()) + 1 - column))
        return Span(line, column, source, width, self.file)


@dataclass(frozen=True)
class Source:
    """The statements of a text, and its title: the first comment, if it stands before every statement."""

    statements: tuple[LogicalLine, ...]
    title: str


def read(text: str, file: str | None = None) -> Source:
    """Split model text into statements.

    Raises ModelError for an empty, binary or oversized text, an overlong line and brackets that do not match.
    """
    _check(text, file)
    statements: list[LogicalLine] = []
    title = ""
    pending = _Pending(file)
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        if len(line) > MAX_LINE:
            raise ModelError(
                f"line {number} has {len(line)} characters; at most {MAX_LINE} are read",
                span=Span(number, MAX_LINE + 1, line, 1, file),
                hint="split it into several bindings",
            )
        comment = pending.add(number, line)
        if comment and not title and not statements and not pending.open:
            title = comment
        if not pending.open and (statement := pending.take()):
            statements.append(statement)
    pending.finish()
    if not statements:
        raise ModelError("the model is empty", span=Span(1, 1, "", 1, file), hint="write lines such as 'x : scalar'")
    return Source(tuple(statements), title)


def _check(text: str, file: str | None) -> None:
    if len(text) > MAX_TEXT:
        raise ModelError(
            f"the text has {len(text)} characters; at most {MAX_TEXT} are read",
            span=Span(1, 1, "", 1, file),
            hint="is this a model file?",
        )
    binary = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]", text)
    if binary:
        line = text.count("\n", 0, binary.start()) + 1
        raise ModelError(
            f"this is not text: line {line} contains the byte {binary.group().encode()!r}",
            span=Span(line, binary.start() - text.rfind("\n", 0, binary.start()), "", 1, file),
            hint="a model is a UTF-8 text file",
        )


class _Pending:
    """The logical line that is being put together."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.parts: list[str] = []
        self.pieces: list[tuple[int, int, int, str]] = []
        self.length = 0
        self.open: list[tuple[str, int, int, str]] = []  # bracket, line, column, source line

    def add(self, number: int, line: str) -> str:
        """Take in a source line; returns its comment."""
        end, comment = len(line), ""
        for mark in _LANDMARK.finditer(line):
            token = mark.group()
            if token == "#":
                end, comment = mark.start(), line[mark.end() :].strip("# \t")
                break
            if token[0] != '"':
                self._bracket(token, number, mark.start() + 1, line)
        body = line[:end].rstrip()
        start = len(body) - len(body.lstrip())
        if body:
            self.pieces.append((self.length, number, start + 1, line))
            self.parts.append(body[start:])
            self.length += len(body) - start + 1
        return comment

    def _bracket(self, token: str, number: int, column: int, line: str) -> None:
        if token in _OPENING:
            self.open.append((token, number, column, line))
            if len(self.open) <= MAX_NESTING:
                return
            what, hint = f"brackets are nested more than {MAX_NESTING} deep", "name parts of the expression"
        elif not self.open:
            what, hint = f"{token!r} closes nothing", "remove it, or open it before"
        else:
            opening, its_line, its_column, _ = self.open.pop()
            if opening == _CLOSING[token]:
                return
            what = f"{token!r} meets {opening!r} of line {its_line}, column {its_column}"
            hint = f"close it with {_OPENING[opening]!r}"
        raise ModelError(what, span=Span(number, column, line, 1, self.file), hint=hint)

    def take(self) -> LogicalLine | None:
        """The finished statement, if there is anything in it."""
        if not self.parts:
            return None
        _, _, column, source = self.pieces[0]
        indent = len(source[: column - 1].expandtabs(8))
        statement = LogicalLine(" ".join(self.parts), tuple(self.pieces), indent, self.file)
        self.parts, self.pieces, self.length = [], [], 0
        if len(statement.text) > MAX_LINE:
            raise ModelError(
                f"a statement of {len(statement.text)} characters; at most {MAX_LINE} are read", span=statement.span()
            )
        return statement

    def finish(self) -> None:
        """Check that no bracket is left open."""
        if self.open:
            opening, number, column, line = self.open[-1]
            span = Span(number, column, line, 1, self.file)
            raise ModelError(f"{opening!r} is never closed", span=span, hint=f"add {_OPENING[opening]!r}")


def split_at_commas(text: str, start: int = 0) -> list[tuple[int, str]]:
    """The parts of a list outside of brackets and strings, each with its offset (`start` is added) and stripped."""
    if "," not in text:
        return [_stripped(text, start)]
    depth, begin = 0, 0
    parts: list[tuple[int, str]] = []
    for mark in _LIST_MARK.finditer(text):
        token = mark.group()
        if token == ",":
            if depth == 0:
                parts.append(_stripped(text[begin : mark.start()], start + begin))
                begin = mark.end()
        elif token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
    parts.append(_stripped(text[begin:], start + begin))
    return parts


def _stripped(part: str, start: int) -> tuple[int, str]:
    return start + len(part) - len(part.lstrip()), part.strip()
