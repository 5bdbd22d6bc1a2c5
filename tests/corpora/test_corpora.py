"""Pages in other authors' styles: every right formula is true, every slip of one is false."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.corpora.corpus import judge, pages, slips

KEYS = 0.9
"""The least share of the slips whose defect is named by its key."""


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(pages()) >= 12
    wrong = Counter(entry.word for path in pages() for _, block in slips(path) for entry in block)
    assert wrong["false"] >= 150


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_right_formulas(path: Path) -> None:
    results = judge(path.read_text(encoding="utf-8"), path.suffix)
    missed = [
        f"({verdict.tag}) {verdict.verdict}: {verdict.diagnosis}\n    {verdict.latex}"
        for verdict in results
        if verdict.verdict not in ("true", "definition")
    ]
    assert not missed, "\n".join(missed)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_slips(path: Path) -> None:
    missed, named, asked = [], 0, 0
    for text, block in slips(path):
        results = [verdict for verdict in judge(text, path.suffix) if (verdict.tag or "").startswith("slip")]
        for entry, verdict in zip(block, results, strict=True):
            if verdict.verdict != entry.word:
                missed.append(
                    f"({entry.tag}) {verdict.verdict}, not {entry.word}: {verdict.diagnosis}\n    {entry.latex}"
                )
            elif entry.word == "false":
                asked += 1
                named += bool(entry.defects & set(verdict.defects))
    assert not missed, "\n".join(missed)
    assert named >= KEYS * asked, f"{named} of {asked} defects named"
