r"""Sums with an index, sums and lists with dots.

\sum_{i=1}^{n} term        over the axis that i counts, if it has n entries; over numbers if i counts neurons
\sum_i term                over all that i counts
\sum_{i \in in(j)} term    over the neurons that are connected to j
A_1 + A_2 + \cdots + A_n   as the sum that its first two terms and its last one show
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from derive.claims import values
from derive.claims.claim import Problem, Result, Value
from derive.claims.nodes import (
    BigOperator,
    Group,
    Node,
    Offsets,
    Punct,
    Relation,
    Symbol,
    word_run,
)
from derive.claims.scope import PENDING, NotUnderstood, Scope, Table
from derive.claims.scripts import tokens_of
from derive.claims.usage import size_in
from derive.ir import build
from derive.ir.size import ONE, Size

MAX_TERMS = 400


@dataclass(frozen=True)
class Limits:
    """What stands below and above a sum: letters, the first index, the last one, or a set of neurons."""

    letters: tuple[str, ...]
    low: tuple[Node, ...] = ()
    high: tuple[Node, ...] = ()
    members: tuple[Node, ...] = ()


def index_letters(big: BigOperator) -> tuple[str, ...]:
    """The letters that a sum binds; empty where its limits are not understood."""
    try:
        return _limits(big).letters
    except NotUnderstood:
        return ()


def _limits(big: BigOperator) -> Limits:
    if big.name != r"\sum":
        raise NotUnderstood(big.span, "a sum")
    items = big.lower.items if big.lower is not None else ()
    at = next((k for k, node in enumerate(items) if isinstance(node, Relation)), None)
    head = items if at is None else items[:at]
    letters = tuple(node.name for node in head if isinstance(node, Symbol))
    others = [node for node in head if not isinstance(node, Symbol | Punct)]
    if not letters or others or any(len(letter) != 1 for letter in letters):
        raise NotUnderstood(big.span, "a sum over an index letter")
    upper = big.upper.items if big.upper is not None else ()
    if at is None:
        if upper:
            raise NotUnderstood(big.span, "a lower limit")
        return Limits(letters)
    relation = items[at]
    assert isinstance(relation, Relation)
    if len(letters) > 1 or relation.text not in ("=", r"\in"):
        raise NotUnderstood(relation.span, "limits of one index")
    rest = items[at + 1 :]
    if relation.text == "=":
        if not rest or not upper:
            raise NotUnderstood(big.span, "both limits of the sum")
        return Limits(letters, rest, upper)
    return Limits(letters, members=rest)


def series(big: Node, body: Sequence[Node], scope: Scope) -> Result:
    """The sum that `big` announces over `body`."""
    assert isinstance(big, BigOperator)
    limits = _limits(big)
    if not body:
        raise NotUnderstood(big.span, "something to sum")
    span = big.span[0], body[-1].span[1]
    for letter in limits.letters:
        scope.closed[letter] = big.span
    mark = len(scope.pending)
    inner = replace(scope, bound={**scope.bound, **{letter: scope.bind(letter) for letter in limits.letters}})
    inner.env = {name: number for name, number in scope.env.items() if name not in limits.letters}
    result = inner.read(body, inner)
    scope.fresh = inner.fresh
    waiting = [t for t in scope.pending[mark:] if set(t.letters) & set(limits.letters)]
    if waiting:
        return _over_neurons(limits, body, waiting, mark, span, scope)
    if isinstance(result, Problem):
        return result
    for letter in limits.letters:
        result = _over_axis(result, letter, inner.bound[letter], limits, span, scope)
        if isinstance(result, Problem):
            return result
    shown = ", ".join(limits.letters)
    return replace(result, text=f"sum_{shown}({result.text})")


# ----- over an axis -----


def _over_axis(value: Value, letter: str, bound: str, limits: Limits, span: Offsets, scope: Scope) -> Result:
    if limits.members:
        raise NotUnderstood(span, "a set of declared neurons")
    size = None
    if bound in value.letters:
        size = value.node.shape[value.letters.index(bound)]
    elif bound in scope.sizes:
        size = scope.sizes[bound]
    if not limits.high:
        if size is None:
            raise NotUnderstood(span, f"a range for {letter}")
        return _total(value, bound, size)
    low, high = size_in(limits.low, scope), size_in(limits.high, scope)
    if size is None:
        return _total(value, bound, high - low + ONE)
    if low is ONE and high is size:
        return _total(value, bound, size)
    first, last, count = low.number, high.number, size.number
    if first is None or last is None or count is None or not 1 <= first <= last <= count:
        scope.flaws.append(Problem("sum_limit", f"{letter} runs from {low} to {high}, but it counts 1..{size}", span))
        return _total(_masked(value, bound, low, high, size, scope), bound, size)
    parts = [values.relabelled(value, {bound: k}) for k in range(first - 1, last)]
    return values.add(parts, [1] * len(parts), span) if parts else Value(build.number(0))


def _masked(value: Value, bound: str, low: Size, high: Size, size: Size, scope: Scope) -> Value:
    """The terms of a sum to a wrong limit: nobody knows which of them are meant."""
    name = f"%{low}..{high}"
    scope.unknowns[name] = (size,)
    mask = Value(build.ref(name, (size,)), (bound,))
    labels = tuple(range(len(value.shape)))
    return replace(values.contraction([mask, value], [(), labels], labels), row=value.row, text=value.text)


def _total(value: Value, bound: str, size: Size) -> Value:
    text = value.text
    if bound in value.letters:
        return replace(values.summed(value, bound), text=text)
    node = build.mul(build.size_value(size), value.node)
    return replace(value, node=node, chain=None, text=text)


# ----- over neurons -----


def _over_neurons(
    limits: Limits, body: Sequence[Node], waiting: list[Table], mark: int, span: Offsets, scope: Scope
) -> Result:
    """The index stands for numbers of names: the terms are read one by one."""
    free = sorted({letter for table in waiting for letter in table.letters} - set(limits.letters))
    open_letters = [letter for letter in free if letter not in scope.env]
    kept = [t for t in scope.pending[mark:] if not set(t.letters) & set(limits.letters)]
    projected = [
        Table(
            tuple(letter for letter in table.letters if letter not in limits.letters),
            frozenset(
                tuple(n for letter, n in zip(table.letters, row, strict=True) if letter not in limits.letters)
                for row in table.rows
            ),
        )
        for table in waiting
        if set(table.letters) - set(limits.letters)
    ]
    scope.pending[mark:] = [*kept, *projected]
    if open_letters or kept:
        return Problem(PENDING, "letters stand for numbers", span)
    ranges = [_numbers(letter, limits, waiting, span, scope) for letter in limits.letters]
    rows = list(product(*ranges))
    if len(rows) > MAX_TERMS:
        raise NotUnderstood(span, f"a sum of at most {MAX_TERMS} terms")
    if not rows:
        return Problem("undefined_symbol", "the sum is over nothing", span)
    terms: list[Result] = []
    for row in rows:
        inner = replace(scope, env={**scope.env, **dict(zip(limits.letters, row, strict=True))}, pending=[])
        inner.bound = {name: own for name, own in scope.bound.items() if name not in limits.letters}
        terms.append(inner.read(body, inner))
        if inner.pending:
            return Problem("undefined_symbol", "a term of the sum does not exist", span)
    total = values.add(terms, [1] * len(terms), span)
    text = " + ".join(term.text for term in terms if isinstance(term, Value))
    return total if isinstance(total, Problem) else replace(total, text=f"({text})" if len(terms) > 1 else text)


def _numbers(letter: str, limits: Limits, waiting: list[Table], span: Offsets, scope: Scope) -> list[int]:
    if limits.members:
        return _connected(limits.members, span, scope)
    if limits.high:
        low, high = size_in(limits.low, scope).number, size_in(limits.high, scope).number
        if low is None or high is None:
            raise NotUnderstood(span, "limits that are numbers: the index counts single names")
        return list(range(low, high + 1))
    possible: set[int] | None = None
    for table in waiting:
        if letter in table.letters:
            at = table.letters.index(letter)
            own = {row[at] for row in table.rows}
            possible = own if possible is None else possible & own
    return sorted(possible or ())


def _connected(items: Sequence[Node], span: Offsets, scope: Scope) -> list[int]:
    r"""`in(j)`, `\mathrm{out}(i)`: the neurons that lead to j, or that i leads to."""
    group = items[-1]
    word = word_run(tuple(items), 0)
    first = items[0]
    if not word and isinstance(first, Symbol):
        word = first.name
    inner = group.items if isinstance(group, Group) else ()
    edges = scope.frame.edges
    if word.lower() not in ("in", "out", "pre", "post", "pred", "succ") or len(inner) != 1 or len(edges) != 1:
        raise NotUnderstood(span, "in(j) or out(i) of declared neurons")
    tokens = scope.substituted(tokens_of(inner))
    if not isinstance(tokens[0], int):
        raise NotUnderstood(span, "the neuron whose connections are meant")
    ((_, pairs),) = edges.items()
    incoming = word.lower() in ("in", "pre", "pred")
    return sorted({a if incoming else b for a, b in pairs if (b if incoming else a) == tokens[0]})
