"""Complex steps are exact where the code carries complex numbers through, and refused or doubted where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from derive.gradients.complex_step import complex_slope, confirmed_slopes

EPS = float(np.finfo(np.float64).eps)


def along(f, x):
    """The line t -> f(x + t) and its centre."""

    def line(t):
        return np.atleast_1d(np.asarray(f(x + t)))

    return line, line(0.0)


def test_the_complex_step_refuses_what_drops_the_imaginary_part():
    line, center = along(lambda t: np.sin(t) * np.exp(t), 0.5)
    sharp = complex_slope(line, center, EPS)
    assert sharp.value == pytest.approx(np.exp(0.5) * (np.sin(0.5) + np.cos(0.5)), rel=1e-15)

    def into_a_buffer(t):
        out = np.empty(1)
        out[0] = t**2
        return out

    for f in (into_a_buffer, lambda t: float(t) ** 2, lambda t: np.abs(t)):
        line = lambda t, f=f: np.atleast_1d(np.asarray(f(0.5 + t)))  # noqa: E731
        assert complex_slope(line, np.array([0.25]), EPS) is None


def slopes_of(f, **given):
    """The confirmed slope of f by each argument."""

    def line(directions):
        return lambda t: np.atleast_1d(np.asarray(f(**given | {n: given[n] + t * v for n, v in directions.items()})))

    return confirmed_slopes(line, {name: np.ones(()) for name in given}, line({})(0.0), EPS)


def test_one_comparison_with_real_values_serves_all_arguments():
    found = slopes_of(lambda a, b: np.sin(a) * np.exp(b), a=0.4, b=0.3)
    assert found["a"].value == pytest.approx(np.cos(0.4) * np.exp(0.3), rel=1e-15)
    assert found["b"].value == pytest.approx(np.sin(0.4) * np.exp(0.3), rel=1e-15)
    assert max(slope.error for slope in found.values()) < 1e-11


def test_what_imaginary_parts_lack_is_an_error_of_every_slope():
    found = slopes_of(lambda a, b: a**2 + b + np.abs(b), a=0.4, b=0.3)
    assert min(slope.error for slope in found.values()) == pytest.approx(1.0, rel=1e-6)


def test_so_is_a_kink_close_by():
    found = slopes_of(lambda a: np.where(a > 0.5, a, 3 * a), a=0.5 + 1e-5)
    assert found["a"].error > 0.1


def test_an_argument_that_is_not_carried_through_is_left_out():
    assert set(slopes_of(lambda a, b: a**2 * float(b), a=0.4, b=0.3)) == {"a"}
