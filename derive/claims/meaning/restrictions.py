r"""Conditions beside a formula: the entries, numbers or points for which it is stated.

    A = B, \quad i = j              on the diagonal         δ_ij A = δ_ij B
    A = B, \quad i \neq j           beside it               (1 - δ_ij) A = (1 - δ_ij) B
    A = B, \quad i = 1, \dots, n    for all that i counts; a part of an axis is not understood
    A = B, \quad z_i > 0            where it holds          where(z_i > 0, A, 0) = where(z_i > 0, B, 0)
    A = B, \quad \forall i          as without it

A condition behind formulas holds for those since the last one, one that opens a row for those behind it, and one that
has its row to itself for all. What is a condition but none of these leaves its formulas unread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby

from derive.claims.meaning import values
from derive.claims.meaning.claim import Member, Problem, Value
from derive.claims.meaning.conditions import condition
from derive.claims.meaning.context import Context
from derive.claims.meaning.scope import NotUnderstood, Scope
from derive.claims.meaning.usage import size_in
from derive.claims.typography.nodes import (
    Ellipsis,
    Group,
    Node,
    Number,
    Offsets,
    Punct,
    Relation,
    Row,
    Scripts,
    Symbol,
    walk,
)
from derive.claims.typography.statements import Statement
from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.size import ONE, Size

_COMPARISONS = frozenset({"<", ">", r"\leq", r"\geq", r"\neq"})
_EQUALITIES = frozenset({"=", ":=", r"\equiv", r"\doteq"})
_OTHER_STATEMENTS = frozenset({r"\to", r"\leftarrow", r"\Rightarrow", r"\Leftrightarrow", ":", "+=", "-="})


@dataclass(frozen=True)
class Condition:
    """One condition. `kind`: same, apart (two index letters), range, where, all, or unknown.

    `numbers` are those that a range lists, `ends` its first and last member as they are written.
    """

    kind: str
    span: Offsets
    letters: tuple[str, ...] = ()
    items: tuple[Node, ...] = ()
    numbers: tuple[int, ...] = ()
    ends: tuple[tuple[Node, ...], tuple[Node, ...]] = ((), ())


# ----- what is a condition -----


def condition_of(statement: Statement, beside: Sequence[Statement], context: Context) -> Condition | None:
    """The condition that a statement is for those beside it, by its form; None for a claim of its own."""
    span, relations = statement.span, [relation.text for relation in statement.relations]
    rows = [row.items for row in statement.members]
    if rows[0] and isinstance(rows[0][0], Symbol) and rows[0][0].name == r"\forall":
        return _quantified(replace(statement, members=(_behind(statement.members[0]), *statement.members[1:])), context)
    if not relations:
        return None
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


def _is_limit(items: Sequence[Node]) -> bool:
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
    return made if made is not None and made.kind in ("apart", "range") else Condition("unknown", statement.span)


def announced(statement: Statement) -> Condition:
    """What words like `for all` or `if` announce, where it has no form of a condition."""
    plain = all(isinstance(node, Symbol | Scripts | Punct) for node in statement.members[0].items)
    every = re.search(r"\bfor\b|对", statement.lead.lower()) is not None
    return Condition("all" if plain and every and not statement.relations else "unknown", statement.span)


def _index(items: Sequence[Node], context: Context, used: Set[str] = frozenset()) -> str | None:
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
    rows: Sequence[tuple[Node, ...]], relations: Sequence[str], span: Offsets, context: Context
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
    parts = _parts(right)
    if dots and simple:
        numbers = list(range(numbers[0], min(numbers[-1], numbers[0] + 1000) + 1))
    return Condition("range", span, letters, numbers=tuple(numbers) if simple else (), ends=(parts[0], parts[-1]))


def _letters(items: Sequence[Node], context: Context) -> tuple[str, ...]:
    named = [node for node in items if not isinstance(node, Punct)]
    letters = [_index((node,), context) for node in named]
    return tuple(letter for letter in letters if letter is not None) if all(letters) else ()


def _parts(items: Sequence[Node]) -> list[tuple[Node, ...]]:
    parts: list[list[Node]] = [[]]
    for node in items:
        if isinstance(node, Punct):
            parts.append([])
        else:
            parts[-1].append(node)
    return [tuple(part) for part in parts if part] or [()]


# ----- for which formulas -----


def attached(stated: Sequence[Statement], conditions: Sequence[Condition | None]) -> list[list[Condition]]:
    """The conditions under which each statement of a display stands."""
    own: list[list[Condition]] = [[] for _ in stated]
    for _, line in groupby(range(len(stated)), key=lambda k: stated[k].line):
        places = list(line)
        if all(conditions[k] is not None for k in places):
            for under in own:
                under += [one for k in places if (one := conditions[k]) is not None]
            continue
        if conditions[places[0]] is None:
            places.reverse()  # conditions behind their formulas, read backwards, open the row
        current: list[Condition] = []
        for before, k in zip([places[0], *places], places, strict=False):
            one = conditions[k]
            if one is None:
                own[k] += current
            else:
                current = [*(current if conditions[before] is not None else []), one]
    return own


# ----- what a condition asks for -----


def applies(conditions: Sequence[Condition], env: Mapping[str, int]) -> bool:
    """Whether numbers in the place of letters fulfil the conditions on letters."""
    for one in conditions:
        known = [env[letter] for letter in one.letters if letter in env]
        if one.kind in ("same", "apart") and len(known) == 2 and (known[0] == known[1]) != (one.kind == "same"):
            return False
    return True


def restricted(
    a: Member, b: Member, conditions: Sequence[Condition], env: Mapping[str, int], scope: Scope
) -> tuple[Member, Member, tuple[Term, ...]]:
    """Two members, 0 where the conditions do not hold, and what says for each comparison where it does."""
    under: list[Term] = []
    if not isinstance(a, Value) or not isinstance(b, Value):
        return a, b, ()
    for one in conditions:
        sizes = values.sizes_of([a, b])
        if one.kind == "range":
            _is_full(one, sizes, scope)
        elif one.kind in ("same", "apart") and not all(letter in env for letter in one.letters):
            a, b = _times(one, a, b, sizes)
        elif one.kind == "where":
            a, b, holds = _where(one, a, b, scope)
            under.append(holds.node)
    return a, b, tuple(under)


def _is_full(one: Condition, sizes: Mapping[str, Size], scope: Scope) -> None:
    """Raises NotUnderstood if the range leaves out entries that a letter counts."""
    counted = [sizes[letter] for letter in one.letters if letter in sizes]
    if not counted:
        return
    low, high = (size_in(list(end), scope) for end in one.ends)
    gaps = one.numbers and one.numbers != tuple(range(one.numbers[0], one.numbers[-1] + 1))
    for size in counted:
        if gaps or low.number not in (0, 1) or high - low + ONE is not size:
            raise NotUnderstood(one.span, f"a range of all that {one.letters[0]} counts, 1 to {size}")


def _times(one: Condition, a: Value, b: Value, sizes: Mapping[str, Size]) -> tuple[Value, Value]:
    first, second = one.letters
    if first not in sizes or second not in sizes or sizes[first] is not sizes[second] or first == second:
        raise NotUnderstood(one.span, "two indices of the formula that count the same")
    mask = values.indexed(build.eye(sizes[first]), [first, second])
    if one.kind == "apart":
        mask = replace(mask, node=build.sub(build.number(1), mask.node))
    return _masked(mask, a), _masked(mask, b)


def _masked(mask: Value, value: Value) -> Value:
    if build.is_zero(value.node):
        return value
    labels = tuple(range(len(value.shape)))
    made = values.contraction([mask, value], [(), labels], labels)
    return replace(value, node=made.node, letters=made.letters)


def _where(one: Condition, a: Value, b: Value, scope: Scope) -> tuple[Value, Value, Value]:
    holds = condition(one.items, scope)
    if isinstance(holds, Problem):
        raise NotUnderstood(one.span, f"a condition that has a value: {holds.message}")
    shapes = {value.shape for value in (a, b) if value.shape}
    if holds.shape and shapes != {holds.shape}:
        raise NotUnderstood(one.span, "a condition on the entries that the formula speaks of")
    if shapes and not set(holds.letters) <= {*a.letters, *b.letters}:
        raise NotUnderstood(one.span, "a condition on all entries of the formula, not on one of them")
    zero = Value(build.number(0))

    def kept(value: Value) -> Value:
        if build.is_zero(value.node):
            return value
        parts = [holds, value, zero]
        made = values.together(parts, one.span, "choose between", lambda nodes: build.call("where", *nodes))
        if isinstance(made, Problem):
            raise NotUnderstood(one.span, f"a condition that fits the formula: {made.message}")
        return replace(value, node=made.node, letters=made.letters)

    return kept(a), kept(b), holds
