"""Every function that a model may call: printed and read back, emitted at extremes, refused where it does not fit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import derive.ops
from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.errors import ModelError
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration
from derive.ir.node import Node, topological
from derive.ir.size import size_of
from derive.notation import Style, print_derivation, print_forward
from derive.ops.digits import Digits
from derive.ops.evaluate import Evaluator
from derive.ops.record import Elementwise, Tensor, all_records, build_call, signature_of
from derive.ops.sympy_bridge import has_formula
from derive.verification.verify import Options, verify_formula

assert derive.ops  # importing the package is what registers the operations
RECORDS = [r for r in all_records() if isinstance(r, Elementwise) and not r.steady]
DIGITS = Digits(60)
EXTREMES = (-800.0, -40.0, -1e-6, 0.0, 1e-6, 40.0, 800.0)
by_name = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)


def varied(record: Elementwise) -> list[int]:
    """The operands by which there is a derivative, a condition left out: it is 0 or 1."""
    orders = [tuple(int(j == k) for j in range(record.arity)) for k in range(record.arity)]
    return [k for k, order in enumerate(orders) if has_formula(record, order) and (record.name, k) != ("where", 0)]


def model(record: Elementwise) -> ComputationGraph:
    """The sum of a function over a vector; operands without a derivative are the numbers of its first sample."""
    names = {k: f"u_{k}" for k in varied(record)}
    graph = ComputationGraph("sample", {name: Declaration(name, "input", (size_of("n"),)) for name in names.values()})
    operands: list[Node] = [
        graph.ref(names[k]) if k in names else build.number(Fraction(str(value)))
        for k, value in enumerate(record.samples[0])
    ]
    for name, node in (
        ("y", build.call(record.name, *operands)),
        ("L", build.sum_over(build.ref("y", (size_of("n"),)))),
    ):
        graph = graph.with_binding(Binding(name, node))
    return graph.with_loss("L")


@by_name
def test_what_is_printed_is_read_back(record: Elementwise) -> None:
    graph = model(record)
    for line in [*print_forward(graph, "matrix", Style()), *print_derivation(backprop(graph), None, "matrix", Style())]:
        (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
        assert result.verdict == "true", f"{line.latex()}: {result.verdict}, {result.diagnosis}"


def at_extremes(record: Elementwise) -> list[dict[str, float]]:
    base = {f"u_{k}": float(record.samples[0][k]) for k in varied(record)}
    points = []
    for name in base:
        low, high = record.domain if name == f"u_{record.arity - 1}" else (-math.inf, math.inf)
        ends = [low + 1e-9 * (low > -math.inf), high - 1e-9 * (high < math.inf)]
        inside = [value for value in (*EXTREMES, *ends) if low < value < high]
        # of countless pieces the last digit tells which one a large quotient is on
        points += [{**base, name: value} for value in inside if not (record.countless and 0 < abs(value) < 1)]
    return points


@by_name
def test_code_at_extremes_has_the_values_of_many_digits(record: Elementwise) -> None:
    derivation = backprop(model(record))
    function = lambdify(derivation)
    for point in at_extremes(record):
        exact = Evaluator({k: np.array([v], dtype=object) for k, v in point.items()}, {"n": 1}, backend=DIGITS)
        wanted = exact.run(derivation.gradient).values
        with np.errstate(all="ignore"):
            value, gradient = function(**{name: np.array([v]) for name, v in point.items()})
        for got, name in [(value, "L"), *((g[0], derivation.steps[k].adjoint) for k, g in gradient.items())]:
            want = float(wanted[name].item()) if name in wanted else 0.0
            if math.isfinite(want) and abs(want) < 1e300:
                assert float(got) == pytest.approx(want, rel=1e-7, abs=1e-9), (point, name)


@by_name
def test_nothing_and_one_entry_are_arrays_too(record: Elementwise) -> None:
    function = lambdify(backprop(model(record)))
    for n in (0, 1):
        entries = {f"u_{k}": np.full(n, record.samples[0][k]) for k in varied(record)}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value, gradient = function(**entries)
        assert np.shape(value) == ()
        assert {g.shape for g in gradient.values()} == {(n,)}


@by_name
def test_a_wrong_number_of_operands_is_refused_with_the_signature(record: Elementwise) -> None:
    x = build.ref("x")
    for count in (0, 9):
        with pytest.raises(ModelError) as caught:
            build_call(record.name, [x] * count, {})
        assert "takes" in caught.value.message or signature_of(record.name) in (caught.value.hint or "")


@by_name
def test_parameters_may_be_left_out_or_given_by_name(record: Elementwise) -> None:
    operands: list[Any] = [build.ref(f"u{k}") for k in range(record.arity - len(record.parameters))]
    usual = [build.number(value) for _, value in record.parameters]
    assert record.build(*operands) is build.call(record.name, *operands, *usual)
    for k, (name, _) in enumerate(record.parameters):
        given = [build.number(7) if j == k else value for j, value in enumerate(usual)]
        assert build_call(record.name, operands, {name: build.number(7)}) is build.call(record.name, *operands, *given)


# ----------------------------------------------------------------------------------------------- tensors

TENSORS = [r for r in all_records() if isinstance(r, Tensor) and r.build is not None]
each_sample = pytest.mark.parametrize(
    "make", [pytest.param(make, id=f"{r.name}-{k}") for r in TENSORS for k, make in enumerate(r.samples)]
)


def tensor_model(make: Callable[[], Node]) -> ComputationGraph:
    """The squares of a sample, summed."""
    node = make()
    leaf = next(below for below in topological(node) if below.op == "ref")
    graph = ComputationGraph("sample", {leaf.name: Declaration(leaf.name, "input", leaf.shape)})
    graph = graph.with_binding(Binding("y", node))
    total = build.sum_over(build.power(build.ref("y", node.shape), 2))
    return graph.with_binding(Binding("L", total)).with_loss("L")


@each_sample
def test_what_is_printed_of_a_tensor_is_read_back(make: Callable[[], Node]) -> None:
    graph = tensor_model(make)
    for line in [*print_forward(graph, "matrix", Style()), *print_derivation(backprop(graph), None, "matrix", Style())]:
        (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
        assert result.verdict == "true", f"{line.latex()}: {result.verdict}, {result.diagnosis}"


@each_sample
def test_code_of_a_tensor_has_the_values_of_many_digits(make: Callable[[], Node]) -> None:
    derivation = backprop(tensor_model(make))
    rng = np.random.default_rng(5)
    for scale in (1.0, 1e-6, 30.0):
        shape = [size.value({"m": 3, "k": 2, "n": 3}) for size in derivation.graph.declarations["x"].shape]
        x = np.round(rng.normal(size=shape) * scale, 8)
        sizes = {"m": 3, "k": 2, "n": 3}
        exact = Evaluator({"x": x.astype(object)}, sizes, backend=DIGITS).run(derivation.gradient).values
        value, gradient = lambdify(derivation)(x=x)
        want = np.asarray(exact[derivation.steps["x"].adjoint], dtype=float)
        assert float(value) == pytest.approx(float(exact["L"].item()), rel=1e-7)
        assert np.allclose(gradient["x"], want, rtol=1e-6, atol=1e-9 * (1 + np.abs(want).max()))
