r"""Bare Jacobians as arrays: the diagonal of one that is diagonal, or a matrix in one of the two layouts.

A Jacobian between equal shapes is diagonal for every input if each entry off the diagonal vanishes by form. Two axes of
an expression are tied if its entries vanish wherever their indices differ:

    contract    a product vanishes where a factor does: ties of the operands are ties of the labels, and they chain
                through labels that are summed;  a label that stands twice in the result ties its two axes
    a + b       tied where every term is
    -a, a / c   as a is
    0           all axes

All else ties nothing: what cancels only in the sum (a softmax never does) is not taken for diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.node import Labels, Node, topological
from derive.meaning.claim import Denotation
from derive.meaning.reading_text import Binds, at_least

Ties = tuple[object, ...] | None
"""For each axis the class of axes that it is tied to; None: the expression is zero."""


def diagonal_of(node: Node, front: int) -> Node | None:
    """The diagonal of a Jacobian between equal shapes, if it is one for every input; `front` axes are letters."""
    rank = (len(node.shape) - front) // 2
    if node.shape[front : front + rank] != node.shape[front + rank :]:
        return None
    ties = _ties(node)
    if ties is not None and ties[front : front + rank] != ties[front + rank :]:
        return None
    return _at(node, (*range(front + rank), *range(front, front + rank)))


def _ties(root: Node) -> Ties:
    done: dict[Node, Ties] = {}
    for node in topological(root):
        done[node] = _ties_of(node, [done[arg] for arg in node.args])
    return done[root]


def _ties_of(node: Node, args: Sequence[Ties]) -> Ties:
    free = tuple(range(len(node.shape)))
    if node.op == "number":
        return None if node.value == 0 else ()
    if node.op in ("neg", "div"):
        return args[0]
    if node.op == "add":
        terms = [arg for arg in args if arg is not None]
        return tuple(zip(*terms, strict=True)) if terms and free else () if terms else None
    return _ties_of_product(node, args) if node.op == "contract" else free


def _ties_of_product(node: Node, args: Sequence[Ties]) -> Ties:
    ins, out = node.labels
    name = {label: label for labels in (*ins, out) for label in labels}
    for labels, ties in zip(ins, args, strict=True):
        if ties is None:
            return None
        first: dict[object, int] = {}
        for label, tie in zip(labels, ties, strict=True):
            one, other = name[first.setdefault(tie, label)], name[label]
            name = {key: one if value == other else value for key, value in name.items()}
    return tuple(name[label] for label in out)


def _at(node: Node, axes: Labels) -> Node:
    """The entries of `node` where all axes with one label have one index; taken as deep inside as possible."""
    if len(set(axes)) == len(axes):
        return node
    size = dict(zip(axes, node.shape, strict=True))
    shape = tuple(size[label] for label in range(len(size)))
    if node.op in ("add", "neg", "div", "power", "call") and all(arg.shape == node.shape for arg in node.args):
        return Node(node.op, tuple(_at(arg, axes) for arg in node.args), node.attribute, shape)
    if node.op != "contract":
        return build.contract([axes], tuple(range(len(size))), [node], shape)
    ins, out = node.labels
    name = {label: label for labels in (*ins, out) for label in labels}
    first: dict[int, int] = {}
    for axis, label in zip(axes, out, strict=True):
        one, other = name[first.setdefault(axis, label)], name[label]
        name = {key: one if value == other else value for key, value in name.items()}
    labels: list[Labels] = []
    args: list[Node] = []
    for own, arg in zip(ins, node.args, strict=True):
        kept = list(dict.fromkeys(name[label] for label in own))
        args.append(_at(arg, tuple(kept.index(name[label]) for label in own)))
        labels.append(tuple(kept))
    return build.contract(labels, tuple(name[first[axis]] for axis in range(len(size))), args, shape)


def entrywise(value: Denotation) -> Denotation | None:
    """A diagonal Jacobian as the array of its diagonal, or None."""
    if value.chain is None or 2 * value.chain.split != len(value.shape):
        return None
    diagonal = diagonal_of(value.node, len(value.letters))
    return None if diagonal is None else Denotation(diagonal, value.letters, text=value.text)


def laid_out(value: Denotation, layout: str) -> Denotation:
    """A Jacobian of vectors as a matrix: rows for the numerator, or rows for the denominator."""
    if layout == "numerator":
        return replace(value, chain=None)
    n = len(value.letters)
    order = (*range(n), n + 1, n)
    return replace(
        value, chain=None, node=build.transpose(value.node, order), text=f"{at_least(value.text, Binds.ATOM)}ᵀ"
    )
