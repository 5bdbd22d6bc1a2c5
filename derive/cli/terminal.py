"""Talking to a person: results on standard output, everything else on standard error.

Output never fails for want of a character: where the encoding lacks `∂` or `σ`, an ASCII spelling is printed.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata
from collections.abc import Sequence

import click

# signs without a decomposition into ASCII
_SPELLINGS = {
    "∂": "d",
    "·": "*",
    "⋅": "*",
    "×": "*",
    "⊙": "(.)",
    "∘": "(.)",
    "−": "-",
    "–": "-",
    "—": "-",
    "ᵀ": "^T",
    "⊤": "^T",
    "∑": "sum",
    "Σ": "sum",
    "√": "sqrt",
    "∞": "inf",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "±": "+-",
    "→": "->",
    "…": "...",
    "′": "'",
    "″": "''",
    "∈": "in",
    "𝟏": "1",
    "│": "|",
    "─": "-",
    "┼": "+",
    "δ": "delta",
}


def prepare_streams() -> None:
    """Make standard output and error print every text, in ASCII spelling where the encoding lacks a character."""
    codecs.register_error("derive", _spell)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="derive")


def _spell(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(ascii_spelling(ch) for ch in error.object[error.start : error.end]), error.end


def ascii_spelling(character: str) -> str:
    """One character in ASCII: `∂` is `d`, `σ` is `sigma`, `₁` is `_1`."""
    if character in _SPELLINGS:
        return _SPELLINGS[character]
    name = unicodedata.name(character, "")
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    if name.startswith("SUBSCRIPT") or name.endswith("SUBSCRIPT SMALL LETTER"):
        return f"_{plain}"
    if name.startswith("SUPERSCRIPT"):
        return f"^{plain}"
    if plain:
        return plain
    if name.startswith("GREEK"):
        word = name.split(" WITH ")[0].split()[-1].lower()
        return word.capitalize() if "CAPITAL" in name else word
    return "" if unicodedata.combining(character) else "?"


class ReaderGone(Exception):
    """Standard output was closed by its reader, who has seen enough: no error."""


def say(text: str = "") -> None:
    """A line of the result. Raises ReaderGone if nobody reads it."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        raise ReaderGone from None


def note(text: str) -> None:
    """A remark, on standard error."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text + "\n")


def complain(text: str) -> None:
    """An error, on standard error."""
    mark = click.style("error:", fg="red", bold=True) if colours(sys.stderr) else "error:"
    note(f"{mark} {text}")


def colours(stream: object) -> bool:
    """Whether to colour: a terminal, and neither NO_COLOR nor a dumb one."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def verdict_word(verdict: str) -> str:
    """The verdict, coloured on a terminal."""
    colour = {"true": "green", "false": "red"}.get(verdict, "yellow")
    return click.style(verdict, fg=colour, bold=True) if colours(sys.stdout) else verdict


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: drawn with rich on a terminal, in aligned columns elsewhere."""
    if colours(sys.stdout):
        _rich_table(title, header, rows)
        return
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]
    if title:
        say(title)
    for row in [header, *rows]:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title or None, title_justify="left")
    for name in header:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        # Text, not markup: a name such as W[2] is no style
        drawn.add_row(*[Text(cell, style=_STYLES.get(cell, "")) for cell in row])
    Console().print(drawn)


_STYLES = {"true": "bold green", "false": "bold red", "undecided": "bold yellow"}
