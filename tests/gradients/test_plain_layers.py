"""Plain `check_layer(layer, x)` in the styles of public code: what is found, what is said, and which cause is named."""

from __future__ import annotations

import numpy as np
import pytest

from derive import DeriveError, check_layer
from tests.gradients.plain_layers import CASES

FAULTS = [(name, k) for name, case in CASES.items() for k in range(len(case.faults))]
UNNAMED = {("guarded_cross_entropy", 1)}
X = np.random.default_rng(2).normal(size=(5, 4))


@pytest.mark.parametrize("name", CASES)
def test_right_ones_are_accepted(name: str) -> None:
    layer, inputs = CASES[name].made()
    report = check_layer(layer, *inputs)
    assert report.verdict == "true", str(report)


@pytest.mark.parametrize(("name", "k"), FAULTS, ids=[f"{name}-{k}" for name, k in FAULTS])
def test_wrong_ones_are_refuted_with_their_cause(name: str, k: int) -> None:
    layer, inputs = CASES[name].made(k)
    report = check_layer(layer, *inputs)
    assert report.verdict == "false", str(report)
    causes = set(CASES[name].faults[k][2].split())
    if (name, k) not in UNNAMED:
        assert causes & set(report.defects) or ("any" in causes and "wrong_value" not in report.defects), str(report)


def test_there_are_many() -> None:
    assert len(CASES) >= 60
    assert len(FAULTS) >= 100


def told(name: str, part: str) -> bool:
    layer, inputs = CASES[name].made()
    return any(part in note for note in check_layer(layer, *inputs).notes)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("fn_grad_tanh", "grad(z) is read as the derivative by z"),
        ("activate_derivative_of_the_output", "derivative(the output output) is read as the derivative by z"),
        ("square_loss_elementwise", "gradient(y, y_pred) is read as the derivative by y_pred"),
        ("per_sample_mse", "of the mean of the losses"),
        ("names_that_say_nothing", "is read as the derivative by b (found by trial)"),
        ("dense_passes_with_optimizer", "the gradient of W, w0 is what the optimizer is given"),
        ("updates_by_a_learning_rate", "the gradient of weights, bias is the step that backward makes"),
        ("accumulating_dictionaries", "flush_gradients() sets them back"),
        ("gru_two_outputs_one_upstream", "the upstream gradient of the first output"),
        ("mask_in_place", "backward changes the upstream gradient in place"),
        ("guarded_cross_entropy", "the constant 1e-07 stands in one of the passes only"),
    ],
)
def test_what_was_found_is_said(name: str, part: str) -> None:
    assert told(name, part)


@pytest.mark.parametrize("name", ["mask_in_place", "softmax_with_loss", "guarded_cross_entropy"])
def test_strict_refuses_what_is_remarked(name: str) -> None:
    layer, inputs = CASES[name].made()
    assert check_layer(layer, *inputs, strict=True).verdict == "false"


class Softmax:
    def __call__(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def gradient(self, x):
        p = self(x)
        return p * (1 - p)


class Ambiguous:
    def loss(self, u, v):
        return float(np.sum(u**2 * v))

    def gradient(self, u, v):
        return np.ones((2, 2))


class Odd:
    def run(self, x):
        return x


@pytest.mark.parametrize(
    ("layer", "inputs", "part"),
    [
        (Softmax(), (X,), "takes='upstream'"),
        (Ambiguous(), (X[0], X[1]), "returns=("),
        (Odd(), (X,), "forward='...'"),
    ],
)
def test_what_was_not_found_is_an_error_that_says_how_to_tell_it(layer, inputs, part) -> None:
    with pytest.raises(DeriveError) as error:
        check_layer(layer, *inputs)
    assert part in str(error.value)


class Told:
    """A derivative whose parameter has a name that says the opposite of what it takes."""

    def f(self, z):
        return np.tanh(z)

    def df(self, z):
        return 1 - z**2


def test_what_backward_takes_can_be_told() -> None:
    assert check_layer(Told(), X).verdict == "false"
    assert check_layer(Told(), X, takes="output").verdict == "true"
    assert check_layer(Told(), X, takes="inputs").verdict == "false"
    with pytest.raises(DeriveError, match="takes is 'x'"):
        check_layer(Told(), X, takes="x")


class Forgetful:
    """One gradient that adds up, and nothing that sets it back."""

    def __init__(self):
        self.W, self.dW = X.T @ X, np.zeros((4, 4))

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW += self.x.T @ dout
        return dout @ self.W.T


def test_one_gradient_that_adds_up_may_be_a_mistake() -> None:
    assert check_layer(Forgetful(), X).defects == ["second_call"]
    assert check_layer(Forgetful(), X, accumulates=True).verdict == "true"


def test_a_step_before_the_input_gradient_is_seen() -> None:
    layer, inputs = CASES["dense_passes_with_optimizer"].made(2)
    report = check_layer(layer, *inputs)
    assert [g.name for g in report.groups if g.verdict == "false"] == ["X"]


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_a_factor_is_no_size_by_coincidence(k: int) -> None:
    pair = (lambda w: np.sum(w**3), lambda w: w**2)
    report = check_layer(pair, np.linspace(0.3, 1.0, k), takes="inputs")
    assert "1/3 times the right one: a factor is missing" in report.diagnosis


class Stepping:
    """A layer that keeps its learning rate and makes the step itself."""

    def __init__(self, factor=1.0):
        self.W, self.learning_rate, self.factor = X.T @ X, 0.01, factor

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        dx = dout @ self.W.T
        self.W -= self.learning_rate * self.factor * self.x.T @ dout
        return dx


def test_a_layer_that_keeps_its_rate() -> None:
    report = check_layer(Stepping(), X)
    assert report.verdict == "true"
    assert {g.name for g in report.groups} == {"x", "W"}
    assert "1/2 times the right one" in check_layer(Stepping(0.5), X).diagnosis


class WithTarget:
    """A loss whose backward pass takes the upstream gradient and the target."""

    def __init__(self, factor=2):
        self.factor = factor

    def forward(self, p, t):
        self.p = p
        return float(np.sum((p - t) ** 2))

    def backward(self, dout, t):
        return dout * self.factor * (self.p - t)


class InputFirst:
    """The input stands before the upstream gradient, under its own name; the gradients are a dictionary."""

    def __init__(self) -> None:
        self.W = np.random.default_rng(3).normal(size=(3, 2))

    def forward(self, x):
        return np.tanh(x @ self.W)

    def backward(self, x, d):
        d = d * (1 - self.forward(x) ** 2)
        return {"dx": d @ self.W.T, "dW": x.T @ d}


class InputByOrder(InputFirst):
    """The names of the parameters are others, but one is that of an upstream gradient."""

    def backward(self, inputs, grad_output, lr):
        return InputFirst.backward(self, inputs, grad_output)


class InputFirstWrong(InputFirst):
    def backward(self, x, d):
        return InputFirst.backward(self, x, 2 * d)


class Late:
    """Parameters that the first call makes."""

    W = None

    def forward(self, x):
        if self.W is None:
            self.W = np.random.normal(size=(x.shape[1], 2))
        self.x = x
        return x @ self.W

    def backward(self, d):
        self.dW = self.x.T @ d
        return d @ self.W.T


class Stack:
    """One layer with its parameters, and one that makes them late."""

    def __init__(self) -> None:
        self.first, self.last = InputFirst(), Late()

    def forward(self, x):
        self.x = x
        return self.last.forward(np.pad(self.first.forward(x), ((0, 0), (0, 1))))

    def backward(self, d):
        found = self.first.backward(self.x, self.last.backward(d)[:, :2])
        self.first.dW = found["dW"]
        return found["dx"]


class WrongStack(Stack):
    def backward(self, d):
        dx = super().backward(d)
        self.last.dW = 2 * self.last.dW
        return dx


def test_parameters_that_the_first_call_makes_beside_others() -> None:
    x = np.random.default_rng(4).normal(size=(4, 3))
    report = check_layer(Stack(), x)
    assert report.verdict == "true"
    assert len(report.groups) == 3
    assert check_layer(WrongStack(), x).verdict == "false"


class ReturnsCache:
    """A method that returns a cache that might be an output."""

    def forward(self, x):
        return np.tanh(x), x

    def backward(self, d, cache):
        return d * (1 - np.tanh(cache) ** 2)


def test_a_cache_by_its_name() -> None:
    assert check_layer(ReturnsCache(), np.ones((2, 3))).verdict == "true"


def test_the_input_may_stand_before_the_upstream_gradient() -> None:
    x = np.random.default_rng(4).normal(size=(4, 3))
    for right in (InputFirst(), InputByOrder()):
        assert check_layer(right, x).verdict == "true"
    assert check_layer(InputFirstWrong(), x).verdict == "false"


def test_an_upstream_gradient_and_the_target() -> None:
    assert check_layer(WithTarget(), X, X[::-1].copy()).verdict == "true"
    assert check_layer(WithTarget(3), X, X[::-1].copy()).verdict == "false"


def test_a_tiny_factor_is_told() -> None:
    pair = (lambda x: np.sum(np.exp(x)), lambda x: np.exp(x) * (1 + 3e-7))
    report = check_layer(pair, X, takes="inputs")
    assert report.verdict == "false"
    assert "more than rounding can explain" in report.diagnosis


class Shifted:
    """A small constant that guards nothing."""

    def forward(self, x):
        self.x = x
        return np.exp(x)

    def backward(self, dout):
        dx = dout * np.exp(self.x)
        dx[2] += 1e-7
        return dx


def test_a_small_constant_that_guards_nothing_is_no_guard() -> None:
    assert check_layer(Shifted(), X).verdict == "false"
