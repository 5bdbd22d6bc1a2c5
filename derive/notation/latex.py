r"""Formulas in LaTeX.

The output stays inside what TeX, KaTeX, MathJax and GitHub all render: no \operatorname, no \mbox, no \phantom, no
macros of our own. A script of one character has no braces, as a person types it.
"""

from __future__ import annotations

import re

from derive.notation.formula import (
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

_COMMAND_END = re.compile(r"\\[A-Za-z]+$")
_SINGLE = re.compile(r"[A-Za-z0-9]|\\[A-Za-z]+")


def latex(formula: Formula) -> str:
    """The formula as LaTeX, without delimiters."""
    return re.sub(r" {2,}", " ", _render(formula)).strip()


def _render(formula: Formula) -> str:
    match formula:
        case Glyph():
            return formula.latex
        case Concatenation():
            return _join([_render(item) for item in formula.items], "")
        case Juxtaposition():
            return _join([_render(item) for item in formula.factors], " ")
        case Script():
            return _script(formula)
        case Quotient():
            return rf"\frac{{{_inner(formula.num)}}}{{{_inner(formula.den)}}}"
        case Fence():
            return _fence(formula)
        case Radical():
            return rf"\sqrt{{{_inner(formula.body)}}}"
        case Decoration():
            return rf"\{formula.command}{{{_inner(formula.body)}}}"
        case Grid():
            rows = (" & ".join(_inner(cell) for cell in row) for row in formula.rows)
            return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"
    raise TypeError(f"not a formula: {formula!r}")


def _inner(formula: Formula) -> str:
    return _render(formula).strip()


def _join(parts: list[str], separator: str) -> str:
    text = ""
    for part in parts:
        if text:
            # a command swallows letters that follow it without a space
            text += separator or (" " if part[:1].isalpha() and _COMMAND_END.search(text) else "")
        text += part
    return text


def _script(script: Script) -> str:
    text = _render(script.base)
    return text + "'" * script.primes + _attached("_", script.sub) + _attached("^", script.sup)


def _attached(sign: str, formula: Formula | None) -> str:
    if formula is None:
        return ""
    inner = _inner(formula)
    return sign + (inner if _SINGLE.fullmatch(inner) else f"{{{inner}}}")


def _fence(fence: Fence) -> str:
    body = _inner(fence.body)
    if any(tall in body for tall in (r"\frac", r"\sum", r"\left", r"\begin", r"\max_")):
        return rf"\left{fence.open}{body}\right{fence.close}"
    return f"{fence.open}{body}{fence.close}"
