"""What a condition masks is not computed with: gradients are finite where the loss is."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from benchmarks.stability import hessian_product
from derive.calculus.reverse import backprop
from derive.codegen import lambdify, source
from derive.model import loads

x = np.array([-2.0, 0.25, -0.5, 4.0])
root = np.where(x > 0, 0.5 / np.sqrt(np.abs(x)), 0)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("L = sum(where(x > 0, sqrt(x), 0))", root),
        ("L = sum(where(x <= 0, 0, sqrt(x)))", root),
        ("v = sqrt(x)\nL = sum(where(x > 0, v, 0))", root),
        ("v = where(x > 0, sqrt(x), 1)\nL = sum(v**2)/2", np.where(x > 0, 0.5, 0)),
        ("L = sum(where(x > 0, log(x), 0) + x**2)", np.where(x > 0, 1 / x, 0) + 2 * x),
        ("L = sum(where(x > 0, where(x < 1, sqrt(x), 0), 0))", np.where(x < 1, root, 0)),
        ("L = sum(where(300*x > 0, x, exp(-300*x - 900) - 1))", np.where(x > 0, 1, -300 * np.exp(-300 * x - 900))),
        ("s = sum(where(x > 0, sqrt(x), 0))\nL = s**2", 2 * 2.5 * root),
    ],
)
def test_a_branch_that_is_not_taken_has_no_slope(lines: str, wanted: Any) -> None:
    with np.errstate(all="ignore"):
        _, gradients = lambdify(backprop(loads(f"x : (n,)\n{lines}")))(x=x)
    np.testing.assert_allclose(gradients["x"], wanted, rtol=1e-12)


def test_a_mask_under_a_matrix_product() -> None:
    derivation = backprop(loads("X : (m, n)\nW : (n, k)\nL = sum(where(X @ W > 0, sqrt(X @ W), 0))"))
    X, W = np.array([[1.0, -2.0], [0.5, 1.0]]), np.array([[1.0], [2.0]])
    with np.errstate(all="ignore"):
        _, gradients = lambdify(derivation)(X=X, W=W)
    np.testing.assert_allclose(gradients["W"], X[1:].T * 0.5 / np.sqrt(2.5))
    np.testing.assert_allclose(gradients["X"], [[0, 0], W[:, 0] * 0.5 / np.sqrt(2.5)])


def test_a_finite_product_stays_a_product() -> None:
    text = source(backprop(loads("X : (m, n)\nW : (n, k)\nL = sum(relu(X @ W)**2)")))
    assert "np.where" not in text


def test_a_condition_along_an_axis_of_size_one_is_a_choice() -> None:
    text = "B : (n, 2)\nv = mean(B, axis=1, keepdims=True)\nw = where(v > 0, sqrt(v), 0)\nL = sum(w*v)"
    _, gradient = lambdify(backprop(loads(text)))(B=np.array([[1.0, 3.0], [-1.0, -3.0]]))
    np.testing.assert_allclose(gradient["B"], [[0.75 * np.sqrt(2)] * 2, [0, 0]])


@pytest.mark.parametrize(
    "line",
    [
        "L = sum(1/maximum(where(x > 0, sqrt(x), 1), w))",
        "L = sum(maximum(where(x > 0, sqrt(x), 1), w)**2*w)",
        "L = sum(where(w > 1, 1/where(x > 0, sqrt(x), 1), x))",
        "L = sum(1/(abs(minimum(where(x > 0, log(x), 1), w)) + 1))",
    ],
)
def test_a_choice_in_a_choice_is_sheltered_on_both_orders(line: str) -> None:
    derivation = backprop(loads(f"x : (n,)\nw : (n,)\n{line}"))
    second, by = hessian_product(derivation, ["x", "w"])
    w, towards = np.array([0.3, 0.7, 2.5, 1.5]), {"x": np.array([1.0, -0.5, 2, 1]), "w": np.array([0.5, 1, -1, 2])}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, got = lambdify(second, wrt=by)(x=x, w=w, v_x=towards["x"], v_w=towards["w"])
        slopes = lambdify(derivation)
        up, down = (slopes(x=x + h * towards["x"], w=w + h * towards["w"])[1] for h in (1e-6, -1e-6))
    for name in by:
        np.testing.assert_allclose(got[name], (up[name] - down[name]) / 2e-6, rtol=1e-6, atol=1e-8)


def test_what_is_computed_anyway_is_not_computed_again_for_a_choice() -> None:
    text = source(backprop(loads("x : scalar\ny : scalar\nL = exp(x)*log(y) + where(x > 0, x, y) + maximum(x, y)")))
    assert text.count("np.exp(") == text.count("np.log(") == 1


def test_a_condition_on_a_diagonal_is_a_choice_of_its_entries() -> None:
    lines = "Z = diag(s*v) + M\nA = where(Z > 0, sqrt(Z), 0)\nL = sum(A**2*B)"
    derivation = backprop(loads(f"s : scalar\nv : (n,)\nM, B : (n, n)\n{lines}"))
    v, square = np.array([1.0, -2.0, 0.5]), np.array([[0.5, 1, -1], [2, 1, -3], [-1, 2, -4]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, slopes = lambdify(derivation, wrt=["s"])(s=0.8, v=v, M=square, B=square + 1)
    z = 0.8 * v + np.diag(square)
    np.testing.assert_allclose(slopes["s"], np.where(z > 0, np.diag(square) + 1, 0) @ v, rtol=1e-12)


@pytest.mark.parametrize("s", [-1.5, 2.0])
def test_a_condition_that_is_repeated_along_an_axis_outlives_the_sum(s: float) -> None:
    lines = "a = minimum(v + where(s > 0, sqrt(s), 1), w)\nL = sum(a**2)"
    derivation = backprop(loads(f"s : scalar\nv, w : (n,)\n{lines}"))
    v, w = np.array([-1.2, 0.1, 0.4, -2.0]), np.array([0.2, 3, -1, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, slopes = lambdify(derivation, wrt=["s"])(s=s, v=v, w=w)
    root = np.sqrt(max(s, 0))
    wanted = (v + root)[v + root < w].sum() / root if s > 0 else 0
    np.testing.assert_allclose(slopes["s"], wanted, rtol=1e-12)
