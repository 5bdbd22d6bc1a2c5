r"""Reading: from the layout of a display to its claims.

Every statement is first sorted by its form (an update, an order, a shape, a definition, an equation). The members of an
equation are read in every case that it speaks of: each window of a family whose layer letter it uses, each choice of
neurons that its letters can stand for. What a text leaves open is asked for as a choice; `combined` joins the outcomes
of all members to readings in which every choice is made once, and drops those that do not type-check, if any does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from derive.claims.meaning import kinds
from derive.claims.meaning.claim import (
    Claim,
    Reading,
    Unread,
    Value,
)
from derive.claims.meaning.context import Context
from derive.claims.meaning.definitions import argument_of_law, definition_of, formal_letters
from derive.claims.meaning.equations import equation
from derive.claims.meaning.frames import NotInView
from derive.claims.meaning.job import Job
from derive.claims.meaning.joining import faults
from derive.claims.meaning.members import decimals
from derive.claims.meaning.scope import NotUnderstood
from derive.claims.typography.layout import Layout
from derive.claims.typography.statements import Statement, statements
from derive.errors import DeriveError

EQUALITIES = frozenset({"=", ":=", r"\equiv", r"\doteq"})

# words that turn a statement round or make it hold only under a condition: it cannot be judged without them
QUALIFIERS = re.compile(
    r"\b(not|never|no|false|wrong|incorrect|untrue|if|iff|unless|except|only|otherwise|when|provided|assuming|suppose"
    r"|approximately|roughly|nearly|let|set|setting|solve|solving|require|requiring|at)\b"
    r"|若|如果|当|除非|不|错|假设|近似|令|设|约等"
)


def read(layout: Layout, context: Context) -> tuple[Claim, ...]:
    """Every statement of a display with its readings; what one defines is known to those behind it."""
    found: list[Claim] = []
    stated = statements(layout)
    ranges: dict[str, tuple[int, ...]] = {}
    under: re.Match[str] | None = None
    for statement in stated:
        ranges.update(kinds.range_of(statement, context) or {})
    for k, statement in enumerate(stated):
        behind = stated[k + 1].lead if k + 1 < len(stated) else ""
        words = f"{statement.lead} {statement.tail} {behind}".lower()
        under = QUALIFIERS.search(statement.lead.lower()) or under  # it holds for all that follows
        if qualified := QUALIFIERS.search(words) or under:
            expected = f"a statement without the condition in words ({qualified[0]})"
            found.append(Claim(statement, (), Unread(statement.span, expected)))
            continue
        claim = _claim(statement, layout, context, ranges)
        found.append(claim)
        defined = claim.readings[0].defines if claim.readings else None
        if defined is not None:
            context = context.with_definitions([defined])
    return tuple(found)


def reading_text(reading: Reading) -> str:
    """The unambiguous form of a reading."""
    return reading.text


def _claim(statement: Statement, layout: Layout, context: Context, ranges: Mapping[str, tuple[int, ...]]) -> Claim:
    claim = _claim_of_graph(statement, layout, context, ranges)
    family = context.graph.family
    if family is None:
        return claim
    depths = (family.low + 2, family.low + 3)  # a first layer, a last one and some between

    def networks() -> tuple[Claim, ...]:
        return tuple(_claim_of_graph(statement, layout, context.at_depth(depth), ranges) for depth in depths)

    return replace(claim, networks=networks)


def _claim_of_graph(
    statement: Statement, layout: Layout, context: Context, ranges: Mapping[str, tuple[int, ...]]
) -> Claim:
    job = Job(statement, layout, context, ranges)
    try:
        return Claim(statement, tuple(_readings(job)))
    except NotUnderstood as stopped:
        span = stopped.span if stopped.span != (0, 0) else statement.span
        return Claim(statement, (), Unread(span, stopped.expected))
    except NotInView as hidden:
        return Claim(statement, (), Unread(statement.span, f"a number of layers: {hidden}"))
    except DeriveError as error:
        return Claim(statement, (), Unread(statement.span, f"something derive can do: {error.message}"))
    except RecursionError:
        return Claim(statement, (), Unread(statement.span, "a formula with less nesting"))


# ----- by form -----


def _readings(job: Job) -> list[Reading]:
    special = kinds.special(job)
    if special is not None:
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
    try:
        made = equation(meant, "definition", definition)
    except NotUnderstood:
        return None
    fine = [reading for reading in made if not any(faults(way) for way in reading.ways)]
    values = [case.members[0] for reading in fine for case in reading.cases]
    entries = all(isinstance(v, Value) and not v.shape and set(v.letters) == set(definition.letters) for v in values)
    return fine if fine and entries else None
