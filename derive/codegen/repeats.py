"""Arrays that are repeated along axes: which axes they carry, and how they stand without the others.

1 c, shape (m, n), c of shape (n,)       carries the axis 1
r 1', shape (m, n), r of shape (m, 1)    carries the axis 0 and keeps the axis 1, with size 1
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.codegen.einsum import stands
from derive.codegen.flat_products import is_view
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Node
from derive.ir.size import ONE


def is_repeat(node: Node) -> bool:
    """Whether a node repeats an array along new axes (or, at an axis of size 1, gives it one) and does no more."""
    if not is_view(node):
        return False
    (inner,), out = node.labels
    kept = [label for label in inner if label in out]
    return len(set(inner)) == len(inner) and kept == [label for label in out if label in kept]


def carried(node: Node) -> tuple[int, ...]:
    """The axes along which a node, whatever its sign, is not just repeated."""
    if node.op == "neg":
        return carried(node.args[0])
    if not is_repeat(node):
        return tuple(range(len(node.shape)))
    (inner,), out = node.labels
    return tuple(k for k, label in enumerate(out) if label in inner)


def kept_ones(node: Node) -> tuple[int, ...]:
    """The axes along which a node is repeated by an axis of size 1 of what it repeats."""
    if node.op == "neg":
        return kept_ones(node.args[0])
    if not is_repeat(node):
        return ()
    (inner,), out = node.labels
    if not stands(inner, out, label_sizes(node)):
        return ()
    lead = len(out) - len(inner)
    return tuple(lead + k for k, label in enumerate(inner) if label not in out)


def narrowed(node: Node, axes: Sequence[int], ones: Sequence[int] = ()) -> Node:
    """A repeated node on some of its axes only, which must include those it carries, and with size 1 along `ones`."""
    if len(axes) == len(node.shape):
        return node
    if node.op == "neg":
        return build.neg(narrowed(node.args[0], axes, ones))
    (inner,), out = node.labels
    lead = len(out) - len(inner)
    own = {lead + k: inner[k] for k in range(len(inner))} if kept_ones(node) else {}
    labels = {k: own.get(k, -1 - k) if k in ones else out[k] for k in (*axes, *ones)}
    shape = tuple(ONE if k in ones else node.shape[k] for k in sorted(labels))
    return build.contract([inner], tuple(labels[k] for k in sorted(labels)), node.args, shape)


def repeated(node: Node, axes: Sequence[int], like: Node, ones: Sequence[int] = ()) -> Node:
    """A node on some axes, and with size 1 along `ones`, repeated to the shape of `like`."""
    rank = len(like.shape)
    labels = tuple(rank + k if k in ones else k for k in sorted((*axes, *ones)))
    return build.contract([labels], tuple(range(rank)), [node], like.shape)
