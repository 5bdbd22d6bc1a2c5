"""What looks alike is not called equal: the known traps, and random formulas beside their values."""

from __future__ import annotations

import random

import pytest

from derive.ir.graph import ComputationGraph
from derive.judging.verdict import Verdict
from derive.model import load, loads
from derive.verification.verify import Options, verify_formula
from tests.claims_laws.random_formulas import MODEL, changed, differ, tex, tree

SQUARE = """
X, W, U, A : (n, n)
w : (n, n)
x : (n,)
sigma : function = sigmoid
f : function
Z = X @ W
H = f(Z)
z = w @ x
a = sigma(z)
q = sum(a)
L = sum(H**2)
"""
LAYERS = """
x    : (n[1],)
y    : (n[L],)
W[l] : (n[l], n[l-1])
b[l] : (n[l],)
f    : function
a[1] = x
for l in 2..L:
    z[l] = W[l] @ a[l-1] + b[l]
    a[l] = f(z[l])
J = 1/2*sum((y - a[L])**2)
"""


def judged(latex: str, graph: ComputationGraph) -> Verdict:
    return verify_formula(latex, graph, options=Options(repairs=False)).results[0]


@pytest.mark.parametrize(
    "latex",
    [
        "W^T = W",
        "X W = W X",
        "Z = W X",
        "Z = X W^T",
        r"U^\top A = A^\top U",
        "w_{ij} = w_{ji}",
        r"z_i = \sum_j w_{ji} x_j",
        r"\frac{\partial z_i}{\partial x_j} = w_{ji}",
        r"\sigma'(z) = \sigma(z)",
        r"\frac{\partial a_i}{\partial z_i} = \sigma(z_i)",
        "f'(Z) = 1 - f(Z)^2",
        "f'(z) = f(z)(1 - f(z))",
        r"\frac{\partial L}{\partial a} = \frac{\partial q}{\partial a}",
        r"\frac{\partial L}{\partial x} = \frac{\partial q}{\partial x}",
        r"\frac{\partial L}{\partial Z} = \frac{\partial L}{\partial a} \frac{\partial a}{\partial Z}",
        r"\frac{\partial q}{\partial w} = \frac{\partial q}{\partial H} \frac{\partial H}{\partial w}",
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial Z} X^\top",
        r"\frac{\partial L}{\partial Z} = 2 H f'(Z)",
        r"\frac{\partial Z}{\partial W} = X",
        r"\frac{\partial L}{\partial X} = 0",
        r"\frac{L}{X} = \frac{\partial L}{\partial X}",
        "X^2 = X X^T",
        r"\mathrm{tr}(X W U) = \mathrm{tr}(X U W)",
        r"(X W)^{-1} = X^{-1} W^{-1}",
        r"\|x\| = x^\top x",
        "X + W = X - W",
    ],
)
def test_traps(latex: str) -> None:
    assert judged(latex, loads(SQUARE)).verdict in ("false", "ambiguous")


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{\partial L}{\partial Z} = 2 H \odot f'(Z)",
        r"\frac{\partial L}{\partial W} = X^\top \frac{\partial L}{\partial Z}",
        r"\frac{\partial q}{\partial w_{ij}} = \sigma'(z_i) x_j",
        r"\mathrm{tr}(X W U) = \mathrm{tr}(U X W)",
        r"(X W)^\top = W^\top X^\top",
        r"\sigma'(z) = \sigma(z) \odot (1 - \sigma(z))",
    ],
)
def test_their_right_counterparts(latex: str) -> None:
    assert judged(latex, loads(SQUARE)).verdict == "true"


@pytest.mark.parametrize(
    ("latex", "verdict"),
    [
        (r"\delta^{(l)}_i = f'(z^{(l)}_i) \sum_{j=1}^{n_{l+1}} W^{(l+1)}_{ji} \delta^{(l+1)}_j", "true"),
        (r"\delta^{(l)}_i = f'(z^{(l)}_i) \sum_{j=1}^{n_l+1} W^{(l+1)}_{ji} \delta^{(l+1)}_j", "false"),
        (r"\delta^{(l)}_i = f'(z^{(l)}_i) \sum_{j=1}^{n_l} W^{(l+1)}_{ji} \delta^{(l+1)}_j", "false"),
        (r"\delta^{(l)} = (W^{(l+1)})^T \delta^{(l+1)} \odot f'(z^{(l)})", "true"),
        (r"\delta^{(l)} = W^{(l+1)} \delta^{(l+1)} \odot f'(z^{(l)})", "false"),
        (r"\delta^{(l)} = (W^{(l+1)})^T \delta^{(l+1)} \odot f(z^{(l)})", "false"),
        (r"\delta^{(l)} = (W^{(l+1)})^T \delta^{(l+1)} \odot (1 - f(z^{(l)})^2)", "false"),
        (r"\delta^{(l)} = (a^{(l)} - y) \odot f'(z^{(l)})", "false"),
        (r"\delta^{(L)} = (a^{(L)} - y) \odot f'(z^{(L)})", "true"),
        (r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l)})^T", "false"),
        (r"\frac{\partial J}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^T", "true"),
        (r"\delta^{(l)} = \frac{\partial J}{\partial z^{(l-1)}} \frac{\partial z^{(l-1)}}{\partial z^{(l)}}", "false"),
    ],
)
def test_layers(latex: str, verdict: str) -> None:
    assert judged(latex, loads(LAYERS)).verdict == verdict


@pytest.mark.parametrize(
    ("model", "path", "other"),
    [
        ("skip_connection", r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z} W^\top", r"(o - y)"),
        (
            "lee_chain_2",
            r"\frac{dz}{ds} = \frac{\partial z}{\partial x} \frac{dx}{ds}",
            r"\frac{\partial z}{\partial y} \frac{dy}{ds}",
        ),
        ("lee_chain_2", r"\frac{dz}{ds} = \frac{\partial z}{\partial x} g'(s)", r"\frac{\partial z}{\partial y} h'(s)"),
    ],
)
def test_two_paths(model: str, path: str, other: str) -> None:
    assert judged(f"{path} + {other}", load(model)).verdict == "true"
    assert judged(f"{path} - {other}", load(model)).verdict == "false"
    assert judged(path, load(model)).verdict == "false"


@pytest.mark.parametrize("batch", range(20))
def test_random_formulas(batch: int) -> None:
    graph = loads(MODEL)
    different = 0
    for number in range(100 * batch, 100 * (batch + 1)):
        rng = random.Random(number)
        kind = rng.choice("svM")
        left = tree(rng, kind, rng.choice([1, 2, 3]))
        way = rng.random()
        right = changed(rng, left) if way < 0.6 else left if way < 0.7 else tree(rng, kind, 3)
        latex = f"{tex(left, rng)} = {tex(right, rng)}"
        verdict = judged(latex, graph).verdict
        distinct = differ(left, right, number)
        different += distinct is True
        if distinct:
            assert verdict != "true", (number, latex)
        elif distinct is False:
            assert verdict != "false", (number, latex)
    assert different > 50


@pytest.mark.parametrize(
    ("latex", "verdict"),
    [
        (r"\delta^{(L-1)} = (W^{(L)})^T \delta^{(L)} \odot f'(z^{(L-1)})", "true"),
        (r"\delta^{(L-1)} = (W^{(L)})^T \delta^{(L)} \odot f'(z^{(L)})", "false"),
        (r"\frac{\partial J}{\partial W^{(L-1)}} = \delta^{(L-1)} (a^{(L-2)})^T", "true"),
        (r"\frac{\partial J}{\partial W^{(L-1)}} = \delta^{(L-1)} (a^{(L-1)})^T", "false"),
        (r"\delta^{(L-1)} = (a^{(L)} - y) \odot f'(z^{(L-1)})", "false"),
        (r"\delta^{(L-1)} = (W^{(L)})^T ((a^{(L)} - y) \odot f'(z^{(L)})) \odot f'(z^{(L-1)})", "true"),
        (r"x \to z^{(2)} \to a^{(2)} \to \cdots \to a^{(L)} \to J", "true"),
        (r"x \to J \to a^{(L)}", "false"),
    ],
)
def test_the_last_hidden_layer(latex: str, verdict: str) -> None:
    assert judged(latex, loads(LAYERS)).verdict == verdict


@pytest.mark.parametrize(
    ("latex", "verdict"),
    [
        (r"\sum_{i=2}^n x_i = \sum_{i=1}^n x_i - x_1", "true"),
        (r"\sum_{i=2}^n x_i = \sum_{i=1}^n x_i", "false"),
        (r"a_i = \sigma(w_{i1} x_1 + \sum_{j=2}^n w_{ij} x_j)", "true"),
        (r"z_i = \sum_{j=2}^n w_{ij} x_j", "false"),
        (r"f(X) = f(W)", "false"),
        (r"f(X) = f(X)", "true"),
        (r"L \nabla - q", "unread"),
    ],
)
def test_parts_of_sums_and_functions(latex: str, verdict: str) -> None:
    assert judged(latex, loads(SQUARE)).verdict == verdict


@pytest.mark.parametrize(
    ("latex", "verdict"),
    [
        (r"C = C(\sigma(z_a), \sigma(z_b))", "true"),
        (r"C = C(\sigma(z_b), \sigma(z_a))", "false"),
        (r"C = C(\sigma(z_a), z_b)", "false"),
    ],
)
def test_functionals_are_called(latex: str, verdict: str) -> None:
    assert judged(latex, load("lee_neuron_deep")).verdict == verdict
    assert judged("C = C(y_1, y_2)", load("lee_neuron")).verdict == "true"
    assert judged("C = C(y_2, y_1)", load("lee_neuron")).verdict == "false"
    assert judged("L = L(y)", load("sigmoid_nodes")).verdict == "true"
