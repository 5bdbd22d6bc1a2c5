r"""What is printed as matrix algebra is matrix algebra: a vector beside a matrix is `\mathbf 1 v^\top`."""

from __future__ import annotations

import pytest

from derive.calculus.reverse import backprop
from derive.check.formulas.verify import Options, verify_formula
from derive.model.text import loads
from derive.notation import View, print_derivation, print_forward

MODELS = {
    "softmax of a transpose": "Z : (n, m)\nF : functional\nA = softmax(Z.T, axis=1)\nJ = F(A)\n",
    "distances": "X : (n, k)\nD = sum(X**2, axis=1, keepdims=True) + sum(X**2, axis=1) - 2*X @ X.T\nL = sum(D**2)\n",
    "centred": "x : (n, m)\ng : (m,)\nmu = mean(x, axis=0)\ny = x - mu\nL = sum((y*g - x)**2)/2\n",
    "square": "S : (n, n)\nb : (n,)\nZ = S + b\nR = S*b\nL = sum(Z*R)\n",
    "shares": "X : (n, d)\ns = sum(X, axis=1, keepdims=True)\nP = X/s\nL = sum(P**3)\n",
    "row and column": "X : (n, d)\nmu : (1, d)\nc : (n, 1)\nZ = X - mu + c\nV = mu + c\nL = sum(Z**2*V)\n",
    "functions": "X : (n, d)\nv : (d,)\nY = X/v\nU = maximum(X, v)\nK = X**v\nL = sum(Y*U)\n",
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("view", ["matrix", "index"])
def test_what_broadcasts_is_read_back_as_true(name: str, view: View) -> None:
    graph = loads(MODELS[name])
    for line in [*print_forward(graph, view), *print_derivation(backprop(graph), None, view)]:
        (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
        assert result.verdict == "true", line.latex()
        assert not any(word in result.reading for word in ("rows(", "columns(", "spread(")), line.latex()


def test_the_ones_are_written() -> None:
    graph = loads(MODELS["centred"])
    lines = {line.name: line.latex() for line in print_forward(graph, "matrix")}
    assert lines["y"] == r"y = x - \mathbf{1} \mu^\top"
    scalars = loads("Y : (n, m)\na : scalar\nZ = 1 - a*Y + a\n")
    assert print_forward(scalars, "matrix")[0].latex() == "Z = 1 - a Y + a"
