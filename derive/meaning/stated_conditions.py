r"""What stands beside a formula and is a condition for it, by its form.

    i = j, \quad i \neq j               two index letters that are the same, or apart
    i = 1, \dots, n, \quad 1 \leq i \leq n      a range of an index;  l < L  of the layers (`layer_ranges`)
    z_i > 0                            a comparison of values
    \forall i                          every index

What is a condition but none of these is of the kind `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from derive.meaning.context import Context
from derive.meaning.layer_ranges import LayerRange, between_commas, layer_range
from derive.typography.nodes import (
    Ellipsis,
    Group,
    Markup,
    Number,
    Offsets,
    Punct,
    Relation,
    Row,
    Scripts,
    Symbol,
    walk,
)
from derive.typography.statements import Statement

RANGES = frozenset({"range", "layers", "all"})
"""The kinds of conditions that name what a formula holds for, and change nothing in it."""

_COMPARISONS = frozenset({"<", ">", r"\leq", r"\geq", r"\neq"})
_EQUALITIES = frozenset({"=", ":=", r"\equiv", r"\doteq"})
_OTHER_STATEMENTS = frozenset({r"\to", r"\leftarrow", r"\Rightarrow", r"\Leftrightarrow", ":", "+=", "-="})


@dataclass(frozen=True)
class Condition:
    """One condition. `kind`: same, apart (two index letters), range, layers, where, all, or unknown.

    `numbers` are those that a range lists, `ends` its first and last member as they are written.
    """

    kind: str
    span: Offsets
    letters: tuple[str, ...] = ()
    items: tuple[Markup, ...] = ()
    numbers: tuple[int, ...] = ()
    ends: tuple[tuple[Markup, ...], tuple[Markup, ...]] = ((), ())
    layers: LayerRange | None = None


def condition_of(statement: Statement, beside: Sequence[Statement], context: Context) -> Condition | None:
    """The condition that a statement is for those beside it, by its form; None for a claim of its own."""
    span, relations = statement.span, [relation.text for relation in statement.relations]
    rows = [row.items for row in statement.members]
    if rows[0] and isinstance(rows[0][0], Symbol) and rows[0][0].name == r"\forall":
        return _quantified(replace(statement, members=(_behind(statement.members[0]), *statement.members[1:])), context)
    if not relations:
        return None
    family = context.graph.family
    layers = layer_range(rows, relations, family) if family is not None and family.high not in context.graph else None
    if layers is not None:
        return Condition("layers", span, layers=layers)
    ranged = _range(rows, relations, span, context)
    if ranged is not None:
        return ranged
    used = _indices(beside)
    letters = [_index(items, context, used) for items in rows]
    if len(rows) == 2 and relations[0] in ("=", r"\neq") and all(letters):
        pair = tuple(letter for letter in letters if letter is not None)
        if relations[0] == r"\neq" or used.issuperset(pair):
            return Condition("same" if relations[0] == "=" else "apart", span, pair)
    if len(rows) == 2 and relations[0] in _EQUALITIES:
        fixed = any(letter in used for letter in letters)
        return Condition("unknown", span) if fixed else None
    if len(rows) == 2 and relations[0] in _COMPARISONS:
        items = (*rows[0], statement.relations[0], *rows[1])
        return Condition("where" if rows[0] and rows[1] else "unknown", span, items=items)
    if relations == [r"\to"] and _is_limit(rows[1]):
        return Condition("unknown", span)
    if any(text in _OTHER_STATEMENTS or text in _EQUALITIES for text in relations):
        return None
    real = relations[-1] == r"\in" and any(isinstance(n, Symbol) and n.font == "bb" for n in walk(*rows[-1]))
    return None if real else Condition("unknown", span)


def _is_limit(items: Sequence[Markup]) -> bool:
    r"""`z \to \infty`, `h \to 0`."""
    last = items[-1] if items else None
    return isinstance(last, Number) or (isinstance(last, Symbol) and last.name == r"\infty")


def _behind(row: Row) -> Row:
    r"""What `\forall` speaks of."""
    return replace(row, items=tuple(node for node in row.items[1:] if not isinstance(node, Punct) or node.text == ","))


def _quantified(statement: Statement, context: Context) -> Condition:
    """`i`, `i, j`, `i \\neq j` or a range behind the sign; anything else is not understood."""
    if not statement.relations:
        named = [node for node in statement.members[0].items if not isinstance(node, Punct)]
        plain = bool(named) and all(isinstance(node, Symbol | Scripts) for node in named)
        return Condition("all" if plain else "unknown", statement.span)
    made = condition_of(statement, (), context)
    if made is not None and made.kind in ("apart", "range", "layers"):
        return made
    return Condition("unknown", statement.span)


def announced(statement: Statement) -> Condition:
    """What words like `for all` or `if` announce, where it has no form of a condition."""
    plain = all(isinstance(node, Symbol | Scripts | Punct) for node in statement.members[0].items)
    every = re.search(r"\bfor\b|对", statement.lead.lower()) is not None
    return Condition("all" if plain and every and not statement.relations else "unknown", statement.span)


def _index(items: Sequence[Markup], context: Context, used: Set[str] = frozenset()) -> str | None:
    """An index letter: one that by itself is no name of the model or the page, but for a size used as an index."""
    node = items[0] if len(items) == 1 else None
    if not isinstance(node, Symbol) or len(node.name) != 1 or node.font:
        return None
    key = (node.name, "", "", 0)
    defined = any(definition.key == key for definition in context.definitions)
    named = any(entry.kind != "size" or node.name not in used for entry in context.main.lexicon.known(key))
    return None if defined or named else node.name


def _indices(statements: Sequence[Statement]) -> set[str]:
    """The letters in the scripts of some statements."""
    scripts = (
        script
        for statement in statements
        for node in walk(*statement.members)
        if isinstance(node, Scripts)
        for script in (node.sub, node.sup)
        if script is not None
    )
    return {node.name for script in scripts for node in walk(script) if isinstance(node, Symbol)}


def _range(
    rows: Sequence[tuple[Markup, ...]], relations: Sequence[str], span: Offsets, context: Context
) -> Condition | None:
    r"""`j = 1, 2, 3`, `i, j = 1, \dots, n`, `i \in \{1, \dots, n\}`, `1 \leq i \leq n`."""
    if list(relations) == [r"\leq", r"\leq"]:
        low, middle, high = rows
        letters = _letters(middle, context)
        return Condition("range", span, letters, ends=(low, high)) if letters else None
    if len(relations) != 1 or relations[0] not in ("=", r"\in"):
        return None
    letters, right = _letters(rows[0], context), rows[1]
    if relations[0] == r"\in" and len(right) == 1 and isinstance(right[0], Group) and right[0].open == r"\{":
        right = right[0].items
    if not letters or not any(isinstance(node, Punct) for node in right):
        return None
    numbers = [int(node.text) for node in right if isinstance(node, Number) and node.text.isdecimal()]
    dots = any(isinstance(node, Ellipsis) for node in right)
    simple = all(isinstance(node, Number | Punct | Ellipsis) for node in right) and bool(numbers)
    if not simple and (not dots or any(isinstance(node, Relation) for node in right)):
        return None
    parts = [part for part in between_commas(right) if part] or [()]
    if dots and simple:
        numbers = list(range(numbers[0], min(numbers[-1], numbers[0] + 1000) + 1))
    return Condition("range", span, letters, numbers=tuple(numbers) if simple else (), ends=(parts[0], parts[-1]))


def _letters(items: Sequence[Markup], context: Context) -> tuple[str, ...]:
    named = [node for node in items if not isinstance(node, Punct)]
    letters = [_index((node,), context) for node in named]
    return tuple(letter for letter in letters if letter is not None) if all(letters) else ()
