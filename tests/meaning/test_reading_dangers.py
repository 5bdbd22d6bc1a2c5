"""The mistakes that readers of formulas make: each must be caught, and its right twin accepted."""

from __future__ import annotations

import pytest

from derive.meaning.context import Context
from derive.meaning.reading import read
from derive.model import loads
from derive.typography.layout import parse
from tests.meaning.reading_helpers import context, verdict

MATRICES = context("""
A : (a, b)
B : (c, a)
X : (b, c)
S, M : (b, b)
x : (b,)
y : (a,)
r = A @ x - y
L = sum(r**2)
""")
NET = context("""
X : (m, n_0)
W_1 : (n_0, n_1)
b_1 : (n_1,)
W_2 : (n_1, n_2)
b_2 : (n_2,)
Y   : (m, n_2)
Z_1 = X @ W_1 + b_1
A_1 = sigmoid(Z_1)
Z_2 = A_1 @ W_2 + b_2
A_2 = sigmoid(Z_2)
L   = sum(-(Y*log(A_2) + (1 - Y)*log(1 - A_2))) / m
""")
SKIP = context("""
x, w, v : scalar
h = tanh(w*x)
y = h*v + x
L = y**2/2
""")
GENERIC = context("""
f : function
x, w : scalar
z = w*x
a = f(z)
L = a**2
""")


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\nabla_x L = 2A^\top(Ax - y)", "true"),
        (r"\nabla_x L = 2A(Ax - y)", "false"),
        (r"S^T x = S x", "false"),
        (r"SM = MS", "false"),
        (r"S \odot M = M \odot S", "true"),
        (r"S * M = M * S", "ambiguous"),
        (r"\frac{\partial}{\partial X} \mathrm{tr}(AXB) = A^T B^T", "true"),
        (r"\frac{\partial}{\partial X} \mathrm{tr}(AXB) = BA", "false"),
        (r"\operatorname{tr}(AXB) = \operatorname{tr}(BAX)", "true"),
        (r"\frac{\partial x^\top S x}{\partial x} = (S + S^\top)x", "true"),
        (r"\frac{\partial Ax}{\partial x} = A", "ambiguous"),
        (r"L = r^T r = \|r\|_2^2", "true"),
        (r"L = r r^T", "false"),
    ],
)
def test_matrices(latex: str, expected: str) -> None:
    assert verdict(latex, MATRICES) == expected


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{\partial L}{\partial W_2} = \frac1m A_1^T (A_2 - Y)", "true"),
        (
            r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial Z_2}\cdot\frac{\partial Z_2}{\partial W_2}",
            "true",
        ),
        (r"\frac{\partial L}{\partial W_2} = \frac{\partial Z_2}{\partial W_2}\frac{\partial L}{\partial Z_2}", "true"),
        (
            r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial A_2}\frac{\partial Z_2}{\partial W_2}",
            "false",
        ),
        (r"\frac{\partial Z_2}{\partial W_2} = A_1", "false"),
        (r"dW_2 = A_1^T dZ_2", "true"),
        (r"dW_2 = dZ_2 A_1^T", "false"),
        (r"\delta_1 = \delta_2 W_2^\top \odot \sigma'(Z_1)", "true"),
        (r"\delta_1 = \delta_2 W_2^\top \odot \sigma(Z_1)", "false"),
        (r"\delta_1 = \delta_2 W_2 \odot \sigma'(Z_1)", "false"),
        (r"\delta_1 = \delta_2 W_2^\top \sigma'(Z_1)", "false"),
        (r"\nabla_{W_1} L = X W_1", "false"),
        (r"\frac{\partial A_1}{\partial Z_1} = A_1 \odot (1 - A_1)", "true"),
        (r"(Z_1)_{ij} = \sum_{k=1}^{n_0} X_{ik} (W_1)_{kj} + (b_1)_j", "true"),
        (r"(Z_1)_{ij} = \sum_{k=1}^{n_0} X_{ik} (W_1)_{jk} + (b_1)_j", "false"),
        (r"(Z_1)_{ij} = \sum_{k=1}^{n_1} X_{ik} (W_1)_{kj} + (b_1)_j", "false"),
        (r"(Z_1)_{ij} = X_{ik} (W_1)_{kj} + (b_1)_j", "false"),
        (r"\frac{\partial L}{\partial b_2} = A_2 - Y", "false"),
        (r"\frac{\partial L}{\partial A_3} = 1", "false"),
        (r"\frac{\partial L}{\partial Q} = 1", "unread"),
        (r"A_1 = g(Z_1)", "unread"),
    ],
)
def test_networks(latex: str, expected: str) -> None:
    assert verdict(latex, NET) == expected


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        # the backpropagation rule with direct factors and the rule with total ones are both the chain rule
        (
            r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\frac{\partial y}{\partial x}"
            r" + \frac{\partial L}{\partial h}\frac{\partial h}{\partial x}",
            "true",
        ),
        (r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\frac{\partial y}{\partial x}", "true"),
        (r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial h}\frac{\partial h}{\partial x}", "false"),
        (r"\frac{\partial y}{\partial x} = 1", "ambiguous"),
        (r"\frac{dy}{dx} = 1 + v w (1-h^2)", "true"),
        (r"\frac{dy}{dx} = \frac{\partial y}{\partial x} + \frac{\partial y}{\partial h}\frac{dh}{dx}", "true"),
        (r"\frac{\partial L}{\partial v} = L \frac{\partial h}{\partial v}", "false"),
        (r"\frac{\partial L}{\partial v} = \frac{L}{v}", "false"),
        (r"\frac{\partial L}{v} = yh", "false"),
        (r"\frac{\partial^2 L}{\partial v^2} = h^2", "true"),
        (r"\partial_v L = yh", "true"),
        (r"dL/dv = y h", "true"),
        (r"L = 1/2 y^2", "ambiguous"),
        (r"\frac{\partial}{\partial v}\frac12 (hv+x)^2 = yh", "true"),
    ],
)
def test_paths(latex: str, expected: str) -> None:
    assert verdict(latex, SKIP) == expected


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{\partial a}{\partial z} = f'(z)", "true"),
        (r"\frac{\partial a}{\partial z} = f(z)", "false"),
        (r"\frac{\partial a}{\partial z} = 1 - f(z)^2", "false"),
        (r"\frac{\partial L}{\partial w} = 2 a f'(z) x", "true"),
        (r"a = f{z}", "true"),
        (r"a = f z", "true"),
        (r"a = z f", "unread"),
        (r"g(u) = \tanh u,\quad g'(u) = 1 - g(u)^2", "true"),
        (r"g(u) = \tanh u,\quad g'(u) = 1 - g(u)", "false"),
        (r"\tanh'(u) = 1 - \tanh^2 u", "true"),
    ],
)
def test_functions(latex: str, expected: str) -> None:
    assert verdict(latex, GENERIC) == expected


@pytest.mark.parametrize(
    "text",
    [
        r"\text{not } a = \sigma(z)",
        r"a = \sigma(z) \text{ is wrong}",
        r"a = \sigma(z) \text{ only if } z > 0",
        r"a = \sigma(z) \quad \text{if } z = 0",
        r"\text{若 } a = \sigma(z)",
    ],
)
def test_words_that_turn_a_statement_round_are_not_dropped(text: str) -> None:
    graph = loads("z : scalar\nsigma : function = sigmoid\na = sigma(z)")
    claims = read(parse(text), Context(graph))
    assert all(claim.unread is not None for claim in claims if len(claim.statement.relations) == 1)


@pytest.mark.parametrize("text", [r"\text{where } a = \sigma(z)", r"\text{and so } a = \sigma(z) \text{ for all } z"])
def test_words_that_introduce_a_statement_are_passed_over(text: str) -> None:
    graph = loads("z : scalar\nsigma : function = sigmoid\na = sigma(z)")
    assert read(parse(text), Context(graph))[0].unread is None
