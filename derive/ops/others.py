r"""The logarithm of 1 - softmax, and its derivatives, which only stable code calls.

With p = softmax(z) and q_ij = p_j / (1 - p_i) for j \ne i, 0 for j = i, the softmax of the others:

    log1m_softmax(z)_i = log(1 - p_i)            by z, of g:   others_pull(z, g) - p sum_i g_i
    others_pull(z, g)_j = sum_i g_i q_ij         by g, of h:   others_mean(z, h)
                                                 by z, of h:   pull(g) h - pull(g mean(h))
    others_mean(z, h)_i = sum_j q_ij h_j         by h, of c:   others_pull(z, c)
                                                 by z, of c:   pull(c) h - pull(c mean(h))

At most one p_i is over 1/2: 1 - p_i is a sum over the others there, and a difference that loses nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import size_of
from derive.ops.record import Array, Backend, Tensor, register
from derive.ops.stable_functions import _axis
from derive.ops.tensors import axes_of, softmax


def log1m_softmax(z: Node, axes: tuple[int, ...]) -> Node:
    """log(1 - softmax(z)) along some axes."""
    return Node("log1m_softmax", (z,), axes, z.shape)


def _pull(z: Node, g: Node, axes: tuple[int, ...]) -> Node:
    return Node("others_pull", (z, g), axes, z.shape)


def _mean(z: Node, h: Node, axes: tuple[int, ...]) -> Node:
    return Node("others_mean", (z, h), axes, z.shape)


def _total(x: Node, axes: tuple[int, ...]) -> Node:
    """The sum over some axes, repeated along them."""
    return build.broadcast_to(build.sum_over(x, axes, keepdims=True), x.shape)


def _share(node: Node) -> Node:
    return softmax(node.args[0], axes_of(node))


def _left(node: Node) -> Node:
    return build.sub(build.ones(node.shape), _share(node))


def _log_vjp(node: Node, g: Node) -> tuple[Node]:
    axes = axes_of(node)
    return (build.sub(_pull(node.args[0], g, axes), build.mul(_share(node), _total(g, axes))),)


def _pull_vjp(node: Node, h: Node) -> tuple[Node, Node]:
    (z, g), axes = node.args, axes_of(node)
    mean = _mean(z, h, axes)
    return build.sub(build.mul(node, h), _pull(z, build.mul(g, mean), axes)), mean


def _mean_vjp(node: Node, c: Node) -> tuple[Node, Node]:
    (z, h), axes = node.args, axes_of(node)
    pull = _pull(z, c, axes)
    return build.sub(build.mul(pull, h), _pull(z, build.mul(c, node), axes)), pull


def _pull_definition(node: Node) -> Node:
    scaled = build.div(node.args[1], _left(node))
    return build.mul(_share(node), build.sub(_total(scaled, axes_of(node)), scaled))


def _mean_definition(node: Node) -> Node:
    weighted = build.mul(_share(node), node.args[1])
    return build.div(build.sub(_total(weighted, axes_of(node)), weighted), _left(node))


def _shares(node: Node, z: Array, xp: Backend) -> Array:
    raised = xp.function("exp", z - z.max(axis=axes_of(node), keepdims=True))
    return raised / raised.sum(axis=axes_of(node), keepdims=True)


def _log_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    return xp.function("log", 1 - _shares(node, args[0], xp))


def _pull_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    p = _shares(node, args[0], xp)
    scaled = args[1] / (1 - p)
    return p * (scaled.sum(axis=axes_of(node), keepdims=True) - scaled)


def _mean_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    p = _shares(node, args[0], xp)
    weighted = p * args[1]
    return (weighted.sum(axis=axes_of(node), keepdims=True) - weighted) / (1 - p)


def _samples(make: Callable[[Node, tuple[int, ...]], Node]) -> tuple[Callable[[], Node], ...]:
    x = build.ref("x", (size_of("m"), size_of("k")))
    return tuple(lambda axes=axes: make(x, axes) for axes in ((1,), (0,), (0, 1)))


def _code(node: Node, names: list[str]) -> str:
    return f"{node.op}({', '.join(names)}{_axis(node) or ', axis=None'})"


register(
    Tensor(
        "log1m_softmax",
        vjp=_log_vjp,
        definition=lambda node: build.call("log", _left(node)),
        numeric=_log_numeric,
        numpy=_code,
        latex=r"\mathrm{log1m-softmax}",
        samples=_samples(log1m_softmax),
    )
)
register(
    Tensor(
        "others_pull",
        vjp=_pull_vjp,
        definition=_pull_definition,
        numeric=_pull_numeric,
        numpy=_code,
        latex=r"\mathrm{others-pull}",
        linear=True,
        samples=_samples(lambda x, axes: _pull(x, build.call("sin", x), axes)),
    )
)
register(
    Tensor(
        "others_mean",
        vjp=_mean_vjp,
        definition=_mean_definition,
        numeric=_mean_numeric,
        numpy=_code,
        latex=r"\mathrm{others-mean}",
        linear=True,
        samples=_samples(lambda x, axes: _mean(x, build.call("sin", x), axes)),
    )
)
