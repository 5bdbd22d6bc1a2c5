"""Evaluation in float64 against evaluation in many digits."""

from __future__ import annotations

import numpy as np
import pytest

from derive.ops.digits import Digits
from derive.ops.floats import Floats


@pytest.mark.parametrize("out", [(), (0,), (1, 0)])
def test_a_product_has_more_factors_than_one_einsum_takes(out: tuple[int, ...]) -> None:
    rng, digits = np.random.default_rng(0), Digits(30)
    ins: list[tuple[int, ...]] = [[(), (0,), (0, 1), (1,)][k % 4] for k in range(150)]
    operands = [rng.uniform(0.9, 1.1, (3,) * len(labels)) for labels in ins]
    exact = np.asarray(digits.einsum([digits.array(operand) for operand in operands], ins, out))
    found = Floats().einsum(operands, ins, out)
    assert found.shape == exact.shape
    assert np.allclose(found, exact.astype(float))
