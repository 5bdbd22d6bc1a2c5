"""What is stated under a condition: equations that assume, conditions that hold nowhere, several on one row."""

from __future__ import annotations

import pytest

from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

NEURON = loads("x, y, w, b : scalar\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2\n")
RIGHT = r"\frac{\partial L}{\partial b} = (a - y) a (1 - a)"
WRONG = r"\frac{\partial L}{\partial b} = (a - 1) a (1 - a)"


def words(latex: str) -> list[str]:
    """The verdicts on the parts, or on the whole if there is one."""
    (result,) = verify_formula(latex, NEURON, options=Options(repairs=False)).results
    return [part.verdict for part in result.parts] or [result.verdict]


@pytest.mark.parametrize("given", ["y = 1", "1 = y", "y = x", "x + y = 2", "a = y", "z = 0", "w = -1"])
def test_an_equation_about_what_is_given_assumes(given: str) -> None:
    assert words(rf"{WRONG}, \quad {given}") == ["unread", "unread"]
    assert words(rf"{RIGHT}, \quad {given}") == ["true", "unread"]
    assert words(rf"{given}: {WRONG}") == ["unread", "unread"]


@pytest.mark.parametrize(
    "claimed", ["z = w x - b", r"a = \sigma(b)", r"\frac{\partial z}{\partial w} = 1", "L = (a - y)^2"]
)
def test_an_equation_that_the_model_decides_claims(claimed: str) -> None:
    assert words(rf"{RIGHT}, \quad {claimed}") == ["true", "false"]


def test_a_row_that_begins_with_a_relation() -> None:
    assert "unread" in words(r"= w x + b, \qquad a = \sigma(z)")


def test_an_identity_assumes_nothing() -> None:
    assert words(rf"{WRONG}, \quad x + y = y + x") == ["false", "true"]


def test_another_row_is_another_claim() -> None:
    assert words(rf"y = 1 \\ {WRONG}") == ["false", "false"]


def test_a_condition_that_holds_nowhere_makes_nothing_true() -> None:
    assert words(r"\frac{\partial L}{\partial b} = 5, \quad a > 1") == ["undecided", "true"]
    assert words(r"\frac{\partial L}{\partial b} = 5, \quad a > y") == ["false", "true"]


def test_each_condition_belongs_to_the_formulas_before_it() -> None:
    relu = loads("z : scalar\na = relu(z)\n")
    (result,) = verify_formula(r"a = z \text{ if } z > 0, \quad a = 0 \text{ if } z < 0", relu).results
    assert [part.verdict for part in result.parts] == ["true"] * 4
    (result,) = verify_formula(r"a = z \text{ if } z < 0, \quad a = 0 \text{ if } z > 0", relu).results
    assert [part.verdict for part in result.parts] == ["false", "true", "false", "true"]
