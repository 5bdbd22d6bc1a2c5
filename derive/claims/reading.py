r"""Reading: from the layout of a display to its claims.

Every statement is first sorted by its form (an update, an order, a shape, a definition, an equation). The members of an
equation are read in every case that it speaks of: each window of a family whose layer letter it uses, each choice of
neurons that its letters can stand for. What a text leaves open is asked for as a choice; `combined` joins the outcomes
of all members to readings in which every choice is made once, and drops those that do not type-check, if any does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from derive.claims import kinds
from derive.claims.claim import (
    Case,
    Check,
    Claim,
    Definition,
    Kind,
    Link,
    Member,
    Problem,
    Reading,
    Unread,
    Value,
)
from derive.claims.context import Context
from derive.claims.definitions import definition_of, formal_letters
from derive.claims.expressions import expression
from derive.claims.layout import Layout
from derive.claims.links import needs_layout
from derive.claims.lookup import is_word
from derive.claims.names import Lin, base_of, tokens_of
from derive.claims.nodes import Fraction, Row, Scripts, Slip, Stray, Symbol, walk
from derive.claims.partials import count_derivatives, differential, variables_named
from derive.claims.scope import LAYOUTS, PAGE, PENDING, ChoiceKey, Frame, NotUnderstood, Oracle, Scope, outcomes
from derive.claims.statements import Statement, statements
from derive.claims.values import laid_out
from derive.errors import DeriveError
from derive.ir.graph import Declaration, Graph
from derive.ir.size import Shape, Size

MAX_READINGS = 32
MAX_CASES = 200
EQUALITIES = frozenset({"=", ":=", r"\equiv", r"\doteq"})
STRUCTURAL = frozenset({"shape_mismatch", "transposed", "wrong_index", "undefined_symbol", "sum_limit"})


def read(layout: Layout, context: Context) -> tuple[Claim, ...]:
    """Every statement of a display with its readings; what one defines is known to those behind it."""
    found: list[Claim] = []
    stated = statements(layout)
    ranges: dict[str, tuple[int, ...]] = {}
    for statement in stated:
        ranges.update(kinds.range_of(statement, context) or {})
    for statement in stated:
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
    job = Job(statement, layout, context, ranges)
    try:
        return Claim(statement, tuple(_readings(job)))
    except NotUnderstood as stopped:
        span = stopped.span if stopped.span != (0, 0) else statement.span
        return Claim(statement, (), Unread(span, stopped.expected))
    except DeriveError as error:
        return Claim(statement, (), Unread(statement.span, f"something derive can do: {error.message}"))
    except RecursionError:
        return Claim(statement, (), Unread(statement.span, "a formula with less nesting"))


@dataclass
class Job:
    """One statement that is being read."""

    statement: Statement
    layout: Layout
    context: Context
    ranges: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    formal: tuple[str, ...] = ()
    hints: dict[str, Size] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The members as rows."""
        return self.statement.members

    def scope(self, frame: Frame, oracle: Oracle, member: int, env: Mapping[str, int]) -> Scope:
        """Where a member is read."""
        made = Scope(
            frame,
            oracle,
            expression,
            source=self.layout.source,
            env=dict(env),
            definitions=self.context.definitions,
            layout=self.context.layout,
            hints=self.hints,
            member=member,
            upright=_both_signs(self.statement),
            partials=count_derivatives(self.rows[member].items) if member < len(self.rows) else 0,
        )
        for letter in self.formal:
            made.formal[letter] = kinds.formal_value(letter)
        return made


def _both_signs(statement: Statement) -> bool:
    """Whether `d` and a curly d both occur as differentials: then the curly one is direct."""
    signs = {
        differential(part.items[0])
        for row in statement.members
        for node in walk(row)
        if isinstance(node, Fraction)
        for part in (node.num, node.den)
        if part.items
    }
    return {"d", r"\partial"} <= signs


# ----- by form -----


def _readings(job: Job) -> list[Reading]:
    special = kinds.special(job)
    if special is not None:
        return special
    for relation in job.statement.relations:
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
    return _delta_defined(job, readings) or readings


def _delta_defined(job: Job, readings: list[Reading]) -> list[Reading] | None:
    r"""`\delta_k = y_k - t_k` where k cannot count what δ would be the derivative by: then it is a definition."""
    faulty = all(_faults(way) for reading in readings for way in reading.ways)
    definition = definition_of(job, delta_too=True) if faulty and len(job.rows) > 1 else None
    if definition is None or not definition.letters:
        return None
    meant = replace(job, context=job.context.with_definitions([definition]))
    made = equation(meant, "definition", definition)
    fine = [reading for reading in made if not any(_faults(way) for way in reading.ways)]
    values = [case.members[0] for reading in fine for case in reading.cases]
    entries = all(isinstance(v, Value) and not v.shape and set(v.letters) == set(definition.letters) for v in values)
    return fine if fine and entries else None


def equation(job: Job, kind: Kind, definition: Definition | None) -> list[Reading]:
    """The readings of a chain of equalities, or of a bare expression."""
    units = _units_of_windows(job)
    made = combined(job, units)
    found: list[Reading] = []
    for joined in made:
        ways = joined.ways
        members = ways[0][0].members
        shown = [_shown(member, row, job) for member, row in zip(members, job.rows, strict=True)]
        text = shown[0]
        for relation, part in zip(job.statement.relations, shown[1:], strict=True):
            text += f" {relation.text} {part}"
        defining = frozenset({0}) if definition is not None else _defining(job, ways[0])
        stray = any(isinstance(node, Stray) for row in job.rows for node in walk(row))
        slips = tuple(slip for slip in job.layout.slips if _within(slip, job.statement))
        found.append(
            Reading(
                kind,
                text,
                ways,
                assumed=joined.assumed,
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
    if isinstance(member, Value):
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
    return member.text if isinstance(member, Value) else ""


# ----- cases -----


@dataclass(frozen=True)
class Outcome:
    """One way to read one member: the choices made, the result, and what was noted."""

    choices: Mapping[ChoiceKey, int]
    result: Member | NotUnderstood
    notes: tuple[Slip, ...] = ()
    assumed: tuple[str, ...] = ()
    unknowns: tuple[tuple[str, Shape], ...] = ()


@dataclass
class Unit:
    """A case with the outcomes of all its members."""

    frame: Frame
    scope: str
    outcomes: list[list[Outcome]]


def _units_of_windows(job: Job) -> list[Unit]:
    frames, every = _windows(job)
    if every:
        units = [unit for frame in frames for unit in _units(job, frame)]
        if len(frames) == 3 and any(map(_lacks_a_layer, units)):
            moved = [unit for frame in job.context.shifted for unit in _units(job, frame)]
            return units if any(map(_lacks_a_layer, moved)) else moved
        return units
    stopped: NotUnderstood | None = None
    fallback: list[Unit] | None = None
    for frame in frames:
        try:
            units = _units(job, frame)
        except NotUnderstood as error:
            stopped = stopped or error
            continue
        if all(any(isinstance(o.result, Value) for o in member) for unit in units for member in unit.outcomes):
            return units
        fallback = fallback or units
    if fallback is None:
        assert stopped is not None
        raise stopped
    return fallback


def _lacks_a_layer(unit: Unit) -> bool:
    """Whether a member needs a name that this window does not show."""
    return any(
        all(isinstance(o.result, Problem) and o.result.defect == "undefined_symbol" for o in member)
        for member in unit.outcomes
    )


def _windows(job: Job) -> tuple[list[Frame], bool]:
    """The windows that a formula speaks of, and whether it speaks of all of them."""
    context = job.context
    letter = context.layer
    if letter is None:
        return [context.main], True
    offsets = [
        token.offset
        for row in job.rows
        for node in walk(row)
        if isinstance(node, Scripts)
        for script in _layered_scripts(node, context.main)
        for token in tokens_of(script.items)
        if isinstance(token, Lin) and token.letter == letter
    ]
    first, interior, last = context.frames
    if not offsets:
        return [last, first, interior], False
    return ([first, interior] if max(offsets) > 0 else [first, interior, last]), True


def _layered_scripts(node: Scripts, frame: Frame) -> list[Row]:
    """The scripts of a name that may hold a layer: all but a subscript that is a word."""
    base = base_of(node.base)
    word = node.sub is not None and base is not None and is_word(base[:1], tokens_of(node.sub.items), frame)
    return [script for script in (None if word else node.sub, node.sup) if script is not None]


def _units(job: Job, frame: Frame) -> list[Unit]:
    """The cases over one graph: one, or one for each choice of neurons."""
    scope = frame.scope if job.context.layer is not None and len(job.context.frames) > 1 else ""
    members, tables = _members(job, frame, {})
    if not tables:
        return [Unit(frame, scope, members)]
    letters = sorted({letter for table_letters, _ in tables for letter in table_letters})
    rows = _joined(tables, letters, job.ranges)
    if len(rows) > MAX_CASES:
        raise NotUnderstood(job.statement.span, f"indices with at most {MAX_CASES} choices")
    if not rows:
        fault = Problem("undefined_symbol", f"no numbers for {', '.join(letters)} name something", job.statement.span)
        return [Unit(frame, scope, [[Outcome({}, fault)] for _ in job.rows])]
    units = []
    for row in rows:
        env = dict(zip(letters, row, strict=True))
        shown = ", ".join(f"{letter.rstrip('°')} = {number}" for letter, number in env.items())
        members, _ = _members(job, frame, env)
        units.append(Unit(frame, ", ".join(part for part in (scope, shown) if part), members))
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
            for option in sorted(options):
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
        same = {outcome.result for outcome in found}
        members.append([replace(found[0], choices={})] if len(same) == 1 else found)
    return members, tables


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
        if not scope.variables and any(isinstance(node, Scripts) and node.primes for node in walk(row)):
            scope.variables = _named_elsewhere(job, frame, member, env)
        scopes.append(scope)
        result = kinds.member_value(row.items, scope)
        if scope.flaws and isinstance(result, Value):
            return replace(scope.flaws[0], formal=result)
        both = [letter for letter in scope.closed if letter in scope.free]
        if both and isinstance(result, Value):
            return Problem("wrong_index", f"{both[0]} is summed over and also free", scope.free[both[0]])
        return result

    for choices, result in outcomes(run):
        scope = scopes[-1]
        job.hints.update(scope.sizes)
        for table in scope.pending:
            if not set(table.letters) <= set(env):
                tables.add((table.letters, table.rows))
        if isinstance(result, Problem) and result.defect == PENDING and env:
            result = Problem("undefined_symbol", result.message, result.span)
        yield Outcome(dict(choices), result, tuple(scope.notes), tuple(scope.assumed), tuple(scope.unknowns.items()))


def _named_elsewhere(job: Job, frame: Frame, member: int, env: Mapping[str, int]) -> tuple[str, ...]:
    """The variables that the derivatives of the other members are taken by."""
    found: dict[str, None] = {}
    for k, row in enumerate(job.rows):
        if k != member:
            scope = job.scope(frame, Oracle(), k, env)
            found.update(dict.fromkeys(variables_named(row.items, scope)))
    return tuple(found)


# ----- readings -----

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
    for layout in dict.fromkeys(key[1] for key, _, _ in built):
        own = [item for item in built if item[0][1] == layout]
        least = min(_faults(way) for _, way, _ in own)
        kept = [item for item in own if _faults(item[1]) == least]
        by_page = [item for item in kept if not _against_page(item[0][0])]
        kept = by_page or kept  # what the page defines wins where both make sense
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


def _against_page(choices: object) -> bool:
    return isinstance(choices, tuple) and any(key[0] == PAGE and answer for key, answer in choices)


def _faults(way: Way) -> int:
    return sum(isinstance(link, Check) and not link.holds for case in way for link in case.links) + sum(
        isinstance(member, Problem) for case in way for member in case.members
    )


def _ways(
    job: Job, units: list[Unit], choices: Mapping[ChoiceKey, int], done: list[Outcome]
) -> Iterator[tuple[str, Way]]:
    """The cases with their links; two, if a Jacobian can be laid out in two ways."""
    width = len(job.rows)
    results = [
        tuple(outcome.result for outcome in done[k : k + width] if not isinstance(outcome.result, NotUnderstood))
        for k in range(0, len(done), width)
    ]
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
        for unit, members in zip(units, results, strict=True):
            laid = tuple(_laid(member, layout) for member in members) if layout else members
            cases.append(Case(_with_formal(unit.frame, job, unknowns), unit.scope, laid, _links(job, laid)))
        yield layout or chosen, tuple(cases)


def _laid(member: Member, layout: str) -> Member:
    is_matrix = isinstance(member, Value) and member.jacobian and len(member.shape) == 2
    return laid_out(member, layout) if is_matrix and isinstance(member, Value) else member


def _links(job: Job, members: tuple[Member, ...]) -> tuple[Link, ...]:
    found: list[Link] = []
    for k in range(len(members) - 1):
        places = next((p for p in map(kinds.decimals, job.rows[k : k + 2]) if p is not None), None)
        relation = job.statement.relations[k].text
        found.append(kinds.link(members[k], relation, members[k + 1], job.statement.span, places))
    return tuple(found)


def _with_formal(frame: Frame, job: Job, unknowns: Mapping[str, Shape]) -> Graph:
    """The graph with the letters that only this formula has: arguments of a function, what a sum leaves open."""
    graph = frame.graph
    shapes = {**dict.fromkeys(job.formal, ()), **unknowns}
    new = {name: Declaration(name, "input", shape) for name, shape in shapes.items() if name not in graph.declarations}
    return replace(graph, declarations={**graph.declarations, **new}) if new else graph
