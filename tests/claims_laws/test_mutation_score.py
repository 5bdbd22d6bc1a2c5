"""A sample of the mutants of derived formulas: none is true, and the diagnosis names and repairs what was done."""

from __future__ import annotations

from functools import lru_cache

from benchmarks.mutants import Printed, mutants, split
from benchmarks.mutation import Scored, all_mutants, run, sample, score
from derive.model.load import load

MODELS = (
    "two_layer_scalar", "two_layer_batch_rows", "softmax_regression", "mlp_L_dest_first", "google_1221",
    "skip_connection", "linear_regression",
)  # fmt: skip
EACH = 8
NAMED, RESTORED, PRINTED = 0.92, 0.95, 0.88
"""Floors for a sample with as many mutants of the hard kinds as of the others; benchmarks/README.md has all."""


@lru_cache(maxsize=1)
def scored() -> tuple[Scored, ...]:
    return tuple(score(mutant, graph) for mutant, graph in sample(list(all_mutants(MODELS)), EACH, seed=5))


def test_no_mutant_is_true_unless_it_is_equal() -> None:
    assert len(scored()) >= 80
    assert not [one.mutant.latex for one in scored() if one.equal is False]


def test_mutants_of_random_models() -> None:
    counts, findings = run(100, seed=4)
    assert not findings, "\n\n".join(map(str, findings))
    assert counts["judged false"] > 50


def test_few_are_ambiguous() -> None:
    words = [one.verdict for one in scored()]
    assert words.count("ambiguous") <= 0.02 * len(words)
    assert "undecided" not in words


def test_the_diagnosis() -> None:
    asked = [one for one in scored() if one.named is not None]
    unnamed = [one.mutant.latex for one in asked if not one.named]
    unrestored = [one.mutant.latex for one in asked if not one.restored]
    assert len(unnamed) <= (1 - NAMED) * len(asked), "\n".join(unnamed)
    assert len(unrestored) <= (1 - RESTORED) * len(asked), "\n".join(unrestored)
    otherwise = [one.mutant.latex for one in asked if not one.printed]
    assert len(otherwise) <= (1 - PRINTED) * len(asked), "\n".join(otherwise)


def test_a_mutant_that_is_equal_is_found_equal() -> None:
    graph = load("logistic_regression_one")
    swapped = Printed("logistic_regression_one", r"\frac{\partial L}{\partial z}", "-y + a")
    found = [score(mutant, graph, diagnose=False) for mutant in mutants(Printed("", swapped.left, "a - y"))]
    assert all(one.verdict == "false" for one in found if one.mutant.edit != "operand")
    own = next(mutants(Printed("", "a", r"\sigma(z)")))
    assert own.latex == r"a = -\sigma(z)"
    again = [m for m in mutants(Printed("", r"\frac{\partial L}{\partial z}", "(a - y) 1")) if m.edit == "order"]
    assert [score(mutant, graph).equal for mutant in again] == [True]


def test_equations_are_split_at_their_top_level() -> None:
    assert split(r"a (b + c) + \frac{d + e}{f} - g", [" + ", " - "]) == (
        ["a (b + c)", r"\frac{d + e}{f}", "g"],
        [" + ", " - "],
    )
