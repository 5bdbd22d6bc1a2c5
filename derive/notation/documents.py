r"""Lines as LaTeX documents: a fragment to `\input`, or a page that compiles by itself.

The sides of an equation share a row as long as they fit; then the line is broken at an equals sign, or a long sum at
a plus or minus, and the equals signs are aligned. `aligned` inside display brackets
renders in KaTeX, MathJax and GitHub as well; `align` numbers and labels its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from derive.notation.formula import (
    EQUALS,
    MINUS,
    PLUS,
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
from derive.notation.latex import latex
from derive.notation.sides import Line

Environment = Literal["align*", "align", "aligned"]

_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage{amsmath,amssymb}
\usepackage[margin=20mm]{geometry}
\allowdisplaybreaks
\addtolength{\jot}{4pt}
\setlength{\parindent}{0pt}
\begin{document}
"""
_ROW = 68
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: "\\" + sign for sign in "#$%&_"},
}


def document(
    lines: Iterable[Line] | Iterable[tuple[str, Iterable[Line]]],
    *,
    standalone: bool = False,
    title: str = "",
    environment: Environment = "align*",
) -> str:
    """The lines as LaTeX, ending in a newline. `lines` may be grouped: pairs of a heading and its lines.

    `standalone` makes a document of its own, with the `title`; else the text is a fragment that needs amsmath and
    amssymb.
    """
    groups: list[tuple[str, list[Line]]] = []
    for item in lines:
        if isinstance(item, Line):
            if not groups or groups[-1][0]:
                groups.append(("", []))
            groups[-1][1].append(item)
        else:
            groups.append((item[0], list(item[1])))
    body = "\n\n".join(_group(heading, members, environment, standalone) for heading, members in groups if members)
    if not standalone:
        return body + "\n"
    head = rf"\section*{{{escaped(title)}}}" + "\n" if title else ""
    return _PREAMBLE + head + body + "\n\\end{document}\n"


def _group(heading: str, lines: list[Line], environment: Environment, standalone: bool) -> str:
    rows = " \\\\\n".join(_rows(line, environment) for line in lines)
    if environment == "aligned":
        block = "\\[\n\\begin{aligned}\n" + rows + "\n\\end{aligned}\n\\]"
    else:
        block = f"\\begin{{{environment}}}\n{rows}\n\\end{{{environment}}}"
    if not heading:
        return block
    return (rf"\subsection*{{{escaped(heading)}}}" if standalone else f"% {heading}") + "\n" + block


def _rows(line: Line, environment: Environment) -> str:
    rows = _broken(line.members)
    if environment == "align":
        rows = [*(rf"{row} \nonumber" for row in rows[:-1]), rows[-1] + rf" \label{{eq:{_label(line.name)}}}"]
    for name, value in line.where:
        rows.append(rf"& \quad {latex(name)} = {latex(value)}" + (r" \nonumber" if environment == "align" else ""))
    return " \\\\\n".join(rows)


def _broken(members: Sequence[Formula]) -> list[str]:
    left, *sides = members
    row, width = latex(left), _width(left)
    if not sides:
        return [row]
    row += " &"
    rows: list[str] = []
    started = False
    for side in sides:
        if started and width + _width(side) > _ROW:
            rows.append(row)
            row, width, started = "&", _width(left), False
        first, *rest = _terms(side) if width + _width(side) > _ROW else [side]
        row += ("= " if row.endswith("&") else " = ") + latex(first)
        width += 3 + _width(first)
        started = True
        for term in rest:
            if width + _width(term) > _ROW:
                rows.append(row)
                row, width = r"&\quad {}", _width(left)
            row += f" {latex(term)}"
            width += _width(term)
    return [*rows, row]


def _terms(side: Formula) -> list[Formula]:
    """A sum cut before its signs."""
    if not isinstance(side, Concatenation):
        return [side]
    terms: list[list[Formula]] = [[]]
    for item in side.items:
        if item in (PLUS, MINUS, EQUALS) and terms[-1]:
            terms.append([])
        terms[-1].append(item)
    return [Concatenation(tuple(term)) for term in terms]


def _width(formula: Formula) -> float:
    """About how many letters wide a formula is set."""
    match formula:
        case Glyph():
            return len(formula.text)
        case Concatenation():
            return sum(_width(item) for item in formula.items)
        case Juxtaposition():
            return sum(_width(factor) for factor in formula.factors)
        case Script():
            scripts = [_width(script) for script in (formula.sub, formula.sup) if script is not None]
            return _width(formula.base) + 0.3 * formula.primes + 0.7 * max(scripts, default=0)
        case Quotient():
            return 0.5 + max(_width(formula.num), _width(formula.den))
        case Fence() | Radical() | Decoration():
            return 1 + _width(formula.body)
        case Grid():
            return 2 + sum(max(_width(row[k]) + 2 for row in formula.rows) for k in range(len(formula.rows[0])))
    return 0


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def escaped(text: str) -> str:
    """Plain text as LaTeX prints it."""
    return "".join(_SPECIAL.get(ch, ch) for ch in text)
