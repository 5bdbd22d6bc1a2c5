"""Hand-written gradients against a model."""

from __future__ import annotations

import numpy as np
import pytest

from derive.errors import DeriveError, ModelError, UnsupportedError
from derive.gradients.against import check_against
from derive.model import loads

MODEL = "X : (m, n)\nw : (n,)\nlambda : scalar, positive\ny : (m,)\nL = mean((X @ w - y)**2) + lambda*sum(w**2)\n"


def right(X, w, lambda_, y):
    return {"w": 2 * X.T @ (X @ w - y) / len(y) + 2 * lambda_ * w}


def value(X, w, lambda_, y):
    return np.mean((X @ w - y) ** 2) + lambda_ * np.sum(w**2)


def test_names_lead_to_the_inputs_in_any_order() -> None:
    def shuffled(y, lambda_, w, X):
        return {"w": right(X, w, lambda_, y)["w"], "lambda": np.sum(w**2)}

    report = check_against(loads(MODEL), shuffled)
    assert report.verdict == "true"
    assert {group.name for group in report.groups} == {"w", "lambda"}


def test_other_names_are_taken_in_order() -> None:
    assert check_against(loads(MODEL), lambda a, b, c, d: right(a, b, c, d)).verdict == "true"
    assert check_against(loads(MODEL), lambda *args: (None, right(*args)["w"], None, None)).verdict == "true"


def test_a_value_may_come_along() -> None:
    assert (
        check_against(loads(MODEL), lambda X, w, lambda_, y: (value(X, w, lambda_, y), right(X, w, lambda_, y))).verdict
        == "true"
    )


def test_fewer_gradients_than_inputs_need_names() -> None:
    with pytest.raises(DeriveError, match="returns 2 gradients for X, w, lambda, y") as error:
        check_against(loads(MODEL), lambda X, w, lambda_, y: (0.0, [w, lambda_]))
    assert "a dict of gradients by name" in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda X, w, lambda_, y: {"w": 2 * X.T @ (X @ w - y) + 2 * lambda_ * w},
        lambda X, w, lambda_, y: {"w": 2 * X.T @ (X @ w - y) / len(y) + lambda_ * w},
        lambda X, w, lambda_, y: {"w": -right(X, w, lambda_, y)["w"]},
        lambda X, w, lambda_, y: {"w": right(X, w, lambda_, y)["w"][:, None]},
        lambda X, w, lambda_, y: 1 / 0,
    ],
)
def test_what_is_wrong_is_refuted(wrong) -> None:
    assert check_against(loads(MODEL), wrong).verdict == "false"


def test_what_cannot_be_judged() -> None:
    with pytest.raises(ModelError, match="takes"):
        check_against(loads(MODEL), lambda a, b: None)
    with pytest.raises(DeriveError, match="no function"):
        check_against(loads(MODEL), 3)
    with pytest.raises(ModelError, match="takes"):
        check_against(loads("x : (n,)\ny = 2*x\n"), lambda x: x)
    with pytest.raises(UnsupportedError, match="generic"):
        check_against(loads("f : function\nx : scalar\ny = f(x)\n"), lambda x: x)


# ----- forms of code -----

NET = """
X   : (m, n)
W_1 : (n, h)
b_1 : (h,)
W_2 : (h, k)
Y   : (m, k), one_hot(axis=1)
Z   = X @ W_1 + b_1
A   = tanh(Z)
S   = A @ W_2
P   = softmax(S, axis=1)
L   = -sum(Y * log(P)) / m
"""


def _softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def net(X, W1, b1, W2, Y):
    a = np.tanh(X @ W1 + b1)
    p = _softmax(a @ W2)
    ds = (p - Y) / len(X)
    dz = ds @ W2.T * (1 - a * a)
    loss = -np.sum(Y * np.log(p)) / len(X)
    return loss, {"dW1": X.T @ dz, "db1": dz.sum(axis=0), "dW2": a.T @ ds, "dZ": dz, "dA": ds @ W2.T}


def net_in_order(X, W1, b1, W2, Y):
    g = net(X, W1, b1, W2, Y)[1]
    return g["dZ"] @ W1.T, g["dW1"], g["db1"], g["dW2"]


def net_of_params(params, X, Y):
    value, g = net(X, params["W_1"], params["b_1"], params["W_2"], Y)
    return {"loss": value, "W1": g["dW1"], "b_1": g["db1"], "grad_W2": g["dW2"]}


class Net:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.params = {"W1": rng.normal(size=(3, 4)), "b1": np.zeros(4), "W2": rng.normal(size=(4, 2))}
        self.grads = {}

    def forward(self, X, Y):
        self.cache = (X, Y)
        return net(X, self.params["W1"], self.params["b1"], self.params["W2"], Y)[0]

    def backward(self, dout=1.0):
        X, Y = self.cache
        g = net(X, self.params["W1"], self.params["b1"], self.params["W2"], Y)[1]
        self.grads = {name: dout * g[f"d{name}"] for name in self.params}


class LateSign(Net):
    def backward(self, dout=1.0):
        super().backward(dout)
        self.grads["b1"] = -self.grads["b1"]


class OtherForward(Net):
    def forward(self, X, Y):
        return super().forward(X, Y) * len(X)


@pytest.mark.parametrize("code", [net, net_in_order, net_of_params, Net, Net()])
def test_forms_of_code(code) -> None:
    report = check_against(loads(NET), code)
    assert report.verdict == "true", str(report)
    assert {"W_1", "b_1", "W_2"} <= {group.name for group in report.groups}
    assert all(g.beside.difference < 1e-9 for g in report.groups if g.name in ("W_1", "b_1", "W_2"))


def test_parameters_by_keyword_with_a_size() -> None:
    model = NET + "u : (m,)\n"  # a name that the loss does not use

    def keyword(*, Y, W_2, X, b_1, W_1, m, scale=1.0):
        assert m == len(X)
        gradients = net_in_order(X, W_1, b_1, W_2, Y)
        return net(X, W_1, b_1, W_2, Y)[0], dict(zip(("X", "W_1", "b_1", "W_2"), gradients, strict=True))

    assert check_against(loads(model), keyword).verdict == "true"


def test_the_derivation_stands_beside_and_a_right_one_is_offered() -> None:
    report = check_against(loads(NET), LateSign)
    assert report.verdict == "false"
    group = report.group("b_1")
    assert group.verdict == "false"
    assert "wrong_sign" in group.defects
    assert group.formula.startswith("∂L/∂b₁ = ")
    assert group.latex.startswith(r"\frac{\partial L}{\partial b_1}")
    assert group.beside.derived == pytest.approx(-group.beside.claimed)
    assert "def value_and_gradient(X, W_1, b_1, W_2, Y):" in report.correction
    assert "db_1 =" in report.correction
    assert report.group("W_1").verdict == "true"
    assert "derived  ∂L/∂b₁ =" in str(report)
    assert report.to_dict()["groups"][0]["latex"]


def test_gradients_by_bindings_are_judged() -> None:
    def wrong(X, W1, b1, W2, Y):
        value, g = net(X, W1, b1, W2, Y)
        return value, {**g, "dA": g["dA"] * 2}

    report = check_against(loads(NET), wrong)
    assert [g.name for g in report.groups if g.verdict == "false"] == ["A"]


def test_the_value_is_judged() -> None:
    def wrong(X, W1, b1, W2, Y):
        value, g = net(X, W1, b1, W2, Y)
        return 2 * value, g

    for code in (wrong, OtherForward):
        report = check_against(loads(NET), code)
        assert report.verdict == "false"
        assert [g.name for g in report.groups if g.verdict == "false"] == ["L"]
        assert "the value is" in report.diagnosis


LAYER = "x : (m, n)\nW : (n, k)\nb : (k,)\nz = x @ W + b\n"


class Dense:
    def __init__(self):
        self.weight = np.random.default_rng(1).normal(size=(3, 5))
        self.bias = np.zeros(5)

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, grad_output):
        self.weight_grad = self.x.T @ grad_output
        self.bias_grad = grad_output.sum(axis=0)
        return grad_output @ self.weight.T


def test_layers_that_end_in_an_array() -> None:
    report = check_against(loads(LAYER), Dense)
    assert report.verdict == "true", str(report)
    assert report.group("W").formula == "∂L/∂W = ∂L/∂z · ∂z/∂W = xᵀ · ∂L/∂z"
    assert report.group("z").verdict == "true"  # its value

    def forward(x, w, b):
        return x @ w + b, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.mean(axis=0)

    report = check_against(loads(LAYER), (forward, backward))
    assert "mean_for_sum" in report.group("b").defects
    assert "def value_and_gradient(x, W, b, dz):" in report.correction
    report = check_against(loads(LAYER), lambda dout, x, W, b: (dout @ W.T, x.T @ dout, dout.sum(axis=0)))
    assert report.verdict == "true", str(report)


def test_facts_hold_at_every_point() -> None:
    model = "p : (n,), positive\ns : scalar, in (0, 1)\nL = sum(sqrt(p**2)) + log(s)\n"
    assert check_against(loads(model), lambda p, s: (np.ones_like(p), 1 / s)).verdict == "true"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (lambda X, w, lambda_, y: np.zeros(3), "one ndarray for"),
        (lambda X, w, lambda_, y: {"v": w}, "gradient of 'v'"),
        (lambda X, w, lambda_, y: (w, w, w, w, w, w, w), "returns 7 values"),
    ],
)
def test_what_is_returned_in_no_known_form(code, message) -> None:
    with pytest.raises(DeriveError, match=message):
        check_against(loads(MODEL), code)


def test_code_that_changes_its_arguments_or_answers_differently() -> None:
    calls = []

    def changing(X, w, lambda_, y):
        result = right(X, w, lambda_, y)
        w *= 2
        return result

    def forgetful(X, w, lambda_, y):
        calls.append(1)
        return {"w": right(X, w, lambda_, y)["w"] * (1 if len(calls) < 3 else 2)}

    assert "mutates_argument" in check_against(loads(MODEL), changing).defects
    assert check_against(loads(MODEL), forgetful).verdict == "false"


def test_the_line_that_raised_is_named() -> None:
    def raising(X, w, lambda_, y):
        return {"w": w @ w @ X}

    report = check_against(loads(MODEL), raising)
    assert report.verdict == "false"
    assert "test_against.py:" in report.diagnosis


def test_a_value_that_is_no_number_and_a_missing_gradient() -> None:
    def not_finite(X, w, lambda_, y):
        return np.nan, right(X, w, lambda_, y)

    report = check_against(loads(MODEL), not_finite)
    assert report.verdict == "false"
    assert report.group("L").verdict == "false"
    assert report.to_json()
    assert "missing_gradient" in check_against(loads(MODEL), lambda X, w, lambda_, y: None).defects


def test_a_model_of_several_outputs() -> None:
    model = loads("x : (n,)\na = x**2\nc = exp(x)\n")
    assert check_against(model, lambda da, dc, x: da * 2 * x + dc * np.exp(x)).verdict == "true"
    assert check_against(model, lambda da, dc, x: da * 2 * x).verdict == "false"


def test_a_size_written_as_a_number_is_found_by_the_second_draw_of_sizes() -> None:
    def fixed(X, w, lambda_, y):
        return {"w": 2 * X.T @ (X @ w - y) / 5 + 2 * lambda_ * w}

    assert check_against(loads(MODEL), fixed).verdict == "false"
