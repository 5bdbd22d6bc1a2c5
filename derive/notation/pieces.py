r"""Formulas with their binding strength, and the rules of bracketing.

    a + b   <   A ∘ B   <   a b (juxtaposed)   <   x^2   <   x, f(x), (a + b)

A piece that reads on to its right (a sum sign, `\log a`) may stand last in a product; before another factor its
`closed` form is taken. A sum sign reaches to the next + or -.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction as Exact

from derive.notation.formula import (
    CDOT,
    COMMA,
    MINUS,
    PLUS,
    SIGN,
    Concatenation,
    Decoration,
    Fence,
    Formula,
    Glyph,
    Grid,
    Juxtaposition,
    Quotient,
    Script,
    plain,
)


class Level(IntEnum):
    """How strongly the outermost sign of a piece binds."""

    SUM = 0
    CIRCLE = 1
    PRODUCT = 2
    SCRIPT = 3
    ATOM = 4


@dataclass(frozen=True)
class Piece:
    """A formula, its binding strength, and what a neighbour has to know of it.

    `closed` is the form to take before another factor. `minus`: it starts with a minus. `digit`: it starts with a
    digit, so nothing may touch it from the left.
    """

    formula: Formula
    level: Level = Level.ATOM
    closed: Formula | None = None
    minus: bool = False
    digit: bool = False


def bracketed(piece: Piece) -> Piece:
    """The piece in round brackets."""
    return Piece(Fence(piece.formula))


def at_least(piece: Piece, level: Level) -> Piece:
    """The piece, in brackets if it binds less than `level`."""
    return piece if piece.level >= level else bracketed(piece)


def negative(piece: Piece) -> Piece:
    """The piece with a minus in front."""
    inner = at_least(piece, Level.CIRCLE)
    if inner.minus:
        inner = bracketed(inner)
    return Piece(Concatenation((SIGN, inner.formula)), Level.SUM, minus=True)


def total(terms: Sequence[tuple[bool, Piece]]) -> Piece:
    """A sum of terms, each with whether it is subtracted."""
    row: list[Formula] = []
    for k, (subtracted, term) in enumerate(terms):
        if subtracted:
            term = at_least(term, Level.CIRCLE)
            row.append(MINUS if k else SIGN)
        elif k:
            row.append(PLUS)
        row.append(Fence(term.formula) if term.minus and (k or subtracted) else term.formula)
    first_subtracted, first = terms[0]
    return Piece(Concatenation(tuple(row)), Level.SUM, minus=first_subtracted or first.minus, digit=first.digit)


def product(factors: Sequence[Piece]) -> Piece:
    """Juxtaposed factors, numbers first, brackets where a factor binds less."""
    if len(factors) == 1:
        return factors[0]
    ordered = sorted(factors, key=lambda piece: not _number(piece))
    row: list[Formula] = []
    for k, factor in enumerate(ordered):
        last = k == len(ordered) - 1
        inner = factor.formula if last or factor.closed is None else factor.closed
        if factor.level < Level.PRODUCT:
            inner = Fence(factor.formula)
        if k and ((factor.digit and factor.level >= Level.PRODUCT) or _number(factor)):
            inner = Concatenation((CDOT, inner))
        row.extend(inner.factors if isinstance(inner, Juxtaposition) else (inner,))
    closed: Formula | None = None
    if ordered[-1].closed is not None:
        tail = ordered[-1].closed
        closed = Juxtaposition((*row[:-1], *(tail.factors if isinstance(tail, Juxtaposition) else (tail,))))
        if isinstance(ordered[-1].formula, Juxtaposition):
            closed = Fence(Juxtaposition(tuple(row)))
    return Piece(Juxtaposition(tuple(row)), Level.PRODUCT, closed=closed, digit=ordered[0].digit)


def _number(piece: Piece) -> bool:
    formula = piece.formula
    if isinstance(formula, Quotient):
        return isinstance(formula.num, Glyph) and isinstance(formula.den, Glyph) and formula.num.latex.isdigit()
    return piece.digit and isinstance(formula, Glyph)


def circle(factors: Sequence[Piece], sign: Glyph) -> Piece:
    """An elementwise product of tensors."""
    row: list[Formula] = []
    for k, factor in enumerate(factors):
        row += [sign] if k else []
        open_ended = factor.closed if k < len(factors) - 1 and factor.level >= Level.PRODUCT else None
        row.append(open_ended or at_least(factor, Level.PRODUCT).formula)
    return Piece(Concatenation(tuple(row)), Level.CIRCLE)


def fraction(num: Piece, den: Piece) -> Piece:
    """A fraction; a minus of the numerator is left where it is."""
    return Piece(Quotient(num.formula, den.formula), Level.PRODUCT)


def power(base: Piece, exponent: Formula) -> Piece:
    """A power; only a letter, with at most a subscript, needs no brackets."""
    formula = base.formula
    simple = base.level >= Level.ATOM and isinstance(formula, Glyph | Decoration | Fence | Grid) and not base.minus
    if simple and isinstance(formula, Glyph) and formula.latex.startswith(r"\mathrm{") and len(formula.text) > 1:
        simple = False
    if isinstance(formula, Script) and formula.sup is None and not formula.primes and base.level >= Level.ATOM:
        return Piece(Script(formula.base, formula.sub, exponent), Level.SCRIPT)
    inner = formula if simple else Fence(formula)
    return Piece(Script(inner, None, exponent), Level.SCRIPT, digit=base.digit and simple)


def application(function: Formula, arguments: Sequence[Piece]) -> Piece:
    """`f(a, b)`."""
    return Piece(Concatenation((function, Fence(listed([a.formula for a in arguments])))), Level.SCRIPT)


def open_application(function: Formula, argument: Piece) -> Piece:
    r"""`\log a`, with brackets if the argument is more than a letter or something follows."""
    closed = application(function, [argument])
    formula = argument.formula
    fenced = isinstance(formula, Fence) or (isinstance(formula, Script) and isinstance(formula.base, Fence))
    if argument.level < Level.ATOM or argument.digit or fenced:
        return closed
    touching = Concatenation((function, plain(" "), argument.formula))
    return Piece(touching, Level.PRODUCT, closed=closed.formula)


def listed(formulas: Sequence[Formula]) -> Formula:
    """Formulas with commas between them."""
    if len(formulas) == 1:
        return formulas[0]
    row: list[Formula] = []
    for k, formula in enumerate(formulas):
        row += [COMMA, formula] if k else [formula]
    return Concatenation(tuple(row))


def big(operator: Formula, body: Piece) -> Piece:
    """A sum or maximum over what follows, up to the next plus or minus."""
    inner = body.formula if body.level >= Level.PRODUCT else Fence(body.formula)
    formula = Juxtaposition((operator, *(inner.factors if isinstance(inner, Juxtaposition) else (inner,))))
    return Piece(formula, Level.PRODUCT, closed=Fence(formula))


def exact(value: Exact) -> Piece:
    """A number: whole, a decimal where a person would type one, a power of ten, or a fraction."""
    if value < 0:
        return replace(negative(exact(-value)), digit=False)
    if value.denominator == 1:
        return _digits(str(value.numerator))
    if value.numerator == 1 and value.denominator >= 1000 and set(str(value.denominator)) == {"1", "0"}:
        exponent = len(str(value.denominator)) - 1
        return Piece(Script(plain("10"), None, Concatenation((SIGN, plain(str(exponent))))), Level.SCRIPT, digit=True)
    if value.denominator % 10 == 0 and (decimal := _decimal(value)) is not None:
        return _digits(decimal)
    return Piece(Quotient(plain(str(value.numerator)), plain(str(value.denominator))), Level.PRODUCT)


def _digits(text: str) -> Piece:
    return Piece(plain(text), digit=True)


def _decimal(value: Exact) -> str | None:
    for places in range(1, 16):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}"
    return None
