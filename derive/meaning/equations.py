r"""Chains of equalities and bare expressions: their readings."""

from __future__ import annotations

from collections.abc import Sequence

from derive.meaning.cases import units_of_windows
from derive.meaning.claim import (
    Case,
    Definition,
    Denotation,
    Kind,
    Member,
    Reading,
)
from derive.meaning.defined import BY_PAGE
from derive.meaning.equalities import by_entries
from derive.meaning.joining import combined
from derive.meaning.statement import Job
from derive.typography.nodes import Row, Scripts, Slip, Stray, Symbol, walk
from derive.typography.statements import Statement


def equation(job: Job, kind: Kind, definition: Definition | None) -> list[Reading]:
    """The readings of a chain of equalities, or of a bare expression."""
    units = units_of_windows(job)
    made = combined(job, units)
    found: list[Reading] = []
    for joined in made:
        ways = joined.ways
        members = ways[0][0].members
        shown = [_shown(member, row, job) for member, row in zip(members, job.rows, strict=True)]
        text = shown[0]
        for relation, part in zip(job.statement.relations, shown[1:], strict=True):
            text += f" {relation.text} {part}"
        whole = [value.text for value in by_entries(members)]
        if whole:
            text += f"  [entry by entry: {', '.join(whole)}]"
        if job.conditions:
            text += f"  [for {', '.join(job.layout.source[slice(*one.span)] for one in job.conditions)}]"
        taken = [said.removesuffix(BY_PAGE) for said in joined.assumed if said.endswith(BY_PAGE)]
        if under := (*job.context.stated, *taken):
            text += f"  [under {'; '.join(under)}]"
        defining = frozenset({0}) if definition is not None else _defining(job, ways[0])
        stray = any(isinstance(node, Stray) for row in job.rows for node in walk(row))
        slips = tuple(slip for slip in job.layout.slips if _within(slip, job.statement))
        found.append(
            Reading(
                kind,
                text,
                ways,
                assumed=(*joined.assumed, *(f"{said}{BY_PAGE}" for said in job.context.stated)),
                notes=(*slips, *(note for note in joined.notes if note not in slips)),
                defining=defining,
                defines=definition,
                hides_term=stray,
                layout=joined.layout,
            )
        )
    return found


def _within(slip: Slip, statement: Statement) -> bool:
    return statement.span[0] <= slip.span[0] and slip.span[1] <= statement.span[1]


def _shown(member: Member, row: Row, job: Job) -> str:
    if isinstance(member, Denotation):
        return member.text
    return job.layout.source[row.span[0] : row.span[1]]


def _defining(job: Job, cases: Sequence[Case]) -> frozenset[int]:
    """The first link defines if it only says what δ stands for anyway."""
    first = job.rows[0].items
    base = first[0].base if len(first) == 1 and isinstance(first[0], Scripts) else first[0]
    is_delta = len(first) == 1 and isinstance(base, Symbol) and base.name == r"\delta"
    if not is_delta or len(job.rows) < 2 or len(job.rows[1].items) != 1:
        return frozenset()
    same = all(_text(case.members[0]) == _text(case.members[1]) != "" for case in cases)
    return frozenset({0} if same else ())


def _text(member: Member) -> str:
    return member.text if isinstance(member, Denotation) else ""
