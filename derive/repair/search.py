"""The smallest repair of a false display: each false statement in turn, in the author's own text.

A chain of equations is repaired member by member (`chain`), another statement by one edit anywhere. The winner is
judged like any claim before it is offered, and it keeps at least half of what the author wrote.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from derive.errors import DeriveError
from derive.judging.claim_judge import judge
from derive.judging.judgement import Judgement
from derive.judging.reader import Reader
from derive.judging.verdict import unique
from derive.repair.chain import ChainRepair, Fix
from derive.repair.edit import Edit, tokens
from derive.repair.table import candidates
from derive.repair.variants import MOST_WORK, Bench, Budget, BudgetSpent, sketches
from derive.repair.vocabulary import vocabulary
from derive.typography.layout import Layout, replaced
from derive.typography.nodes import Offsets

KEPT = 0.5
LEAST_WORK = 50
"""Each of many false statements of one display gets that much."""


@dataclass(frozen=True)
class PartRepair:
    """What was wrong with one statement: keys, a sentence, where, and under which convention it would be right."""

    defects: tuple[str, ...]
    sentence: str
    edits: tuple[Edit, ...] = ()
    span: Offsets | None = None
    by_convention: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Repair:
    """The repaired display (None if a part of it could not be repaired) and what was done, by statement."""

    source: str | None
    parts: Mapping[int, PartRepair]


def repair(
    reader: Reader,
    layout: Layout,
    judgements: Sequence[Judgement],
    *,
    seconds: float,
    work: int = MOST_WORK,
    trials: int = MOST_WORK,
    changes: int | None = None,
) -> Repair:
    """Repair every false statement of a display, one after the other.

    `work` is shared out among them, `trials` is how many variants of each may be tried, `seconds` guards against such
    that take long; with `changes` only edits of so few tokens are made.
    """
    source = layout.source
    work = max(work // max(1, sum(judgement.verdict == "false" for judgement in judgements)), LEAST_WORK)
    end = time.process_time() + seconds
    parts: dict[int, PartRepair] = {}
    complete = True
    for number, judgement in enumerate(judgements):
        if judgement.verdict != "false":
            continue
        current = source
        found = _repaired(
            reader, current, number, Budget(end, work, trials, changes), in_network=_is_of_network(judgement)
        )
        if found is None or not _keeps(current, found.source):
            complete = False
            sentence = "no small repair was found" if not _given(judgement) else ""
            parts[number] = PartRepair(_given(judgement), "; ".join([*_reasons(judgement), sentence]).strip("; "))
            continue
        source = found.source
        spans = [span for edit in found.edits for span, _ in edit.changes]
        keys = unique([edit.defect for edit in found.edits])
        sentence = "; ".join(unique([edit.sentence for edit in found.edits]))
        parts[number] = PartRepair(keys, sentence, found.edits, min(spans, default=None))
    return Repair(source if complete else None, parts)


def _given(judgement: Judgement) -> tuple[str, ...]:
    shown = judgement.shown
    return unique([f.defect for f in shown.findings if f.defect]) if shown is not None else ()


def _reasons(judgement: Judgement) -> list[str]:
    shown = judgement.shown
    return (
        list(unique([f.reason for f in shown.findings if f.word == "false" and f.reason])) if shown is not None else []
    )


def _keeps(before: str, after: str) -> bool:
    """Whether at least half of the author's tokens are still there."""
    a, b = tokens(before), tokens(after)
    kept = sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return kept >= KEPT * len(a)


def _is_of_network(judgement: Judgement) -> bool:
    """Whether a statement about a family was found false in a network only: there its repair is looked for, too."""
    return judgement.claim.networks is None


def _repaired(reader: Reader, source: str, number: int, budget: Budget, *, in_network: bool) -> Fix | None:
    """The cheapest fix of a statement that the judge accepts; variants are tried in a network if it is asked for."""
    judge_of_fix, family = reader, reader.graph.family
    if in_network and family is not None:
        reader = Reader(reader.context.at_depth(family.low + 3), reader.macros, reader)
    _, claims = reader(source)
    claim = claims[number]
    defines = any(reading.defines for reading in claim.readings)
    windows = sketches(reader, claim.statement)
    bench = Bench(reader, source, number, claim.statement, vocabulary(judge_of_fix.graph), budget, defines, windows)
    plain = all(relation.text in ("=", ":=", r"\equiv") for relation in claim.statement.relations)
    kinds = {reading.kind for reading in claim.readings}
    chain = plain and bench.count > 1 and not kinds & {"update", "order", "shape", "convention", "range"}
    try:
        for fix in ChainRepair(bench, bench.start(claim)).fixes() if chain else _whole_fixes(bench):
            budget.spend(0)
            if _accepted(judge_of_fix, fix, number, len(claims)):
                return fix
    except (BudgetSpent, DeriveError, RecursionError, LookupError, ValueError, ArithmeticError):
        return None
    return None


def _accepted(reader: Reader, fix: Fix, number: int, count: int) -> bool:
    """Whether a statement is true with a fix, which must not leave out another one of the display."""
    try:
        _, claims = reader(fix.source)
    except DeriveError:
        return False
    if len(claims) < count:
        return False
    judged = [judge(claim, counterexample=False) for claim in claims[number:]]
    return bool(judged) and judged[0].verdict == "true"


def _whole_fixes(bench: Bench) -> Iterator[Fix]:
    """One edit anywhere, for a statement that is no chain of equations."""
    found = [edit for k in range(bench.count) for edit in candidates(replace(bench.scene(k), first=False))]
    for edit in sorted(found, key=lambda edit: edit.cost):
        if not bench.budget.allows(edit, bench.source):
            continue
        source = replaced(bench.source, edit.changes)
        if bench.whole(source).holds:
            yield Fix((edit,), source, edit.cost)
