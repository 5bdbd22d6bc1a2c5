"""Nothing is summed or compared over an axis of one entry: what is there is the entry."""

from __future__ import annotations

import pytest

from derive.calculus.reverse import backprop
from derive.model.load import loads
from derive.notation import Style, print_derivation, print_forward

MODELS = {
    "variance": "B : (n, 2, 1)\nv = var(B, keepdims=True)\nL = norm(v)",
    "columns": "W : (h, d)\nx : (d, 1)\ny : (h, 1)\nz = W @ x\nL = sum((z - y)**2)",
    "extrema": "A : (3, 1)\nE : (1,)\nw = max(A, axis=1) * max(E) - min(A, axis=1)\nL = sum(w) + logsumexp(E)",
    "identity": "x : scalar\nL = x * min(eye(1)) + logsumexp(eye(1))",
    "one output": "X : (n, d)\nw : (d, 1)\nv = logsumexp(X @ w, axis=1, keepdims=True)\nL = sum(v**2)",
}


@pytest.mark.parametrize("name", MODELS)
def test_no_sign_stands_for_one_entry(name: str) -> None:
    graph, style = loads(MODELS[name]), Style(limits=True)
    for line in [*print_forward(graph, "index", style), *print_derivation(backprop(graph), None, "index", style)]:
        assert "=1}^1" not in line.latex()
        assert r"\max" not in line.latex()
        assert r"\min" not in line.latex()


def test_the_entry_stands_for_the_axis() -> None:
    graph = loads(MODELS["columns"])
    printed = {line.name: line.latex() for line in print_derivation(backprop(graph), None, "index")}
    assert printed["W"] == (
        r"\frac{\partial L}{\partial W_{ij}} = \frac{\partial L}{\partial z_{i1}} \frac{\partial z_{i1}}"
        r"{\partial W_{ij}} = \frac{\partial L}{\partial z_{i1}} x_{j1} = 2 (z_{i1} - y_{i1}) x_{j1}"
    )


def test_two_numbers_side_by_side_are_two_indices() -> None:
    graph = loads("v1 : scalar\nB : (n, 1, 1)\nL = v1 * sum(B)")
    (line,) = print_forward(graph, "index")
    assert line.latex() == r"L = v_1 \sum_i B_{i,1,1}"


def test_letters_that_run_out_get_primes() -> None:
    graph = loads("B : (n, n, n)\nC : (n, n, n)\nv = var(B) * var(C) * var(B + C)\nL = var(v * B)")
    printed = " ".join(line.latex() for line in print_derivation(backprop(graph), None, "index"))
    assert "i'" in printed
    assert "i_{1}" not in printed
