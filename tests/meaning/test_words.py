"""Words beside a formula: harmless only if a list says so."""

from __future__ import annotations

import pytest

from derive.meaning.words import effect


@pytest.mark.parametrize(
    "words",
    [
        *("so", "Hence, we get", "and therefore the gradient is", "by the chain rule,", "(output layer)", "From (3):"),
        *("i.e.", "for example", "or equivalently", "", "(2)", "where"),
        *("因此", "由链式法则可得：", "（输出层）", "其中"),
    ],
)
def test_harmless(words: str) -> None:
    assert effect(words, leads=True) == "none"


@pytest.mark.parametrize(
    "words", ["for", "for all", "and for every", "if", "Thus, when", "for each", "对于所有", "当", "若"]
)
def test_what_introduces_a_condition(words: str) -> None:
    assert effect(words, leads=True) == "condition"
    assert effect(words, leads=False) == "unknown"


@pytest.mark.parametrize(
    "words",
    [
        *("twice", "minus", "half of", "This fails:", "not", "It is wrong that", "the derivative of", "gradient", "2"),
        *("a third", "minus the", "unless", "two times the", "1/2", "+", "½", "the square of", "only if"),
        *("两倍的", "错误：", "梯度", "负"),
    ],
)
def test_what_may_change_the_statement(words: str) -> None:
    assert effect(words, leads=True) == "unknown"


@pytest.mark.parametrize(
    "words",
    ["squared", "times 2", "is what one might expect", "is wrong", "up to a constant", "plus noise", "otherwise"],
)
def test_words_behind(words: str) -> None:
    assert effect(words, leads=False) == "unknown"
