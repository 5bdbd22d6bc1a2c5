"""Layers of packages from the registry, each with a fault that a subclass plants; nothing of them is copied.

Used where they are installed: numpy-ml, vanillanets, quarknet, dlfs, snn-samsit, neuralnetworknumpy (with --no-deps).
Some are wrong as they were published; they have no fault planted and are counted as wrong.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

collections.Hashable = collections.abc.Hashable  # type: ignore[attr-defined]  # numpy-ml was written for Python 3.9

Rng = np.random.Generator


@dataclass(frozen=True)
class Published:
    """A class of a module, its arguments, the inputs, and a method with a fault (none: wrong as published)."""

    module: str
    name: str
    arguments: tuple[Any, ...]
    inputs: Callable[[Rng], list[Any]]
    method: str = ""
    fault: Callable[..., Any] | None = None
    causes: str = ""

    def kind(self) -> Any:
        """The class, or None where the package is absent."""
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(importlib.import_module(self.module), self.name)
        return None

    def made(self, wrong: bool) -> tuple[Any, list[Any]] | None:
        """The layer and its inputs, or None where the package is absent."""
        kind = self.kind()
        if kind is None:
            return None
        if wrong and self.fault is not None:
            method: Any = self.fault
            if isinstance(kind.__dict__.get(self.method), staticmethod):
                method = staticmethod(method)
            kind = type(self.name, (kind,), {self.method: method})
        np.random.seed(4)
        return kind(*self.arguments), self.inputs(np.random.default_rng(6))


def matrix(rng: Rng) -> list[Any]:
    return [rng.normal(size=(5, 4))]


def pair(rng: Rng) -> list[Any]:
    return [rng.normal(size=(5, 1)), rng.normal(size=(5, 1))]


def probabilities(rng: Rng) -> list[Any]:
    raw = rng.uniform(0.1, 0.9, (5, 3))
    return [raw / raw.sum(axis=1, keepdims=True), np.eye(3)[rng.integers(0, 3, 5)]]


def column(rng: Rng) -> list[Any]:
    return [rng.uniform(0.1, 0.9, (5, 1)), (rng.random((5, 1)) > 0.5).astype(float)]


# ----- faults, each in the style of the package it is put into -----


def of_the_input(self, x):
    return x * (1 - x)


def without_square(self, x):
    return 1 - np.tanh(x)


def ones(self, x):
    return np.ones_like(x)


def zero_below(self, x):
    return np.where(x >= 0, 1.0, 0.0)


def exponential_of_half(self, x):
    return 2 * np.exp(x)


def one_over(self, x):
    return 1 / (np.exp(x) + 1)


def kept_input(self, dvalues):
    self.dinputs = dvalues * (1 - self.inputs) * self.inputs


def kept_tanh(self, dvalues):
    self.dinputs = dvalues * (1 - self.inputs**2)


def kept_unmasked(self, dvalues):
    self.dinputs = dvalues.copy()


def dense_mean(self, dvalues):
    self.dweights = np.dot(self.inputs.T, dvalues)
    self.dbiases = np.mean(dvalues, axis=0, keepdims=True)
    self.dinputs = np.dot(dvalues, self.weights.T)


def categorical_sign(self, dvalues, y_true):
    self.dinputs = y_true / dvalues
    self.dinputs = self.dinputs / len(dvalues)


def linear_untransposed(self, grad):
    self.grad["w"] = self.inputs.T @ grad / len(grad)
    self.grad["b"] = np.sum(grad, axis=0)
    return grad @ self.params["w"].T


def no_upstream(self, grad):
    return self.f_grad(self.inputs)


def of_inputs(self, grad):
    return grad * (1 - self.inputs**2)


def sigmoid_of_inputs(self, grad):
    return grad * self.inputs * (1 - self.inputs)


def static_of_z(z):
    return z * (1 - z)


def static_ones(z):
    return np.ones_like(z)


def identity(self, grad):
    return grad


def leaky_square(self, grad):
    return grad * np.where(self._input > 0, 1.0, self.alpha**2)


def elu_without_alpha(self, grad):
    return grad * np.where(self._input > 0, 1.0, np.exp(self._input) + 1)


def softsign_unsquared(self, grad):
    return grad / self._denom


def loss_sign(self, y_pred, y_true):
    return 2.0 * (y_true - y_pred) / y_pred.shape[0]


def loss_without_n(self, y_pred, y_true):
    return -(y_true / y_pred) + (1.0 - y_true) / (1.0 - y_pred)


def categorical_without_n(self, y_pred, y_true):
    return -(y_true / y_pred)


def dense_twice(self, dA, skip_activation=False):
    self.dW = 2 * self.A_prev.T @ dA
    self.db = np.sum(dA, axis=0, keepdims=True)
    return dA @ self.W.T


def z_for_a(self, dZ):
    return dZ * self.Z * (1 - self.Z)


def z_squared(self, dZ):
    return dZ * (1 - self.Z**2)


def unmasked(self, dZ):
    return dZ


FACTOR = "missing_factor extra_factor mean_for_sum"
ML, VN, QN = "numpy_ml.neural_nets.activations", "vanillanets.activations", "quarknet.activations"
SNN, NNN = "snn.activations.functions", "neuralnetworknumpy.layers.Activation"
PUBLISHED = (
    Published(ML, "Sigmoid", (), matrix, "grad", of_the_input, "wrong_operand"),
    Published(ML, "Tanh", (), matrix, "grad", without_square, "missing_square wrong_operand missing_factor"),
    Published(ML, "ReLU", (), matrix, "grad", ones, "negative_inputs"),
    Published(ML, "LeakyReLU", (0.3,), matrix, "grad", zero_below, "negative_inputs"),
    Published(ML, "ELU", (1.0,), matrix, "grad", zero_below, "negative_inputs"),
    Published(ML, "Exponential", (), matrix, "grad", exponential_of_half, "extra_factor"),
    Published(ML, "SELU", (), matrix, "grad", ones, "wrong_operand missing_factor negative_inputs positive_inputs"),
    Published(ML, "SoftPlus", (), matrix, "grad", one_over, "wrong_operand wrong_sign missing_factor extra_factor"),
    Published(ML, "HardSigmoid", (), matrix, "grad", ones, "missing_factor extra_factor wrong_operand"),
    Published("vanillanets.layers", "DenseLayer", (4, 3), matrix, "backward", dense_mean, FACTOR),
    Published(VN, "Sigmoid", (), matrix, "backward", kept_input, "wrong_operand"),
    Published(VN, "Tanh", (), matrix, "backward", kept_tanh, "wrong_operand"),
    Published(VN, "ReLU", (), matrix, "backward", kept_unmasked, "negative_inputs"),
    Published(VN, "LeakyReLU", (), matrix, "backward", kept_unmasked, "negative_inputs"),
    Published(
        "vanillanets.losses", "CategoricalCrossEntropy", (), probabilities, "backward", categorical_sign, "wrong_sign"
    ),
    Published("quarknet.layers", "Linear", (4, 3), matrix, "backward", linear_untransposed, FACTOR),
    Published(QN, "Tanh", (), matrix, "backward", of_inputs, "wrong_operand"),
    Published(QN, "Sigmoid", (), matrix, "backward", sigmoid_of_inputs, "wrong_operand"),
    Published(QN, "ReLU", (), matrix, "backward", no_upstream, "ignores_upstream missing_factor"),
    Published("dlfs.activation_functions", "Sigmoid", (), matrix, "gradient", static_of_z, "wrong_operand"),
    Published("dlfs.activation_functions", "ReLU", (), matrix, "gradient", static_ones, "negative_inputs"),
    Published(SNN, "ReLU", (), matrix, "backward", identity, "negative_inputs missing_factor"),
    Published(SNN, "LeakyReLU", (0.3,), matrix, "backward", leaky_square, "negative_inputs"),
    Published(SNN, "ELU", (), matrix, "backward", elu_without_alpha, "negative_inputs"),
    Published(SNN, "Softsign", (), matrix, "backward", softsign_unsquared, "missing_square missing_factor"),
    Published(SNN, "Tanh", (), matrix, "backward", identity, "missing_factor"),
    Published("snn.losses.functions", "MeanSquaredError", (), pair, "backward", loss_sign, "wrong_sign"),
    Published("snn.losses.functions", "BinaryCrossentropy", (), column, "backward", loss_without_n, FACTOR),
    Published(
        "snn.losses.functions", "CategoricalCrossentropy", (), probabilities, "backward", categorical_without_n, FACTOR
    ),
    Published("neuralnetworknumpy.layers.Dense", "Dense", (3, 4), matrix, "backward", dense_twice, FACTOR),
    Published(NNN, "ReLu", (), matrix, "backward", unmasked, "negative_inputs missing_factor"),
    Published(NNN, "Sigmoid", (), matrix, "backward", z_for_a, "wrong_operand"),
    Published(NNN, "Tanh", (), matrix, "backward", z_squared, "wrong_operand"),
    # wrong as published: the derivative of the output by its name for the input, a factor, a mean
    Published("dlfs.activation_functions", "Tanh", (), matrix, causes="wrong_operand"),
    Published("dlfs.losses", "MSE", (), pair, causes=FACTOR),
    Published("dlfs.losses", "MAE", (), pair, causes=FACTOR),
    Published("snn.layers.dense", "Dense", (3,), matrix, causes=FACTOR),
)
