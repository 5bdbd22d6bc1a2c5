"""The text of a reading has one meaning: brackets where precedence needs them."""

from __future__ import annotations

import pytest

from derive.meaning.reading_text import Binds, at_least, binds, call_text
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

MODEL = loads(
    """
X : (k, l)
A : (n, n)
x, y : (n,)
a, b : scalar
N : size
z = A @ x
"""
)

SHOWN = [
    (r"(X^\top X)^{-1}", "(Xᵀ X)⁻¹"),
    (r"X^\top X", "Xᵀ X"),
    (r"(a^N)^2", "(a^N)^2"),
    (r"a^{N^2}", "a^(N^2)"),
    (r"(-a)^N", "(-a)^N"),
    (r"-a^N", "-a^N"),
    (r"(A^2)^\top", "(A^2)ᵀ"),
    (r"(A x)^\top", "(A x)ᵀ"),
    (r"(a b)^2", "(a b)^2"),
    (r"a b^2", "a b^2"),
    (r"a - (b - a)", "(a - (b - a))"),
    (r"(x \odot y)^\top A", "(x ⊙ y)ᵀ A"),
    (r"\frac{\partial z}{\partial x}^\top x", "(∂z/∂x)ᵀ x"),
    (r"\frac{a}{b} / a", "(a / b) / a"),
    (r"\exp(a + b)", "exp(a + b)"),
    (r"\begin{cases} a & a > 0 \\ b & \text{otherwise} \end{cases}", "(a if a > 0; b otherwise)"),
]


@pytest.mark.parametrize(("latex", "text"), SHOWN)
def test_brackets(latex: str, text: str) -> None:
    (result,) = verify_formula(latex, MODEL, options=Options(repairs=False)).results
    assert text in result.reading.split(" | ")[0]


def test_different_things_look_different() -> None:
    assert len({text for _, text in SHOWN}) == len(SHOWN)


def test_how_a_text_binds() -> None:
    assert [binds(text) for text in ("-a", "a - b", "a / b", "a b", "p∘q", "x^∘2", "xᵀ", "(a + b)", "f(a + b)")] == [
        *(Binds.SUM, Binds.SUM, Binds.QUOTIENT, Binds.PRODUCT, Binds.PRODUCT),
        *(Binds.SCRIPT, Binds.SCRIPT, Binds.ATOM, Binds.ATOM),
    ]
    assert at_least("a + b", Binds.PRODUCT) == "(a + b)"
    assert at_least("‖a + b‖", Binds.ATOM) == "‖a + b‖"
    assert call_text("f", "(a + b)") == "f(a + b)"
    assert call_text("f", "(a) + (b)") == "f((a) + (b))"
