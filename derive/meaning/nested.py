r"""Networks written as a nest of layers with dots: `y = \sigma(w^L \cdots \sigma(w^1 x + b^1) \cdots + b^L)`.

The two rows of dots stand for the layers between. The outermost layer with the inside of the dots taken out is a
pattern; the layers inside have to be this pattern with 1, 2, ... in the place of L. The formula then claims what the
pattern claims of one layer, for every layer: in the first, the interior and the last window of the family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.meaning.claim import Case, Denotation, Problem, Reading, Result
from derive.meaning.equalities import equality
from derive.meaning.frames import Frame
from derive.meaning.reading_state import Oracle, Scope
from derive.meaning.scripts import Lin
from derive.meaning.statement import Job
from derive.typography.nodes import Ellipsis, Fraction, Group, Markup, Number, Row, Scripts, Symbol, children

_HOLE = "□"
MAX_SHOWN = 9


def nested(job: Job) -> list[Reading] | None:
    """The reading of a nest of layers, or None for another statement."""
    family = job.context.graph.family
    if family is None or [r.text for r in job.statement.relations] != ["="] or len(job.rows[0].items) != 1:
        return None
    opened = _opened(job.rows[1].items)
    if opened is None:
        return None
    outer, inner = opened
    depth = next((k for k in range(family.low, MAX_SHOWN) if _hole(_at(outer, family.high, k), inner)), None)
    if depth is None:
        return None
    for k in range(depth, family.low - 1, -1):
        hole = _hole(_at(outer, family.high, k), inner)
        if not hole:
            return None
        inner = hole
    carried = [stem for stem in family.members if f"{stem}[{family.index}-1]" in family.interior.inputs]
    if len(carried) != 1:
        return None
    first, interior, last = job.context.frames
    before = Row((0, 0), tuple(inner))
    cases = (
        _case(job, first, outer, Lin("", family.low), before, f"{carried[0]}[{family.low}]"),
        _case(
            job, interior, outer, Lin(family.index), f"{carried[0]}[{family.index}-1]", f"{carried[0]}[{family.index}]"
        ),
        _case(job, last, outer, Lin(family.high), f"{carried[0]}[{family.high}-1]", job.rows[0]),
    )
    text = job.layout.source[slice(*job.statement.span)]
    assumed = f"{carried[0]}[{family.index}] is the value of every layer"
    return [Reading("equation", text, (cases,), assumed=(assumed,))]


def _case(job: Job, frame: Frame, outer: Sequence[Markup], layer: Lin, below: str | Row, made: str | Row) -> Case:
    family = job.context.graph.family
    assert family is not None
    shifted = replace(frame, layer={**frame.layer, family.high: layer})
    scope = job.scope(shifted, Oracle(), 1, {})
    argument = _value(below, scope)
    left = _value(made, job.scope(frame, Oracle(), 0, {}))
    right: Result = argument
    if isinstance(argument, Denotation):
        scope.formal[_HOLE] = argument
        right = scope.read(outer, scope)
    return Case(frame.graph, frame.scope, (left, right), (equality(left, right, job.statement.span),))


def _value(what: str | Row, scope: Scope) -> Result:
    if isinstance(what, Row):
        return scope.read(what.items, scope)
    if what not in scope.frame.graph:
        return Problem("undefined_symbol", f"there is no {what}", (0, 0))
    return Denotation(scope.frame.graph.ref(what), text=what)


def _opened(items: tuple[Markup, ...]) -> tuple[tuple[Markup, ...], tuple[Markup, ...]] | None:
    """The row with what stands between two rows of dots replaced by a hole, and what stood there."""
    dots = [k for k, node in enumerate(items) if isinstance(node, Ellipsis)]
    if len(dots) == 2 and dots[0] > 0 and dots[1] - dots[0] > 1:
        hole = Symbol(items[dots[0]].span, _HOLE)
        return (*items[: dots[0]], hole, *items[dots[1] + 1 :]), items[dots[0] + 1 : dots[1]]
    for k, node in enumerate(items):
        if isinstance(node, Group | Row):
            inside = _opened(node.items)
            if inside is not None:
                return (*items[:k], replace(node, items=inside[0]), *items[k + 1 :]), inside[1]
    return None


def _at(items: tuple[Markup, ...], high: str, layer: int) -> tuple[Markup, ...]:
    """The pattern with a number in the place of the letter of the last layer."""
    return tuple(_renamed(node, high, layer) for node in items)


def _renamed(node: Markup, high: str, layer: int) -> Markup:
    match node:
        case Scripts():
            sub = _row(node.sub, high, layer)
            return replace(node, sub=sub, sup=_row(node.sup, high, layer))
        case Group() | Row():
            return replace(node, items=_at(node.items, high, layer))
        case Fraction():
            num, den = _row(node.num, high, layer), _row(node.den, high, layer)
            assert num is not None
            assert den is not None
            return replace(node, num=num, den=den)
        case _:
            return node


def _row(row: Row | None, high: str, layer: int) -> Row | None:
    if row is None:
        return None
    items = tuple(
        Number(node.span, str(layer)) if isinstance(node, Symbol) and node.name == high else _renamed(node, high, layer)
        for node in row.items
    )
    return replace(row, items=items)


def _hole(pattern: tuple[Markup, ...], items: tuple[Markup, ...]) -> tuple[Markup, ...] | None:
    """What stands in `items` where the pattern has its hole, if all else is the same."""
    at = next((k for k, node in enumerate(pattern) if isinstance(node, Symbol) and node.name == _HOLE), None)
    if at is not None:
        after = len(pattern) - at - 1
        end = len(items) - after
        same = end > at and pattern[:at] == items[:at] and pattern[at + 1 :] == items[end:]
        return items[at:end] if same else None
    if len(pattern) != len(items):
        return None
    found: tuple[Markup, ...] | None = None
    for own, node in zip(pattern, items, strict=True):
        if own == node:
            continue
        if found is not None or not (isinstance(own, Group | Row) and type(own) is type(node)):
            return None
        found = _hole(children(own), children(node))
        if found is None:
            return None
    return found
