"""Laws over random graphs: gradients agree with an independent automatic differentiation, and so do their gradients."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import derive.ops
from derive.calculus.reverse import backprop
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration
from derive.ir.node import Node, topological
from derive.ir.size import size_of
from derive.ops.evaluate import Evaluator
from derive.ops.record import build_call

assert derive.ops

SIZES = {"m": 3, "n": 2}
M, N = size_of("m"), size_of("n")
SHAPES = [(), (M,), (N,), (M, N), (N, M), (M, M)]

# the same operation for nodes and for autograd's arrays; kinks are where no draw falls
UNARY: dict[str, tuple[Any, Any]] = {
    "sigmoid": (lambda a: build.call("sigmoid", a), lambda a: 1 / (1 + anp.exp(-a))),
    "tanh": (lambda a: build.call("tanh", a), anp.tanh),
    "sin": (lambda a: build.call("sin", a), anp.sin),
    "softplus": (lambda a: build.call("softplus", a), lambda a: anp.log(1 + anp.exp(a))),
    "silu": (lambda a: build.call("silu", a), lambda a: a / (1 + anp.exp(-a))),
    "square": (lambda a: build.power(a, 2), lambda a: a**2),
    "reciprocal": (
        lambda a: build.div(build.number(1), build.add(build.number(2), build.power(a, 2))),
        lambda a: 1 / (2 + a**2),
    ),
    "negative": (build.neg, lambda a: -a),
    "exp": (lambda a: build.call("exp", a), anp.exp),
    "cos": (lambda a: build.call("cos", a), anp.cos),
    "log": (lambda a: build.call("log", build.add(build.number(2), build.power(a, 2))), lambda a: anp.log(2 + a**2)),
    "sqrt": (lambda a: build.call("sqrt", build.add(build.number(2), build.mul(a, a))), lambda a: anp.sqrt(2 + a * a)),
    "abs": (lambda a: build.call("abs", a), anp.abs),
    "relu": (lambda a: build.call("relu", a), lambda a: anp.maximum(a, 0)),
    "leaky": (lambda a: build_call("leaky_relu", [a], {}), lambda a: anp.where(a > 0, a, 0.01 * a)),
    "log_softmax": (
        lambda a: build_call("log_softmax", [a], {}) if a.shape else a,
        lambda a: a - anp.log(anp.sum(anp.exp(a), axis=-1, keepdims=True)) if a.ndim else a,
    ),
    "largest": (lambda a: build_call("amax", [a], {}) if a.shape else a, lambda a: anp.max(a) if a.ndim else a),
    "transpose": (build.transpose, anp.transpose),
    "sum": (build.sum_over, anp.sum),
    "mean0": (lambda a: build.mean_over(a, [0]) if a.shape else a, lambda a: anp.mean(a, axis=0) if a.ndim else a),
    "softmax": (
        lambda a: build_call("softmax", [a], {}) if a.shape else a,
        lambda a: anp.exp(a) / anp.sum(anp.exp(a), axis=-1, keepdims=True) if a.ndim else a,
    ),
    "logsumexp": (lambda a: build_call("logsumexp", [a], {}), lambda a: anp.log(anp.sum(anp.exp(a)))),
}
BINARY: dict[str, tuple[Any, Any]] = {
    "add": (build.add, lambda a, b: a + b),
    "sub": (build.sub, lambda a, b: a - b),
    "mul": (build.mul, lambda a, b: a * b),
    "matmul": (build.matmul, anp.matmul),
    "maximum": (lambda a, b: build.call("maximum", a, b), anp.maximum),
    "minimum": (lambda a, b: build.call("minimum", a, b), anp.minimum),
    "div": (
        lambda a, b: build.div(a, build.add(build.number(3), build.call("sin", b))),
        lambda a, b: a / (3 + anp.sin(b)),
    ),
}


def scaled(node: Node) -> Node:
    """Kept small, so that no draw overflows."""
    return build.call("tanh", node)


@st.composite
def programs(draw: Any) -> tuple[ComputationGraph, list[Any]]:
    """A graph whose every value may be used again, and the same steps for autograd."""
    declared = {f"x{k}": Declaration(f"x{k}", "input", shape) for k, shape in enumerate(SHAPES)}
    graph = ComputationGraph("random", declared)
    steps: list[Any] = []
    pool = [graph.ref(name) for name in declared]
    for count in range(draw(st.integers(2, 7))):
        name = f"v{count}"
        if draw(st.booleans()):
            key = draw(st.sampled_from(sorted(UNARY)))
            operands = [draw(st.sampled_from(pool))]
            make, run = UNARY[key]
        else:
            key = draw(st.sampled_from(sorted(BINARY)))
            make, run = BINARY[key]
            operands = [draw(st.sampled_from(pool)), draw(st.sampled_from(pool))]
        try:
            node = scaled(make(*operands))
        except derive.errors.ShapeError:
            continue
        graph = graph.with_binding(Binding(name, node))
        steps.append((name, [operand.name for operand in operands], run))
        pool.append(graph.ref(name))
    ends = [build.sum_over(build.power(ref, 2)) for ref in pool[-3:]]
    graph = graph.with_binding(Binding("L", build.add(*ends))).with_loss("L")
    steps.append(("L", [ref.name for ref in pool[-3:]], lambda *vs: sum(anp.sum(v**2) for v in vs)))
    return graph, steps


def run_steps(steps: list[Any], inputs: dict[str, Any]) -> Any:
    values = dict(inputs)
    for name, operands, run in steps:
        values[name] = (
            run(*[values[o] for o in operands]) if name == "L" else anp.tanh(run(*[values[o] for o in operands]))
        )
    return values["L"]


def draw_inputs(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {f"x{k}": rng.normal(size=[s.value(SIZES) for s in shape]) for k, shape in enumerate(SHAPES)}


@settings(max_examples=120)
@given(programs(), st.integers(0, 10**6))
def test_gradients_agree_with_autograd(program: tuple[ComputationGraph, list[Any]], seed: int) -> None:
    graph, steps = program
    inputs = draw_inputs(seed)
    derivation = backprop(graph)
    point = Evaluator(inputs, SIZES).run(derivation.gradient)
    wanted = autograd.grad(lambda values: run_steps(steps, values))(inputs)
    for name, value in inputs.items():
        ours = point.values.get(f"∂L/∂{name}", np.zeros_like(value))
        np.testing.assert_allclose(ours, wanted[name], rtol=1e-9, atol=1e-11)
        assert np.shape(ours) == np.shape(value)


@settings(max_examples=40)
@given(programs(), st.integers(0, 10**6), st.integers(0, len(SHAPES) - 1))
def test_gradient_of_a_gradient_agrees(program: tuple[ComputationGraph, list[Any]], seed: int, k: int) -> None:
    graph, steps = program
    inputs = draw_inputs(seed)
    first = backprop(graph)
    adjoint = f"∂L/∂x{k}"
    if adjoint not in first.gradient.bindings:
        return
    weights = build.call("sin", graph.ref(f"x{k}"))
    scalar = build.sum_over(build.mul(weights, first.gradient.ref(adjoint)))
    second = backprop(first.gradient.with_binding(Binding("S", scalar)), "S")
    point = Evaluator(inputs, SIZES).run(second.gradient)

    def inner(values: Any) -> Any:
        gradient = autograd.grad(lambda v: run_steps(steps, v))(values)
        return anp.sum(anp.sin(values[f"x{k}"]) * gradient[f"x{k}"])

    wanted = autograd.grad(inner)(inputs)
    for name, value in inputs.items():
        ours = point.values.get(f"∂S/∂{name}", np.zeros_like(value))
        np.testing.assert_allclose(ours, wanted[name], rtol=1e-8, atol=1e-9)


# ------------------------------------------------------------------------------ cases that once broke peers


def slopes(graph: ComputationGraph, inputs: dict[str, Any], sizes: dict[str, int], name: str) -> Any:
    result = np.zeros_like(inputs[name])
    for index in np.ndindex(result.shape):
        ends = []
        for h in (1e-6, -1e-6):
            moved = {**inputs, name: inputs[name].copy()}
            moved[name][index] += h
            ends.append(Evaluator(moved, sizes).run(graph).values["L"])
        result[index] = (ends[0] - ends[1]) / 2e-6
    return result


def one_line(**lines: Node) -> ComputationGraph:
    declared = {
        ref.name: Declaration(ref.name, "input", ref.shape)
        for node in lines.values()
        for ref in topological(node)
        if ref.op == "ref" and ref.name not in lines
    }
    return ComputationGraph("case", declared, {name: Binding(name, node) for name, node in lines.items()}, {}, "L")


X = build.ref("X", (M, N))
V = build.ref("V", (M, M))
x = build.ref("x")
a, b = build.ref("a"), build.ref("b")


@pytest.mark.parametrize(
    "graph",
    [
        one_line(L=build.sum_over(build.power(build.matmul(X, build.transpose(X)), 2))),
        one_line(L=build.sum_over(build.power(build.matmul(V, V), 2))),
        one_line(L=build.trace(build.matmul(V, build.matmul(V, V)))),
        one_line(L=build.sum_over(build.mul(build.diagonal(V), build.diagonal(V)))),
        one_line(L=build.sum_over(build.mul(V, build.transpose(V)))),
        one_line(a=build.call("tanh", x), b=build.call("tanh", x), L=build.mul(a, b)),
        one_line(a=build.call("tanh", x), b=build.add(a, x), L=build.mul(b, build.call("sin", a))),
    ],
    ids=["X X^T", "V V", "trace of a cube", "diagonal", "V * V.T", "equal definitions", "skip path"],
)
def test_gradients_are_slopes(graph: ComputationGraph) -> None:
    rng = np.random.default_rng(5)
    sizes = {"m": 3, "n": 3}  # equal sizes must not identify two axes
    inputs = {name: rng.normal(size=[s.value(sizes) for s in d.shape]) for name, d in graph.inputs.items()}
    point = Evaluator(inputs, sizes).run(backprop(graph).gradient)
    for name in inputs:
        np.testing.assert_allclose(
            point.values[f"∂L/∂{name}"], slopes(graph, inputs, sizes, name), rtol=1e-6, atol=1e-6
        )


def test_equal_definitions_stay_two_bindings() -> None:
    graph = one_line(a=build.call("tanh", x), b=build.call("tanh", x), L=build.mul(a, b))
    steps = backprop(graph).steps
    assert steps["a"].total is b
    assert steps["b"].total is a


def test_five_thousand_nodes_in_a_chain() -> None:
    node = x
    for _ in range(5000):
        node = build.call("sin", node)
    graph = one_line(L=node)
    point = Evaluator({"x": np.asarray(0.7)}, {}).run(backprop(graph).gradient)
    value, slope = 0.7, 1.0
    for _ in range(5000):
        value, slope = np.sin(value), slope * np.cos(value)
    np.testing.assert_allclose(point.values["∂L/∂x"], slope, rtol=1e-10)
