r"""Functions along an axis: `\mathrm{softmax}(A)` by name, or `\frac{e^{A_{ij}}}{\sum_k e^{A_{kj}}}` by definition."""

from __future__ import annotations

from typing import cast

from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ir.size import ONE

_NAMES = frozenset({"softmax", "log_softmax"})


def named_by_axis(node: Node, graph: ComputationGraph) -> bool:
    """Whether the name of a function tells its axis: the last one, or the columns of a matrix, turned into rows.

    Of a square matrix columns could be rows, where the model has both; along an axis of one entry an array that
    repeats a value would look like the value, and a column turned into a row like a column.
    """
    if not isinstance(node.attribute, tuple):
        return True
    shape, axes = node.args[0].shape, cast("tuple[int, ...]", node.attribute)
    if len(axes) != 1 or shape[axes[0]] is ONE:
        return False
    if len(shape) != 2:
        return axes == (len(shape) - 1,)
    if shape[0] is not shape[1]:
        return axes == (1,) or ONE not in shape
    below = topological(*(binding.node for binding in graph.bindings.values()))
    return axes == (1,) and all(other.attribute == (1,) for other in below if _of_square(other))


def _of_square(node: Node) -> bool:
    return node.op in _NAMES and len(node.shape) == 2 and node.shape[0] is node.shape[1]
