r"""Sums and products with an index.

\sum_{i=1}^{n} term        over the axis that i counts, if it has n entries; over numbers if i counts neurons
\sum_{i=0}^{n-1} term      the same, counted from zero; any other part of an axis of n entries is read as far as its
                           ends are known entries, and not understood beyond: \sum_{i=1}^{n-1}
\sum_i term                over all that i counts
\sum_{i \neq j} term       over all but j; over all pairs, if j occurs nowhere else
\sum_{i \in in(j)} term    over the neurons that are connected to j
\prod_i factor             of a number of factors, or of factors that are positive: exp of the sum of their logarithms
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from derive.ir import build
from derive.ir.size import ONE, Size
from derive.meaning import values
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.reading_state import PENDING, IndexRange, NotUnderstood, Scope
from derive.meaning.reading_text import Binds, at_least
from derive.meaning.scripts import tokens_of
from derive.meaning.sum_limits import Limits, axis_lengths, free_letters, is_part, is_positive, is_whole, limits_of
from derive.meaning.usage import size_in
from derive.typography.nodes import (
    BigOperator,
    Group,
    Markup,
    Offsets,
    Symbol,
    word_run,
)

FEW = 3
"""The latest start of a sum that runs to the end of an axis: drawn axes have at least so many entries but one."""
MAX_TERMS = 400
_CONNECTED = ("in", "out", "pre", "post", "pred", "succ")


def series(big: Markup, body: Sequence[Markup], scope: Scope) -> Result:
    """The sum that `big` announces over `body`."""
    assert isinstance(big, BigOperator)
    limits = limits_of(big)
    if not body:
        raise NotUnderstood(big.span, "something to sum")
    span = big.span[0], body[-1].span[1]
    waiting_limit = _waiting_limit(limits, scope)
    if waiting_limit is not None:
        return waiting_limit
    if limits.members and not (_word(limits.members) in _CONNECTED and scope.frame.edges):
        raise NotUnderstood(big.span, "in(j) or out(i) of declared neurons, no other set")
    other = _second_letter(limits, big, body, scope)
    limits = replace(limits, letters=(*limits.letters, *other))
    for letter in limits.letters:
        scope.closed[letter] = big.span
    mark = len(scope.pending)
    inner = replace(scope, bound={**scope.bound, **{letter: scope.bind(letter) for letter in limits.letters}})
    inner.env = {name: number for name, number in scope.env.items() if name not in limits.letters}
    inner.lengths = {**scope.lengths, **axis_lengths(limits, inner)}
    inner.counting = (*scope.counting, *limits.letters) if limits.high else scope.counting
    result = inner.read(body, inner)
    scope.fresh = inner.fresh
    waiting = [t for t in scope.pending[mark:] if set(t.letters) & set(limits.letters)]
    if waiting:
        return _over_neurons(limits, body, waiting, mark, span, scope)
    if isinstance(result, Problem):
        return result
    for letter in limits.letters:
        own = replace(limits, apart=()) if letter in other else limits
        result = _over_axis(result, letter, inner.bound[letter], own, span, inner if other else scope)
        if isinstance(result, Problem):
            return result
    shown = ", ".join(limits.letters)
    return replace(result, text=f"{'prod' if limits.product else 'sum'}_{shown}({result.text})")


def _waiting_limit(limits: Limits, scope: Scope) -> Problem | None:
    """What a limit waits for, in a family written out: the number of a layer, as in a product from t + 1 to T."""
    for items in (limits.low, limits.high) if scope.frame.depth is not None else ():
        value = scope.read(items, scope) if items else None
        if isinstance(value, Problem):
            return value
    return None


def _second_letter(limits: Limits, big: Markup, body: Sequence[Markup], scope: Scope) -> tuple[str, ...]:
    r"""The j of `\sum_{i \neq j}`, if it occurs nowhere else in the statement: then the sum is over all such pairs."""
    (letter,) = limits.apart if len(limits.apart) == 1 else (None,)
    if not isinstance(letter, Symbol) or scope.letters is None or letter.name in (*scope.bound, *scope.env):
        return ()
    inside = free_letters([big, *body])
    return () if scope.letters[letter.name] > inside[letter.name] else (letter.name,)


# ----- over an axis -----


def _over_axis(value: Denotation, letter: str, bound: str, limits: Limits, span: Offsets, scope: Scope) -> Result:
    if limits.members:
        raise NotUnderstood(span, "a set of declared neurons")
    size = None
    if bound in value.letters:
        size = value.node.shape[value.letters.index(bound)]
    elif bound in scope.sizes:
        size = scope.sizes[bound]
    if limits.apart:
        if size is None or limits.product:
            raise NotUnderstood(span, f"a sum over an axis that {letter} counts")
        others = _others(bound, limits.apart, size, span, scope)
        if isinstance(others, Problem):
            return others
        labels = tuple(range(len(value.shape)))
        value = replace(values.contraction([others, value], [(), labels], labels), row=value.row, text=value.text)
    if limits.product:
        return _product(value, bound, limits, size, span, scope)
    if not limits.high:
        if size is None:
            raise NotUnderstood(span, f"a range for {letter}")
        return _total(value, bound, size)
    return _in_limits(value, letter, bound, limits, size, span, scope)


def _in_limits(
    value: Denotation, letter: str, bound: str, limits: Limits, size: Size | None, span: Offsets, scope: Scope
) -> Result:
    low, high = size_in(limits.low, scope), size_in(limits.high, scope)
    if size is None:
        return _repeated(value, high - low + ONE)
    if is_whole(low, high, size):
        if low is not ONE:
            scope.assumed[f"the index {letter} counts from 0"] = None
        return _total(value, bound, size)
    first, last, count = low.number, high.number, size.number
    if high is size and count is None and bound in value.letters and first is not None and 1 < first <= FEW:
        without = [values.relabelled(value, {bound: k}) for k in range(first - 1)]
        rest = values.add([_total(value, bound, size), *without], [1, *[-1] * len(without)], span)
        return rest if isinstance(rest, Problem) else replace(rest, text=f"{value.text} from {low}")
    if first is not None and last is not None and count is not None and 1 <= first <= last <= count:
        parts = [values.relabelled(value, {bound: k}) for k in range(first - 1, last)]
        return values.add(parts, [1] * len(parts), span) if parts else Denotation(build.number(0))
    if is_part(low, high, size, scope.picks):
        raise NotUnderstood(span, f"a sum over all that {letter} counts, 1 to {size}")
    scope.flaws.append(Problem("sum_limit", f"{letter} runs from {low} to {high}, but it counts 1..{size}", span))
    return _total(_masked(value, bound, low, high, size, scope), bound, size)


def _masked(value: Denotation, bound: str, low: Size, high: Size, size: Size, scope: Scope) -> Denotation:
    """The terms of a sum to a wrong limit: nobody knows which of them are meant."""
    name = f"%{low}..{high}"
    scope.unknowns[name] = (size,)
    mask = Denotation(build.ref(name, (size,)), (bound,))
    labels = tuple(range(len(value.shape)))
    return replace(values.contraction([mask, value], [(), labels], labels), row=value.row, text=value.text)


def _others(bound: str, apart: Sequence[Markup], size: Size, span: Offsets, scope: Scope) -> Result:
    """1 for all but the entry that the sum leaves out."""
    tokens = scope.substituted(tokens_of(apart))
    (token,) = tokens if len(tokens) == 1 else (None,)
    label = scope.axis(token, size, span, "an index that the sum leaves out")
    if isinstance(label, Problem):
        return label
    one = values.indexed(build.eye(size), [bound, label])
    return replace(one, node=build.sub(build.number(1), one.node))


def _product(value: Denotation, bound: str, limits: Limits, size: Size | None, span: Offsets, scope: Scope) -> Result:
    """Of a number of factors as it stands, else by logarithms."""
    if not value.shape and bound not in value.letters and limits.high:
        count = (size_in(limits.high, scope) - size_in(limits.low, scope) + ONE).number
        if count is not None and count >= 0:
            return values.power(value, Denotation(build.number(count), text=str(count)), span)
    if value.shape or size is None or bound not in value.letters:
        raise NotUnderstood(span, "scalar factors that the index counts")
    if limits.high:
        low, high = size_in(limits.low, scope), size_in(limits.high, scope)
        if not is_whole(low, high, size):
            if is_part(low, high, size, scope.picks):
                raise NotUnderstood(span, f"a product of all factors, 1 to {size}")
            shown = f"the product runs from {low} to {high}, but there are 1..{size}"
            return Problem("sum_limit", shown, span)
    if size.number is not None and size.number <= MAX_TERMS:
        return _multiplied([values.relabelled(value, {bound: k}) for k in range(size.number)], span)
    if not is_positive(value.node, scope.frame.graph):
        raise NotUnderstood(span, "a product of positive factors, or of a given number of them")
    total = values.summed(replace(value, node=build.call("log", value.node)), bound)
    return replace(total, node=build.call("exp", total.node), chain=None, text=value.text)


def _total(value: Denotation, bound: str, size: Size) -> Denotation:
    if bound in value.letters:
        return replace(values.summed(value, bound), text=value.text)
    return _repeated(value, size)


def _repeated(value: Denotation, count: Size) -> Denotation:
    """A sum of equal terms: of none, where the limits leave nothing to count."""
    times = build.size_value(count)
    if count.value(dict.fromkeys(count.names, 1)) < 0 or any(c < 0 for names, c in count.terms if names):
        times = build.call("maximum", times, build.number(0))
    return replace(value, node=build.mul(times, value.node), chain=None)


# ----- over neurons -----


def _over_neurons(
    limits: Limits, body: Sequence[Markup], waiting: list[IndexRange], mark: int, span: Offsets, scope: Scope
) -> Result:
    """The index stands for numbers of names: the terms are read one by one."""
    free = sorted({letter for table in waiting for letter in table.letters} - set(limits.letters))
    open_letters = [letter for letter in free if letter not in scope.env]
    kept = [t for t in scope.pending[mark:] if not set(t.letters) & set(limits.letters)]
    projected = [
        IndexRange(
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
    if limits.apart:
        left_out = scope.substituted(tokens_of(limits.apart))
        if len(left_out) != 1 or not isinstance(left_out[0], int):
            raise NotUnderstood(span, "the number of the neuron that the sum leaves out")
        ranges = [[number for number in ranges[0] if number != left_out[0]]]
    rows = list(product(*ranges))
    if len(rows) > MAX_TERMS:
        raise NotUnderstood(span, f"a sum of at most {MAX_TERMS} terms")
    if not rows and limits.product and limits.high and scope.frame.depth is not None:
        return Denotation(build.number(1), text="1")
    if not rows:
        return Problem("undefined_symbol", "the sum is over nothing", span)
    terms: list[Result] = []
    for row in rows:
        inner = replace(scope, env={**scope.env, **dict(zip(limits.letters, row, strict=True))}, pending=[])
        inner.bound = {name: own for name, own in scope.bound.items() if name not in limits.letters}
        terms.append(inner.read(body, inner))
        if inner.pending:
            return Problem("undefined_symbol", "a term of the sum does not exist", span)
    if limits.product:
        return _multiplied(terms, span)
    total = values.add(terms, [1] * len(terms), span)
    text = " + ".join(at_least(term.text, Binds.QUOTIENT) for term in terms if isinstance(term, Denotation))
    return total if isinstance(total, Problem) else replace(total, text=f"({text})" if len(terms) > 1 else text)


def _multiplied(factors: Sequence[Result], span: Offsets) -> Result:
    """The product of scalars."""
    if any(isinstance(factor, Denotation) and factor.shape for factor in factors):
        raise NotUnderstood(span, "a product of scalars")
    made = factors[0]
    for factor in factors[1:]:
        made = values.multiply(made, factor, span)
    if isinstance(made, Problem):
        return made
    return replace(made, chain=None, text=" ".join(f.text for f in factors if isinstance(f, Denotation)))


def _numbers(letter: str, limits: Limits, waiting: list[IndexRange], span: Offsets, scope: Scope) -> list[int]:
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


def _word(items: Sequence[Markup]) -> str:
    """The word that a set begins with."""
    first = items[0]
    return (word_run(tuple(items), 0) or (first.name if isinstance(first, Symbol) else "")).lower()


def _connected(items: Sequence[Markup], span: Offsets, scope: Scope) -> list[int]:
    r"""`in(j)`, `\mathrm{out}(i)`: the neurons that lead to j, or that i leads to."""
    group = items[-1]
    word = _word(items)
    inner = group.items if isinstance(group, Group) else ()
    edges = scope.frame.edges
    if word not in _CONNECTED or len(inner) != 1 or len(edges) != 1:
        raise NotUnderstood(span, "in(j) or out(i) of declared neurons")
    tokens = scope.substituted(tokens_of(inner))
    if not isinstance(tokens[0], int):
        raise NotUnderstood(span, "the neuron whose connections are meant")
    ((_, pairs),) = edges.items()
    incoming = word in ("in", "pre", "pred")
    return sorted({a if incoming else b for a, b in pairs if (b if incoming else a) == tokens[0]})
