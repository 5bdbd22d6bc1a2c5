r"""Parts, powers and products of matrices.

tril(X)_ij = X_ij [j <= i + k]     gets  tril(G)        \mathrm{tril}(X), of all diagonals up to the k-th
triu(X)_ij = X_ij [j >= i + k]     gets  triu(G)
a x b      of vectors of R^3       a gets  b x g,  b gets  g x a

What is a product of known operations has no record: `matrix_power(A, 3)` is A A A.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from derive.errors import ModelError, ShapeError
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import show_shape, size_of
from derive.ops.linear_algebra import det, inv, logdet, square, square_samples
from derive.ops.record import Array, Backend, Tensor, register, register_builder

HIGHEST_POWER = 64
"""Of a matrix: each factor is written out."""


# ----------------------------------------------------------------------------------------------- triangles


def tril(x: Node, k: int = 0) -> Node:
    """The entries on and below the k-th diagonal; the others are 0."""
    return _part("tril", x, k)


def triu(x: Node, k: int = 0) -> Node:
    """The entries on and above the k-th diagonal; the others are 0."""
    return _part("triu", x, k)


def _part(op: str, x: Node, k: int) -> Node:
    if len(x.shape) < 2:
        raise ShapeError(f"{op} needs a matrix, not shape {show_shape(x.shape)}", hint="diag(x) makes one of a vector")
    return Node(op, (x,), k, x.shape)


def _part_vjp(node: Node, g: Node) -> tuple[Node]:
    return (Node(node.op, (g,), node.attribute, node.shape),)


def _numeric(function: Callable[..., Array]) -> Callable[[Node, list[Array], Backend], Array]:
    def value(node: Node, args: list[Array], xp: Backend) -> Array:
        kept = function(np.ones(args[0].shape[-2:], dtype=bool), cast(int, node.attribute))
        return np.where(kept, args[0], xp.number(0))

    return value


def _code(node: Node, names: list[str]) -> str:
    return f"np.{node.op}({names[0]}{f', k={node.attribute}' if node.attribute else ''})"


def _samples(make: Callable[[Node, int], Node]) -> tuple[Callable[[], Node], ...]:
    oblong = size_of("m"), size_of("k")
    return *square_samples(lambda x: make(x, 0)), lambda: make(build.ref("x", oblong), -1)


for _build, _function in ((tril, np.tril), (triu, np.triu)):
    register(
        Tensor(
            _build.__name__,
            build=_build,
            batched=True,
            linear=True,
            vjp=_part_vjp,
            numeric=_numeric(_function),
            numpy=_code,
            latex=rf"\mathrm{{{_build.__name__}}}",
            samples=_samples(_build),
            source="as in NumPy",
        )
    )


@register_builder("diagonal")
def _diagonal(x: Node) -> Node:
    square(x, "diagonal")
    if len(x.shape) > 2:
        raise ShapeError(f"diagonal needs one matrix, not shape {show_shape(x.shape)}")
    return build.diagonal(x)


# ------------------------------------------------------------------------------------------------ products


@register_builder("matrix_power")
def _matrix_power(x: Node, n: int) -> Node:
    square(x, "matrix_power")
    if type(n) is not int or abs(n) > HIGHEST_POWER:
        raise ModelError(f"matrix_power needs a whole number from -{HIGHEST_POWER} to {HIGHEST_POWER}")
    if n == 0:
        return build.broadcast_to(build.eye(x.shape[-1]), x.shape)
    base = x if n > 0 else inv(x)
    made = base
    for digit in f"{abs(n):b}"[1:]:  # squared as often as it can be
        made = build.matmul(made, made)
        made = build.matmul(made, base) if digit == "1" else made
    return made


@register_builder("slogdet")
def _slogdet(x: Node) -> Node:
    """The sign of the determinant and the logarithm of its absolute value, as an array of two numbers."""
    square(x, "slogdet")
    if len(x.shape) > 2:
        raise ShapeError(f"slogdet needs one matrix, not shape {show_shape(x.shape)}")
    return build.array([build.call("sign", det(x)), logdet(x)], (2,))


THREE = size_of(3)


def cross(a: Node, b: Node) -> Node:
    """The vector product of two vectors with three entries."""
    if a.shape != (THREE,) or b.shape != (THREE,):
        raise ShapeError(f"cross needs vectors of shape (3,), not {show_shape(a.shape)} and {show_shape(b.shape)}")
    return Node("cross", (a, b), None, a.shape)


def _cross_definition(node: Node) -> Node:
    a, b = ([build.entry(arg, (k,)) for k in range(3)] for arg in node.args)
    turns = ((1, 2), (2, 0), (0, 1))
    return build.array([build.sub(build.mul(a[i], b[j]), build.mul(a[j], b[i])) for i, j in turns], (3,))


def _cross_vjp(node: Node, g: Node) -> tuple[Node, Node]:
    a, b = node.args
    return cross(b, g), cross(g, a)


register(
    Tensor(
        "cross",
        build=cross,
        vjp=_cross_vjp,
        definition=_cross_definition,
        numeric=lambda _node, args, _xp: (
            args[0][[1, 2, 0]] * args[1][[2, 0, 1]] - args[0][[2, 0, 1]] * args[1][[1, 2, 0]]
        ),
        numpy=lambda _node, names: f"np.cross({names[0]}, {names[1]})",
        latex=r"\mathrm{cross}",
        samples=(lambda: cross(build.ref("x", (THREE,)), build.call("exp", build.ref("x", (THREE,)))),),
        source="the triple product g · (a × b) = a · (b × g) = b · (g × a)",
    )
)
