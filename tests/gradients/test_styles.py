"""Layers as people write them: what is found by name, what has to be told, and what goes wrong in them."""

from __future__ import annotations

import types

import numpy as np
import pytest

from derive.errors import DeriveError
from derive.gradients.discovery import gradient_names, parse, shown
from derive.gradients.layer import check_layer

RNG = np.random.default_rng(11)
X = RNG.normal(size=(5, 4))
LABELS = np.array([0, 1, 2, 2, 1])


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Affine:
    def __init__(self, n=4, k=3):
        self.W, self.b = np.random.default_rng(1).normal(size=(n, k)), np.zeros(k)
        self.x = self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, None


class WithParameterObjects:
    def __init__(self):
        self.weight, self.bias = Parameter(RNG.normal(size=(4, 3))), Parameter(RNG.normal(size=3))

    def __call__(self, x):
        self.x = x
        return x @ self.weight.data + self.bias.data

    def backward(self, dout):
        self.weight.grad, self.bias.grad = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.weight.data.T


class WithNames:
    def __init__(self):
        self.kernel, self.bias = RNG.normal(size=(4, 3)), RNG.normal(size=3)

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, dout):
        self.grad_kernel, self.bias_grad = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.kernel.T


class WithLists(Affine):
    def __init__(self):
        super().__init__()
        self.params, self.grads = [self.W, self.b], [np.zeros_like(self.W), np.zeros_like(self.b)]
        del self.dW, self.db

    def backward(self, dout):
        self.grads[0][...], self.grads[1][...] = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T


class Lazy:
    W = None

    def forward(self, x):
        if self.W is None:
            self.W = np.random.default_rng(1).normal(size=(x.shape[1], 3))
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class Returning(Affine):
    def backward(self, dout):
        return dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)


class Network:
    """Parameters in a dict that its layers share; gradients collected afterwards."""

    def __init__(self):
        self.first, self.second = Affine(4, 6), Affine(6, 3)
        self.params = {"W1": self.first.W, "b1": self.first.b, "W2": self.second.W, "b2": self.second.b}
        self.grads = {}

    def forward(self, x):
        self.a = np.tanh(self.first.forward(x))
        return self.second.forward(self.a)

    def backward(self, dout):
        dx = self.first.backward(self.second.backward(dout) * (1 - self.a**2))
        first, second = self.first, self.second
        self.grads = {"dW1": first.dW, "db1": first.db, "dW2": second.dW, "db2": second.db}
        return dx


FOUND = {
    Affine: {"x", "W", "b"},
    WithParameterObjects: {"x", "weight", "bias"},
    WithNames: {"x", "kernel", "bias"},
    WithLists: {"x", "W", "b"},
    Lazy: {"x", "W"},
    Returning: {"x", "W", "b"},
    Network: {"x", "W1", "b1", "W2", "b2"},
}


@pytest.mark.parametrize("kind", FOUND)
def test_parameters_are_found(kind):
    report = check_layer(kind(), X)
    assert report.verdict == "true", str(report)
    assert {group.name for group in report.groups} == FOUND[kind]


@pytest.mark.parametrize("kind", FOUND)
def test_a_layer_is_left_as_it_was(kind):
    layer, x = kind(), X.copy()
    before = set(vars(layer))
    check_layer(layer, x)
    assert set(vars(layer)) == before
    assert np.array_equal(x, X)


class Odd:
    def __init__(self):
        self.theta = RNG.normal(size=(4, 3))

    def run(self, x):
        self.x = x
        return x @ self.theta

    def back(self, dout):
        self.slope = self.x.T @ dout
        return dout @ self.theta.T


def test_what_has_no_usual_name_is_told():
    with pytest.raises(DeriveError, match="no method 'forward'"):
        check_layer(Odd(), X)
    report = check_layer(Odd(), X, forward="run", backward="back", parameters={"theta": "slope"})
    assert {group.name for group in report.groups} == {"x", "theta"}
    assert report.verdict == "true"
    assert check_layer(Returning(), X, returns=("x", "W", "b")).verdict == "true"
    exchanged = check_layer(Returning(), X, returns=("x", "b", "W"))
    assert exchanged.defects[0] == "shape_mismatch"


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def norm_forward(x, gamma, beta, settings):
    xhat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + settings["eps"])
    settings["running_mean"] = 0.9 * settings["running_mean"] + 0.1 * x.mean(axis=0)
    return gamma * xhat + beta, (xhat, gamma, x.var(axis=0), settings["eps"])


def norm_backward(dout, cache):
    xhat, gamma, var, eps = cache
    g = dout * gamma
    dx = (g - g.mean(axis=0) - xhat * (g * xhat).mean(axis=0)) / np.sqrt(var + eps)
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


def softmax_loss(z, t):
    p = softmax(z)
    dz = p.copy()
    dz[np.arange(len(t)), t] -= 1
    return -np.mean(np.log(p[np.arange(len(t)), t])), dz / len(t)


def test_functions_with_a_cache():
    x, w, b = RNG.normal(size=(3, 2, 2)), RNG.normal(size=(4, 3)), RNG.normal(size=3)
    for layer in (
        (affine_forward, affine_backward),
        types.SimpleNamespace(forward=affine_forward, backward=affine_backward),
        {"forward": affine_forward, "backward": affine_backward},
    ):
        assert check_layer(layer, x, w, b).verdict == "true"
    relu = (lambda x: (np.maximum(x, 0), x), lambda dout, cache: dout * (cache > 0))
    assert check_layer(relu, X).verdict == "true"
    settings = {"eps": 1e-5, "mode": "train", "running_mean": np.zeros(4)}
    report = check_layer((norm_forward, norm_backward), X, np.ones(4), np.zeros(4), settings)
    assert report.verdict == "true", str(report)
    assert not np.any(settings["running_mean"])


def test_one_function_with_value_and_gradient():
    assert check_layer(softmax_loss, RNG.normal(size=(5, 3)), LABELS).verdict == "true"

    def without_mean(z, t):
        value, dz = softmax_loss(z, t)
        return value, dz * len(t)

    report = check_layer(without_mean, RNG.normal(size=(5, 3)), LABELS)
    assert report.defects == ["missing_factor"]
    assert "1/5" in report.diagnosis


class Loss:
    def forward(self, z, t):
        self.p, self.t = softmax(z), t
        return -np.sum(t * np.log(self.p)) / len(t)

    def backward(self, dout=1):
        return (self.p - self.t) / len(self.t)


class LossWithoutUpstream(Loss):
    def backward(self):
        return super().backward()


@pytest.mark.parametrize("kind", [Loss, LossWithoutUpstream])
def test_losses_need_no_upstream_gradient(kind):
    assert check_layer(kind(), RNG.normal(size=(5, 3)), np.eye(3)[LABELS]).verdict == "true"


class Dropout:
    def __init__(self, own=True):
        self.rng = np.random.default_rng(0) if own else np.random

    def forward(self, x):
        self.mask = self.rng.random(x.shape) < 0.5
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


def test_random_layers_are_said_to_be_random():
    own = check_layer(Dropout(), X)
    assert own.verdict == "true"
    assert any("second call" in note for note in own.notes)
    shared = check_layer(Dropout(own=False), X)
    assert shared.verdict == "undecided"
    assert shared.defects == ["nondeterministic"]


class InPlace(Affine):
    def backward(self, dout):
        dout *= 1.0
        dout[0] = dout[0]
        result = super().backward(dout)
        dout *= 0.0
        return result


class Updating(Affine):
    def backward(self, dout):
        dx = super().backward(dout)
        self.W -= 0.1 * self.dW
        return dx


@pytest.mark.parametrize(("kind", "what"), [(InPlace, "upstream gradient"), (Updating, "parameter W")])
def test_changes_in_place_are_detected(kind, what):
    report = check_layer(kind(), X, strict=True)
    assert report.verdict == "false"
    assert report.defects == ["mutates_argument"]
    assert what in report.diagnosis
    assert "the numbers are right" in report.diagnosis
    lenient = check_layer(kind(), X)
    assert lenient.verdict == "true"
    assert any(what in note for note in lenient.notes)


class Adding(Affine):
    def __init__(self):
        super().__init__()
        self.dW = np.zeros_like(self.W)

    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Resettable(Adding):
    def zero_grad(self):
        self.dW[...] = 0.0


def test_gradients_that_add_up():
    assert check_layer(Adding(), X).defects == ["second_call"]
    assert check_layer(Adding(), X, accumulates=True).verdict == "true"
    assert check_layer(Resettable(), X).verdict == "true"


def test_what_cannot_be_copied_is_said():
    layer = Affine()
    layer.stream = (k for k in range(3))
    with pytest.raises(DeriveError, match="cannot be copied"):
        check_layer(layer, X)
    layer.stream = np
    assert check_layer(layer, X).verdict == "true"


def test_sample_draws_inputs_of_other_sizes():
    class Mean(Affine):
        def backward(self, dout):
            dx = super().backward(dout)
            self.db = dout.sum(axis=0) * (len(dout) / 5)
            return dx

    assert check_layer(Mean(), X, sample=lambda: RNG.normal(size=(5, 4))).verdict == "true"
    assert check_layer(Mean(), X, sample=lambda: RNG.normal(size=(7, 4))).verdict == "false"
    assert check_layer(Mean(), X).verdict == "false"  # another number of rows is tried by itself


def test_routes_are_read_by_hand():
    for text in ("W", "weight.data", "params['W1']", "layers[0].W"):
        assert shown(parse(text)) == text
    for text in ("__import__('os')", "a-b", "[", "x..y"):
        with pytest.raises(DeriveError):
            parse(text)
    assert gradient_names("weight")[0] == "dweight"
    assert "dW" in gradient_names("weight")
