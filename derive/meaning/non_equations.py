r"""Statements that are no equations: updates, orders, shapes and conventions.

w = w - \alpha \frac{dE}{dw},  w \leftarrow ...     the same parameter, minus, a positive symbol, its gradient
x \to z_1 \to a_1                                   no later name is needed for an earlier one
W \in \mathbb{R}^{a \times b},  \mathrm{shape}(X)   the shape that the model gives
w^{(l)}_{ij} : (l-1, i) \to (l, j)                  which index of a weight counts where it comes from
"""

from __future__ import annotations

from derive.meaning import orders, updates
from derive.meaning.claim import Reading
from derive.meaning.differentials import check_differentials
from derive.meaning.equations import equation
from derive.meaning.members import has_annotation, is_real, shape_call
from derive.meaning.nested import nested
from derive.meaning.reading_state import NotUnderstood
from derive.meaning.statement import Job


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
    if relations and any(shape_call(row.items) for row in job.rows):
        return _shapes(job)
    check_differentials(job)
    return None


def _shapes(job: Job) -> list[Reading]:
    return equation(job, "shape", None)
