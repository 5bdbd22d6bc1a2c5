r"""Statements that are no equations: updates, orders, shapes, conventions and ranges of an index.

w = w - \alpha \frac{dE}{dw},  w \leftarrow ...     the same parameter, minus, a positive symbol, its gradient
x \to z_1 \to a_1                                   no later name is needed for an earlier one
W \in \mathbb{R}^{a \times b},  \mathrm{shape}(X)   the shape that the model gives
w^{(l)}_{ij} : (l-1, i) \to (l, j)                  which index of a weight counts where it comes from
j = 1, 2, 3                                         for which numbers the display is stated
"""

from __future__ import annotations

from derive.claims.meaning import orders, updates
from derive.claims.meaning.claim import Case, Check, Reading
from derive.claims.meaning.context import Context
from derive.claims.meaning.equations import equation
from derive.claims.meaning.job import Job
from derive.claims.meaning.members import has_annotation, is_real, shape_call
from derive.claims.meaning.nested import nested
from derive.claims.meaning.scope import NotUnderstood, Oracle
from derive.claims.meaning.usage import size_in
from derive.claims.typography.nodes import (
    Ellipsis,
    Number,
    Punct,
    Relation,
    Symbol,
)


def special(job: Job) -> list[Reading] | None:
    """The readings of a statement that is no equation, or None."""
    relations = [relation.text for relation in job.statement.relations]
    update = updates.update_of(job)
    if update is not None:
        return update
    if r"\to" in relations and set(relations) <= {r"\to", "=", ":"}:
        if ":" in relations:
            return orders.convention(job)
        if any(has_annotation(row.items) for row in job.rows):
            return _shapes(job)
        return orders.order(job)
    if r"\in" in relations and set(relations) <= {r"\in", "=", ":="} and relations.index(r"\in") == len(relations) - 1:
        if not is_real(job.rows[-1].items):
            raise NotUnderstood(job.rows[-1].span, r"\mathbb{R} with a shape")
        return _shapes(job)
    layers = nested(job)
    if layers is not None:
        return layers
    if range_of(job.statement, job.context) is not None:
        return _range(job)
    if relations and any(shape_call(row.items) for row in job.rows):
        return _shapes(job)
    return None


def _shapes(job: Job) -> list[Reading]:

    return equation(job, "shape", None)


# ----- ranges -----


def range_of(statement: object, context: Context) -> dict[str, tuple[int, ...]] | None:
    """The numbers that `j = 1, 2, 3` or `i = 1, \\ldots, 4` gives a letter that nothing declares."""
    from derive.claims.typography.statements import Statement

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
