"""What model text and SymPy build alike: sums in the order written, and conditions."""

from __future__ import annotations

from collections.abc import Sequence

from derive.ir import build
from derive.ir.node import Node


def signed_sum(terms: Sequence[tuple[bool, Node]]) -> Node:
    """The sum of terms, those with a mark subtracted, as one node. ShapeError if they do not broadcast."""
    spread = build.aligned([term for _, term in terms], "add")
    signs = [minus for minus, _ in terms]
    signed = [Node("neg", (t,), None, t.shape) if minus else t for minus, t in zip(signs, spread, strict=True)]
    return Node("add", tuple(signed), None, spread[0].shape) if len(signed) > 1 else signed[0]


def indicator(less: Node, more: Node) -> Node:
    """1 where `less < more`, 0 elsewhere."""
    return build.call("step", more if less == build.number(0) else build.sub(more, less))
