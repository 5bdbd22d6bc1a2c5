"""Pages in other authors' styles: every right formula is true, every slip of one is false."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from derive.judging.verdict import Verdict
from tests.corpora.corpus import Entry, judge, pages, slips

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


@cache
def judged_slips(path: Path) -> tuple[tuple[Entry, Verdict], ...]:
    found: list[tuple[Entry, Verdict]] = []
    for text, block in slips(path):
        results = [verdict for verdict in judge(text, path.suffix) if (verdict.tag or "").startswith("slip")]
        found += zip(block, results, strict=True)
    return tuple(found)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_slips(path: Path) -> None:
    missed = [
        f"({entry.tag}) {verdict.verdict}: {verdict.diagnosis}\n    {entry.latex}"
        for entry, verdict in judged_slips(path)
        if verdict.verdict != entry.word
    ]
    assert not missed, "\n".join(missed)


def test_the_defects_are_named() -> None:
    asked = [(e, v) for path in pages() for e, v in judged_slips(path) if e.word == v.verdict == "false"]
    unnamed = [f"{sorted(v.defects)} for ({e.tag}) {e.latex}" for e, v in asked if not e.defects & set(v.defects)]
    assert len(unnamed) <= (1 - KEYS) * len(asked), "\n".join(unnamed)
