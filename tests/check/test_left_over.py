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
