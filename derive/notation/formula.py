"""The typesetting tree: what stands where in a formula that is to be printed.

    formula  ::=  Glyph | Concatenation(formula*) | Juxtaposition(formula*) | Script(base, sub, sup, primes)
               |  Quotient(num, den) | Fence(open, body, close) | Radical(body) | Decoration(command, body) | Grid(rows)

A tree knows nothing of mathematics: brackets have been decided before it is made (`derive.notation.pieces`), and one
tree serves every output format. It has no spans, since nobody wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Formula:
    """A piece of a formula."""


@dataclass(frozen=True, slots=True)
class Glyph(Formula):
    """A letter, number, sign or word, in LaTeX and as a terminal shows it."""

    latex: str
    text: str


@dataclass(frozen=True, slots=True)
class Concatenation(Formula):
    """Formulas side by side; the signs between them are atoms of their own."""

    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Juxtaposition(Formula):
    """Juxtaposed factors."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Script(Formula):
    """A base with a subscript, a superscript and primes."""

    base: Formula
    sub: Formula | None = None
    sup: Formula | None = None
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Quotient(Formula):
    """A fraction, or a derivative written as one."""

    num: Formula
    den: Formula


@dataclass(frozen=True, slots=True)
class Fence(Formula):
    """Brackets: `open` and `close` are `(`, `)`, `[`, `]` or `|`."""

    body: Formula
    open: str = "("
    close: str = ")"


@dataclass(frozen=True, slots=True)
class Radical(Formula):
    """A square root."""

    body: Formula


@dataclass(frozen=True, slots=True)
class Decoration(Formula):
    r"""An accent or a font, `\\hat{x}`: the command without its backslash."""

    command: str
    body: Formula


@dataclass(frozen=True, slots=True)
class Grid(Formula):
    """A matrix of explicit entries."""

    rows: tuple[tuple[Formula, ...], ...]


def counts(formula: Formula, index: Formula) -> bool:
    """Whether an index stands at an array, whose axis it counts; `[i = j]` says of no axis which one is meant."""
    if isinstance(formula, Concatenation) and formula.items[:1] == (INDICATOR,):
        (fence,) = formula.items[1:]
        if isinstance(fence, Fence) and isinstance(fence.body, Concatenation) and all(map(_is_atom, fence.body.items)):
            return False
    return formula == index or any(counts(inner, index) for inner in _inside(formula))


def _is_atom(formula: Formula) -> bool:
    return isinstance(formula, Glyph)


def _inside(formula: Formula) -> Iterator[Formula]:
    stack = [getattr(formula, field.name) for field in fields(formula)]
    while stack:
        value = stack.pop()
        if isinstance(value, Formula):
            yield value
        elif isinstance(value, tuple):
            stack += value


def word(text: str) -> Glyph:
    """An upright word: `diag`, `tr`."""
    return Glyph(rf"\mathrm{{{text}}}", text)


def plain(text: str) -> Glyph:
    """An atom that is spelled alike in every format."""
    return Glyph(text, text)


PLUS = Glyph(" + ", " + ")
MINUS = Glyph(" - ", " − ")
SIGN = Glyph("-", "−")
EQUALS = Glyph(" = ", " = ")
CDOT = Glyph(r" \cdot ", " · ")
COMMA = Glyph(", ", ", ")
PARTIAL = Glyph(r"\partial ", "∂")
UPRIGHT_D = Glyph(r"\mathrm{d}", "d")
SUM = Glyph(r"\sum", "∑")
MAXIMUM = Glyph(r"\max", "max")
MINIMUM = Glyph(r"\min", "min")
ONES = Glyph(r"\mathbf{1}", "𝟏")
INDICATOR = Glyph(r"\mathbb{1}", "𝟙")
COLON = plain(":")
ONE = plain("1")
