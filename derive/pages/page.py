r"""A page: text with displayed formulas and code, in the order in which it is read.

    page  ::=  (prose | formula | code | model | directive | definition)*

`Page.items` holds what is to be judged. Each item carries what holds at its place: the model (the nearest one before
it), the macros defined so far, and what a directive said of it. Directives are comments, `<!-- derive: ... -->` or,
in LaTeX, `% derive: ...`, with the words

    model=NAME            the model from here on         skip             the next item is not judged
    expect=VERDICT        what the next item should be

`scan.py` finds the items; inline mathematics is not judged, though it may define a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from derive.errors import ClaimError, Span, did_you_mean
from derive.pages.circumstances import Circumstance
from derive.typography.macros import Macros
from derive.typography.nodes import Offsets

MAX_PAGE = 4_000_000
"""Characters of one page, about two thousand printed pages."""
MAX_BYTES = 4 * MAX_PAGE

VERDICTS = ("true", "false", "ambiguous", "definition", "undecided", "unread")
_DIRECTIVES = ("model", "skip", "expect")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from: `text` is the model itself (a fence), or `name` names one; `line` says where."""

    line: int
    name: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    r"""One thing to judge.

    `kind` is "formula" or "code"; `source` is the LaTeX without delimiters, tag and label, or the code. `line` is
    the line where the display or the fence opens, or where a row with its own tag begins (`tagged.py`), `first_line`
    the one where `source` begins. `span` covers the display with its delimiters, as offsets into `Page.text`. `error`
    says why an item cannot be read at all, `said` that the words before it announce a definition, `under` the
    circumstances under which the page states it.
    """

    kind: str
    source: str
    line: int
    first_line: int
    span: Offsets
    tag: str | None = None
    model: ModelSource | None = None
    skip: bool = False
    expect: str | None = None
    macros: Macros = field(default_factory=dict)
    error: ClaimError | None = None
    said: bool = False
    under: tuple[Circumstance, ...] = ()


@dataclass(frozen=True, slots=True)
class PageWarning:
    """Something on the page that was not understood but does not stop the reading."""

    line: int
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The items in order; `text` has `\\n` for every kind of line end and no byte order mark.

    `asides` are the definitions inside of lines and sentences: they are not judged, but they may define a name.
    The span of one begins where it begins to hold, which is before the display that it explains. `stated` counts the
    equations inside of lines, which are not judged either.
    """

    text: str
    items: tuple[Item, ...]
    warnings: tuple[PageWarning, ...] = ()
    models: tuple[ModelSource, ...] = ()
    asides: tuple[Item, ...] = ()
    stated: int = 0


def page_bytes(stream: BinaryIO) -> bytes:
    """The bytes of a page, no more than tell that it is too long, whatever the stream is."""
    return stream.read(MAX_BYTES + 1)


def decode(data: bytes) -> tuple[str, list[PageWarning]]:
    """The text of a file. Bytes that are no UTF-8 are replaced and warned of; a binary file is refused."""
    if len(data) > MAX_BYTES:
        raise _too_long(f"more than {MAX_BYTES:,} bytes")
    warnings: list[PageWarning] = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data:
        raise ClaimError(
            "the page is not text: it contains zero bytes", span=Span(data.count(b"\n", 0, data.index(0)) + 1, 1)
        )
    else:
        text = data.decode("utf-8-sig", errors="replace")
    bad = text.find("\ufffd")
    if bad >= 0 and "\ufffd".encode() not in data:
        line = text.count("\n", 0, bad) + 1
        warnings.append(PageWarning(line, "the page is not UTF-8; what could not be decoded was replaced"))
    return text, warnings


def normalised(text: str) -> str:
    """`text` with `\\n` line ends and without a byte order mark; a page beyond the limit is refused."""
    if len(text) > MAX_PAGE:
        raise _too_long(f"{len(text):,} characters")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _too_long(length: str) -> ClaimError:
    return ClaimError(
        f"a page of {length} is too long to read (the limit is {MAX_PAGE:,} characters)",
        hint="split it into chapters",
    )


# ----- directives -----


@dataclass(slots=True)
class Directives:
    """What the comments before an item said; `model` holds on, the rest is used up by the next item."""

    model: ModelSource | None = None
    tag: str | None = None
    skip: bool = False
    expect: str | None = None
    line: int = 0

    def read(self, comment: str, line: int) -> list[PageWarning]:
        """Takes a comment; one that is no directive is ignored."""
        named = re.match(r"\s*tag:\s*(\S+)\s*$", comment)
        if named:
            self.tag = named.group(1)
        words = re.match(r"\s*derive\s*:(.*)$", comment, re.DOTALL)
        if not words:
            return []
        self.line = line
        found = re.findall(r"[^\s,=]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s,]*))?", words.group(1))
        return [warning for word in found if (warning := self.word(word, line)) is not None]

    def word(self, word: str, line: int) -> PageWarning | None:
        key, _, value = word.partition("=")
        value = value.strip("\"'")
        if key == "model" and value:
            self.model = ModelSource(line, name=value)
        elif key == "skip" and not value:
            self.skip = True
        elif key == "expect" and value in VERDICTS:
            self.expect = value
        elif key == "expect":
            return PageWarning(line, f"expect={value} names no verdict", f"the verdicts are {', '.join(VERDICTS)}")
        elif key in _DIRECTIVES:
            usage = "model=NAME" if key == "model" else key
            return PageWarning(line, f"the directive {word} cannot be read", f"write {usage}")
        else:
            hint = did_you_mean(key, _DIRECTIVES) or f"the directives are {', '.join(_DIRECTIVES)}"
            return PageWarning(line, f"unknown directive {word}", hint)
        return None

    def unused(self) -> bool:
        return self.skip or self.expect is not None

    def clear(self) -> None:
        """Forgets what spoke of one item only."""
        self.tag, self.skip, self.expect = None, False, None
