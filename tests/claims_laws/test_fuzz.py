"""Damaged formulas and pages: no traceback, no hang, nothing wrong called true."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import run

MODELS = ("two_layer_batch_rows", "mlp_L_source_first", "google_1221", "softmax_ce", "batch_norm")


@pytest.mark.parametrize("seed", range(3))
def test_damage(seed: int) -> None:
    counts, findings = run(100, seed, names=MODELS, pages=5)
    assert not findings, "\n\n".join(map(str, findings))
    assert sum(number for name, number in counts.items() if name.startswith(("formulas", "pages"))) == 105
    assert counts["formulas: unread"] < 95
