"""Emitted code against careful hand-written NumPy: value and all parameter gradients of two networks.

`python -m benchmarks emitted`. The two are timed alternately in one process on one thread; the ratio is that of the
medians. `source` is the function as emitted, `callable` the one of `lambdify`, with its checks of names and shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.timing import Row, interleaved
from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.model.text import loads

NETWORK = """
X   : (m, n_0), constant
W_1 : (n_0, n_1)
b_1 : (n_1,)
W_2 : (n_1, n_2)
b_2 : (n_2,)
Y   : (m, n_2), constant
Z_1 = X @ W_1 + b_1
A_1 = {hidden}(Z_1)
Z_2 = A_1 @ W_2 + b_2
"""
SIGMOID = (
    NETWORK.format(hidden="sigmoid")
    + """
A_2 = sigmoid(Z_2)
L   = sum(-(Y*log(A_2) + (1 - Y)*log(1 - A_2))) / m
"""
)
SOFTMAX = (
    NETWORK.format(hidden="relu").replace("(m, n_2), constant", "(m, n_2), one_hot(axis=1)")
    + """
A_2 = softmax(Z_2)
L   = -sum(Y*log(A_2)) / m
"""
)


def sigmoid_by_hand(X: Any, W_1: Any, b_1: Any, W_2: Any, b_2: Any, Y: Any) -> tuple[Any, dict[str, Any]]:
    """As in any tutorial: textbook sigmoid and cross entropy, the cancelled gradient A_2 - Y."""
    m = X.shape[0]
    Z_1 = X @ W_1 + b_1
    A_1 = 1 / (1 + np.exp(-Z_1))
    Z_2 = A_1 @ W_2 + b_2
    A_2 = 1 / (1 + np.exp(-Z_2))
    L = -np.sum(Y * np.log(A_2) + (1 - Y) * np.log(1 - A_2)) / m
    dZ_2 = (A_2 - Y) / m
    dZ_1 = dZ_2 @ W_2.T * A_1 * (1 - A_1)
    return L, {"W_1": X.T @ dZ_1, "b_1": dZ_1.sum(axis=0), "W_2": A_1.T @ dZ_2, "b_2": dZ_2.sum(axis=0)}


def softmax_by_hand(X: Any, W_1: Any, b_1: Any, W_2: Any, b_2: Any, Y: Any) -> tuple[Any, dict[str, Any]]:
    """ReLU, softmax shifted by the maximum, cross entropy from the same exponentials."""
    m = X.shape[0]
    Z_1 = X @ W_1 + b_1
    A_1 = np.maximum(Z_1, 0)
    Z_2 = A_1 @ W_2 + b_2
    shifted = Z_2 - Z_2.max(axis=1, keepdims=True)
    E = np.exp(shifted)
    S = E.sum(axis=1, keepdims=True)
    L = -np.sum(Y * (shifted - np.log(S))) / m
    dZ_2 = (E / S - Y) / m
    dZ_1 = dZ_2 @ W_2.T * (Z_1 > 0)
    return L, {"W_1": X.T @ dZ_1, "b_1": dZ_1.sum(axis=0), "W_2": A_1.T @ dZ_2, "b_2": dZ_2.sum(axis=0)}


SIZES = {"784-256-10, batch 128": (784, 256, 10, 128), "4-8-3, batch 16": (4, 8, 3, 16)}
MODELS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sigmoid, binary cross entropy": (SIGMOID, sigmoid_by_hand),
    "relu, softmax cross entropy": (SOFTMAX, softmax_by_hand),
}


def draw(n_0: int, n_1: int, n_2: int, m: int) -> dict[str, Any]:
    """A point at which nothing saturates."""
    rng = np.random.default_rng(7)
    return {
        "X": rng.normal(size=(m, n_0)),
        "W_1": rng.normal(size=(n_0, n_1)) / np.sqrt(n_0),
        "b_1": rng.normal(size=n_1),
        "W_2": rng.normal(size=(n_1, n_2)) / np.sqrt(n_1),
        "b_2": rng.normal(size=n_2),
        "Y": np.eye(n_2)[rng.integers(n_2, size=m)],
    }


def rows() -> list[Row]:
    """Ratios of medians, emitted to hand-written."""
    table = []
    for size, numbers in SIZES.items():
        values = draw(*numbers)
        for name, (text, by_hand) in MODELS.items():
            checked = lambdify(backprop(loads(text)))
            scope: dict[str, Any] = {}
            exec(compile(checked.source, "<emitted>", "exec"), scope)  # noqa: S102  (what lambdify runs, without its checks)
            emitted = scope["value_and_gradient"]
            _agree(emitted(**values), by_hand(**values))
            repeats = 60 if numbers[0] > 100 else 4000
            calls = [partial(function, **values) for function in (by_hand, emitted, checked)]
            medians = interleaved(calls, repeats)
            hand, plain, called = (1e6 * t for t in medians)
            table.append(
                Row(
                    f"{size}: {name}",
                    {
                        "by hand, us": f"{hand:.1f}",
                        "source, ratio": f"{plain / hand:.2f}",
                        "callable, ratio": f"{called / hand:.2f}",
                    },
                )
            )
    return table


def _agree(ours: tuple[Any, dict[str, Any]], theirs: tuple[Any, dict[str, Any]]) -> None:
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-10)
    for name, expected in theirs[1].items():
        np.testing.assert_allclose(ours[1][name], expected, rtol=1e-8, atol=1e-14)
