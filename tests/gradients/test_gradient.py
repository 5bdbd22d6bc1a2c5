"""check_gradient and compare: what they accept, what they look at, and what they report."""

from __future__ import annotations

import json

import numpy as np
import pytest

from derive.gradients.difference import Slope
from derive.gradients.gradient import check_gradient, compare
from derive.gradients.gradient_report import GradientReport
from derive.gradients.judge import ACCEPT, weigh

RNG = np.random.default_rng(5)
X, W, B = RNG.normal(size=(5, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3)


def layer(x, W, b):
    return np.tanh(x @ W + b)


def backward(u, x, W, b):
    d = u * (1 - np.tanh(x @ W + b) ** 2)
    return d @ W.T, x.T @ d, d.sum(axis=0)


# ----- the forms that arguments and gradients come in -----


def test_a_tuple_of_gradients():
    report = check_gradient(layer, backward, X, W, B)
    assert report.verdict == "true"
    assert [group.name for group in report.groups] == ["x", "W", "b"]
    assert report.points >= 4


@pytest.mark.parametrize("keys", [("x", "W", "b"), ("dx", "dW", "db"), ("grad_x", "W_grad", "d_b")])
def test_a_dict_of_gradients_by_argument_name(keys):
    def named(*args):
        return dict(zip(keys, backward(*args), strict=True))

    report = check_gradient(layer, named, X, W, B)
    assert report.verdict == "true"
    assert {group.name for group in report.groups} == {"x", "W", "b"}


def test_a_dict_of_parameters():
    def loss(params, x):
        return np.sum(layer(x, params["W"], params["b"]) ** 2)

    def grad(params, x):
        u = 2 * layer(x, params["W"], params["b"])
        return dict(zip(("W", "b"), backward(u, x, params["W"], params["b"])[1:], strict=True))

    report = check_gradient(loss, grad, {"W": W, "b": B}, X)
    assert report.verdict == "true"
    assert [group.name for group in report.groups] == ["W", "b"]
    assert any("no gradient was returned for x" in note for note in report.notes)


def test_a_dict_of_parameters_with_the_name_of_the_parameter():
    def loss(x):
        return np.sum(x["x"] ** 2) + np.sum(x.get("y", np.zeros(1)) ** 3)

    assert check_gradient(loss, lambda x: {"x": 2 * x["x"]}, {"x": np.ones(3)}).verdict == "true"
    both = {"x": np.ones(3), "y": np.ones(2)}
    assert check_gradient(loss, lambda x: {"x": 2 * x["x"], "y": 3 * x["y"] ** 2}, both).verdict == "true"
    assert check_gradient(loss, lambda x: {"x": {"x": 2 * x["x"], "y": 3 * x["y"] ** 2}}, both).verdict == "true"
    assert check_gradient(loss, lambda x: {"x": 3 * x["x"], "y": 3 * x["y"] ** 2}, both).verdict == "false"


def test_a_factor_of_two_is_not_told_as_a_size():
    report = check_gradient(lambda w: np.sum(w**2), lambda w: w, np.array([1.0, 2.0]))
    assert "1/2" in report.diagnosis
    assert "size" not in report.diagnosis


def test_lists_of_arrays_and_wrt():
    def loss(weights, x):
        return np.sum(np.tanh(x @ weights[0]) @ weights[1])

    def grad(weights, x):
        h = np.tanh(x @ weights[0])
        d = np.ones((len(x), weights[1].shape[1]))
        return [x.T @ (d @ weights[1].T * (1 - h**2)), h.T @ d]

    second = RNG.normal(size=(3, 2))
    assert check_gradient(loss, lambda w, x: (grad(w, x), None), [W, second], X).verdict == "true"
    assert check_gradient(loss, grad, [W, second], X, wrt="weights").verdict == "true"
    only_b = check_gradient(layer, lambda u, *a: backward(u, *a)[2], X, W, B, wrt="b")
    assert only_b.verdict == "true"
    assert [group.name for group in only_b.groups] == ["b"]


def test_a_gradient_by_a_later_argument_is_told():
    def loss(y, p):
        return float(np.mean((p - y) ** 2))

    rng = np.random.default_rng(0)
    y, p = rng.normal(size=5), rng.normal(size=5)
    report = check_gradient(loss, lambda y, p: 2 * (p - y) / p.size, y, p)
    assert report.verdict == "false"  # it may be the gradient by y with a wrong sign
    assert report.notes[-1] == "it is right as the gradient of p: wrt='p' says that this is meant"
    report = check_gradient(loss, lambda y, p: (p - y) / p.size, y, p)
    assert not any("wrt" in note for note in report.notes)
    assert check_gradient(loss, lambda y, p: 2 * (p - y) / p.size, y, p, wrt="p").verdict == "true"


def test_integer_arguments_are_held():
    labels = np.array([0, 2, 1, 1, 0])

    def loss(z, t):
        return -np.mean((z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[np.arange(len(t)), t])

    def grad(z, t):
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        p[np.arange(len(t)), t] -= 1
        return p / len(t)

    assert check_gradient(loss, grad, RNG.normal(size=(5, 3)), labels).verdict == "true"


# ----- points -----


def test_a_fault_on_the_other_side_of_zero_is_found():
    x = np.array([0.5, 1.5, 2.5])
    report = check_gradient(lambda x: np.sum(np.abs(x) ** 1.5), lambda x: 1.5 * np.abs(x) ** 0.5, x)
    assert report.verdict == "false"
    assert "negative" in report.diagnosis or "sign" in report.diagnosis


def test_the_domain_is_respected():
    x = np.array([0.2, 0.7, 1.9])
    assert check_gradient(lambda x: np.sum(np.log(x)), lambda x: 1 / x, x).verdict == "true"
    p = np.array([0.2, 0.7, 0.9])
    clipped = check_gradient(lambda p: -np.sum(np.log(np.clip(p, 1e-7, 1 - 1e-7))), lambda p: -1 / p, p)
    assert clipped.verdict == "true"


def test_sample_brings_sizes_of_its_own():
    def loss(x):
        if len(x) not in (4, 6):
            raise ValueError("not of this size")
        return np.mean(x**2)

    def grad(x):
        return 2 * x / 4  # the size of the example, written into the code

    assert check_gradient(loss, grad, RNG.normal(size=4)).verdict == "true"
    report = check_gradient(loss, grad, RNG.normal(size=4), sample=lambda: RNG.normal(size=6))
    assert report.verdict == "false"


def test_kinks_are_reported_and_a_claim_between_the_slopes_is_right():
    x = np.array([0.0, 1.0, -2.0])
    report = check_gradient(lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 0) * 1.0, x)
    assert report.verdict == "true"
    assert [(kink.group, kink.coordinate) for kink in report.kinks] == [("x", (0,))]
    assert "kink in x at [0]" in str(report)
    outside = check_gradient(lambda x: np.sum(np.maximum(x, 0)), lambda x: np.where(x == 0, 3.0, x > 0), x)
    assert outside.verdict == "false"


@pytest.mark.parametrize("seed", range(10))
def test_ties_and_exact_zeros_are_kinks(seed):
    rng = np.random.default_rng(seed)
    tie = check_gradient(lambda x: x.max(), lambda x: np.eye(len(x))[x.argmax()], np.zeros(2), seed=seed)
    assert tie.verdict == "true"
    assert [kink.coordinate for kink in tie.kinks] == [(0,), (1,)]
    shared = check_gradient(lambda x: x.max(), lambda x: (x == x.max()) / np.sum(x == x.max()), np.ones(4), seed=seed)
    assert shared.verdict == "true"
    weights, x = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    x[0, 1] = x[3, 2] = 0
    report = check_gradient(lambda x: np.sum(weights * np.maximum(x, 0)), lambda x: weights * (x > 0), x, seed=seed)
    assert report.verdict == "true"


def test_a_small_kink_beside_a_large_one():
    def loss(z):
        return 0.2 * max(z[0], 0) + max(z[1], 0)

    report = check_gradient(loss, lambda z: np.array([0.2, 1.0]) * (z > 0), np.zeros(2))
    assert report.verdict == "true"
    assert [(kink.left, round(kink.right, 6)) for kink in report.kinks] == [(0, 0.2), (0, 1)]
    wrong = check_gradient(loss, lambda z: np.array([0.2, 1.0]) * (z > 0) + 0.3 * (z == 0), np.zeros(2))
    assert wrong.verdict == "false"


# ----- scale and precision -----


@pytest.mark.parametrize("unit", [1e-150, 1e-8, 1e8, 1e150])
@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_no_scale_matters(size, unit):
    x = size * RNG.normal(size=6)
    f = lambda x: unit * np.sum(np.tanh(x / size))  # noqa: E731
    right = lambda x: unit / size * (1 - np.tanh(x / size) ** 2)  # noqa: E731
    assert check_gradient(f, right, x).verdict == "true"
    off = check_gradient(f, lambda x: right(x) * (1 + 1e-5), x)
    assert off.verdict == "false"


def test_each_group_has_its_own_scale():
    f = lambda a, b: np.sum(np.sin(a)) + 1e-7 * np.sum(np.sin(b))  # noqa: E731
    good = lambda a, b: (np.cos(a), 1e-7 * np.cos(b))  # noqa: E731
    bad = lambda a, b: (np.cos(a), 1.1e-7 * np.cos(b))  # noqa: E731
    assert check_gradient(f, good, X, B).verdict == "true"
    assert check_gradient(f, bad, X, B).group("b").verdict == "false"


def test_a_gradient_of_zero_is_right_but_for_rounding():
    """A bias in front of a batch normalisation has no effect; its claimed gradient is rounding, not zero."""

    def f(x, b):
        z = x + b
        c = z - z.mean(axis=0)
        return c / np.sqrt((c**2).mean(axis=0) + 1e-5)

    def grad(u, x, b):
        z = x + b
        c = z - z.mean(axis=0)
        s = 1 / np.sqrt((c**2).mean(axis=0) + 1e-5)
        xhat = c * s
        dz = s * (u - u.mean(axis=0) - xhat * (u * xhat).mean(axis=0))
        return dz, dz.sum(axis=0)

    assert check_gradient(f, grad, RNG.normal(size=(7, 4)), RNG.normal(size=4)).verdict == "true"


def test_float32_is_judged_by_its_own_rounding():
    x, w, b = (a.astype(np.float32) for a in (X, W, B))
    assert check_gradient(layer, backward, x, w, b).verdict == "true"
    off = check_gradient(layer, lambda *a: tuple(g * np.float32(1.001) for g in backward(*a)), x, w, b)
    assert off.verdict == "false"


@pytest.mark.parametrize("size", [0.4, 1.0, 1.6, 2.4])
def test_a_saturated_layer_in_float32_is_not_refused(size):
    """All that is left of `1 - h^2` is the rounding of h."""
    x = np.float32(size) * np.array([4.0, 5.5, -6.0, 3.3], dtype=np.float32)

    def grad(u, x):
        out = np.zeros_like(x)
        out[...] = u * (1 - np.tanh(x) ** 2)
        return out

    assert check_gradient(np.tanh, grad, x).verdict == ("true" if size <= 1 else "undecided")
    assert check_gradient(np.tanh, lambda u, x: np.float32(1.05) * grad(u, x), x).verdict == "false"


def test_ten_thousand_parameters_in_about_250_calls():
    x, w, b = RNG.normal(size=(20, 100)), RNG.normal(size=(100, 99)) / 10, RNG.normal(size=99)
    right = check_gradient(layer, backward, x, w, b)
    assert right.verdict == "true"
    assert right.forward_calls <= 60

    def one_wrong(*args):
        dx, dw, db = backward(*args)
        dw[17, 23] *= 1.01
        return dx, dw, db

    wrong = check_gradient(layer, one_wrong, x, w, b)
    assert wrong.verdict == "false"
    assert wrong.worst.coordinate == (17, 23)


def test_a_small_network_in_a_few_calls():
    """The time of a check is that of its calls; differences would need 250 of them."""
    report = check_gradient(layer, backward, X, W, B)
    assert report.verdict == "true"
    assert report.points == 5
    assert report.forward_calls <= 40


@pytest.mark.parametrize("part", [np.abs, np.real, lambda x: np.conj(x).real, lambda x: np.sqrt(x * np.conj(x)).real])
def test_a_complex_step_is_not_believed_where_imaginary_parts_get_lost(part):
    """f goes on in complex numbers, and seems to have no such term."""
    a, b = RNG.normal(size=4), RNG.normal(size=3)

    def f(a, b):
        return np.sum(a**2) + np.sum(np.sin(b)) + 1e-3 * np.sum(part(b))

    def blind(a, b):
        return 2 * a, np.cos(b)

    def right(a, b):
        signs = np.sign(b) if part(np.float64(-1.0)) > 0 else np.ones_like(b)
        return 2 * a, np.cos(b) + 1e-3 * signs

    assert check_gradient(f, blind, a, b).group("b").verdict == "false"
    assert check_gradient(f, right, a, b).verdict == "true"


# ----- calls -----


def test_the_second_call_is_compared_with_the_first():
    calls = []

    def grad(x):
        calls.append(1)
        return 2 * x if len(calls) < 3 else 4 * x

    assert check_gradient(lambda x: np.sum(x**2), grad, B).verdict == "false"

    total = np.zeros(3)

    def adding(x):
        total[...] += 2 * x
        return total

    assert check_gradient(lambda x: np.sum(x**2), adding, B).verdict == "false"


# ----- the report -----


def test_the_report_prints_and_is_json():
    report = check_gradient(layer, lambda *a: tuple(2 * g for g in backward(*a)), X, W, B)
    assert isinstance(report, GradientReport)
    text = str(report)
    assert text.startswith("gradient false: ")
    assert "worst:" in text
    assert "2 times the right one" in text
    data = json.loads(report.to_json())
    assert data["verdict"] == "false"
    assert data["groups"][0]["defects"] == ["extra_factor"]
    assert set(data["worst"]) == {"group", "coordinate", "claimed", "numeric", "estimate"}
    assert data["worst"]["claimed"] == pytest.approx(2 * data["worst"]["numeric"])


def test_compare_judges_numbers_at_one_point():
    f = lambda w, z: np.sum(w**2 * z)  # noqa: E731
    arguments = {"w": B, "z": B[::-1].copy()}
    assert compare(f, {"w": 2 * B * B[::-1], "z": B**2}, arguments).verdict == "true"
    wrong = compare(f, {"w": 2 * B * B[::-1], "z": B**2 + 1e-6}, arguments)
    assert wrong.verdict == "false"
    assert wrong.group("w").verdict == "true"
    assert wrong.group("z").verdict == "false"


@pytest.mark.parametrize("numeric", [1.0, 2.0, 0.0])
def test_a_difference_is_weighed_by_its_estimate(numeric):
    def verdict(claimed, error):
        return weigh(claimed, Slope(numeric, error), 0.0, 2.0, ACCEPT)

    assert verdict(numeric, 1e-10) == "true"
    assert verdict(numeric + 1e-8, 1e-10) == "false"
    assert verdict(numeric + 3e-10, 1e-10) == "undecided"
    assert verdict(numeric, 1e-3) == "undecided"


def test_another_number_of_rows_is_tried_where_the_forward_pass_takes_it():
    X, w, y = RNG.normal(size=(6, 3)), RNG.normal(size=3), RNG.normal(size=6)

    def loss(w, X, y):
        return np.mean((X @ w - y) ** 2)

    report = check_gradient(loss, lambda w, X, y: {"w": 2 * X.T @ (X @ w - y) / 6}, w, X, y)
    assert report.verdict == "false"
    assert report.diagnosis.startswith("w: right for 6 rows, not for 9: the claimed gradient is 3/2")
    assert check_gradient(loss, lambda w, X, y: {"w": 2 * X.T @ (X @ w - y) / len(y)}, w, X, y).verdict == "true"


def test_a_backward_pass_for_one_size_only_is_not_refuted_by_another():
    x = RNG.normal(size=4)
    fixed = check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x.reshape(2, 2).reshape(4), x)
    assert fixed.verdict == "true"
    first_four = check_gradient(lambda x: np.sum(x[:4] ** 2), lambda x: 2 * x * (np.arange(len(x)) < 9), x)
    assert first_four.verdict == "true"  # further rows do not matter to the forward pass


def test_a_slope_below_the_rounding_of_the_value_is_no_zero():
    def loss(x):
        return 1e15 + np.abs(x[0]) * 0.01 if np.isrealobj(x) else NotImplemented

    report = check_gradient(loss, lambda x: np.zeros(1), np.array([1.0]))
    assert report.verdict == "undecided"
    assert "cannot be seen" in report.diagnosis
    dead = check_gradient(
        lambda x: np.sum(np.maximum(np.abs(x) - 50, 0)) + 3, lambda x: np.zeros(2), np.array([1.0, -1.0])
    )
    assert dead.verdict == "undecided"
    assert "times as large" in dead.diagnosis, "it comes to life beyond 50"
    constant = check_gradient(lambda x: np.sum(np.sign(x)) + 3, lambda x: np.zeros(2), np.array([1.0, -1.0]))
    assert constant.verdict == "true"
    assert check_gradient(lambda x: 3.0 + 0 * float(x[0]), lambda x: np.zeros(1), np.array([1.0])).verdict == "true"
