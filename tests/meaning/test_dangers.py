r"""Formulas that a careless reader calls true: dropped signs, ignored indices, swallowed limits, folded names.

Each file holds models between fences and, after each, formulas with the verdict that they must have. A wrong formula
may be `unread`, never `true`; a right one beside it shows that nothing is refused by its looks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.ir.graph import ComputationGraph
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

FILES = sorted((Path(__file__).parent / "dangers").glob("*.txt"))


def formulas(path: Path) -> list[tuple[str, str, ComputationGraph]]:
    """The verdict, the formula and the model of every line."""
    found: list[tuple[str, str, ComputationGraph]] = []
    for part, text in enumerate(path.read_text(encoding="utf-8").split("```")):
        if part % 2:
            model = loads(text)
            continue
        lines = [line.partition(" | ") for line in text.splitlines() if " | " in line]
        found += [(word, latex, model) for word, _, latex in lines]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_formula_has_its_verdict(path: Path) -> None:
    stated = formulas(path)
    assert len(stated) > 20
    wrong = []
    for word, latex, model in stated:
        (result,) = verify_formula(latex, model, options=Options(repairs=False)).results
        if result.verdict != word:
            wrong.append(f"{result.verdict}, not {word}: {latex}")
    assert not wrong, "\n".join(wrong)
