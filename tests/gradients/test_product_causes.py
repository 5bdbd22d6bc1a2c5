"""Causes inside products, found in the values that the passes had, and held against slopes at other points."""

from __future__ import annotations

import cProfile
import sys

import numpy as np
import pytest

from derive.gradients.candidate_products import ONE, products
from derive.gradients.gradient import check_gradient
from derive.gradients.recorded import recorded
from tests.gradients.foreign_layers import CASES
from tests.gradients.test_foreign_layers import judged, mistaken

RNG = np.random.default_rng(11)
X, H, W, V = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=(4, 4))
RIGHT = """
def f(x, h, W, V):
    a = x @ W + h @ V
    z = 1 / (1 + np.exp(-a))
    return z

def g(u, x, h, W, V):
    z = f(x, h, W, V)
    dz = u * z * (1 - z)
    return dz @ W.T, dz @ V.T, x.T @ dz, h.T @ dz
"""


def report_of(old, new, text=RIGHT, **options):
    namespace = {"np": np}
    assert old in text
    exec(text.replace(old, new), namespace)  # noqa: S102 (text of this file)
    return check_gradient(namespace["f"], namespace["g"], X, H, W, V, **options)


@pytest.mark.parametrize(
    ("old", "new", "group", "key", "words"),
    [
        ("h.T @ dz", "z.T @ dz", "V", "wrong_operand", "z.T @ dz stands where h.T @ dz belongs"),
        ("dz @ V.T", "dz @ V", "h", "transposed", "dz @ V stands where dz @ V.T belongs"),
        ("h.T @ dz", "h.T @ dz + V.T @ V", "V", "extra_term", "the term V.T @ V does not belong there"),
        ("h.T @ dz", "h.T @ dz[:, [1, 0, 3, 2]]", "V", "wrong_index", "the 4 blocks of 1 along axis 1 are exchanged"),
        ("h.T @ dz", "np.roll(h.T @ dz, 1, axis=0)", "V", "wrong_index", "along axis 0"),
        ("h.T @ dz", "(h.T @ dz)[::-1]", "V", "wrong_index", "axis 0"),
    ],
)
def test_the_line_that_is_wrong_is_told(old, new, group, key, words):
    result = report_of(old, new).group(group)
    assert result.verdict == "false"
    assert key in result.defects, result.diagnosis
    assert words in result.diagnosis


@pytest.mark.parametrize(
    ("name", "mistake", "group", "words"),
    [
        ("RNNCell", 2, "params[1]", "h_next.T @ dt stands where h_prev.T @ dt belongs"),
        (
            "LSTMCell",
            1,
            "params[0]",
            "the 4 blocks of 2 along axis 1 are exchanged: they stand where 2, 0, 1, 3 belong",
        ),
        ("LSTMCell", 2, "x", "the factor o(1-o) of do is missing in do @ (Wx[:, 6:8]).T"),
        ("LSTMCell", 3, "c_prev", "i*ds stands where f*ds belongs"),
        ("GRUCell", 1, "h", "the sign of the term dz @ Wz.T is wrong"),
        ("GRUCell", 2, "h", "the term r*drh is missing"),
        ("GRUCell", 3, "h", "the factor h of dr is missing in dr @ Wr.T"),
        ("TensorLinear", 1, "bias", "upstream[0] stands where upstream.sum(axis=0) belongs"),
        ("MLPDict", 0, "W1", "the factor [h > 0] of dh is missing in X.T @ dh"),
        ("conv_naive", 1, "x", "it is shifted by 1 along axis 2 and by 1 along axis 3: an index is off"),
        ("logdet", 0, "A", "its symmetric part is right: a term of it is transposed"),
        ("tied", 2, "W", "the factor (1-h^2) of dz is missing in x.T @ dz"),
        ("highway", 0, "x", "the term (upstream*(1-t)) is missing"),
    ],
)
def test_the_mistakes_of_other_people(name, mistake, group, words):
    result = judged(CASES[name], mistaken(CASES[name], mistake)).group(group)
    assert result.diagnosis == words


def test_what_holds_at_one_point_alone_is_no_cause():
    """The term has another factor wherever V is another."""
    text = RIGHT.replace("h.T @ dz", "h.T @ dz + (0.1 if abs(V[0, 0] - V00) < 1e-12 else 0.3) * (V.T @ V)")
    result = report_of("V00", str(float(V[0, 0])), text).group("V")
    assert result.verdict == "false"
    assert "V.T @ V" not in result.diagnosis


def test_a_model_names_what_the_code_does_not():
    inline = """
def f(x, h, W, V):
    return 1 / (1 + np.exp(-(x @ W + h @ V)))

def g(u, x, h, W, V):
    return (
        (u * f(x, h, W, V) * (1 - f(x, h, W, V))) @ W.T,
        (u * f(x, h, W, V) * (1 - f(x, h, W, V))) @ V.T,
        x.T @ (u * f(x, h, W, V) * (1 - f(x, h, W, V))),
        f(x, h, W, V).T @ (u * f(x, h, W, V) * (1 - f(x, h, W, V))),
    )
"""
    model = "x : (m, n)\nh : (m, k)\nW : (n, k)\nV : (k, k)\ns = x @ W + h @ V\nz = sigmoid(s)\n"
    report = report_of("np", "np", inline, model=model)
    assert report.group("V").diagnosis == "z.T @ (∂L/∂s) stands where h.T @ (∂L/∂s) belongs"


def test_values_of_the_passes_are_recorded_by_name():
    class Subject:
        def __init__(self):
            self.constants = {}

        def outputs(self, values):
            inner = np.tanh(values["x"])
            return [inner]

        def claim(self, values, upstream):
            cache = (values["x"], {"mask": values["x"] > 0})
            return [cache[0] * upstream[0]]

    found = recorded(Subject(), {"x": X}, [np.ones_like(X)])
    assert sys.getprofile() is None
    assert {"x", "upstream", "inner"} <= set(found)
    assert found["cache[1]['mask']"].dtype == np.float64


def test_objects_that_cannot_be_looked_at_are_left_out():
    class Odd(dict):
        def items(self):
            raise RuntimeError("not now")

    def f(x):
        odd = Odd()
        return np.sum(np.tanh(x)) + len(odd)

    x = RNG.normal(size=(3, 4))
    report = check_gradient(f, lambda x: 1 - np.tanh(x) ** 2 + np.cos(x.T @ x).sum(), x)
    assert report.verdict == "false"
    assert not any("raise" in defect for defect in report.defects)


def test_a_profiler_is_left_alone():
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        assert report_of("h.T @ dz", "z.T @ dz").group("V").verdict == "false"
        assert sys.getprofile() is profiler
    finally:
        profiler.disable()


def test_products_are_all_that_have_the_shape():
    values = {ONE: np.ones(()), "x": X, "h": H}
    texts = {product.text(): product.value(values) for product in products(values, (3, 4))}
    assert set(texts) == {"x.T @ h"}
    assert np.allclose(texts["x.T @ h"], X.T @ H)
    sums = {product.text(): product.value(values) for product in products(values, (4,))}
    assert np.allclose(sums["h.sum(axis=0)"], H.sum(axis=0))
    assert np.allclose(sums["(h*h).sum(axis=0)"], (H * H).sum(axis=0))


def test_the_adjoint_of_a_product():
    values = {ONE: np.ones(()), "x": X, "h": H}
    weights = RNG.normal(size=(3, 4))
    (product,) = products(values, (3, 4))
    for by_left, operand in ((True, X), (False, H)):
        total = np.sum(product.adjoint(weights, values, by_left) * operand)
        assert total == pytest.approx(np.sum(weights * product.value(values)))
