"""Where values are lost in others: equal digits say nothing there."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from derive.equality.probe import Point
from derive.equality.saturation import Lost
from derive.ir.graph import ComputationGraph
from derive.model.text import loads


def margin(line: str, **values: str) -> float:
    graph: ComputationGraph = loads(f"{', '.join(values)} : scalar\nL = {line}")
    inputs = {name: np.asarray(Fraction(value), dtype=object) for name, value in values.items()}
    return Lost([graph.bindings["L"].node]).margin(Point(graph, {}, inputs))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("tanh(x)", {"x": "5"}),
        ("exp(x)*y", {"x": "-20", "y": "0"}),
        ("log(x) + y", {"x": "1e6", "y": "1e-6"}),
        ("softmax([x, y])", {"x": "3", "y": "-3"}),
        ("10**12*x", {"x": "2"}),
    ],
)
def test_what_shows(line: str, values: dict[str, str]) -> None:
    assert margin(f"sum({line})", **values) > 0


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("tanh(x)", {"x": "60"}),
        ("sigmoid(x)", {"x": "-100"}),
        ("exp(x)", {"x": "1e6"}),
        ("x**20", {"x": "1e-3"}),
        ("softmax([x, y])", {"x": "300", "y": "-3"}),
        ("x*1e-60", {"x": "1e60"}),
    ],
)
def test_what_is_lost(line: str, values: dict[str, str]) -> None:
    assert margin(f"sum({line})", **values) < 0
