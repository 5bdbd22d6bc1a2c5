"""Slopes are right within their own error estimate, at every scale, and kinks are seen."""

from __future__ import annotations

import numpy as np
import pytest

from derive.gradients.difference import measured_noise, slope

EPS = float(np.finfo(np.float64).eps)


def along(f, x):
    """The line t -> f(x + t) and its centre."""

    def line(t):
        return np.atleast_1d(np.asarray(f(x + t)))

    return line, line(0.0)


def measured(f, x, target=0.0):
    line, center = along(f, x)
    with np.errstate(all="ignore"):
        return slope(line, center, measured_noise(line, center, EPS), target)


SMOOTH = {
    "square": (lambda t: t**2, 1.3, 2.6),
    "exp": (np.exp, 0.7, np.exp(0.7)),
    "sine, fast": (lambda t: np.sin(1e4 * t), 0.3, 1e4 * np.cos(3e3)),
    "log towards its pole": (np.log, 1e-3, 1e3),
    "root": (np.sqrt, 1e-3, 0.5 / np.sqrt(1e-3)),
    "small": (lambda t: 1e-8 * np.tanh(t), 0.5, 1e-8 * (1 - np.tanh(0.5) ** 2)),
    "large": (lambda t: 1e8 * np.tanh(t), 0.5, 1e8 * (1 - np.tanh(0.5) ** 2)),
    "beside a large number": (lambda t: 1e6 + np.sin(t), 0.5, np.cos(0.5)),
    "flat": (lambda t: t**5, 0.0, 0.0),
}


@pytest.mark.parametrize("case", SMOOTH)
def test_the_error_estimate_holds(case):
    f, x, right = SMOOTH[case]
    found = measured(f, x)
    assert found.kink is None
    assert abs(found.value - right) <= 3.0 * found.error
    assert found.error < 2e-6 * max(abs(right), 1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_error_estimate_holds_for_random_functions(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        a, w, c = rng.normal(size=3) * 10.0 ** rng.uniform(-6, 6, size=3)
        b = rng.normal()
        f = lambda t, a=a, w=w, b=b, c=c: a * np.sin(w * t / (1 + abs(w)) + b) + c * np.exp(-t * t)  # noqa: E731
        x = float(rng.normal())
        right = a * w / (1 + abs(w)) * np.cos(w * x / (1 + abs(w)) + b) - 2 * c * x * np.exp(-x * x)
        found = measured(f, x)
        assert abs(found.value - right) <= 5.0 * found.error


def test_noise_is_measured_and_widens_the_estimate():
    def rough(t):
        return np.float64(np.float32(np.sin(t)))

    line, center = along(rough, 0.4)
    noise = measured_noise(line, center, EPS)
    assert 1e-9 < noise < 1e-6
    found = measured(rough, 0.4)
    assert abs(found.value - np.cos(0.4)) <= 3.0 * found.error
    assert found.error > 1e-9


KINKS = {
    "abs": (np.abs, 0.0, (-1.0, 1.0)),
    "relu": (lambda t: np.maximum(t, 0), 0.0, (0.0, 1.0)),
    "leaky, steep": (lambda t: np.where(t > 0, 1e8 * t, 1e7 * t), 0.0, (1e7, 1e8)),
    "bent sine": (lambda t: np.sin(t) + np.abs(t - 0.5), 0.5, (np.cos(0.5) - 1, np.cos(0.5) + 1)),
}


@pytest.mark.parametrize("case", KINKS)
def test_kinks_give_their_one_sided_slopes(case):
    f, x, sides = KINKS[case]
    found = measured(f, x)
    assert found.kink == pytest.approx(sides, rel=1e-5)


def test_a_kink_nearby_is_stepped_around():
    found = measured(lambda t: np.abs(t - 1e-4) + t**2, 0.0)
    assert found.kink is None
    assert found.value == pytest.approx(-1.0, rel=1e-8)


def test_steps_shrink_into_the_domain():
    found = measured(lambda t: np.log(t), 1e-9)
    assert found.value == pytest.approx(1e9, rel=1e-6)
