r"""Lines as LaTeX documents: a fragment to `\input`, or a page that compiles by itself.

A line with several sides is broken at its equals signs, and the signs are aligned. `aligned` inside display brackets
renders in KaTeX, MathJax and GitHub as well; `align` numbers and labels its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from derive.notation.latex import latex
from derive.notation.lines import Line

Environment = Literal["align*", "align", "aligned"]

_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage{amsmath,amssymb}
\usepackage[margin=25mm]{geometry}
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\begin{document}
"""
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
    left, *sides = [latex(side) for side in line.members]
    rows = [f"{left} &= {sides[0]}" if sides else left, *(f"&= {side}" for side in sides[1:])]
    if environment == "align":
        rows = [*(rf"{row} \nonumber" for row in rows[:-1]), rows[-1] + rf" \label{{eq:{_label(line.name)}}}"]
    for name, value in line.where:
        rows.append(rf"& \quad {latex(name)} = {latex(value)}" + (r" \nonumber" if environment == "align" else ""))
    return " \\\\\n".join(rows)


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def escaped(text: str) -> str:
    """Plain text as LaTeX prints it."""
    return "".join(_SPECIAL.get(ch, ch) for ch in text)
