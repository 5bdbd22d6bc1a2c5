"""What counts as a fault of a verdict, and what a counterexample has to show."""

from __future__ import annotations

import pytest

from benchmarks.searches.branches import Claim, witness
from benchmarks.searches.floats import Leaf, Model
from benchmarks.searches.tally import FAULTS, Finding, offenders, rows, shown_wrong
from benchmarks.searches.terms import Term, call, mask, name
from derive.judging.verdict import Counterexample, Verdict, VerdictWord

Z, X = name("z"), name("x")
MODEL = Model((Leaf("x", low=0.0),), (("z", X - 3), ("a", call("max", Z, 0)), ("L", name("a") ** 2)))


def verdict(word: VerdictWord, *, diagnosis: str = "", at: Counterexample | None = None) -> Verdict:
    evidence = "proved" if word == "true" else None
    return Verdict(None, 1, "formula", "", word, evidence=evidence, diagnosis=diagnosis, counterexample=at)


def finding(said: str, word: VerdictWord, *, diagnosis: str = "", witness: str = "") -> Finding:
    return Finding("x : scalar", "x = x", said, verdict(word, diagnosis=diagnosis), witness=witness)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (finding("right", "true"), ""),
        (finding("wrong", "true"), "wrong true"),
        (finding("nowhere", "true"), "wrong true"),
        (finding("rounded", "true"), "wrong true"),
        (finding("redefines", "true"), "wrong true"),
        (finding("part", "true"), "true without its condition"),
        (finding("part", "true", diagnosis="where x > 0"), ""),
        (finding("part", "false"), "false in part"),
        (finding("wrong", "undecided"), ""),
        (finding("right", "unread"), ""),
        (finding("right", "false"), "wrong false of shapes"),
        (finding("right", "false", diagnosis="the left member has no value"), "wrong false"),
        (finding("defines", "false"), "wrong false"),
        (finding("wrong", "false"), ""),
        (finding("wrong", "false", witness="outside the domain of x"), "bad witness"),
        (finding("right", "unread", diagnosis="internal error: KeyError"), "internal error"),
    ],
)
def test_faults(made: Finding, fault: str) -> None:
    assert made.fault == fault
    assert bool(shown_wrong([made])) == (fault in FAULTS[:4])
    assert (fault in offenders([made])) if fault else not offenders([made])


def test_the_table_counts_every_finding_once_and_every_fault() -> None:
    made = rows([finding("wrong", "true"), finding("right", "true"), finding("right", "unread")])
    assert [(row.name, row.cells) for row in made] == [
        ("true, proved", {"right": "1", "wrong": "1"}),
        ("unread", {"right": "1", "wrong": "0"}),
        ("**wrong true**", {"right": "0", "wrong": "1"}),
        ("all", {"right": "2", "wrong": "1"}),
    ]


@pytest.mark.parametrize(
    ("x", "right", "found"),
    [
        (1.0, 2 * Z, ""),  # 0 against -4
        (-1.0, 2 * Z, "outside the domain of x"),
        (5.0, 2 * Z, "the members are equal there"),
        (3.0, 2 * Z * mask(Z, ">", 1), ""),  # a kink says nothing
        (3.5, 2 * Z * mask(Z, ">", 1), ""),
    ],
)
def test_witnesses(x: float, right: Term, found: str) -> None:
    claim = Claim("L", "z", right, "", "")
    _, said = witness(MODEL, claim, verdict("false", at=Counterexample({"x": x}, 0.0, 1.0)))
    assert said.startswith(found)
    assert bool(said) == bool(found)
