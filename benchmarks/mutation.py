"""The mutation score: `python -m benchmarks.mutation [--plain N] [--each N]`.

Every applicable edit of every equation that derive prints for the gallery is judged. Then the diagnosis, for N mutants
drawn from all and for N of each kind of edit: is the defect named by its key, and does the repair restore the original?
It does if it is true and says it of the same left side; it is `as printed` if it also reads as the original does. A
mutant that is judged true has to have equal values at points that the judge does not use.

`python -m benchmarks mutation --draws N --seed S` judges N mutants of what is printed about random models.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from benchmarks.mutants import Mutant, equations, mutants
from benchmarks.searches.findings import Finding
from benchmarks.searches.models import random_model
from benchmarks.timing import Row, table
from derive.equality.draw import size_names
from derive.equality.probe import draw_point
from derive.ir.graph import ComputationGraph
from derive.judging.reader import Reader
from derive.judging.verdict import Verdict
from derive.meaning.claim import Case, Equal
from derive.meaning.context import Context
from derive.meaning.typed import as_latex
from derive.model.load import gallery, load
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

NO_REPAIRS = Options(repairs=False)
SIZES = (4, 7, 3, 6, 2, 5)
POINTS = 2
SECONDS = 12.0
"""Of the processor, longer than the limits of one formula together: what takes more than this hangs."""
OF_A_MODEL = 20
DIAGNOSED = 0.1
"""The share of the mutants of random models for which a repair is looked for."""
KINDS = ("raises", "internal error", "slow", "wrong true", "true without its condition")


@dataclass(frozen=True)
class Scored:
    """A mutant with its verdict; `named` and `restored` are None where there is nothing to diagnose."""

    mutant: Mutant
    verdict: str
    named: bool | None = None
    restored: bool | None = None
    printed: bool | None = None
    equal: bool | None = None


def all_mutants(names: Sequence[str] = ()) -> Iterator[tuple[Mutant, ComputationGraph]]:
    """The mutants of every printed equation of the gallery, or of some of its models."""
    for name in names or gallery():
        graph = load(name)
        for equation in equations(name, graph):
            yield from ((mutant, graph) for mutant in mutants(equation))


def further(rng: random.Random) -> Iterator[tuple[Mutant, ComputationGraph, str]]:
    """Mutants of what is printed about random models, a few of each, with the text of the model."""
    while True:
        seed, rank = rng.randrange(2**40), rng.choice([0, 1, 2, 2])
        text = random_model(seed, lines=(3, 8), largest_rank=rank).text
        graph = loads(text)
        pool = [mutant for equation in equations("", graph) for mutant in mutants(equation)]
        yield from ((mutant, graph, text) for mutant in rng.sample(pool, min(OF_A_MODEL, len(pool))))


def run(draws: int, seed: int) -> tuple[Counter[str], list[Finding]]:
    """Judge so many mutants of random models: counts of verdicts and of faults, and the faults."""
    rng = random.Random(seed)
    words: Counter[str] = Counter()
    findings: list[Finding] = []
    for mutant, graph, text in islice(further(rng), draws):
        start = time.process_time()
        try:
            verdict = _judge(mutant.latex, graph, repairs=rng.random() < DIAGNOSED)
        except Exception:
            findings.append(Finding("raises", text, mutant.latex, traceback.format_exc(limit=-3)))
            continue
        seconds = time.process_time() - start
        words[f"judged {verdict.verdict}"] += 1
        if "internal error" in verdict.diagnosis:
            findings.append(Finding("internal error", text, mutant.latex, verdict.diagnosis))
        if seconds > SECONDS:
            findings.append(Finding("slow", text, mutant.latex, f"{seconds:.1f} s"))
        if verdict.verdict == "true" and not equal_by_value(mutant.latex, graph):
            kind = "true without its condition" if equal_by_value(mutant.latex, graph, partly=True) else "wrong true"
            findings.append(Finding(kind, text, mutant.latex, verdict.reading))
    counts = Counter({"mutants": draws, **dict(sorted(words.items())), **dict.fromkeys(KINDS, 0)})
    counts.update(finding.kind for finding in findings)
    return counts, findings


def sample(
    pool: Sequence[tuple[Mutant, ComputationGraph]], each: int, seed: int = 0
) -> list[tuple[Mutant, ComputationGraph]]:
    """So many mutants of every kind of edit."""
    kinds: dict[str, list[tuple[Mutant, ComputationGraph]]] = defaultdict(list)
    for mutant, graph in pool:
        kinds[mutant.edit].append((mutant, graph))
    rng = random.Random(seed)
    return [one for kind in kinds.values() for one in rng.sample(kind, min(each, len(kind)))]


def score(mutant: Mutant, graph: ComputationGraph, *, diagnose: bool = True) -> Scored:
    """Judge a mutant, and see what the diagnosis makes of it."""
    verdict = _judge(mutant.latex, graph, repairs=diagnose)
    if verdict.verdict == "true":
        return Scored(mutant, "true", equal=equal_by_value(mutant.latex, graph))
    if verdict.verdict != "false" or not diagnose:
        return Scored(mutant, verdict.verdict)
    named = bool(mutant.keys & set(verdict.defects))
    return Scored(mutant, "false", named, _restores(mutant, verdict), _as_printed(mutant, verdict, graph))


def equal_by_value(latex: str, graph: ComputationGraph, *, partly: bool = False) -> bool:
    """Whether the members of a formula have the same values, in every reading, at points of our own.

    `partly`: points at which only one of two members has a value are passed over.
    """
    _, claims = Reader(Context(graph), {})(as_latex(latex, graph, page=False) or latex)
    readings = [reading for claim in claims for reading in claim.readings]
    return all(any(all(_holds(case, partly) for case in way) for way in reading.ways) for reading in readings)


def _holds(case: Case, partly: bool) -> bool:
    names, _ = size_names(case.graph)
    compared = False
    for number in range(POINTS):
        sizes = {name: SIZES[(k + number) % len(SIZES)] for k, name in enumerate(names)}
        point = draw_point(case.graph, sizes, f"of our own {number}")
        if point is None:
            continue
        for link in case.links:
            if not isinstance(link, Equal):
                if not link.holds:
                    return False
                compared = True
                continue
            left, right = point.value(link.left), point.value(link.right)
            if left is None and right is None:
                continue  # at these sizes, or here, nothing is said
            compared = True
            if partly and (left is None) != (right is None):
                continue
            if left is None or right is None or not np.allclose(left, right, rtol=1e-7, atol=1e-9):
                return False
    return compared


def _judge(latex: str, graph: ComputationGraph, *, repairs: bool) -> Verdict:
    return verify_formula(latex, graph, options=None if repairs else NO_REPAIRS).results[0]


def _restores(mutant: Mutant, verdict: Verdict) -> bool:
    """Whether the corrected formula, which is true, is about the left side of the original."""
    if verdict.correct_latex is None:
        return False
    return _squeezed(verdict.correct_latex.partition(" = ")[0]) == _squeezed(mutant.original.left)


def _as_printed(mutant: Mutant, verdict: Verdict, graph: ComputationGraph) -> bool:
    """Whether the corrected formula is the original, as it is written or as it is read."""
    if verdict.correct_latex is None:
        return False
    if _squeezed(verdict.correct_latex) == _squeezed(mutant.original.latex):
        return True
    readings = {_judge(text, graph, repairs=False).reading for text in (verdict.correct_latex, mutant.original.latex)}
    return len(readings) == 1


def _squeezed(latex: str) -> str:
    return "".join(latex.split()).replace("{", "").replace("}", "")


def rows(scored: Sequence[Scored]) -> list[Row]:
    """The table: what became of the mutants of each kind of edit, and of all."""
    kinds = list(dict.fromkeys(one.mutant.edit for one in scored))
    made = [_row(kind, [one for one in scored if one.mutant.edit == kind]) for kind in kinds]
    return [*made, _row("all", scored)]


def _row(name: str, scored: Sequence[Scored]) -> Row:
    words = Counter(one.verdict for one in scored)
    asked = [one for one in scored if one.named is not None]
    cells = {
        "mutants": str(len(scored)),
        "equal": str(sum(one.equal is True for one in scored)),
        "wrong true": str(sum(one.equal is False for one in scored)),
        **{word: str(words[word]) for word in ("false", "ambiguous", "undecided", "unread")},
        "key": _share(sum(bool(one.named) for one in asked), len(asked)),
        "restored": _share(sum(bool(one.restored) for one in asked), len(asked)),
        "as printed": _share(sum(bool(one.printed) for one in asked), len(asked)),
    }
    return Row(name, cells)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} % of {whole}" if whole else ""


def plain(
    pool: Sequence[tuple[Mutant, ComputationGraph]], count: int, seed: int = 1
) -> list[tuple[Mutant, ComputationGraph]]:
    """So many mutants drawn from all."""
    return random.Random(seed).sample(pool, min(count, len(pool)))


def main(arguments: list[str]) -> None:
    """Judge all mutants, diagnose some, print the tables."""
    start = time.perf_counter()
    pool = list(all_mutants())
    judged = [score(mutant, graph, diagnose=False) for mutant, graph in pool]
    print(f"verdicts on all mutants, {time.perf_counter() - start:.0f} s\n\n{table(rows(judged))}\n")
    for one in judged:
        if one.equal is False or one.verdict in ("ambiguous", "undecided"):
            print(f"{one.verdict}: {one.mutant.original.model}, {one.mutant.edit}: {one.mutant.latex}")
    count, each = _count(arguments, "--plain", 300), _count(arguments, "--each", 25)
    _diagnosed(f"diagnosis of {count} drawn from all", plain(pool, count))
    _diagnosed(f"diagnosis of up to {each} of each kind", sample(pool, each))


def _count(arguments: list[str], option: str, otherwise: int) -> int:
    return int(arguments[arguments.index(option) + 1]) if option in arguments else otherwise


def _diagnosed(title: str, chosen: Sequence[tuple[Mutant, ComputationGraph]]) -> None:
    start = time.perf_counter()
    diagnosed = [score(mutant, graph) for mutant, graph in chosen]
    print(f"\n{title}, {time.perf_counter() - start:.0f} s\n\n{table(rows(diagnosed))}\n")
    for one in diagnosed:
        if one.named is False or one.restored is False:
            print(f"{one.mutant.edit} {sorted(one.mutant.keys)} of {one.mutant.original.model}: {one.mutant.latex}")


if __name__ == "__main__":
    main(sys.argv[1:])
