r"""Where equal members both have a value, in words: no more and no less than what is so."""

from __future__ import annotations

import pytest

import derive

MODEL = "x, y, a : scalar\nN : size\nL = x"


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (r"\frac{x^N}{x} = x^{N-1}", "for x ≠ 0: elsewhere only the right"),
        (r"\frac{x^{2N+1}}{x} = x^{2N}", "for x ≠ 0: elsewhere only the right"),
        (r"x^{-N} x^N = 1", "for x ≠ 0: elsewhere only the right"),
        (r"\frac{x^N y}{y} = x^N", "for y ≠ 0: elsewhere only the right"),
        (r"x^{1/2} x^{1/2} = x", "for x ≥ 0: elsewhere only the right"),
        (r"\log(xy) = \log x + \log y", "for x > 0 and y > 0: elsewhere only the left"),
    ],
)
def test_the_condition_of_both_members(claim: str, words: str) -> None:
    found = derive.loads(MODEL).claim(claim)
    assert found.verdict == "true"
    assert words in str(found)
