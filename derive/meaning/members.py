r"""Members of a statement: expressions and mere shapes, and what a relation between two of them asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.ir import build
from derive.ir.size import Size, show_shape
from derive.meaning.claim import Check, Denotation, Link, Member, Problem, Result, ShapeOf
from derive.meaning.equalities import equality
from derive.meaning.lookup import resolve
from derive.meaning.partials import single
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.usage import size_in
from derive.meaning.values import multiply, negated
from derive.meaning.variables import Variable, variable
from derive.typography.nodes import (
    Group,
    Markup,
    Matrix,
    Number,
    Offsets,
    Operator,
    Punct,
    Row,
    Scripts,
    Symbol,
    walk,
    word_run,
)


@dataclass(frozen=True, slots=True)
class GradientOf(Markup):
    """In the place of a member: the derivative of the loss by what `items` name, times the `rates` and the sign."""

    items: tuple[Markup, ...]
    rates: tuple[str, ...]
    sign: int = 1


def gradient(node: GradientOf, scope: Scope) -> Result:
    """The derivative that an update asks for."""
    q = variable(node.items, scope)
    loss = scope.frame.graph.loss
    if isinstance(q, Problem):
        return q
    if loss is None:
        raise NotUnderstood(node.span, "a model with a loss")
    made: Result = single(Variable(loss), q, node.span, scope)
    for rate in node.rates:
        made = multiply(Denotation(build.ref(rate, ()), text=rate), made, node.span)
    return made if node.sign > 0 else negated(made)


def member_value(items: Sequence[Markup], scope: Scope) -> Member:
    """A member: an expression, or something that is only a shape."""
    if len(items) == 1 and isinstance(items[0], GradientOf):
        return gradient(items[0], scope)
    if is_real(items):
        return _real(items, scope)
    called = shape_call(items)
    if called is not None:
        inner = scope.read(called.items, scope)
        if isinstance(inner, Problem):
            return inner
        return ShapeOf(inner.shape, f"shape({inner.text})")
    node = items[0] if len(items) == 1 else None
    unknown = isinstance(node, Scripts) and isinstance(node.base, Symbol) and resolve(node.base, scope) is None
    if isinstance(node, Scripts) and unknown and has_annotation(items) and resolve(node, scope) is None:
        return _named_shape(node, scope)
    if isinstance(node, Group) and node.items and isinstance(node.items[-1], Punct):
        return ShapeOf(_sizes(node.items, scope), "shape")
    return scope.read(items, scope)


def has_annotation(items: Sequence[Markup]) -> bool:
    node = items[0] if len(items) == 1 else None
    if not isinstance(node, Scripts) or node.sub is None or len(node.sub.items) != 1:
        return False
    group = node.sub.items[0]
    return isinstance(group, Group) and any(isinstance(inner, Punct) for inner in group.items)


def _named_shape(node: Scripts, scope: Scope) -> ShapeOf:
    assert node.sub is not None
    group = node.sub.items[0]
    assert isinstance(group, Group)
    return ShapeOf(_sizes(group.items, scope), scope.source[node.span[0] : node.span[1]])


def _sizes(items: Sequence[Markup], scope: Scope) -> tuple[Size, ...]:
    parts: list[list[Markup]] = [[]]
    for node in items:
        if isinstance(node, Punct):
            parts.append([])
        else:
            parts[-1].append(node)
    return tuple(size_in(part, scope) for part in parts if part)


def shape_call(items: Sequence[Markup]) -> Group | None:
    word = items[0].name if items and isinstance(items[0], Symbol) else ""
    at = 1
    if word != "shape" and items:
        word = word_run(tuple(items), 0)
        at = len(word)
    if word == "shape" and len(items) == at + 1 and isinstance(items[at], Group):
        group = items[at]
        return group if isinstance(group, Group) else None
    return None


def is_real(items: Sequence[Markup]) -> bool:
    node = items[0] if len(items) == 1 else None
    base = node.base if isinstance(node, Scripts) else node
    return isinstance(base, Symbol) and base.name == "R" and base.font == "bb"


def _real(items: Sequence[Markup], scope: Scope) -> ShapeOf:
    node = items[0]
    text = scope.source[node.span[0] : node.span[1]]
    if not isinstance(node, Scripts) or node.sup is None:
        return ShapeOf((), text)
    parts: list[list[Markup]] = [[]]
    for inner in node.sup.items:
        if isinstance(inner, Operator) and inner.text == r"\times":
            parts.append([])
        else:
            parts[-1].append(inner)
    if node.sub is not None:
        scope.note("notation", node.span, "the subscript belongs into the exponent")
        parts[-1][-1] = Scripts(node.span, parts[-1][-1], node.sub)
    if any(not part for part in parts):
        raise NotUnderstood(node.span, "a size on both sides of the sign")
    return ShapeOf(tuple(size_in(part, scope) for part in parts), text)


def link(a: Member, relation: str, b: Member, span: Offsets, places: tuple[int, ...] | None) -> Link:
    """What a relation between two members asks for."""
    if relation == r"\to" and isinstance(a, Denotation) and isinstance(b, Denotation):
        return Check(True, "both have the shapes that stand beside them")
    if isinstance(a, ShapeOf) or isinstance(b, ShapeOf):
        for member in (a, b):
            if isinstance(member, Problem):
                return Check(False, member.message, member.defect)
        one, two = (m.shape if isinstance(m, Denotation | ShapeOf) else () for m in (a, b))
        letters = [m.letters for m in (a, b) if isinstance(m, Denotation) and m.letters]
        if letters:
            return Check(False, "an entry has no such shape", "shape_mismatch")
        holds = one == two
        shown = f"{show_shape(one)} against {show_shape(two)}"
        return Check(holds, "the shapes agree" if holds else shown, None if holds else "shape_mismatch")
    return equality(a, b, span, places)


def formal_value(letter: str) -> Denotation:
    """A letter that stands for any number."""
    return Denotation(build.ref(letter, ()), text=letter)


def decimals(row: Row) -> tuple[int, ...] | None:
    """The decimals of a member of numerals alone, one for each of its numbers; None if all are whole."""
    numbers: list[Number] = []
    for node in walk(*row.items):
        if not isinstance(node, Number | Row | Group | Matrix | Operator | Punct):
            return None
        if isinstance(node, Group) and node.open not in ("(", "["):
            return None  # |0.3| is a value that is worked out
        if isinstance(node, Operator) and node.text not in ("-", "+"):
            return None
        if isinstance(node, Number):
            numbers.append(node)
    if not numbers:
        return None
    counts = [len(node.text.partition(".")[2]) for node in numbers]
    if not any(counts) or (len(numbers) > 1 and not any(isinstance(n, Matrix | Group) for n in row.items)):
        return None
    return tuple(count or max(counts) for count in counts)
