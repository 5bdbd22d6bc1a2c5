r"""The layout of derivatives that a page itself establishes.

A Jacobian of vectors equated to a matrix, `\partial z/\partial x = W`, holds in numerator or in denominator layout;
alone it does not say in which, and is `ambiguous`. The derivative of a scalar by a vector has the shape of the vector;
in numerator layout it is a row, `\partial x^\top A x/\partial x = x^\top (A + A^\top)`, which alone is `false`.

    votes for numerator    Jacobians that are true in it and false in the other, and false formulas that rows make true
    votes against          Jacobians that are true in the other one alone

A page establishes a layout with at least two votes for it and none against, or in words: "we use numerator layout",
"the gradient is a row vector". Then what was ambiguous only for want of
a layout is judged in that one. In numerator layout the derivatives of scalars are rows too if one formula needs that
and no formula is true with columns alone; then what was false with columns is judged with rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from derive.judging.claim_judge import judge
from derive.judging.reader import Reader
from derive.judging.verdict import VerdictWord
from derive.meaning.context import Context
from derive.typography.macros import Macros

LayoutName = Literal["numerator", "denominator"]
_OTHER: dict[LayoutName, LayoutName] = {"numerator": "denominator", "denominator": "numerator"}
VOTES = 2
"""So many formulas of a page establish a layout."""
_NAMED = re.compile(r"\b(numerator|denominator)[- ]layout\b|(分子|分母)布局", re.IGNORECASE)
_ROW = re.compile(
    r"\bgradients?\b[^.$]{0,40}\b(?:is|are|as)\b[^.$]{0,20}\brows?\b|梯度[^。$]{0,10}行向量", re.IGNORECASE
)
_OPEN = re.compile(
    r"\b(?:not?|unlike|instead|rather|other|some|either|both|if|would)\b|n't\b|不|而非|若|如果", re.IGNORECASE
)
"""What makes a sentence say something else than that a layout is used."""


@dataclass(frozen=True)
class Placed:
    """A formula with its verdict: its place among the results, its source, and what it is read against."""

    place: int
    source: str
    context: Context
    macros: Macros
    verdict: VerdictWord


@dataclass(frozen=True)
class Established:
    """A layout that a page establishes, in words, and the contexts, by place, in which formulas are judged again."""

    said: str
    contexts: dict[int, Context]


def established(formulas: Sequence[Placed], text: str) -> Established | None:
    """The layout that the words of a page or its formulas establish."""
    named, rows_named = _said(text)
    jacobians = [formula for formula in formulas if formula.verdict == "ambiguous"]
    false = [formula for formula in formulas if formula.verdict == "false"]
    rows = [f for f in false if _word(f, in_rows(f.context)) == "true"]
    if rows and not rows_named and any(_needs_columns(f) for f in formulas):
        rows = []  # it writes both
    for layout, other in _OTHER.items():
        here = {f.place: _word(f, replace(f.context, layout=layout)) for f in jacobians}
        there = {f.place: _word(f, replace(f.context, layout=other)) for f in jacobians}
        votes = sum(here[place] == "true" and there[place] == "false" for place in here)
        against = any(there[place] == "true" and here[place] == "false" for place in here)
        votes += len(rows) if layout == "numerator" else 0
        if named != layout and (named or votes < VOTES or against or (rows and layout != "numerator")):
            continue
        said = f"{layout} layout, which the page {'names' if named else 'establishes'}"
        settled = {f.place: replace(f.context, layout=layout) for f in jacobians if here[f.place] in ("true", "false")}
        if rows and layout == "numerator":
            said += ": the derivative of a scalar by a vector is a row"
            columns = [f for f in formulas if rows_named and _needs_columns(f)]
            settled |= {f.place: in_rows(f.context) for f in [*_readable(jacobians), *false, *columns]}
        return Established(said, settled) if settled else None
    return None


def _said(text: str) -> tuple[str, bool]:
    """The layout that the words of a page say is used, if it is one, and whether they say that gradients are rows."""
    plain = [part for part in re.split(r"(?<=[.!?;。；])\s|\n\s*\n", text) if _OPEN.search(part) is None]
    named = {("numerator" if one in ("numerator", "分子") else "denominator")
             for part in plain for found in _NAMED.findall(part) for one in map(str.lower, found) if one}  # fmt: skip
    layout = named.pop() if len(named) == 1 else ""
    return layout, layout == "numerator" and any(_ROW.search(part) for part in plain)


def in_rows(context: Context) -> Context:
    """Numerator layout, in which the derivative of a scalar by a vector is a row."""
    return replace(context, layout="numerator", rows=True)


def _readable(formulas: Iterable[Placed]) -> list[Placed]:
    return [formula for formula in formulas if _word(formula, in_rows(formula.context)) != "open"]


def _needs_columns(formula: Placed) -> bool:
    """Whether a true formula is false with rows."""
    return formula.verdict == "true" and _word(formula, replace(formula.context, rows=True)) == "false"


def _word(formula: Placed, context: Context) -> str:
    """The verdict on the whole display in another layout."""
    _, claims = Reader(context, formula.macros)(formula.source)
    words = {judge(claim, counterexample=False).verdict for claim in claims}
    if words <= {"true", "definition"}:
        return "true"
    return "false" if "false" in words and words <= {"true", "definition", "false"} else "open"
