r"""The Cholesky factor of a positive definite matrix, and triangular systems.

A = L Lᵀ, L lower triangular      A gets L^{-T} (Φ + Φᵀ) L^{-1} / 2,  Φ = tril(P) - diag(diag P)/2,  P = Lᵀ G

Of A its symmetric part counts, so that the slope by one entry is that of both of its places. A triangular system is a
system with the triangle that SciPy reads: `solve_triangular(A, b, lower=True)` is tril(A)^{-1} b.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from derive.errors import ShapeError
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import show_shape, size_of
from derive.ops.linear_algebra import solve, square, turned
from derive.ops.matrices import tril, triu
from derive.ops.record import Array, Backend, Tensor, register, register_builder

HALF = build.number(Fraction(1, 2))


def cholesky(a: Node) -> Node:
    """The lower triangular L with L Lᵀ = a, positive on its diagonal."""
    square(a, "cholesky")
    if len(a.shape) > 2:
        raise ShapeError(f"cholesky needs one matrix, not shape {show_shape(a.shape)}")
    return Node("cholesky", (a,), None, a.shape)


def _vjp(node: Node, g: Node) -> tuple[Node]:
    product = build.matmul(turned(node), g)
    both = build.add(tril(product), turned(tril(product, -1)))  # Φ + Φᵀ of the product
    left = solve(turned(node), both)
    return (build.mul(HALF, turned(solve(turned(node), turned(left)))),)


def _numeric(_node: Node, args: list[Array], xp: Backend) -> Array:
    a = (args[0] + args[0].T) / 2
    if a.dtype != object:
        return np.asarray(np.linalg.cholesky(a))
    context: Any = vars(xp)["context"]
    return np.array(context.cholesky(context.matrix(a.tolist())).tolist(), dtype=object)


def _definite_sample() -> Node:
    x = build.ref("x", (size_of("n"), size_of("n")))
    return cholesky(build.add(build.matmul(x, build.transpose(x)), build.eye(size_of("n"))))


register(
    Tensor(
        "cholesky",
        build=cholesky,
        definite=True,
        vjp=_vjp,
        numeric=_numeric,
        numpy=lambda _node, names: f"np.linalg.cholesky({names[0]})",
        latex=r"\mathrm{cholesky}",
        samples=(_definite_sample,),
        source="I. Murray, Differentiation of the Cholesky decomposition, 2016, (9) and (10)",
    )
)


@register_builder("solve_triangular")
def _solve_triangular(a: Node, b: Node, lower: bool = False) -> Node:
    square(a, "solve_triangular")
    return solve(tril(a) if lower else triu(a), b)
