"""Random equations rewritten by laws that hold everywhere, in part or nowhere: what is said of them is so."""

from __future__ import annotations

import pytest

from benchmarks.searches.laws import search
from benchmarks.searches.tally import offenders, shown_wrong


@pytest.mark.parametrize("seed", range(2))
def test_no_wrong_verdict(seed: int) -> None:
    findings = list(search(100, seed))
    assert not shown_wrong(findings), offenders(findings)
    said = [f.said for f in findings]
    assert said.count("right") > 30
    assert said.count("wrong") > 10
    assert said.count("part") > 3
    assert sum(f.verdict.verdict in ("true", "false") for f in findings) > 40
