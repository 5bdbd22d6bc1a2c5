r"""A vector is a column, and so is a matrix of one column; a list of components is a row or a column."""

from __future__ import annotations

import pytest

from derive.ir.graph import ComputationGraph
from derive.judging.verdict import Verdict
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

COLUMNS = loads(
    """
x : (n,)
C : (n, 1)
A : (n, m)
E : (m, 1)
s : (1, n)
w = x * sum(C, axis=1)
u = sum(C, axis=1) + x
M = C + x
p = (1 + s**2)**x
L = sum(w) + sum(u) + sum(M) + sum(p)
"""
)
SQUARE = loads("x : (3,)\nA : (3, 3)\nc : scalar\nL = sum(A @ x)*c\n")
ONE = loads("z : (1,)\nW : (1, 1)\nv = 2*z\nL = sum(v**2)*sum(W)\n")
ROW = loads("a : (1, k)\nb : (k,)\nv_1 = a - b\nL = sum(v_1)\n")
EYE = loads("x : scalar\nE : (m, m)\nI = sum(E * eye(m))\nt = squared_norm(eye(m))\nL = I*x*t\n")

CASES = [
    ("true", COLUMNS, r"w = x \odot C"),
    ("false", COLUMNS, r"w = C \odot x \odot x"),
    ("true", COLUMNS, r"x \odot A E = A E \odot x"),
    ("true", COLUMNS, r"u = C + x"),  # the column, as u is one
    ("true", COLUMNS, r"M = C + x"),  # every row, as M is square
    ("false", COLUMNS, r"u = 2 C + x"),
    ("false", COLUMNS, r"M = 2 C + x"),
    ("true", COLUMNS, r"p = (1 + s^2)^{x^\top}"),
    ("true", SQUARE, "x₁ + 2 x₂ + x₃ = [1; 2; 1]ᵀ x"),
    ("false", SQUARE, "x₁ + 2 x₂ + x₃ = [1; 1; 1]ᵀ x"),
    ("true", SQUARE, r"x^\top x = (x_1, x_2, x_3)^\top x"),
    ("true", SQUARE, r"x = (x_1, x_2, x_3)^\top"),
    ("true", SQUARE, "A°² = A ∘ A"),
    ("false", SQUARE, "A°² = A A"),
    ("true", SQUARE, r"\mathrm{diag}(|1|) c = c"),
    ("true", SQUARE, r"(\mathrm{diag}(x))^{-1} A = \mathrm{diag}(1 / x) A"),
    ("false", SQUARE, r"(\mathrm{diag}(x))^{-1} A = A \mathrm{diag}(1 / x)"),
    ("true", SQUARE, r"\max_i \sum_j A_{ij} x_j + c = \max_i \left(\sum_k A_{ik} x_k\right) + c"),
    ("false", SQUARE, r"\max_i \sum_j A_{ij} = \max_j \sum_i A_{ij}"),
    ("true", ONE, r"\left(\frac{\partial L}{\partial v}\right)_1 = 2 v_1 W_{11}"),
    ("true", ONE, r"\left(\frac{\partial L}{\partial W}\right)^\top = v^2"),
    ("false", ONE, r"\left(\frac{\partial L}{\partial v}\right)_1 = v_1 W_{11}"),
    ("true", ROW, "v₁ = a − bᵀ"),  # a formula, no program, in which b.T is b
    ("false", ROW, "v₁ = a + bᵀ"),
    ("true", EYE, r"t = \sum_{k=1}^m \sum_{l=1}^m (\mathbb 1[k = l])^2"),
    ("unread", EYE, r"t = \sum_k \sum_l (\mathbb 1[k = l])^2"),
]


@pytest.mark.parametrize(("verdict", "graph", "formula"), CASES)
def test_columns_are_read_as_formulas_mean_them(verdict: Verdict, graph: ComputationGraph, formula: str) -> None:
    (result,) = verify_formula(formula, graph, options=Options(repairs=False)).results
    assert result.verdict == verdict, result.diagnosis


PARTS = loads("a : scalar\nx_1 : (3, 3)\nL = sum((x_1*a)**4)*a\n")
SLOPE = r"\frac{\partial L}{\partial (x_1)_{ij}} = 4 a^2 (t_2)_{ij}"


@pytest.mark.parametrize(
    ("verdict", "second"),
    [
        ("true", r"(t_2)_{ij} = a^2 (t_1)_{ij} (x_1)_{ij}"),
        ("false", r"(t_2)_{ij} = a (t_1)_{ij} (x_1)_{ij}"),
        ("false", r"(t_2)_{ij} = a^2 (t_1)_{ji} (x_1)_{ij}"),
    ],
)
def test_parts_that_are_defined_behind_a_formula_by_entries_and_by_one_another(verdict: Verdict, second: str) -> None:
    formula = rf"{SLOPE},\quad (t_1)_{{ij}} = a (x_1)_{{ij}}^2,\quad {second}"
    (result,) = verify_formula(formula, PARTS, options=Options(repairs=False)).results
    assert result.verdict == verdict, result.diagnosis


def test_what_is_not_understood_in_one_reading_is_not_refuted_by_the_others() -> None:
    graph = loads("b, e : (m,)\nS : (m, m)\nq = e*2\nL = sum(S) + sum(q) + sum(b)\n")
    # with |e|^2 it has no type, and with e^2 by entries the sum of a square matrix and a vector has two meanings
    formula = r"q = e \odot e^2 + (S + b) \mathbf 1"
    (result,) = verify_formula(formula, graph, options=Options(repairs=False)).results
    assert result.verdict == "unread"
