"""Tokens: LaTeX and Unicode come to the same signs, and every sign knows its place."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import ClaimError
from derive.typography.layout import parse
from derive.typography.macros import Macros, expand
from derive.typography.tokens import MAX_FORMULA, tokenize

LETTERS = "abcdefghijklmnopqrstu"
DOUBLING = "".join(rf"\def\{one}{{\{two}\{two}}}" for one, two in pairwise(LETTERS)) + r"\a"


@pytest.mark.parametrize(
    ("unicode", "latex"),
    [
        ("σ′(z)", r"\sigma'(z)"),
        ("aᵀ", "a^{T}"),
        ("w⁽ˡ⁺¹⁾", "w^{(l+1)}"),
        ("x₁₂", "x_{12}"),
        ("½‖y − ŷ‖²", r"\frac12\|y - \hat y\|^2"),
        ("∂L/∂W = X ⊙ Y ∘ Z · V × U", r"\partial L/\partial W = X \odot Y \circ Z \cdot V \times U"),
        ("∑ ∇ ≤ ≥ → ∈ ℝ 𝐖 x̂", r"\sum \nabla \leq \geq \to \in \mathbb R \mathbf W \hat x"),
    ],
)
def test_unicode_reads_like_latex(unicode: str, latex: str) -> None:
    assert parse(unicode).items == parse(latex).items


def test_each_token_has_its_place() -> None:
    source = r"a + \sigma(z) % the activation"
    tokens = [token for token in tokenize(source) if token.kind != "space"]
    assert [source[token.start : token.end] for token in tokens] == ["a", "+", r"\sigma", "(", "z", ")"]


def test_a_comment_ends_with_its_line() -> None:
    assert parse("a % + b\n + c").items == parse("a + c").items


@pytest.mark.parametrize(
    ("definition", "use", "meaning"),
    [
        (r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}", r"\pd{L}{w}", r"\frac{\partial L}{\partial w}"),
        (r"\newcommand\pd[2][L]{\frac{\partial #1}{\partial #2}}", r"\pd w", r"\frac{\partial L}{\partial w}"),
        (r"\newcommand\pd[2][L]{\frac{\partial #1}{\partial #2}}", r"\pd[E]{w}", r"\frac{\partial E}{\partial w}"),
        (r"\def\sq#1{{#1}^2}", r"\sq{\sq{x}}", "{{x}^2}^2"),
        (r"\let\oldvec\vec \renewcommand{\vec}[1]{\oldvec{\mathbf{#1}}}", r"\vec{x}", r"\vec{\mathbf{x}}"),
        (r"\DeclareMathOperator*{\amax}{arg\,max}", r"\amax_i x_i", r"\operatorname{argmax}_i x_i"),
        (r"\newcommand{\R}{\mathbb{R}}", r"x \in \R^{n}", r"x \in \mathbb{R}^{n}"),
        (r"\providecommand{\R}{\mathbb{R}}\providecommand{\R}{Q}", r"\R", r"\mathbb{R}"),
    ],
)
def test_own_commands_are_expanded(definition: str, use: str, meaning: str) -> None:
    assert parse(definition + use).items == parse(meaning).items


def test_what_comes_from_a_macro_has_the_place_of_its_use_and_arguments_their_own() -> None:
    source = r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}} y = \pd{L}{w}"
    layout = parse(source)
    assert layout.text(layout.items[2]) == r"\pd{L}{w}"
    inside = {source[token.start : token.end] for token in expand(source, {}) if token.kind == "letter"}
    assert inside == {"y", "L", "w"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (r"\newcommand{\a}{\a x}\a", r"\\a is defined by itself"),
        (r"\def\a{\b}\def\b{\a}\a", r"\\a is defined by itself"),
        (DOUBLING, "expands to more than"),
        (r"\newcommand{\f}[1]{#1}\f", "expected an argument after"),
        (r"\newcommand{\f}[x]{#1}", "expected a number of parameters"),
        (r"\def\f#1.{#1}", "expected {"),
        ("x" * (MAX_FORMULA + 1), "too long"),
    ],
)
def test_bad_definitions_are_refused_with_a_place(source: str, message: str) -> None:
    with pytest.raises(ClaimError, match=message) as caught:
        parse(source)
    assert caught.value.span is not None


def test_the_callers_macros_stay_as_they_are() -> None:
    macros: Macros = {}
    parse(r"\def\a{x}\a", macros)
    assert macros == {}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_tokens_stay_inside_the_source_and_in_order(source: str) -> None:
    tokens = tokenize(source)
    assert all(0 <= token.start <= token.end <= len(source) for token in tokens)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
