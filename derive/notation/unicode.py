"""Formulas on one line of a terminal: `∂L/∂w₁ = (a₂ − y) w₂ σ'(z₁) x`.

Scripts use the raised and lowered characters of Unicode where all of a script has them, and `_{...}` or `^(...)`
where not; a fraction is written with a slash and gets the brackets that it then needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from derive.notation.formula import (
    CDOT,
    MAXIMUM,
    MINIMUM,
    PARTIAL,
    SUM,
    UPRIGHT_D,
    Concatenation,
    Decoration,
    Fence,
    Formula,
    Glyph,
    Grid,
    Juxtaposition,
    Quotient,
    Radical,
    Script,
)

_SUB = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_SUP = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW∘⊙",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ°°",
        strict=True,
    )
)
_COMBINING = {
    "hat": "\u0302",
    "bar": "\u0304",
    "tilde": "\u0303",
    "dot": "\u0307",
    "ddot": "\u0308",
    "vec": "\u20d7",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
    "mathring": "\u030a",
}


def text(formula: Formula) -> str:
    """The formula as one line of Unicode text."""
    return re.sub(r" {2,}", " ", _render(formula)).strip()


def _render(formula: Formula) -> str:
    match formula:
        case Glyph():
            return formula.text
        case Concatenation():
            return _row(formula.items)
        case Juxtaposition():
            return _product(formula)
        case Script():
            return _script(formula)
        case Quotient():
            return f"{_slash_operand(formula.num, below=False)}/{_slash_operand(formula.den, below=True)}"
        case Fence():
            return f"{formula.open}{_render(formula.body).strip()}{formula.close}"
        case Radical():
            inner = _render(formula.body)
            return f"√{inner}" if len(inner) == 1 else f"√({inner})"
        case Decoration():
            inner = _render(formula.body)
            return inner + _COMBINING.get(formula.command, "") if len(inner) == 1 else inner
        case Grid():
            return "[" + "; ".join(", ".join(_render(cell) for cell in row) for row in formula.rows) + "]"
    raise TypeError(f"not a formula: {formula!r}")


def _row(items: Sequence[Formula]) -> str:
    """Items one after the other; a dot behind the sign of an elementwise product would end its factor."""
    out, circled = "", False
    for item in items:
        inner = _render(item)
        out += f"({inner})" if circled and isinstance(item, Juxtaposition) and " · " in inner else inner
        circled = isinstance(item, Glyph) and item.text in (" ∘ ", " ⊙ ")
    return out


def _product(product: Juxtaposition) -> str:
    if any(map(_transposed, product.factors)):
        # a slash behind a matrix would take in what stands before it
        head, *rest = product.factors
        product = Juxtaposition((head, *(Fence(factor) if _quotient(factor) else factor for factor in rest)))
    out = ""
    for k, factor in enumerate(product.factors):
        if k:
            before = product.factors[k - 1]
            slash = (isinstance(before, Quotient) or isinstance(factor, Quotient)) and not _operator(before)
            out += " · " if slash and not _dotted(factor) else " "
        out += _render(factor).strip()
    return out


def _transposed(formula: Formula) -> bool:
    return isinstance(formula, Script) and isinstance(formula.sup, Glyph) and formula.sup.text == "T"


def _quotient(formula: Formula) -> bool:
    """Whether a fraction is one, and no derivative."""
    return isinstance(formula, Quotient) and not (
        isinstance(formula.num, Concatenation) and formula.num.items[0] in (PARTIAL, UPRIGHT_D)
    )


def _dotted(formula: Formula) -> bool:
    return isinstance(formula, Concatenation) and formula.items[0] == CDOT


def _operator(formula: Formula) -> bool:
    return isinstance(formula, Script) and formula.base in (SUM, MAXIMUM, MINIMUM)


def _slash_operand(formula: Formula, *, below: bool) -> str:
    inner = _render(formula).strip()
    # ∂L and ∂w₁ are rows without a sign; anything with a space or a slash in it would be torn apart
    compound = " " in inner or "/" in inner or (below and isinstance(formula, Juxtaposition))
    whole = isinstance(formula, Fence) or (isinstance(formula, Script) and not compound)
    return f"({inner})" if compound and not whole else inner


def _script(script: Script) -> str:
    return (
        _render(script.base)
        + "'" * script.primes
        + _shifted(script.sub, _SUB, "_", "{}")
        + _shifted(script.sup, _SUP, "^", "()")
    )


def _shifted(formula: Formula | None, table: dict[str, str], sign: str, brackets: str) -> str:
    if formula is None:
        return ""
    inner = _render(formula).strip()
    packed = inner.replace(" ", "")
    wordy = len(packed) > 2 and packed.isalpha()
    if not wordy and all(ch in table for ch in packed):
        return "".join(table[ch] for ch in packed)
    if len(packed) == 1 or (isinstance(formula, Glyph) and packed.isalnum()):
        return sign + packed  # a word or number; of a row the sign would take the first letter only
    return f"{sign}{brackets[0]}{inner}{brackets[1]}"
