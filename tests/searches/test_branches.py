"""Random models with branches, and claims of which half have one branch wrong: what is said of them is so."""

from __future__ import annotations

import pytest

from benchmarks.searches.branches import search
from benchmarks.searches.tally import offenders, shown_wrong


@pytest.mark.parametrize("seed", range(2))
def test_no_wrong_verdict(seed: int) -> None:
    findings = list(search(60, seed))
    assert not shown_wrong(findings), offenders(findings)
    own = [f for f in findings if f.intent == "right" and f.said == "wrong"]
    assert all(f.shown == "at the counterexample" for f in own), "the oracle is wrong about its own claims"
    assert sum(f.said == "right" for f in findings) > 15
    assert sum(f.said == "wrong" for f in findings) > 15
    assert sum(f.verdict.verdict in ("true", "false") for f in findings) > 20
