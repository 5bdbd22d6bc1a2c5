"""SymPy definitions become the graphs that the same lines of model text become."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

import derive
from derive.errors import ModelError, UnsupportedError
from derive.ir import build
from derive.ir.graph import Fact
from derive.model import from_sympy, loads
from derive.ops.evaluate import Evaluator
from tests.effort import effort

x, y, w, b, z, a, L = sp.symbols("x y w b z a L")
m, n, k = sp.symbols("m n k", integer=True, positive=True)
u = sp.Symbol("u")
LOGISTIC = sp.Lambda(u, 1 / (1 + sp.exp(-u)))


def test_a_neuron_in_any_order():
    graph = from_sympy(
        {L: -(y * sp.log(a) + (1 - y) * sp.log(1 - a)), a: 1 / (1 + sp.exp(-z)), z: w * x + b}, name="neuron"
    )
    assert graph.name == "neuron"
    assert list(graph.bindings) == ["z", "a", "L"]
    assert graph.loss == "L"
    assert set(graph.inputs) == {"x", "y", "w", "b"}
    text = loads("b, w, x : scalar\nz = w*x + b\na = 1/(1 + exp(-z))")
    assert graph.bindings["z"].node is text.bindings["z"].node
    assert graph.bindings["a"].node is text.bindings["a"].node


@pytest.mark.parametrize(
    "expression",
    [
        x**2 / 3 - 2.5 * y,
        sp.sqrt(x) + 1 / sp.sqrt(x) - x**-2,
        sp.exp(-x) * sp.log(x) + sp.pi * sp.E,
        sp.Abs(x - y) + sp.sign(y) + sp.Max(x, y, 1) - sp.Min(x, y),
        sp.Piecewise((x, x > y), (y, x < -1), (x * y, True)),
        sp.Piecewise((x, x <= y), (y**2, True)),
        sp.sin(x) * sp.cos(y) + sp.tanh(x) + sp.cosh(y) + sp.sinh(x) + sp.erf(x),
        sp.Heaviside(x) * x,
        sp.Function("sigmoid")(x) + sp.Function("relu")(y),
        -x * (y - x) / (x + y),
        (x - y) ** 3 * sp.Rational(-2, 7),
    ],
)
def test_scalar_values(expression):
    graph = from_sympy({L: expression})
    point = {"x": 0.7, "y": -0.4}
    ours = Evaluator({k: v for k, v in point.items() if k in graph.inputs}, {}).run(graph).values["L"]
    numbers = {"sigmoid": lambda v: 1 / (1 + np.exp(-v)), "relu": lambda v: max(v, 0)}
    theirs = sp.lambdify((x, y), expression, [numbers, "math"])
    assert float(ours) == pytest.approx(float(theirs(**point)), rel=1e-12)


def matrices():
    return (
        sp.MatrixSymbol("A", m, n),
        sp.MatrixSymbol("B", n, k),
        sp.MatrixSymbol("C", m, k),
        sp.MatrixSymbol("S", n, n),
    )


A, B, C, S = matrices()


@pytest.mark.parametrize(
    ("expression", "numpy"),
    [
        (A * B - C, lambda A, B, C, S: A @ B - C),
        (2 * A * B, lambda A, B, C, S: 2 * A @ B),
        (-(A * B).T, lambda A, B, C, S: -(A @ B).T),
        (sp.HadamardProduct(A * B, C), lambda A, B, C, S: (A @ B) * C),
        (sp.HadamardPower(C, 2), lambda A, B, C, S: C**2),
        (C.applyfunc(LOGISTIC), lambda A, B, C, S: 1 / (1 + np.exp(-C))),
        (C.applyfunc(sp.tanh), lambda A, B, C, S: np.tanh(C)),
        (S.inv() * B, lambda A, B, C, S: np.linalg.inv(S) @ B),
        (S**2 + 3 * sp.Identity(n), lambda A, B, C, S: S @ S + 3 * np.eye(len(S))),
        (C + sp.OneMatrix(m, k), lambda A, B, C, S: C + 1),
        (A * sp.ZeroMatrix(n, k) + C, lambda A, B, C, S: C),
    ],
)
def test_matrix_values(expression, numpy):
    result = sp.MatrixSymbol("R", *expression.shape)
    graph = from_sympy({result: expression})
    sizes = {"m": 3, "n": 4, "k": 2}
    rng = np.random.default_rng(1)
    arrays = {s.name: rng.normal(size=[sizes[str(d)] for d in s.shape]) for s in (A, B, C, S)}
    values = {name: arrays[name] for name in graph.inputs}
    assert np.allclose(Evaluator(values, sizes).run(graph).values["R"], numpy(**arrays))


@pytest.mark.parametrize(
    ("expression", "numpy"),
    [
        (sp.Trace(C.T * A * B) / m, lambda A, B, C, S: np.trace(C.T @ A @ B) / 3),
        (sp.log(sp.Determinant(S) ** 2), lambda A, B, C, S: np.log(np.linalg.det(S) ** 2)),
        (A[0, 1] * B[2, 0], lambda A, B, C, S: A[0, 1] * B[2, 0]),
        (
            sp.Trace(sp.DiagMatrix(sp.OneMatrix(1, m) * A) * B * B.T),
            lambda A, B, C, S: np.sum(A.sum(0) * (B @ B.T).diagonal()),
        ),
    ],
)
def test_scalars_of_matrices(expression, numpy):
    graph = from_sympy({L: expression})
    rng = np.random.default_rng(2)
    sizes = {"m": 3, "n": 4, "k": 2}
    arrays = {s.name: rng.normal(size=[sizes[str(d)] for d in s.shape]) for s in (A, B, C, S)}
    found = Evaluator({name: arrays[name] for name in graph.inputs}, sizes).run(graph).values["L"]
    assert float(found) == pytest.approx(numpy(**arrays))


def test_an_explicit_matrix_and_integer_sizes():
    v = sp.MatrixSymbol("v", 2, 1)
    graph = from_sympy({L: sp.Trace(v.T * sp.Matrix([[x, 1], [2, y]]) * v)})
    found = Evaluator({"x": 3.0, "y": 4.0, "v": [[1.0], [2.0]]}, {}).run(graph).values["L"]
    assert float(found) == 3 + 2 + 4 + 16


def test_generic_functions_are_declared():
    f, g = sp.Function("f"), sp.Function("g")
    graph = from_sympy({z: f(x), L: g(z, y)})
    assert graph.declarations["g"].arity == 2
    assert graph.bindings["L"].node is build.call("g", build.ref("z"), build.ref("y"))


def test_sums_read_naturally():
    assert (
        from_sympy({z: b + w * x - y}).bindings["z"].node
        is loads("b, w, x, y : scalar\nz = w*x + b - y").bindings["z"].node
    )


def test_assumptions():
    p, t = sp.Symbol("p", positive=True), sp.MatrixSymbol("T", m, n)
    graph = from_sympy({L: sp.log(p) + sp.Trace(t.T * t)}, facts={t: ["simplex(axis=1)"]})
    assert graph.declarations["p"].facts == (Fact("positive"),)
    assert graph.declarations["T"].facts == (Fact("simplex", axis=1),)


def test_names_that_are_no_identifiers_are_spelled_as_sympy_prints_them():
    graph = from_sympy({sp.Symbol("z_{1}"): 2 * sp.Symbol(r"\delta'")})
    (name,) = graph.bindings
    assert name.isidentifier()
    assert graph.latex(name) == "z_{1}"
    x, primed = sp.Symbol("x"), sp.Symbol("x'")
    derivation = derive.Graph.from_sympy(primed * x).backprop()
    assert derivation["x'"].sympy() == derivation[primed].sympy() == x


def test_nested_functions_and_long_chains_cost_in_proportion():
    nested = x
    for _ in range(25):
        nested = 1 / (1 + sp.exp(-w * nested - b))
    from_sympy({L: nested})
    symbols = sp.symbols("q0:1501")

    def work(length: int) -> int:
        chain = {q: sp.tanh(w * p) for p, q in pairwise(symbols[: length + 1])}
        assert len(from_sympy(chain).bindings) == length
        return effort(lambda: from_sympy(chain))

    assert work(1500) < 12 * work(150)


def test_a_cycle_is_named():
    with pytest.raises(ModelError, match="x -> y -> z -> x"):
        from_sympy({x: y + 1, y: 2 * z, z: x})


@pytest.mark.parametrize(
    ("definitions", "kind"),
    [
        ({1: y}, ModelError),
        ({"x": "y"}, ModelError),
        ({x + 1: y}, ModelError),
        ({x: "y + 1"}, ModelError),
        ({x: True}, ModelError),
        ({x: sp.Integral(y, (y, 0, 1))}, UnsupportedError),
        ({x: sp.zeta(y)}, UnsupportedError),
        ({x: sp.besselj(0, y)}, UnsupportedError),
        ({x: sp.oo}, UnsupportedError),
        ({x: sp.I * y}, UnsupportedError),
        ({x: sp.Function("f")(y) + sp.Function("f")(y, z)}, ModelError),
        ({x: sp.Symbol("q", positive=True) + sp.Symbol("q")}, ModelError),
        ({sp.MatrixSymbol("R", n, m): A}, ModelError),
    ],
)
def test_what_cannot_be_read(definitions, kind):
    with pytest.raises(kind):
        from_sympy(definitions)
