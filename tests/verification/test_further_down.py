"""What a page says in its prose or further down of a name that its formulas use."""

from __future__ import annotations

import pytest

from derive.verification.verify import verify

MODEL = "```derive\nx, y, w, b : scalar\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2\n```\n\n"
BIAS, ACTIVATION = r"$$ \frac{\partial L}{\partial b} = \delta $$", r"$$ \frac{\partial L}{\partial a} = \delta $$"


def words(text: str) -> list[str]:
    return [result.verdict for result in verify(MODEL + text).results]


def test_a_later_definition_makes_what_stands_before_ambiguous() -> None:
    report = verify(f"{MODEL}{BIAS}\n\n$$ \\delta := a - y $$\n\n{ACTIVATION}\n")
    assert [result.verdict for result in report.results] == ["ambiguous", "definition", "true"]
    assert r"\delta := a - y" in report.results[0].diagnosis


def test_a_constant_is_reached_from_right_behind_only() -> None:
    euler = r"$$ \ln e = 1 $$"
    assert words(f"{euler}\n\n$$ e := a - y $$\n") == ["ambiguous", "definition"]
    assert words(f"{euler}\n\n$$ z = w x + b $$\n\n$$ e := a - y $$\n") == ["true", "true", "definition"]


def test_a_mark_that_is_used_otherwise_is_open() -> None:
    assert words("$$ \\bar w = 7 $$\n") == ["false"]
    assert words("$$ \\bar w = 7 $$\n\n$$ \\bar w + w = w + 7 $$\n") == ["ambiguous", "ambiguous"]


@pytest.mark.parametrize(
    "prose",
    [
        "We let $\\delta = a - y$ in what follows.\n\n",
        "the error, where $\\delta := a - y$,\n\n",
        "The output error is $\\delta = a - y$.\n\n",
        "设 $\\delta = a - y$。\n\n",
    ],
)
def test_a_definition_inside_of_a_line(prose: str) -> None:
    assert words(f"{prose}{BIAS}\n\n{ACTIVATION}\n") == ["false", "true"]


def test_words_before_a_display_say_that_it_defines() -> None:
    assert words("Let\n$$ \\bar w = 2x $$\nbe twice the input.\n") == ["definition"]


@pytest.mark.parametrize("prose", ["If $e = 1$, nothing.\n\n", "for $e = a - y$ we see\n\n", "It costs $5 = x.\n\n"])
def test_a_condition_inside_of_a_line_defines_nothing(prose: str) -> None:
    assert words(f"{prose}$$ \\ln e = 1 $$\n") == ["true"]
