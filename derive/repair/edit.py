"""One edit of the author's text, and what the makers of edits look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise

from derive.ir.graph import ComputationGraph
from derive.repair.tree import base_symbol, indexed, names, partials, sums
from derive.typography.nodes import Markup, Offsets, Row, Scripts, Symbol
from derive.typography.statements import Statement

Change = tuple[Offsets, str]
_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|\w|[^\s\w{}]")
_BRACKETS = re.compile(r"[{}()\s]")
_OF_ENTRY = re.compile(r"(?:\((.+)\)|(.+?))_(?:\{[a-z0-9]+\}|[a-z0-9])")


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
class Printed:
    """A side of a line of the derivation; `unlikely` is what its factors cost more, as ones that nobody writes."""

    source: str
    items: tuple[Markup, ...]
    unlikely: float = 0.0


@dataclass(frozen=True)
class Vocabulary:
    """How the names of a graph are written: the spelling of every value, and which letters are functions.

    `numbers` are the sizes that are numerals, `primed` are the functions whose
    derivatives are written with a prime, `users` the spellings of what is computed from a name.
    """

    spellings: dict[str, str]
    sizes: tuple[str, ...]
    numbers: tuple[str, ...]
    users: Mapping[str, frozenset[str]]
    functions: frozenset[str]
    primed: tuple[str, ...]
    letters: dict[str, str]
    activated: tuple[str, ...]
    scalars: bool
    inverted: tuple[str, ...]
    graph: ComputationGraph

    def joined(self, one: str, other: str) -> bool:
        """Whether one of two names is computed from the other; the letters of their entries do not matter."""
        first, second = self._bare(one), self._bare(other)
        return second in self.used_by.get(first, ()) or first in self.used_by.get(second, ())

    def alike(self, one: str, other: str) -> bool:
        """Whether two names are used together in the computation of a third: a weight and its bias."""
        none: frozenset[str] = frozenset()
        return bool(self.used_by.get(self._bare(one), none) & self.used_by.get(self._bare(other), none))

    def idle(self, text: str) -> int:
        """How many derivatives in a text say nothing: of something by itself, or of what does not depend on it."""
        found = [(self._bare(match[1].strip()), self._bare(match[2].strip())) for match in _PARTIAL.finditer(text)]
        known = self.below
        return sum(a == b or (a in known and b in known and b not in known[a]) for a, b in found)

    @cached_property
    def used_by(self) -> dict[str, frozenset[str]]:
        """What is computed from a name, both without brackets."""
        return {_unbraced(name): frozenset(map(_unbraced, users)) for name, users in self.users.items()}

    @cached_property
    def below(self) -> dict[str, frozenset[str]]:
        """What a name depends on, at any distance, without brackets."""
        found: dict[str, set[str]] = {_unbraced(name): set() for name in self.spelled}
        waiting = list(found)
        while waiting:
            name = waiting.pop()
            for user in self.used_by.get(name, ()):
                new = {name, *found[name]} - found[user]
                if new:
                    found[user] |= new
                    waiting.append(user)
        return {name: frozenset(names) for name, names in found.items()}

    def _bare(self, text: str) -> str:
        """A name without the letters of its entry and without brackets."""
        found = None if text in self.spelled else _OF_ENTRY.fullmatch(text)
        return _unbraced((found[1] or found[2]) if found is not None else text)

    @cached_property
    def spelled(self) -> frozenset[str]:
        """Every spelling of a value."""
        return frozenset(self.spellings.values())


@dataclass(frozen=True)
class Scene:
    """A member of a statement that is to be repaired. `first` tells whether it is the left side."""

    source: str
    member: Row
    statement: Statement
    words: Vocabulary
    first: bool = False
    place: Offsets | None = None
    lines: Callable[[], tuple[Printed, ...]] = tuple

    def text(self, node: Markup) -> str:
        """The author's own text of a node."""
        return self.source[node.span[0] : node.span[1]]

    def between(self, span: Offsets) -> str:
        """The author's text at a place."""
        return self.source[span[0] : span[1]]

    @cached_property
    def derived(self) -> tuple[Printed, ...]:
        """What the derivation prints for the left side; nothing for the left side itself."""
        return () if self.first else self.lines()

    @cached_property
    def names(self) -> list[Markup]:
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

    def is_function(self, node: Markup) -> bool:
        """Whether a name stands for a function."""
        base = base_symbol(node)
        return base is not None and base.name in self.words.functions


def token_changes(before: str, after: str) -> int:
    """How many tokens of one text are not in the other, whichever has more of them."""
    a, b = tokens(before), tokens(after)
    kept = sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return max(len(a), len(b)) - kept


def tokens(text: str) -> list[str]:
    """What an author writes; braces only hold it together."""
    return [found[0] for found in _TOKENS.finditer(text)]


def wrapped(span: Offsets, opening: str, closing: str) -> tuple[Change, ...]:
    """What stands at a place, between brackets."""
    return ((span[0], span[0]), opening), ((span[1], span[1]), closing)


_SIDE = r"\{(?:\\partial|d)((?:[^{}]|\{[^{}]*\})*)\}"
_PARTIAL = re.compile(r"\\frac" + _SIDE + _SIDE)
_REPEATED = re.compile(r"\\frac\{\\partial\s*([A-Za-z]+(?:\^\{?[^{}_]*\}?)?)_(?:[^{}]|\{[^{}]*\})*\}\{\\partial\s*\1_")


def _unbraced(text: str) -> str:
    return _BRACKETS.sub("", text)


def circles(text: str) -> int:
    """How many derivatives of something, or of a layer, by itself stand in a text: they say nothing."""
    own = sum(1 for found in _PARTIAL.finditer(text) if found[1].strip() == found[2].strip())
    return max(own, sum(1 for _ in _REPEATED.finditer(text)))


Maker = Callable[[Scene], Iterator[Edit]]
