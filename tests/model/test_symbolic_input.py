"""What a user may give to `Graph.from_sympy`, and what is said about the rest."""

import numpy as np
import pytest
import sympy as sp

import derive
from derive import Graph
from derive.errors import DeriveError

x, y, w, b, z, a, L = sp.symbols("x y w b z a L")
n = sp.Symbol("n", integer=True, positive=True)
r, A = sp.MatrixSymbol("r", n, 1), sp.MatrixSymbol("A", n, n)


def test_a_bare_expression_is_the_loss():
    graph = Graph.from_sympy((w * x - y) ** 2)
    assert graph.loss == "L"
    assert graph.backprop()["w"].sympy().equals(2 * x * (w * x - y))
    assert Graph.from_sympy(x**2, loss="J").loss == "J"
    assert Graph.from_sympy(x**2, loss=sp.Symbol("J")).loss == "J"


def test_lists_of_equations_and_of_pairs():
    wanted = Graph.from_sympy({z: w * x + b, L: z**2})
    for given in (
        [sp.Eq(z, w * x + b), sp.Eq(L, z**2)],
        [(z, w * x + b), (L, z**2)],
        (sp.Eq(L, z**2), sp.Eq(z, w * x + b)),
    ):
        graph = Graph.from_sympy(given)
        assert graph.loss == "L"
        assert {k: v.node for k, v in graph.data.bindings.items()} == {
            k: v.node for k, v in wanted.data.bindings.items()
        }


def test_names_as_keys():
    graph = Graph.from_sympy({"z": w * x + b, "L": z**2})
    assert graph.bindings == ["z", "L"]
    assert Graph.from_sympy({"Z": A * r, "L": sp.Trace(sp.MatrixSymbol("Z", n, 1).T * r)}).loss == "L"


def test_the_loss_may_be_a_symbol_that_is_not_the_last():
    graph = Graph.from_sympy({L: z**2, z: w * x, a: 3 * z}, loss=L)
    assert graph.loss == "L"
    assert graph.backprop(z)["w"].sympy() == x


def test_matrices_as_values():
    graph = Graph.from_sympy({z: sp.Matrix([[x, y]]), L: x + y})
    assert graph["z"].shape == (1, 2)


def test_a_matrix_of_one_entry_is_a_number():
    for given in (r.T * A * r, (r.T * A * r)[0, 0]):
        d = Graph.from_sympy({L: given}).backprop()
        value, gradients = d.lambdify()(r=np.ones((2, 1)), A=np.eye(2))
        assert float(value) == 2
        assert np.allclose(gradients["r"], 2)
        assert np.allclose(gradients["A"], 1)
    one = sp.MatrixSymbol("Q", 1, 1)
    d = Graph.from_sympy({one: r.T * r}).backprop()
    assert np.allclose(d.lambdify()(r=np.ones((3, 1)))[1]["r"], 2)
    d = derive.loads("r : (n, 1)\nL = r.T @ r\n").backprop()
    assert np.allclose(d.lambdify()(r=np.ones((3, 1)))[1]["r"], 2)


def test_symbols_name_values_of_a_model():
    graph = Graph.from_sympy({z: w * x + b, L: z**2})
    d = graph.backprop(L)
    assert d[w].latex() == d["w"].latex()
    assert graph[x].shape == ()
    assert d[graph["b"]].name == d["b"].name
    assert set(d.lambdify(wrt=[w])(x=1, w=2, b=3)[1]) == {"w"}
    odd = sp.Symbol("z_{1}")
    assert Graph.from_sympy({L: odd**2}).backprop()[odd].sympy() is not None
    W = sp.IndexedBase("W", shape=(n, n))
    i, j = sp.symbols("i j", integer=True)
    rows = Graph.from_sympy({L: sp.Sum(W[i, j] ** 2, (i, 0, n - 1), (j, 0, n - 1))}).backprop()
    assert rows[W].shape == rows[W[i, j]].shape == ("n", "n")


def test_claims_may_be_equations():
    graph = Graph.from_sympy({a: w * x, L: (a - y) ** 2 / 2})
    right = sp.Eq(sp.Derivative(L, w, evaluate=False), (a - y) * x, evaluate=False)
    assert graph.claim(right).verdict == "true"
    assert graph.claim(sp.Eq(right.lhs, a * x, evaluate=False)).verdict == "false"
    with pytest.raises(DeriveError, match="not a formula"):
        graph.claim(sp.true)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "is a int, not a model"),
        ("w*x", "is a str, not a model"),
        (None, "is a NoneType, not a model"),
        (x > 0, "is a condition"),
        ([x**2], "is no definition"),
        ({sp.Matrix([[x]]).as_immutable(): y}, "not a symbol"),
        ({3: y}, "not a symbol"),
        ({x: None}, "not as a SymPy expression"),
        ({x: float("nan")}, "not a finite number"),
        ({x: [y]}, "not as a SymPy expression"),
        ([sp.Eq(z, x), sp.Eq(z, y)], "defined twice"),
        (L**2, "used in the expression itself"),
    ],
)
def test_what_is_no_model(given, words):
    with pytest.raises(DeriveError) as caught:
        Graph.from_sympy(given)
    assert words in str(caught.value)


def test_an_unknown_loss_and_an_odd_key_are_errors():
    with pytest.raises(DeriveError, match="not among the definitions"):
        Graph.from_sympy({z: x}, loss="J")
    d = Graph.from_sympy({L: x**2}).backprop()
    for key in (3, None, x**2):
        with pytest.raises(DeriveError, match="not a name"):
            d[key]
