r"""Entries, sums and products of SymPy as contractions.

    Sum(W[i, j]*x[j], (j, 0, n - 1))       contraction of W and x over the axis of size n; i stays
    Sum(x[k]**2, (k, 1, n))                counted from one: the same axis
    Sum(x[k], (k, 1, 2))                   a part of an axis: x[1] + x[2]
    KroneckerDelta(i, j)                   the identity

Inside of a sum, and in the definition of an entry, an expression stands for all of its entries: its node has one axis
for each index letter in it, in the order in which the scope holds the letters. Indices count from 0 unless the sums
over a tensor run from 1 to its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.errors import ModelError, UnsupportedError
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import Shape, Size, show_shape
from derive.model.symbolic_input import Definitions
from derive.model.symbolic_names import Conversion, tensor
from derive.model.symbolic_parts import fraction

MOST_TERMS = 200
"""Of a sum over a part of an axis, which is written out."""
Letters = tuple[Any, ...]


def letters_of(converter: Conversion, expression: Any) -> Letters:
    """The index letters in an expression, in the order of the scope."""
    if not converter.indices:
        return ()
    free = expression.free_symbols
    return tuple(letter for letter in converter.indices if letter in free)


def laid(converter: Conversion, parts: Sequence[tuple[Any, Node]], out: Letters) -> Node:
    """The product of entries, summed over what is not in `out`, with one axis for each letter of `out`."""
    number = {letter: k for k, letter in enumerate(converter.indices)}
    ins = [tuple(number[letter] for letter in letters_of(converter, part)) for part, _ in parts]
    shape = tuple(converter.indices[letter][1] for letter in out)
    if len(parts) == 1 and ins[0] == tuple(number[letter] for letter in out):
        return parts[0][1]
    return build.contract(ins, tuple(number[letter] for letter in out), [node for _, node in parts], shape)


def aligned(converter: Conversion, expression: Any, operands: Sequence[Any], args: list[Node]) -> list[Node]:
    """The operands of an elementwise rule with the axes of the whole expression; scalars stay scalars."""
    out = letters_of(converter, expression)
    return [laid(converter, [(o, arg)], out) if arg.shape else arg for o, arg in zip(operands, args, strict=True)]


# ---------------------------------------------------------------------------------------------- entries


def entry(converter: Conversion, expression: Any, args: list[Node]) -> Node:
    """`x[i, j]`, or an entry of a matrix expression, at letters of the scope and at numbers."""
    (array,) = args
    matrix = isinstance(expression, MatrixElement)
    indices = (expression.i, expression.j) if matrix else expression.indices
    if matrix and letters_of(converter, expression.parent):
        raise UnsupportedError(f"{expression}: a matrix that depends on an index has no counterpart")
    if len(indices) != len(array.shape):
        raise ModelError(f"{expression} has {len(indices)} indices, but the shape is {show_shape(array.shape)}")
    first = 0 if matrix else converter.axes.first.get(expression.base.label, 0)
    places: list[int | None] = []
    for k, index in enumerate(indices):
        if index.is_Integer:
            length = array.shape[k].number
            if index < first or (length is not None and index >= first + length):
                raise ModelError(f"{expression}: {index} is outside of axis {k} of shape {show_shape(array.shape)}")
            places.append(int(index) - first)
        else:
            _check_letter(converter, expression, index, array.shape, k, first)
            places.append(None)
    part = build.entry(array, tuple(places)) if any(place is not None for place in places) else array
    inside = [index for index in indices if not index.is_Integer]
    number = {letter: k for k, letter in enumerate(converter.indices)}
    out = letters_of(converter, expression)
    if tuple(inside) == out:
        return part
    shape = tuple(converter.indices[letter][1] for letter in out)
    return build.contract([tuple(number[i] for i in inside)], tuple(number[i] for i in out), [part], shape)


def _check_letter(converter: Conversion, expression: Any, index: Any, shape: Shape, axis: int, first: int) -> None:
    if index not in converter.indices:
        raise UnsupportedError(
            f"{expression}: the index {index} is no number and no index of a sum",
            hint="an index is a letter that a Sum binds or that the left side has, x[i], or a whole number; "
            "x[i + 1] is read where the limits of the sum are numbers",
        )
    start, size = converter.indices[index]
    if size is not shape[axis] or start != first:
        raise ModelError(
            f"{expression}: {index} runs over {start}..{size - converter.size(sp.Integer(1 - start))}, "
            f"axis {axis} of the tensor over {first}..{shape[axis] - converter.size(sp.Integer(1 - first))}",
            hint="sum over a whole axis, 0..n-1 or 1..n, or give the sizes as numbers",
        )


def delta(converter: Conversion, expression: Any, _args: list[Node]) -> Node:
    """`KroneckerDelta(i, j)`: the identity; of a letter and a number a unit vector."""
    pair = sorted(expression.args, key=lambda a: bool(a.is_Integer))
    if not pair[0].is_Symbol or pair[0] not in converter.indices:
        raise UnsupportedError(f"{expression}: a Kronecker delta takes indices of sums")
    start, size = converter.indices[pair[0]]
    if pair[1].is_Integer:
        if not start <= pair[1] or (size.number is not None and pair[1] >= size.number + start):
            return build.zeros((size,))
        return build.placed(build.number(1), (int(pair[1]) - start,), (size,))
    if converter.indices.get(pair[1]) != (start, size):
        raise ModelError(f"{expression}: the two indices run over different ranges")
    return build.eye(size)


def index_value(converter: Conversion, expression: Any, _args: list[Node]) -> Node:
    """A symbol without a value: an index that is computed with, or nothing that is known."""
    if expression in converter.indices:
        raise UnsupportedError(
            f"the index {expression} is used as a number", hint="give the limits of its sum as numbers"
        )
    raise ModelError(f"{expression} has no value here")


# ---------------------------------------------------------------------------------------- sums, products


def total(converter: Conversion, expression: Any, _args: list[Node]) -> Node:
    """A sum: contraction over whole axes, written out over parts of them."""
    fresh = {limit[0]: sp.Dummy(str(limit[0])) for limit in expression.limits if limit[0] in converter.indices}
    expression = expression.xreplace(fresh) if fresh else expression  # the inner sum has the letter for itself
    body, limits = expression.function, [_limit(expression, limit) for limit in expression.limits]
    for limit in limits:
        letter, low, high = limit
        rest = [other for other in limits if other is not limit]
        whole = not _in_limits(letter, rest) and _is_whole(converter, body, letter, low, high)
        if low.is_Integer and high.is_Integer and not whole:
            inner = sp.Sum(body, *rest) if rest else body
            return converter.convert(sp.Add(*_values(expression, inner, letter, low, high)))
    ranges: dict[Any, tuple[int, Size]] = {}
    for letter, low, high in limits:
        if _in_limits(letter, limits) or any(outer in (low + high).free_symbols for outer in converter.indices):
            raise UnsupportedError(f"{expression}: a limit of the sum depends on another index")
        if low not in (0, 1) or high.is_infinite:
            raise UnsupportedError(
                f"{expression}: {letter} runs over {low}..{high}, not over a whole axis",
                hint="sums run over 0..n-1 or 1..n; over a part of an axis where both limits are numbers",
            )
        ranges[letter] = (int(low), converter.size(sp.expand(high - low + 1)))
    return _contracted(converter.with_letters(ranges), body, ranges)


def _in_limits(letter: Any, limits: Sequence[Any]) -> bool:
    return any(letter in (low + high).free_symbols for _, low, high in limits)


def _limit(expression: Any, limit: Any) -> tuple[Any, Any, Any]:
    if len(limit) != 3:
        raise UnsupportedError(f"{expression}: the index {limit[0]} has no limits", hint="write Sum(f, (i, 0, n - 1))")
    return limit[0], limit[1], limit[2]


def _contracted(scope: Conversion, body: Any, ranges: dict[Any, Any]) -> Node:
    """The sum over whole axes: of a product in one contraction, of a quotient by what is not summed over outside."""
    out = tuple(letter for letter in letters_of(scope, body) if letter not in ranges)
    free = body.free_symbols
    parts = [(sp.Integer(1), build.size_value(size)) for letter, (_, size) in ranges.items() if letter not in free]
    negative, over, under = fraction(body)
    if any(letter in factor.free_symbols for factor in under for letter in ranges):
        negative, over, under = False, [body], []
    parts += [(factor, scope.convert(factor)) for factor in over] or [(sp.Integer(1), build.number(1))]
    node = laid(scope, parts, out)
    if under:
        node = build.div(node, laid(scope, [(factor, scope.convert(factor)) for factor in under], out))
    return build.neg(node) if negative else node


def _is_whole(converter: Conversion, body: Any, letter: Any, low: Any, high: Any) -> bool:
    """Whether numeric limits run over whole axes wherever the letter occurs, and it occurs as an index only."""
    if not (low.is_Integer and high.is_Integer):
        return True
    size = high - low + 1
    places = [atom for atom in body.atoms(sp.Indexed, MatrixElement) if letter in _indices(atom)]
    rest = body.xreplace({atom: sp.Dummy() for atom in places})
    if not places or letter in rest.free_symbols or size < 1:
        return False
    for atom in places:
        matrix = isinstance(atom, MatrixElement)
        if low != (0 if matrix else converter.axes.first.get(atom.base.label, 0)):
            return False
        shape = atom.parent.shape if matrix else converter.axes.shape(atom.base, converter)
        if any(i.has(letter) and (i != letter or shape[k] != size) for k, i in enumerate(_indices(atom))):
            return False
    return True


def _indices(atom: Any) -> tuple[Any, ...]:
    return (atom.i, atom.j) if isinstance(atom, MatrixElement) else atom.indices


def _values(expression: Any, body: Any, letter: Any, low: Any, high: Any) -> list[Any]:
    if high - low >= MOST_TERMS:
        raise UnsupportedError(
            f"{str(expression)[:80]} has more than {MOST_TERMS} terms to write out",
            hint="sum over a whole axis, or give a smaller range",
        )
    return [body.xreplace({letter: sp.Integer(k)}) for k in range(int(low), int(high) + 1)]


def product(converter: Conversion, expression: Any, _args: list[Node]) -> Node:
    """A product over numbers, written out."""
    body = expression.function
    for limit in expression.limits:
        letter, low, high = _limit(expression, limit)
        if not (low.is_Integer and high.is_Integer):
            raise UnsupportedError(
                f"{expression}: a product over a range of symbolic length has no counterpart",
                hint="give numbers as limits, or write exp(Sum(log(...), ...)) for positive factors",
            )
        body = sp.Mul(*_values(expression, body, letter, low, high))
    return converter.convert(body)


def range_of(
    converter: Conversion, letter: Any, key: Any, expression: Any, letters: Letters, given: Definitions
) -> tuple[int, Size]:
    """Where a letter of the left side starts and how many values it has: by its Idx, the left or the right side."""
    if letter in given.ranges:
        low, high = given.ranges[letter]
        return int(low), converter.size(sp.expand(high - low + 1))
    first = converter.axes.first.get(key.label, 0)
    own = converter.axes.shapes[key.label][letters.index(letter)]
    if own is not None:
        return first, converter.size(own)
    for place in sorted(expression.atoms(sp.Indexed, MatrixElement), key=str):
        if letter not in _indices(place):
            continue
        axis = _indices(place).index(letter)
        if isinstance(place, MatrixElement):
            return 0, converter.size(place.parent.shape[axis])
        value = converter.values.get(tensor(place.base))
        if value is not None:
            return converter.axes.first.get(place.base.label, first), value.shape[axis]
    raise ModelError(
        f"nothing tells what {letter} runs over in {key}[{letter}]",
        hint=f"give a shape: IndexedBase({str(key)!r}, shape=...)",
    )
