r"""A vector beside a matrix: spread where there is one way, told in the reading; a column is never a row."""

from __future__ import annotations

import pytest

from derive.ir.graph import ComputationGraph
from derive.judging.verdict import Verdict
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

ROWS = loads(
    """
x : (n, m)
b : (m,)
c : (n,)
mu = mean(x, axis=0) as "\\mu"
y = x - mu
z = x + b
"""
)
SQUARE = loads("S : (n, n)\nb : (n,)\nZ = S + b\nf = S @ b\n")
SOFTMAX = loads("Z : (n, m)\nF : functional\nA = softmax(Z.T, axis=1)\nJ = F(A)\n")
DISTANCES = loads("X : (n, k)\nD = sum(X**2, axis=1, keepdims=True) + sum(X**2, axis=1) - 2*X @ X.T\n")
COLUMNS = loads("X : (d, n)\nW : (h, d)\nb : (h, 1)\nc : (h,)\nZ = W @ X + b\n")

UPON = r"\frac{\partial J}{\partial A}"
BELOW = r"\frac{\partial J}{\partial Z}"
CASES = [
    ("true", ROWS, r"y = x - \mu"),
    ("true", ROWS, r"y = x - \mathbf 1 \mu^\top"),
    ("true", ROWS, r"z = x + b^\top"),
    ("true", ROWS, r"z = b + x"),
    ("true", ROWS, r"y = x - \frac1n \mathbf 1 \mathbf 1^\top x"),
    ("false", ROWS, r"z = x - b"),
    ("false", ROWS, r"z = x + c"),
    ("false", ROWS, r"y = x - \frac1n x^\top \mathbf 1"),
    ("false", ROWS, r"z = x + c^\top"),
    ("unread", SQUARE, r"Z = S + b"),
    ("true", SQUARE, r"Z = S + b^\top"),
    ("true", SQUARE, r"Z = S + \mathbf 1 b^\top"),
    ("false", SQUARE, r"Z = S + b \mathbf 1^\top"),
    ("false", SQUARE, r"Z = S + S b"),
    ("false", SOFTMAX, rf"{BELOW} = A^\top \circ ({UPON}^\top - ({UPON} \circ A) \mathbf 1)"),
    ("true", SOFTMAX, rf"{BELOW} = A^\top \circ ({UPON}^\top - (({UPON} \circ A) \mathbf 1)^\top)"),
    ("true", SOFTMAX, rf"{BELOW}^\top = A \circ ({UPON} - ({UPON} \circ A) \mathbf 1)"),
    ("false", DISTANCES, r"D = X^2 \mathbf 1 + X^2 \mathbf 1 - 2 X X^\top"),
    ("true", DISTANCES, r"D = X^2 \mathbf 1 + (X^2 \mathbf 1)^\top - 2 X X^\top"),
    ("true", DISTANCES, r"D = X^2 \mathbf 1 \mathbf 1^\top + \mathbf 1 \mathbf 1^\top (X^2)^\top - 2 X X^\top"),
    ("true", COLUMNS, r"Z = W X + b"),
    ("true", COLUMNS, r"Z = W X + b \mathbf 1^\top"),
    ("false", COLUMNS, r"Z = W X + b^\top"),
    ("false", COLUMNS, r"Z = W X + c"),
]  # fmt: skip


def judged(latex: str, model: ComputationGraph) -> Verdict:
    return verify_formula(latex, model, options=Options(repairs=False)).results[0]


@pytest.mark.parametrize(("word", "model", "latex"), CASES, ids=[latex for _, _, latex in CASES])
def test_a_vector_beside_a_matrix(word: str, model: ComputationGraph, latex: str) -> None:
    assert judged(latex, model).verdict == word


def test_the_reading_says_how() -> None:
    assert judged("z = x + b", ROWS).reading == "z = (x + rows(b))"
    assert judged("Z = W X + b", COLUMNS).reading == "Z = (W X + columns(b))"
    assert judged(r"z = \max(x, b)", ROWS).reading == "z = maximum(x, rows(b))"
