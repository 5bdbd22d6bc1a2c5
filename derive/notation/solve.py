r"""From a contraction to matrix algebra.

A matrix has a row and a column label, a vector is a column. Factors are joined, nearest first, until one is left:

    equal labels             A[i,j] B[i,j]                  A ∘ B
    a label of two factors   sum_k A[i,k] B[k,j]            A B        (either turned as needed)
    both labels of two       sum_{i,j} A[i,j] B[i,j]        tr(A^T B)
    a label of one factor    sum_k A[i,k],  sum_k A[k,j]    A 1,  the sum of the rows of A
    a label of three         v[i] A[i,j] ...                diag(v) A
    two vectors              x[i] y[j]                      x y^T
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.ir import build
from derive.ir.node import Labels, Node
from derive.ir.size import ONE
from derive.notation.flattening import Flat
from derive.notation.matrix_algebra import (
    Diagonal,
    Identity,
    Leaf,
    NoMatrixForm,
    Ones,
    RowSum,
    Term,
    Trace,
    Turned,
    chained,
    circled,
    turned,
)


@dataclass(frozen=True)
class LabelledTerm:
    """A term with its labels: none for a scalar, one for a column, two for a matrix."""

    term: Term
    labels: Labels

    def oriented(self, row: int) -> Term:
        """The matrix with that row label."""
        return self.term if self.labels[0] == row else turned(self.term)


@dataclass(frozen=True)
class Solved:
    """`scalars` times `term`; no term means the scalars are all there is."""

    scalars: tuple[Term, ...]
    term: Term | None


def solve(flat: Flat) -> Solved:
    """The matrix form of a flat contraction of at most two result axes; raises NoMatrixForm if there is none."""
    out = flat.out
    if len(out) > 2:
        raise NoMatrixForm
    diagonal = len(out) == 2 and out[0] == out[1]
    target = out[:1] if diagonal else out
    items: list[LabelledTerm] = []
    for labels, node in flat.factors:
        items.append(_item(labels, node, flat))
    borne = {label for item in items for label in item.labels}
    # axes of size one that nothing bears need no ones
    target = tuple(label for label in target if label in borne or flat.sizes[label] is not ONE)
    while (joined := _join(items, target, flat)) is not None:
        items = joined
    scalars = tuple(item.term for item in items if not item.labels)
    rest = [item for item in items if item.labels]
    if not target:
        if rest:
            raise NoMatrixForm
        return Solved(scalars, None)
    if diagonal:
        size = flat.sizes[target[0]]
        return Solved(scalars, Diagonal(_column(rest, target[0], flat)) if rest else Identity(size))
    if len(target) == 1:
        column = _column(rest, target[0], flat)
        return Solved(scalars, turned(column) if len(out) == 2 and target[0] == out[1] else column)
    return Solved(scalars, _matrix(rest, target, flat))


def _item(labels: Labels, node: Node, flat: Flat) -> LabelledTerm:
    if len(labels) > 2:
        raise NoMatrixForm
    if labels and all(flat.sizes[label] is ONE and label not in flat.out for label in labels):
        # the sum of one entry is that entry: \mathbf{1}^\top v would be read with a longer column of ones
        return LabelledTerm(Leaf(build.entry(node, (0,) * len(labels))), ())
    term: Term = Leaf(node)
    if len(labels) == 2:
        uses = [sum(label in other for other, _ in flat.factors) + (label in flat.out) for label in labels]
        if labels[0] == labels[1]:
            if uses[0] == 1 and labels[0] not in flat.out:
                return LabelledTerm(Trace(term), ())
            return LabelledTerm(Diagonal(term, of_matrix=True), labels[:1])
        for k in (0, 1):  # an axis of size one that nothing else has: the matrix is a row or a column
            if uses[k] == 1 and flat.sizes[labels[k]] is ONE:
                return LabelledTerm(term if k == 1 else Turned(term), (labels[1 - k],))
    return LabelledTerm(term, labels)


def _join(items: list[LabelledTerm], target: Labels, flat: Flat) -> list[LabelledTerm] | None:
    """One step, or None if only labels of the result are left, each in one place."""
    for rule in (_contract_all, _circle, _chain):
        joined = rule(items, target)
        if joined is not None:
            return joined
    return _sum_rows_or_columns(items, target, flat) or _absorb(items)


def _uses(items: Sequence[LabelledTerm]) -> dict[int, list[int]]:
    uses: dict[int, list[int]] = {}
    for k, item in enumerate(items):
        for label in item.labels:
            uses.setdefault(label, []).append(k)
    return uses


def _replaced(items: list[LabelledTerm], first: int, second: int, new: LabelledTerm) -> list[LabelledTerm]:
    return [new if k == first else item for k, item in enumerate(items) if k != second]


def _pairs(items: list[LabelledTerm]) -> list[tuple[int, int]]:
    at: dict[frozenset[int], int] = {}
    found = []
    for k, item in enumerate(items):
        if item.labels:
            first = at.setdefault(frozenset(item.labels), k)
            if first != k:
                found.append((first, k))
    return found


def _contract_all(items: list[LabelledTerm], target: Labels) -> list[LabelledTerm] | None:
    """x^T y and tr(A B): two factors that share all their labels with nothing else."""
    uses = _uses(items)
    for a, b in _pairs(items):
        first, second = items[a], items[b]
        if any(label in target or len(uses[label]) > 2 for label in first.labels):
            continue
        if len(first.labels) == 1:
            return _replaced(items, a, b, LabelledTerm(chained(turned(first.term), second.term), ()))
        # the label that came first is the one the author took the trace over
        row, column = sorted(first.labels)
        left, right = first.oriented(row), second.oriented(column)
        return _replaced(items, a, b, LabelledTerm(Trace(chained(left, right)), ()))
    return None


def _circle(items: list[LabelledTerm], target: Labels) -> list[LabelledTerm] | None:
    for a, b in _pairs(items):
        first, second = items[a], items[b]
        labels = target if set(target) == set(first.labels) else first.labels
        if len(labels) == 1:
            return _replaced(items, a, b, LabelledTerm(circled(first.term, second.term), labels))
        both = circled(first.oriented(labels[0]), second.oriented(labels[0]))
        return _replaced(items, a, b, LabelledTerm(both, labels))
    return None


def _chain(items: list[LabelledTerm], target: Labels) -> list[LabelledTerm] | None:
    # neighbours first: what the author multiplied stays together
    uses = sorted(_uses(items).items(), key=lambda use: use[1][-1] - use[1][0])
    for label, places in uses:
        if label in target or len(places) != 2:
            continue
        first, second = items[places[0]], items[places[1]]
        left = tuple(other for other in first.labels if other != label)
        right = tuple(other for other in second.labels if other != label)
        if left and right and left + right == target[::-1]:
            first, second, left, right = second, first, right, left
        if not left:  # a column comes last
            first, second, left, right = second, first, right, left
        a = first.oriented(left[0])
        b = second.oriented(label) if right else second.term
        return _replaced(items, places[0], places[1], LabelledTerm(chained(a, b), left + right))
    return None


def _sum_rows_or_columns(items: list[LabelledTerm], target: Labels, flat: Flat) -> list[LabelledTerm] | None:
    for label, places in _uses(items).items():
        if label in target or len(places) != 1:
            continue
        (place,) = places
        item, size = items[place], flat.sizes[label]
        if len(item.labels) == 1:
            new = LabelledTerm(chained(turned(Ones(size)), item.term), ())
        else:
            other = next(o for o in item.labels if o != label)
            by_rows = (item.labels[0] == label) != isinstance(item.term, Turned)
            natural = item.term if item.labels[0] == label else turned(item.term)
            summed = RowSum(natural, size) if by_rows else chained(item.oriented(other), Ones(size))
            new = LabelledTerm(summed, (other,))
        return [new if k == place else it for k, it in enumerate(items)]
    return None


def _absorb(items: list[LabelledTerm]) -> list[LabelledTerm] | None:
    """diag(v) A, where the label of v is also one of A."""
    for k, vector in enumerate(items):
        if len(vector.labels) != 1:
            continue
        for j, matrix in enumerate(items):
            if len(matrix.labels) == 2 and vector.labels[0] in matrix.labels:
                scale = Diagonal(vector.term)
                before = matrix.labels[0] == vector.labels[0]
                new = chained(scale, matrix.term) if before else chained(matrix.term, scale)
                return [LabelledTerm(new, matrix.labels) if m == j else it for m, it in enumerate(items) if m != k]
    return None


def _column(items: list[LabelledTerm], label: int, flat: Flat) -> Term:
    if not items:
        return Ones(flat.sizes[label])
    if len(items) != 1 or items[0].labels != (label,):
        raise NoMatrixForm
    return items[0].term


def _matrix(items: list[LabelledTerm], target: Labels, flat: Flat) -> Term:
    row, column = target
    if len(items) == 1 and len(items[0].labels) == 2:
        return items[0].oriented(row)
    at = {item.labels[0]: item.term for item in items if len(item.labels) == 1}
    if len(at) != len(items) or not set(at) <= set(target):
        raise NoMatrixForm
    left = at.get(row, Ones(flat.sizes[row]))
    right = at.get(column, Ones(flat.sizes[column]))
    return chained(left, turned(right))
