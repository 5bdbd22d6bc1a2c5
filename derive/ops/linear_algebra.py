"""Operations on square matrices that are single nodes, with the vjps of the textbooks.

X^{-1}        -X^{-T} G X^{-T}
det X         g det(X) X^{-T}
log|det X|    g X^{-T}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derive.errors import ShapeError
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import show_shape, size_of
from derive.ops.record import Array, Backend, Tensor, register

SINGULAR = 1e13
"""A condition number from which float64 knows no digit of an inverse."""


def _square(x: Node, what: str) -> None:
    if len(x.shape) != 2 or x.shape[0] is not x.shape[1]:
        raise ShapeError(f"{what} needs a square matrix, not shape {show_shape(x.shape)}")


def inv(x: Node) -> Node:
    """The inverse of a square matrix."""
    _square(x, "inv")
    return Node("inv", (x,), None, x.shape)


def det(x: Node) -> Node:
    """The determinant of a square matrix."""
    _square(x, "det")
    return Node("det", (x,), None, ())


def logdet(x: Node) -> Node:
    """log |det x| of a square matrix."""
    _square(x, "logdet")
    return Node("logdet", (x,), None, ())


def _inv_vjp(node: Node, g: Node) -> tuple[Node]:
    turned = build.transpose(node)
    return (build.neg(build.matmul(build.matmul(turned, g), turned)),)


def _numeric(
    in_floats: Callable[[Array], Array], in_digits: Callable[[Any, Any], Any], *, of_singular: bool
) -> Callable[[Node, list[Array], Backend], Array]:
    """The value in float64, or of a matrix in many digits with their context.

    Of a singular matrix float64 finds an inverse of rounding errors, and a logarithm of one: there is none.
    `of_singular` says that the operation has a value there all the same.
    """

    def value(_node: Node, args: list[Array], xp: Backend) -> Array:
        (x,) = args
        if x.dtype != object:
            none = not of_singular and x.size and not np.linalg.cond(x) < SINGULAR
            return np.asarray(in_floats(x) * (np.nan if none else 1))
        context: Any = vars(xp)["context"]
        return np.array(in_digits(context, context.matrix(x.tolist())), dtype=object)

    return value


_S = size_of("n"), size_of("n")


def _square_sample(make: Callable[[Node], Node]) -> Callable[[], Node]:
    return lambda: make(build.ref("x", _S))


register(
    Tensor(
        "inv",
        build=inv,
        vjp=_inv_vjp,
        numeric=_numeric(np.linalg.inv, lambda _context, x: (x**-1).tolist(), of_singular=False),
        numpy=lambda _node, names: f"np.linalg.inv({names[0]})",
        latex=r"\mathrm{inv}",
        samples=(_square_sample(inv),),
        source="Petersen and Pedersen, The Matrix Cookbook, (60)",
    )
)
register(
    Tensor(
        "det",
        build=det,
        vjp=lambda node, g: (build.mul(g, node, build.transpose(inv(node.args[0]))),),
        numeric=_numeric(np.linalg.det, lambda context, x: context.det(x), of_singular=True),
        numpy=lambda _node, names: f"np.linalg.det({names[0]})",
        latex=r"\det",
        samples=(_square_sample(det),),
        source="Petersen and Pedersen, The Matrix Cookbook, (49)",
    )
)
register(
    Tensor(
        "logdet",
        build=logdet,
        vjp=lambda node, g: (build.mul(g, build.transpose(inv(node.args[0]))),),
        numeric=_numeric(
            lambda x: np.linalg.slogdet(x)[1], lambda context, x: context.log(abs(context.det(x))), of_singular=False
        ),
        numpy=lambda _node, names: f"np.linalg.slogdet({names[0]})[1]",
        latex=r"\log\det",
        samples=(_square_sample(logdet),),
        source="Petersen and Pedersen, The Matrix Cookbook, (57)",
    )
)
