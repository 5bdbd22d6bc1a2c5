"""Wrong layers are refuted, their cause is named and their place is found."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.gradients.faults import every_fault
from tests.gradients.faulty import judged

FAULTS = every_fault()


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_planted_faults(dtype):
    accepted, unnamed, lost = [], [], []
    for seed, fault in enumerate(FAULTS):
        report, named, located = judged(fault, seed, dtype)
        if report.verdict != "false":
            accepted.append((fault.label, report.verdict))
        if not named:
            unnamed.append((fault.label, report.diagnosis))
        if not located:
            lost.append(fault.label)
    assert not accepted
    assert len(unnamed) <= 0.1 * len(FAULTS), unnamed
    assert len(lost) <= 0.1 * len(FAULTS), lost


def test_the_faults_are_many_and_of_every_kind():
    kinds = Counter(fault.kind for fault in FAULTS)
    assert len(FAULTS) >= 120
    assert min(kinds[k] for k in ("factor", "sign", "transposed", "sum", "mean", "local", "row", "coordinate")) >= 2
    assert min(kinds[k] for k in ("negative", "second call", "argument", "regulariser", "sign of a term")) >= 3
    assert {fault.scale for fault in FAULTS} >= {1e-8, 1e8}
