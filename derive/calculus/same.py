"""When are two derived expressions visibly the same? A key that ignores order and orientation.

    (w^T X^T)_{ji}  and  (X w)_{ij}        have one key:  the product of X_{ik} and w_{kj} over k

The key of a product is the multiset of the keys of its factors, with its bound indices numbered by appearance; the key
of a sum the multiset of its terms. Equal keys mean equal values; unequal keys mean nothing, so a tie that is numbered
unluckily costs a merge and never an error.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from derive.ir.node import Node

MAX_DEPTH = 25
Indices = tuple[Hashable, ...]
Key = tuple[Hashable, ...]


def same_key(node: Node, indices: Indices, bound: int = 0, depth: int = 0) -> Key:
    """The key of an expression whose axes are named by `indices`, inside `bound` sums."""
    if not node.args:
        return (node.op, str(node.attribute), indices)
    if depth > MAX_DEPTH:
        return (node.op, id(node), indices)
    match node.op:
        case "contract":
            return _product(node, indices, bound, depth)
        case "add":
            return ("add", *_sorted(same_key(arg, indices, bound, depth + 1) for arg in node.args))
        case "neg" | "div" | "pow" | "call":
            inner = [same_key(arg, indices, bound, depth + 1) for arg in node.args]
            return (node.op, str(node.attribute), *inner)
        case _:
            return (node.op, id(node), indices)


def _product(node: Node, indices: Indices, bound: int, depth: int) -> Key:
    ins, out = node.labels
    names: dict[int, Hashable] = {}
    deltas: list[Key] = []
    for label, index in zip(out, indices, strict=True):
        if label in names:
            deltas.append(("delta", *sorted((str(names[label]), str(index)))))
        names.setdefault(label, index)
    blank = {label: names.get(label, "*") for labels in ins for label in labels}
    factors = sorted(
        zip(ins, node.args, strict=True), key=lambda f: repr(same_key(f[1], _named(f[0], blank), bound, depth + 1))
    )
    for labels, _ in factors:
        for label in labels:
            if label not in names:
                names[label] = ("bound", bound)
                bound += 1
    keys = [same_key(arg, _named(labels, names), bound, depth + 1) for labels, arg in factors]
    if len(keys) == 1 and not deltas and set(ins[0]) <= set(out):
        return keys[0]
    return ("product", *_sorted(keys), *_sorted(deltas))


def _named(labels: tuple[int, ...], names: Mapping[int, Hashable]) -> Indices:
    return tuple(names[label] for label in labels)


def _sorted(keys: Iterable[Key]) -> list[Key]:
    return sorted(keys, key=repr)
