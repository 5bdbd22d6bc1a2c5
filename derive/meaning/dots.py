r"""Sums and lists with dots: `A_1 + A_2 + \cdots + A_n`, `(b_1, b_2, \ldots, b_n)`.

The first two items and the last one show where an index counts up; a pattern with that index stands for them all.
"""

from __future__ import annotations

from dataclasses import replace

from derive.meaning import values
from derive.meaning.claim import Problem, Result
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.series import series
from derive.meaning.usage import size_in
from derive.typography.nodes import (
    BigOperator,
    Ellipsis,
    Fraction,
    Group,
    Markup,
    Number,
    Offsets,
    Relation,
    Row,
    Scripts,
    Symbol,
)


def ellipsis_sum(terms: list[list[Markup]], signs: list[int], span: Offsets, scope: Scope) -> Result:
    """`A_1 + A_2 + \\cdots + A_n`."""
    dots = [k for k, term in enumerate(terms) if len(term) == 1 and isinstance(term[0], Ellipsis)]
    at = dots[0]
    if len(dots) != 1 or at < 2 or at != len(terms) - 2 or len(set(signs)) != 1:
        raise NotUnderstood(span, "terms that show how the dots go on")
    first, last = terms[0], terms[-1]
    limit = pattern_of(first, terms[1], last)
    if limit is None:
        raise NotUnderstood(span, "terms that differ in one index")
    pattern, high = limit
    lower = Row(span, (Symbol(span, _DOT), Relation(span, "="), Number(span, "1")))
    made = series(BigOperator(span, r"\sum", lower, Row(span, high)), pattern, scope)
    return made if signs[0] > 0 else values.negated(made)


_DOT = "ȷ"


def pattern_of(
    first: list[Markup], second: list[Markup], last: list[Markup]
) -> tuple[list[Markup], tuple[Markup, ...]] | None:
    """The first term with an index where it counts up, and what stands there in the last one."""
    limit: list[tuple[Markup, ...]] = []
    made = _generalised(tuple(first), tuple(second), tuple(last), limit)
    if made is None or not limit or any(other != limit[0] for other in limit):
        return None
    return list(made), limit[0]


def _generalised(
    a: tuple[Markup, ...], b: tuple[Markup, ...], z: tuple[Markup, ...], limit: list[tuple[Markup, ...]]
) -> tuple[Markup, ...] | None:
    if a == b == z:
        return a
    if len(a) == len(b) == 1 and _is(a[0], "1") and _is(b[0], "2") and z:
        limit.append(z)
        return (Symbol(a[0].span, _DOT),)
    if len(a) != len(b) or len(a) != len(z):
        return None
    done: list[Markup] = []
    for one, two, end in zip(a, b, z, strict=True):
        made = _general(one, two, end, limit)
        if made is None:
            return None
        done.append(made)
    return tuple(done)


def _is(node: Markup, text: str) -> bool:
    return isinstance(node, Number) and node.text == text


def _general(a: Markup, b: Markup, z: Markup, limit: list[tuple[Markup, ...]]) -> Markup | None:
    if a == b == z:
        return a
    if _is(a, "1") and _is(b, "2"):
        limit.append((z,))
        return Symbol(a.span, _DOT)
    if type(a) is not type(b) or type(a) is not type(z):
        return None
    match a, b, z:
        case Row(), Row(), Row():
            items = _generalised(a.items, b.items, z.items, limit)
            return None if items is None else replace(a, items=items)
        case Group(), Group(), Group():
            items = _generalised(a.items, b.items, z.items, limit)
            return None if items is None else replace(a, items=items)
        case Fraction(), Fraction(), Fraction():
            num, den = _general(a.num, b.num, z.num, limit), _general(a.den, b.den, z.den, limit)
            return replace(a, num=num, den=den) if isinstance(num, Row) and isinstance(den, Row) else None
        case Scripts(), Scripts(), Scripts():
            return _general_scripts(a, b, z, limit)
        case _:
            return None


def _general_scripts(a: Scripts, b: Scripts, z: Scripts, limit: list[tuple[Markup, ...]]) -> Markup | None:
    if a.primes != b.primes or a.primes != z.primes:
        return None
    parts: list[Markup | None] = []
    for one, two, end in ((a.base, b.base, z.base), (a.sub, b.sub, z.sub), (a.sup, b.sup, z.sup)):
        if one is None and two is None and end is None:
            parts.append(None)
            continue
        made = _general(one, two, end, limit) if one is not None and two is not None and end is not None else None
        if made is None:
            return None
        parts.append(made)
    base, sub, sup = parts
    return Scripts(a.span, base, sub if isinstance(sub, Row) else None, sup if isinstance(sup, Row) else None, a.primes)


def listed(parts: list[list[Markup]], span: Offsets, scope: Scope) -> Result:
    """`(b_1, b_2, ..., b_n)`: the vector whose components the list shows."""
    dots = [k for k, part in enumerate(parts) if len(part) == 1 and isinstance(part[0], Ellipsis)]
    at = dots[0]
    if len(dots) != 1 or at != len(parts) - 2 or at < 1:
        raise NotUnderstood(span, "components that show how the dots go on")
    second = parts[1] if at > 1 else _counted(parts[0])
    limit = pattern_of(parts[0], second, parts[-1])
    if limit is None:
        raise NotUnderstood(span, "components that differ in one index")
    pattern, high = limit
    letter = scope.bind(_DOT)
    inner = replace(scope, bound={**scope.bound, _DOT: letter})
    value = inner.read(pattern, inner)
    if isinstance(value, Problem):
        return value
    count = size_in(high, scope)
    if letter not in value.letters or value.shape:
        raise NotUnderstood(span, "components that the index counts")
    position = value.letters.index(letter)
    size = value.node.shape[position]
    if size is not count:
        return Problem("sum_limit", f"the list ends at {count}, but there are {size} components", span)
    axes: list[str | int | None] = [None if own == letter else own for own in value.letters]
    made = values.indexed(value.node, axes)
    return replace(made, text=f"({value.text} for {_DOT} in 1..{count})")


def _counted(part: list[Markup]) -> list[Markup]:
    """The first component with a 2 where it has a 1, for a list that shows only one."""
    return [_second(node) for node in part]


def _second(node: Markup) -> Markup:
    match node:
        case Number(text="1"):
            return replace(node, text="2")
        case Row() | Group():
            return replace(node, items=tuple(_second(inner) for inner in node.items))
        case Scripts(sub=Row() as sub):
            second = _second(sub)
            return replace(node, sub=second) if isinstance(second, Row) else node
        case _:
            return node
