r"""A generic function of the model that the page makes known: what follows is judged with it, and says so."""

from __future__ import annotations

import pytest

from derive.judging.verdict import Verdict
from derive.verification.verify import Options, verify

MODEL = """
x, y : (n,)
W : (n, n)
alpha : symbol, positive
f, g : function
z = W @ x
h = f(z)
L = sum((h - y)**2)
"""
LAYERS = r"""
x    : (n[1],)
y    : (n[L],)
w[l] : (n[l], n[l-1]) as "w^l"
sigma : function
a[1] = x as "a^1"
for l in 2..L:
    z[l] = w[l] @ a[l-1] as "z^l"
    a[l] = sigma(z[l]) as "a^l"
C = 1/2*sum((y - a[L])**2)
"""
SIGMOID = r"f(u) = \frac{1}{1 + e^{-\alpha u}}"


def judged(model: str, *formulas: str) -> tuple[Verdict, ...]:
    text = f"```derive{model}```\n" + "".join(f"$$ {formula} $$\n\n" for formula in formulas)
    return verify(text, options=Options(repairs=False)).results


@pytest.mark.parametrize(
    ("stated", "formula", "expected"),
    [
        (r"f(u) = \tanh u", r"\frac{\partial L}{\partial z} = 2(h - y) \odot (1 - h \odot h)", "true"),
        (r"f(u) = \tanh u", r"\frac{\partial L}{\partial z} = 2(h - y) \odot (1 + h \odot h)", "false"),
        (r"f(u) = \tanh u", r"\frac{\partial L}{\partial z} = 2(f(z) - y) \odot f'(z)", "true"),
        (r"f(u) = \tanh u", r"\delta = 2(h - y) \odot f'", "true"),
        (r"f(u) = \tanh u", r"f'(u) = 1 - f(u)^2", "true"),
        (r"f(u) = \tanh u", r"f''(u) = -2 f(u) f'(u)", "true"),
        (r"f(u) = \tanh u", r"h = \tanh(W x)", "true"),
        (r"f(u) = \tanh u", r"f(v) = \tanh v", "true"),
        (r"f(u) = \tanh u", r"f(W x) = \tanh(2 W x)", "false"),
        (r"f(u) = \tanh u", r"g(u) = \tanh u", "definition"),
        (SIGMOID, r"\delta = 2\alpha(h - y) \odot h \odot (1 - h)", "true"),
        (SIGMOID, r"\delta = 2(h - y) \odot h \odot (1 - h)", "definition"),
        (SIGMOID, r"\frac{\partial L}{\partial x} = 2\alpha W^T((h - y) \odot h \odot (1 - h))", "true"),
        (SIGMOID, r"f''(u) = \alpha^2 f(u)(1 - f(u))(1 - 2f(u))", "true"),
        (r"f(u) = u^2", r"f(W)_{ij} = W_{ij}^2", "true"),
        (r"f(u) = u^2", r"f(W) = W^2", "false"),
        (r"f(u) = 1", r"\frac{\partial L}{\partial z} = 0", "true"),
    ],
)
def test_the_function_of_the_page_holds_for_the_model(stated: str, formula: str, expected: str) -> None:
    first, second = judged(MODEL, stated, formula)
    assert (first.verdict, second.verdict) == ("definition", expected)
    assert f"[under {stated}" in second.reading


@pytest.mark.parametrize("formula", [r"f'(u) = 1 - f(u)^2", r"h = \tanh(W x)"])
def test_nothing_is_known_of_it_before(formula: str) -> None:
    before, _ = judged(MODEL, formula, r"f(u) = \tanh u")
    assert before.verdict == "false"
    assert "under" not in before.reading


@pytest.mark.parametrize("stated", [r"f(u) = z", r"f(u) = W u", r"f(u) = u^T u", r"f(u, v) = u + v", r"f(u) = f(2u)"])
def test_a_function_of_more_than_its_argument_is_no_definition(stated: str) -> None:
    (result,) = judged(MODEL, stated)
    assert result.verdict in ("unread", "false")


def test_a_page_that_lists_several_choices_goes_by_the_last() -> None:
    first, rule, second, other, old = judged(
        MODEL,
        r"f(u) = \tanh u",
        r"f'(u) = 1 - f(u)^2",
        r"f(z) = \frac{1}{1 + e^{-z}}",
        r"f'(u) = f(u)(1 - f(u))",
        r"f'(u) = 1 - f(u)^2",
    )
    verdicts = [result.verdict for result in (first, rule, second, other, old)]
    assert verdicts == ["definition", "true", "definition", "true", "false"]
    assert "tanh" not in other.reading


def test_every_window_of_a_family_has_it() -> None:
    stated, hidden, last, wrong = judged(
        LAYERS,
        r"\sigma(u) = \frac{1}{1+e^{-u}}",
        r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot a^l \odot (1 - a^l)",
        r"\delta^L = (a^L - y) \odot a^L \odot (1 - a^L)",
        r"\delta^l = ((w^{l+1})^T \delta^{l+1}) \odot a^l",
    )
    assert [stated.verdict, hidden.verdict, last.verdict, wrong.verdict] == ["definition", "true", "true", "false"]
