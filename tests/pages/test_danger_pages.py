r"""Pages on which a careless reader goes wrong: names given another meaning, conditions in sentences, odd displays.

As in `test_dangers.py`; what is judged here depends on what stands around a formula, so each line is a page.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from derive.ir.graph import Fact
from derive.pages.circumstances import Circumstance, circumstances
from derive.verification.verify import Options, verify

FILES = sorted((Path(__file__).parent / "danger_pages").glob("*.txt"))


def pages(path: Path) -> list[tuple[list[str], str]]:
    """The verdicts and the page of every line."""
    found: list[tuple[list[str], str]] = []
    model = ""
    for part, text in enumerate(path.read_text(encoding="utf-8").split("```")):
        if part % 2:
            model = text.lstrip("\n")
            continue
        lines = [line.partition(" | ") for line in text.splitlines() if " | " in line]
        found += [
            (words.split(), f"```derive\n{model}```\n\n{page.replace('¶', chr(10))}\n") for words, _, page in lines
        ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_page_has_its_verdicts(path: Path) -> None:
    stated = pages(path)
    assert len(stated) > 5
    wrong = []
    for words, page in stated:
        found = [result.verdict for result in verify(page, options=Options(repairs=False)).results]
        if found != words:
            wrong.append(f"{found}, not {words}: {page}")
    assert not wrong, "\n".join(wrong)


def test_a_page_with_nothing_but_equations_inside_of_lines_stays_open() -> None:
    found = verify("```derive\nx : scalar\nL = x**2\n```\nSo $\\frac{dL}{dx} = 3x$, and $L = x^2$.\n")
    assert (found.results, found.exit_code) == ((), 3)
    assert "equations inside of lines are not judged (2 on this page)" in found.warnings[0]
    assert verify("Nothing at $x$.\n").exit_code == 0


@pytest.mark.parametrize(
    ("source", "name", "fact"),
    [
        ("x = 2", "x", Fact("one_of", values=(2.0,))),
        (r"\alpha = 0.1", "alpha", Fact("one_of", values=(0.1,))),
        (r"x=\frac12", "x", Fact("one_of", values=(0.5,))),
        (r"w_{1} = -\frac{1}{4}", "w_1", Fact("one_of", values=(-0.25,))),
        (r"y_i \in \{-1, 1\}", "y_i", Fact("one_of", values=(-1.0, 1.0))),
        (r"p \in (0, 1)", "p", Fact("in", low=0.0, high=1.0)),
        (r"p \in [1, 0]", "", None),
        ("b = 1/0", "", None),
        ("x = 2y", "", None),
        ("x = " + "9" * 400, "", None),
    ],
)
def test_the_numbers_among_which_a_page_puts_a_name(source: str, name: str, fact: Fact | None) -> None:
    assert Circumstance(source).fact == (None if fact is None else (name, fact))


def test_where_a_condition_belongs() -> None:
    text = "If $a > 0$, $$1$$ and $$2$$ if $b > 0$. $$3$$ For $c = 1$: $$4$$ unless $d < 0$."
    displays = [(match.start(), match.end()) for match in re.finditer(r"\$\$\d\$\$", text)]
    found = [[one.source for one in under] for under in circumstances(text, displays)]
    assert found == [["a > 0"], ["a > 0", "b > 0"], [], ["c = 1", "d < 0"]]
    assert [one.turned for one in circumstances(text, displays)[-1]] == [False, True]
