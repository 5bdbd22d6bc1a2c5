"""The report for a person: statements apart, and excerpts that neither start nor end inside of a command."""

from __future__ import annotations

from itertools import pairwise

from derive.report.verify_text import WIDTH, lines
from derive.verification.verify import Options, verify

MODEL = "```derive\nx, w, b, y : scalar\nz = w*x + b\nL = (z - y)**2/2\n```\n"
LONG = r"\frac{\partial L}{\partial z}\frac{\partial z}{\partial w} = " * 6


def report(formula: str) -> list[str]:
    return list(lines(verify(f"{MODEL}$$ {formula} $$", options=Options(repairs=False))))


def under_the_carets(shown: list[str]) -> list[str]:
    """What the carets stand under."""
    return [
        above[row.index("^") : row.rindex("^") + 1]
        for above, row in pairwise(shown)
        if row.strip() and not row.strip("^ ")
    ]


def test_statements_have_their_own_lines() -> None:
    shown = report(r"z = w x + b \quad \frac{\partial L}{\partial z} = z + y, \qquad \frac{\partial L}{\partial b} = b")
    assert [line.rsplit(None, 1)[1] for line in shown if "reads" in line] == ["true", "false", "false"]
    assert under_the_carets(shown) == ["z + y", "b"]


def test_a_long_line_is_cut_between_commands() -> None:
    shown = report(rf"\frac{{\partial L}}{{\partial w}} = {LONG} (z + y) x = {LONG} (z - y) x")
    assert under_the_carets(shown) == ["(z + y) x"]
    (excerpt,) = (line.strip() for line in shown if "… " in line)
    assert len(excerpt) <= WIDTH + 4
    assert excerpt.removeprefix("… ").startswith(("\\frac", "=", "("))
    assert excerpt.removesuffix(" …").strip().count("{") == excerpt.count("}")


def test_a_short_line_is_shown_whole() -> None:
    assert any(line.strip() == r"\frac{\partial L}{\partial w} = (z + y) x" for line in report(
        r"\frac{\partial L}{\partial w} = (z + y) x"
    ))  # fmt: skip


def test_the_condition_of_what_is_true_is_shown() -> None:
    shown = report(r"\exp(\log w) = w")
    assert "reads" in shown[-3]
    assert "for w > 0" in shown[-2]
    assert len(report("w = w")) == len(shown) - 1
