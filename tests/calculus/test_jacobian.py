"""Jacobians against slopes; total and direct part only where there is a second path."""

from __future__ import annotations

import numpy as np
import pytest

import derive.ops
from derive.calculus.jacobian import expression_jacobian, jacobian
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration
from derive.ir.size import size_of
from derive.ops.evaluate import Evaluator
from derive.ops.record import build_call

assert derive.ops

R = build.ref
M, N, K = size_of("m"), size_of("n"), size_of("k")
SIZES = {"m": 2, "n": 3, "k": 4}


def network() -> ComputationGraph:
    X, W, b, Z, A = R("X", (M, N)), R("W", (N, K)), R("b", (K,)), R("Z", (M, K)), R("A", (M, K))
    lines = {
        "Z": build.add(build.matmul(X, W), b),
        "A": build.call("tanh", Z),
        "P": build_call("softmax", [A], {}),
        "S": build.mul(A, Z),
        "D": build.diagonal(build.matmul(build.transpose(W), W)),
        "E": build.array([build.entry(b, (0,)), build.number(1), build.entry(W, (1, 2))], (3,)),
    }
    declared = {n: Declaration(n, "input", s) for n, s in {"X": (M, N), "W": (N, K), "b": (K,)}.items()}
    return ComputationGraph("network", declared, {name: Binding(name, node) for name, node in lines.items()})


PAIRS = ["Z W", "Z X", "Z b", "A Z", "A W", "P A", "P X", "S Z", "S W", "D W", "E b", "E W"]


@pytest.mark.parametrize("pair", PAIRS)
def test_total_jacobian_is_the_slope(pair: str) -> None:
    p, q = pair.split()
    graph = network()
    rng = np.random.default_rng(2)
    inputs = {n: rng.normal(size=[s.value(SIZES) for s in d.shape]) for n, d in graph.inputs.items()}
    point = Evaluator(inputs, SIZES).run(graph)
    base = point.values[q]
    claimed = point.value(jacobian(graph, p, q))
    assert claimed.shape == point.values[p].shape + base.shape
    for index in np.ndindex(base.shape):
        ends = []
        for h in (1e-6, -1e-6):
            moved = base.copy()
            moved[index] += h
            ends.append(Evaluator({**inputs, q: moved}, SIZES).run(graph).values[p])
        np.testing.assert_allclose(claimed[(..., *index)], (ends[0] - ends[1]) / 2e-6, atol=1e-8)


def test_direct_holds_the_other_bindings() -> None:
    graph = network()
    rng = np.random.default_rng(3)
    point = Evaluator({n: rng.normal(size=[s.value(SIZES) for s in d.shape]) for n, d in graph.inputs.items()}, SIZES)
    point.run(graph)
    direct = point.value(jacobian(graph, "S", "Z", direct=True))
    np.testing.assert_allclose(np.einsum("ijij->ij", direct), point.values["A"])
    assert not np.allclose(direct, point.value(jacobian(graph, "S", "Z")))


def test_no_path_is_zero_and_a_value_by_itself_is_the_identity() -> None:
    graph = network()
    assert build.is_zero(jacobian(graph, "D", "X"))
    assert jacobian(graph, "D", "X").shape == (K, M, N)
    own = Evaluator({"b": np.ones(4)}, SIZES).value(jacobian(graph, "b", "b"))
    np.testing.assert_array_equal(own, np.eye(4))


def test_an_elementwise_jacobian_is_visibly_diagonal() -> None:
    """Kronecker deltas become repeated labels, so that printing and proving see the diagonal."""
    node = jacobian(network(), "A", "Z")
    assert node.op == "contract"
    assert node.labels[1] == (0, 1, 0, 1)


def test_derivative_of_an_expression() -> None:
    X, B = R("X", (N, N)), R("B", (N, N))
    node = expression_jacobian(build.trace(build.matmul(X, B)), X)
    values = {"X": np.arange(9.0).reshape(3, 3), "B": np.arange(9.0).reshape(3, 3) ** 2}
    np.testing.assert_allclose(Evaluator(values, SIZES).value(node), values["B"].T)
