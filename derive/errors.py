"""Errors that name what failed, on what, where in the input, and what to do.

Every error a user can cause is a `DeriveError`. Where the cause is a place in a text, the error carries a
`Span` and `render()` shows the line with a caret under it; the command line prints nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A place in a text: 1-based line and column, the source line itself, and the width to underline."""

    line: int
    column: int
    text: str = ""
    width: int = 1
    file: str | None = None

    def render(self) -> str:
        """`file:line:column`, the source line, and a caret under the place; long lines are windowed."""
        place = f"{self.file or '<text>'}:{self.line}:{self.column}"
        if not self.text:
            return place
        start = max(0, self.column - 60)
        window = self.text[start : start + 100]
        caret = " " * (self.column - 1 - start) + "^" * max(1, min(self.width, 100 - (self.column - 1 - start)))
        visible = "".join(ch if ch.isprintable() else " " for ch in window)
        return f"{place}\n  {visible}\n  {caret}"


class DeriveError(Exception):
    """Base of all errors caused by input.

    `message` says what failed and on what; `span` says where, if the input was a text; `hint` says what to do.
    """

    def __init__(self, message: str, *, span: Span | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.span, self.hint)

    def at(self, span: Span) -> DeriveError:
        """The same error, placed at `span` unless it already has a place."""
        return type(self)(self.message, span=self.span or span, hint=self.hint)

    def render(self) -> str:
        """The full text for a person: message, place with caret, hint."""
        parts = [self.message]
        if self.span is not None:
            parts.append(self.span.render())
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "\n".join(parts)

    def __str__(self) -> str:
        return self.render()


def _rebuild(kind: type[DeriveError], message: str, span: Span | None, hint: str | None) -> DeriveError:
    return kind(message, span=span, hint=hint)


class ModelError(DeriveError):
    """A model that cannot be accepted: unknown name, redefinition, cycle, bad syntax."""


class ShapeError(ModelError):
    """Shapes that do not fit; the message gives both shapes and the axis."""


class UnknownNameError(ModelError):
    """A name or function nobody declared."""


class ClaimError(DeriveError):
    """A formula or page that cannot be read."""


class UnsupportedError(DeriveError):
    """Something meaningful that derive does not do (yet)."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known names, or None."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else None
