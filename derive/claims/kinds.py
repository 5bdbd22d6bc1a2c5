r"""Statements that are no equations: updates, orders, shapes, conventions and ranges of an index.

w = w - \alpha \frac{dE}{dw},  w \leftarrow ...     the same parameter, minus, a positive symbol, its gradient
x \to z_1 \to a_1                                   no later name is needed for an earlier one
W \in \mathbb{R}^{a \times b},  \mathrm{shape}(X)   the shape that the model gives
w^{(l)}_{ij} : (l-1, i) \to (l, j)                  which index of a weight counts where it comes from
j = 1, 2, 3                                         for which numbers the display is stated
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from derive.claims import orders, updates
from derive.claims.claim import Case, Check, Link, Member, Problem, Reading, ShapeOf, Value
from derive.claims.context import Context
from derive.claims.links import equality
from derive.claims.lookup import resolve
from derive.claims.nested import nested
from derive.claims.nodes import (
    Ellipsis,
    Group,
    Matrix,
    Node,
    Number,
    Offsets,
    Operator,
    Punct,
    Relation,
    Row,
    Scripts,
    Symbol,
    walk,
    word_run,
)
from derive.claims.scope import NotUnderstood, Oracle, Scope
from derive.claims.usage import size_in
from derive.ir import build
from derive.ir.size import Size, show_shape

if TYPE_CHECKING:
    from derive.claims.reading import Job


def special(job: Job) -> list[Reading] | None:
    """The readings of a statement that is no equation, or None."""
    relations = [relation.text for relation in job.statement.relations]
    update = updates.update_of(job)
    if update is not None:
        return update
    if r"\to" in relations and set(relations) <= {r"\to", "=", ":"}:
        if ":" in relations:
            return orders.convention(job)
        if any(_annotation(row.items) for row in job.rows):
            return _shapes(job)
        return orders.order(job)
    if r"\in" in relations and set(relations) <= {r"\in", "=", ":="} and relations.index(r"\in") == len(relations) - 1:
        if not _is_real(job.rows[-1].items):
            raise NotUnderstood(job.rows[-1].span, r"\mathbb{R} with a shape")
        return _shapes(job)
    layers = nested(job)
    if layers is not None:
        return layers
    if range_of(job.statement, job.context) is not None:
        return _range(job)
    if relations and any(_shape_call(row.items) for row in job.rows):
        return _shapes(job)
    return None


def _shapes(job: Job) -> list[Reading]:
    from derive.claims.reading import equation

    return equation(job, "shape", None)


# ----- members -----


def member_value(items: Sequence[Node], scope: Scope) -> Member:
    """A member: an expression, or something that is only a shape."""
    if len(items) == 1 and isinstance(items[0], updates.GradientOf):
        return updates.gradient(items[0], scope)
    if _is_real(items):
        return _real(items, scope)
    called = _shape_call(items)
    if called is not None:
        inner = scope.read(called.items, scope)
        if isinstance(inner, Problem):
            return inner
        return ShapeOf(inner.shape, f"shape({inner.text})")
    node = items[0] if len(items) == 1 else None
    unknown = isinstance(node, Scripts) and isinstance(node.base, Symbol) and resolve(node.base, scope) is None
    if isinstance(node, Scripts) and unknown and _annotation(items) and resolve(node, scope) is None:
        return _named_shape(node, scope)
    if isinstance(node, Group) and node.items and isinstance(node.items[-1], Punct):
        return ShapeOf(_sizes(node.items, scope), "shape")
    return scope.read(items, scope)


def _annotation(items: Sequence[Node]) -> bool:
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


def _sizes(items: Sequence[Node], scope: Scope) -> tuple[Size, ...]:
    parts: list[list[Node]] = [[]]
    for node in items:
        if isinstance(node, Punct):
            parts.append([])
        else:
            parts[-1].append(node)
    return tuple(size_in(part, scope) for part in parts if part)


def _shape_call(items: Sequence[Node]) -> Group | None:
    word = items[0].name if items and isinstance(items[0], Symbol) else ""
    at = 1
    if word != "shape" and items:
        word = word_run(tuple(items), 0)
        at = len(word)
    if word == "shape" and len(items) == at + 1 and isinstance(items[at], Group):
        group = items[at]
        return group if isinstance(group, Group) else None
    return None


def _is_real(items: Sequence[Node]) -> bool:
    node = items[0] if len(items) == 1 else None
    base = node.base if isinstance(node, Scripts) else node
    return isinstance(base, Symbol) and base.name == "R" and base.font == "bb"


def _real(items: Sequence[Node], scope: Scope) -> ShapeOf:
    node = items[0]
    text = scope.source[node.span[0] : node.span[1]]
    if not isinstance(node, Scripts) or node.sup is None:
        return ShapeOf((), text)
    parts: list[list[Node]] = [[]]
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
    if relation == r"\to" and isinstance(a, Value) and isinstance(b, Value):
        return Check(True, "both have the shapes that stand beside them")
    if isinstance(a, ShapeOf) or isinstance(b, ShapeOf):
        for member in (a, b):
            if isinstance(member, Problem):
                return Check(False, member.message, member.defect)
        one, two = (m.shape if isinstance(m, Value | ShapeOf) else () for m in (a, b))
        letters = [m.letters for m in (a, b) if isinstance(m, Value) and m.letters]
        if letters:
            return Check(False, "an entry has no such shape", "shape_mismatch")
        holds = one == two
        shown = f"{show_shape(one)} against {show_shape(two)}"
        return Check(holds, "the shapes agree" if holds else shown, None if holds else "shape_mismatch")
    return equality(a, b, span, places)


def formal_value(letter: str) -> Value:
    """A letter that stands for any number."""
    return Value(build.ref(letter, ()), text=letter)


def decimals(row: Row) -> tuple[int, ...] | None:
    """The decimals of a member of numerals alone, one for each of its numbers; None if all are whole."""
    numbers = [node for node in walk(*row.items) if isinstance(node, Number)]
    allowed = Number | Row | Group | Matrix | Operator | Punct
    if not numbers or not all(isinstance(node, allowed) for node in walk(*row.items)):
        return None
    operators = [node for node in walk(*row.items) if isinstance(node, Operator)]
    if any(node.text not in ("-", "+") for node in operators):
        return None
    counts = [len(node.text.partition(".")[2]) for node in numbers]
    if not any(counts) or (len(numbers) > 1 and not any(isinstance(n, Matrix | Group) for n in row.items)):
        return None
    return tuple(count or max(counts) for count in counts)


# ----- ranges -----


def range_of(statement: object, context: Context) -> dict[str, tuple[int, ...]] | None:
    """The numbers that `j = 1, 2, 3` or `i = 1, \\ldots, 4` gives a letter that nothing declares."""
    from derive.claims.statements import Statement

    assert isinstance(statement, Statement)
    if len(statement.relations) != 1 or statement.relations[0].text not in ("=", r"\in"):
        return None
    left, right = (row.items for row in statement.members)
    letters = [node.name for node in left if isinstance(node, Symbol)]
    if not letters or any(not isinstance(node, Symbol | Punct) for node in left):
        return None
    if not any(isinstance(node, Punct) for node in right):
        return None
    if any(context.main.lexicon.known((letter, "", "", 0)) for letter in letters):
        return None
    numbers = [int(node.text) for node in right if isinstance(node, Number) and node.text.isdecimal()]
    dots = any(isinstance(node, Ellipsis) for node in right)
    if not all(isinstance(node, Number | Punct | Ellipsis) for node in right) or not numbers:
        return {} if dots and all(not isinstance(node, Relation) for node in right) else None
    if dots:
        numbers = list(range(numbers[0], min(numbers[-1], numbers[0] + 1000) + 1))
    return {letter: tuple(numbers) for letter in letters}


def _range(job: Job) -> list[Reading]:
    text = job.layout.source[slice(*job.statement.span)]
    right = job.rows[1].items
    last = [node for node in right if not isinstance(node, Punct | Ellipsis)][-1:]
    scope = job.scope(job.context.main, Oracle(), 1, {})
    if not all(isinstance(node, Number) for node in last):
        size_in(last, scope)
    case = Case(job.context.graph, "", (), (Check(True, "a range of an index"),))
    return [Reading("range", text, ((case,),))]
