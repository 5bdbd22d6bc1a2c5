r"""Elementwise derivatives as tables print them: a diagonal Jacobian beside an array, and no other."""

from __future__ import annotations

import pytest

from derive.ir import build
from derive.ir.size import size_of
from derive.judging.verdict import Verdict
from derive.meaning.jacobians import diagonal_of
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

VECTORS = loads(
    """
x, y, v, w : (n,)
p : (n,), positive
a, b : scalar
A : (n, n)
u = x - a*y
q = x + v*y/w
e = p**y
g = (a*x + b)/(x*x + 1) - exp(-x)*v
h = x*sum(y)
k = -(x - y)/a
s = softmax(x)
z = A @ x
c = x - mean(x)
d = x*sum(x)
m = x*sum(y*exp(x))/sum(exp(x)*y)
o = softmax(x)*sum(exp(x))
"""
)
MATRICES = loads(
    """
X, Y : (n, m)
r : (m,)
b : scalar
W : (m, m)
F = X*Y - b*X
G = tanh(X)/Y
B = X*r
S = softmax(X, axis=1)
P = X @ W
"""
)
ROBUST = loads(
    """
q, t : (n,)
r = q - t
h = where(abs(r) < 1, r**2/2, abs(r) - 1/2)
m = maximum(0, 1 - q*t)
c = minimum(maximum(q, -1), 1)
f = maximum(q, 0)
o = abs(q)
L = sum(h)
"""
)

HUBER = r"\frac{\partial h}{\partial r} = \begin{cases} r & %s \\ \operatorname{sign}(r) & \text{otherwise} \end{cases}"
MASKED = (
    r"\frac{\partial h}{\partial q} = r \odot \mathbb 1[|r| < 1] %s \operatorname{sign}(r) \odot \mathbb 1[|r| \ge 1]"
)

RIGHT = [
    (VECTORS, r"\frac{\partial u}{\partial y} = -a"),
    (VECTORS, r"-\frac{\partial u}{\partial y} = a"),
    (VECTORS, r"\frac{\partial u}{\partial x} = 1"),
    (VECTORS, r"\frac{\partial u}{\partial y} = -a \mathbf 1"),
    (VECTORS, r"\frac{\partial q}{\partial y} = \frac{v}{w}"),
    (VECTORS, r"\frac{\partial q}{\partial w} = -\frac{v \odot y}{w^2}"),
    (VECTORS, r"\frac{\partial e}{\partial p} = y \odot p^{y - 1}"),
    (VECTORS, r"\frac{\partial e}{\partial y} = p^y \odot \log p"),
    (VECTORS, r"\frac{\partial h}{\partial x} = \sum_i y_i"),
    (VECTORS, r"\frac{\partial k}{\partial x} = -\frac{1}{a}"),
    (VECTORS, r"\frac{\partial m}{\partial x} = 1"),
    (VECTORS, r"\frac{\partial o}{\partial x} = \exp(x)"),
    (MATRICES, r"\frac{\partial F}{\partial X} = Y - b"),
    (MATRICES, r"\frac{\partial F}{\partial Y} = X"),
    (MATRICES, r"\frac{\partial G}{\partial X} = (1 - \tanh(X)^{\circ 2}) \oslash Y"),
    (MATRICES, r"\frac{\partial B}{\partial X} = \mathbf 1 r^\top"),
    (ROBUST, HUBER % "|r| < 1"),
    (ROBUST, MASKED % "+"),
    (ROBUST, r"\frac{\partial L}{\partial q} = \frac{\partial L}{\partial h} \odot \frac{\partial h}{\partial q}"),
    (ROBUST, r"\frac{\partial m}{\partial q} = -t \odot \mathbb 1[q \odot t < 1]"),
    (ROBUST, r"\frac{\partial c}{\partial q} = \mathbb 1[|q| < 1]"),
    (ROBUST, r"\frac{\partial f}{\partial q} = \operatorname{step}(q)"),
    (ROBUST, r"\frac{\partial o}{\partial q} = \operatorname{sign}(q)"),
]
WRONG = [
    (VECTORS, r"\frac{\partial u}{\partial y} = a"),
    (VECTORS, r"\frac{\partial u}{\partial y} = -a^2"),
    (VECTORS, r"\frac{\partial q}{\partial y} = \frac{w}{v}"),
    (VECTORS, r"\frac{\partial q}{\partial w} = \frac{v \odot y}{w^2}"),
    (VECTORS, r"\frac{\partial e}{\partial p} = p \odot p^{y - 1}"),
    (VECTORS, r"\frac{\partial h}{\partial x} = y"),
    (VECTORS, r"\frac{\partial u}{\partial x} = x^\top"),
    (VECTORS, r"\frac{\partial s}{\partial x} = s \odot (1 - s)"),
    (VECTORS, r"\frac{\partial s}{\partial x} \odot y = y"),
    (VECTORS, r"\frac{\partial c}{\partial x} = 1"),
    (VECTORS, r"\frac{\partial d}{\partial x} = 2 x"),
    (VECTORS, r"\frac{\partial z}{\partial x} = \mathrm{diag}(A)"),
    (VECTORS, r"\frac{\partial m}{\partial x} = 2"),
    (VECTORS, r"\frac{\partial o}{\partial x} = x"),
    (VECTORS, r"\frac{\partial u}{\partial x_i} = y_i"),
    (MATRICES, r"\frac{\partial F}{\partial X} = Y + b"),
    (MATRICES, r"\frac{\partial B}{\partial X} = r"),
    (MATRICES, r"\frac{\partial S}{\partial X} = S \odot (1 - S)"),
    (MATRICES, r"\frac{\partial P}{\partial X} = W"),
    (MATRICES, r"\frac{\partial P}{\partial X} = X"),
    (ROBUST, HUBER % "|r| > 1"),
    (ROBUST, MASKED % "-"),
    (ROBUST, r"\frac{\partial c}{\partial q} = \mathbb 1[|q| > 1]"),
    (ROBUST, r"\frac{\partial m}{\partial q} = t \odot \mathbb 1[q \odot t < 1]"),
]


def judged(latex: str, model: object) -> Verdict:
    return verify_formula(latex, model, options=Options(repairs=False)).results[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(("model", "latex"), RIGHT, ids=[latex for _, latex in RIGHT])
def test_a_table_of_derivatives(model: object, latex: str) -> None:
    assert judged(latex, model).verdict == "true"


@pytest.mark.parametrize(("model", "latex"), WRONG, ids=[latex for _, latex in WRONG])
def test_a_wrong_line_of_a_table(model: object, latex: str) -> None:
    assert judged(latex, model).verdict == "false"


def test_the_reading_says_that_entries_are_meant() -> None:
    assert "entry by entry: ∂u/∂y" in judged(r"\frac{\partial u}{\partial y} = -a", VECTORS).reading
    assert "entry by entry" not in judged(r"\frac{\partial u}{\partial a} = -y", VECTORS).reading


def test_bars_are_lengths_where_the_model_takes_one() -> None:
    model = loads("x : (n,)\nl = sqrt(sum(x**2))\ny = maximum(x, 0)\n")
    assert judged(r"\frac{\partial l}{\partial x} = \frac{x}{|x|}", model).verdict == "true"


def test_ties_chain_through_what_is_summed() -> None:
    n = size_of("n")
    eye, x = build.eye(n), build.ref("x", (n,))
    scaled = build.contract([(0, 1), (1,), (1, 2)], (0, 2), [eye, x, eye], (n, n))
    assert diagonal_of(scaled, 0) is not None
    assert diagonal_of(build.add(scaled, build.neg(eye)), 0) is not None
    assert diagonal_of(build.add(scaled, build.outer(x, x)), 0) is None
    assert diagonal_of(build.div(scaled, build.outer(x, x)), 0) is not None
    full = build.ref("A", (n, n))
    assert diagonal_of(full, 0) is None
    assert diagonal_of(build.contract([(0, 1), (1, 2)], (0, 2), [eye, full], (n, n)), 0) is None


def test_an_entry_of_an_inverse_has_two_readings() -> None:
    model = loads("X : (n, n)\nL = logdet(X)")
    for claim in (r"X^{-1}_{ij} = \frac{1}{X_{ij}}", r"\frac{\partial L}{\partial X_{ij}} = X^{-1}_{ji}"):
        (result,) = verify_formula(claim, model, options=Options(repairs=False)).results
        assert result.verdict == "ambiguous", claim
    (result,) = verify_formula("X_{ij}^2 = X_{ij} X_{ij}", model, options=Options(repairs=False)).results
    assert result.verdict == "true"


def test_the_only_entry_of_a_matrix_is_a_number() -> None:
    model = loads(
        "a, b : scalar\nY : (m, n)\nx : (1, k)\nX : (1, 1)\nv = sqrt(abs(max(x, axis=1, keepdims=True)) + 1)\n"
    )
    for text, verdict in (
        ("(a + b)_{11} = a + b", "true"),
        ("(a + b)_1 = a + b", "true"),
        ("(a + b)_{12} = a + b", "false"),
        ("(a - b)_{11} = a + b", "false"),
        (r"v = \sqrt{|\max_i x_{:,i}| + 1}", "true"),
        (r"v = \sqrt{|\max_i x_{:,i}|} + 1", "false"),
        ("X_{11} = X", "true"),
        (r"(\mathbf{1}^\top Y)_{1j} = \sum_i Y_{ij}", "true"),
        (r"(Y \mathbf{1})_{i1} = \sum_j Y_{ij}", "true"),
        (r"(Y \mathbf{1})_{1i} = \sum_j Y_{ij}", "false"),
    ):
        (result,) = verify_formula(text, model, options=Options(repairs=False)).results
        assert result.verdict == verdict, (text, result.diagnosis)
