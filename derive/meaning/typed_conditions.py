r"""Conditions of a claim in plain text: `(z > 0) & (z < 1)` is \mathbb{1}[z > 0 \land z < 1].

Formulas have no brackets within a condition, and `and` binds more tightly: `(a | b) & c` has no form.
"""

from __future__ import annotations

from derive.meaning.typed_names import PRODUCT, NoForm, TypedLatex

_BEFORE, _AFTER = r"\mathbb{1}[", "]"


def indicator(condition: str) -> str:
    """1 where a condition holds."""
    return f"{_BEFORE}{condition}{_AFTER}"


def is_indicator(piece: TypedLatex) -> bool:
    """Whether a value is 1 where a condition holds, else 0, and nothing more."""
    return piece.latex == indicator(_inside(piece)) and _BEFORE not in _inside(piece)


def _inside(piece: TypedLatex) -> str:
    return piece.latex.removeprefix(_BEFORE).removesuffix(_AFTER)


def condition_of(piece: TypedLatex) -> str:
    """The condition of an indicator. Raises NoForm for any other value."""
    if not is_indicator(piece):
        raise NoForm("& and | stand between comparisons in brackets, (a > 0) & (b > 0)")
    return _inside(piece)


def both(a: TypedLatex, b: TypedLatex) -> TypedLatex:
    """1 where two conditions hold."""
    if any(r"\lor" in condition_of(piece) for piece in (a, b)):
        raise NoForm("an | within an & is not read: write a & c | b & c for (a | b) & c")
    return TypedLatex(indicator(rf"{condition_of(a)} \land {condition_of(b)}"), max(a.rank, b.rank), PRODUCT)


def either(a: TypedLatex, b: TypedLatex) -> TypedLatex:
    """1 where one of two conditions holds at least."""
    return TypedLatex(indicator(rf"{condition_of(a)} \lor {condition_of(b)}"), max(a.rank, b.rank), PRODUCT)
