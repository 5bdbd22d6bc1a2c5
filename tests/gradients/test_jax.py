"""JAX: functions with `jax.custom_vjp`, and functions that run through one. Skipped where jax is not installed."""

from __future__ import annotations

import numpy as np
import pytest

from derive.errors import DeriveError
from derive.gradients.gradient import check_gradient
from derive.gradients.layer import check_layer

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy

KEYS = iter(jax.random.split(jax.random.key(0), 20))


def normal(*shape):
    return jax.random.normal(next(KEYS), shape)


X, W, B, G = normal(6, 4), normal(4, 3), normal(3), normal(4)
LABELS = jnp.array([0, 3, 1, 1, 2, 0])


def ruled(function, forward, backward, **told):
    function = jax.custom_vjp(function, **told)
    function.defvjp(forward, backward)
    return function


def tanh_forward(z):
    a = jnp.tanh(z)
    return a, (z, a)


def tanh(z):
    return tanh_forward(z)[0]


def tanh_backward(kept, da):
    return (da * (1 - kept[1] ** 2),)


def tanh_of_the_preactivation(kept, da):
    return (da * (1 - kept[0] ** 2),)


def tanh_without_the_square(kept, da):
    return (da * (1 - kept[1]),)


def affine(x, w, b):
    return x @ w + b


def affine_forward(x, w, b):
    return affine(x, w, b), (x, w)


def affine_backward(kept, dy):
    x, w = kept
    return dy @ w.T, x.T @ dy, dy.sum(0)


def affine_of_a_mean(kept, dy):
    x, w = kept
    return dy @ w.T, x.T @ dy, dy.mean(0)


def affine_without_a_sum(kept, dy):
    x, w = kept
    return dy @ w.T, x.T @ dy, dy


def affine_of_the_other_sign(kept, dy):
    x, w = kept
    return -dy @ w.T, x.T @ dy, dy.sum(0)


def rms_norm_forward(x, gamma):
    inverse = 1 / jnp.sqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-6)
    return gamma * x * inverse, (x, gamma, inverse)


def rms_norm(x, gamma):
    return rms_norm_forward(x, gamma)[0]


def rms_norm_backward(kept, dy):
    x, gamma, inverse = kept
    d, xhat = dy * gamma, x * inverse
    return inverse * (d - xhat * jnp.mean(d * xhat, axis=-1, keepdims=True)), jnp.sum(dy * xhat, axis=0)


def rms_norm_without_the_mean(kept, dy):
    x, gamma, inverse = kept
    return inverse * dy * gamma, jnp.sum(dy * x * inverse, axis=0)


def cross_entropy_forward(z, labels):
    log = jax.nn.log_softmax(z)
    return -jnp.mean(log[jnp.arange(len(labels)), labels]), (log, labels)


def cross_entropy(z, labels):
    return cross_entropy_forward(z, labels)[0]


def cross_entropy_backward(kept, dy):
    log, labels = kept
    return dy * (jnp.exp(log) - jax.nn.one_hot(labels, log.shape[1])) / len(labels), None


def cross_entropy_of_a_sum(kept, dy):
    return cross_entropy_backward(kept, dy)[0] * len(kept[1]), None


def power(x, n):
    return x**n


def power_forward(x, n):
    return x**n, x


def power_backward(n, x, dy):
    return (dy * n * x ** (n - 1),)


def power_of_the_same_degree(n, x, dy):
    return (dy * n * x**n,)


def both(x):
    return {"sin": jnp.sin(x), "cos": jnp.cos(x)}


def both_forward(x):
    return both(x), x


def both_backward(x, dy):
    return (dy["sin"] * jnp.cos(x) - dy["cos"] * jnp.sin(x),)


def both_added(x, dy):
    return (dy["sin"] * jnp.cos(x) + dy["cos"] * jnp.sin(x),)


TANH = ruled(tanh, tanh_forward, tanh_backward)


def network(rule):
    return lambda params, x: jnp.mean((rule(x @ params["w"] + params["b"])) ** 2)


class Affine:
    def __init__(self):
        self.W, self.b = W, B

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class AffineOfAMean(Affine):
    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.mean(0)
        return dy @ self.W.T


RIGHT = {
    "own passes": (Affine(), X),
    "tanh": (TANH, X),
    "jit": (jax.jit(TANH), X),
    "affine": (ruled(affine, affine_forward, affine_backward), X, W, B),
    "norm": (ruled(rms_norm, rms_norm_forward, rms_norm_backward), X, G),
    "labels": (ruled(cross_entropy, cross_entropy_forward, cross_entropy_backward), X, LABELS),
    "degree": (ruled(power, power_forward, power_backward, nondiff_argnums=(1,)), X, 3),
    "two outputs": (ruled(both, both_forward, both_backward), X),
    "parameters": (network(TANH), {"w": W, "b": B}, X),
    "value and gradient": (jax.value_and_grad(network(TANH)), {"w": W, "b": B}, X),
    "pair": ((tanh_forward, lambda da, kept: tanh_backward(kept, da)[0]), X),
    "arrays in float64": (TANH, np.asarray(X, dtype=np.float64)),
}

WRONG = {
    "own passes": (AffineOfAMean(), (X,), "b", "a mean is taken where a sum is needed"),
    "pre-activation": (
        ruled(tanh, tanh_forward, tanh_of_the_preactivation),
        (X,),
        "z",
        "z stands where output belongs",
    ),
    "square": (ruled(tanh, tanh_forward, tanh_without_the_square), (X,), "z", "a square is missing"),
    "mean": (ruled(affine, affine_forward, affine_of_a_mean), (X, W, B), "b", "a mean is taken where a sum is needed"),
    "shape": (ruled(affine, affine_forward, affine_without_a_sum), (X, W, B), "b", "the sum over axis 0"),
    "sign": (ruled(affine, affine_forward, affine_of_the_other_sign), (X, W, B), "x", "the sign is wrong"),
    "norm": (
        ruled(rms_norm, rms_norm_forward, rms_norm_without_the_mean),
        (X, G),
        "x",
        "a term proportional to x along axis 1 is missing",
    ),
    "of a sum": (
        ruled(cross_entropy, cross_entropy_forward, cross_entropy_of_a_sum),
        (X, LABELS),
        "z",
        "the factor 1/6 is missing",
    ),
    "degree": (
        ruled(power, power_forward, power_of_the_same_degree, nondiff_argnums=(1,)),
        (X, 3),
        "x",
        "the factor x does not belong there",
    ),
    "two outputs": (ruled(both, both_forward, both_added), (X,), "x", "the sign of the term"),
    "parameters": (
        network(ruled(tanh, tanh_forward, tanh_without_the_square)),
        ({"w": W, "b": B}, X),
        "w",
        "is missing",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str) -> None:
    report = check_layer(*RIGHT[name])
    assert report.verdict == "true", str(report)


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    layer, inputs, group, cause = WRONG[name]
    report = check_layer(layer, *inputs)
    found = {g.name: g for g in report.groups}
    assert report.verdict == found[group].verdict == "false"
    assert cause in found[group].diagnosis, str(report)


def test_the_groups_are_the_arguments() -> None:
    assert [g.name for g in check_layer(*RIGHT["parameters"]).groups] == ["w", "b", "x"]
    assert [g.name for g in check_layer(*RIGHT["labels"]).groups] == ["z"]
    assert [g.name for g in check_layer(*RIGHT["own passes"]).groups] == ["x", "W", "b"]


def test_float32_is_judged_by_its_own_rounding() -> None:
    off = ruled(tanh, tanh_forward, lambda kept, da: (da * (1 - kept[1] ** 2) * (1 + 1e-4),))
    assert check_layer(TANH, X).verdict == "true"
    assert check_layer(off, X).verdict == "false"  # the slope is taken in float64
    assert not jax.config.jax_enable_x64


def test_a_rule_for_another_function() -> None:
    report = check_layer(ruled(jnp.sin, tanh_forward, tanh_backward), X)
    assert report.verdict == "false"
    assert "the forward pass of the rule has another value than the function itself" in report.diagnosis


def test_functions_of_arrays() -> None:
    def loss(x, w):
        return jnp.sum(jnp.tanh(x @ w) ** 2)

    def gradient(x, w):
        a = jnp.tanh(x @ w)
        d = 2 * a * (1 - a**2)
        return jnp.outer(d, w), x.T @ d

    assert check_gradient(loss, gradient, X, G).verdict == "true"
    assert check_gradient(loss, jax.grad(loss, argnums=(0, 1)), X, G).verdict == "true"
    assert check_gradient(loss, lambda x, w: gradient(x, -w), X, G).verdict == "false"


def test_no_gradient() -> None:
    report = check_layer(lambda x: jax.lax.stop_gradient(x) ** 2, X)
    assert report.verdict == "false"
    with pytest.raises(DeriveError, match="forward raised"):
        check_layer(ruled(affine, affine_forward, affine_backward), X, W.T, B)
