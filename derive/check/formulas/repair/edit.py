"""One edit of the author's text, and what the makers of edits look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from derive.check.formulas.repair.tree import base_symbol, indexed, names, partials, sums
from derive.claims.typography.nodes import Node, Offsets, Row, Scripts, Symbol
from derive.claims.typography.statements import Statement
from derive.ir.graph import Graph

Change = tuple[Offsets, str]


@dataclass(frozen=True)
class Edit:
    """Replacements in the source that belong together, with the defect they repair, their cost, and a sentence."""

    defect: str
    changes: tuple[Change, ...]
    sentence: str
    cost: float = 1.0

    @property
    def overlaps(self) -> bool:
        """Whether two of its replacements touch the same text."""
        if len(self.changes) < 2:
            return False
        spans = sorted(span for span, _ in self.changes)
        return any(first[1] > second[0] for first, second in pairwise(spans))


@dataclass(frozen=True)
class Vocabulary:
    """How the names of a graph are written: the spelling of every value, and which letters are functions."""

    spellings: dict[str, str]
    sizes: tuple[str, ...]
    functions: frozenset[str]
    letters: dict[str, str]
    activated: tuple[str, ...]
    scalars: bool
    inverted: tuple[str, ...]
    graph: Graph


@dataclass(frozen=True)
class Scene:
    """A member of a statement that is to be repaired. `first` tells whether it is the left side."""

    source: str
    member: Row
    statement: Statement
    words: Vocabulary
    first: bool = False
    place: Offsets | None = None
    _memo: dict[str, object] = field(default_factory=dict, compare=False)

    def text(self, node: Node) -> str:
        """The author's own text of a node."""
        return self.source[node.span[0] : node.span[1]]

    def between(self, span: Offsets) -> str:
        """The author's text at a place."""
        return self.source[span[0] : span[1]]

    @cached_property
    def names(self) -> list[Node]:
        """The names of the member, in order."""
        return names(self.member)

    @cached_property
    def indexed(self) -> list[Scripts]:
        """What has a subscript, in order."""
        return indexed(self.member)

    @cached_property
    def written(self) -> tuple[str, ...]:
        """Every name that the author uses in the statement, once, as written."""
        found = (self.text(node) for member in self.statement.members for node in names(member))
        return tuple(dict.fromkeys(found))

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """What a function may be taken of: the names of the statement, and what the model takes functions of."""
        known = self.words.activated
        letters = [letter for letter in self.letters if letter.isalpha() and len(letter) == 1]
        entries = [f"{name}_{letter}" for name in known if "_" not in name for letter in letters]
        return tuple(dict.fromkeys((*self.written, *known, *entries)))

    @cached_property
    def partials_written(self) -> tuple[str, ...]:
        """Every derivative that the author writes in the statement, once."""
        found = (self.text(node) for member in self.statement.members[1:] for node in partials(member))
        return tuple(dict.fromkeys(found))

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """The single letters and numbers in the scripts of the statement."""
        found: dict[str, None] = {}
        for member in self.statement.members:
            for node in indexed(member):
                if node.sub is not None:
                    for part in node.sub.items:
                        text = self.text(part)
                        if len(text) <= 2:
                            found[text] = None
            for operator in sums(member):
                first = operator.lower.items[0] if operator.lower is not None and operator.lower.items else None
                if isinstance(first, Symbol) and len(first.name) == 1:
                    found[first.name] = None
        return tuple(found)

    def is_function(self, node: Node) -> bool:
        """Whether a name stands for a function."""
        base = base_symbol(node)
        return base is not None and base.name in self.words.functions


def wrapped(span: Offsets, opening: str, closing: str) -> tuple[Change, ...]:
    """What stands at a place, between brackets."""
    return ((span[0], span[0]), opening), ((span[1], span[1]), closing)


Maker = Callable[[Scene], Iterator[Edit]]
