"""Contractions taken apart: nested products as one flat product of factors with labels.

A product of products is one sum over one product,

    sum_k A[i,k] (B C)[k,j]  =  sum_{k,l} A[i,k] B[k,l] C[l,j],

so factors of contractions that nobody named are spliced in. A sign is pulled to the front; a label that is summed but
that no factor bears counts its axis.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.ir import build
from derive.ir.node import Labels, Node
from derive.ir.size import ONE, Size
from derive.ops.record import as_shown

Factor = tuple[Labels, Node]


@dataclass(frozen=True)
class Flat:
    """`sign` times the sum, over all labels not in `out`, of the product of the factors."""

    minus: bool
    factors: tuple[Factor, ...]
    out: Labels
    sizes: dict[int, Size]

    def summed(self) -> list[int]:
        """The summed labels, in order of appearance."""
        seen = dict.fromkeys(label for labels, _ in self.factors for label in labels)
        return [label for label in seen if label not in self.out]


def flatten(node: Node, *, divide: bool = False) -> Flat:
    """The flat form of a contraction; with `divide`, a quotient by a repeated value becomes a factor 1/value."""
    work = _Work()
    out = tuple(work.new(size) for size in node.shape)
    stack: list[Factor] = [(out, node)]
    done: list[Factor] = []
    while stack:
        labels, factor = stack.pop()
        labels, factor = work.found(labels), as_shown(factor)
        if factor.op == "neg":
            work.minus = not work.minus
            stack.append((labels, factor.args[0]))
        elif factor.op == "number" and factor.value < 0:
            work.minus = not work.minus
            stack.append((labels, build.number(-factor.value)))
        elif factor.op == "contract":
            stack.extend(reversed(work.inner(factor, labels)))
        elif divide and factor.op == "div" and repeated(factor.args[1]):
            num, den = factor.args
            stack += [(labels, _inverted(den)), (labels, num)]
        else:
            done.append((labels, factor))
    return work.result(done, out)


class _Work:
    def __init__(self) -> None:
        self.minus = False
        self.sizes: dict[int, Size] = {}
        self.same: dict[int, int] = {}

    def new(self, size: Size) -> int:
        self.sizes[len(self.sizes)] = size
        return len(self.sizes) - 1

    def found(self, labels: Labels) -> Labels:
        return tuple(self.find(label) for label in labels)

    def find(self, label: int) -> int:
        while label in self.same:
            label = self.same[label]
        return label

    def inner(self, node: Node, labels: Labels) -> list[Factor]:
        """The factors of an inner contraction whose result bears `labels`."""
        ins, out = node.labels
        names: dict[int, int] = {}
        for own, outer in zip(out, labels, strict=True):
            if names.setdefault(own, outer) != outer:  # a diagonal: two outer labels become one
                low, high = sorted((self.find(names[own]), self.find(outer)))
                if low != high:
                    self.same[high] = low
        for own, size in build.label_sizes(node).items():
            if own not in names:
                names[own] = self.new(size)
        return [(tuple(names[own] for own in part), arg) for part, arg in zip(ins, node.args, strict=True)]

    def result(self, done: list[Factor], out: Labels) -> Flat:
        factors = [(self.found(labels), factor) for labels, factor in done]
        out = self.found(out)
        borne = {label for labels, _ in factors for label in labels} | set(out)
        for label, size in self.sizes.items():
            if self.find(label) == label and label not in borne and size.number != 1:
                factors.insert(0, ((), build.size_value(size)))
        kept = [f for f in factors if not (f[1].op == "number" and f[1].value == 1)]
        return Flat(self.minus, tuple(kept), out, {label: self.sizes[label] for label in borne})


def repeated(node: Node) -> bool:
    """Whether a node only repeats a value along some axes; along a diagonal, as `2 I`, it is not repeated."""
    if node.op != "contract" or len(node.args) != 1:
        return False
    (labels,), out = node.labels
    if len(set(out)) < len(out):
        return False
    lost = [size for label, size in zip(labels, node.args[0].shape, strict=True) if label not in out]
    return not set(out) <= set(labels) and all(size is ONE for size in lost)


def spreads_a_scalar(node: Node) -> bool:
    """Whether an array is one scalar in every entry, by its form."""
    while node.shape and (node.op == "neg" or repeated(node)):
        node = node.args[0]
    return not node.shape


def _inverted(node: Node) -> Node:
    inner = build.div(build.number(1), node.args[0])
    return build.contract(node.labels[0], node.labels[1], [inner], node.shape)
