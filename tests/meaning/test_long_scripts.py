"""Scripts of thousands of signs name nothing, and are told so at once."""

from __future__ import annotations

import pytest

from derive.model.load import load
from derive.verification.verify import Options, verify_formula
from tests.effort import effort

GRAPH = load("two_layer_batch_rows")
SIGNS = ("x +", "1,", "a", "(", "\\alpha ")


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("frame", ["W_1_{%s} = 1", "q_{%s} = W_1", r"\frac{\partial L}{\partial W^{%s}} = 1", "W_{%s}"])
def test_long_scripts(frame: str, sign: str) -> None:
    text = frame.replace("W_1_", "W_") % (sign * 2000)
    verdicts = []

    def judged() -> None:
        verdicts.append(verify_formula(text, GRAPH, options=Options(repairs=False)).results[0])

    assert effort(judged) < 600_000
    assert verdicts[0].verdict == "unread"
    assert "internal error" not in verdicts[0].diagnosis
