r"""The cases that a statement speaks of, with all the ways in which its members can be read there.

A formula with the layer letter of a family is read in every window of it, one with letters on single neurons for every
choice of numbers for which all its names exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from derive.equality.subgradients import TakenSlope
from derive.ir.size import Shape
from derive.meaning.claim import Denotation, Member, Problem
from derive.meaning.frames import Frame, NotInView
from derive.meaning.layer_ranges import layers_shown, of_family
from derive.meaning.lookup import is_word, resolve
from derive.meaning.members import member_value
from derive.meaning.partials import variables_named
from derive.meaning.reading_state import PENDING, ChoiceKey, NotUnderstood, Oracle, Scope, outcomes
from derive.meaning.restrictions import applies
from derive.meaning.scripts import Lin, base_of, tokens_of
from derive.meaning.statement import Job
from derive.typography.nodes import Markup, Row, Scripts, Slip, walk

MAX_CASES = 200


@dataclass(frozen=True)
class Outcome:
    """One way to read one member: the choices made, the result, and what was noted."""

    choices: Mapping[ChoiceKey, int]
    result: Member | NotUnderstood
    notes: tuple[Slip, ...] = ()
    assumed: tuple[str, ...] = ()
    unknowns: tuple[tuple[str, Shape], ...] = ()
    slopes: tuple[TakenSlope | None, ...] = ()


@dataclass
class Unit:
    """A case with the outcomes of all its members."""

    frame: Frame
    scope: str
    outcomes: list[list[Outcome]]
    env: Mapping[str, int] = field(default_factory=dict)


def units_of_windows(job: Job) -> list[Unit]:
    frames, every = _windows(job)
    if every:
        if len(frames) == 3 and not _speaks_of(job, frames[-1]):
            frames = frames[:-1]
        units = [unit for frame in _meant(job, frames) for unit in _units(job, frame)]
        if len(frames) == 3 and any(map(_lacks_a_layer, units)):
            moved = [unit for frame in _meant(job, job.context.shifted) for unit in _units(job, frame)]
            return units if any(map(_lacks_a_layer, moved)) else moved
        return units
    stopped: NotUnderstood | NotInView | None = None
    fallback: list[Unit] | None = None
    for frame in frames:
        try:
            units = _units(job, frame)
        except (NotUnderstood, NotInView) as error:
            stopped = stopped or error
            continue
        if all(any(isinstance(o.result, Denotation) for o in member) for unit in units for member in unit.outcomes):
            return units
        if frame in job.context.before_last and _is_below_last(job) and not any(map(_lacks_a_layer, units)):
            return units
        fallback = fallback or units
    if fallback is None:
        assert stopped is not None
        raise stopped
    return fallback


def _meant(job: Job, frames: Sequence[Frame]) -> list[Frame]:
    """The windows of the layers for which the formula is stated. NotInView if one shows others as well."""
    family = job.context.graph.family
    ranges = [one.layers for one in job.conditions if one.layers is not None]
    if family is None or not ranges:
        return list(frames)
    shown = [layers_shown(frame.layer[family.index], family) for frame in frames]
    first, last = min(low for low, _ in shown), max(high for _, high in shown)
    if any(layers.reaches_beyond(first, last) for layers in ranges):
        raise NotInView(f"{ranges[0].letter} counts layers that are not inside the family")
    found: list[Frame] = []
    for frame in frames:
        held = [layers.covers(*layers_shown(frame.layer[family.index], family)) for layers in ranges]
        if None in held and False not in held:
            raise NotInView(f"{ranges[0].letter} is told apart from other layers inside the family")
        if False not in held:
            found.append(frame)
    if not found:
        raise NotUnderstood(job.statement.span, "a condition that some of the layers fulfil")
    return found


def _speaks_of(job: Job, frame: Frame) -> bool:
    """Whether a name with the layer letter exists in this window: W^{(l)} that lead to layer l+1 end before L."""
    letter = job.context.layer
    scope = job.scope(frame, Oracle(), 0, {})
    layered = [node for row in job.rows for node in walk(row) if _has_layer(node, letter, job.context.main)]
    return not layered or not all(isinstance(resolve(node, scope), Problem) for node in layered)


def _has_layer(node: Markup, letter: str | None, frame: Frame) -> bool:
    if not isinstance(node, Scripts):
        return False
    tokens = (token for script in _layered_scripts(node, frame) for token in tokens_of(script.items))
    return any(isinstance(token, Lin) and token.letter == letter for token in tokens)


def _is_below_last(job: Job) -> bool:
    family = job.context.graph.family
    return family is not None and any(offset < 0 for offset in _offsets(job, family.high))


def _lacks_a_layer(unit: Unit) -> bool:
    """Whether a member needs a name that this window does not show."""
    return any(map(_is_missing, unit.outcomes))


def _is_missing(member: list[Outcome]) -> bool:
    return all(isinstance(o.result, Problem) and o.result.defect == "undefined_symbol" for o in member)


def _windows(job: Job) -> tuple[list[Frame], bool]:
    """The windows that a formula speaks of, and whether it speaks of all of them."""
    context = job.context
    letter = context.layer
    if letter is None:
        return [context.main], True
    offsets = _offsets(job, letter)
    first, interior, last = context.frames
    if not offsets:
        return [last, *context.before_last, first, interior], False
    return ([first, interior] if max(offsets) > 0 else [first, interior, last]), True


def _offsets(job: Job, letter: str) -> list[int]:
    """By how much the layers that a formula names differ from the layer with this letter."""
    return [
        token.offset
        for row in job.rows
        for node in walk(row)
        if isinstance(node, Scripts)
        for script in _layered_scripts(node, job.context.main)
        for token in tokens_of(script.items)
        if isinstance(token, Lin) and token.letter == letter
    ]


def _layered_scripts(node: Scripts, frame: Frame) -> list[Row]:
    """The scripts of a name that may hold a layer: all but a subscript that is a word."""
    base = base_of(node.base)
    word = node.sub is not None and base is not None and is_word(base[:1], tokens_of(node.sub.items), frame)
    return [script for script in (None if word else node.sub, node.sup) if script is not None]


def _units(job: Job, frame: Frame) -> list[Unit]:
    """The cases over one graph: one, or one for each choice of neurons."""
    scope = frame.scope if frame.depth or (job.context.layer is not None and len(job.context.frames) > 1) else ""
    job.hints.clear()  # sizes differ from window to window
    members, tables = _members(job, frame, {})
    if not tables:
        return [Unit(frame, scope, members)]
    letters = sorted({letter for table_letters, _ in tables for letter in table_letters})
    rows = joined = _joined(tables, letters, job.ranges)
    if frame.depth is not None and frame.depth.index in letters:
        stated = [(one.layers, one.span) for one in job.conditions if one.layers is not None]
        rows = of_family(joined, letters.index(frame.depth.index), frame.depth, stated)
    if len(rows) > MAX_CASES:
        raise NotUnderstood(job.statement.span, f"indices with at most {MAX_CASES} choices")
    if not joined:
        fault = Problem("undefined_symbol", f"no numbers for {', '.join(letters)} name something", job.statement.span)
        return [Unit(frame, scope, [[Outcome({}, fault)] for _ in job.rows])]
    if not rows:
        raise NotUnderstood(job.statement.span, "names of the layers that are counted")
    units = []
    for row in rows:
        env = dict(zip(letters, row, strict=True))
        if not applies(job.conditions, env, frame.depth.layers if frame.depth is not None else None):
            continue
        shown = ", ".join(f"{letter.rstrip('°')} = {number}" for letter, number in env.items())
        members, _ = _members(job, frame, env)
        units.append(Unit(frame, ", ".join(part for part in (scope, shown) if part), members, env))
    if not units:
        raise NotUnderstood(job.statement.span, "a condition that some of the names fulfil")
    return units


def _joined(
    tables: set[tuple[tuple[str, ...], frozenset[tuple[int, ...]]]],
    letters: Sequence[str],
    ranges: Mapping[str, tuple[int, ...]],
) -> list[tuple[int, ...]]:
    """The numbers for which every name exists; a range that the page gives decides by itself."""
    found: list[dict[str, int]] = [{}]
    for letter in letters:
        if letter in ranges:
            found = [{**row, letter: number} for row in found for number in ranges[letter]]
    for table_letters, rows in sorted(tables, key=lambda table: table[0]):
        extended: list[dict[str, int]] = []
        free = [letter for letter in table_letters if letter not in ranges]
        options = {tuple(v for k, v in zip(table_letters, row, strict=True) if k in free) for row in rows}
        for known in found:
            exist = {
                row
                for row in rows
                if all(known[k] == v for k, v in zip(table_letters, row, strict=True) if k in ranges)
            }
            own_options = {tuple(v for k, v in zip(table_letters, row, strict=True) if k in free) for row in exist}
            for option in sorted(own_options or options):
                own = dict(zip(free, option, strict=True))
                if all(known.get(k, v) == v for k, v in own.items()):
                    extended.append({**known, **own})
        unique = {tuple(sorted(row.items())): row for row in extended}
        found = list(unique.values())[: MAX_CASES + 1]
    return sorted(tuple(row[letter] for letter in letters) for row in found)


def _members(
    job: Job, frame: Frame, env: Mapping[str, int]
) -> tuple[list[list[Outcome]], set[tuple[tuple[str, ...], frozenset[tuple[int, ...]]]]]:
    """The outcomes of every member, and the tables whose letters have no number yet."""
    tables: set[tuple[tuple[str, ...], frozenset[tuple[int, ...]]]] = set()
    members = []
    for k, row in enumerate(job.rows):
        found = list(_outcomes(job, frame, k, row, env, tables))
        if all(isinstance(outcome.result, NotUnderstood) for outcome in found):
            for other in range(k + 1, len(job.rows)):  # later members may show what a letter counts
                list(_outcomes(job, frame, other, job.rows[other], env, set()))
            found = list(_outcomes(job, frame, k, row, env, tables))
        stopped = [outcome.result for outcome in found if isinstance(outcome.result, NotUnderstood)]
        if len(stopped) == len(found):
            raise stopped[0]
        found = [outcome for outcome in found if not isinstance(outcome.result, NotUnderstood)]
        if stopped and all(_has_no_type(outcome.result) for outcome in found):
            raise stopped[0]  # what was not understood may be what is meant
        same = {outcome.result for outcome in found}
        members.append([replace(found[0], choices={})] if len(same) == 1 else found)
    return members, tables


def _has_no_type(member: Member | NotUnderstood) -> bool:
    return isinstance(member, Problem) and member.defect == "shape_mismatch" and not member.stands


def _outcomes(
    job: Job,
    frame: Frame,
    member: int,
    row: Row,
    env: Mapping[str, int],
    tables: set[tuple[tuple[str, ...], frozenset[tuple[int, ...]]]],
) -> Iterator[Outcome]:
    scopes: list[Scope] = []

    def run(oracle: Oracle) -> Member:
        scope = job.scope(frame, oracle, member, env)
        if not scope.variables and job.primed[member]:
            scope.variables = _named_elsewhere(job, frame, member, env)
        scopes.append(scope)
        result = member_value(row.items, scope)
        if scope.folded and isinstance(result, Problem) and result.defect == "shape_mismatch":
            raise NotUnderstood(scope.folded[0], "a declared name: in the other case it has a shape that does not fit")
        if scope.flaws and isinstance(result, Denotation):
            return replace(scope.flaws[0], formal=result)
        both = [letter for letter in scope.closed if letter in scope.free]
        if both and isinstance(result, Denotation):
            # a sum that ends at the sign, and an index that occurs behind it: the other reach does not remove this one
            ends = any(key[0] == "reach" and not answer for key, answer in oracle.made.items())
            shown = f"{both[0]} is summed over and also free"
            return Problem("wrong_index", shown, scope.free[both[0]], stands=ends)
        return result

    for choices, result in outcomes(run):
        scope = scopes[-1]
        job.hints.update({letter: size for letter, size in scope.sizes.items() if letter not in job.hints})
        for table in scope.pending:
            if not set(table.letters) <= set(env):
                tables.add((table.letters, table.rows))
        if isinstance(result, Problem) and result.defect == PENDING and env:
            result = Problem("undefined_symbol", result.message, result.span)
        told = tuple(scope.notes), tuple(scope.assumed), tuple(scope.unknowns.items()), tuple(scope.slopes)
        yield Outcome(dict(choices), result, *told)


def _named_elsewhere(job: Job, frame: Frame, member: int, env: Mapping[str, int]) -> tuple[str, ...]:
    """The variables that the derivatives of the other members are taken by."""
    found: dict[str, None] = {}
    for k, row in enumerate(job.rows):
        if k != member:
            scope = job.scope(frame, Oracle(), k, env)
            found.update(dict.fromkeys(variables_named(row.items, scope)))
    return tuple(found)
