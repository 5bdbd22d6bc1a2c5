"""Definitions that are a known operation written out.

    e^{x_i} / sum_j e^{x_j}    is  softmax(x)        log sum_j e^{x_j}   is  logsumexp(x)

Their derivative is then the textbook's, in terms of their own output. The definition itself prints as it was written.
"""

from __future__ import annotations

from derive.ir.node import Node, rewrite, topological, with_args
from derive.ops.primitive import product

Axes = tuple[int, ...]


def recognised(root: Node) -> Node:
    """`root` with every written-out softmax and log-sum-exp as the one operation it is."""
    for node in topological(root):
        if node.op == "div" or (node.op == "call" and node.name == "log"):
            return rewrite(root, _rule)
    return root


def _rule(node: Node, args: tuple[Node, ...]) -> Node:
    if node.op == "div" and args[0].op == "call" and args[0].name == "exp" and not any(args[0].orders):
        axes = summed_axes(args[1], args[0])
        if axes:
            return Node("softmax", args[0].args, axes, node.shape)
    if node.op == "call" and node.name == "log" and not any(node.orders):
        (inner,) = args
        if inner.op == "contract" and len(inner.args) == 1 and inner.args[0].op == "call":
            raised = inner.args[0]
            (labels,), out = inner.labels
            kept = tuple(label for label in labels if label in out)
            if raised.name == "exp" and not any(raised.orders) and out == kept and len(set(labels)) == len(labels):
                axes = tuple(k for k, label in enumerate(labels) if label not in out)
                return Node("logsumexp", raised.args, axes, node.shape) if axes else with_args(node, args)
    return with_args(node, args)


def summed_axes(total: Node, raised: Node) -> Axes | None:
    """The axes over which `total` is the sum of `raised`, put back to its shape; None if it is something else."""
    axes = tuple(range(len(total.shape)))
    view = product([(axes, total)], axes, total)
    if view.op != "contract" or view.args != (raised,):
        return None
    (labels,), out = view.labels
    if len(set(labels)) < len(labels) or len(set(out)) < len(out):
        return None
    if any(own != label and (own in out or label in labels) for own, label in zip(labels, out, strict=True)):
        return None
    return tuple(k for k, label in enumerate(labels) if label not in out)
