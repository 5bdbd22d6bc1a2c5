"""A sample of the search through what is printed: the search works, and what was right stays right."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from benchmarks.searches.printed import run
from benchmarks.searches.sympy_values import NotCovered, value

X, v = sp.MatrixSymbol("X", 2, 2), sp.MatrixSymbol("v", 2, 1)
NUMBERS = {"X": np.array([[1.0, 2.0], [3.0, 5.0]]), "v": np.array([1.0, -1.0]), "n": 2, "a": 0.5}
i, n, a = sp.Symbol("i", integer=True), sp.Symbol("n", integer=True), sp.Symbol("a")


def test_nearly_all_that_is_printed_is_read_back_as_true_and_closed_forms_have_the_value() -> None:
    counts, _ = run(draws=25, seed=3)
    assert counts["read back true"] >= 0.97 * counts["printed lines"]
    assert counts["read back unread"] <= 0.01 * counts["printed lines"]
    assert not counts["closed form"]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (2 * X * v, [[-2.0], [-4.0]]),
        (sp.HadamardProduct(X, X.T), [[1.0, 6.0], [6.0, 25.0]]),
        (sp.Inverse(X) * sp.OneMatrix(n, 1), [[-3.0], [2.0]]),
        (sp.Sum(sp.IndexedBase("v")[i] ** 2, (i, 0, n - 1)) + sp.Trace(X), 8.0),
        (v.applyfunc(sp.Lambda(a, sp.Max(a, 0))), [[1.0], [0.0]]),
    ],
)
def test_values_of_sympy_expressions(expression: sp.Basic, wanted: object) -> None:
    np.testing.assert_allclose(value(expression, NUMBERS), wanted)


def test_what_is_not_covered_says_so() -> None:
    with pytest.raises(NotCovered, match="gamma"):
        value(sp.gamma(a), NUMBERS)
