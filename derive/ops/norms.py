r"""Norms of vectors and matrices, by the orders of NumPy.

|x|_2 = sqrt(sum x_i^2)    |x|_1 = sum |x_i|           |x|_p = (sum |x_i|^p)^(1/p)     |x|_inf = max |x_i|
|X|_F = sqrt(sum X_ij^2)   |X|_1 = max_j sum_i |X_ij|  the largest sum of a column     |X|_inf, of a row

They are made of other operations: their derivatives, kinks and domains are those of roots, absolute values and maxima.
"""

from __future__ import annotations

from fractions import Fraction
from math import inf

from derive.errors import ModelError
from derive.ir import build
from derive.ir.node import Node
from derive.ops.record import register_builder
from derive.ops.tensors import amax

Axis = int | tuple[int, ...] | None


@register_builder("norm")
def _norm(x: Node, ord: float | None = None, axis: Axis = None, keepdims: bool = False) -> Node:
    axes = build.normal_axes(x, (axis,) if isinstance(axis, int) else axis)
    if ord is None:
        return _root(build.sum_over(build.power(x, 2), axes, keepdims=keepdims), 2)
    if len(axes) not in (1, 2):
        raise ModelError(f"a norm of order {ord} needs a vector or a matrix", hint="name the axes: norm(x, 1, axis=-1)")
    if len(axes) == 2:
        return _of_matrix(x, ord, axes, keepdims)
    size = build.call("abs", x)
    if ord == inf:
        return amax(size, axes, keepdims)
    if ord < 1:
        raise ModelError(f"there is no norm of order {ord}", hint="orders are inf and the whole numbers from 1 on")
    powers = build.power(x, 2) if ord == 2 else size if ord == 1 else build.power(size, int(ord))
    return _root(build.sum_over(powers, axes, keepdims=keepdims), int(ord))


def _root(total: Node, order: int) -> Node:
    if order == 1:
        return total
    return build.call("sqrt", total) if order == 2 else build.power(total, Fraction(1, order))


def _of_matrix(x: Node, order: float, axes: tuple[int, ...], keepdims: bool) -> Node:
    if order not in (1, inf):
        raise ModelError(
            f"of a matrix the norm of order {order} needs its singular values",
            hint="norm(X) is the Frobenius norm; norm(X, 1) and norm(X, inf) are the largest sums of columns and rows",
        )
    along, across = axes if order == 1 else axes[::-1]
    total = build.sum_over(build.call("abs", x), (along,), keepdims=True)
    largest = amax(total, (across,), keepdims=True)
    return largest if keepdims else build.sum_over(largest, axes)


@register_builder("squared_norm")
def _squared_norm(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    axes = (axis,) if isinstance(axis, int) else axis
    return build.sum_over(build.power(x, 2), axes, keepdims=keepdims)
