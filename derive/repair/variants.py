"""Trying out variants of a statement: which of its links hold, in float64, without a verdict.

A variant is a source. It is read by the reader that reads every formula; a variant that is unread, has another number
of links, or a member without a value, holds nowhere. What passes here is still to be judged.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from derive.equality.equality import quick_equal
from derive.equality.probe import Point, points_of
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.judging.reader import Reader
from derive.meaning.claim import Case, Check, Claim, Equal, Problem, Reading
from derive.repair.derived import derived_lines
from derive.repair.edit import Change, Edit, Printed, Scene, Vocabulary, token_changes
from derive.repair.sense import senseless
from derive.typography.layout import replaced
from derive.typography.nodes import Offsets, Scripts, Symbol, walk
from derive.typography.statements import Statement

POINTS, MOST_POINTS = 2, 32
"""At so many points variants are tried; at more, as long as all of them are beyond a condition of the false formula."""
MOST_WORK = 800
"""So many cases are looked at for a display, in all variants that are tried; about two thousandths of a second each.

What is not found then is not offered, on a machine of any speed.
"""
UNKNOWN = ("undefined_symbol", "wrong_index", "index_shift", "index_order")


@dataclass
class Budget:
    """What may be spent on a statement: `work` in cases looked at, so many variants tried, so many tokens changed.

    Work ends a search, so that all machines find the same; the processor's time until `end` only guards against a
    variant that takes very long.
    """

    end: float
    work: int = MOST_WORK
    trials: int = MOST_WORK
    changes: int | None = None

    def spend(self, work: int, trials: int = 0) -> None:
        """So much more work, so many more trials. Raises BudgetSpent."""
        self.work -= work
        self.trials -= trials
        if self.work < 0 or self.trials < 0 or time.process_time() > self.end:
            raise BudgetSpent

    def allows(self, edit: Edit, source: str) -> bool:
        """Whether an edit changes few enough tokens."""
        if self.changes is None:
            return True
        return sum(token_changes(source[a:b], text) for (a, b), text in edit.changes) <= self.changes


class BudgetSpent(Exception):
    """The variants that may be tried for a statement, or the time for a display, are used up."""


@dataclass(frozen=True)
class Tried:
    """What a variant gave: for each link whether it holds, and in which cases; `problems` are members without value.

    `same`: the two sides are not only equal but one and the same node.
    """

    links: tuple[bool, ...]
    scopes: tuple[tuple[str, ...], ...] = ()
    failing: tuple[tuple[str, ...], ...] = ()
    problems: Mapping[int, Problem] = field(default_factory=dict)
    same: bool = False

    @property
    def holds(self) -> bool:
        return bool(self.links) and all(self.links) and not self.problems


NOTHING = Tried(())


@dataclass
class Bench:
    """The statement number `number` of a display, and the means to read other versions of it."""

    reader: Reader
    source: str
    number: int
    statement: Statement
    words: Vocabulary
    budget: Budget
    defines: bool = False
    sketches: tuple[Reader, ...] = ()
    _points: dict[int, list[Point]] = field(default_factory=dict)
    _many: int = POINTS

    def start(self, claim: Claim) -> Tried:
        """What holds of the false statement itself, at points that show that it is false if there are some."""
        made = self.tried(claim)
        while made.holds and self._many < MOST_POINTS:
            self._many *= 4
            self._points.clear()
            made = self.tried(claim)
        return made

    @property
    def count(self) -> int:
        """How many members the statement has."""
        return len(self.statement.members)

    def scene(self, member: int, tried: Tried | None = None) -> Scene:
        """What the makers of edits see of a member."""
        problem = tried.problems.get(member) if tried is not None else None
        place = problem.span if problem is not None and problem.defect in UNKNOWN else None
        shown = self.statement.members[member]
        return Scene(self.source, shown, self.statement, self.words, member == 0, place, lambda: self.derived)

    @cached_property
    def derived(self) -> tuple[Printed, ...]:
        """What the derivation prints for the left side."""
        _, claims = self.reader(self.source)
        frames = self.reader.context.frames
        return derived_lines(claims[self.number], self.source, frames, self.words.spellings)

    def place(self, member: int) -> Offsets:
        """Where a member stands, with the invisible braces that open or close inside of it: `{\\sigma }(z)`."""
        return balanced(self.source, self.statement.members[member].span)

    def text(self, member: int) -> str:
        """The author's text of a member."""
        start, end = self.place(member)
        return self.source[start:end]

    def edited(self, member: int, changes: Sequence[Change]) -> str:
        """The text of a member with replacements made; the source is as it was elsewhere."""
        start, end = self.place(member)
        inside = [((a - start, b - start), text) for (a, b), text in changes]
        return replaced(self.source[start:end], inside)

    def pair(self, left: str, right: str, *, every: bool = False) -> Tried:
        """Whether `left = right` holds in the place of the statement."""
        start, end = self.place(0)[0], self.place(self.count - 1)[1]
        return self.whole(replaced(self.source, [((start, end), f"{left} = {right}")]), every=every)

    def whole(self, source: str, *, every: bool = False) -> Tried:
        """Which links of the statement hold in another version of the display.

        What fails in a sketch is not read in every window of a family, unless that is asked for. Where a name is
        missing there, the layers may be meant one further, which the next sketch shows.
        """
        self.budget.spend(0, trials=1)
        first: Tried | None = None
        for sketch in self.sketches if not every else ():
            tried = self._read(sketch, source)
            if tried.holds:
                return self._read(self.reader, source)
            if not any(problem.defect == "undefined_symbol" for problem in tried.problems.values()):
                return tried
            first = first or tried
        return first or self._read(self.reader, source)

    def _read(self, reader: Reader, source: str) -> Tried:
        self.budget.spend(1)
        try:
            _, claims = reader(source)
        except (DeriveError, RecursionError, ValueError):
            return NOTHING
        if self.number >= len(claims):
            return NOTHING
        cases = sum(len(way) for reading in claims[self.number].readings for way in reading.ways)
        self.budget.spend(max(0, cases - 1))
        made = self.tried(claims[self.number])
        return NOTHING if any(made.links) and self._is_senseless(claims[self.number], source) else made

    def _is_senseless(self, claim: Claim, source: str) -> bool:
        _, claims = self.reader(self.source)
        return senseless(claims[self.number], claim, self.source, source)

    def tried(self, claim: Claim) -> Tried:
        """The links that hold in every reading; each reading by its best way."""
        if not self.defines and any(reading.defines for reading in claim.readings):
            return NOTHING  # a name that the edit makes up is right by definition
        found = [self._best(reading) for reading in claim.readings]
        if not found or len({len(one.links) for one in found}) > 1:
            return NOTHING
        links = tuple(all(column) for column in zip(*(one.links for one in found), strict=True))
        return Tried(links, found[0].scopes, found[0].failing, found[0].problems, found[0].same)

    def _best(self, reading: Reading) -> Tried:
        ways = [self._way(cases) for cases in reading.ways]
        return max(ways, key=lambda tried: sum(tried.links), default=NOTHING)

    def _way(self, cases: tuple[Case, ...]) -> Tried:
        count = len(cases[0].links) if cases else 0
        links, scopes, failing = [], [], []
        problems = {k: m for case in cases for k, m in enumerate(case.members) if isinstance(m, Problem)}
        for k in range(count):
            held = {case.scope: self._holds(case, k) for case in cases if k < len(case.links)}
            links.append(all(held.values()))
            scopes.append(tuple(scope for scope, good in held.items() if good))
            failing.append(tuple(scope for scope, good in held.items() if not good))
        equals = [link for case in cases for link in case.links]
        same = all(isinstance(link, Equal) and link.left is link.right for link in equals)
        return Tried(tuple(links), tuple(scopes), tuple(failing), problems, same)

    def _holds(self, case: Case, number: int) -> bool:
        link = case.links[number]
        if isinstance(link, Check):
            return link.holds
        try:
            return link.left is link.right or quick_equal(link.left, link.right, self._points_of(case.graph))
        except (DeriveError, ValueError, ArithmeticError):
            return False

    def _points_of(self, graph: ComputationGraph) -> list[Point]:
        if id(graph) not in self._points:
            self._points[id(graph)] = points_of(graph).first(self._many)
        return self._points[id(graph)]


def sketches(reader: Reader, statement: Statement) -> tuple[Reader, ...]:
    """Readers for a formula about any layer of a family that look at one window only, inside the family."""
    context, family = reader.context, reader.graph.family
    scripts = [part for member in statement.members for part in walk(member) if isinstance(part, Scripts)]
    letters = {part.name for part in walk(*scripts) if isinstance(part, Symbol)}
    if family is None or family.index not in letters:
        return ()
    frames = [frames[1] for frames in (context.frames, context.shifted) if len(frames) > 1]
    inside = [replace(context, graph=frame.graph, frames=(frame,), shifted=(), before_last=()) for frame in frames]
    return tuple(Reader(context, reader.macros, reader) for context in inside)


def balanced(source: str, span: Offsets) -> Offsets:
    """The place widened until every brace in it has its partner."""
    start, end = span
    depth = lowest = 0
    for k in range(start, end):
        if source[k] in "{}" and source[k - 1 : k] != "\\":
            depth += 1 if source[k] == "{" else -1
            lowest = min(lowest, depth)
    for _ in range(-lowest):
        start = max(0, source.rfind("{", 0, start))
    for _ in range(depth - lowest):
        end = source.find("}", end) + 1 or len(source)
    return start, end
