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

import derive
from derive import check_gradient, check_layer
from derive.gradients.against import check_against
from derive.gradients.model_check import check
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


class Layer:
    """A piecewise layer with or without its slope."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def forward(self, x):
        self.x = x
        return self.value(x)

    def backward(self, upstream):
        return upstream * self.slope(self.x)


LAYERS = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: x > 0),
    "leaky": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1)),
    "abs": (np.abs, np.sign),
    "clip": (lambda x: np.clip(x, -4, 4), lambda x: np.abs(x) < 4),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("inputs", ["in [0, 1)", "from 2 on", "a vector"])
def test_a_layer_without_its_slope_on_inputs_of_one_side(name: str, inputs: str) -> None:
    rng = np.random.default_rng(5)
    x = {"in [0, 1)": rng.random((4, 3)), "from 2 on": 2 + rng.random((2, 5)), "a vector": rng.random(6)}[inputs]
    value, slope = LAYERS[name]
    assert check_layer(Layer(value, lambda x: np.ones_like(x)), x).verdict != "true"
    assert check_layer(Layer(value, slope), x).verdict == "true"


ONE_SIDE = "x, y : scalar\nL = relu(x**2 + 2*x*y + y**2 + 1)"
UNMET = ["only x² + 2 x y + y² + 1 > 0 was met, never x² + 2 x y + y² + 1 < 0"]


def slopes(x, y):
    return 2 * x + 2 * y, 2 * x + 2 * y


def test_every_report_lists_the_conditions_that_were_met_from_one_side_only() -> None:
    graph = loads(ONE_SIDE)
    reports = [
        check(graph),
        check_against(graph, slopes),
        check_gradient(lambda x, y: (x + y) ** 2 + 1, slopes, 0.3, 0.4, model=ONE_SIDE),
    ]
    for report in reports:
        assert report.one_sided == UNMET
        assert UNMET[0] in str(report)
    claim = derive.loads("x : scalar\nJ = x**2").claim(r"\mathbb{1}[x^2 \ge 3.3] = \mathbb{1}[x^2 > 3.3]")
    assert claim.one_sided == ("−x² + 3.3 = 0",)
    assert claim.one_sided[0] in str(claim)
    assert check(loads("x : scalar\nL = relu(x)")).one_sided == []


def test_a_layer_with_a_model_lists_them_too() -> None:
    class Square:
        def forward(self, x):
            self.x = x
            return np.maximum(x**2 + 2 * x * 0.5 + 0.75, 0)

        def backward(self, upstream):
            return upstream * (2 * self.x + 1)

    model = "x : (n,)\ny = relu(x**2 + 2*x*0.5 + 0.75)"
    report = check_layer(Square(), np.array([0.3, 0.7]), model=model)
    assert report.verdict == "undecided"
    assert len(report.one_sided) == 1
    assert report.one_sided[0] in str(report)
