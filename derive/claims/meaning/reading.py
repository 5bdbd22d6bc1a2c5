r"""Reading: from the layout of a display to its claims.

Every statement is first sorted by its form (a condition of others, an update, an order, a shape, a definition, an
equation). The members of an equation are read under the conditions beside it in every case that it speaks of: each
window of a family whose layer letter it uses, each choice of neurons that its letters can stand for. What a text leaves
open is asked for as a choice; `combined` joins the outcomes of all members to readings in which every choice is made
once, and drops those that do not type-check, if any does. Words that may change a statement leave it unread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.claims.meaning import kinds, words
from derive.claims.meaning.claim import (
    Case,
    Check,
    Claim,
    Reading,
    Unread,
    Value,
)
from derive.claims.meaning.context import Context
from derive.claims.meaning.definitions import argument_of_law, definition_of, formal_letters
from derive.claims.meaning.equations import equation
from derive.claims.meaning.job import Job
from derive.claims.meaning.joining import faults
from derive.claims.meaning.members import decimals
from derive.claims.meaning.restrictions import Condition, announced, attached, condition_of
from derive.claims.meaning.scope import NotUnderstood, Oracle
from derive.claims.meaning.usage import size_in
from derive.claims.typography.layout import Layout
from derive.claims.typography.statements import Statement, bracketed, statements
from derive.errors import DeriveError

EQUALITIES = frozenset({"=", ":=", r"\equiv", r"\doteq"})


def read(layout: Layout, context: Context) -> tuple[Claim, ...]:
    """Every statement of a display with its readings; what one defines is known to those behind it."""
    found: list[Claim] = []
    stated = tuple(made for statement in statements(layout) for made in bracketed(statement, layout))
    leads = [words.effect(statement.lead, leads=True) for statement in stated]
    conditions = [_condition(k, stated, leads[k] if len(stated) > 1 else "none", context) for k in range(len(stated))]
    under = ""
    for k, (statement, own) in enumerate(zip(stated, attached(stated, conditions), strict=True)):
        behind = stated[k + 1].lead if leads[k + 1 : k + 2] == ["unknown"] else ""
        under = under or (statement.lead if leads[k] != "none" and conditions[k] is None else "")
        tail = statement.tail if words.effect(statement.tail, leads=False) != "none" else ""
        if said := under or tail or behind:  # words in front hold for all that follows
            expected = f"a statement without words that may change it ({said})"
            found.append(Claim(statement, (), Unread(statement.span, expected)))
            continue
        claim = _claim(Job(statement, layout, context, tuple(own)), conditions[k])
        found.append(claim)
        defined = claim.readings[0].defines if claim.readings else None
        if defined is not None:
            context = context.with_definitions([defined])
    return tuple(found)


def _condition(k: int, stated: Sequence[Statement], lead: words.Effect, context: Context) -> Condition | None:
    """The condition that the statement is for others of its display."""
    beside = [*stated[:k], *stated[k + 1 :]]
    made = condition_of(stated[k], beside, context)
    if made is not None and lead == "unknown":
        return replace(made, kind="unknown")
    said = lead == "unknown" or words.effect(stated[k].tail, leads=False) == "unknown"
    if beside and said and not stated[k].relations:
        return Condition("unknown", stated[k].span)  # a sentence about the others
    if made is not None and (beside or made.kind in ("range", "all")):
        return made
    return announced(stated[k]) if lead == "condition" else None


def reading_text(reading: Reading) -> str:
    """The unambiguous form of a reading."""
    return reading.text


def _claim(job: Job, condition: Condition | None) -> Claim:
    statement = job.statement
    try:
        return Claim(statement, tuple(_readings(job) if condition is None else [_stated_for(condition, job)]))
    except NotUnderstood as stopped:
        span = stopped.span if stopped.span != (0, 0) else statement.span
        return Claim(statement, (), Unread(span, stopped.expected))
    except DeriveError as error:
        return Claim(statement, (), Unread(statement.span, f"something derive can do: {error.message}"))
    except RecursionError:
        return Claim(statement, (), Unread(statement.span, "a formula with less nesting"))


def _stated_for(condition: Condition, job: Job) -> Reading:
    """The reading of a condition: it claims nothing by itself."""
    if condition.kind == "unknown":
        raise NotUnderstood(condition.span, "a condition that can be read (i = j, a range, a comparison)")
    if condition.kind == "range" and not condition.numbers:
        size_in(condition.ends[1], job.scope(job.context.main, Oracle(), 0, {}))
    case = Case(job.context.graph, "", (), (Check(True, "a condition of what stands beside it"),))
    return Reading("range", job.layout.source[slice(*job.statement.span)], ((case,),))


# ----- by form -----


def _readings(job: Job) -> list[Reading]:
    restricts = next((one for one in job.conditions if one.kind not in ("range", "all")), None)
    if restricts is not None and (restricts.kind == "unknown" or not job.statement.relations):
        raise NotUnderstood(restricts.span, "a condition that can be read (i = j, a range, a comparison)")
    special = kinds.special(job)
    if special is not None:
        if restricts is not None and special[0].kind != "shape":
            raise NotUnderstood(restricts.span, "a statement without this condition")
        return special
    for k, relation in enumerate(job.statement.relations):
        if relation.text == r"\approx" and any(decimals(row) is not None for row in job.rows[k : k + 2]):
            continue  # as with =, numerals are rounded to their last place
        if relation.text not in EQUALITIES:
            raise NotUnderstood(relation.span, "an equality")
    if any(not row.items for row in job.rows):
        empty = next(row for row in job.rows if not row.items)
        raise NotUnderstood(empty.span, "an expression")
    definition = definition_of(job)
    if definition is not None:
        if restricts is not None:
            raise NotUnderstood(restricts.span, "a definition without a condition")
        job.context = job.context.with_definitions([definition])
        job.formal = definition.formal
        return equation(job, "definition", definition)
    job.formal = formal_letters(job)
    readings = equation(job, "equation" if job.statement.relations else "expression", None)
    if len(job.rows) == 1 or not all(faults(way) for reading in readings for way in reading.ways):
        return readings
    return _delta_defined(job) or _law(job) or readings


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


def _delta_defined(job: Job) -> list[Reading] | None:
    r"""`\delta_k = y_k - t_k` where k cannot count what δ would be the derivative by: then it is a definition."""
    definition = definition_of(job, delta_too=True)
    if definition is None or not definition.letters:
        return None
    meant = replace(job, context=job.context.with_definitions([definition]))
    made = equation(meant, "definition", definition)
    fine = [reading for reading in made if not any(faults(way) for way in reading.ways)]
    values = [case.members[0] for reading in fine for case in reading.cases]
    entries = all(isinstance(v, Value) and not v.shape and set(v.letters) == set(definition.letters) for v in values)
    return fine if fine and entries else None
