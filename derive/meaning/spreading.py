r"""Broadcasting in formulas: an operand of fewer axes beside one of more, where there is one way to align them.

    X + b     a vector by name, as it is declared: to every row, as in NumPy         rows(b)
    X + b^T   a row: to every row                                                    rows(bᵀ)
    X + A x   a column, as matrix algebra makes it: to every column, never to rows   columns(A x)
    X + C     a matrix of one row or one column                                      rows(C), columns(C)

A name beside a square matrix fits both ways, as the array it is and as the column that it is in formulas, and is not
read: `\mathbf 1 b^\top` says which one is meant. Scalars are spread over everything, Jacobians are not spread. The text
of what is spread says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from derive.errors import ShapeError
from derive.ir import build
from derive.ir.size import ONE, Shape, Size, show_shape
from derive.meaning.claim import Denotation, Result
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.reading_text import call_text
from derive.typography.nodes import Offsets

Axes = tuple[int, ...]


class Unaligned(Exception):
    """Shapes that do not go together."""


def spread(values: Sequence[Denotation], span: Offsets, what: str) -> list[Denotation]:
    """The operands in one shape, apart from scalars. Raises Unaligned if there is none, NotUnderstood if several."""
    shapes = list(dict.fromkeys(value.shape for value in values if value.shape))
    if len({value.row for value in values if len(value.shape) == 1}) > 1 and all(len(s) == 1 for s in shapes):
        raise Unaligned(f"cannot {what} a row and a column")
    if len(shapes) < 2:
        return list(values)
    if any(value.jacobian for value in values):
        raise Unaligned(f"cannot {what} {' and '.join(map(show_shape, shapes))}")
    rank = max(map(len, shapes))
    try:
        target = list(build.broadcast_shape([shape for shape in shapes if len(shape) == rank], what))
    except ShapeError as error:
        raise Unaligned(error.message) from error
    places: list[Axes] = []
    for value in values:
        ways = [axes for axes in combinations(range(rank), len(value.shape)) if _fits(value, axes, target)]
        if not ways or (value.shape and not value.column and _trailing(value, rank) not in ways):
            both = f"{_kind(value)} and shape {show_shape(tuple(target))}"
            raise Unaligned(f"cannot {what} {both}")
        if len(ways) > 1 and value.shape:
            raise NotUnderstood(
                span, r"\mathbf 1 v^\top or v \mathbf 1^\top, not a vector v that fits rows and columns"
            )
        places.append(ways[0])
        for axis, size in zip(ways[0], value.shape, strict=True):
            target[axis] = size if target[axis] is ONE else target[axis]
    return [_stretched(value, axes, tuple(target)) for value, axes in zip(values, places, strict=True)]


def _trailing(value: Denotation, rank: int) -> Axes:
    """The axes that NumPy would align it to."""
    return tuple(range(rank - len(value.shape), rank))


def _fits(value: Denotation, axes: Axes, target: Sequence[Size]) -> bool:
    oriented = len(value.shape) == 1 and len(target) == 2 and (value.row or value.column)
    if oriented and axes != ((1,) if value.row else (0,)):
        return False
    sizes = [(size, target[axis]) for size, axis in zip(value.shape, axes, strict=True)]
    return all(own is other or ONE in (own, other) for own, other in sizes)


def _stretched(value: Denotation, axes: Axes, target: Shape) -> Denotation:
    if not value.shape or value.shape == target:
        return value
    n = len(value.letters)
    own = [axis if size is target[axis] else len(target) + axis for size, axis in zip(value.shape, axes, strict=True)]
    labels = (*range(n), *(n + axis for axis in own))
    node = build.contract([labels], tuple(range(n + len(target))), [value.node], value.node.shape[:n] + target)
    along = [axis for axis in range(len(target)) if axis not in own]
    word = ("rows", "columns")[along[0]] if len(target) == 2 and len(along) == 1 else "spread"
    return replace(value, node=node, row=False, column=False, chain=None, text=call_text(word, value.text))


def as_columns(a: Denotation, b: Denotation) -> tuple[Denotation, Denotation]:
    """A column of rank one beside a matrix of one column (or a row beside one of one row) is the same matrix."""
    ranks = len(a.shape), len(b.shape)
    x = as_matrix(a) if ranks == (1, 2) else a
    y = as_matrix(b) if ranks == (2, 1) else b
    return (x, y) if x.shape == y.shape and x.shape != (ONE, ONE) else (a, b)


def as_matrix(vector: Denotation) -> Denotation:
    """The matrix of one column, or of one row, that a vector is."""
    (size,) = vector.shape
    n = len(vector.letters)
    labels = tuple(range(n + 1))
    out = (*labels[:n], n + 1, n) if vector.row else (*labels, n + 1)
    target = (ONE, size) if vector.row else (size, ONE)
    node = build.contract([labels], out, [vector.node], vector.node.shape[:n] + target)
    return replace(vector, node=node, row=False)


def _kind(value: Denotation) -> str:
    if len(value.shape) != 1 or not (value.row or value.column):
        return f"shape {show_shape(value.shape)}"
    return f"a {'row' if value.row else 'column'} of {value.shape[0]}"


def beside_columns(results: list[Result], span: Offsets, scope: Scope) -> list[Result]:
    """A vector by name beside matrices of one column: a column as in formulas, or added to every row as in NumPy."""
    known = [value for value in results if isinstance(value, Denotation)]
    lengths = {value.shape[0] for value in known if value.shape[1:] == (ONE,)} - {ONE}
    vectors = [v for v in known if len(v.shape) == 1 and v.shape[0] in lengths and not (v.row or v.column)]
    wide = any(value.jacobian or (len(value.shape) > 1 and value.shape[1:] != (ONE,)) for value in known)
    if not vectors or wide:
        return results
    row = scope.choose(("column", span), (False, True))
    return [as_matrix(replace(v, row=row)) if v in vectors else v for v in results]
