"""Derivatives of one value by another print themselves, in names of the forward pass."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import sympy as sp

import derive
from derive.equality.probe import points_of
from derive.model import from_sympy, gallery

LOGISTIC = """
X : (m, n)
w : (n,)
y : (m,), in {0, 1}
z = X @ w
p = sigmoid(z)
L = mean(-(y*log(p) + (1 - y)*log(1 - p)))
"""


def test_the_hessian_of_the_logistic_loss_as_the_textbook_has_it() -> None:
    h = derive.loads(LOGISTIC).backprop().hessian("w", "w")
    assert h.shape == ("n", "n")
    assert h.latex() == (
        r"\frac{\partial^2 L}{\partial w_i \partial w_j} = \frac{1}{m} \sum_k X_{kj} X_{ki} p_k (1 - p_k)"
    )
    assert h.unicode() == "∂²L/(∂wᵢ ∂wⱼ) = 1/m · ∑ₖ Xₖⱼ Xₖᵢ pₖ (1 − pₖ)"
    assert h._repr_latex_() == f"$\\displaystyle {h.latex()}$"
    assert {str(s) for s in h.sympy().atoms(sp.MatrixSymbol)} == {"X", "p"}


def test_a_scalar_hessian_is_an_expression() -> None:
    d = derive.loads("x, w : scalar\na = tanh(w*x)\nL = a**2/2\n").backprop()
    x, a = sp.symbols("x a")
    assert sp.expand(d.hessian("w", "w").sympy() - x**2 * (1 - a**2) * (1 - 3 * a**2)) == 0


def test_what_is_printed_is_read_and_true() -> None:
    graph = derive.loads(LOGISTIC)
    d = graph.backprop()
    for q in ("w", "X", "y"):
        assert graph.claim(d.hessian("w", q).latex(), repair=False).verdict == "true"


def test_a_jacobian_prints_itself_too() -> None:
    graph = derive.loads(LOGISTIC)
    assert graph.jacobian("p", "w").latex() == r"\frac{\partial p_i}{\partial w_j} = X_{ij} \sigma'(z_i)"
    assert graph.jacobian("z", "w").sympy() is not None


def test_facts_are_not_differentiated_through() -> None:
    """The gradient by the scores is P - Y where the labels sum to 1; by a label it is P_k - 1[k = i] nonetheless."""
    d = derive.loads("A : (n,)\nY : (n,), simplex(axis=0)\nL = -sum(Y*log_softmax(A))\n").backprop()
    point = points_of(d.data.gradient)[0]
    assert point is not None
    h = d.hessian("A", "Y")
    found, softmax = np.asarray(point.evaluator().value(h.closed), dtype=float), point.evaluator()
    A = np.asarray(softmax.values["A"], dtype=float)
    right = (np.exp(A) / np.exp(A).sum())[:, None] - np.eye(len(A))
    assert np.allclose(found, right)


def test_a_hessian_that_is_zero() -> None:
    d = derive.loads("x, u : scalar\nL = x**2\n").backprop()
    assert d.hessian("u", "x").latex().endswith("= 0")
    assert d.hessian("u", "x").sympy() == 0


@pytest.mark.parametrize("name", [n for n in gallery() if not derive.load(n).is_family])
def test_the_short_form_has_the_value_of_the_long_one(name: str) -> None:
    graph = derive.load(name)
    d = graph.backprop()
    drawn = points_of(d.data.gradient)[0]
    assert drawn is not None
    point = drawn.evaluator(30)
    names = [n for n in graph.inputs if d.data.steps[n].paths][:3]
    for first in names:
        for second in names:
            h = d.hessian(first, second)
            gap = np.abs(point.value(h.node) - point.value(h.closed))
            assert np.all(gap < 1e-20), (first, second)


def test_a_hessian_goes_into_a_model() -> None:
    h = derive.loads("x, w : scalar\nL = (w*x)**2\n").backprop().hessian("w", "w")
    assert (h * 2).shape == ()
    x = sp.Symbol("x")
    assert from_sympy({sp.Symbol("H"): h.sympy()}).bindings["H"].node is not None
    assert h.sympy() == 2 * x**2


def test_it_is_pickled_and_copied() -> None:
    h = derive.loads("x, w : scalar\nL = tanh(w*x)\n").backprop().hessian("w", "w")
    for other in (pickle.loads(pickle.dumps(h)), copy.deepcopy(h)):
        assert other.latex() == h.latex()
        assert other.node is h.node
