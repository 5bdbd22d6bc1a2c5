"""The information of each distribution against the mean square of its score, by sums and quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from derive.calculus.distributions import distribution
from derive.model.text import loads
from derive.ops.evaluate import Evaluator

STEP = 1e-30
HERMITE, HERMITE_WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
LAGUERRE, LAGUERRE_WEIGHTS = np.polynomial.laguerre.laggauss(20)
COUNTS = np.arange(60)
FACTORIALS = np.array([math.lgamma(k + 1) for k in COUNTS])

# text, the parameter, its value; outcomes and weights at that value, log density as a function of outcome and parameter
CASES: dict[str, tuple[float, Callable[[float], tuple[Any, Any]], Callable[[Any, Any], Any]]] = {
    "normal(mean=z, std=2)": (
        0.3,
        lambda z: (z + 2 * HERMITE, HERMITE_WEIGHTS),
        lambda y, z: -((y - z) ** 2) / 8,
    ),
    "normal(mean=1, variance=z)": (
        0.7,
        lambda z: (1 + math.sqrt(z) * HERMITE, HERMITE_WEIGHTS),
        lambda y, z: -((y - 1) ** 2) / (2 * z) - np.log(z) / 2,
    ),
    "normal(mean=1, std=z)": (
        0.7,
        lambda z: (1 + z * HERMITE, HERMITE_WEIGHTS),
        lambda y, z: -((y - 1) ** 2) / (2 * z**2) - np.log(z),
    ),
    "bernoulli(probs=z)": (
        0.3,
        lambda z: (np.array([0, 1]), np.array([1 - z, z])),
        lambda y, z: y * np.log(z) + (1 - y) * np.log(1 - z),
    ),
    "bernoulli(logits=z)": (
        0.3,
        lambda z: (np.array([0, 1]), np.array([1, math.exp(z)])),
        lambda y, z: y * z - np.log(1 + np.exp(z)),
    ),
    "poisson(rate=z)": (
        1.3,
        lambda z: (COUNTS, np.exp(COUNTS * math.log(z) - FACTORIALS)),
        lambda y, z: y * np.log(z) - z,
    ),
    "poisson(log_rate=z)": (
        0.4,
        lambda z: (COUNTS, np.exp(COUNTS * z - FACTORIALS)),
        lambda y, z: y * z - np.exp(z),
    ),
    "exponential(rate=z)": (
        1.7,
        lambda z: (LAGUERRE / z, LAGUERRE_WEIGHTS),
        lambda y, z: np.log(z) - z * y,
    ),
    "exponential(log_rate=z)": (
        0.4,
        lambda z: (LAGUERRE / math.exp(z), LAGUERRE_WEIGHTS),
        lambda y, z: z - np.exp(z) * y,
    ),
}


@pytest.mark.parametrize("text", CASES)
def test_information_is_the_mean_square_of_the_score(text: str) -> None:
    value, outcomes, density = CASES[text]
    graph = loads("z : (n,)\n")
    ((name, node),) = distribution(text, graph).information(graph)
    assert name == "z"
    found = Evaluator({"z": np.array([value, value])}, {"n": 2}).value(node)
    y, weights = outcomes(value)
    score = np.imag(density(y, value + 1j * STEP)) / STEP
    right = np.sum(weights * score**2) / np.sum(weights)
    assert np.allclose(found, right * np.eye(2), rtol=1e-9)


@pytest.mark.parametrize("by", ["logits", "probs"])
def test_categories_share_what_they_say(by: str) -> None:
    graph = loads("z : (m, k)\n")
    ((_, node),) = distribution(f"categorical({by}=z)", graph).information(graph)
    z = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
    found = Evaluator({"z": z}, {"m": 2, "k": 3}).value(node)
    for row in range(2):
        p = np.exp(z[row]) / np.exp(z[row]).sum() if by == "logits" else z[row]
        scores = np.eye(3) - p if by == "logits" else np.diag(1 / p)
        right = sum(p[c] * np.outer(scores[c], scores[c]) for c in range(3))
        assert np.allclose(found[row, :, row], right)
        assert np.allclose(found[row, :, 1 - row], 0)


def test_a_number_that_all_observations_share_adds_up() -> None:
    graph = loads("z : (n,)\ns : scalar, positive\n")
    found = dict(distribution("normal(mean=z, std=s)", graph).information(graph))
    values = Evaluator({"z": np.zeros(5), "s": np.array(2.0)}, {"n": 5})
    assert np.allclose(values.value(found["s"]), 5 * 2 / 4)
    assert np.allclose(values.value(found["z"]), np.eye(5) / 4)
