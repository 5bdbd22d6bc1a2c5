"""Formulas in the styles of well-known texts: layers in bare superscripts, softmax regression, page definitions."""

from __future__ import annotations

import pytest

from tests.meaning.reading_helpers import claims, context, only, verdict

LAYERS = context("""
x    : (n[1],)
y    : (n[L],)
w[l] : (n[l], n[l-1]) as "w^l"
b[l] : (n[l],) as "b^l"
sigma : function
a[1] = x as "a^1"
for l in 2..L:
    z[l] = w[l] @ a[l-1] + b[l] as "z^l"
    a[l] = sigma(z[l]) as "a^l"
C = 1/2*sum((y - a[L])**2)
""")
SOFTMAX = context("""
x : (n,)
W : (k, n)
b : (k,)
t : (k,), one_hot
lambda : scalar, positive
z = W @ x + b
p = softmax(z)
L = -sum(t*log(p)) + lambda/2*sum(W**2)
""")


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\delta^L = \nabla_{a^L} C \odot \sigma'(z^L)", "true"),
        (r"\delta^L_j = \frac{\partial C}{\partial a^L_j}\sigma'(z^L_j)", "true"),
        (r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)", "true"),
        (r"\delta^l = (w^{l+1} \delta^{l+1}) \odot \sigma'(z^l)", "false"),
        (r"\delta^l = ((w^{l})^T \delta^{l+1}) \odot \sigma'(z^l)", "false"),
        (r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot \sigma(z^l)", "false"),
        (r"\delta^{l-1} = ((w^{l})^T \delta^{l}) \odot \sigma'(z^{l-1})", "true"),
        (r"\delta^{l-1} = ((w^{l})^T \delta^{l}) \odot \sigma'(z^{l})", "false"),
        (r"\frac{\partial C}{\partial b^l_j} = \delta^l_j", "true"),
        (r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k \delta^l_j", "true"),
        (r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_j \delta^l_k", "false"),
        (r"z^{l+1}_k = \sum_j w^{l+1}_{kj} \sigma(z^l_j) + b^{l+1}_k", "true"),
        (r"\delta^l_j = \sum_k w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^l_j)", "true"),
        (r"\delta^l_j = \sum_{k=1}^{n_{l+1}} w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^l_j)", "true"),
        (r"\delta^l_j = \sum_{k=1}^{n_l+1} w^{l+1}_{kj}\delta^{l+1}_k\sigma'(z^l_j)", "false"),
        (r"\frac{\partial a^l}{\partial z^l} = \mathrm{diag}(\sigma'(z^l))", "true"),
        (r"\frac{\partial z^{l+1}}{\partial a^l} = w^{l+1}", "ambiguous"),
        (r"a^L = \sigma(w^L \cdots \sigma(w^3\sigma(w^2 x + b^2) + b^3) \cdots + b^L)", "true"),
        (r"a^L = \sigma(w^L \cdots \sigma(w^2\sigma(w^2 x + b^2) + b^2) \cdots + b^L)", "false"),
        (r"C = \frac12 \|y - a^L\|^2", "true"),
        (r"C = \frac12 \|y - a^L\|", "false"),
        (r"w^l \in \mathbb{R}^{n_l \times n_{l-1}}", "true"),
        (r"w^l \in \mathbb{R}^{n_{l-1} \times n_l}", "false"),
        (r"w^l_{ij} : (l-1, j) \to (l, i)", "true"),
        (r"w^l_{ij} : (l-1, i) \to (l, j)", "false"),
        (r"x \to z^2 \to a^2 \to \cdots \to z^L \to a^L", "true"),
        (r"x \to a^2 \to z^2 \to \cdots \to z^L \to a^L", "false"),
    ],
)
def test_layers(latex: str, expected: str) -> None:
    assert verdict(latex, LAYERS) == expected


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"p_i = \frac{e^{z_i}}{\sum_{j=1}^k e^{z_j}}", "true"),
        (r"p_i = \frac{e^{z_i}}{\sum_{i} e^{z_i}}", "false"),
        (r"L = -\sum_i t_i \log p_i + \frac{\lambda}{2}\sum_{i,j} W_{ij}^2", "true"),
        (r"\frac{\partial p_i}{\partial z_j} = p_i(\delta_{ij} - p_j)", "true"),
        (r"\frac{\partial p_i}{\partial z_j} = (\delta_{ij} - p_i) p_j", "true"),
        (r"\frac{\partial p_i}{\partial z_j} = p_i(1 - p_j)", "false"),
        (r"\frac{\partial p}{\partial z} = \mathrm{diag}(p) - pp^\top", "true"),
        (r"\frac{\partial L}{\partial z} = p - t", "true"),
        (r"\frac{\partial L}{\partial z_i} = p - t", "false"),
        (r"\frac{\partial L}{\partial W} = (p - t)x^\top + \lambda W", "true"),
        (r"\frac{\partial L}{\partial W} = x(p - t)^\top + \lambda W", "false"),
        (r"\frac{\partial L}{\partial W_{ij}} = (p_i - t_i)x_j + \lambda W_{ij}", "true"),
        (
            r"\frac{\partial L}{\partial z_j} = \sum_i \frac{\partial L}{\partial p_i}"
            r"\frac{\partial p_i}{\partial z_j}",
            "true",
        ),
        (r"\delta_i = p_i - t_i", "true"),
        (r"\delta_i = t_i - p_i", "false"),
        (r"\alpha = p - t, \quad \frac{\partial L}{\partial b} = \alpha", "true"),
        (r"e_k = p_k - t_k,\quad \frac{\partial L}{\partial b_j} = e_j", "true"),
        (r"e_k = p_k - t_k,\quad \nabla_W L = e x^T + \lambda W", "true"),
        (r"\sum_i p_i = 1", "true"),
        (r"W \leftarrow W - \lambda \nabla_W L", "false"),
    ],
)
def test_softmax_regression(latex: str, expected: str) -> None:
    assert verdict(latex, SOFTMAX) == expected


def test_what_a_reading_says() -> None:
    reading = only(r"\delta^{l}_j = \frac{\partial C}{\partial z^l_j}", LAYERS)
    assert reading.defining == {0}
    assert [case.scope for case in reading.cases] == ["l = 2", "2 < l < L", "l = L"]
    assert r"\delta^{l}_j = ∂C/∂z[l][j]" in reading.assumed
    assert only(r"A = 3", SOFTMAX).kind == "definition"


def test_an_unread_formula_says_where_and_what_was_expected() -> None:
    (claim,) = claims(r"p = \mathrm{softmax}(q)", SOFTMAX)
    assert claim.unread is not None
    assert claim.unread.span == (21, 22)
    assert "declared name" in claim.unread.expected
