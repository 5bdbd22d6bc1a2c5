"""Code in which one branch of a neuron is wrong is never called true, wherever that branch begins.

The neurons have their pieces at random places; each piece has a slope by z of its own, and a wrong code has another
slope in one of them. The slopes are written here by hand.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from derive import check_gradient
from derive.check.gradients.against import check_against
from derive.model import loads

Slope = Callable[[float], float]


@dataclass(frozen=True)
class Neuron:
    """`text` is a function of z with its pieces; `pieces` are (upper end of z, value, slope), in order."""

    text: str
    pieces: list[tuple[float, Slope, Slope]]

    def piece(self, z: float) -> int:
        return next(k for k, (end, _, _) in enumerate(self.pieces) if z <= end)

    def value(self, z: float) -> float:
        return self.pieces[self.piece(z)][1](z)

    def slope(self, z: float, wrong: int | None) -> float:
        k = self.piece(z)
        slope = self.pieces[k][2](z)
        return slope if k != wrong else slope + 1.0


def neuron(rng: random.Random) -> Neuron:
    far = 10.0 ** rng.uniform(-1, 2.5)
    c = round(rng.choice((-1, 1)) * far, 3)
    d = round(c + 10.0 ** rng.uniform(-0.5, 2), 3)
    zero, one, inf = (lambda _z: 0.0), (lambda _z: 1.0), float("inf")
    return rng.choice(
        [
            Neuron(f"relu(z - {c})", [(c, zero, zero), (inf, lambda z: z - c, one)]),
            Neuron(f"maximum(z, {c})", [(c, lambda _z: c, zero), (inf, lambda z: z, one)]),
            Neuron(f"abs(z - {c})", [(c, lambda z: c - z, lambda _z: -1.0), (inf, lambda z: z - c, one)]),
            Neuron(
                f"leaky_relu(z - {c}, 0.1)",
                [(c, lambda z: 0.1 * (z - c), lambda _z: 0.1), (inf, lambda z: z - c, one)],
            ),
            Neuron(
                f"minimum(maximum(z, {c}), {d})",
                [(c, lambda _z: c, zero), (d, lambda z: z, one), (inf, lambda _z: d, zero)],
            ),
            Neuron(
                f"where(abs(z) < {far}, z**2/2, {far}*(abs(z) - {far}/2))",
                [
                    (-far, lambda z: far * (-z - far / 2), lambda _z: -far),
                    (far, lambda z: z**2 / 2, lambda z: z),
                    (inf, lambda z: far * (z - far / 2), lambda _z: far),
                ],
            ),
        ]
    )


def code(made: Neuron, wrong: int | None):
    def gradient(x, w, b):
        slope = made.slope(float(w * x + b), wrong)
        return {"x": slope * w, "w": slope * x, "b": slope}

    return gradient


@pytest.mark.parametrize("seed", range(40))
def test_one_wrong_branch_beside_a_model(seed: int) -> None:
    rng = random.Random(seed)
    made = neuron(rng)
    graph = loads(f"{rng.choice(('x, w, b', 'b, w, x'))} : scalar\nz = w*x + b\nL = {made.text}")
    for wrong in range(len(made.pieces)):
        assert check_against(graph, code(made, wrong)).verdict != "true", made.text
    assert check_against(graph, code(made, None)).verdict == "true", made.text


@pytest.mark.parametrize("seed", range(12))
def test_one_wrong_branch_of_a_function_with_a_model(seed: int) -> None:
    rng = random.Random(seed)
    made = neuron(rng)
    model = f"x : (n,)\nb : (n,)\nz = 2*x + b\nL = sum({made.text})"
    arguments = np.array([0.31, 0.72]), np.array([0.4, 0.1])

    def loss(x, b):
        return float(sum(made.value(z) for z in 2 * x + b))

    def gradient(wrong):
        def grad(x, b):
            slopes = np.array([made.slope(z, wrong) for z in 2 * x + b])
            return 2 * slopes, slopes

        return grad

    for wrong in range(len(made.pieces)):
        assert check_gradient(loss, gradient(wrong), *arguments, model=model).verdict != "true", made.text
    assert check_gradient(loss, gradient(None), *arguments, model=model).verdict == "true", made.text


@pytest.mark.parametrize("seed", range(40))
def test_one_wrong_branch_without_a_model(seed: int) -> None:
    made, rng = neuron(random.Random(seed)), np.random.default_rng(seed)
    arguments = rng.random(5) if seed % 2 else rng.normal(size=5), rng.normal(size=5)

    def loss(x, b):
        return float(sum(made.value(z) for z in 2 * x + b))

    def gradient(wrong):
        def grad(x, b):
            slopes = np.array([made.slope(z, wrong) for z in 2 * x + b])
            return 2 * slopes, slopes

        return grad

    for wrong in range(len(made.pieces)):
        assert check_gradient(loss, gradient(wrong), *arguments).verdict != "true", made.text
    assert check_gradient(loss, gradient(None), *arguments).verdict == "true", made.text
