"""Branches that the caller's numbers do not reach, in code without a model."""

from __future__ import annotations

import numpy as np
import pytest

from derive import check_gradient, check_layer

RNG = np.random.default_rng(7)
UNIT = RNG.random((4, 3))
BOTH = RNG.normal(size=(4, 3))
Y = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0])
P = RNG.uniform(0.1, 0.9, 6)


def test_a_relu_without_its_mask_on_numbers_from_zero_to_one():
    def forward(x):
        return np.maximum(x, 0), x

    report = check_layer((forward, lambda dout, x: dout), UNIT)
    assert report.verdict == "false"
    assert "[output > 0]" in report.diagnosis
    place = report.worst.coordinate
    assert f"x{list(place)} is -" in str(report), "the point is shown"
    assert check_layer((forward, lambda dout, x: dout * (x > 0)), UNIT).verdict == "true"


@pytest.mark.parametrize(
    ("f", "right", "wrong"),
    [
        (lambda x: np.clip(x, 0, 6), lambda x: (x > 0) & (x < 6), lambda x: x > 0),
        (lambda x: np.where(abs(x) < 10, x**2 / 2, 10 * (abs(x) - 5)), lambda x: np.clip(x, -10, 10), lambda x: x),
        (lambda x: np.maximum(x + 40, 0), lambda x: x > -40, np.ones_like),
        (lambda x: np.where(abs(x) < 0.01, 0, x), lambda x: abs(x) >= 0.01, np.ones_like),
        (lambda x: np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20)))), lambda x: 1 / (1 + np.exp(-x)), None),
    ],
    ids=["relu6", "huber", "offset", "dead zone", "softplus"],
)
@pytest.mark.parametrize("x", [UNIT, BOTH, 1 + UNIT], ids=["unit", "both signs", "positive"])
def test_a_branch_far_away(f, right, wrong, x):
    assert check_gradient(lambda x: float(np.sum(f(x))), lambda x: 1.0 * right(x), x).verdict == "true"
    if wrong is not None:
        assert check_gradient(lambda x: float(np.sum(f(x))), lambda x: 1.0 * wrong(x), x).verdict != "true"


def _clipped(p):
    return np.clip(p, 1e-7, 1 - 1e-7)


@pytest.mark.parametrize(
    ("f", "gradient", "x"),
    [
        (lambda x: np.sum(np.log(x)), lambda x: 1 / x, UNIT),
        (lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), 1 + UNIT),
        (lambda x: np.sum(np.log(np.maximum(x, 1e-12))), lambda x: 1 / x, 1 + UNIT),
        (lambda p: -np.sum(p * np.log(np.clip(p, 1e-9, None))), lambda p: -1 - np.log(p), P),
        (
            lambda p: -np.sum(Y * np.log(_clipped(p)) + (1 - Y) * np.log(1 - _clipped(p))),
            lambda p: (_clipped(p) - Y) / (_clipped(p) * (1 - _clipped(p))),
            P,
        ),
        (lambda x: np.sum(x**-2.0), lambda x: -2 * x**-3.0, 1 + UNIT),
    ],
    ids=["log", "sqrt", "log of max", "entropy", "cross entropy", "power"],
)
def test_what_lies_beyond_the_domain_refutes_nothing(f, gradient, x):
    report = check_gradient(f, gradient, x)
    assert report.verdict == "true", str(report)


def test_a_guard_far_out_is_open_and_told():
    X, t = RNG.normal(size=(8, 3)), RNG.integers(0, 2, 8).astype(float)

    def probabilities(w):
        return np.clip(1 / (1 + np.exp(-X @ w)), 1e-12, 1 - 1e-12)

    def loss(w):
        p = probabilities(w)
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    report = check_gradient(loss, lambda w: X.T @ (probabilities(w) - t) / len(t), RNG.normal(size=3))
    assert report.verdict == "undecided"
    assert "right for numbers like the given ones" in report.diagnosis
    assert "guard" in report.diagnosis


def test_which_numbers_were_seen_is_told():
    report = check_gradient(lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), 1 + UNIT)
    assert any("above 0 only" in note for note in report.notes)

    def guarded(x):
        if np.any(x < 0):
            raise ValueError("negative")
        return float(np.sum(x**2))

    report = check_gradient(guarded, lambda x: 2 * x, UNIT)
    assert report.verdict == "true"
    assert any("in [0, 1] only" in note or "not defined beyond" in note for note in report.notes)
    assert not check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, UNIT).notes


@pytest.mark.parametrize("x", [UNIT, 30 * BOTH])
def test_rounding_far_out_refutes_nothing(x):
    def loss(z):
        p = 1 / (1 + np.exp(-z))
        return -np.sum(np.log(p)) - np.sum((1 - p) ** 2 * np.log(p))

    def grad(z):
        p = 1 / (1 + np.exp(-z))
        return -(1 - p) + 2 * (1 - p) ** 2 * p * np.log(p) - (1 - p) ** 3

    assert check_gradient(loss, grad, x).verdict != "false"


def test_nothing_is_said_of_a_domain_that_was_not_looked_at() -> None:
    def affine(mean):
        def backward(dy, kept):
            x, w = kept
            return dy @ w.T, x.T @ dy, dy.mean(axis=0) if mean else dy.sum(axis=0)

        return lambda x, w, b: (x @ w + b, (x, w)), backward

    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((9, 8)), rng.standard_normal((8, 2)), np.array([0.3, 0.4])
    for seed in range(6):  # two numbers of one sign are drawn with that sign again in one case of four
        for mean in (False, True):
            assert not [note for note in check_layer(affine(mean), x, w, b, seed=seed).notes if "was looked at" in note]


class Encoding:
    """Positions as sines of twelve frequencies, which move faster than the steps of any slope from afar."""

    def forward(self, x):
        self.x = x
        return np.concatenate([np.sin(2.0**k * np.pi * x) for k in range(12)], axis=-1)

    def backward(self, dout):
        parts = np.split(dout, 12, axis=-1)
        return sum(d * 2.0**k * np.pi * np.cos(2.0**k * np.pi * self.x) for k, d in enumerate(parts))


class HalfEncoding(Encoding):
    def backward(self, dout):
        return Encoding.backward(self, dout) / 2


@pytest.mark.parametrize(("layer", "verdict"), [(Encoding(), "true"), (HalfEncoding(), "false")])
def test_a_fast_function(layer, verdict):
    assert check_layer(layer, BOTH).verdict == verdict


@pytest.mark.parametrize(("slope", "verdict"), [(np.cos, "true"), (np.sin, "false")])
def test_a_very_fast_function(slope, verdict):
    x = np.array([0.3, -0.4, 1.7])
    report = check_gradient(lambda x: np.sum(np.sin(1e5 * x)), lambda x: 1e5 * slope(1e5 * x), x)
    assert report.verdict == verdict
