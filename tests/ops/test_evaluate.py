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


def test_the_incomplete_gamma_functions_have_values_at_every_scale_in_no_time() -> None:
    digits = Digits(40)
    mp = digits.context
    for a, x in ((0.5, 0.3), (2.5, 30), (3, 2.5), (1e-6, 1e-8), (12, 1e3)):
        lower = digits.function("gammainc", digits.array(a), digits.array(x)).item()
        upper = digits.function("gammaincc", digits.array(a), digits.array(x)).item()
        assert mp.almosteq(lower, mp.gammainc(a, 0, x, regularized=True), rel_eps=mp.mpf(10) ** -35)
        assert mp.almosteq(upper, mp.gammainc(a, x, regularized=True), rel_eps=mp.mpf(10) ** -30)
    for a, x in ((1e6, 1.001e6), (1e6, 1e3), (1.0, 1e9), (1e4, 9.99e3)):  # where mpmath takes minutes or fails
        pair = [digits.function(name, digits.array(a), digits.array(x)).item() for name in ("gammainc", "gammaincc")]
        assert all(0 <= value <= 1 for value in pair)
        assert mp.almosteq(sum(pair), 1)
    for a, x in ((-0.5, 1.0), (0.0, 1.0), (1.0, -1.0)):
        assert mp.isnan(digits.function("gammainc", digits.array(a), digits.array(x)).item())


def test_what_is_too_far_out_to_be_reduced_has_no_value() -> None:
    digits = Digits(30)
    mp = digits.context
    far = digits.array(mp.exp(mp.mpf(10) ** 9))  # to reduce it takes a thousand million bits
    for name in ("exp", "sin", "tanh"):
        assert mp.isnan(digits.function(name, far).item())
    assert mp.almosteq(digits.function("log", far).item(), mp.mpf(10) ** 9)
    assert digits.function("exp", digits.array(float("-inf"))).item() == 0
    assert mp.isinf(digits.function("exp", digits.array(float("inf"))).item())
