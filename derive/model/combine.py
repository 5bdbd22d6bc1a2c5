"""What model text and SymPy build alike: sums in the order written, and conditions."""

from __future__ import annotations

from collections.abc import Sequence

from derive.ir import build
from derive.ir.node import Node


def signed_sum(terms: Sequence[tuple[bool, Node]]) -> Node:
    """The sum of terms, those with a mark subtracted, as one node. ShapeError if they do not broadcast."""
    shape = build.broadcast_shape([term.shape for _, term in terms], "add")
    spread = [(minus, build.broadcast_to(term, shape)) for minus, term in terms]
    return build.add(*[Node("neg", (term,), None, shape) if minus else term for minus, term in spread])


def indicator(less: Node, more: Node) -> Node:
    """1 where `less < more`, 0 elsewhere."""
    return build.call("step", more if less == build.number(0) else build.sub(more, less))
