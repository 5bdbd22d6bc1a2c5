"""Second derivatives, products and curvatures: their code against slopes of the gradient, their formulas read back."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import derive
from derive.errors import ModelError, ShapeError, UnknownNameError, UnsupportedError
from derive.higher_order import HigherDerivative

RIDGE = "X : (m, n)\nw : (n,)\ny : (m,)\nr = X @ w - y\nL = sum(r**2) / (2*m) + 0.05*sum(w**2)\n"
LOGISTIC = (
    "X : (m, n)\nw : (n,)\ny : (m,), in (0, 1)\nz = X @ w\np = sigmoid(z)\nL = mean(-(y*log(p) + (1 - y)*log(1 - p)))\n"
)
SOFTMAX = """
X : (m, n)
W : (n, k)
b : (k,)
Y : (m, k), one_hot(axis=1)
Z = X @ W + b
P = softmax(Z)
L = -sum(Y*log(P)) / m
"""
NET = """
X : (m, n)
W_1 : (n, h)
b_1 : (h,)
W_2 : (h, k)
Y : (m, k)
Z_1 = X @ W_1 + b_1
A_1 = tanh(Z_1)
Z_2 = A_1 @ W_2
L = sum((Z_2 - Y)**2) / (2*m)
"""
QUADRATIC = "x : (n,)\nA : (n, n)\nb : (n,)\nf = x @ A @ x / 2 - b @ x\n"
LOGDET = "S : (n, n), positive_definite\nv : (n,)\nL = logdet(S) + v @ inv(S) @ v\n"
SIZES = {"m": 4, "n": 3, "k": 2, "h": 3}
MODELS = {
    "ridge": (RIDGE, ["w"]),
    "logistic": (LOGISTIC, ["w"]),
    "softmax": (SOFTMAX, ["W", "b"]),
    "net": (NET, ["W_1", "b_1", "W_2"]),
    "quadratic": (QUADRATIC, ["x", "b"]),
    "logdet": (LOGDET, ["S", "v"]),
}


def inputs_of(graph: derive.Graph, seed: int = 0) -> dict[str, Any]:
    """Values for every input that obey what is declared of them."""
    rng = np.random.default_rng(seed)
    made: dict[str, Any] = {}
    for name, declaration in graph.data.inputs.items():
        shape = tuple(SIZES[str(size)] for size in declaration.shape)
        value = rng.normal(size=shape)
        if declaration.fact("positive_definite"):
            value = value @ value.T + 2 * np.eye(len(value))
        elif declaration.fact("in"):
            value = rng.uniform(0.1, 0.9, size=shape)
        elif declaration.fact("one_hot"):
            value = np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
        made[name] = value
    return made


def moved(f: Callable[[dict[str, Any]], Any], values: dict[str, Any], along: dict[str, Any]) -> Any:
    """The slope of a function along directions, by a difference of the fourth order."""
    h = 1e-3

    def at(step: float) -> Any:
        return np.asarray(f({**values, **{name: values[name] + step * v for name, v in along.items()}}))

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def computed(derivative: HigherDerivative, values: dict[str, Any]) -> Any:
    """What the emitted code gives for these inputs; its directions are drawn with them."""
    return derivative.lambdify()(**{name: values[name] for name in derivative.graph.inputs})


@pytest.mark.parametrize("name", MODELS)
def test_code_agrees_with_slopes_of_the_gradient(name: str) -> None:
    text, names = MODELS[name]
    graph = derive.loads(text)
    d = graph.backprop()
    values = inputs_of(graph)
    gradient = d.lambdify(wrt=names)
    directed = d.directional(names)
    values = {**inputs_of(derive.Graph.of(directed.graph), seed=1), **values}
    if name == "logdet":  # S moves among the symmetric matrices
        values["V"] = values["V"] + values["V"].T
    along = {name: values[v.name] for name, v in directed.recipe.along}  # type: ignore[attr-defined]
    for first in names:
        slope = moved(lambda v, first=first: gradient(**_only(graph, v))[1][first], values, along)  # type: ignore[misc]
        assert np.allclose(computed(d.hvp(first, names), values), slope, rtol=1e-7, atol=1e-8)
        whole = sum(
            np.tensordot(computed(d.hessian(first, second), values), along[second], axes=along[second].ndim)
            for second in names
        )
        assert np.allclose(whole, slope, rtol=1e-7, atol=1e-8)
    two = d.directional(names, 2)
    slope = moved(lambda v: gradient(**_only(graph, v))[0], values, along)
    assert np.allclose(computed(directed, values), slope, rtol=1e-8)
    twice = sum(np.sum(computed(d.hvp(n, names), values) * along[n]) for n in names)
    assert np.allclose(computed(two, values), twice, rtol=1e-10, atol=1e-12)


def _only(graph: derive.Graph, values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in graph.inputs}


def test_pushed_and_pulled_vectors_are_those_of_the_jacobian() -> None:
    graph = derive.loads(NET)
    forward, back = graph.jvp("Z_2", ["W_1", "b_1"]), graph.vjp("Z_2", "W_1")
    values = inputs_of(derive.Graph.of(forward.graph)) | inputs_of(derive.Graph.of(back.graph), seed=2)
    values = {**values, **inputs_of(graph)}
    along = {"W_1": values["V_1"], "b_1": values["v_1"]}
    slope = moved(lambda v: graph.evaluate(_only(graph, v))["Z_2"], values, along)
    assert np.allclose(computed(forward, values), slope, rtol=1e-8)
    jacobian = computed(graph.jacobian("Z_2", "W_1"), values)
    assert np.allclose(computed(back, values), np.tensordot(values["U_2"], jacobian, axes=2))


@pytest.mark.parametrize("through", ["Z", "P"])
def test_the_curvatures_of_softmax_regression_are_its_hessian(through: str) -> None:
    """By the logits, Gauss-Newton, Fisher (over m) and Hessian are one; by the probabilities, Fisher is."""
    graph = derive.loads(SOFTMAX)
    d, values = graph.backprop(), inputs_of(graph)
    hessian = computed(d.hessian("W", "b"), values)
    what = "logits" if through == "Z" else "probs"
    assert np.allclose(computed(graph.fisher("W", f"categorical({what}={through})", "b"), values) / 4, hessian)
    product = graph.fisher("W", f"categorical({what}={through})", along="W")
    values["V"] = np.random.default_rng(3).normal(size=(3, 2))
    whole = computed(d.hessian("W"), values)
    assert np.allclose(computed(product, values) / 4, np.tensordot(whole, values["V"], axes=2))
    if through == "Z":
        assert np.allclose(computed(d.gauss_newton("W", "b", through="Z"), values), hessian)
        assert np.allclose(computed(d.gauss_newton("W", through="Z", along="W"), values) * 4, computed(product, values))


def test_gauss_newton_leaves_out_what_bends_the_output() -> None:
    graph = derive.loads(NET)
    values = inputs_of(graph)
    found = computed(graph.backprop().gauss_newton("W_1", through="Z_2"), values)
    jacobian = computed(graph.jacobian("Z_2", "W_1"), values)
    assert np.allclose(found, np.tensordot(jacobian, jacobian, axes=([0, 1], [0, 1])) / 4)


FORMULAS: dict[str, Callable[[], HigherDerivative]] = {
    "hessian, matrices": lambda: derive.loads(LOGISTIC).backprop().hessian("w"),
    "hessian times v": lambda: derive.loads(LOGISTIC).backprop().hvp("w"),
    "hessian times V": lambda: derive.loads(SOFTMAX).backprop().hvp("W"),
    "hessian times two": lambda: derive.loads(SOFTMAX).backprop().hvp("b", ["W", "b"]),
    "first directional": lambda: derive.loads(RIDGE).backprop().directional("w"),
    "second directional": lambda: derive.loads(LOGISTIC).backprop().directional("w", 2),
    "along itself": lambda: derive.loads(LOGISTIC).backprop().hvp("w", {"w": "w"}),
    "jvp": lambda: derive.loads(NET).jvp("Z_2", "W_1"),
    "vjp": lambda: derive.loads(NET).vjp("Z_2", "W_1"),
    "gauss-newton": lambda: derive.loads(LOGISTIC).backprop().gauss_newton("w", through="p"),
    "fisher": lambda: derive.loads(SOFTMAX).fisher("b", "categorical(logits=Z)"),
    "by a binding": lambda: derive.loads(NET).backprop().hessian("A_1"),
    "logdet": lambda: derive.loads(LOGDET).backprop().hvp("v", ["v"]),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_printed_is_read_and_true(name: str) -> None:
    made = FORMULAS[name]()
    graph = derive.Graph.of(made.graph)
    for formula in {made.latex("matrix"), made.latex("index")}:
        assert graph.claim(formula, repair=False).verdict == "true", formula


def test_formulas_as_textbooks_have_them() -> None:
    graph = derive.loads(LOGISTIC)
    d = graph.backprop()
    assert d.hessian("w").unicode("matrix") == "∂²L/(∂w ∂wᵀ) = 1/m · Xᵀ diag(p ∘ (1 − p)) X"
    assert d.hvp("w").unicode() == "∂²L/(∂w ∂wᵀ) · v = 1/m · Xᵀ (X v ∘ p ∘ (1 − p))"
    assert d.directional("w").unicode() == "vᵀ · ∂L/∂w = 1/m · vᵀ Xᵀ (p − y)"
    assert graph.vjp("p", "w").unicode() == "∂/∂w(uᵀ p) = Xᵀ (u ∘ σ'(z))"
    fisher = graph.fisher("w", "bernoulli(probs=p)")
    assert fisher.unicode() == "∑ₖ ∂pₖ/∂wᵢ · 1/(pₖ (1 − pₖ)) · ∂pₖ/∂wⱼ = ∑ₖ Xₖᵢ pₖ (1 − pₖ) Xₖⱼ"
    assert d.gauss_newton("w", through="z").closed.shape == fisher.closed.shape


def test_every_result_has_every_form() -> None:
    d = derive.loads(LOGISTIC).backprop()
    for one in (d["w"], d.hessian("w"), d.hvp("w"), d.graph.fisher("w", "bernoulli(logits=z)")):
        assert one.latex()
        assert one.unicode()
        assert one.sympy() is not None
        assert "import numpy" in one.source()
        assert callable(one.lambdify())
    d2 = derive.loads(RIDGE).backprop()
    values = inputs_of(d2.graph)
    assert np.allclose(d2["w"].lambdify()(**values), d2.lambdify()(**values)[1]["w"])


def test_results_and_their_code_are_pickled_and_copied() -> None:
    for one in (FORMULAS["fisher"](), FORMULAS["hessian times two"]()):
        for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
            assert other.latex() == one.latex()
    call = FORMULAS["hessian, matrices"]().lambdify()
    values = inputs_of(derive.loads(LOGISTIC))
    assert np.allclose(pickle.loads(pickle.dumps(call))(**values), call(**values))


def test_directions_are_named_after_what_they_move() -> None:
    graph = derive.loads("W_1, V : (n, k)\nw : (n,)\nb : (n,)\nv = W_1 @ (V.T @ w) + b\nL = sum(v**2)\n")
    d = graph.backprop()
    assert [n for n in d.hvp("W_1", ["W_1", "V", "w", "b"]).graph.inputs if n not in graph.inputs] == [
        "V_1",
        "V_V",
        "v_w",
        "v_b",
    ]


def test_directions_are_given_by_name_value_or_number() -> None:
    graph = derive.loads(RIDGE)
    d, values = graph.backprop(), inputs_of(graph)
    by_name, by_value = d.hvp("w", {"w": "w"}), d.hvp("w", {graph["w"]: 2 * graph["w"]})
    by_number = d.directional({"w": 1}, 2)
    hessian = computed(d.hessian("w"), values)
    assert np.allclose(computed(by_name, values), hessian @ values["w"])
    assert np.allclose(computed(by_value, values), 2 * hessian @ values["w"])
    assert np.allclose(computed(by_number, values), hessian.sum())


def test_a_derivative_by_what_stable_code_looks_through() -> None:
    """log(p) of p = sigmoid(z) is computed of z: a derivative by p still runs through p."""
    graph = derive.loads(LOGISTIC)
    values = inputs_of(graph)
    p = graph.evaluate(values)["p"]
    right = np.diag(values["y"] / p**2 + (1 - values["y"]) / (1 - p) ** 2) / 4
    assert np.allclose(computed(graph.backprop().hessian("p"), values), right)


def test_a_saturated_hessian_stays_finite() -> None:
    d = derive.loads(LOGISTIC).backprop()
    values = {"X": np.array([[800.0], [-800.0]]), "w": np.array([1.0]), "y": np.array([0.5, 0.5])}
    with np.errstate(all="raise", under="ignore"):
        assert np.allclose(d.hessian("w").lambdify()(**values), 0)
        assert np.allclose(d.hvp("w").lambdify()(**values, v=np.array([1.0])), 0)


ERRORS: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "a name": (lambda g: g.backprop().hessian("w", "q"), UnknownNameError, "the names are"),
    "a near name": (lambda g: g.jacobian("pp", "w"), UnknownNameError, "did you mean p"),
    "a loss": (lambda g: g.backprop("z").hessian("w"), ShapeError, "jacobian"),
    "a direction": (lambda g: g.jvp("z", {"w": "y"}), ShapeError, "give it the shape of w"),
    "no direction": (lambda g: g.jvp("z", []), ModelError, "name one of"),
    "another model": (lambda g: g.jvp("z", {"w": derive.loads("q : (n,)\nr = q\n")["q"]}), ModelError, "not in"),
    "through": (lambda g: g.backprop().gauss_newton("w", through="y"), ModelError, "go through one of z, p, L"),
    "a distribution": (lambda g: g.fisher("w", "bernouli(logits=z)"), UnknownNameError, "did you mean bernoulli"),
    "a parameter": (lambda g: g.fisher("w", "bernoulli(logit=z)"), ModelError, "bernoulli(logits=...)"),
    "both parameters": (lambda g: g.fisher("w", "bernoulli(probs=p, logits=z)"), ModelError, "together"),
    "no call": (lambda g: g.fisher("w", "p ~ bernoulli"), ModelError, "bernoulli(logits=z)"),
    "a value": (lambda g: g.fisher("w", "normal(mean=q)"), UnknownNameError, "a name of the model or a number"),
    "shapes": (lambda g: g.fisher("w", "normal(mean=z, std=w)"), ShapeError, "one shape"),
    "only numbers": (lambda g: g.fisher("w", "poisson(rate=3)"), ModelError, "poisson(rate=...)"),
    "no way": (lambda g: g.fisher("y", "bernoulli(logits=z)"), ModelError, "go through one of L"),
    "an order": (lambda g: g.backprop().directional("w", 3), ModelError, "of order 1 or 2"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_name_what_failed_and_a_remedy(name: str) -> None:
    ask, kind, remedy = ERRORS[name]
    with pytest.raises(kind) as caught:
        ask(derive.loads(LOGISTIC))
    assert remedy in str(caught.value)


def test_a_shared_parameter_of_a_family_is_refused() -> None:
    text = "w : scalar\nx[0] : scalar\nfor t in 1..T:\n    x[t] = tanh(w*x[t-1])\nJ = x[T]**2\n"
    d = derive.loads(text).backprop()
    for ask in (lambda: d.hvp("w"), lambda: d.directional("w"), lambda: d.graph.jvp("J", "w")):
        with pytest.raises(UnsupportedError, match="instance"):
            ask()
    assert d.graph.instance(3).backprop().hvp("w").shape == ()
