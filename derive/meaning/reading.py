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

from derive.errors import DeriveError
from derive.meaning import non_equations, words
from derive.meaning.claim import Case, Check, Claim, Definition, Denotation, Reading, Unread
from derive.meaning.context import Context
from derive.meaning.definitions import (
    argument_of_law,
    definition_of,
    formal_letters,
    not_understood,
    recursive,
    speaks_of,
)
from derive.meaning.equations import equation
from derive.meaning.frames import NotInView
from derive.meaning.heads import EQUALITIES, Head, head_of
from derive.meaning.joining import faults
from derive.meaning.marks import ACCENTS
from derive.meaning.members import decimals
from derive.meaning.reading_state import DELTA, NotUnderstood, Oracle
from derive.meaning.restrictions import attached
from derive.meaning.stated_conditions import RANGES, Condition, announced, condition_of
from derive.meaning.statement import Job
from derive.meaning.usage import size_in
from derive.typography.braces import at_braces
from derive.typography.layout import Layout
from derive.typography.nodes import Row, Symbol, walk
from derive.typography.statements import DEFINES, Statement, bracketed, statements

Networks = Callable[[], tuple[Claim, ...]]
Holds = Callable[[Claim], bool]
"""Whether the first equation of a claim is true in every reading."""


def read(layout: Layout, context: Context, holds: Holds | None = None, *, said: bool = False) -> tuple[Claim, ...]:
    """Every statement of a display with its readings; what one defines is known to all of them.

    With `holds` a statement about a name that means something by itself is a definition if it is false of that. `said`:
    the words before the display say that it defines.
    """
    stated = tuple(made for statement in statements(layout) for made in bracketed(statement, layout))
    leads = [_lead(Job(statement, layout, context)) for statement in stated]
    effects = [words.effect(lead, leads=True) for lead in leads]
    conditions = [_condition(k, stated, effects[k] if len(stated) > 1 else "none", context) for k in range(len(stated))]
    found: list[tuple[Job, Claim]] = []
    asked: list[tuple[str, Condition | None]] = []
    under = ""
    for k, (statement, own) in enumerate(zip(stated, attached(stated, conditions), strict=True)):
        behind = leads[k + 1] if effects[k + 1 : k + 2] == ["unknown"] else ""
        under = under or (leads[k] if effects[k] != "none" and conditions[k] is None else "")
        tail = statement.tail if words.effect(statement.tail, leads=False) != "none" else ""
        asked.append((under or tail or behind, conditions[k]))  # words in front hold for all that follows
        job = Job(statement, layout, context, tuple(own), said=said and not found)
        found.append((job, _claim(job, *asked[k], holds)))
        context = context.after([found[-1][1]])
    claims = [claim for _, claim in found]
    for k, (job, claim) in enumerate(found):
        later = _spoken_of(job.rows, [c.defines for c in claims[k + 1 :] if c.defines is not None])
        if later and claim.defines is None:
            known = replace(job, context=job.context.with_definitions(later), hints={})
            claims[k] = _claim(known, *asked[k], holds)
    notes = [Job(statement, layout, context) for statement in at_braces(layout, stated)]
    beside = [_understood(job, partial(_read_claim, job, None, holds)) for job in notes]
    return (*claims, *(claim for claim in beside if claim.readings))


def _spoken_of(rows: Sequence[Row], definitions: Sequence[Definition]) -> list[Definition]:
    """The definitions whose names stand in some rows, or in those that stand there, in order."""
    found: list[Definition] = []
    while new := [d for d in definitions if d not in found and speaks_of((*rows, *(f.row for f in found)), d)]:
        found += new
    return [d for d in definitions if d in found]


def _lead(job: Job) -> str:
    """The words before a statement, without those that say that it defines, if it can."""
    lead = job.statement.lead
    return DEFINES.sub(" ", lead) if lead and _head(job) else lead


def _condition(k: int, stated: Sequence[Statement], lead: words.Effect, context: Context) -> Condition | None:
    """The condition that the statement is for others of its display."""
    beside = [*stated[:k], *stated[k + 1 :]]
    made = condition_of(stated[k], beside, context)
    if made is not None and lead == "unknown":
        return replace(made, kind="unknown")
    said = lead == "unknown" or words.effect(stated[k].tail, leads=False) == "unknown"
    if beside and said and not stated[k].relations:
        return Condition("unknown", stated[k].span)  # a sentence about the others
    if made is not None and (beside or made.kind in RANGES):
        return made
    return announced(stated[k]) if lead == "condition" else None


def _claim(job: Job, said: str, condition: Condition | None, holds: Holds | None) -> Claim:
    """A statement with the words that it depends on, or one that is itself a condition of others."""
    head = _head(job) if condition is None else None
    if said:
        expected = f"a statement without words that may change it ({said})"
        claim = Claim(job.statement, (), Unread(job.statement.span, expected))
    elif condition is not None:
        claim = _understood(job, lambda: Claim(job.statement, (_stated_for(condition, job),)))
    else:
        job.mark = head.mark if head is not None else ""
        claim = _understood(job, lambda: _read_claim(job, head, holds))
    if claim.unread is not None and head is not None:
        claim = replace(claim, defines=not_understood(job, head))
    return claim if said or condition or claim.networks is not None else replace(claim, networks=_networks(job))


def _networks(job: Job, head: Head | None = None) -> Networks | None:
    """The same statement in networks of a few depths, if the model is a family; of a `head` as its definition."""
    family = job.context.graph.family
    if family is None:
        return None
    depths = [family.low + 2, family.low + 3]  # a first layer, a last one and some between
    if any(isinstance(node, Symbol) and node.name == family.high for row in job.rows for node in walk(row)):
        depths.append(family.low + 5)  # what is said of the depth by name may hold for two depths by accident

    def read_there() -> tuple[Claim, ...]:
        there = [replace(job, context=job.context.at_depth(depth), hints={}) for depth in depths]
        if head is None:
            return tuple(_claim(one, "", None, None) for one in there)
        return tuple(_understood(one, partial(_defined_there, one, head)) for one in there)

    return read_there


def _defined_there(job: Job, head: Head) -> Claim:
    return _defining(job, head) or _claim(job, "", None, None)


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


def _stated_for(condition: Condition, job: Job) -> Reading:
    """The reading of a condition: it claims nothing by itself."""
    if condition.kind == "unknown":
        raise NotUnderstood(condition.span, "a condition that can be read (i = j, a range, a comparison)")
    if condition.kind == "range" and not condition.numbers:
        size_in(condition.ends[1], job.scope(job.context.main, Oracle(), 0, {}))
    case = Case(job.context.graph, "", (), (Check(True, "a condition of what stands beside it"),))
    return Reading("range", job.layout.source[slice(*job.statement.span)], ((case,),))


def _read_claim(job: Job, head: Head | None, holds: Holds | None) -> Claim:
    restricts = next((one for one in job.conditions if one.kind not in RANGES), None)
    if restricts is not None and (restricts.kind == "unknown" or not job.statement.relations):
        raise NotUnderstood(restricts.span, "a condition that can be read (i = j, a range, a comparison)")
    special = non_equations.special(job)
    if special is not None:
        if restricts is not None and special[0].kind != "shape":
            raise NotUnderstood(restricts.span, "a statement without this condition")
        return Claim(job.statement, tuple(special))
    _check_form(job)
    if restricts is not None and head is not None and head.meaning in ("new", "own") and head.letter != DELTA:
        raise NotUnderstood(restricts.span, "a definition without a condition")
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
    if any(one.kind not in RANGES for one in job.conditions):
        return None
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
    entries = all(isinstance(v, Denotation) and not v.shape and set(v.letters) == letters for v in values)
    return [replace(reading, defines=beside) for reading in made.readings] if letters and entries else None
