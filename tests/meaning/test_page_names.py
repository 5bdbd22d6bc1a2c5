r"""Names that a page defines: for every layer, by their entries, and in the formulas of later displays."""

from __future__ import annotations

import pytest

from derive.judging.verdict import Verdict
from derive.verification.verify import Options, verify

LAYERS = r"""
p : (S[0],) as "\mathbf{p}"
t : (S[M],) as "\mathbf{t}"
W[m] : (S[m], S[m-1]) as "\mathbf{W}^{m}"
b[m] : (S[m],) as "\mathbf{b}^{m}"
f : function
alpha : symbol, positive
a[0] = p as "\mathbf{a}^{0}"
for m in 1..M:
    n[m] = W[m] @ a[m-1] + b[m] as "\mathbf{n}^{m}"
    a[m] = f(n[m]) as "\mathbf{a}^{m}"
F = sum((t - a[M])**2)
"""
SENSITIVITY = r"\mathbf{s}^m \equiv \frac{\partial F}{\partial \mathbf{n}^m}"
FACTOR = r"g^m_i = f'(n^m_i)"
VECTOR = "\nA : (n, n), invertible\nx, y : (n,)\nL = sum((A@x - y)**2)\n"
SOLVED = r"\boldsymbol{\alpha} = A^{-1} y"


def judged(model: str, *formulas: str) -> tuple[Verdict, ...]:
    text = f"```derive{model}```\n" + "".join(f"$$ {formula} $$\n\n" for formula in formulas)
    return verify(text, options=Options(repairs=False)).results


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\mathbf{s}^M = -2\, \mathrm{diag}(f'(\mathbf{n}^M)) (\mathbf{t} - \mathbf{a}^M)", "true"),
        (r"\mathbf{s}^M = 2\, \mathrm{diag}(f'(\mathbf{n}^M)) (\mathbf{t} - \mathbf{a}^M)", "false"),
        (r"\mathbf{s}^m = \mathrm{diag}(f'(\mathbf{n}^m)) (\mathbf{W}^{m+1})^T \mathbf{s}^{m+1}", "true"),
        (r"\mathbf{s}^m = \mathrm{diag}(f'(\mathbf{n}^m)) (\mathbf{W}^{m+1})^T \mathbf{s}^{m}", "false"),
        (r"\mathbf{s}^{m-1} = \mathrm{diag}(f'(\mathbf{n}^{m-1})) (\mathbf{W}^{m})^T \mathbf{s}^{m}", "true"),
        (r"\frac{\partial F}{\partial \mathbf{W}^m} = \mathbf{s}^m (\mathbf{a}^{m-1})^T", "true"),
        (r"\frac{\partial F}{\partial \mathbf{W}^m} = \mathbf{s}^m (\mathbf{a}^{m})^T", "false"),
        (r"\frac{\partial F}{\partial w_{i,j}^m} = s_i^m a_j^{m-1}", "true"),
        (r"\frac{\partial F}{\partial w_{i,j}^m} = s_j^m a_i^{m-1}", "false"),
        (r"s^m_j = g^m_j \sum_i w^{m+1}_{i,j} s^{m+1}_i", "true"),
        (r"s^m_j = g^m_j \sum_i w^{m+1}_{j,i} s^{m+1}_i", "false"),
        (r"s^m_j = g^{m+1}_j \sum_i w^{m+1}_{i,j} s^{m+1}_i", "false"),
        (r"\mathbf{W}^m \leftarrow \mathbf{W}^m - \alpha \mathbf{s}^m (\mathbf{a}^{m-1})^T", "true"),
        (r"\mathbf{W}^m \leftarrow \mathbf{W}^m - \alpha \mathbf{s}^{m-1} (\mathbf{a}^{m-1})^T", "false"),
    ],
)
def test_a_name_for_every_layer(formula: str, expected: str) -> None:
    *stated, last = judged(LAYERS, SENSITIVITY, FACTOR, formula)
    assert [one.verdict for one in stated] == ["definition", "definition"]
    assert last.verdict == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\sum_j A_{ij} \alpha_j = y_i", "true"),
        (r"\sum_j A_{ji} \alpha_j = y_i", "false"),
        (r"\boldsymbol{\alpha}_1 = \sum_j (A^{-1})_{1j} y_j", "true"),
        (r"\alpha_{ij} = y_i", "unread"),
    ],
)
def test_entries_of_an_array_that_the_page_defines(formula: str, expected: str) -> None:
    stated, last = judged(VECTOR, SOLVED, formula)
    assert (stated.verdict, last.verdict) == ("definition", expected)
