"""The public classes, as a person uses them from Python."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import sympy as sp

import derive
from derive import DeriveError, Graph, ModelError, ShapeError, UnknownNameError, UnsupportedError

NEURON = """
x, w, b : scalar
y : scalar, in (0, 1)
z = w*x + b
a = sigmoid(z)
L = -(y*log(a) + (1 - y)*log(1 - a))
"""
BATCH = """
X : (m, n)
W : (n, k)
b : (k,)
Z = X @ W + b
A = tanh(Z)
L = sum(A**2) / m
"""


def neuron() -> Graph:
    return derive.loads(NEURON, name="neuron")


def layer() -> Graph:
    g = Graph("layer", title="One dense layer")
    x, w, b = g.input("X", "m n"), g.input("W", ("n", 3)), g.input("b", 3)
    z = g.let("Z", x @ w + b)
    a = g.let("A", derive.sigmoid(z))
    g.let("L", (a**2).sum() / g.size("m"), latex=r"\mathcal{L}")
    return g


# ------------------------------------------------------------------------------------------- from SymPy


def test_the_example_of_the_documentation() -> None:
    x, y, w, b, z, a, L = sp.symbols("x y w b z a L")
    g = Graph.from_sympy(
        {z: w * x + b, a: 1 / (1 + sp.exp(-z)), L: -(y * sp.log(a) + (1 - y) * sp.log(1 - a))}, name="neuron"
    )
    d = g.backprop("L")
    assert sp.expand(d["w"].sympy() - x * (a - y)) == 0
    value, gradients = d.lambdify()(x=1.0, y=0, w=2.0, b=0.1)
    s = 1 / (1 + np.exp(-2.1))
    assert value == pytest.approx(-np.log(1 - s))
    assert gradients["w"] == pytest.approx(s)
    assert set(gradients) == {"x", "y", "w", "b"}
    assert "def value_and_gradient" in d.source()
    assert g.check().verdict == "true"


def test_a_loss_can_be_named() -> None:
    x, u, v = sp.symbols("x u v")
    assert Graph.from_sympy({u: x**2, v: sp.sin(u)}, loss="u").loss == "u"
    with pytest.raises(ModelError, match="'q'"):
        Graph.from_sympy({u: x**2}, loss="q")


# -------------------------------------------------------------------------------------- Python operators


def test_operators_build_what_text_builds() -> None:
    g = layer()
    text = derive.loads("X : (m, n)\nW : (n, 3)\nb : (3,)\nZ = X @ W + b\nA = sigmoid(Z)\nL = sum(A**2) / m")
    for name in ("Z", "A", "L"):
        assert g.data.bindings[name].node is text.data.bindings[name].node
    assert g.loss == "L"
    assert g.check(points=1).verdict == "true"
    assert r"\mathcal{L}" in g.backprop().latex()


def test_reflected_operators_and_numbers() -> None:
    g = Graph()
    x = g.input("x")
    expected = derive.loads("x : scalar\ny = 2 - 3*x/4 + 0.5**x - 1/x").data.bindings["y"].node
    assert (2 - 3 * x / 4 + 0.5**x - 1 / x).node is expected


def test_arrays_indices_and_methods() -> None:
    g = Graph()
    x = g.input("x", "2")
    A = g.input("A", "m 2")
    g.let("y", np.array([[1, 2], [3, 4]]) @ x)
    g.let("r", A.T[0].mean() + A[:, 1].sum() + x[1])
    assert A.shape == ("m", 2)
    assert A.T.ndim == 2
    values = g.evaluate(x=[1.0, 2.0], A=[[1.0, 2.0], [3.0, 5.0]])
    assert values["y"].tolist() == [5.0, 11.0]
    assert values["r"] == pytest.approx(2.0 + 7.0 + 2.0)


def test_options_of_operations_stay_plain() -> None:
    g = Graph()
    X = g.input("X", "m n")
    assert derive.sum(X, axis=1).shape == ("m",)
    assert derive.softmax(X, axis=0).shape == ("m", "n")


def test_generic_functions_and_functionals() -> None:
    g = Graph()
    f, C = g.function("f"), g.functional("C")
    y = g.let("y", f(g.input("x", "n")))
    g.let("L", C(y))
    assert g.check(points=1).verdict == "true"
    assert "f'" in g.backprop()["x"].latex()


def test_facts_are_declared_as_in_text() -> None:
    g = Graph()
    g.input("T", "m k", "one_hot(axis=1)")
    declared = g.data.declarations["T"]
    assert not declared.differentiable
    with pytest.raises(ModelError, match="unknown assumption"):
        g.input("S", "m", "positve")


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda g: g.input("X", "m n"), ModelError, "already there"),
        (lambda g: g.input("1x"), ModelError, "not a name"),
        (lambda g: g.input("q", "m-1"), ModelError, "not a size"),
        (lambda g: g.input("q", [2.5]), ModelError, "not a size"),
        (lambda g: g.let("q", g["X"] @ g["X"]), ShapeError, "cannot multiply"),
        (lambda g: g.let("q", "text"), ModelError, "not a value"),
        (lambda g: g.let("q", float("nan")), ModelError, "finite"),
        (lambda g: g.let("q", [[1, 2], [3]]), ModelError, "differ in length"),
        (lambda g: g.let("q", Graph().input("other")), ModelError, "not in layer"),
        (lambda g: g.let("q", derive.sigmoid(g["X"], g["X"])), ModelError, "sigmoid"),
        (lambda g: bool(g["X"]), DeriveError, "neither true nor false"),
        (lambda g: list(g["X"]), DeriveError, "iterated"),
        (lambda g: g["X"][0:1], DeriveError, "whole axes"),
        (lambda g: g["Q"], UnknownNameError, "no 'Q'"),
        (lambda g: g.backprop("Z"), ShapeError, "jacobian"),
        (lambda g: g.backprop("Q"), ModelError, "not a binding"),
        (lambda g: g.backprop()["Q"], UnknownNameError, "no 'Q'"),
        (lambda g: g.backprop().latex(view="scalr"), DeriveError, "scalr"),
        (lambda g: g.backprop().latex(transpose="t"), DeriveError, "transpose cannot be 't'"),
        (lambda g: g.backprop().latex(transpos="T"), DeriveError, "did you mean transpose"),
        (lambda g: g.backprop().latex(["Q"]), UnknownNameError, "'Q'"),
        (lambda g: g.instance(3), ModelError, "family"),
        (lambda g: g.evaluate(X=1.0), DeriveError, "no value"),
        (lambda g: g.evaluate(X=1.0, W=1.0, b=1.0), ShapeError, "declared"),
        (lambda g: g.evaluate(X="a", W=1.0, b=1.0), ModelError, "not a number"),
        (lambda g: g.evaluate(Z=1.0), UnknownNameError, "computed"),
    ],
)
def test_mistakes_are_derive_errors(build, error, message) -> None:
    with pytest.raises(error, match=message):
        build(layer())


# ----------------------------------------------------------------------------------------- derivations


def test_a_derivation_is_a_collection_of_partials() -> None:
    d = neuron().backprop()
    assert d.loss == "L"
    assert next(iter(d)) == "L"
    assert "w" in d
    assert len(d) == 7
    w = d["w"]
    assert w.name == "∂L/∂w"
    assert w.shape == ()
    assert w.chain == ("L", "a", "z", "w")
    assert w.reason
    assert w.closed.op == "contract"
    assert w.node.op == "contract"


def test_a_partial_prints_chain_factors_and_closed_form() -> None:
    w = neuron().backprop()["w"]
    assert w.unicode() == "∂L/∂w = ∂L/∂a · ∂a/∂z · ∂z/∂w = ∂L/∂z · x = (a − y) x"
    assert w.latex().endswith("= (a - y) x")
    assert w.latex(derivative="d").startswith(r"\frac{\mathrm{d}")
    assert "displaystyle" in w._repr_latex_()


def test_chains_start_behind_a_sum_over_paths() -> None:
    d = derive.loads("x : scalar\nu = exp(x)\nL = u*sin(u)*x").backprop()
    assert d["x"].chain == ("x",)
    assert d["u"].chain == ("L", "u")


def test_latex_and_text_of_the_whole() -> None:
    g = derive.loads(BATCH)
    d = g.backprop()
    assert r"X^\top" in d.latex()
    assert r"\sum_" in d.latex(["W"], view="index")
    assert "Xᵀ" in d.unicode(["W"])
    assert "Z = X W + 𝟏 bᵀ" in g.unicode()
    assert "aligned" in d._repr_latex_()
    assert "aligned" in g._repr_latex_()


def test_sympy_results() -> None:
    assert neuron().backprop()["b"].sympy() == sp.Symbol("a") - sp.Symbol("y")
    W = derive.loads(BATCH).backprop()["W"].sympy()
    assert W.is_Matrix
    assert (
        W.shape == (sp.Symbol("n", integer=True, positive=True), sp.Symbol("k", integer=True, positive=True))
        or len(W.shape) == 2
    )
    opaque = derive.loads("x : (n,)\nC : functional\nL = C(x)").backprop()
    with pytest.raises(UnsupportedError):
        opaque["x"].sympy()


def test_the_gradient_is_a_graph_and_hessians_follow() -> None:
    d = neuron().backprop()
    assert "∂L/∂w" in d.gradient
    point = {"x": 0.7, "w": -1.2, "b": 0.3, "y": 0.4}
    values = d.gradient.evaluate(point)
    hessian = d.gradient.data
    s = values["a"]
    second = derive.Graph.of(hessian).jacobian("∂L/∂w", "b")
    assert second.shape == ()
    again = d.gradient.backprop("∂L/∂w")
    _, gradients = again.lambdify(["b", "x"])(**point)
    assert gradients["b"] == pytest.approx(0.7 * s * (1 - s))
    assert d.hessian("w", "b").node is second.node
    assert d.hessian("b", "w").shape == ()


def test_a_derivative_that_is_zero_has_a_zero_hessian() -> None:
    d = derive.loads("x, u : scalar\nL = x**2").backprop()
    assert d["u"].node.op == "number"
    assert d.hessian("u", "x").shape == ()


def test_jacobians_total_and_direct() -> None:
    g = derive.loads("x : (n,)\nW : (m, n)\nz = W @ x\ny = tanh(z)")
    assert g.jacobian("y", "x").shape == ("m", "n")
    assert g.jacobian("y", "z", direct=True).shape == ("m", "m")
    with pytest.raises(UnknownNameError):
        g.jacobian("y", "q")


def test_lambdify_by_bindings_and_aliases() -> None:
    g = derive.loads(NEURON + "alias out = a\n")
    value, gradients = g.backprop().lambdify(wrt=["z", "w"])(x=1.0, y=0.5, w=0.0, b=0.0)
    assert value == pytest.approx(np.log(2))
    assert gradients == {"z": pytest.approx(0.0), "w": pytest.approx(0.0)}
    assert "out" in g
    assert g.backprop()["out"].wrt == "a"


def test_families_and_instances() -> None:
    g = derive.load("mlp_L_dest_first")
    assert g.is_family
    assert "W^{(l+1)}" in g.backprop().latex()
    two = g.instance(3)
    assert not two.is_family
    assert "W[3]" in two


def test_graphs_derivations_and_reports_are_pickled_and_copied() -> None:
    g = layer()
    d = g.backprop()
    for twin in (pickle.loads(pickle.dumps(g)), copy.copy(g), copy.deepcopy(g)):
        assert twin.data == g.data
    for twin in (pickle.loads(pickle.dumps(d)), copy.copy(d), copy.deepcopy(d)):
        assert twin["W"].latex() == d["W"].latex()
    twin = pickle.loads(pickle.dumps(d["W"]))
    assert twin.closed is d["W"].closed
    report = g.check(points=1)
    assert copy.deepcopy(report) == report


def test_errors_are_pickled_with_their_place() -> None:
    with pytest.raises(UnknownNameError) as caught:
        derive.loads("x : scalar\ny = xx + 1", file="m.derive")
    twin = pickle.loads(pickle.dumps(caught.value))
    assert twin.span == caught.value.span
    assert twin.span is not None
    assert twin.span.line == 2
    assert str(twin) == str(caught.value)


# ---------------------------------------------------------------------------------------------- claims


def test_a_claim_is_judged() -> None:
    g = neuron()
    assert g.claim(r"\frac{\partial L}{\partial w} = (a - y) x").verdict == "true"
    wrong = g.claim(r"\frac{\partial L}{\partial w} = (y - a) x")
    assert wrong.verdict == "false"
    assert wrong.correct_latex
    bare = g.claim(r"\frac{\partial L}{\partial w} = (y - a) x", repair=False)
    assert (bare.verdict, bare.correct_latex, bare.counterexample) == ("false", None, wrong.counterexample)
    assert g.claim(r"\frac{").verdict == "unread"


def test_a_page_is_a_text_or_a_file(tmp_path) -> None:
    page = "$$\\frac{\\partial L}{\\partial b} = a - y \\tag{1}$$\n"
    g = neuron()
    assert derive.verify(page, model=g)["1"].verdict == "true"
    path = tmp_path / "page.md"
    path.write_text(f"```derive\n{NEURON}```\n\n{page}")
    assert derive.verify(path)["1"].verdict == "true"
    assert derive.verify(str(path))["1"].verdict == "true"
    wrong = "$$\\frac{\\partial L}{\\partial b_2} = y - a_2 \\tag{1}$$"
    assert derive.verify(wrong, model="two_layer_scalar")["1"].verdict == "false"
    bare = derive.verify(wrong, model="two_layer_scalar", repair=False)["1"]
    assert (bare.verdict, bare.correct_latex) == ("false", None)
    with pytest.raises(derive.ClaimError, match="cannot read"):
        derive.verify("no_such_page.md", model=g)
    with pytest.raises(derive.ClaimError, match="cannot read") as told:
        derive.verify("dL/db_2 = y - a_2", model=g)
    assert "between dollar signs" in (told.value.hint or "")
    with pytest.raises(derive.ClaimError, match="a text or a path, not int"):
        derive.verify(3, model=g)  # type: ignore[arg-type]
    report = pickle.loads(pickle.dumps(derive.verify(page, model=g)))
    assert report["1"].verdict == "true"


def test_a_hessian_through_an_unknown_loss_names_two_entries_of_its_argument() -> None:
    d = derive.loads("x : (d,)\nW : (k, d)\nL : functional\ny = W @ x\nL = L(y)\n").backprop()
    assert d.hessian("x", "x").unicode() == "∂²L/(∂xᵢ ∂xⱼ) = ∑ₗ ∑ₚ Wₗⱼ Wₚᵢ · ∂²L/(∂yₚ ∂yₗ)"
    assert d.hessian("W", "W").unicode() == "∂²L/(∂Wᵢⱼ ∂Wₗₚ) = xⱼ · ∂²L/(∂yᵢ ∂yₗ) · xₚ"
