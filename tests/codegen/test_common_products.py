"""Entrywise products that several products have in common, multiplied once; sums of squares of vectors as `v @ v`."""

import numpy as np
import pytest

import derive
from derive.calculus.reverse import backprop
from derive.codegen import source
from derive.model import loads

SHARED = """
a : (m, n)
b : (m, n)
c : (m, n)
u : (m, n), constant
s = tanh(b)
L = sum(u * a * s) + sum(u * a * exp(c))
"""


def run(text, **values):
    scope = {}
    exec(source(backprop(loads(text))), scope)  # noqa: S102  (what derive has just written)
    return scope["value_and_gradient"](**values)


def test_a_product_of_several_products_has_a_name():
    code = source(backprop(loads(SHARED)))
    assert code.count("u * a") + code.count("a * u") == 1
    rng = np.random.default_rng(3)
    a, b, c, u = rng.normal(size=(4, 2, 3))
    value, gradients = run(SHARED, a=a, b=b, c=c, u=u)
    np.testing.assert_allclose(value, (u * a * (np.tanh(b) + np.exp(c))).sum(), rtol=1e-12)
    np.testing.assert_allclose(gradients["a"], u * (np.tanh(b) + np.exp(c)), rtol=1e-12)
    np.testing.assert_allclose(gradients["b"], u * a / np.cosh(b) ** 2, rtol=1e-12)
    np.testing.assert_allclose(gradients["c"], u * a * np.exp(c), rtol=1e-12)


def test_a_line_of_the_author_stays_where_another_pair_does_as_well():
    # the slopes by q and r have d q and d r, or q r, in common with others
    text = "q : (n,)\nr : (n,)\nu : (n,), constant\np = exp(q)*tanh(r) + q\nL = sum(u * sin(p))"
    assert "p = t_1 * t_2 + q" in source(backprop(loads(text)))


def test_a_product_that_has_a_name_is_a_factor_of_others():
    text = "i : (m, n)\ng : (m, n)\nk : (m, n)\np = i*g\nL = sum(p**2) + sum(i*g*k**3)"
    code = source(backprop(loads(text)))
    assert code.count("i * g") == 1
    i, g, k = np.random.default_rng(5).normal(size=(3, 2, 3))
    _, gradients = run(text, i=i, g=g, k=k)
    np.testing.assert_allclose(gradients["i"], 2 * i * g**2 + g * k**3, rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("sum(v**2)", "L = v @ v"),
        ("mean(v**2)", "L = v @ v / n"),
        ("sum(sum(A, axis=0)**2) + sum(v)", "(A.sum(axis=0)**2).sum()"),  # without a name it would be summed twice
        ("sum(A**2) + sum(v)", "(A**2).sum()"),
        ("sum(v**2) + sum(v**2 * b)", "L = db.sum() + db @ b"),
    ],
)
def test_a_sum_of_squares_of_a_vector_is_a_dot_product(loss, line):
    text = f"v : (n,)\nb : (n,), constant\nA : (m, n), constant\nL = {loss}"
    assert line in source(backprop(loads(text)))


@pytest.mark.parametrize("view", ["diag(M)", "sum(eye(n), axis=0)*1", "transpose(M) @ ones(n)"])
def test_the_square_of_a_view_has_no_name_to_multiply(view):
    """A view, as the diagonal of a matrix, has no line of its own."""
    model = derive.loads(f"M : (n, n)\nL = sum(({view})**2)")
    value, _ = model.backprop().lambdify()(M=np.arange(9.0).reshape(3, 3))
    assert value == pytest.approx(float(model.evaluate(M=np.arange(9.0).reshape(3, 3))["L"]))
