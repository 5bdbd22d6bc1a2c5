"""Deltas of Jacobians: what they are summed with is taken where they point, and the value stays."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import derive
from derive.calculus.jacobian import jacobian
from derive.codegen.deltas import deltas_out
from derive.ir import build
from derive.ir.node import topological
from derive.model.text import loads
from derive.ops.evaluate import Evaluator

NET = """
X : (m, n)
W : (n, k)
V : (k, k)
c : (k,), positive
Z = X @ W
S = (tanh(Z) @ V + Z) / c - 2*Z
"""


def drawn() -> Evaluator:
    rng = np.random.default_rng(0)
    shapes = {"X": (2, 4), "W": (4, 3), "V": (3, 3)}
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return Evaluator({**inputs, "c": np.array([1.0, 2.0, 4.0])}, {"m": 2, "n": 4, "k": 3})


@pytest.mark.parametrize("by", ["X", "W", "Z", "V", "c"])
def test_the_value_stays(by: str) -> None:
    graph, at = loads(NET), drawn()
    at.run(graph)
    node = jacobian(graph, "S", by)
    assert np.allclose(at.value(deltas_out(node)), at.value(node))


def test_no_array_is_made_of_a_delta_that_is_summed_over() -> None:
    source = derive.loads("X : (m, n)\nW : (n, k)\nV : (k, j)\nZ = tanh(X @ W) @ V\n").jacobian("Z", "W").source()
    assert "eye" not in source
    assert "tensordot" not in source
    assert "einsum" not in source


def test_an_axis_that_nothing_bears_any_more_counts() -> None:
    delta = build.eye(loads("x : (n,)\n").shape("x")[0])
    whole = build.contract([(0, 1), (1, 2)], (2,), [delta, delta], delta.shape[:1])
    at = Evaluator({}, {"n": 3})
    assert np.allclose(at.value(deltas_out(whole)), at.value(whole))
    traced = build.contract([(0, 1), (1, 0)], (), [delta, delta], ())
    assert at.value(deltas_out(traced)) == 3


def test_terms_do_not_multiply_without_end() -> None:
    names = ["x", *(f"h_{k}" for k in range(1, 13))]
    lines = ["x : (n,)", *(f"{h} = {x} + tanh({x})" for x, h in pairwise(names))]
    graph = loads("\n".join(lines) + "\n")
    made = deltas_out(jacobian(graph, "h_12", "x"))
    assert sum(1 for _ in topological(made)) < 400
