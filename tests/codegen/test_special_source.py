"""Special functions in emitted code and in floats: mpmath's values, the type and the shape of the input."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import derive
from derive.ops import floats
from derive.ops.evaluate import Evaluator

CASES = [
    ("gamma(x)", mpmath.gamma, [0.1, 0.5, 3.2, 20.0, 100.0]),
    ("lgamma(x)", mpmath.loggamma, [1e-3, 0.5, 3.2, 200.0, 1e6]),
    ("digamma(x)", mpmath.digamma, [1e-3, 0.5, 3.2, 25.0, 1e6]),
    ("trigamma(x)", lambda u: mpmath.psi(1, u), [1e-3, 0.5, 3.2, 25.0, 1e6]),
    ("erfc(x)", mpmath.erfc, [-3.0, 0.1, 2.0, 10.0, 26.0]),
    ("erfinv(x)", mpmath.erfinv, [-0.99, 1e-12, 0.1, 0.7, 1 - 1e-12]),
    ("asin(x)", mpmath.asin, [-0.9, 0.1, 0.999]),
    ("atan2(x, 2)", lambda u: mpmath.atan2(u, 2), [-3.0, 0.1, 1e6]),
    ("cbrt(x)", lambda u: mpmath.sign(u) * mpmath.cbrt(abs(u)), [-8.0, 0.1, 27.0]),
    ("sinc(x)", mpmath.sincpi, [-0.5, 0.1, 3.3]),
    ("cot(x) + sec(x) + csc(x)", lambda u: mpmath.cot(u) + mpmath.sec(u) + mpmath.csc(u), [0.3, 2.0]),
    ("asinh(x) + sinh(x) + cosh(x)", lambda u: mpmath.asinh(u) + mpmath.sinh(u) + mpmath.cosh(u), [-2.0, 0.4]),
    ("acosh(x)", mpmath.acosh, [1.5, 100.0]),
    ("atanh(x)", mpmath.atanh, [-0.9, 0.2]),
    ("exp2(x) + log2(x) + log10(x)", lambda u: 2**u + mpmath.log(u, 2) + mpmath.log10(u), [0.3, 5.0]),
]


@pytest.mark.parametrize(("text", "right", "points"), CASES, ids=[case[0] for case in CASES])
def test_value_slope_and_curvature(text, right, points):
    d = derive.loads(f"x : (n,)\nL = sum({text})\n").backprop()
    f = d.lambdify()
    second = derive.loads(f"x : scalar\nL = {text}\n").backprop().hessian("x", "x")
    for point in points:
        value, gradients = f(np.array([point]))
        assert float(value) == pytest.approx(float(right(mpmath.mpf(point))), rel=1e-13)
        slope = float(mpmath.diff(right, mpmath.mpf(point)))
        assert gradients["x"] == pytest.approx([slope], rel=1e-6)
        curvature = Evaluator({"x": point}, {}).run(second.graph).value(second.closed)
        assert float(curvature) == pytest.approx(float(mpmath.diff(right, mpmath.mpf(point), 2)), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("text", ["gamma(x)", "lgamma(x)", "digamma(x)", "erfc(x)", "erfinv(x)", "atan2(x, x)"])
def test_the_type_and_the_shape_stay(text):
    x = np.full((2, 3), 0.5, dtype=np.float32)
    value, gradients = derive.loads(f"x : (m, n)\nL = sum({text})\n").backprop().lambdify()(x=x)
    assert value.dtype == gradients["x"].dtype == np.float32
    assert gradients["x"].shape == (2, 3)


def test_poles_and_ends_raise_nothing():
    assert np.isnan(floats.FUNCTIONS["gamma"](-1.0))
    assert np.isnan(floats.FUNCTIONS["loggamma"](-0.5))
    assert np.isinf(floats.FUNCTIONS["gamma"](400.0))
    assert np.isinf(floats.FUNCTIONS["erfinv"](1.0))
    assert np.isnan(floats.psi(0, -2.0))
    f = derive.loads("x : (n,)\nL = sum(gamma(x) + erfinv(x))\n").backprop().lambdify()
    assert np.isnan(f(np.array([-1.0, 2.0]))[0])


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_the_check_of_a_model_accepts_them(text):
    low, high = ("1.1", "3") if "acosh" in text else ("0.1", "0.9")
    report = derive.loads(f"x : (3,), in ({low}, {high})\nL = sum({text})\n").check(points=1)
    assert report.verdict == "true"
