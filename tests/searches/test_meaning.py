"""Random pages that define names with a built-in meaning: nothing that is wrong by the page's definition is true."""

from __future__ import annotations

import pytest

from benchmarks.searches.meaning import search
from benchmarks.searches.tally import offenders


@pytest.mark.parametrize("seed", range(2))
def test_the_definition_of_the_page_holds(seed: int) -> None:
    findings = list(search(150, seed))
    assert not [f for f in findings if f.fault in ("wrong true", "internal error")], offenders(findings)
    assert sum(f.said == "right" for f in findings) > 20
    assert sum(f.said == "wrong" for f in findings) > 40
    assert sum(f.verdict.verdict in ("true", "false") for f in findings) > 20
