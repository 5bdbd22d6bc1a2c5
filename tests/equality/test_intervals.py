"""Intervals hold what is computed, and are narrow enough to tell which side of a condition does not exist."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from derive.equality.intervals import Reach
from derive.equality.probe import Points
from derive.model import load, loads
from tests.gradients.test_model_check import NEURON

FACTS = "x, y : scalar\nv : (n,)\nP : (n,), in (0, 1)\nt : (n,), simplex\nq : scalar, positive\n"


@pytest.mark.parametrize(
    ("line", "interval"),
    [
        ("x", (-inf, inf)),
        ("q", (0, inf)),
        ("x**2 + 1", (1, inf)),
        ("x*x*q", (0, inf)),
        ("-exp(x) - 1/2", (-inf, -0.5)),
        ("2 - sigmoid(x)", (1, 2)),
        ("1/(1 + x**2)", (0, 1)),
        ("x**3", (-inf, inf)),
        ("maximum(x, 2)", (2, inf)),
        ("minimum(maximum(x, -1), q)", (-1, inf)),
        ("minimum(maximum(x, -1), 6)", (-1, 6)),
        ("1/x", (-inf, inf)),
        ("sum(P)", (0, inf)),
        ("sum(v*v)", (0, inf)),
        ("sum(t*P)", (0, inf)),
        ("sum(softmax([x, y, 0]))", (0, 3)),
    ],
)
def test_the_interval_of_a_line(line: str, interval: tuple[float, float]) -> None:
    graph = loads(f"{FACTS}L = {line}")
    assert Reach(graph).names["L"] == interval


@pytest.mark.parametrize("model", [NEURON, "softmax_ce", "batch_norm", "mlp_three_layers", "node_div"])
def test_values_lie_in_their_intervals(model: str) -> None:
    graph = loads(model) if "=" in model else load(model)
    reach, points = Reach(graph), Points(graph)
    for k in range(6):
        point = points[k]
        assert point is not None
        values = point.values()
        for name, binding in graph.bindings.items():
            low, high = reach.interval(binding.node)
            assert np.all((values[name] >= float(low) - 1e-12) & (values[name] <= float(high) + 1e-12)), name
