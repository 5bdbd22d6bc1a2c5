"""Damaged formulas and pages: no traceback, no hang, nothing wrong called true."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import run

MODELS = ("two_layer_batch_rows", "mlp_L_source_first", "google_1221", "softmax_ce", "batch_norm")


@pytest.mark.parametrize("seed", range(3))
def test_damage(seed: int) -> None:
    words, failures = run(100, seed, names=MODELS, pages=5)
    assert not failures, "\n\n".join(f"{f.kind}: {f.text!r}\n{f.detail}" for f in failures)
    assert sum(words.values()) == 105
    assert words["unread"] < 95
