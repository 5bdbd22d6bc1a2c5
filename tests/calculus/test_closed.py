"""Closed forms: the textbook's, equal in value to what they shorten, and linear in depth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import derive.ops
from derive.calculus.closed import closed_forms
from derive.calculus.reverse import backprop
from derive.calculus.simplify import length
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration, Fact
from derive.ir.node import Node, refs
from derive.ir.size import size_of
from derive.model import loads
from derive.ops.evaluate import Evaluator
from derive.ops.record import build_call

assert derive.ops

R = build.ref
ONE = build.number(1)
M, K, H = size_of("m"), size_of("k"), size_of("h")


def scalars(inputs: str, **lines: Node) -> ComputationGraph:
    declared = {name: Declaration(name, "input") for name in inputs.split()}
    return ComputationGraph("scalars", declared, {name: Binding(name, node) for name, node in lines.items()}, {}, "L")


def bce(a: Node, y: Node) -> Node:
    right = build.mul(y, build.call("log", a))
    return build.neg(build.add(right, build.mul(build.sub(ONE, y), build.call("log", build.sub(ONE, a)))))


def logistic(written_out: bool) -> ComputationGraph:
    z, a = R("z"), R("a")
    value = build.div(ONE, build.add(ONE, build.call("exp", build.neg(z)))) if written_out else build.call("sigmoid", z)
    return scalars("x y w b", z=build.add(build.mul(R("w"), R("x")), R("b")), a=value, L=bce(a, R("y")))


@pytest.mark.parametrize("written_out", [False, True])
def test_sigmoid_and_cross_entropy_combine(written_out: bool) -> None:
    forms = closed_forms(backprop(logistic(written_out)))
    a, y, x = R("a"), R("y"), R("x")
    assert forms["z"].node is build.sub(a, y)
    assert forms["w"].node is build.mul(build.sub(a, y), x)
    assert forms["a"].node is build.div(build.sub(a, y), build.mul(a, build.sub(ONE, a)))
    # a lies in (0, 1), so nothing is excluded by cancelling a (1 - a)
    assert forms["z"].excluded == ()


def test_what_was_cancelled_is_said_where_no_range_excludes_it() -> None:
    a, b = R("a"), R("b")
    graph = scalars("x", a=build.mul(R("x"), R("x")), b=build.call("log", a), L=build.mul(a, b))
    assert closed_forms(backprop(graph))["a"].excluded == (a,)


def softmax_regression(facts: tuple[Fact, ...], written_out: bool) -> ComputationGraph:
    A, T = R("A", (M, K)), R("T", (M, K))
    raised = build.call("exp", A)
    y = build.div(raised, build.sum_over(raised, [1], keepdims=True)) if written_out else build_call("softmax", [A], {})
    loss = build.mul(
        build.neg(build.div(ONE, build.size_value(M))), build.sum_over(build.mul(T, build.call("log", R("Y", (M, K)))))
    )
    declared = {"A": Declaration("A", "input", (M, K)), "T": Declaration("T", "input", (M, K), facts)}
    return ComputationGraph("softmax", declared, {"Y": Binding("Y", y), "L": Binding("L", loss)}, {}, "L")


@pytest.mark.parametrize("written_out", [False, True])
@pytest.mark.parametrize("fact", ["simplex", "one_hot"])
def test_softmax_and_cross_entropy_combine_where_the_rows_sum_to_one(fact: str, written_out: bool) -> None:
    forms = closed_forms(backprop(softmax_regression((Fact(fact, 1),), written_out)))
    difference = build.sub(R("Y", (M, K)), R("T", (M, K)))
    assert forms["A"].node is build.mul(build.div(ONE, build.size_value(M)), difference)


def test_without_the_fact_the_longer_form_is_honest() -> None:
    forms = closed_forms(backprop(softmax_regression((), False)))
    assert length(forms["A"].node) > 2
    summed = closed_forms(backprop(softmax_regression((Fact("simplex", 0),), False)))
    assert summed["A"].node is forms["A"].node  # columns that sum to one say nothing about rows


def deep(depth: int, activation: str) -> ComputationGraph:
    shape = (M, H)
    declared = {"X": Declaration("X", "input", shape), "Y": Declaration("Y", "input", shape)}
    lines: dict[str, Node] = {}
    previous = R("X", shape)
    for k in range(depth):
        declared |= {f"W{k}": Declaration(f"W{k}", "input", (H, H)), f"b{k}": Declaration(f"b{k}", "input", (H,))}
        lines[f"Z{k}"] = build.add(build.matmul(previous, R(f"W{k}", (H, H))), R(f"b{k}", (H,)))
        lines[f"A{k}"] = build.call(activation, R(f"Z{k}", shape))
        previous = R(f"A{k}", shape)
    lines["L"] = build.sum_over(build.power(build.sub(previous, R("Y", shape)), 2))
    return ComputationGraph("deep", declared, {name: Binding(name, node) for name, node in lines.items()}, {}, "L")


@pytest.mark.parametrize("activation", ["sigmoid", "silu"])
def test_the_whole_is_linear_in_depth(activation: str) -> None:
    sizes = []
    for depth in (10, 20, 40):
        forms = closed_forms(backprop(deep(depth, activation)))
        sizes.append(sum(length(form.node) for form in forms.values()))
    assert sizes[2] - sizes[1] == 2 * (sizes[1] - sizes[0])


@pytest.mark.parametrize(
    "graph",
    [logistic(True), softmax_regression((), True), softmax_regression((), False), deep(3, "tanh"), deep(5, "gelu")],
)
def test_every_form_has_the_value_of_the_sum_over_paths(graph: ComputationGraph) -> None:
    sizes = {"m": 3, "k": 4, "h": 2}
    rng = np.random.default_rng(11)
    inputs = {n: rng.uniform(0.1, 0.9, [s.value(sizes) for s in d.shape]) for n, d in graph.inputs.items()}
    derivation = backprop(graph)
    point = Evaluator(inputs, sizes).run(derivation.gradient)
    for name, form in closed_forms(derivation).items():
        total = point.value(derivation.steps[name].total)
        for node in (form.node, form.step, form.code):
            np.testing.assert_allclose(point.value(node), total, rtol=1e-9, atol=1e-12)
        assert form.node.shape == graph.shape(name)
        assert form.complete == (not any(below.startswith("∂") for below in refs(form.node)))


def test_shared_parts_of_one_line_are_not_written_out() -> None:
    """sigmoid(e w + e) put into itself 40 times has 2^40 leaves as a tree."""
    e, w = R("e"), R("w")
    node = e
    for _ in range(40):
        node = build.call("sigmoid", build.add(build.mul(node, w), node))
    derivation = backprop(scalars("e w", L=node))
    point = Evaluator({"e": np.array(0.3), "w": np.array(-0.7)}, {}).run(derivation.gradient)
    for name, form in closed_forms(derivation).items():
        np.testing.assert_allclose(point.value(form.node), point.value(derivation.steps[name].total), rtol=1e-9)


def test_an_input_that_the_loss_does_not_use_gets_zero() -> None:
    graph = logistic(False)
    declared = {**graph.declarations, "unused": Declaration("unused", "input", (M,))}
    forms = closed_forms(backprop(dataclasses.replace(graph, declarations=declared)))
    assert build.is_zero(forms["unused"].node)
    assert forms["unused"].node.shape == (M,)


@pytest.mark.parametrize(
    ("lines", "name", "wanted"),
    [
        ("A : (4, 3)\nB = A - mean(A, axis=0)\nL = sum(B)", "A", np.zeros((4, 3))),
        ("A : (m, n)\nB = A - mean(A, axis=0)\nL = sum(B)", "A", np.zeros((4, 3))),
        ("x : scalar\nv = ones(3)*x\nL = sum(v)", "x", 3.0),
        ("A : (m,)\nx : scalar\nv = A + x\nL = sum(v) - x", "x", 3.0),
        ("A : (m,)\nx : scalar\nv = x*A\nL = sum(v/A)", "x", 4.0),
    ],
)
def test_a_sum_of_what_does_not_depend_on_its_index_counts_every_term(lines: str, name: str, wanted: object) -> None:
    graph = loads(lines)
    sizes = {"m": 4, "n": 3}
    inputs = {n: np.full([s.value(sizes) for s in d.shape], 0.5) for n, d in graph.inputs.items()}
    form = closed_forms(backprop(graph))[name].node
    np.testing.assert_allclose(Evaluator(inputs, sizes).value(form), wanted, atol=1e-15)
