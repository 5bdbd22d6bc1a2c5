"""Contraction, the one linear primitive.

    contract(((0, 1), (1, 2)), (0, 2))[A, B]  =  sum over label 1 of A[0, 1] * B[1, 2]  =  A B

Labels are integers, counted from 0 by first appearance, so that one product has one node however it was labelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from derive.errors import ShapeError
from derive.ir.node import Contraction, Labels, Node
from derive.ir.size import Shape, Size


def contract(ins: Sequence[Labels], out: Labels, args: Sequence[Node], shape: Shape) -> Node:
    """The contraction `ins -> out` of `args`; `shape` gives the sizes of the output labels.

    Raises ShapeError if one label stands for two sizes.
    """
    labels, every, distinct = _canonical(tuple(ins), out)
    sizes = [size for arg in args for size in arg.shape]
    sizes += shape
    if len(set(zip(every, sizes, strict=True))) > distinct:
        raise _clash(every, sizes)
    if len(args) == 1 and labels[0][0] == labels[1] and distinct == len(labels[1]):
        return args[0]
    return Node("contract", tuple(args), labels, shape)


@lru_cache(maxsize=1024)
def _canonical(ins: tuple[Labels, ...], out: Labels) -> tuple[Contraction, Labels, int]:
    """Labels counted from 0 by first appearance; all of them in a row; and how many there are."""
    every = tuple(chain(*ins, out))
    names = {label: k for k, label in enumerate(dict.fromkeys(every))}
    canonical = tuple(tuple(names[i] for i in labels) for labels in ins), tuple(names[i] for i in out)
    return canonical, tuple(names[i] for i in every), len(names)


def _clash(labels: Labels, sizes: Sequence[Size]) -> ShapeError:
    known: dict[int, Size] = {}
    met = next((known[i], size) for i, size in zip(labels, sizes, strict=True) if known.setdefault(i, size) is not size)
    return ShapeError(f"an axis of size {met[0]} cannot meet an axis of size {met[1]} in a product")


def label_sizes(node: Node) -> dict[int, Size]:
    """The size of every label of a contraction."""
    ins, out = node.labels
    sizes = dict(zip(out, node.shape, strict=True))
    for labels, arg in zip(ins, node.args, strict=True):
        sizes.update(zip(labels, arg.shape, strict=True))
    return sizes
