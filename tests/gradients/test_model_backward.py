"""`model=`: the derivation beside a gradient that is judged without it."""

from __future__ import annotations

import numpy as np
import pytest

import derive
from derive import check_gradient, check_layer
from derive.errors import DeriveError, ModelError, ShapeError
from derive.gradients.model_backward import matched
from derive.model import loads

LOGISTIC = """
X : (m, n)
w : (n,)
y : (m,), in (0, 1)
a = sigmoid(X @ w)
L = -mean(y*log(a) + (1 - y)*log(1 - a))
"""
RNG = np.random.default_rng(3)
X, W, Y = RNG.normal(size=(7, 3)), RNG.normal(size=3), RNG.uniform(0.1, 0.9, 7)


def loss(W, X, Y):
    a = 1 / (1 + np.exp(-X @ W))
    return -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))


def right(W, X, Y):
    return X.T @ (1 / (1 + np.exp(-X @ W)) - Y) / len(X)


def test_the_formula_and_three_numbers_stand_side_by_side() -> None:
    report = check_gradient(loss, lambda W, X, Y: 7 * right(W, X, Y), W, X, Y, wrt="W", model=LOGISTIC)
    group = report.group("W")
    assert report.verdict == "false"
    assert group.formula.endswith("= 1/m · Xᵀ (a − y)")
    assert group.beside is not None
    assert group.worst is not None
    assert group.beside.derived == pytest.approx(group.worst.numeric, rel=1e-8)
    assert group.beside.claimed == pytest.approx(7 * group.beside.derived)
    assert "claimed" in str(report)
    assert "derived" in str(report)
    assert "dw = X.T @ (a - y) / m" in report.correction
    assert report.correction in str(report) + "\n"


@pytest.mark.parametrize("model", [LOGISTIC, loads(LOGISTIC), derive.loads(LOGISTIC)])
def test_what_a_model_may_be(model) -> None:
    report = check_gradient(loss, right, W, X, Y, wrt="W", model=model)
    assert report.verdict == "true"
    assert report.correction == ""
    assert report.group("W").beside.difference < 1e-12


def test_float32_is_compared_in_its_own_precision() -> None:
    small = [a.astype(np.float32) for a in (W, X, Y)]
    assert check_gradient(loss, right, *small, wrt="W", model=LOGISTIC).verdict == "true"


def test_right_for_other_code_than_the_model() -> None:
    report = check_gradient(loss, right, W, X, Y, wrt="W", model=LOGISTIC.replace("mean", "sum"))
    assert report.verdict == "false"
    assert "which is not the model" in report.diagnosis


def test_a_constant_in_the_loss_changes_no_gradient() -> None:
    report = check_gradient(lambda W, X, Y: loss(W, X, Y) + 1, right, W, X, Y, wrt="W", model=LOGISTIC)
    assert report.verdict == "true"
    assert any("is not the model" in note for note in report.notes)


class Dense:
    def __init__(self) -> None:
        self.weight, self.bias = RNG.normal(size=(3, 4)), np.zeros(4)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, g):
        self.weight_grad, self.bias_grad = self.x.T @ g, g.mean(axis=0)
        return g @ self.weight.T


def test_layers_have_the_upstream_gradient_in_their_formulas() -> None:
    report = check_layer(Dense(), X, model="x : (m, n)\nW : (n, k)\nb : (k,)\nz = x @ W + b\n")
    assert report.group("weight").formula.endswith("xᵀ · ∂L/∂z")
    assert report.group("weight").beside.difference < 1e-12
    assert report.group("bias").verdict == "false"
    assert "db = dz.sum(axis=0)" in report.correction


def test_labels_become_one_hot_rows() -> None:
    model = "s : (m, 3)\nt : (m, 3), one_hot(axis=1)\nL = -sum(t * log(softmax(s, axis=1)))\n"

    def f(s, t):
        return -np.sum((s - np.log(np.exp(s).sum(axis=1, keepdims=True)))[np.arange(len(t)), t])

    def grad(s, t):
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        p[np.arange(len(t)), t] -= 1
        return p

    report = check_gradient(f, grad, RNG.normal(size=(4, 3)), np.array([0, 2, 1, 1]), model=model)
    assert report.verdict == "true"
    assert report.group("s").beside.difference < 1e-12


def test_names_are_matched_loosely_and_never_twice() -> None:
    graph = loads("W_1 : (n,)\nb_1 : (n,)\nlambda : scalar\nL = sum(W_1*b_1)*lambda\n")
    assert matched(["W1", "params['b1']", "lambda_"], graph) == {
        "W1": "W_1",
        "params['b1']": "b_1",
        "lambda_": "lambda",
    }
    assert matched(["weight1", "bias1"], graph) == {"weight1": "W_1", "bias1": "b_1"}
    assert matched(["x", "y"], graph) == {}


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (3, DeriveError, "not a Graph"),
        ("no_such_model", DeriveError, "no_such_model"),
        (LOGISTIC + "u : scalar\nv : scalar\n", ModelError, "needs u, v"),
        ("W : (4,)\nX : (m, 4)\nY : (m,)\nL = sum(X @ W - Y)\n", ShapeError, "4"),
        ("W : (n,)\nX : (m, n)\nY : (m,)\nz = X @ W - Y\n", ShapeError, "shape"),
    ],
)
def test_models_that_do_not_fit(model, error, message) -> None:
    with pytest.raises(error, match=message):
        check_gradient(loss, right, W, X, Y, wrt="W", model=model)
