r"""The layout of Jacobians that a page itself establishes.

A Jacobian of vectors equated to a matrix, `\partial z/\partial x = W`, holds in numerator or in denominator layout;
alone it does not say in which, and is `ambiguous`. A page establishes a layout when at least two of its formulas are
true in it alone, and none in the other alone. Then what was ambiguous only for want of a layout is judged in that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from derive.check.formulas.claim_judge import judge
from derive.check.formulas.reader import Reader
from derive.claims.meaning.context import Context
from derive.claims.typography.macros import Macros

LayoutName = Literal["numerator", "denominator"]
_OTHER: dict[LayoutName, LayoutName] = {"numerator": "denominator", "denominator": "numerator"}
VOTES = 2
"""So many formulas of a page establish a layout."""


@dataclass(frozen=True)
class Undetermined:
    """An ambiguous formula: its place among the results, its source, and what it is read against."""

    place: int
    source: str
    context: Context
    macros: Macros


def established(formulas: Sequence[Undetermined]) -> tuple[LayoutName | None, tuple[int, ...]]:
    """The layout that the ambiguous formulas of a page establish, and the places of those that have a verdict in it."""
    words = {(formula.place, layout): _word(formula, layout) for formula in formulas for layout in _OTHER}
    for layout, other in _OTHER.items():
        alone = [f.place for f in formulas if words[f.place, layout] == "true" and words[f.place, other] == "false"]
        against = [f.place for f in formulas if words[f.place, other] == "true" and words[f.place, layout] == "false"]
        if len(alone) >= VOTES and not against:
            return layout, tuple(f.place for f in formulas if words[f.place, layout] in ("true", "false"))
    return None, ()


def _word(formula: Undetermined, layout: LayoutName) -> str:
    """The verdict on the whole display when Jacobians have this layout."""
    _, claims = Reader(replace(formula.context, layout=layout), formula.macros)(formula.source)
    words = {judge(claim).verdict for claim in claims}
    if words <= {"true", "definition"}:
        return "true"
    return "false" if "false" in words and words <= {"true", "definition", "false"} else "open"
