r"""What is printed as matrix algebra is matrix algebra: a vector beside a matrix is `\mathbf 1 v^\top`."""

from __future__ import annotations

import random

import pytest

from derive.calculus.reverse import backprop
from derive.model.text import loads
from derive.notation import View, print_derivation, print_forward
from derive.verification.verify import Options, verify_formula

MODELS = {
    "softmax of a transpose": "Z : (n, m)\nF : functional\nA = softmax(Z.T, axis=1)\nJ = F(A)\n",
    "distances": "X : (n, k)\nD = sum(X**2, axis=1, keepdims=True) + sum(X**2, axis=1) - 2*X @ X.T\nL = sum(D**2)\n",
    "centred": "x : (n, m)\ng : (m,)\nmu = mean(x, axis=0)\ny = x - mu\nL = sum((y*g - x)**2)/2\n",
    "square": "S : (n, n)\nb : (n,)\nZ = S + b\nR = S*b\nL = sum(Z*R)\n",
    "shares": "X : (n, d)\ns = sum(X, axis=1, keepdims=True)\nP = X/s\nL = sum(P**3)\n",
    "row and column": "X : (n, d)\nmu : (1, d)\nc : (n, 1)\nZ = X - mu + c\nV = mu + c\nL = sum(Z**2*V)\n",
    "functions": "X : (n, d)\nv : (d,)\nY = X/v\nU = maximum(X, v)\nK = X**v\nL = sum(Y*U)\n",
    "identity": "A : (n, n)\nB = A + 2*eye(n)\nL = trace(inv(A + 3*eye(n)) @ B)\n",
    "classes down": "X : (k, m)\nP = softmax(X, axis=0)\nL = sum(P**2)\n",
    "classes down a transpose": "X : (k, m)\nP = log_softmax(X.T, axis=1)\nL = sum(P**2)\n",
    "inverses of entries": "X : (n, m)\nS : (n, n)\nv = sigmoid(X)**(-1)\nd = S**(-1)\nL = sum(v) + sum(d*S)\n",
    "ones alone": "x : (n,)\nv = 2 - ones(n)\nL = sum(v*x)\n",
    "one entry": "B : (1,)\nC : (1, 1)\nL = -sum(B) + 2*sum(C)\n",
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("view", ["matrix", "index"])
def test_what_broadcasts_is_read_back_as_true(name: str, view: View) -> None:
    graph = loads(MODELS[name])
    for line in [*print_forward(graph, view), *print_derivation(backprop(graph), None, view)]:
        (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
        assert result.verdict == "true", line.latex()
        assert not any(word in result.reading for word in ("rows(", "columns(", "spread(")), line.latex()


def random_model(seed: int) -> str:
    """A model of two lines over an n x m matrix, a row and a column, with reductions and softmaxes along an axis."""
    draw = random.Random(seed).choice
    names = ["X", "Y"]
    lines = []
    for name in ("A", "C"):
        a, b, axis, keep = draw(names), draw(names), draw((0, 1)), draw((True, False))
        vector = f"{draw(('sum', 'mean'))}({a}, axis={axis}, keepdims=True)" if keep or axis else f"mean({a}, axis=0)"
        forms = (
            f"{a} - {vector}", f"{b}*{vector}", f"softmax({a}, axis=1)*{b}", f"tanh({a}) + b",
            f"{a}/(1 + sum({b}**2, axis={axis}, keepdims=True))", f"{a}*c - {vector}", f"{b} @ W + b",
            f"({a} - c)**2 + b*{b}",
        )  # fmt: skip
        lines.append(f"{name} = {draw(forms)}")
        names.append(name)
    return "X, Y : (n, m)\nb : (m,)\nc : (n, 1)\nW : (m, m)\n" + "\n".join(lines) + "\nL = sum(C**2)/(2*n)\n"


@pytest.mark.parametrize("seed", range(30))
def test_printed_matrix_algebra_needs_no_spreading(seed: int) -> None:
    graph = loads(random_model(seed))
    for line in [*print_forward(graph, "matrix"), *print_derivation(backprop(graph), None, "matrix")]:
        (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
        many = "fewer readings" in result.diagnosis  # the sizes of many ones, which no line says
        assert result.verdict == "true" or many, (line.latex(), result.diagnosis)
        assert not any(word in result.reading for word in ("rows(", "columns(", "spread(")), line.latex()


def test_the_ones_are_written() -> None:
    graph = loads(MODELS["centred"])
    lines = {line.name: line.latex() for line in print_forward(graph, "matrix")}
    assert lines["y"] == r"y = x - \mathbf{1} \mu^\top"
    scalars = loads("Y : (n, m)\na : scalar\nZ = 1 - a*Y + a\n")
    assert print_forward(scalars, "matrix")[0].latex() == "Z = 1 - a Y + a"
