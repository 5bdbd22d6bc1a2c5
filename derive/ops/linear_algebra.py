r"""Operations on square matrices that are single nodes, with the vjps of the textbooks.

X^{-1}         -X^{-T} G X^{-T}
det X          g det(X) X^{-T}
log|det X|     g X^{-T}
X^{-1} b       b gets h = X^{-T} g, X gets -h (X^{-1} b)^T: two systems are solved, no inverse is formed

Axes before the last two count matrices, each of which is taken by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derive.errors import ShapeError
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import ONE, Size, show_shape, size_of
from derive.ops.record import Array, Backend, Tensor, register

SINGULAR = 1e13
"""A condition number from which float64 knows no digit of an inverse."""


def square(x: Node, what: str) -> None:
    """Refuse what is no square matrix, nor several of one size."""
    if len(x.shape) < 2 or x.shape[-2] is not x.shape[-1]:
        raise ShapeError(f"{what} needs a square matrix, not shape {show_shape(x.shape)}")


def inv(x: Node) -> Node:
    """The inverse of a square matrix."""
    square(x, "inv")
    return Node("inv", (x,), None, x.shape)


def det(x: Node) -> Node:
    """The determinant of a square matrix."""
    square(x, "det")
    return Node("det", (x,), None, x.shape[:-2])


def logdet(x: Node) -> Node:
    """log |det x| of a square matrix."""
    square(x, "logdet")
    return Node("logdet", (x,), None, x.shape[:-2])


def turned(x: Node) -> Node:
    """The matrices of an array, transposed."""
    rank = len(x.shape)
    return build.transpose(x, (*range(rank - 2), rank - 1, rank - 2))


def _of_each(x: Node, scalars: Node) -> Node:
    """A number for each matrix of x, to be multiplied with it."""
    lead = tuple(range(len(scalars.shape)))
    return build.contract([lead], tuple(range(len(x.shape))), [scalars], x.shape) if lead else scalars


def _inv_vjp(node: Node, g: Node) -> tuple[Node]:
    other = turned(node)
    return (build.neg(build.matmul(build.matmul(other, g), other)),)


def _det_vjp(node: Node, g: Node) -> tuple[Node]:
    (x,) = node.args
    return (build.mul(_of_each(x, g), _of_each(x, node), turned(inv(x))),)


def _logdet_vjp(node: Node, g: Node) -> tuple[Node]:
    (x,) = node.args
    return (build.mul(_of_each(x, g), turned(inv(x))),)


def solve(a: Node, b: Node) -> Node:
    """The x with a x = b; b is a vector, or a matrix of which each column is solved for."""
    square(a, "solve")
    vector = len(b.shape) == 1
    if not b.shape or (b.shape[0] if vector else b.shape[-2]) is not a.shape[-1]:
        raise ShapeError(
            f"cannot solve a x = b with a of shape {show_shape(a.shape)} and b of shape {show_shape(b.shape)}: the "
            f"{'only' if vector else 'second to last'} axis of b has to be {a.shape[-1]}",
            hint="a matrix of right sides has them as its columns: solve(A, B.T) for rows",
        )
    if len(a.shape) == 2 and vector:
        return Node("solve", (a, b), None, b.shape)
    column = build.contract([(0,)], (0, 1), [b], (*b.shape, ONE)) if vector else b
    lead = build.broadcast_shape([a.shape[:-2], column.shape[:-2]], "solve for the leading axes of")
    operands = (build.broadcast_to(x, lead + x.shape[-2:]) for x in (a, column))
    solved = Node("solve", tuple(operands), None, lead + column.shape[-2:])
    axes = tuple(range(len(solved.shape)))
    return build.contract([axes], axes[:-1], [solved], solved.shape[:-1]) if vector else solved


def _solve_vjp(node: Node, g: Node) -> tuple[Node, Node]:
    a, b = node.args
    column = solve(turned(a), g)
    gram = build.outer(column, node) if len(b.shape) == 1 else build.matmul(column, turned(node))
    return build.neg(gram), column


def _inverse(a: Node) -> Node:
    """The inverse, of a transposed matrix as the transposed inverse."""
    inner = a.args[0] if a.op == "contract" and len(a.args) == 1 else a
    return turned(inv(inner)) if len(inner.shape) == len(a.shape) and turned(inner) is a else inv(a)


def _solve_numeric(_node: Node, args: list[Array], xp: Backend) -> Array:
    a, b = args
    if a.dtype == object:
        return np.asarray(_inverse_in_digits(a, xp) @ b)
    column = b[:, None] if b.ndim == 1 else b
    return np.asarray((np.linalg.solve(a, column) + _unknown(a)[..., None, None]).reshape(b.shape))


def _unknown(x: Array) -> Array:
    """nan for each matrix of which float64 knows no inverse, else 0."""
    if not x.size:
        return np.zeros(x.shape[:-2])
    known = np.isfinite(x).all(axis=(-2, -1))
    safe = np.where(known[..., None, None], x, np.eye(x.shape[-1]))
    return np.where(known & (np.linalg.cond(safe) < SINGULAR), 0, np.nan)


def _each(x: Array, one: Callable[[Any], Any], xp: Backend) -> list[Any]:
    """A function of the matrices of x in many digits, each with their context's arithmetic."""
    context: Any = vars(xp)["context"]
    return [one(context.matrix(x[place].tolist())) for place in np.ndindex(x.shape[:-2])]


def _inverse_in_digits(x: Array, xp: Backend) -> Array:
    entries = [(matrix**-1).tolist() for matrix in _each(x, lambda matrix: matrix, xp)]
    return np.array(entries, dtype=object).reshape(x.shape)


def _scalars_in_digits(x: Array, one: Callable[[Any], Any], xp: Backend) -> Array:
    values = np.empty(x.shape[:-2], dtype=object)
    values.reshape(-1)[:] = _each(x, one, xp)
    return values


def _inv_numeric(_node: Node, args: list[Array], xp: Backend) -> Array:
    (x,) = args
    return _inverse_in_digits(x, xp) if x.dtype == object else np.linalg.inv(x) + _unknown(x)[..., None, None]


def _det_numeric(_node: Node, args: list[Array], xp: Backend) -> Array:
    (x,) = args
    return _scalars_in_digits(x, vars(xp)["context"].det, xp) if x.dtype == object else np.asarray(np.linalg.det(x))


def _logdet_numeric(_node: Node, args: list[Array], xp: Backend) -> Array:
    (x,) = args
    if x.dtype != object:
        return np.asarray(np.linalg.slogdet(x)[1] + _unknown(x))
    context: Any = vars(xp)["context"]
    return _scalars_in_digits(x, lambda matrix: context.log(abs(context.det(matrix))), xp)


_S = size_of("n"), size_of("n")


_BATCH = size_of("k")


def square_samples(make: Callable[[Node], Node]) -> tuple[Callable[[], Node], ...]:
    """Of one matrix, and of several."""
    return lambda: make(build.ref("x", _S)), lambda: make(build.ref("x", (_BATCH, *_S)))


register(
    Tensor(
        "inv",
        build=inv,
        batched=True,
        vjp=_inv_vjp,
        numeric=_inv_numeric,
        numpy=lambda _node, names: f"np.linalg.inv({names[0]})",
        latex=r"\mathrm{inv}",
        samples=square_samples(inv),
        source="Petersen and Pedersen, The Matrix Cookbook, (60)",
    )
)
register(
    Tensor(
        "det",
        build=det,
        batched=True,
        vjp=_det_vjp,
        numeric=_det_numeric,
        numpy=lambda _node, names: f"np.linalg.det({names[0]})",
        latex=r"\det",
        samples=square_samples(det),
        source="Petersen and Pedersen, The Matrix Cookbook, (49)",
    )
)
register(
    Tensor(
        "logdet",
        build=logdet,
        batched=True,
        vjp=_logdet_vjp,
        numeric=_logdet_numeric,
        numpy=lambda _node, names: f"np.linalg.slogdet({names[0]})[1]",
        latex=r"\log\det",
        samples=square_samples(logdet),
        source="Petersen and Pedersen, The Matrix Cookbook, (57)",
    )
)


def _with_right_side(make: Callable[[Node], Node], *shape: Size) -> Callable[[], Node]:
    """A system whose right side depends on its matrices: both cotangents count."""
    x = build.ref("x", shape)
    return lambda: solve(x, make(build.call("sin", x)))


register(
    Tensor(
        "solve",
        build=solve,
        batched=True,
        vjp=_solve_vjp,
        definition=lambda node: build.matmul(_inverse(node.args[0]), node.args[1]),
        unseen=True,
        numeric=_solve_numeric,
        numpy=lambda _node, names: f"np.linalg.solve({names[0]}, {names[1]})",
        samples=(
            _with_right_side(build.diagonal, *_S),
            _with_right_side(build.transpose, *_S),
            _with_right_side(turned, _BATCH, *_S),
            _with_right_side(lambda x: build.sum_over(x, (0,)), _BATCH, *_S),
            _with_right_side(lambda x: build.sum_over(x, (0, 1)), _BATCH, *_S),
        ),
        source="M. Giles, An extended collection of matrix derivative results, 2008, 2.2.1",
    )
)
