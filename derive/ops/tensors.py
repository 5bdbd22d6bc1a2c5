"""Operations on whole tensors that are single nodes, each with its definition in primitives and its textbook vjp.

    p = softmax(z)         p_i = e^{z_i} / sum_j e^{z_j}          z gets  p (g - sum(g p))
    q = log_softmax(z)     q = z - logsumexp(z)                   z gets  g - softmax(z) sum(g)
    s = logsumexp(z)       s = log sum_j e^{z_j}                  z gets  g softmax(z)
    M = amax(z)            the largest entry along some axes      z gets  g where z is the largest (shared at a tie)

The definitions serve proofs and the tests, which prove both vjps equal; code uses the stable forms.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import cast

import numpy as np

from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import ONE, size_of
from derive.ops.record import Array, Backend, Tensor, register

Axes = tuple[int, ...]


def axes_of(node: Node) -> Axes:
    """The axes (from the front) that a softmax or reduction node works along."""
    return cast(Axes, node.attribute)


def _axes(a: Node, axis: int | tuple[int, ...] | None) -> Axes:
    return build.normal_axes(a, (axis,) if isinstance(axis, int) else axis)


def _along(node: Node, a: Node, total: Node) -> Node:
    """A reduction of `a` (axes gone) put back to the shape of `a`."""
    gone = set(axes_of(node))
    kept = tuple(k for k in range(len(a.shape)) if k not in gone)
    return build.contract([kept], tuple(range(len(a.shape))), [total], a.shape)


def _reduced(a: Node, axes: Axes, op: str, keepdims: bool) -> Node:
    rank = len(a.shape)
    several = tuple(k for k in axes if a.shape[k] is not ONE)  # of one entry, the largest and log-sum-exp are the entry
    node = Node(op, (a,), several, build.reduced_shape(a, several)) if several else a
    kept = tuple(k for k in range(rank) if k not in several)
    if keepdims:
        out = tuple(k if k in kept else rank + k for k in range(rank))
    else:
        out = tuple(k for k in kept if k not in axes)
    return build.contract([kept], out, [node], build.reduced_shape(a, axes, keepdims=keepdims))


def _stable(a: Array, axes: Axes, xp: Backend) -> tuple[Array, Array, Array]:
    top = np.max(a, axis=axes, keepdims=True)
    raised = xp.function("exp", a - top)
    return top, raised, raised.sum(axis=axes, keepdims=True)


def _code(axes: Axes, rank: int) -> str:
    if rank == len(axes):
        return ""
    return f", axis={axes[0] if len(axes) == 1 else axes}"


# --------------------------------------------------------------------------------------------- softmax


def softmax(x: Node, axis: int | tuple[int, ...] | None = -1) -> Node:
    """Exponentials that sum to one along `axis` (the last by default); shape of x."""
    return Node("softmax", (x,), _axes(x, axis), x.shape)


def _softmax_definition(node: Node) -> Node:
    (a,) = node.args
    raised = build.call("exp", a)
    return build.div(raised, build.sum_over(raised, axes_of(node), keepdims=True))


def _softmax_vjp(node: Node, g: Node) -> tuple[Node]:
    inner = build.sum_over(build.mul(g, node), axes_of(node))
    return (build.mul(node, build.sub(g, _along(node, node, inner))),)


def _softmax_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    _, raised, total = _stable(args[0], axes_of(node), xp)
    return raised / total


_X = size_of("m"), size_of("k")


def _sample(make: Callable[[Node], Node]) -> Callable[[], Node]:
    return lambda: make(build.ref("x", _X))


register(
    Tensor(
        "softmax",
        build=softmax,
        definition=_softmax_definition,
        vjp=_softmax_vjp,
        numeric=_softmax_numeric,
        numpy=lambda node, names: (
            f"softmax({names[0]}{_code(axes_of(node), len(node.args[0].shape)) or ', axis=None'})"
        ),
        range=(0.0, 1.0),
        latex=r"\mathrm{softmax}",
        samples=(_sample(softmax), _sample(lambda x: softmax(x, 0)), _sample(lambda x: softmax(x, None))),
        source="Bridle 1990; any text on multiclass logistic regression",
    )
)


# ----------------------------------------------------------------------------- log-sum-exp, log-softmax


def logsumexp(x: Node, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Node:
    """log sum exp over `axis` (all axes by default)."""
    return _reduced(x, _axes(x, axis), "logsumexp", keepdims)


def _logsumexp_definition(node: Node) -> Node:
    return build.call("log", build.sum_over(build.call("exp", node.args[0]), axes_of(node)))


def _logsumexp_vjp(node: Node, g: Node) -> tuple[Node]:
    (a,) = node.args
    return (build.mul(_along(node, a, g), softmax(a, axes_of(node))),)


def _logsumexp_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    axes = axes_of(node)
    top, _, total = _stable(args[0], axes, xp)
    return np.asarray((top + xp.function("log", total)).sum(axis=axes))


register(
    Tensor(
        "logsumexp",
        build=logsumexp,
        definition=_logsumexp_definition,
        vjp=_logsumexp_vjp,
        numeric=_logsumexp_numeric,
        numpy=lambda node, names: f"logsumexp({names[0]}{_code(axes_of(node), len(node.args[0].shape))})",
        latex=r"\mathrm{logsumexp}",
        samples=(_sample(logsumexp), _sample(lambda x: logsumexp(x, 1)), _sample(lambda x: logsumexp(x, 0, True))),
    )
)


def log_softmax(x: Node, axis: int | tuple[int, ...] | None = -1) -> Node:
    """The logarithm of `softmax` along `axis`; shape of x."""
    return Node("log_softmax", (x,), _axes(x, axis), x.shape)


def _log_softmax_definition(node: Node) -> Node:
    (a,) = node.args
    return build.sub(a, _along(node, a, Node("logsumexp", (a,), axes_of(node), build.reduced_shape(a, axes_of(node)))))


def _log_softmax_vjp(node: Node, g: Node) -> tuple[Node]:
    (a,) = node.args
    total = build.sum_over(g, axes_of(node))
    return (build.sub(g, build.mul(softmax(a, axes_of(node)), _along(node, a, total))),)


def _log_softmax_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    top, _, total = _stable(args[0], axes_of(node), xp)
    return args[0] - top - xp.function("log", total)


register(
    Tensor(
        "log_softmax",
        build=log_softmax,
        definition=_log_softmax_definition,
        vjp=_log_softmax_vjp,
        numeric=_log_softmax_numeric,
        numpy=lambda node, names: (
            f"log_softmax({names[0]}{_code(axes_of(node), len(node.args[0].shape)) or ', axis=None'})"
        ),
        range=(-inf, 0.0),
        latex=r"\mathrm{logsoftmax}",
        samples=(_sample(log_softmax), _sample(lambda x: log_softmax(x, 0))),
    )
)


# ------------------------------------------------------------------------------------------ extremes


def amax(x: Node, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Node:
    """The largest entry over `axis` (all axes by default)."""
    return _reduced(x, _axes(x, axis), "amax", keepdims)


def amin(x: Node, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Node:
    """The smallest entry over `axis` (all axes by default)."""
    return build.neg(amax(build.neg(x), axis, keepdims))


def _largest(value: Array, axes: Axes) -> Array:
    """The largest entries; none where an entry has no value, whatever its place (comparisons would pass over it)."""
    unknown = np.asarray(value != value, dtype=bool).any(axis=axes)
    return np.where(unknown, np.sum(value, axis=axes), np.max(value, axis=axes))


def _is_largest(a: Node, axes: Axes) -> Node:
    """Positive where an entry alone is the largest along the axes, negative where another one is."""
    return build.sub(Node("argmax_mask", (a,), axes, a.shape), build.number(Fraction(1, 2)))


def _amax_vjp(node: Node, g: Node) -> tuple[Node]:
    (a,) = node.args
    return (build.mul(_along(node, a, g), Node("argmax_mask", (a,), axes_of(node), a.shape)),)


register(
    Tensor(
        "amax",
        build=amax,
        vjp=_amax_vjp,
        numeric=lambda node, args, _xp: _largest(args[0], axes_of(node)),
        numpy=lambda node, names: f"np.max({names[0]}{_code(axes_of(node), len(node.args[0].shape))})",
        switch=lambda node: _is_largest(node.args[0], axes_of(node)),
        joined=True,
        latex=r"\max",
        aliases=("max",),
        samples=(_sample(amax), _sample(lambda x: amax(x, 1)), _sample(lambda x: amax(x, 0, True))),
    )
)


def _mask(node: Node, args: list[Array], xp: Backend) -> Array:
    axes = axes_of(node)
    is_top = args[0] == np.max(args[0], axis=axes, keepdims=True)
    count = is_top.sum(axis=axes, keepdims=True)
    return np.where(is_top, xp.number(1), xp.number(0)) / count


register(
    Tensor(
        "argmax_mask",
        vjp=lambda _node, _g: (None,),
        numeric=_mask,
        numpy=lambda node, names: (
            f"argmax_mask({names[0]}{_code(axes_of(node), len(node.args[0].shape)) or ', axis=None'})"
        ),
        switch=lambda node: _is_largest(node.args[0], axes_of(node)),
        range=(0.0, 1.0),
        latex=r"\mathbb{1}_{\max}",
        samples=(_sample(lambda x: Node("argmax_mask", (x,), (1,), x.shape)),),
        source="1 where an entry is the largest along the axes, shared at a tie: the subgradient of least norm",
    )
)
