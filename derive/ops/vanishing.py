"""Where a node is 0 because a condition is: there the other factors are not looked at.

    1[x > 0] / (2 sqrt(x))      0 for x < 0, as the function sum(where(x > 0, sqrt(x), 0)) has the slope 0 there
    1[x > 0] log(x)             0 for x <= 0

An indicator is strongly zero (D. E. Knuth, Two notes on notation, 1992): a product with it is 0 whatever stands beside
it. That is what the chain rule means: of a branch that is not taken there is no slope, however its own slope looks. A
zero that is a value (sin x at 0) is an ordinary factor, and 0/0 has no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from derive.ir.node import Labels, Node
from derive.ops.conditions import is_indicator

Array = Any


class Vanishing:
    """Where nodes with known values are strongly zero, entry by entry."""

    def __init__(self, known: Mapping[Node, Array]) -> None:
        self._known = known
        self._found: dict[Node, Array | None] = {}

    def of(self, node: Node) -> Array | None:
        """True in the entries that are strongly zero; None if no condition is a factor of the node."""
        if node not in self._found:
            self._found[node] = self._of(node)
        return self._found[node]

    def _of(self, node: Node) -> Array | None:
        if is_indicator(node) or node.op == "argmax_mask":
            return np.asarray(self._known[node] == 0, dtype=bool)
        if node.op not in ("neg", "div", "add", "contract"):
            return None
        if node.op == "contract":
            return self._of_contraction(node)
        parts = [self.of(arg) for arg in node.args[: 1 if node.op in ("neg", "div") else None]]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        return np.broadcast_to(np.logical_and.reduce(np.broadcast_arrays(*found)), self._known[node].shape)

    def _of_contraction(self, node: Node) -> Array | None:
        ins, out = node.labels
        factors = [(self.of(arg), labels) for labels, arg in zip(ins, node.args, strict=True)]
        if len(set(out)) < len(out) or all(zero is None for zero, _ in factors):
            return None
        labels = sorted({label for group in (*ins, out) for label in group})
        total = _any(factors, labels)
        total = total.all(axis=tuple(k for k, label in enumerate(labels) if label not in out))
        kept = [label for label in labels if label in out]
        return np.broadcast_to(np.transpose(total, [kept.index(label) for label in out]), self._known[node].shape)


def chosen_product(
    operands: Sequence[Array], zeros: Sequence[Array | None], ins: Sequence[Labels], out: Labels, zero: Array
) -> Array:
    """A sum of products in which a term with a factor that is strongly zero is 0."""
    labels = sorted({label for group in ins for label in group})
    total = product_of(operands, ins, labels)
    masked = _any(list(zip(zeros, ins, strict=True)), labels)
    return summed(np.where(masked, zero, total), labels, out)


def product_of(operands: Sequence[Array], ins: Sequence[Labels], labels: Sequence[int]) -> Array:
    """The product of operands with one axis for each of `labels`."""
    total: Array = None
    for operand, group in zip(operands, ins, strict=True):
        part = _spread(np.asarray(operand), group, labels)
        total = part if total is None else total * part
    return total


def summed(total: Array, labels: Sequence[int], out: Labels) -> Array:
    """The sum over the axes that `out` does not name, the others in its order."""
    axes = tuple(k for k, label in enumerate(labels) if label not in out)
    total = np.asarray(total)
    total = np.asarray(total.sum(axis=axes) if axes else total, dtype=total.dtype)
    kept = [label for label in labels if label in out]
    return np.transpose(total, [kept.index(label) for label in out])


def _any(factors: Sequence[tuple[Array | None, Labels]], labels: Sequence[int]) -> Array:
    """Where one of the factors is strongly zero, with one axis for each of `labels`."""
    laid = [_spread(zero, group, labels) for zero, group in factors if zero is not None]
    return np.logical_or.reduce(np.broadcast_arrays(*laid))


def _spread(operand: Array, group: Labels, labels: Sequence[int]) -> Array:
    """An operand with one axis for each of `labels`, of length 1 where it has none; repeated labels are diagonals."""
    unique = list(dict.fromkeys(group))
    for label in unique:
        while (places := [k for k, other in enumerate(group) if other == label])[1:]:
            operand = np.diagonal(operand, axis1=places[0], axis2=places[1])
            group = (*(g for k, g in enumerate(group) if k not in places[:2]), label)
    order = sorted(range(len(group)), key=lambda k: labels.index(group[k]))
    operand = np.transpose(operand, order)
    shape = iter(operand.shape)
    return operand.reshape([next(shape) if label in group else 1 for label in labels])
