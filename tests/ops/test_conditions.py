"""The conditions of a graph: which nodes switch a piecewise operation, and that no record forgets its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

import derive.ops
from derive.ir import build
from derive.model import loads
from derive.ops.conditions import conditions, countless, limits
from derive.ops.evaluate import Evaluator
from derive.ops.record import Elementwise, Tensor, all_records, elementwise
from derive.ops.sympy_bridge import letter

assert derive.ops  # importing the package is what registers the operations
POINT = {"z": np.array([-2.0, 1.0, 7.0]), "b": np.array(3.0), "m": np.array([0.0, 1.0, 1.0])}


def found(line: str) -> list[list[float]]:
    graph = loads(f"z : (3,)\nb : scalar\nm : (3,), in {0, 1}\nL = sum({line})")
    evaluator = Evaluator(POINT, {})
    return [evaluator.value(node).tolist() for node in conditions([graph.bindings["L"].node])]


@pytest.mark.parametrize(
    ("line", "switches"),
    [
        ("exp(z)*b", []),
        ("softmax(z)", []),
        ("relu(z)", [[-2, 1, 7]]),
        ("leaky_relu(z)", [[-2, 1, 7]]),
        ("maximum(0, z)", [[-2, 1, 7]]),
        ("maximum(z, b)", [[-5, -2, 4]]),
        ("minimum(maximum(z, 0), 6)", [[-2, 1, 7], [-6, -5, 1]]),
        ("where(abs(z) < 2, z**2, b*z)", [[-2, 1, 7], [0, 1, -5]]),
        ("where(m, z, b)", [[-0.5, 0.5, 0.5]]),
        ("max(z)", [[-0.5, -0.5, 0.5]]),
        ("min(z)", [[0.5, -0.5, -0.5]]),
        ("maximum(2, 3)*b", []),
    ],
)
def test_the_switches_of_a_line(line: str, switches: list[list[float]]) -> None:
    assert sorted(found(line)) == sorted(switches)


@pytest.mark.parametrize(
    ("line", "zeros"),
    [
        ("sqrt((b - 3)**2*z)", [[0.0], [-2, 1, 7]]),
        ("log(-b)/(z - 1)", [[3.0], [-3, 0, 6]]),
        ("arcsin(b/4)", [[0.75 - 1], [0.75 + 1]]),
        ("tan(b)", [[np.cos(3.0)]]),
        ("(b + exp(b))**3", []),
        ("sqrt(2)*b", []),
    ],
)
def test_where_domains_end(line: str, zeros: list[list[float]]) -> None:
    graph = loads(f"z : (3,)\nb : scalar\nL = sum({line})")
    evaluator = Evaluator(POINT, {})
    values = [np.ravel(evaluator.value(node)).tolist() for node in limits([graph.bindings["L"].node])]
    assert sorted(values) == sorted(zeros)


@pytest.mark.parametrize("record", [r for r in all_records() if r.joined], ids=lambda r: r.name)
def test_pieces_that_are_joined_have_one_value_where_they_meet(record: Elementwise | Tensor) -> None:
    graph = loads(f"z : (2,)\nb : scalar\nL = sum({record.name}(z{', b' * (getattr(record, 'arity', 1) - 1)}))")

    def value(z: float, b: float) -> float:
        return float(Evaluator({"z": np.array([z, 0.5]), "b": np.array(b)}, {}).value(graph.bindings["L"].node))

    for edge, b in ((0.0, 0.0), (0.5, 0.5)):  # where the operand changes its sign, or two are equal
        here, below, above = (value(edge + step, b) for step in (0.0, -1e-12, 1e-12))
        assert below == pytest.approx(here, abs=1e-3)
        assert above == pytest.approx(here, abs=1e-3)


def piecewise(expression: Any) -> bool:
    names = [getattr(f, "derive_name", None) for f in expression.atoms(sp.Function)]
    inner = [own(name) for name in names if name]
    return bool(expression.atoms(sp.Heaviside, sp.sign)) or any(piecewise(e) for e in inner if e != expression)


def own(name: str) -> Any:
    record = elementwise(name)
    assert record is not None
    return record.expression(*[letter(k) for k in range(record.arity)])


@pytest.mark.parametrize("record", [r for r in all_records() if isinstance(r, Elementwise)], ids=lambda r: r.name)
def test_a_record_with_pieces_tells_where_they_meet(record: Elementwise) -> None:
    call = build.call(record.name, *[build.ref(f"u{k}") for k in range(record.arity)])
    if not countless([call]):
        assert bool(conditions([call])) == (piecewise(own(record.name)) or record.name in ("where", "atan2"))
