"""Pages of NumPy listings: before each stands its verdict, and the keys of which one has to name its defect.

`<!-- A2 false: operand_order|transposed -->` is written by hand from the listing and the model of its page alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from derive.check.code.comments import without_prompts
from derive.check.code.earlier import context_for
from derive.check.formulas.verify import Options, verify

PAGES = sorted((Path(__file__).parent / "listings").glob("*.md"))
MARK = re.compile(r"<!-- (\w+) (\w+)(?:: (\S+))? -->")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_listings(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    marks = MARK.findall(page)
    results = verify(page, options=Options(run_code=True)).results
    assert len(marks) == len(results)
    missed = []
    for (tag, word, keys), verdict in zip(marks, results, strict=True):
        unnamed = keys and not set(keys.split("|")) & set(verdict.defects)
        if verdict.verdict != word or unnamed:
            missed.append(f"{tag}: {verdict.verdict} {verdict.defects} {verdict.diagnosis}")
    assert not missed, "\n".join(missed)


def test_what_is_repaired_is_right() -> None:
    page = PAGES[0].read_text(encoding="utf-8")
    fence = re.search(r"```derive\n.*?```\n", page, re.S)
    assert fence is not None
    repaired = [v.correct_code for v in verify(page, options=Options(run_code=True)).results if v.correct_code]
    assert len(repaired) >= 5
    again = fence[0] + "".join(f"\n```python\n{code}\n```\n" for code in repaired)
    assert {v.verdict for v in verify(again, options=Options(run_code=True)).results} == {"true"}


def test_a_layer_does_not_find_the_numbers_of_a_script() -> None:
    script = "b = np.zeros(3)\ndef double(x):\n    return 2 * x\n"
    layer = "class Layer:\n    def forward(self, x):\n        return double(x) + b\n"
    assert context_for(layer, [script]) == "def double(x):\n    return 2 * x"
    assert "b = np.zeros(3)" in context_for("print(b + 1)", [script])


def test_a_session_becomes_a_script() -> None:
    session = ">>> x = 1.5\n>>> for k in range(2):\n...     x += k\n...\n>>> x\n2.5"
    assert without_prompts(session) == "x = 1.5\nfor k in range(2):\n    x += k\n\nx  # 2.5\n"
    assert without_prompts("x = 1") == "x = 1"
