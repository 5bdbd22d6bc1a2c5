"""One exponential for softmax with log-sum-exp or log-softmax, and for sigmoid with softplus."""

from __future__ import annotations

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify, source
from derive.model import loads
from derive.ops.evaluate import Evaluator

Z = np.random.default_rng(2).normal(size=(3, 4)) * 5


@pytest.mark.parametrize(
    ("lines", "call"),
    [
        ("L = sum(logsumexp(z, axis=1)**2)", "logsumexp_and_softmax(z, axis=1)"),
        ("L = logsumexp(z)", "L, dz = logsumexp_and_softmax(z, axis=None)"),
        ("L = sum(logsumexp(z, axis=0, keepdims=True)*z)", "logsumexp_and_softmax(z, axis=0)"),
        ("p = softmax(z)\nL = -sum(z*log(p))", "p = log_softmax_and_softmax(z, axis=1)"),
        ("p = softmax(2*z, axis=0)\nL = sum(p*log(p))", "p = log_softmax_and_softmax(2 * z, axis=0)"),
        ("L = sum(softplus(z)**2)", "softplus_and_sigmoid(z)"),
        ("s = log(1 + exp(z))\nL = sum(s*s*z)", "s, t_1 = softplus_and_sigmoid(z)"),
    ],
)
def test_what_shares_an_exponential_is_computed_together(lines: str, call: str) -> None:
    derivation = backprop(loads(f"z : (3, 4)\n{lines}"))
    code = source(derivation)
    assert call in code
    assert code.count("np.exp(") == 1
    value, gradient = lambdify(derivation)(z=Z)
    plain = Evaluator({"z": Z}, {}).run(derivation.gradient).values
    np.testing.assert_allclose(value, plain["L"], rtol=1e-12)
    np.testing.assert_allclose(gradient["z"], plain["∂L/∂z"], rtol=1e-11, atol=1e-14)


def test_other_arrays_and_axes_share_nothing() -> None:
    code = source(backprop(loads("z : (3, 4)\nL = sum(softmax(z, axis=0)*logsumexp(z, axis=1, keepdims=True))")))
    assert "softmax(z, axis=0)" in code
    assert "logsumexp_and_softmax(z, axis=1)" in code


def test_what_nobody_reads_of_a_pair_is_no_error() -> None:
    derivation = backprop(loads("z : (4,)\ny : (4,)\nL = logsumexp(z) - y @ z"))
    _, gradient = lambdify(derivation, wrt=["y"])(z=Z[0], y=Z[1])
    np.testing.assert_allclose(gradient["y"], -Z[0])
    assert "shared" not in source(derivation)
