"""Textbook forms where floating point overflows: right values, right gradients, no warning (warnings are errors)."""

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.codegen.stability import AFTER, BEFORE
from derive.model import loads


def run(text, wrt=None, **values):
    return lambdify(backprop(loads(text)), wrt=wrt)(**values)


SIGMOIDS = [
    "1/(1 + exp(-z))",
    "exp(z)/(1 + exp(z))",
    "1/(exp(-z) + 1)",
    "(1 + exp(-z))**(-1)",
    "sigmoid(z)",
    "exp(z)/(exp(z) + 1)",
]


@pytest.mark.parametrize("form", SIGMOIDS)
@pytest.mark.parametrize(
    ("z", "value", "slope"),
    [(-800.0, 0, 0), (800.0, 1, 0), (-40.0, 4.248354255291589e-18, 4.248354255291589e-18), (0.0, 0.5, 0.25)],
)
def test_sigmoid(form, z, value, slope):
    a, gradient = run(f"z : scalar\na = {form}", z=z)
    assert a == pytest.approx(value, rel=1e-13, abs=0)
    assert gradient["z"] == pytest.approx(slope, rel=1e-13, abs=0)


@pytest.mark.parametrize(
    "form", ["log(1 + exp(z))", "log(exp(z) + 1)", "softplus(z)", "-log(1 - sigmoid(z))", "-log(1/(1 + exp(z)))"]
)
@pytest.mark.parametrize(
    ("z", "value", "slope"), [(800.0, 800, 1), (-800.0, 0, 0), (-40.0, 4.248354255291589e-18, 4.248354255291589e-18)]
)
def test_softplus(form, z, value, slope):
    a, gradient = run(f"z : scalar\na = {form}", z=z)
    assert a == pytest.approx(value, rel=1e-13, abs=0)
    assert gradient["z"] == pytest.approx(slope, rel=1e-13, abs=0)


@pytest.mark.parametrize("form", ["1/(1 + exp(-z))", "sigmoid(z)", "exp(z)/(1 + exp(z))"])
@pytest.mark.parametrize(
    ("y", "z", "value", "slope"),
    [
        (0.0, 40.0, 40.0, 1.0),
        (1.0, -40.0, 40.0, -1.0),
        (1.0, 40.0, 4.248354255291589e-18, None),
        (0.0, -40.0, 4.248354255291589e-18, 4.248354255291589e-18),
        (1.0, -900.0, 900.0, -1.0),
    ],
)
@pytest.mark.parametrize("bound", [True, False])
def test_binary_cross_entropy(form, y, z, value, slope, bound):
    a = "a" if bound else f"({form})"
    text = f"z : scalar\ny : scalar\n{f'a = {form}' if bound else ''}\nL = -(y*log({a}) + (1 - y)*log(1 - {a}))"
    loss, gradient = run(text, z=z, y=y)
    assert loss == pytest.approx(value, rel=1e-12, abs=0)
    if slope is not None:
        assert gradient["z"] == pytest.approx(slope, rel=1e-12, abs=0)
    else:
        assert abs(gradient["z"]) < 1e-15


@pytest.mark.parametrize(
    "lines",
    [
        "L = -sum(T*log(exp(A)/sum(exp(A), axis=1, keepdims=True)))",
        "E = exp(A)\nS = sum(E, axis=1, keepdims=True)\nY = E/S\nL = -sum(T*log(Y))",
        "Y = softmax(A)\nL = -sum(T*log(Y))",
        "Y = softmax(A)\nq = log(Y)\nL = sum(-T*q)",
        "s = log(sum(exp(A), axis=1))\nL = sum(s) - sum(T*A)",
    ],
)
def test_softmax_cross_entropy(lines):
    loss, gradient = run(f"A : (n, k)\nT : (n, k), one_hot(axis=1)\n{lines}", A=[[1000.0, 0.0]], T=[[0.0, 1.0]])
    assert loss == 1000
    np.testing.assert_allclose(gradient["A"], [[1.0, -1.0]])


def test_softmax_of_explicit_neurons():
    text = """
    z_1, z_2, z_3 : scalar
    S = exp(z_1) + exp(z_2) + exp(z_3)
    p = exp(z_1)/S
    L = -log(p) - log(exp(z_2)/S)
    """
    loss, gradient = run(text.replace("    ", ""), z_1=1000.0, z_2=-1000.0, z_3=0.0)
    assert loss == 2000
    assert gradient == pytest.approx({"z_1": 1.0, "z_2": -1.0, "z_3": 0.0})


@pytest.mark.parametrize(
    "form",
    ["(exp(z) - exp(-z))/(exp(z) + exp(-z))", "(exp(2*z) - 1)/(exp(2*z) + 1)", "(1 - exp(-2*z))/(1 + exp(-2*z))"],
)
def test_tanh_by_exponentials(form):
    for z in (-800.0, 0.3, 800.0):
        value, gradient = run(f"z : scalar\na = {form}", z=z)
        assert value == pytest.approx(np.tanh(z), rel=1e-14)
        assert gradient["z"] == pytest.approx(1 - np.tanh(z) ** 2, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("form", "z", "value", "slope"),
    [
        ("z/(1 + exp(-z))", -800.0, 0, 0),
        ("z/(1 + exp(-z))", 800.0, 800, 1),
        ("z*sigmoid(z)", -800.0, 0, 0),
        ("silu(z)", -800.0, 0, 0),
        ("log(exp(z))", 800.0, 800, 1),
        ("log(3*exp(z))", 800.0, 800 + np.log(3), 1),
        ("log(exp(z) + exp(2*z))", 800.0, 1600, 2),
        ("log(sigmoid(z)/(1 - sigmoid(z)))", 50.0, 50, 1),
    ],
)
def test_other_forms(form, z, value, slope):
    a, gradient = run(f"z : scalar\na = {form}", z=z)
    assert a == pytest.approx(value, rel=1e-13, abs=0)
    assert gradient["z"] == pytest.approx(slope, rel=1e-13, abs=0)


def test_gradients_by_what_a_stable_form_looks_through():
    text = "x : scalar\nt = x*(-1)\ne = exp(t)\nu = 1 + e\ny = 1/u\nL = -log(y)"
    value, gradient = run(text, wrt=["x", "t", "e", "u", "y"], x=0.7)
    y = 1 / (1 + np.exp(-0.7))
    assert value == pytest.approx(-np.log(y))
    assert gradient == pytest.approx({"x": y - 1, "t": 1 - y, "e": y, "u": y, "y": -1 / y})


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


@pytest.mark.parametrize(
    ("form", "by_hand"),
    [
        ("1/(2 + exp(z))", lambda z: 1 / (2 + np.exp(z))),
        ("log(2 - sigmoid(z))", lambda z: np.log(2 - sigmoid(z))),
        ("(exp(z) - exp(-z))/(exp(z) + exp(2*z))", lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(2 * z))),
        ("log(1 - exp(-z))", lambda z: np.log(1 - np.exp(-z))),
        ("exp(z)/(1 + exp(2*z))", lambda z: np.exp(z) / (1 + np.exp(2 * z))),
        ("(1 - sigmoid(z))/(1 + exp(z))", lambda z: (1 - sigmoid(z)) / (1 + np.exp(z))),
    ],
)
def test_a_form_that_only_looks_like_one_keeps_its_meaning(form, by_hand):
    value, gradient = run(f"z : scalar\na = {form}", z=0.4)
    assert value == pytest.approx(by_hand(0.4))
    assert gradient["z"] == pytest.approx((by_hand(0.4 + 1e-6) - by_hand(0.4 - 1e-6)) / 2e-6, rel=1e-7)


def test_rules_are_named_once():
    assert len({rule.name for rule in (*BEFORE, *AFTER)}) == len(BEFORE) + len(AFTER)
