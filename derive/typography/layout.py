r"""The layout of one formula: its tree, its tag, and what was odd about its typography.

    parse : source -> Layout(items, slips, dropped, tags, labels)

Nothing is known here about what a letter means. Whatever the input, the answer is a `Layout` or a `ClaimError` with
the place and what was expected there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from derive.typography.glued_numbers import Beside, subscripted
from derive.typography.macros import Macros, expand
from derive.typography.nodes import Markup, Matrix, Offsets, Row, Slip
from derive.typography.parser import Parser


@dataclass(frozen=True, slots=True)
class Layout:
    r"""A formula read as typography.

    `items` is the outermost row; a formula of several rows (`&`, `\\` without an environment) is one `Matrix` with
    `env=""`. `slips` are faults of typography ("notation", "stray_token"), `dropped` annotations that are not read.
    `braced` holds the parts over or under a brace with the notes at it.
    `tags` and `labels` come with the spans of their arguments, braces included; all offsets count in `source`.
    """

    source: str
    items: tuple[Markup, ...]
    slips: tuple[Slip, ...] = ()
    dropped: tuple[Slip, ...] = ()
    tags: tuple[tuple[str, Offsets], ...] = ()
    labels: tuple[tuple[str, Offsets], ...] = ()
    braced: tuple[tuple[Row, Row], ...] = ()

    @property
    def tag(self) -> str | None:
        """The first tag."""
        return self.tags[0][0] if self.tags else None

    @property
    def label(self) -> str | None:
        """The first label."""
        return self.labels[0][0] if self.labels else None

    def text(self, node: Markup) -> str:
        """The author's own text of `node`."""
        return self.source[node.span[0] : node.span[1]]

    def replaced(self, node: Markup, text: str) -> str:
        """The source with `text` in the place of `node`; an argument without braces gets them if it needs to."""
        if isinstance(node, Row) and not node.braced and len(text) > 1:
            text = f"{{{text}}}"
        return replaced(self.source, [(node.span, text)])


def parse(source: str, macros: Macros | None = None, beside: Beside = frozenset()) -> Layout:
    """The layout of a formula, given without its display delimiters; `macros` stay as they are.

    `beside` holds the names that may be written without the sign of their subscript.
    """
    parser = Parser(source, subscripted(expand(source, dict(macros or {})), beside))
    rows = parser.lines()
    items: tuple[Markup, ...] = rows[0][0].items if rows else ()
    if len(rows) > 1 or (rows and len(rows[0]) > 1):
        items = (Matrix((rows[0][0].span[0], rows[-1][-1].span[1]), "", rows),)
    notes = tuple(parser.slips), tuple(parser.dropped), tuple(parser.tags), tuple(parser.labels), tuple(parser.braced)
    return Layout(source, items, *notes)


def replaced(source: str, edits: Iterable[tuple[Offsets, str]]) -> str:
    r"""`source` with every edit made; the spans must not overlap.

    A space is put in where a command would otherwise run into a letter: `\partial` before `w` stays `\partial w`.
    """
    pieces: list[str] = []
    at = 0
    for (start, end), text in sorted(edits):
        if start < at:
            raise ValueError(f"edits overlap at offset {start}")
        pieces += source[at:start], text
        at = end
    pieces.append(source[at:])
    result = ""
    for piece in pieces:
        result += " " + piece if _runs_on(result, piece) else piece
    return result


def _runs_on(left: str, right: str) -> bool:
    stem = left.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return stem != left and stem.endswith("\\") and not stem.endswith("\\\\") and right[:1].isalpha()
