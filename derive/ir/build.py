"""Builders of nodes: the only place where shapes are checked and broadcasting is resolved.

Broadcasting follows NumPy: shapes are aligned from the right, an axis of the integer size 1 stretches, a symbolic
size is never 1. It is resolved here, into contractions, so that no later pass has to know of it. Products of every
kind (scalar, elementwise, matrix, outer, trace, transpose, sum) are one primitive, `contract`:

    contract(((0, 1), (1, 2)), (0, 2))[A, B]  =  sum over label 1 of A[0, 1] * B[1, 2]  =  A B
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.errors import ShapeError
from derive.ir.contraction import contract as contract
from derive.ir.contraction import label_sizes as label_sizes
from derive.ir.node import Labels, Node
from derive.ir.size import ONE, Shape, Size, show_shape, size_of

# ---------------------------------------------------------------------------------------------- leaves


def ref(name: str, shape: Shape = ()) -> Node:
    """The value of the input or binding `name`."""
    return Node("ref", (), name, shape)


def number(value: int | Fraction) -> Node:
    """An exact number."""
    return Node("number", (), Fraction(value), ())


_ZERO = number(0)


def constant(name: str) -> Node:
    """`pi` or `e`."""
    return Node("constant", (), name, ())


def size_value(size: Size) -> Node:
    """The size of an axis as a number; an integer size is that number."""
    return Node("size", (), size, ()) if size.number is None else number(size.number)


# ------------------------------------------------------------------------------------- broadcasting


def broadcast_shape(shapes: Sequence[Shape], what: str = "combine") -> Shape:
    """The common shape by NumPy's rule; ShapeError names both shapes and the axis."""
    widest = max(shapes, key=len, default=())
    rank = len(widest)
    for shape in shapes:
        if widest[rank - len(shape) :] != shape:
            break
    else:
        return widest
    result: list[Size] = []
    for back in range(1, rank + 1):
        size = ONE
        for shape in shapes:
            if back > len(shape) or shape[-back] is ONE or shape[-back] is size:
                continue
            if size is not ONE:
                both = " and ".join(show_shape(s) for s in shapes)
                raise ShapeError(
                    f"cannot {what} shapes {both}: axis {-back} is {size} in one and {shape[-back]} in the other"
                )
            size = shape[-back]
        result.append(size)
    return tuple(reversed(result))


def _broadcast_labels(shape: Shape, target: Shape, fresh: int) -> Labels:
    """Labels of an operand of `shape` inside a result labelled 0..n-1; stretched axes get labels of their own."""
    offset = len(target) - len(shape)
    return tuple(offset + k if size is target[offset + k] else fresh + k for k, size in enumerate(shape))


def broadcast_to(node: Node, shape: Shape) -> Node:
    """`node` repeated to `shape`; ShapeError if that is not possible."""
    if node.shape == shape:
        return node
    if broadcast_shape([node.shape, shape], "broadcast") != shape:
        raise ShapeError(f"cannot broadcast shape {show_shape(node.shape)} to {show_shape(shape)}")
    return _stretched(node, shape)


def _stretched(node: Node, shape: Shape) -> Node:
    return contract([_broadcast_labels(node.shape, shape, len(shape))], tuple(range(len(shape))), [node], shape)


def aligned(args: Sequence[Node], what: str) -> list[Node]:
    """The operands broadcast to their common shape; ShapeError names both shapes and the axis."""
    shape = broadcast_shape([arg.shape for arg in args], what)
    return [arg if arg.shape == shape else _stretched(arg, shape) for arg in args]


# -------------------------------------------------------------------------------------- arithmetic


def add(*args: Node) -> Node:
    """The sum of the operands, broadcast to one shape."""
    if len(args) == 1:
        return args[0]
    spread = aligned(args, "add")
    return Node("add", tuple(spread), None, spread[0].shape)


def neg(arg: Node) -> Node:
    """`-arg`; the sign of a number is taken into the number."""
    return number(-arg.value) if arg.op == "number" else Node("neg", (arg,), None, arg.shape)


def sub(a: Node, b: Node) -> Node:
    """`a - b`."""
    a, b = aligned([a, b], "subtract")
    return Node("add", (a, Node("neg", (b,), None, b.shape)), None, a.shape)


def mul(*args: Node) -> Node:
    """The elementwise product, broadcast; scalars and tensors alike."""
    if len(args) == 1:
        return args[0]
    shape = broadcast_shape([arg.shape for arg in args], "multiply")
    rank, fresh, ins = len(shape), len(shape), []
    for arg in args:
        ins.append(_broadcast_labels(arg.shape, shape, fresh))
        fresh += len(arg.shape)
    return contract(ins, tuple(range(rank)), args, shape)


def div(a: Node, b: Node) -> Node:
    """`a / b`, elementwise; two whole numbers give an exact number."""
    if a.op == "number" and b.op == "number" and b.value:
        return number(a.value / b.value)
    a, b = aligned([a, b], "divide")
    return Node("div", (a, b), None, a.shape)


def power(base: Node, exponent: Node | int | Fraction) -> Node:
    """`base ** exponent`, elementwise."""
    exponent = exponent if isinstance(exponent, Node) else number(exponent)
    base, exponent = aligned([base, exponent], "raise to a power")
    return Node("pow", (base, exponent), None, base.shape)


def call(name: str, *args: Node, orders: tuple[int, ...] | None = None) -> Node:
    """An elementwise function of the operands, differentiated `orders[k]` times by operand k."""
    spread = aligned(args, f"apply {name} to")
    return Node("call", tuple(spread), (name, orders or (0,) * len(args)), spread[0].shape)


def functional(name: str, *args: Node, wrt: tuple[int, ...] = ()) -> Node:
    """An opaque scalar function of whole tensors, or its derivative by the arguments at positions `wrt`."""
    shape = tuple(size for k in wrt for size in args[k].shape)
    return Node("functional", args, (name, wrt), shape)


# ----------------------------------------------------------------------------------- linear algebra


def matmul(a: Node, b: Node) -> Node:
    """NumPy's `a @ b`: 1-D operands are vectors, further axes in front are broadcast."""
    if not a.shape or not b.shape:
        raise ShapeError("@ needs arrays, not scalars; use * to scale")
    if a.shape[-1] is not (inner := b.shape[-2] if len(b.shape) > 1 else b.shape[0]):
        raise ShapeError(
            f"cannot multiply {show_shape(a.shape)} @ {show_shape(b.shape)}: the last axis of the left operand is "
            f"{a.shape[-1]}, the {'second to last' if len(b.shape) > 1 else 'only'} axis of the right one is {inner}"
        )
    batch = broadcast_shape([a.shape[:-2], b.shape[:-2]], "multiply the leading axes of")
    n = len(batch)
    row, column, shared, fresh = n, n + 1, n + 2, n + 3
    a_batch = _broadcast_labels(a.shape[:-2], batch, fresh)
    b_batch = _broadcast_labels(b.shape[:-2], batch, fresh + len(a.shape))
    a_core = (row, shared) if len(a.shape) > 1 else (shared,)
    b_core = (shared, column) if len(b.shape) > 1 else (shared,)
    out = (*range(n), *a_core[:-1], *b_core[1:])
    shape = (*batch, *a.shape[-2:-1], *(b.shape[-1:] if len(b.shape) > 1 else ()))
    return contract([(*a_batch, *a_core), (*b_batch, *b_core)], out, [a, b], shape)


def transpose(a: Node, axes: tuple[int, ...] | None = None) -> Node:
    """The axes reversed, or in the given order."""
    order = axes if axes is not None else tuple(reversed(range(len(a.shape))))
    return contract([tuple(range(len(a.shape)))], order, [a], tuple(a.shape[k] for k in order))


def sum_over(a: Node, axes: Sequence[int] | None = None, *, keepdims: bool = False) -> Node:
    """The sum over the given axes (all of them by default)."""
    rank = len(a.shape)
    summed = set(normal_axes(a, axes))
    out = tuple((rank + k if k in summed else k) for k in range(rank) if keepdims or k not in summed)
    return contract([tuple(range(rank))], out, [a], reduced_shape(a, axes, keepdims=keepdims))


def mean_over(a: Node, axes: Sequence[int] | None = None, *, keepdims: bool = False) -> Node:
    """The mean over the given axes (all of them by default)."""
    return mul(div(number(1), count(a, axes)), sum_over(a, axes, keepdims=keepdims))


def count(a: Node, axes: Sequence[int] | None = None) -> Node:
    """How many entries a reduction over `axes` takes together, as a number."""
    total = ONE
    for k in normal_axes(a, axes):
        total = total * a.shape[k]
    return size_value(total)


def normal_axes(a: Node, axes: Sequence[int] | None) -> tuple[int, ...]:
    """Axes counted from the front, in order; ShapeError for one that does not exist."""
    rank = len(a.shape)
    if axes is None:
        return tuple(range(rank))
    for axis in axes:
        if not -rank <= axis < rank:
            raise ShapeError(f"axis {axis} does not exist in shape {show_shape(a.shape)}")
    return tuple(sorted({axis % rank for axis in axes}))


def reduced_shape(a: Node, axes: Sequence[int] | None, *, keepdims: bool = False) -> Shape:
    """The shape that is left after a reduction."""
    gone = set(normal_axes(a, axes))
    return tuple(ONE if k in gone else size for k, size in enumerate(a.shape) if keepdims or k not in gone)


def trace(a: Node) -> Node:
    """The sum of the diagonal of a square matrix."""
    _square(a, "trace")
    return contract([(0, 0)], (), [a], ())


def diagonal(a: Node) -> Node:
    """The diagonal of a matrix as a vector, or of a vector as a diagonal matrix (NumPy's `diag`)."""
    if len(a.shape) == 1:
        return contract([(0,)], (0, 0), [a], a.shape * 2)
    _square(a, "diag")
    return contract([(0, 0)], (0,), [a], a.shape[:1])


def outer(a: Node, b: Node) -> Node:
    """All products of an entry of `a` with an entry of `b`."""
    n = len(a.shape)
    out = tuple(range(n + len(b.shape)))
    return contract([out[:n], out[n:]], out, [a, b], a.shape + b.shape)


def fill(value: Node, shape: Shape) -> Node:
    """A scalar repeated to a shape."""
    return broadcast_to(value, shape)


def zeros(shape: Shape) -> Node:
    """Zeros of a shape."""
    return fill(number(0), shape)


def ones(shape: Shape) -> Node:
    """Ones of a shape."""
    return fill(number(1), shape)


def eye(size: Size) -> Node:
    """The identity matrix."""
    return contract([()], (0, 0), [number(1)], (size, size))


def _square(a: Node, what: str) -> None:
    if len(a.shape) != 2 or a.shape[0] is not a.shape[1]:
        raise ShapeError(f"{what} needs a square matrix, not shape {show_shape(a.shape)}")


# ------------------------------------------------------------------------------------------ entries


def array(items: Sequence[Node], shape: tuple[int, ...]) -> Node:
    """Scalars, in row-major order, as an array of an integer shape."""
    return Node("array", tuple(items), None, tuple(size_of(n) for n in shape))


def entry(a: Node, positions: tuple[int | None, ...]) -> Node:
    """The part of `a` at integer positions (from 0); None keeps an axis. ShapeError if out of a numeric range.

    An axis of size one is dropped: its only entry is all of it.
    """
    if len(positions) != len(a.shape):
        raise ShapeError(f"{len(positions)} indices for shape {show_shape(a.shape)}")
    for axis, (position, size) in enumerate(zip(positions, a.shape, strict=True)):
        if position is not None and (position < 0 or (size.number is not None and position >= size.number)):
            raise ShapeError(f"index {position + 1} is out of range for axis {axis} of shape {show_shape(a.shape)}")
    shape = tuple(size for position, size in zip(positions, a.shape, strict=True) if position is None)
    left = tuple(k for k, size in enumerate(a.shape) if positions[k] is None or size is not ONE)
    if len(left) < len(a.shape):
        a = contract([tuple(range(len(a.shape)))], left, [a], tuple(a.shape[k] for k in left))
        positions = tuple(positions[k] for k in left)
        if not any(position is not None for position in positions):
            return a
    return Node("entry", (a,), positions, shape)


def placed(a: Node, positions: tuple[int | None, ...], shape: Shape) -> Node:
    """The adjoint of `entry`: zeros of `shape` with `a` at the given positions."""
    return Node("placed", (a,), positions, shape)


def is_zero(node: Node) -> bool:
    """Whether a node is visibly zero: the number 0, or a contraction with one among its operands."""
    return node is _ZERO or (node.op == "contract" and _ZERO in node.args)
