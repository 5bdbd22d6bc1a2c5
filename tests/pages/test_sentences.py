r"""Sentences that give a letter a meaning: it holds like that of a definition, and never the built-in one beside it."""

from __future__ import annotations

import pytest

from derive.pages.prose import underbraced
from derive.pages.scan import read_page
from derive.verification.verify import Options, verify

NEURON = "```derive\nx, y, w, b : scalar\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2\n```\n\n"
BUILT_IN = r"$$ \frac{\partial L}{\partial w} = \delta x $$"
BY_PAGE = r"$$ \frac{\partial L}{\partial w} = \delta a(1-a) x $$"
LOGISTIC, TANH = r"$$ \sigma'(z) = \sigma(z)(1-\sigma(z)) $$", r"$$ \sigma'(z) = 1-\sigma(z)^2 $$"
MODEL, RELU = r"$$ a = \sigma(z) $$", r"$$ \sigma(z) = \max(z, 0) $$"


def words(*parts: str) -> list[str]:
    report = verify(NEURON + "\n\n".join(parts), options=Options(repairs=False))
    return [result.verdict for result in report.results]


@pytest.mark.parametrize(
    "sentence",
    [
        r"With $a-y=\delta$ we have",
        r"With $a-y=:\delta$ we have",
        r"We have $a-y\equiv\delta$ here.",
        r"With $\delta = a-y$ we have",
        r"Let $\delta$ be the error $a - y$.",
        r"The error signal $\delta$ is $a - y$.",
        r"where $\delta$ is given by $a - y$,",
        r"We denote $a - y$ by $\delta$.",
        r"We write $\delta$ for $a - y$.",
        r"We denote by $\delta$ the derivative of the loss with respect to $a$.",
        r"Denoting by $\delta$ the derivative of the loss with respect to $a$, we have",
        r"Here $\delta$ is the derivative of $L$ w.r.t. the output $a$.",
        r"Let $\delta$ be the derivative of $(a-y)^2/2$ with respect to $a$.",
    ],
)
def test_a_sentence_defines(sentence: str) -> None:
    assert words(sentence, BUILT_IN, BY_PAGE) == ["false", "true"]


@pytest.mark.parametrize(
    "sentence",
    [
        r"Let $\delta$ be the error.",
        r"where $\delta$ is the error term,",
        r"Let $\delta^{(l)}$ be the error of layer $l$.",
        r"Let $\delta$ be the derivative of the loss with respect to $z$.",
        r"Let $\delta$ be the gradient of the loss w.r.t. the pre-activation.",
        r"where $\delta$ is the gradient at the output,",
        r"$\delta$ is not $a - y$.",
        r"If $\delta$ is $a - y$, then",
        r"Note that $\delta$ is simply $a - y$ for the cross-entropy loss.",
        r"The derivative of $\delta$ is $a - y$.",
        r"The derivative with respect to $\delta$ is the derivative of $L$ with respect to $a$.",
        r"We multiply $\delta$ the derivative of $L$ with respect to $a$.",
        r"Here $\delta$ is the error of $a - y$ things.",
    ],
)
def test_a_harmless_sentence_defines_nothing(sentence: str) -> None:
    assert words(sentence, BUILT_IN, BY_PAGE) == ["true", "false"]


@pytest.mark.parametrize(
    "sentence",
    [
        r"Let $\delta$ be minus the gradient of $L$ with respect to $z$.",
        r"Let $\delta$ be the derivative of the loss with respect to the weights.",
        r"Let $\delta$ be the derivative of the loss w.r.t. the weights.",
    ],
)
def test_another_derivative_in_words_is_not_the_own_one(sentence: str) -> None:
    assert words(sentence, BUILT_IN) == ["unread"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (r"Throughout, $\sigma$ is the ReLU.", ["false", "false", "false"]),
        (r"where $\sigma(\cdot)$ denotes the rectified linear unit,", ["false", "false", "false"]),
        (r"Let $\sigma$ be the hyperbolic tangent.", ["false", "true", "false"]),
        (r"We use the hyperbolic tangent $\sigma$.", ["false", "true", "false"]),
        (r"where $\sigma$ is the sigmoid,", ["true", "false", "true"]),
        (r"where $\sigma$ is the logistic function,", ["true", "false", "true"]),
        (r"where $\sigma$ is the activation function,", ["true", "false", "true"]),
        (r"where $\sigma$ is the softmax.", ["unread", "unread", "unread"]),
        (r"where $\sigma$ is the unit step function.", ["unread", "unread", "unread"]),
    ],
)
def test_functions_in_words(sentence: str, expected: list[str]) -> None:
    assert words(sentence, LOGISTIC, TANH, MODEL) == expected


def test_a_function_in_words_is_the_one_that_is_used() -> None:
    assert words(r"Throughout, $\sigma$ is the ReLU.", RELU) == ["true"]


def test_a_name_in_plain_text() -> None:
    slope = r"$$ \frac{\partial L}{\partial a} = -e $$"
    assert words(r"where the error e is $y - a$.", slope) == ["true"]
    assert words(r"where the error e is $a - y$.", slope) == ["false"]


@pytest.mark.parametrize(
    ("display", "behind", "expected"),
    [
        (BUILT_IN, r"where $\delta = a-y$.", "false"),
        (BY_PAGE, r"where $\delta = a-y$.", "true"),
        (BUILT_IN, r"where $x$ is the input and $\delta = a-y$ the error.", "false"),
        (BUILT_IN, r"where the error $\delta$ is $a-y$.", "false"),
        (r"$$ \frac{\partial L}{\partial w} = \pi x $$", r"with $\pi = (a-y)a(1-a)$.", "true"),
        (r"$$ \frac{\partial L}{\partial w} = e a(1-a) x $$", r"where $e = a-y$.", "true"),
        (r"$$ \frac{\partial a}{\partial z} = \sigma(z)(1-\sigma(z)) $$", r"where $\sigma(u)=\tanh u$.", "false"),
        (r"$$ \delta x = \underbrace{a-y}_{u} x $$", r"where $\delta = a-y$.", "true"),
        (BUILT_IN, "\n\nThe error is $\\delta = a-y$.", "ambiguous"),
        (BUILT_IN, r"where $x$ is the input. Here $\delta = a-y$.", "ambiguous"),
        (BUILT_IN, r"where $\delta$ is the derivative of the loss with respect to $a$.", "false"),
        (BUILT_IN, r"where $\delta$ is the derivative of the loss with respect to $z$.", "true"),
    ],
)
def test_a_definition_behind_the_display(display: str, behind: str, expected: str) -> None:
    assert words(f"{display} {behind}") == [expected]


@pytest.mark.parametrize("note", [r"_{\delta}", r"_\delta", r"_{=:\delta}", r"_{=\delta}"])
def test_a_brace_defines_for_what_follows(note: str) -> None:
    brace = rf"$$ \frac{{\partial L}}{{\partial a}} = \underbrace{{(a-y)}}{note} $$"
    assert words(brace, BUILT_IN, BY_PAGE) == ["true", "false", "true"]


def test_braces_by_their_source() -> None:
    assert underbraced(r"\underbrace{a_{1}}_{u} + \overbrace{b}^{v} + \underbrace{c}_{\text{c}}") == [
        "u := a_{1}",
        "v := b",
    ]


def test_an_identity_turned_round_is_a_definition_in_a_display() -> None:
    assert words(r"$$ a-y \equiv \delta $$", BUILT_IN, BY_PAGE) == ["definition", "false", "true"]


@pytest.mark.parametrize("stated", [r"Let $a = \tanh(z)$.", r"$$ a := \tanh(z) $$"])
def test_a_second_meaning_of_what_the_model_computes_is_a_finding(stated: str) -> None:
    slopes = r"$$ \frac{\partial a}{\partial z} = a(1-a) $$", r"$$ \frac{\partial a}{\partial z} = 1-a^2 $$"
    assert words(stated, *slopes, r"$$ \frac{\partial a}{\partial z} = 7 $$") == ["false", *["ambiguous"] * 2, "false"]


def test_another_loss_is_a_finding() -> None:
    slopes = [rf"$$ {d} = {s}(a-y) $$" for d in (r"\frac{\partial L}{\partial a}", r"\nabla_a L") for s in ("2", "")]
    assert words("Define $L = (a-y)^2$.", *slopes) == ["false", *["ambiguous"] * 4]


@pytest.mark.parametrize("sentence", [r"Let $a = \sigma(z)$.", "Let $z = 0$.", r"Let $a = \frac12$.", "Let $a = y$."])
def test_the_meaning_of_the_model_and_values_are_no_finding(sentence: str) -> None:
    assert words(sentence, r"$$ \frac{\partial a}{\partial z} = a(1-a) $$") == ["true"]


@pytest.mark.parametrize(
    "sentence",
    [
        "The derivative of the loss $L$ is $a - y$.",
        "The slope with respect to $a$ is the derivative of $L$ with respect to $y$.",
        "The derivative of $L$ with respect to $a$ is $a - y$.",
    ],
)
def test_a_sentence_about_a_derivative_is_no_definition_of_the_loss(sentence: str) -> None:
    assert words(sentence, r"$$ \frac{\partial L}{\partial a} = a - y $$") == ["true"]


@pytest.mark.parametrize(
    "sentence", ["where $I$ is the identity,", "where $I$ is the identity matrix,", "with $U^{T} U = I$,"]
)
def test_the_identity_stays(sentence: str) -> None:
    model = "```derive\nx, y : (n,)\nU : (n, n)\nL = sum((U @ x - y)**2)/2\n```\n\n"
    report = verify(f"{model}{sentence}\n\n$$ I x = x $$", options=Options(repairs=False))
    assert [result.verdict for result in report.results] == ["true"]


def test_where_a_definition_begins_to_hold() -> None:
    page = read_page("$$ x = \\delta $$ where $\\delta = 2$. So $\\pi = 3x$.")
    (display,), (behind, later) = page.items, page.asides
    assert behind.span[0] == display.span[0]
    assert later.span[0] > display.span[1]
