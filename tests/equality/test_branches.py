"""Every condition is met from both sides that exist, or it is said which side was not."""

from __future__ import annotations

import pytest

from derive.equality.branches import Branches
from derive.equality.probe import Points
from derive.model import loads


def met(model: str) -> Branches:
    graph = loads(model)
    points = Points(graph)
    assert graph.loss is not None
    sides = Branches(graph, [graph.loss], graph)
    for k in range(3):
        if (point := points[k]) is not None:
            sides.meet(point)
    start = points[0]
    assert start is not None
    for point in sides.towards(start):
        assert all(fact.name != "positive" or min(point.inputs[n].flat) > 0 for n, f in facts(graph) for fact in f)
        sides.meet(point)
    return sides


def facts(graph):
    return [(name, declared.facts) for name, declared in graph.inputs.items()]


@pytest.mark.parametrize(
    "model",
    [
        "a : scalar\nL = maximum(0, a + 3)",
        "z : scalar\nL = minimum(maximum(z, 0), 600)",
        "r : scalar\nL = where(abs(r) < 10, r**2/2, 10*(abs(r) - 5))",
        "x : scalar\nL = where((x - 5)**2 < 0.0001, x, 2*x)",
        "p : (n,), in (0, 1)\nL = sum(log(maximum(p, 0.0000001)))",
        "z : (n,)\nL = sum(log(minimum(maximum(sigmoid(z), 0.00001), 0.99999)))",
        "X : (m, n)\nw : (n,)\nL = sum(relu(X @ w - 100))",
        "x : scalar, positive\nL = relu(x - 40) + relu(0.001 - x)",
        "x : (2,)\nL = sum(where(abs(x) > [3, 100], x, 2*x))",
        "z : (5,)\nL = max(z)",
    ],
)
def test_points_are_driven_to_both_sides(model: str) -> None:
    assert met(model).untold() == []


def test_a_side_that_does_not_exist_is_not_missed() -> None:
    assert met("x : scalar, positive\ny : scalar\nL = abs(x) + relu(y**2 + 1) + maximum(sigmoid(y), 0)").untold() == []


def test_a_side_that_is_not_reached_is_told() -> None:
    (told,) = met("x, y : scalar\nL = relu(x**2 + 2*x*y + y**2 + 1)").untold()
    assert told == "only x² + 2 x y + y² + 1 > 0 was met, never x² + 2 x y + y² + 1 < 0"


def test_a_condition_the_loss_does_not_use_is_none() -> None:
    assert met("x : scalar\ny = relu(x - 10**9)\nL = x**2").met == {}
