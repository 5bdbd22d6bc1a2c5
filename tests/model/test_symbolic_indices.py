"""Entries, sums and products of SymPy: the values that they have, written out by SymPy itself."""

import numpy as np
import pytest
import sympy as sp

from derive.errors import DeriveError, ModelError, UnsupportedError
from derive.model import from_sympy, loads
from derive.ops.evaluate import Evaluator

m, n = sp.symbols("m n", integer=True, positive=True)
i, j, k, p = sp.symbols("i j k p", integer=True)
a, L = sp.symbols("a L")
W, x, y, h = (
    sp.IndexedBase("W", shape=(m, n)),
    sp.IndexedBase("x"),
    sp.IndexedBase("y", shape=(m,)),
    sp.IndexedBase("h"),
)
S = sp.IndexedBase("S", shape=(n, n))
z = sp.IndexedBase("z")
r, A, B = sp.MatrixSymbol("r", n, 1), sp.MatrixSymbol("A", m, n), sp.MatrixSymbol("B", n, m)
SIZES = {"m": 3, "n": 4}
RNG = np.random.default_rng(5)
ARRAYS = {
    "W": RNG.normal(size=(3, 4)), "x": RNG.normal(size=4), "y": RNG.normal(size=3), "h": RNG.normal(size=4),
    "S": RNG.normal(size=(4, 4)), "r": RNG.normal(size=(4, 1)), "A": RNG.normal(size=(3, 4)),
    "B": RNG.normal(size=(4, 3)), "a": np.array(0.7),
}  # fmt: skip


def value(graph, name="L"):
    return Evaluator({name: ARRAYS[name] for name in graph.inputs}, SIZES).run(graph).values[name]


def number(name, indices, from_one=False):
    return sp.Float(float(ARRAYS[name][tuple(int(at) - from_one for at in indices)]), 17)


def by_sympy(expression, from_one=False):
    """The number that SymPy computes: sizes put in, sums carried out, entries looked up."""
    written = expression.subs(SIZES).subs({"m": 3, "n": 4}).xreplace({m: sp.Integer(3), n: sp.Integer(4)}).doit()
    written = written.replace(lambda e: isinstance(e, sp.Indexed), lambda e: number(str(e.base), e.indices, from_one))
    element = sp.matrices.expressions.matexpr.MatrixElement
    written = written.replace(lambda e: isinstance(e, element), lambda e: number(str(e.parent), (e.i, e.j)))
    return float(written.subs({a: 0.7}).evalf())


@pytest.mark.parametrize(
    "expression",
    [
        sp.Sum((W[i, j] * x[j] - 2) ** 2, (i, 0, m - 1), (j, 0, n - 1)),
        sp.Sum((sp.Sum(W[i, j] * x[j], (j, 0, n - 1)) - y[i]) ** 2, (i, 0, m - 1)) / m,
        sp.Sum(x[j] * S[j, k] * x[k], (j, 0, n - 1), (k, 0, n - 1)),
        sp.Sum(S[j, j], (j, 0, n - 1)),
        sp.Sum(S[j, k] * S[k, j], (j, 0, n - 1), (k, 0, n - 1)),
        sp.Sum(sp.exp(x[j]) / sp.Sum(sp.exp(x[k]), (k, 0, n - 1)) * h[j], (j, 0, n - 1)),
        -sp.Sum(a * x[j] / 3, (j, 0, n - 1)),
        sp.Sum(x[j] + a, (j, 0, n - 1)),
        sp.Sum(a, (j, 0, n - 1)) + h[0] * sp.Sum(h[k], (k, 0, n - 1)),
        sp.Sum(x[j] ** 2 / (1 + h[j] ** 2), (j, 0, n - 1)),
        sp.Sum(sp.tanh(W[i, j]) * y[i] / a, (i, 0, m - 1), (j, 0, n - 1)),
        sp.Sum(sp.KroneckerDelta(j, k) * S[j, k], (j, 0, n - 1), (k, 0, n - 1)),
        sp.Sum(sp.KroneckerDelta(j, 2) * x[j], (j, 0, n - 1)),
        sp.Sum(sp.Max(x[j], 0) + sp.Abs(h[j]), (j, 0, n - 1)),
        sp.Sum(sp.Piecewise((x[j], x[j] > h[j]), (a, True)), (j, 0, n - 1)),
        sp.Sum(W[1, j] * x[j], (j, 0, n - 1)) * y[2],
        (r.T * r)[0, 0],
        (r.T * B * A * r)[0, 0],
        sp.Sum(A[i, j] * B[j, i], (i, 0, m - 1), (j, 0, n - 1)),
        sp.Sum((A * B)[i, i], (i, 0, m - 1)),
        sp.Sum(A[i, j] * x[j] * y[i], (i, 0, m - 1), (j, 0, n - 1)),
    ],
)
def test_sums_over_whole_axes(expression):
    graph = from_sympy({L: expression})
    assert not {"i", "j", "k"} & set(graph.inputs)
    assert float(value(graph)) == pytest.approx(by_sympy(expression), rel=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        sp.Sum(W[i, j] * x[j], (i, 1, m), (j, 1, n)),
        sp.Sum(sp.Sum(W[i, j] * x[j], (j, 1, n)) ** 2, (i, 1, m)),
        sp.Sum(x[j], (j, 1, n)) * x[1],
    ],
)
def test_sums_that_count_from_one(expression):
    assert float(value(from_sympy({L: expression}))) == pytest.approx(by_sympy(expression, from_one=True), rel=1e-12)


u = sp.IndexedBase("x", shape=(4,))


@pytest.mark.parametrize(
    "expression",
    [
        sp.Sum(u[j], (j, 0, 3)),
        sp.Sum(u[j], (j, 1, 2)),
        sp.Sum((u[j + 1] - u[j]) ** 2, (j, 0, 2)),
        sp.Sum(j * u[j], (j, 0, 3)),
        sp.Product(1 + u[j], (j, 0, 3)),
        sp.Product(a + k, (k, 1, 4)),
        sp.Sum(a**k / sp.factorial(k), (k, 0, 5)),
        sp.Sum(sp.Product(u[k], (k, 0, 1)) * u[j], (j, 0, 3)),
    ],
)
def test_limits_that_are_numbers(expression):
    assert float(value(from_sympy({L: expression}))) == pytest.approx(by_sympy(expression), rel=1e-12)


def test_a_limit_may_be_an_outer_index_that_is_a_number():
    graph = from_sympy({L: sp.Sum(u[j] * u[k], (k, 0, j), (j, 0, 3))})
    assert float(value(graph)) == pytest.approx(sum(ARRAYS["x"][j] * ARRAYS["x"][: j + 1].sum() for j in range(4)))


def test_a_sum_is_the_contraction_of_the_model_text():
    mine = from_sympy({L: sp.Sum(W[i, j] * x[j], (i, 0, m - 1), (j, 0, n - 1))}).bindings["L"].node
    assert mine.op == "contract"
    assert sorted(arg.name for arg in mine.args) == ["W", "x"]


def test_entries_define_tensors():
    graph = from_sympy(
        {
            z[i]: sp.Sum(W[i, j] * x[j], (j, 0, n - 1)) + y[i],
            h[i]: 1 / (1 + sp.exp(-z[i])),
            L: sp.Sum(h[k] ** 2, (k, 0, m - 1)) / 2,
        }
    )
    assert set(graph.inputs) == {"W", "x", "y"}
    inner = ARRAYS["W"] @ ARRAYS["x"] + ARRAYS["y"]
    assert np.allclose(value(graph, "z"), inner)
    assert float(value(graph)) == pytest.approx(float(((1 / (1 + np.exp(-inner))) ** 2).sum() / 2))


def test_letters_of_the_left_side_order_the_axes():
    graph = from_sympy({z[j, i]: W[i, j] * a + 1})
    assert np.allclose(value(graph, "z"), ARRAYS["W"].T * 0.7 + 1)
    constant = from_sympy({sp.IndexedBase("z", shape=(m, n))[i, j]: a})
    assert np.allclose(value(constant, "z"), np.full((3, 4), 0.7))


def test_an_idx_has_its_range():
    row, column = sp.Idx("i", m), sp.Idx("j", n)
    V, v = sp.IndexedBase("W"), sp.IndexedBase("x")
    graph = from_sympy({z[row]: sp.Sum(V[row, column] * v[column], column), L: sp.Sum(z[row] ** 2, row)})
    assert [str(size) for size in graph.inputs["W"].shape] == ["m", "n"]
    assert float(value(graph)) == pytest.approx(float(((ARRAYS["W"] @ ARRAYS["x"]) ** 2).sum()))


@pytest.mark.parametrize(
    ("definitions", "words"),
    [
        ({L: h[j] * h[j] / 2}, "the index j is free"),
        ({z[i]: W[i, j]}, "the index j is free"),
        ({L: sp.Sum(h[j + 1] * h[j], (j, 0, n - 1))}, "h[j + 1]"),
        ({L: sp.Sum(j * x[j], (j, 0, n - 1))}, "the index j is used as a number"),
        ({L: sp.Sum(y[j] * W[0, j], (j, 0, n - 1))}, "y[j]: j runs over 0..n - 1, axis 0 of the tensor over 0..m - 1"),
        ({L: sp.Sum(y[j], (j, 0, n - 1))}, "y[j]: j runs over 0..n - 1, axis 0 of the tensor over 0..m - 1"),
        ({L: sp.Sum(A[j, j], (j, 0, n - 1))}, "axis 0"),
        ({L: sp.Product(x[j], (j, 0, n - 1))}, "symbolic length"),
        ({L: sp.Sum(a**k, (k, 0, sp.oo))}, "k runs over 0..oo"),
        ({L: sp.Sum(x[j] * x[k], (k, 0, j), (j, 0, n - 1))}, "another index"),
        ({L: x[0] + 1}, "size of an axis of x is not known"),
        ({L: sp.Sum(x[j], (j, 0, n - 1)) + sp.Sum(x[j], (j, 1, n))}, "counted from 0 and from 1"),
        ({L: sp.Sum(x[j], (j, 0, n - 1)) + sp.Sum(x[j, k], (j, 0, n - 1), (k, 0, n - 1))}, "indices"),
        ({z[i, i]: S[i, i]}, "no general entry"),
        ({L: sp.Sum(u[j], (j, 0, 5))}, "outside of axis 0"),
        ({L: x[n - 1] + sp.Sum(x[j], (j, 0, n - 1))}, "x[n - 1]"),
    ],
)
def test_what_is_no_entry_or_sum(definitions, words):
    with pytest.raises(DeriveError) as caught:
        from_sympy(definitions)
    assert words in str(caught.value)
    assert isinstance(caught.value, ModelError | UnsupportedError)


def test_sizes_without_assumptions_and_a_letter_that_is_bound_twice():
    N, q = sp.symbols("n q")
    v = sp.IndexedBase("x")
    inner = sp.Sum(v[q] ** 2, (q, 0, N - 1))
    graph = from_sympy({L: sp.Sum(v[q] * inner, (q, 0, N - 1)) / N})
    assert set(graph.inputs) == {"x"}
    assert float(value(graph)) == pytest.approx(ARRAYS["x"].sum() * (ARRAYS["x"] ** 2).sum() / 4)


def test_a_derivative_by_an_entry():
    graph = from_sympy({z[k]: sp.diff(sp.Sum(S[i, j] * x[i] * x[j], (i, 0, n - 1), (j, 0, n - 1)), x[k])})
    assert np.allclose(value(graph, "z"), (ARRAYS["S"] + ARRAYS["S"].T) @ ARRAYS["x"])


def test_a_bound_letter_may_be_an_input_elsewhere():
    graph = from_sympy({L: sp.Sum(x[j], (j, 0, n - 1)), sp.Symbol("q"): 2 * j})
    assert set(graph.inputs) == {"x", "j"}


def test_gradients_of_a_sum_are_those_of_the_model_text():
    from derive.calculus.reverse import backprop

    mine = from_sympy({L: sp.Sum((sp.Sum(W[i, j] * x[j], (j, 0, n - 1)) - y[i]) ** 2, (i, 0, m - 1))})
    text = loads("W : (m, n)\nx : (n,)\ny : (m,)\nL = sum((W @ x - y)**2)\n")
    for name in ("W", "x", "y"):
        ours, theirs = (
            Evaluator({k: ARRAYS[k] for k in ("W", "x", "y")}, SIZES).run(g).value(g.bindings[f"∂L/∂{name}"].node)
            for g in (backprop(mine).gradient, backprop(text).gradient)
        )
        assert np.allclose(ours, theirs)
