r"""From outcomes to readings: every choice made once, over all cases and members.

Of the joined outcomes those that do not type-check are dropped if any does; where both layouts of a Jacobian are open
each keeps its own. What the page defines wins over what a letter means by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from derive.equality.subgradients import TakenSlope
from derive.ir.graph import ComputationGraph
from derive.ir.size import Shape
from derive.meaning.cases import Outcome, Unit
from derive.meaning.claim import (
    Case,
    Check,
    Denotation,
    Equal,
    Link,
    Member,
    Problem,
)
from derive.meaning.equalities import by_entries, needs_layout
from derive.meaning.frames import Frame
from derive.meaning.jacobians import laid_out
from derive.meaning.members import decimals, link
from derive.meaning.partials import variables_named
from derive.meaning.reading_state import LAYOUTS, PAGE, SPREAD, SQUARE, ChoiceKey, NotUnderstood, Oracle
from derive.meaning.restrictions import restricted
from derive.meaning.statement import Job
from derive.typography.nodes import Slip

MAX_READINGS = 32


Way = tuple[Case, ...]


@dataclass(frozen=True)
class Joined:
    """A reading before it has a text."""

    ways: tuple[Way, ...]
    notes: tuple[Slip, ...]
    assumed: tuple[str, ...]
    layout: str


def combined(job: Job, units: list[Unit]) -> list[Joined]:
    """The readings: every choice made once, over all cases and members."""
    partial: list[tuple[dict[ChoiceKey, int], list[Outcome]]] = [({}, [])]
    for unit in units:
        for member in unit.outcomes:
            partial = [
                ({**choices, **outcome.choices}, [*done, outcome])
                for choices, done in partial
                for outcome in member
                if all(choices.get(key, answer) == answer for key, answer in outcome.choices.items())
            ]
            if len(partial) > 8 * MAX_READINGS:
                raise NotUnderstood(job.statement.span, "a formula with fewer readings")
    built: list[tuple[tuple[object, str], Way, list[Outcome]]] = []
    for choices, outcomes_ in partial:
        for layout, way in _ways(job, units, choices, outcomes_):
            others = tuple((k, v) for k, v in choices.items() if k[0] not in ("factors", "layout"))
            built.append(((others, layout), way, outcomes_))
    groups: dict[tuple[object, str], list[tuple[Way, list[Outcome]]]] = {}
    best = {key[1]: faults(way) for key, way, _ in sorted(built, key=lambda item: -faults(item[1]))}
    laid = [count for layout, count in best.items() if layout]
    for layout, least in best.items():
        if laid and "" in best and least > (best[""] if layout else min(laid)):
            continue  # it fits neither with a layout nor without one, and something else fits
        own = [item for item in built if item[0][1] == layout]
        kept = [item for item in own if faults(item[1]) == least]
        by_page = [item for item in kept if not _chose(item[0][0], PAGE)]
        kept = by_page or kept  # what the page defines wins where both make sense
        kept = [item for item in kept if not _chose(item[0][0], SPREAD)] or kept
        entries = [item for item in kept if not _chose(item[0][0], SQUARE)]
        if entries and any(by_entries(case.members) for item in kept for case in item[1]):
            kept = entries  # what is equated entry by entry has squares of entries
        if not least and all(_chose(item[0][0], SQUARE) for item in kept):
            raise NotUnderstood(job.statement.span, r"\|x\|^2 for the square of a length: x^2 is one of entries")
        for key, way, found in kept[:1] if least else kept:
            groups.setdefault(key, []).append((way, found))
    seen: dict[object, Joined] = {}
    for (_, layout), members in groups.items():
        ways = tuple(dict.fromkeys(way for way, _ in members))
        done = members[0][1]
        notes = tuple(dict.fromkeys(note for outcome in done for note in outcome.notes))
        assumed = tuple(dict.fromkeys(text for outcome in done for text in outcome.assumed))
        seen.setdefault(ways, Joined(ways, notes, assumed, layout))
    if len(seen) > MAX_READINGS:
        raise NotUnderstood(job.statement.span, f"a formula with at most {MAX_READINGS} readings")
    return list(seen.values())


def _chose(choices: object, kind: str) -> bool:
    """Whether a choice of this kind did not take its first option."""
    return isinstance(choices, tuple) and any(key[0] == kind and answer for key, answer in choices)


def faults(way: Way) -> int:
    """How much does not type-check. A fault of the meaning stands beside readings without it, and does not count."""
    return sum(_faults(case) for case in way)


def _faults(case: Case) -> int:
    stands = [isinstance(member, Problem) and member.stands for member in case.members]
    broken = sum(isinstance(member, Problem) for member in case.members) - sum(stands)
    for k, asked in enumerate(case.links):
        wrong = not asked.holds if isinstance(asked, Check) else bool(asked.mismatch)
        broken += wrong and not any(stands[k : k + 2])
    return broken


def _ways(
    job: Job, units: list[Unit], choices: Mapping[ChoiceKey, int], done: list[Outcome]
) -> Iterator[tuple[str, Way]]:
    """The cases with their links; two, if a Jacobian can be laid out in two ways."""
    width = len(job.rows)
    results = [
        tuple(outcome.result for outcome in done[k : k + width] if not isinstance(outcome.result, NotUnderstood))
        for k in range(0, len(done), width)
    ]
    taken = [[outcome.slopes for outcome in done[k : k + width]] for k in range(0, len(done), width)]
    unknowns = dict(pair for outcome in done for pair in outcome.unknowns)
    chosen = ""
    layouts: tuple[str, ...] = ("",)
    if any(needs_layout(members) for members in results):
        layouts = (job.context.layout,) if job.context.layout else LAYOUTS
        made = choices.get(("layout",))
        layouts = layouts if made is None else (LAYOUTS[made],)
    elif ("layout",) in choices:
        chosen = LAYOUTS[choices["layout",]]
    for layout in layouts:
        cases = []
        for unit, members, slopes in zip(units, results, taken, strict=True):
            laid = tuple(_laid(member, layout) for member in members) if layout else members
            cases.append(
                Case(_with_formal(unit.frame, job, unknowns), unit.scope, laid, _links(job, unit, laid, slopes))
            )
        yield layout or chosen, tuple(cases)


def _laid(member: Member, layout: str) -> Member:
    is_matrix = isinstance(member, Denotation) and member.jacobian and len(member.shape) == 2
    return laid_out(member, layout) if is_matrix and isinstance(member, Denotation) else member


def _links(
    job: Job, unit: Unit, members: tuple[Member, ...], taken: Sequence[Sequence[TakenSlope | None]]
) -> tuple[Link, ...]:
    found: list[Link] = []
    # the unambiguous form of a member has a curly d for every derivative in it, whatever the author wrote
    shown = [member.text for member in members if isinstance(member, Denotation)]
    derivative = any(job.partials) or any(job.primed) or any("∂" in text for text in shown)
    by: dict[str, None] = {}
    for row in job.rows if derivative else ():
        by.update(dict.fromkeys(variables_named(row.items, job.scope(unit.frame, Oracle(), 0, unit.env))))
    for k in range(len(members) - 1):
        rounded = [places for places in map(decimals, job.rows[k : k + 2]) if places is not None]
        relation = job.statement.relations[k].text
        exact = len(rounded) == 2 and relation != r"\approx"  # two decimals are equal as they stand
        places = rounded[0] if rounded and not exact else None
        left, right, under = restricted(
            members[k], members[k + 1], job.conditions, unit.env, job.scope(unit.frame, Oracle(), k, unit.env)
        )
        made = link(left, relation, right, job.statement.span, places)
        if isinstance(made, Equal):
            slopes = _is_slope(members[k], taken[k]), _is_slope(members[k + 1], taken[k + 1])
            plain = _is_plain(job, members, k, taken), _is_plain(job, members, k + 1, taken)
            every = dict.fromkeys(slope for one in taken for slope in one)
            known = () if None in every else tuple(one for one in every if one is not None)
            made = replace(made, derivative=derivative, by=tuple(by), taken=known, under=under)
            made = replace(made, slopes=slopes, plain=plain)
        found.append(made)
    return tuple(found)


def _is_slope(member: Member, taken: Sequence[TakenSlope | None]) -> bool:
    if not isinstance(member, Denotation):
        return False
    return member.chain is not None or any(one is not None and one.value is member.node for one in taken)


def _is_plain(job: Job, members: tuple[Member, ...], k: int, taken: Sequence[Sequence[TakenSlope | None]]) -> bool:
    member = members[k]
    return isinstance(member, Denotation) and not job.partials[k] and not taken[k] and "∂" not in member.text


def _with_formal(frame: Frame, job: Job, unknowns: Mapping[str, Shape]) -> ComputationGraph:
    """The graph with the letters that only this formula has: arguments of a function, what a sum leaves open."""
    return frame.with_inputs({**dict.fromkeys(job.any_number.values(), ()), **unknowns})
