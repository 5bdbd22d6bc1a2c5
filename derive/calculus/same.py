"""When are two derived expressions visibly the same? A key that ignores order and orientation.

    (w^T X^T)_{ji}  and  (X w)_{ij}        have one key:  the product of X_{ik} and w_{kj} over k

The key of a product is the multiset of the keys of its factors, with its bound indices numbered by appearance; the key
of a sum the multiset of its terms. Equal keys mean equal values; unequal keys mean nothing, so a tie that is numbered
unluckily costs a merge and never an error.

A key is a whole number, given once to each expression with its indices: a part that occurs often is looked at once, and
the cost is that of the graph and not of the expression written out.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeAlias

from derive.ir.node import Node

MAX_DEPTH = 25
Indices: TypeAlias = tuple[Hashable, ...]


class Keys:
    """Keys of expressions; two of them can be compared if one `Keys` gave both."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._given: dict[tuple[Node, Indices, int], int] = {}

    def key(self, node: Node, indices: Indices, bound: int = 0, depth: int = 0) -> int:
        """The key of an expression whose axes are named by `indices`, inside `bound` sums."""
        place = (node, indices, bound)
        if place not in self._given:
            self._given[place] = self._key(node, indices, bound, depth)
        return self._given[place]

    def _key(self, node: Node, indices: Indices, bound: int, depth: int) -> int:
        if not node.args:
            return self._number(node.op, str(node.attribute), indices)
        if depth > MAX_DEPTH:
            return self._number(node.op, id(node), indices)
        match node.op:
            case "contract":
                return self._product(node, indices, bound, depth)
            case "add":
                return self._number("add", *sorted(self.key(arg, indices, bound, depth + 1) for arg in node.args))
            case "neg" | "div" | "pow" | "call":
                inner = [self.key(arg, indices, bound, depth + 1) for arg in node.args]
                return self._number(node.op, str(node.attribute), *inner)
            case _:
                return self._number(node.op, id(node), indices)

    def _product(self, node: Node, indices: Indices, bound: int, depth: int) -> int:
        ins, out = node.labels
        names: dict[int, Hashable] = {}
        deltas: list[int] = []
        for label, index in zip(out, indices, strict=True):
            if label in names:
                deltas.append(self._number("delta", *sorted((str(names[label]), str(index)))))
            names.setdefault(label, index)
        blank = {label: names.get(label, "*") for labels in ins for label in labels}
        factors = sorted(
            zip(ins, node.args, strict=True), key=lambda f: self.key(f[1], _named(f[0], blank), bound, depth + 1)
        )
        for labels, _ in factors:
            for label in labels:
                if label not in names:
                    names[label] = ("bound", bound)
                    bound += 1
        keys = [self.key(arg, _named(labels, names), bound, depth + 1) for labels, arg in factors]
        if len(keys) == 1 and not deltas and set(ins[0]) <= set(out):
            return keys[0]
        return self._number("product", *sorted(keys), "delta", *sorted(deltas))

    def _number(self, *parts: Hashable) -> int:
        return self._numbers.setdefault(parts, len(self._numbers))


def _named(labels: tuple[int, ...], names: Mapping[int, Hashable]) -> Indices:
    return tuple(names[label] for label in labels)
