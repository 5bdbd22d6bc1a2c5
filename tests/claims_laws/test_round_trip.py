"""What derive prints, it reads: every formula of the gallery, in every view, is judged true."""

from __future__ import annotations

import pytest

from benchmarks.mutants import lines
from derive.model.load import gallery, load
from derive.verification.verify import Options, verify_formula

VIEWS = (None, "scalar", "index", "matrix")


@pytest.mark.parametrize("name", gallery())
def test_round_trip(name: str) -> None:
    graph = load(name)
    printed = list(lines(graph, VIEWS))
    assert printed
    missed = []
    for latex in printed:
        verdict = verify_formula(latex, graph, options=Options(repairs=False)).results[0]
        if verdict.verdict != "true":
            missed.append(f"{verdict.verdict}: {verdict.diagnosis}\n    {latex}")
    assert not missed, "\n".join(missed)
