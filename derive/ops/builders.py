"""What a model may call besides the registered operations: functions that are made of them.

Names, signatures and default axes are those of NumPy, SciPy and PyTorch, in that order. Losses reduce as PyTorch's do:
the mean over all entries, except that a cross entropy is a mean over rows.
"""

from __future__ import annotations

from derive.errors import ModelError, ShapeError
from derive.ir import build
from derive.ir.node import Node, as_number
from derive.ir.size import Shape, show_shape, size_of
from derive.ops.record import register_builder
from derive.ops.tensors import amin, log_softmax

Axis = int | tuple[int, ...] | None


def _axes(axis: Axis) -> tuple[int, ...] | None:
    return (axis,) if isinstance(axis, int) else axis


# -------------------------------------------------------------------------------------------- reductions


@register_builder("sum")
def _sum(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return build.sum_over(x, _axes(axis), keepdims=keepdims)


@register_builder("mean")
def _mean(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return build.mean_over(x, _axes(axis), keepdims=keepdims)


@register_builder("var")
def _var(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    centred = build.sub(x, build.broadcast_to(build.mean_over(x, _axes(axis), keepdims=True), x.shape))
    return build.mean_over(build.power(centred, 2), _axes(axis), keepdims=keepdims)


@register_builder("amin", "min")
def _amin(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return amin(x, axis, keepdims)


# ---------------------------------------------------------------------------------------- linear algebra


@register_builder("transpose")
def _transpose(x: Node, axes: tuple[int, ...] | None = None) -> Node:
    if axes is not None and sorted(axes) != list(range(len(x.shape))):
        raise ShapeError(f"axes {axes} are not an order of the axes of shape {show_shape(x.shape)}")
    return build.transpose(x, axes)


@register_builder("dot", "matmul")
def _dot(a: Node, b: Node) -> Node:
    return build.matmul(a, b) if a.shape and b.shape else build.mul(a, b)


@register_builder("outer")
def _outer(a: Node, b: Node) -> Node:
    return build.outer(a, b)


@register_builder("inner", "vdot")
def _inner(a: Node, b: Node) -> Node:
    if a.shape != b.shape:
        raise ShapeError(f"inner needs equal shapes, not {show_shape(a.shape)} and {show_shape(b.shape)}")
    return build.sum_over(build.mul(a, b))


@register_builder("trace")
def _trace(x: Node) -> Node:
    return build.trace(x)


@register_builder("diag")
def _diag(x: Node) -> Node:
    if len(x.shape) not in (1, 2):
        raise ShapeError(f"diag needs a vector or a square matrix, not shape {show_shape(x.shape)}")
    return build.diagonal(x)


def _size_argument(n: Node) -> Shape:
    value = as_number(n)
    if n.op == "size":
        return (n.size,)
    if value is None or value.denominator != 1 or value < 1:
        raise ModelError("a size is a named size or a positive whole number")
    return (size_of(int(value)),)


@register_builder("eye")
def _eye(n: Node) -> Node:
    return build.eye(_size_argument(n)[0])


@register_builder("ones")
def _ones(*shape: Node) -> Node:
    return build.ones(tuple(size for n in shape for size in _size_argument(n)))


@register_builder("zeros")
def _zeros(*shape: Node) -> Node:
    return build.zeros(tuple(size for n in shape for size in _size_argument(n)))


# ------------------------------------------------------------------------------------------- elementwise


@register_builder("square")
def _square(x: Node) -> Node:
    return build.power(x, 2)


@register_builder("power", "pow")
def _power(x: Node, exponent: Node) -> Node:
    return build.power(x, exponent)


@register_builder("log1p")
def _log1p(x: Node) -> Node:
    return build.call("log", build.add(build.number(1), x))


@register_builder("expm1")
def _expm1(x: Node) -> Node:
    return build.sub(build.call("exp", x), build.number(1))


@register_builder("where")
def _where(condition: Node, x: Node, y: Node) -> Node:
    return build.call("where", condition, x, y)


# ------------------------------------------------------------------------------------------------ losses


@register_builder("mse_loss", "mse", "squared_error")
def _mse(x: Node, target: Node) -> Node:
    return build.mean_over(build.power(build.sub(x, target), 2))


@register_builder("binary_cross_entropy", "bce")
def _binary_cross_entropy(x: Node, target: Node) -> Node:
    one = build.number(1)
    right = build.mul(target, build.call("log", x))
    wrong = build.mul(build.sub(one, target), build.call("log", build.sub(one, x)))
    return build.mean_over(build.neg(build.add(right, wrong)))


@register_builder("cross_entropy")
def _cross_entropy(x: Node, target: Node) -> Node:
    """Of logits and target distributions, classes on the last axis; the mean over the others."""
    if x.shape != target.shape or not x.shape:
        raise ShapeError(
            f"cross_entropy needs logits and targets of one shape, not {show_shape(x.shape)} and "
            f"{show_shape(target.shape)}"
        )
    total = build.neg(build.sum_over(build.mul(target, log_softmax(x))))
    rows = build.count(x, tuple(range(len(x.shape) - 1)))
    return build.mul(build.div(build.number(1), rows), total)
