r"""Bare Jacobians as arrays: the diagonal of one that is diagonal, or a matrix in one of the two layouts."""

from __future__ import annotations

from dataclasses import replace

from derive.claims.meaning.claim import Value
from derive.ir import build
from derive.ir.node import Node


def diagonal_of(node: Node, front: int) -> Node | None:
    """The diagonal of a Jacobian between equal shapes, if it is one for every input; `front` axes are letters.

    Seen from the form: a contraction whose last two blocks of axes bear the same labels, and sums of such.
    """
    rank = (len(node.shape) - front) // 2
    if node.shape[front : front + rank] != node.shape[front + rank :]:
        return None
    if not rank:
        return node
    if node.op == "neg":
        inner = diagonal_of(node.args[0], front)
        return None if inner is None else build.neg(inner)
    if node.op == "div":
        inner = diagonal_of(node.args[0], front)
        labels = (*range(front), *range(front, front + rank), *range(front, front + rank))
        below = build.contract([labels], labels[: front + rank], [node.args[1]], node.shape[: front + rank])
        return None if inner is None else build.div(inner, below)
    if node.op == "add":
        parts = [diagonal_of(arg, front) for arg in node.args]
        kept = [part for part in parts if part is not None]
        return build.add(*kept) if len(kept) == len(parts) else None
    if node.op != "contract":
        return None
    ins, out = node.labels
    shape = node.shape[: front + rank]
    if out[front : front + rank] == out[front + rank :]:
        return build.contract(ins, out[: front + rank], node.args, shape)
    if build.is_zero(node):
        return build.zeros(shape)
    return _through(node, front, rank)


def _through(node: Node, front: int, rank: int) -> Node | None:
    """A scaled diagonal: one operand is diagonal in the two blocks."""
    ins, out = node.labels
    blocks = out[front:]
    for k, (labels, arg) in enumerate(zip(ins, node.args, strict=True)):
        if len(labels) < 2 * rank or labels[-2 * rank :] != blocks or len(arg.shape) != len(labels):
            continue
        inner = diagonal_of(arg, len(labels) - 2 * rank)
        if inner is not None and not any(set(blocks) & set(other) for j, other in enumerate(ins) if j != k):
            new = [labels[:-rank] if j == k else other for j, other in enumerate(ins)]
            args = [inner if j == k else other for j, other in enumerate(node.args)]
            return build.contract(new, out[:-rank], args, node.shape[:-rank])
    return None


def entrywise(value: Value) -> Value | None:
    """A diagonal Jacobian as the array of its diagonal, or None."""
    if value.chain is None or 2 * value.chain.split != len(value.shape):
        return None
    diagonal = diagonal_of(value.node, len(value.letters))
    return None if diagonal is None else Value(diagonal, value.letters, text=value.text)


def laid_out(value: Value, layout: str) -> Value:
    """A Jacobian of vectors as a matrix: rows for the numerator, or rows for the denominator."""
    if layout == "numerator":
        return replace(value, chain=None)
    n = len(value.letters)
    order = (*range(n), n + 1, n)
    return replace(value, chain=None, node=build.transpose(value.node, order), text=f"{value.text}ᵀ")
