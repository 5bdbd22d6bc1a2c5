"""One statement that is being read, and the scope in which each of its members is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from derive.ir.size import Size
from derive.meaning.annotations import step_letter
from derive.meaning.context import Context
from derive.meaning.counted import count_derivatives
from derive.meaning.expressions import expression
from derive.meaning.frames import Frame
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.members import formal_value
from derive.meaning.partials import differential
from derive.meaning.reading_state import Oracle, Scope
from derive.meaning.scripts import Lin, tokens_of
from derive.meaning.stated_conditions import Condition
from derive.meaning.sum_limits import free_letters
from derive.typography.layout import Layout
from derive.typography.nodes import BigOperator, Fraction, Group, Operator, Row, Scripts, walk
from derive.typography.statements import Statement


@dataclass
class Job:
    """One statement that is being read."""

    statement: Statement
    layout: Layout
    context: Context
    conditions: tuple[Condition, ...] = ()
    formal: tuple[str, ...] = ()
    mark: str = ""
    said: bool = False
    hints: dict[str, Size] = field(default_factory=dict)

    @property
    def ranges(self) -> dict[str, tuple[int, ...]]:
        """The numbers that the conditions give letters."""
        return {letter: one.numbers for one in self.conditions if one.numbers for letter in one.letters}

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
            rows=self.context.rows,
            hints=self.hints,
            member=member,
            upright=self.upright,
            partials=self.partials[member] if member < len(self.rows) else 0,
            letters=self.letters,
            picks=lambda: self.picks,
            steps=lambda: self.steps,
            marks=self.context.marks | {self.mark} if self.mark else self.context.marks,
        )
        for letter, name in self.any_number.items():
            made.formal[letter] = replace(formal_value(name), text=letter)
        return made

    @property
    def any_number(self) -> dict[str, str]:
        """The letters that stand for any number here, with names that the model does not have."""
        graph = self.context.graph
        return {letter: f"any {letter}" if letter in graph else letter for letter in self.formal}

    @cached_property
    def letters(self) -> Counter[str]:
        """How often each letter occurs in the statement outside of the sums that bind it."""
        return sum((free_letters(row.items) for row in self.rows), Counter())

    @cached_property
    def picks(self) -> bool:
        """Whether the statement picks entries by their place: `x_1`, `x_{i+1}`, the last `x_n`, parts of sums."""
        sizes = self.context.graph.size_names()
        scope = self.scope(self.context.main, Oracle(), 0, {})
        nodes = list(walk(*self.rows))
        for node in nodes:
            if isinstance(node, Scripts) and node.sub is not None:
                found = resolve(node, scope)
                tokens = found.indices if isinstance(found, Resolved) else tokens_of(node.sub.items)
                if any(isinstance(t, int) or (isinstance(t, Lin) and (t.offset or t.letter in sizes)) for t in tokens):
                    return True
        ends = [node.upper for node in nodes if isinstance(node, BigOperator) and node.upper is not None]
        return sum(any(isinstance(node, Operator) for node in end.items) for end in ends) > 1

    @cached_property
    def steps(self) -> frozenset[str]:
        """The letters that count steps as arguments: the t of a statement with `w(t + 1)` and `w(t)`."""
        scope = self.scope(self.context.main, Oracle(), 0, {})
        now: set[str] = set()
        later: set[str] = set()
        for row in walk(*self.rows):
            for node, behind in pairwise(row.items) if isinstance(row, Row | Group) else ():
                letter, shifted = step_letter(behind)
                meant = resolve(node, scope) if letter else None
                if isinstance(meant, Resolved) and meant.entry.kind == "value":
                    (later if shifted else now).add(letter)
        return frozenset(now & later)

    @cached_property
    def upright(self) -> bool:
        """Whether `d` and a curly d both occur as differentials: then the curly one is direct."""
        return _both_signs(self.statement)

    @cached_property
    def primed(self) -> tuple[bool, ...]:
        """For each member whether something in it has a prime."""
        return tuple(any(isinstance(node, Scripts) and node.primes for node in walk(row)) for row in self.rows)

    @cached_property
    def partials(self) -> tuple[int, ...]:
        """How many derivatives stand in each member."""
        return tuple(count_derivatives(row.items) for row in self.rows)


def _both_signs(statement: Statement) -> bool:
    signs = {
        differential(part.items[0])
        for row in statement.members
        for node in walk(row)
        if isinstance(node, Fraction)
        for part in (node.num, node.den)
        if part.items
    }
    return {"d", r"\partial"} <= signs
