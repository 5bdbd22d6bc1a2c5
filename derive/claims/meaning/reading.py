r"""Reading: from the layout of a display to its claims.

Every statement is first sorted by its form (an update, an order, a shape, a definition, an equation). The members of an
equation are read in every case that it speaks of: each window of a family whose layer letter it uses, each choice of
neurons that its letters can stand for. What a text leaves open is asked for as a choice; `combined` joins the outcomes
of all members to readings in which every choice is made once, and drops those that do not type-check, if any does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from derive.claims.meaning import kinds
from derive.claims.meaning.claim import (
    Claim,
    Reading,
    Unread,
    Value,
)
from derive.claims.meaning.context import Context
from derive.claims.meaning.definitions import (
    argument_of_law,
    definition_of,
    formal_letters,
    not_understood,
    recursive,
    speaks_of,
)
from derive.claims.meaning.equations import equation
from derive.claims.meaning.frames import NotInView
from derive.claims.meaning.heads import EQUALITIES, Head, head_of
from derive.claims.meaning.job import Job
from derive.claims.meaning.joining import faults
from derive.claims.meaning.marks import ACCENTS
from derive.claims.meaning.members import decimals
from derive.claims.meaning.scope import DELTA, NotUnderstood
from derive.claims.typography.layout import Layout
from derive.claims.typography.statements import DEFINES, QUALIFIERS, statements
from derive.errors import DeriveError

Networks = Callable[[], tuple[Claim, ...]]
Holds = Callable[[Claim], bool]
"""Whether the first equation of a claim is true in every reading."""


def read(layout: Layout, context: Context, holds: Holds | None = None, *, said: bool = False) -> tuple[Claim, ...]:
    """Every statement of a display with its readings; what one defines is known to all of them.

    With `holds` a statement about a name that means something by itself is a definition if it is false of that. `said`:
    the words before the display say that it defines.
    """
    stated = statements(layout)
    ranges: dict[str, tuple[int, ...]] = {}
    for statement in stated:
        ranges.update(kinds.range_of(statement, context) or {})
    conditions = _conditions([Job(statement, layout, context, ranges) for statement in stated])
    found: list[tuple[Job, Claim]] = []
    for statement, condition in zip(stated, conditions, strict=True):
        job = Job(statement, layout, context, ranges, said=said and not found)
        found.append((job, _claim(job, condition, holds)))
        context = context.after([found[-1][1]])
    claims = [claim for _, claim in found]
    for k, (job, claim) in enumerate(found):
        later = [c.defines for c in claims[k + 1 :] if c.defines is not None and speaks_of(job.rows, c.defines)]
        if later and claim.defines is None:
            known = replace(job, context=job.context.with_definitions(later), hints={})
            claims[k] = _claim(known, conditions[k], holds)
    return tuple(claims)


def _conditions(jobs: Sequence[Job]) -> list[str]:
    """For each statement the word that it depends on: beside it, or before one that stands before it."""
    leads = [job.statement.lead.lower() for job in jobs]
    leads = [DEFINES.sub(" ", lead) if lead and _head(job) else lead for job, lead in zip(jobs, leads, strict=True)]
    found: list[str] = []
    under = ""
    for lead, behind, job in zip(leads, [*leads[1:], ""], jobs, strict=False):
        own = QUALIFIERS.search(lead)
        under = own[0] if own else under  # it holds for all that follows
        beside = QUALIFIERS.search(f"{lead} {job.statement.tail.lower()} {behind}")
        found.append(beside[0] if beside else under)
    return found


def reading_text(reading: Reading) -> str:
    """The unambiguous form of a reading."""
    return reading.text


def _claim(job: Job, condition: str, holds: Holds | None) -> Claim:
    head = _head(job)
    if condition:
        expected = f"a statement without the condition in words ({condition})"
        claim = Claim(job.statement, (), Unread(job.statement.span, expected))
    else:
        job.mark = head.mark if head is not None else ""
        claim = _understood(job, lambda: _read_claim(job, head, holds))
    if claim.unread is not None and head is not None:
        claim = replace(claim, defines=not_understood(job, head))
    return claim if condition or claim.networks is not None else replace(claim, networks=_networks(job))


def _networks(job: Job, head: Head | None = None) -> Networks | None:
    """The same statement in networks of two depths, if the model is a family; of a `head` as its definition."""
    family = job.context.graph.family
    if family is None:
        return None
    depths = (family.low + 2, family.low + 3)  # a first layer, a last one and some between

    def read_there() -> tuple[Claim, ...]:
        there = [replace(job, context=job.context.at_depth(depth), hints={}) for depth in depths]
        if head is None:
            return tuple(_claim(one, "", None) for one in there)
        return tuple(_understood(one, partial(_defined_there, one, head)) for one in there)

    return read_there


def _defined_there(job: Job, head: Head) -> Claim:
    return _defining(job, head) or _claim(job, "", None)


def _head(job: Job) -> Head | None:
    try:
        return head_of(job)
    except (NotUnderstood, DeriveError, RecursionError):
        return None


def _understood(job: Job, made: Callable[[], Claim]) -> Claim:
    """The claim, or why there is none."""
    statement = job.statement
    try:
        return made()
    except NotUnderstood as stopped:
        span = stopped.span if stopped.span != (0, 0) else statement.span
        return Claim(statement, (), Unread(span, stopped.expected))
    except NotInView as hidden:
        return Claim(statement, (), Unread(statement.span, f"a number of layers: {hidden}"))
    except DeriveError as error:
        return Claim(statement, (), Unread(statement.span, f"something derive can do: {error.message}"))
    except RecursionError:
        return Claim(statement, (), Unread(statement.span, "a formula with less nesting"))


def _read_claim(job: Job, head: Head | None, holds: Holds | None) -> Claim:
    special = kinds.special(job)
    if special is not None:
        return Claim(job.statement, tuple(special))
    _check_form(job)
    if head is not None and (head.meaning == "new" or (head.said and _at_once(head, holds))):
        made = _defining(job, head)
        if made is not None:
            return made
    readings = tuple(_readings(job, head))
    claim = Claim(job.statement, readings, defines=readings[0].defines, networks=_networks(job))
    if holds is None or head is None or head.meaning == "new" or readings[0].kind != "equation":
        return claim
    if holds(claim):
        keeps, marks = (head.letter if head.meaning == "own" else ""), head.mark
        return replace(claim, keeps=keeps, marks=marks)
    made = _defining(job, head)
    if made is None or not _fits(made.readings):
        return claim
    if head.mark and not head.said and made.defines is not None:
        shown = head.mark in job.context.marks
        return claim if shown else replace(claim, defines=replace(made.defines, doubtful=True))
    if head.meaning == "again" and made.defines is not None:
        return replace(claim, defines=replace(made.defines, again=True))
    if not head.open:
        return made
    meant = ", ".join(readings[0].assumed)
    return replace(made, remark=f"it does not hold for {meant}; what follows is judged by this definition")


def _at_once(head: Head, holds: Holds | None) -> bool:
    """Whether a page that says that it defines need not be asked whether it states what the name means anyway."""
    return head.meaning != "again" and (holds is None or bool(head.mark))


def _defining(job: Job, head: Head) -> Claim | None:
    """The statement as a definition."""
    definition = definition_of(job, head) if head.meaning == "new" or not recursive(job, head) else None
    if definition is None:
        return None
    context = job.context.with_definitions([definition])
    meant = replace(job, context=context, formal=definition.formal, mark="", hints={})
    readings = tuple(equation(meant, "definition", definition))
    return Claim(job.statement, readings, defines=definition, networks=_networks(job, head))


def _fits(readings: Sequence[Reading]) -> bool:
    return not any(faults(way) for reading in readings for way in reading.ways)


# ----- by form -----


def _check_form(job: Job) -> None:
    for k, relation in enumerate(job.statement.relations):
        if relation.text == r"\approx" and any(decimals(row) is not None for row in job.rows[k : k + 2]):
            continue  # as with =, numerals are rounded to their last place
        if relation.text not in EQUALITIES:
            raise NotUnderstood(relation.span, "an equality")
    if any(not row.items for row in job.rows):
        empty = next(row for row in job.rows if not row.items)
        raise NotUnderstood(empty.span, "an expression")


def _readings(job: Job, head: Head | None) -> list[Reading]:
    job.formal = formal_letters(job)
    try:
        readings = equation(job, "equation" if job.statement.relations else "expression", None)
    except NotUnderstood:
        if head is None or head.letter == DELTA:
            raise
        made = _defining(job, head)  # e = a - y in a model without a size for I
        if made is None:
            raise
        return list(made.readings)
    if len(job.rows) == 1 or not all(faults(way) for reading in readings for way in reading.ways):
        return readings
    return _defined_anyway(job, head) or _law(job) or readings


def _law(job: Job) -> list[Reading] | None:
    r"""`\sigma'(z) = \sigma(z)(1 - \sigma(z))` with a vector z of the model: a law, for every number."""
    letter = argument_of_law(job)
    if letter is None:
        return None
    meant = replace(job, formal=(letter,))
    made = equation(meant, "equation", None)
    fine = [reading for reading in made if not any(faults(way) for way in reading.ways)]
    said = f"{letter} stands for any number"
    return [replace(reading, assumed=(*reading.assumed, said)) for reading in fine] or None


def _defined_anyway(job: Job, head: Head | None) -> list[Reading] | None:
    r"""What does not make sense of the name's own meaning defines it, if it makes sense so.

    `\delta_k = y_k - t_k` where k cannot count what δ would be the derivative by defines the δ of another family,
    beside which δ keeps its meaning.
    """
    try:
        made = _defining(job, head) if head is not None else None
    except NotUnderstood:
        return None
    if made is None or head is None or made.defines is None or not _fits(made.readings):
        return None
    if head.said or (head.mark in ACCENTS if head.mark else head.letter != DELTA):
        return list(made.readings)
    if head.mark:
        return None
    beside = replace(made.defines, over="")
    values = [case.members[0] for reading in made.readings for case in reading.cases]
    letters = set(beside.letters)
    entries = all(isinstance(v, Value) and not v.shape and set(v.letters) == letters for v in values)
    return [replace(reading, defines=beside) for reading in made.readings] if letters and entries else None
