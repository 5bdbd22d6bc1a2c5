"""Results as SymPy have the value of the node."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import derive
from derive.calculus.closed import closed_forms
from derive.calculus.reverse import backprop
from derive.model.text import loads
from derive.notation.sympy_form import to_sympy
from derive.ops.evaluate import Evaluator

NEURON = """
x, w, b : scalar
y : scalar, in (0, 1)
z = w*x + b
a = sigmoid(z)
L = -(y*log(a) + (1 - y)*log(1 - a))
"""
ROWS = """
X : (m, n)
W : (n, k)
b : (k,)
Y : (m, k)
Z = X @ W + b
A = sigmoid(Z)
H = A * A
L = sum(-(Y*log(A) + (1 - Y)*log(1 - A))) / m + sum(H**2)
"""
SIZES = {"m": 2, "n": 3, "k": 4}


def test_a_scalar_is_an_expression_in_symbols_of_its_names() -> None:
    derivation = backprop(loads(NEURON))
    form = closed_forms(derivation)["w"].node
    x, a, y = sp.symbols("x a y")
    assert to_sympy(form, derivation.graph) == x * (a - y)


def test_generic_functions_and_their_derivatives() -> None:
    graph = loads("x, y : scalar\ng : function\nk : function(2)\nL = k(g(x), y)\n")
    g, k = sp.Function("g"), sp.Function("k")
    x, y = sp.symbols("x y")
    assert to_sympy(graph.bindings["L"].node, graph) == k(g(x), y)
    derived = to_sympy(backprop(graph).steps["x"].total, graph)
    assert sp.simplify(derived - sp.diff(k(g(x), y), x).doit()) == 0


def test_matrix_expressions() -> None:
    graph = loads(ROWS)
    m, n, k = sp.symbols("m n k", integer=True, positive=True)
    X, W = sp.MatrixSymbol("X", m, n), sp.MatrixSymbol("W", n, k)
    assert to_sympy(graph.bindings["Z"].node.args[0], graph) == X * W
    assert to_sympy(graph.bindings["H"].node, graph) == sp.HadamardPower(sp.MatrixSymbol("A", m, k), 2)


def test_an_entry_of_a_matrix_and_the_one_entry_of_a_product() -> None:
    m, n = sp.symbols("m n", integer=True, positive=True)
    i, j = sp.symbols("i j", integer=True)
    a, r = sp.MatrixSymbol("A", m, n), sp.MatrixSymbol("r", m, 1)
    assert derive.Graph.from_sympy((r.T * r)[0, 0]).backprop()[r].sympy() == 2 * r
    delta = sp.KroneckerDelta
    found = derive.Graph.from_sympy(a[0, 1] ** 2).backprop()[a].sympy()
    assert found == 2 * delta(i, 0) * delta(j, 1) * sp.IndexedBase("A", shape=(m, n))[0, 1]


@pytest.mark.parametrize("view", ["matrix", "index"])
def test_every_derivative_has_the_value_of_its_node(view: str) -> None:
    graph = loads(ROWS)
    derivation = backprop(graph)
    numbers = np.random.default_rng(0)
    values = {
        name: numbers.uniform(0.1, 0.9, size=[s.value(SIZES) for s in declared.shape])
        for name, declared in graph.inputs.items()
    }
    point = Evaluator(values, SIZES).run(derivation.gradient)
    for name, form in closed_forms(derivation).items():
        expression = to_sympy(form.node, derivation.gradient, view)
        expected = np.asarray(point.value(form.node), dtype=float)
        assert np.allclose(evaluated(expression, point.values, expected.shape), expected), (name, expression)


def evaluated(expression: object, values: dict[str, np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """A SymPy expression at numbers: explicit sizes, explicit entries."""
    sized = sp.sympify(expression).subs({sp.Symbol(n, integer=True, positive=True): v for n, v in SIZES.items()})
    if isinstance(sized, sp.MatrixExpr):
        explicit = sized.doit()
        explicit = explicit.subs({s: matrix_of(values[s.name]) for s in explicit.atoms(sp.MatrixSymbol)})
        return np.array(sp.Matrix(explicit.doit().as_explicit()).evalf().tolist(), dtype=float).reshape(shape)
    free = [sp.Symbol(letter, integer=True) for letter in "ijlpq"][: len(shape)]
    entries = np.empty(shape)
    for place in np.ndindex(*shape):
        at = sized.subs(dict(zip(free, place, strict=True))).doit()
        entries[place] = float(at.replace(is_entry, lambda e: number_of(e, values)).subs(scalars(values)).evalf())
    return entries


def matrix_of(array: np.ndarray) -> sp.Matrix:
    return sp.Matrix(array.reshape(array.shape[0], -1).tolist())


def is_entry(expression: object) -> bool:
    return isinstance(expression, sp.Indexed)


def number_of(entry: sp.Indexed, values: dict[str, np.ndarray]) -> sp.Float:
    return sp.Float(float(values[str(entry.base)][tuple(int(i) for i in entry.indices)]))


def scalars(values: dict[str, np.ndarray]) -> dict[sp.Symbol, float]:
    return {sp.Symbol(name): float(value) for name, value in values.items() if np.asarray(value).shape == ()}
