r"""Displays whose rows have tags of their own: one formula for each, with its tag and its line."""

from __future__ import annotations

import pytest

from derive.pages.scan import read_page
from derive.pages.tagged import formulas
from derive.verification.verify import Options, verify

MODEL = "```derive\nx, w, b, y : scalar\nz = w*x + b\nL = (z - y)**2/2\n```\n"


def split(rows: str) -> list[tuple[str | None, str]]:
    return [(formula.tag, " ".join(formula.source.split())) for formula in formulas(rows)]


@pytest.mark.parametrize("environment", ["align", "align*", "gather", "eqnarray"])
def test_every_tagged_row_is_a_formula(environment: str) -> None:
    text = f"\\begin{{{environment}}}\na &= b \\tag{{1}} \\\\\nc &= d \\tag{{2}}\n\\end{{{environment}}}"
    page = read_page(text)
    assert [(item.tag, item.source, item.line) for item in page.items] == [("1", "a &= b", 2), ("2", "c &= d", 3)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # without a tag: the formula that is continued
        (r"a &= b \\ &= c \tag{1} \\ d &= e \tag{2}", [("1", r"a &= b \\ &= c"), ("2", "d &= e")]),
        (r"a &= b \tag{1} \\ &= c \\ d &= e \tag{2}", [("1", r"a &= b \\ &= c"), ("2", "d &= e")]),
        (r"a &= b \\ &\quad + c \tag{1} \\ d &= e \tag{2}", [("1", r"a &= b \\ &\quad + c"), ("2", "d &= e")]),
        (r"a &= b + \\ & c \tag{1} \\ d &= e \tag{2}", [("1", r"a &= b + \\ & c"), ("2", "d &= e")]),
        (r"a &= b \\ c &= d \tag{1} \\ e &= f \tag{2}", [(None, "a &= b"), ("1", "c &= d"), ("2", "e &= f")]),
        # a second tag in a chain: its left side
        (r"a &= b \tag{1} \\ &= c \tag{2}", [("1", "a &= b"), ("2", "a &= c")]),
        (r"a_{=} & = b \tag{1} \\ &\approx c \tag{2}", [("1", r"a_{=} & = b"), ("2", r"a_{=} &\approx c")]),
        # rows inside of brackets and environments are none of the display
        (r"a = \begin{pmatrix} b \\ c \end{pmatrix} \tag{1} \\[2pt] d = e \tag{2}",
         [("1", r"a = \begin{pmatrix} b \\ c \end{pmatrix}"), ("2", "d = e")]),
        (r"\substack{a \\ b} = c \tag{1} \\ d = e \tag{2}", [("1", r"\substack{a \\ b} = c"), ("2", "d = e")]),
        # labels are tags where there are none
        (r"a &= b \label{x} \\ c &= d \label{y}", [("x", "a &= b"), ("y", "c &= d")]),
        # one tag: one formula
        (r"a &= b \\ c &= d \tag{1}", [("1", r"a &= b \\ c &= d")]),
        (r"a &= b \\ c &= d", [(None, r"a &= b \\ c &= d")]),
    ],
)  # fmt: skip
def test_what_belongs_together(rows: str, expected: list[tuple[str | None, str]]) -> None:
    assert split(rows) == expected
    assert split(rf"\begin{{align}} {rows} \end{{align}}")[1:] == expected[1:]


def test_each_has_its_verdict() -> None:
    rows = r"""
\begin{align}
z &= w x + b \tag{1} \\
\frac{\partial L}{\partial b} &= \frac{\partial L}{\partial z} \frac{\partial z}{\partial b} \\
  &= z + y \tag{2} \\
  &= w x + b - y \tag{3}
\end{align}"""
    results = verify(MODEL + rows, options=Options(repairs=False)).results
    assert [(r.tag, r.verdict, r.line) for r in results] == [("1", "true", 8), ("2", "false", 9), ("3", "true", 11)]


def test_a_directive_speaks_of_all_of_them() -> None:
    rows = "\\begin{align}\na &= b \\tag{1} \\\\\nc &= d \\tag{2}\n\\end{align}"
    assert [item.expect for item in read_page(f"<!-- derive: expect=false -->\n{rows}").items] == ["false", "false"]
    assert [item.skip for item in read_page(f"<!-- derive: skip -->\n{rows}\n$$a$$").items] == [True, True, False]


def test_an_alignment_of_three_columns() -> None:
    rows = "$$\\begin{eqnarray} z &=& w x + b \\\\ L &=& \\frac{1}{2} (z - y)^2 \\end{eqnarray}$$"
    (result,) = verify(MODEL + rows, options=Options(repairs=False)).results
    assert [part.verdict for part in result.parts] == ["true", "true"]
