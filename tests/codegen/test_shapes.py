"""Gradients have the shape and the type of their variable, in every model and for every demand."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify, source
from derive.model import loads

SIZES = {"m": 4, "n": 3, "k": 2}
SHAPES = """
C : (3,);         L = -sum(C)
C : (3,);         L = sum(-2*C)/3
X : (m, n); W : (n, k); L = -sum(X @ W)
X : (m, n);       L = sum(sqrt(sum(X**2, axis=1)))
X : (m, n); w : (n,); L = sum(tanh(X**2 @ w))
X : (m, n);       L = sum(norm(X, axis=1))
X : (m, n);       L = sum(log(sum(X**2, axis=1)))
W : (k, n); x : (n,); b : (k,); z = W @ x + b; a = tanh(z); L = sum(a**2)
A : (n, n);       L = trace(A)**2
A : (1, 1);       L = trace(A)**2
B : (1, n);       L = sum(norm(B, axis=0, keepdims=True))
X : (m, 1, n);    L = sum(softmax(-mean(X, axis=(0, 2), keepdims=True), axis=1)) + sum(X)
a : scalar;       L = sum(log_softmax(a*ones(1)))
a : scalar; y : (n,); L = logsumexp(a) + max(a) + sum(y)
A : (n, n);       L = sum(A**eye(n))
X : (1, n, n); c : scalar; L = sum((eye(n)*c)*X) + c
x : (n,);         L = sum(where(x > 0, 1, 0)*x) + cos(-1.5)
x : (n,);         L = sum(x)*leaky_relu(3, 0.1)*where(1 > 0, maximum(1/3, 2), 3)*exp(0) + where(sum(x) > 0, 1, 1)
X : (3, k); Y : (k, 3); s = var(X, keepdims=True); L = sum(minimum(log(1 + abs(det(norm(s, keepdims=True)))), Y)**2)
B : (n,);         L = sum(gelu(pi) * B) + sum(sin(2) * B)
"""


def values_of(graph: Any, seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {n: rng.uniform(0.2, 1, [s.value(SIZES) for s in d.shape]) for n, d in graph.inputs.items()}


def slopes(function: Any, values: dict[str, Any], name: str) -> Any:
    found = np.zeros_like(values[name])
    for at in np.ndindex(found.shape):
        ends = []
        for h in (1e-6, -1e-6):
            moved = {**values, name: values[name].copy()}
            moved[name][at] += h
            ends.append(function(**moved)[0])
        found[at] = (ends[0] - ends[1]) / 2e-6
    return found


@pytest.mark.parametrize("line", SHAPES.strip().splitlines())
def test_by_all_and_by_each_variable_alone(line: str) -> None:
    graph = loads("\n".join(part.strip() for part in line.split(";")))
    values, derivation = values_of(graph), backprop(graph)
    for wrt in (None, *graph.inputs):
        function = lambdify(derivation, wrt=wrt)
        value, gradients = function(**values)
        assert np.shape(value) == ()
        for name, gradient in gradients.items():
            assert np.shape(gradient) == values[name].shape
            np.testing.assert_allclose(gradient, slopes(function, values, name), rtol=1e-6, atol=1e-8)
        _, short = function(**{n: np.asarray(v, np.float32) for n, v in values.items()})
        assert all(getattr(g, "dtype", np.float32) == np.float32 for g in short.values())


def test_a_constant_gradient_is_an_array_of_its_own() -> None:
    text = source(backprop(loads("C : (n,)\nL = -sum(C)")))
    assert "dC = np.full(n, -1.0, dtype)" in text
    assert "dtype = np.result_type(C, 1.0)" in text


def test_a_gradient_that_is_repeated_is_the_callers() -> None:
    function = lambdify(backprop(loads("X : (m, n)\nw : (n,)\nL = sum(X*w)")))
    _, gradients = function(X=np.ones((4, 3)), w=np.ones(3))
    gradients["X"][0] = 7
    np.testing.assert_array_equal(gradients["X"][1], np.ones(3))


def test_every_input_is_a_parameter_and_only_what_is_read_is_needed() -> None:
    derivation = backprop(loads("x : scalar\nunused : (n,)\ny : scalar\nL = x*y"))
    scope: dict[str, Any] = {}
    exec(source(derivation), scope)  # noqa: S102
    assert list(inspect.signature(scope["value_and_gradient"]).parameters) == ["x", "unused", "y"]
    function = lambdify(derivation, wrt="x")
    for _ in range(2):
        assert function(x=2.0, y=3.0)[1] == {"x": 3.0}
        assert function(x=np.float64(2), y=np.float64(3))[1] == {"x": 3.0}
        assert function(x=np.float64(2), unused=np.ones(4), y=np.float64(3))[1] == {"x": 3.0}


@pytest.mark.parametrize("line", ["x : scalar; L = x**2", "X : (m, n); L = sum(X*X)"])
def test_no_import_and_no_variable_is_unused(line: str) -> None:
    text = source(backprop(loads(line.replace("; ", "\n"))))
    assert ("import numpy" in text) == ("np." in text.replace("import numpy as np", ""))
    assert "m = " not in text
    assert "n = " not in text.replace("import numpy as np", "")


def test_functions_of_numbers_are_numbers() -> None:
    text = source(backprop(loads("x : (n,)\nc = leaky_relu(3, 0.1)*maximum(1/3, 2) + sigmoid(0)\nL = c*sum(x)")))
    assert "np.full(n, 6.5, dtype)" in text
    assert "step" not in text
    assert "sigmoid" not in text


@pytest.mark.parametrize("other", ["sum(A*A)", "trace(A @ A)", "mean((2*diag(diag(A)) - A)**2)"])
def test_a_matrix_with_nothing_off_its_diagonal_is_no_multiple_of_the_matrix(other: str) -> None:
    A = np.array([[1.0, 2.0], [3.0, 5.0]])
    total, alone, rest = (
        lambdify(backprop(loads(f"A : (n, n)\nL = {line}")))(A=A)[1]["A"]
        for line in (f"sum(diag(A)**2) + {other}", "sum(diag(A)**2)", other)
    )
    assert np.allclose(alone, np.diag([2.0, 10.0]))
    assert np.allclose(total, alone + rest)
