r"""What stands below and above a big operator, and which factors are positive for every input.

\sum_i, \sum_{i,j}       all that the letters count
\sum_{i=1}^{n}           from a first to a last index
\sum_{i \in in(j)}       a set of neurons
\sum_{i \neq j}, \sum_{\substack{i=1 \\ i \neq j}}^{n}       all but one
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from derive.ir.graph import ComputationGraph, Declaration
from derive.ir.node import Node as Term
from derive.ir.size import ONE, Size
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.scripts import primed_letter
from derive.meaning.usage import size_in
from derive.typography.nodes import (
    BigOperator,
    Markup,
    Matrix,
    Operator,
    Punct,
    Relation,
    Row,
    Symbol,
    children,
)

_POSITIVE = frozenset({"exp", "sigmoid", "softplus"})


@dataclass(frozen=True)
class Limits:
    """What stands below and above a sum: letters, the first index, the last one, a set of neurons, one left out."""

    letters: tuple[str, ...]
    low: tuple[Markup, ...] = ()
    high: tuple[Markup, ...] = ()
    members: tuple[Markup, ...] = ()
    apart: tuple[Markup, ...] = ()
    product: bool = False


def index_letters(big: BigOperator) -> tuple[str, ...]:
    """The letters that a sum binds; empty where its limits are not understood."""
    try:
        return limits_of(big).letters
    except NotUnderstood:
        return ()


def free_letters(items: Sequence[Markup]) -> Counter[str]:
    """How often each letter occurs outside of the sums that bind it; a sum reaches to the next + or -."""
    found: Counter[str] = Counter()
    _count(items, frozenset(), found)
    return found


def _count(items: Sequence[Markup], outside: frozenset[str], found: Counter[str]) -> None:
    bound = outside
    for node in items:
        if isinstance(node, Operator) and node.text in ("+", "-"):
            bound = outside
        elif isinstance(node, BigOperator):
            bound = bound.union(index_letters(node))
        primed = primed_letter(node)
        name = node.name if isinstance(node, Symbol) else primed
        if name is not None and name not in bound:
            found[name] += 1
        for part in () if primed is not None else children(node):
            _count(part.items if isinstance(part, Row) else (part,), bound, found)


def limits_of(big: BigOperator) -> Limits:
    """The limits. Raises NotUnderstood for any other kind of them."""
    if big.name not in (r"\sum", r"\prod"):
        raise NotUnderstood(big.span, "a sum")
    items = big.lower.items if big.lower is not None else ()
    upper = big.upper.items if big.upper is not None else ()
    clauses = _clauses(items)
    main = _clause(big, clauses[0], upper)
    if len(clauses) == 2:
        more = _clause(big, clauses[1], ())
        if not more.apart or main.apart or main.members or more.letters != main.letters:
            raise NotUnderstood(big.span, "limits of one index")
        main = replace(main, apart=more.apart)
    elif len(clauses) > 2:
        raise NotUnderstood(big.span, "limits of one index")
    return replace(main, product=big.name == r"\prod")


def _clauses(items: tuple[Markup, ...]) -> list[tuple[Markup, ...]]:
    r"""`i = 1, i \neq j` and `\substack{i = 1 \\ i \neq j}` as two; letters between commas are one."""
    if len(items) == 1 and isinstance(items[0], Matrix) and items[0].env == "substack":
        return [tuple(node for cell in row for node in cell.items) for row in items[0].rows]
    relations = [k for k, node in enumerate(items) if isinstance(node, Relation)]
    commas = [k for k, node in enumerate(items) if isinstance(node, Punct)]
    if len(relations) == 2:
        at = next((k for k in commas if relations[0] < k < relations[1]), None)
        if at is not None:
            return [items[:at], items[at + 1 :]]
    return [items]


def _clause(big: BigOperator, items: tuple[Markup, ...], upper: tuple[Markup, ...]) -> Limits:
    at = next((k for k, node in enumerate(items) if isinstance(node, Relation)), None)
    head = items if at is None else items[:at]
    named = [
        node.name if isinstance(node, Symbol) else primed_letter(node) for node in head if not isinstance(node, Punct)
    ]
    letters = tuple(letter for letter in named if letter is not None)
    if not letters or len(letters) < len(named) or any(len(letter.rstrip("'")) != 1 for letter in letters):
        raise NotUnderstood(big.span, "a sum over an index letter")
    if at is None:
        if upper:
            raise NotUnderstood(big.span, "a lower limit")
        return Limits(letters)
    relation, rest = items[at], items[at + 1 :]
    assert isinstance(relation, Relation)
    if len(letters) > 1 or relation.text not in ("=", r"\in", r"\neq"):
        raise NotUnderstood(relation.span, r"limits of one index, or one that is left out (i \neq j)")
    if relation.text == "=":
        if not rest or not upper:
            raise NotUnderstood(big.span, "both limits of the sum")
        return Limits(letters, rest, upper)
    if upper or not rest:
        raise NotUnderstood(big.span, "limits of one index")
    return Limits(letters, members=rest) if relation.text == r"\in" else Limits(letters, apart=rest)


def is_whole(low: Size, high: Size, size: Size) -> bool:
    """Whether the limits are those of the whole axis, counted from one or from zero."""
    return (low is ONE and high is size) or (low.number == 0 and high + ONE is size)


def is_part(low: Size, high: Size, size: Size, picks: Callable[[], bool]) -> bool:
    """Whether the limits may be meant as those of a part of the axis, by an author who counts from one or from zero.

    A sum from one that stops early is no such part in a statement that nowhere else picks entries by their place:
    nothing in it could make up for what is left out.
    """
    first, short = low.number, (size - high).number
    if first is None:
        return True
    return first >= 0 and short is not None and short >= (first == 0) and (first != 1 or picks())


def is_positive(node: Term, graph: ComputationGraph) -> bool:
    """Whether every entry is positive for every input, as far as the form shows it."""
    stack = [node]
    while stack:
        one = stack.pop()
        if one.op == "call" and one.name in _POSITIVE and not any(one.orders):
            continue
        if one.op == "softmax" or (one.op == "number" and one.value > 0):
            continue
        if one.op == "ref":
            declared, binding = graph.declarations.get(one.name), graph.bindings.get(one.name)
            if binding is not None:
                stack.append(binding.node)
                continue
            if declared is None or not _declared_positive(declared):
                return False
        elif one.op == "pow":
            stack.append(one.args[0])
        elif one.op in ("div", "add") or (one.op == "contract" and len(set(one.labels[1])) == len(one.labels[1])):
            stack.extend(one.args)
        else:
            return False
    return True


def _declared_positive(declared: Declaration) -> bool:
    inside = declared.fact("in")
    return declared.fact("positive") is not None or (inside is not None and inside.low is not None and inside.low >= 0)


def axis_lengths(limits: Limits, scope: Scope) -> dict[str, Size]:
    """The sizes of the axes that indices count, should nothing else tell: a sum from 1 to n counts n entries."""
    try:
        low, high = size_in(limits.low, scope), size_in(limits.high, scope)
    except NotUnderstood:
        return {}
    return {scope.bound[letter]: high for letter in limits.letters} if low is ONE else {}
