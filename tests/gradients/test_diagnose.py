"""Causes are named in words that a student understands, with the sizes at hand and the place."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

from derive.gradients.gradient import check_gradient
from derive.gradients.layer import check_layer
from derive.judging.defects import CODE, DEFECTS, FORMULA, GRADIENT

RNG = np.random.default_rng(7)
X, W, B = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3)
V, Y = RNG.normal(size=10), RNG.normal(size=10)


def sigmoid_layer(x, W, b):
    return 1 / (1 + np.exp(-(x @ W + b)))


def backward(u, x, W, b):
    a = sigmoid_layer(x, W, b)
    d = u * a * (1 - a)
    return d @ W.T, x.T @ d, d.sum(axis=0)


def report_of(change):
    """The report on the layer's backward pass with one thing changed."""
    return check_gradient(sigmoid_layer, lambda u, *args: change(list(backward(u, *args)), u, *args), X, W, B)


def times(k, factor):
    def change(g, *_):
        g[k] = factor * g[k]
        return g

    return change


@pytest.mark.parametrize(
    ("factor", "key", "words"),
    [
        (2.0, "extra_factor", "2 times the right one"),
        (0.5, "missing_factor", "1/2 times the right one"),
        (6.0, "missing_factor", "the factor 1/6 is missing"),
        (1 / 6, "mean_for_sum", "6 is the size of axis 0 of x"),
        (-1.0, "wrong_sign", "the sign is wrong"),
        (-2.0, "wrong_sign", "the sign is wrong, and the claimed gradient is 2"),
        (3.7, "extra_factor", "3.7 times the right one"),
        (np.sqrt(3.0), "extra_factor", "sqrt(3)"),
    ],
)
def test_constants_are_named_after_the_sizes_at_hand(factor, key, words):
    report = report_of(times(2, factor))
    assert report.verdict == "false"
    assert report.defects[0] == key
    assert words in report.diagnosis
    assert report.diagnosis.startswith("b: ")
    assert [g.verdict for g in report.groups] == ["true", "true", "false"]


def test_a_missing_local_derivative_inside_a_product():
    report = check_gradient(sigmoid_layer, lambda u, x, W, b: (u @ W.T, x.T @ u, u.sum(axis=0)), X, W, B)
    assert report.diagnosis == "x, W, b: the factor output(1-output) is missing (a local derivative)"
    assert report.defects == ["missing_factor", "missing_prime"]


def test_a_missing_sum_is_named_with_its_axis():
    def change(g, u, x, W, b):
        a = sigmoid_layer(x, W, b)
        g[2] = u * a * (1 - a)
        return g

    report = report_of(change)
    assert report.defects == ["shape_mismatch", "missing_sum"]
    assert "has shape (6, 3), b has shape (3,): the sum over axis 0 (of 6, size of axis 0 of x) is missing" in str(
        report
    )


def test_transposed_when_the_shape_shows_it_and_when_it_does_not():
    def change(g, *_):
        g[1] = g[1].T
        return g

    assert report_of(change).defects == ["shape_mismatch", "transposed"]
    square = RNG.normal(size=(4, 4))
    f = lambda x, W: np.sin(x @ W)  # noqa: E731
    report = check_gradient(f, lambda u, x, W: (u * np.cos(x @ W) @ W.T, (x.T @ (u * np.cos(x @ W))).T), X, square)
    assert report.defects == ["transposed"]
    assert "the gradient is transposed" in report.diagnosis


def f_of_two(x, y):
    return np.sum(x * x * y - y * y * x + np.sin(x))


TERMS = {
    "sign": (lambda x, y: 2 * x * y + y * y, "wrong_sign", "the sign of the term y^2 is wrong"),
    "missing": (lambda x, y: 2 * x * y, "missing_term", "the term y^2 is missing"),
    "added": (lambda x, y: 2 * x * y - y * y + x, "extra_term", "the term 1*x"),
    "factor": (lambda x, y: x * y - y * y, "missing_factor", "the factor of the term x*y is wrong"),
}


@pytest.mark.parametrize("case", ["sign", "missing", "factor"])
def test_the_wrong_term_of_a_sum(case):
    claimed, key, words = TERMS[case]
    report = check_gradient(lambda x, y: np.sum(x * x * y - y * y * x), claimed, V, Y)
    assert report.defects == [key]
    assert words in report.diagnosis
    assert "right" in report.diagnosis


@pytest.mark.parametrize(
    ("f", "claimed", "words"),
    [
        (lambda x: np.sum(np.tanh(x)), lambda x: np.ones_like(x), "tanh'(x)"),
        (lambda x: np.sum(np.sin(x)), lambda x: np.ones_like(x), "cos(x)"),
        (lambda x: np.sum(x**3), lambda x: 3 * x, "factor x is missing"),
        (lambda x: np.sum(x**2), lambda x: x**2, "the factor 0.5*x does not belong there"),
        (lambda x: np.sum(np.exp(x)), lambda x: x * np.exp(x), "the factor x does not belong there"),
    ],
)
def test_ratios_that_are_functions_of_a_forward_value(f, claimed, words):
    report = check_gradient(f, claimed, V)
    assert report.verdict == "false"
    assert words in report.diagnosis


def test_a_regulariser_is_recognised():
    with_decay = check_gradient(
        lambda w, x: np.sum(np.sin(x @ w)), lambda w, x: x.T @ np.cos(x @ w) + 0.01 * w, RNG.normal(size=4), X
    )
    assert with_decay.defects == ["regulariser", "extra_term"]
    assert "0.01*w" in with_decay.diagnosis
    without = check_gradient(
        lambda w, x: np.sum(np.sin(x @ w)) + 0.05 * np.sum(w**2),
        lambda w, x: x.T @ np.cos(x @ w),
        RNG.normal(size=4),
        X,
    )
    assert without.defects == ["regulariser", "missing_term"]
    assert "0.1*w" in without.diagnosis
    two = check_gradient(
        lambda w, x: np.sum(np.sin(x @ w)) + 0.05 * np.sum(w**2),
        lambda w, x: x.T @ np.cos(x @ w),
        np.array([0.3, -1.2]),
        X[:, :2],
    )
    assert two.defects == ["regulariser", "missing_term"]


def test_the_gradient_of_another_argument():
    f = lambda x, y: np.sum(x**2 * np.exp(y))  # noqa: E731
    exchanged = check_gradient(f, lambda x, y: (x**2 * np.exp(y), 2 * x * np.exp(y)), V, Y)
    assert "exchanged" in exchanged.diagnosis
    assert exchanged.defects[0] == "wrong_left_side"
    twice = check_gradient(f, lambda x, y: (2 * x * np.exp(y), 2 * x * np.exp(y)), V, Y)
    assert twice.group("x").verdict == "true"
    assert "gradient of x" in twice.diagnosis or "given for x" in twice.diagnosis


@pytest.mark.parametrize(
    ("index", "key", "words"),
    [
        ((2,), "one_row", "only row 2 is wrong (it is zero there)"),
        ((slice(None), 1), "one_column", "only column 1 is wrong (it is zero there)"),
        ((3, 2), "one_coordinate", "only the coordinate [3, 2] is wrong"),
    ],
)
@pytest.mark.parametrize("size", [1, 25])
def test_the_place_is_found_in_small_and_large_arrays(index, key, words, size):
    x, w = RNG.normal(size=(6, 4 * size)), RNG.normal(size=(4 * size, 3 * size))

    def grad(u, x, w):
        g = x.T @ (u * np.cos(x @ w))
        g[index] = 0.0
        return g

    report = check_gradient(lambda x, w: np.sin(x @ w), grad, x, w, wrt="w")
    assert report.defects == [key]
    assert words in report.diagnosis


def test_only_negative_inputs():
    report = check_gradient(
        lambda x: np.sum(np.where(x > 0, x, 0.01 * x)), lambda x: np.where(x > 0, 1.0, 0.02 + 0.001 * x), V
    )
    assert report.defects == ["negative_inputs"]
    assert report.diagnosis == "x: wrong only where x is negative"


def test_sizes_drawn_by_sample_are_consistent_with_a_size():
    report = check_gradient(
        lambda x: np.mean(x**2), lambda x: 2 * x, RNG.normal(size=4), sample=lambda: RNG.normal(size=7)
    )
    assert "the factor 1/4 is missing" in report.diagnosis


def test_what_is_not_recognised_is_said_to_be_so():
    report = check_gradient(lambda x: np.sum(np.sin(x)), lambda x: np.cos(x) + np.tan(0.1 * x**2 - np.roll(x, 3)), V)
    assert report.defects == ["wrong_value"]
    assert "not recognised" in report.diagnosis


# ----- the list of keys -----


def test_every_key_is_described_once():
    assert len(DEFECTS) == len(FORMULA) + len(CODE) + len(GRADIENT)
    assert all(text and "\n" not in text for text in DEFECTS.values())


def test_no_other_keys_are_used():
    """Every list of keys that the diagnosis returns is made of keys from the list."""
    for path in Path(inspect.getfile(check_gradient)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Return)
                and isinstance(node.value, ast.Tuple)
                and isinstance(node.value.elts[0], ast.List)
            ):
                for item in node.value.elts[0].elts:
                    if isinstance(item, ast.Constant):
                        assert item.value in DEFECTS, (path.stem, item.value)


def test_a_dropped_term_of_a_norm_over_several_axes():
    def forward(x):
        centered = x - x.mean(axis=(2, 3), keepdims=True)
        scale = 1 / np.sqrt((centered**2).mean(axis=(2, 3), keepdims=True) + 1e-5)
        return 2 * centered * scale + 1.5, scale

    lines = {"np": np}  # without a source in which the term may be looked for
    exec(  # noqa: S102
        "def backward(g, scale):\n    return 2 * scale * (g - g.mean(axis=(2, 3), keepdims=True))",
        lines,
    )
    report = check_layer((forward, lines["backward"]), np.random.default_rng(4).normal(size=(2, 2, 3, 3)))
    assert report.verdict == "false"
    assert "missing_term" in report.defects
    assert "proportional to output - mean(output, axis=(2, 3)) along axis 2" in report.diagnosis


def test_a_ratio_next_to_one_is_not_named_after_a_size():
    x = np.random.default_rng(5).normal(size=10_000)
    spoiled = check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x + 1e-4 * (np.arange(x.size) == 77), x)
    assert spoiled.defects == ["one_coordinate"]
    assert "only the coordinate [77] is wrong" in spoiled.diagnosis
    assert "10000" not in spoiled.diagnosis
    scaled = check_gradient(lambda x: (x**2).sum(), lambda x: 2.0001 * x + 2e-6 * x, x[:7])
    assert "the claimed gradient is 1.000051 times the right one" in scaled.diagnosis
    bessel = check_gradient(lambda x: x.var(ddof=1), lambda x: 2 * (x - x.mean()) / len(x), x[:500])
    assert "(500-1)/500 (size of axis 0 of x)" in bessel.diagnosis
