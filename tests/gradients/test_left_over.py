"""An array that backward sets and no name explains: an error for the parameter that it may be the gradient of."""

from __future__ import annotations

import numpy as np
import pytest

from derive import DeriveError, check_layer

RNG = np.random.default_rng(2)
X = RNG.normal(size=(5, 4))


class Masked:
    """Its gradient of W has a name that nobody knows; the mask has none, and `column` its shape."""

    def __init__(self):
        self.W = RNG.normal(size=(4, 3))
        self.mask = np.array([1.0, 0.0, 2.0])

    def forward(self, x):
        self.x = x
        return x @ self.W * self.mask

    def backward(self, dout):
        self.correction = self.x.T @ (dout * self.mask)
        return dout * self.mask @ self.W.T


class Wrong(Masked):
    def backward(self, dout):
        self.correction = [7 * self.x.T @ (dout * self.mask)]
        return dout * self.mask @ self.W.T


@pytest.mark.parametrize(("layer", "name"), [(Masked(), "correction"), (Wrong(), "correction[0]")])
def test_what_may_be_a_gradient_is_not_passed_over(layer, name):
    with pytest.raises(DeriveError, match="no gradient was found for W") as error:
        check_layer(layer, X)
    assert f"parameters={{'W': '{name}'}}" in str(error.value)


def test_what_is_named_is_judged_and_the_rest_is_constant():
    assert check_layer(Masked(), X, parameters={"W": "correction"}).verdict == "true"
    assert check_layer(Wrong(), X, parameters={"W": "correction[0]"}).verdict == "false"


def test_a_constant_without_a_like_of_it_is_held():
    class Scaled(Masked):
        def backward(self, dout):
            return dout * self.mask @ self.W.T

    report = check_layer(Scaled(), X)
    assert report.verdict == "true"
    assert "no gradient was found for W, mask: held constant, not checked" in report.notes


def test_an_array_that_the_output_does_not_depend_on_is_no_parameter():
    class Watched:
        def __init__(self):
            self.total = np.zeros(4)

        def forward(self, x):
            return 3 * x

        def backward(self, dout):
            self.seen = dout.sum(axis=0)
            return 3 * dout

    assert check_layer(Watched(), X).verdict == "true"


class Swish:
    """Its parameter is a Python number."""

    def __init__(self):
        self.beta, self.dbeta = 1.5, 0.0

    def forward(self, x):
        self.x, self.s = x, 1 / (1 + np.exp(-self.beta * x))
        return x * self.s

    def backward(self, dout):
        slope = self.s * (1 - self.s)
        self.dbeta = float(np.sum(dout * self.x**2 * slope))
        return dout * (self.s + self.beta * self.x * slope)


class WrongSwish(Swish):
    def backward(self, dout):
        dx = Swish.backward(self, dout)
        self.dbeta *= 2
        return dx


def test_a_parameter_may_be_a_python_number():
    report = check_layer(Swish(), X)
    assert (report.verdict, [g.name for g in report.groups]) == ("true", ["x", "beta"])
    wrong = check_layer(WrongSwish(), X)
    assert wrong.group("beta").verdict == "false"
    assert "missing_factor" in wrong.defects or "extra_factor" in wrong.defects


def test_a_number_beside_which_nothing_is_set_is_no_parameter():
    class Leaky:
        def __init__(self):
            self.t, self.dt = 0.5, 0.1

        def forward(self, x):
            self.x = x
            return np.where(x > 0, x, self.t * self.dt * x)

        def backward(self, dout):
            return dout * np.where(self.x > 0, 1, self.t * self.dt)

    assert [g.name for g in check_layer(Leaky(), X).groups] == ["x"]


def test_arrays_outside_of_functions_are_told():
    def made(weight):
        memory = {}

        def forward(x):
            memory["x"] = x
            return x @ weight

        return forward, lambda dout: dout @ weight.T

    report = check_layer(made(RNG.normal(size=(4, 2))), X)
    assert report.verdict == "true"
    assert "arrays in weight, outside of the functions, are not checked" in report.notes


def test_two_functions_of_a_mapping_are_found_by_their_names():
    pair = {"hardtanh": lambda x: np.clip(x, -1, 1), "hardtanh_grad": lambda x: (np.abs(x) < 1) * 1.0}
    assert check_layer(pair, X).verdict == "true"
    with pytest.raises(DeriveError, match="no forward and backward") as error:
        check_layer({"f": np.sin, "g": np.cos}, X)
    assert "forward='f'" in str(error.value)
