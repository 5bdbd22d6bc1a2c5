r"""Pages on which a careless reader goes wrong: names given another meaning, conditions in sentences, odd displays.

As in `test_dangers.py`; what is judged here depends on what stands around a formula, so each line is a page.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.check.formulas.verify import Options, verify

FILES = sorted((Path(__file__).parent / "danger_pages").glob("*.txt"))


def pages(path: Path) -> list[tuple[list[str], str]]:
    """The verdicts and the page of every line."""
    found: list[tuple[list[str], str]] = []
    model = ""
    for part, text in enumerate(path.read_text(encoding="utf-8").split("```")):
        if part % 2:
            model = text.lstrip("\n")
            continue
        lines = [line.partition(" | ") for line in text.splitlines() if " | " in line]
        found += [
            (words.split(), f"```derive\n{model}```\n\n{page.replace('¶', chr(10))}\n") for words, _, page in lines
        ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_page_has_its_verdicts(path: Path) -> None:
    stated = pages(path)
    assert len(stated) > 5
    wrong = []
    for words, page in stated:
        found = [result.verdict for result in verify(page, options=Options(repairs=False)).results]
        if found != words:
            wrong.append(f"{found}, not {words}: {page}")
    assert not wrong, "\n".join(wrong)
