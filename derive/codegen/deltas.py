r"""Kronecker deltas of Jacobians, summed over before anything is computed.

    sum_k  X_{ki} [k = l] s_{lj}  =  X_{li} s_{lj}

A Jacobian is read off by a delta for the entry that is asked for. Where such a delta stands in a sum of products, the
product is taken of each term, so that no array of the delta is ever made; what is left of deltas stands outside.
"""

from __future__ import annotations

from itertools import product
from math import prod

from derive.calculus.simplify import unborne
from derive.ir import build
from derive.ir.node import Labels, Node, topological, with_args
from derive.ir.size import Size
from derive.ops.primitive import embeds

MOST_TERMS = 8  # of one product: along many ways through a network they would multiply


def deltas_out(root: Node) -> Node:
    """The same value with deltas as far outside as they come."""
    done: dict[Node, Node] = {}
    for node in topological(root):
        made = with_args(node, tuple(done[arg] for arg in node.args))
        done[node] = _product(made) if made.op == "contract" else _quotient(made) if made.op == "div" else made
    return done[root]


def _has_delta(node: Node) -> bool:
    return node.op == "contract" and embeds(node)


def _terms(node: Node) -> list[tuple[bool, Node]]:
    """The terms of a sum, with whether each is subtracted; a node without deltas is one term."""
    if node.op == "neg":
        return [(not minus, term) for minus, term in _terms(node.args[0])]
    if node.op == "add":
        terms = [term for arg in node.args for term in _terms(arg)]
        return terms if any(_has_delta(term) for _, term in terms) else [(False, node)]
    return [(False, node)]


def _product(node: Node) -> Node:
    choices = [_terms(arg) for arg in node.args]
    if not any(_has_delta(term) for terms in choices for _, term in terms) or prod(map(len, choices)) > MOST_TERMS:
        return node
    made = []
    for chosen in product(*choices):
        term = _spliced(node, [arg for _, arg in chosen])
        made.append(build.neg(term) if sum(minus for minus, _ in chosen) % 2 else term)
    return build.add(*made)


def _quotient(node: Node) -> Node:
    """A sum of deltas divided by something, as a product with one over it."""
    above, below = node.args
    if not any(_has_delta(term) for _, term in _terms(above)):
        return node
    axes: Labels = tuple(range(len(node.shape)))
    labels = axes
    while below.op == "contract" and len(below.args) == 1 and len(set(below.labels[1])) == len(below.labels[1]):
        ((inner,), out), (below,) = below.labels, below.args
        names = dict(zip(out, labels, strict=True))
        if not set(inner) <= set(names):  # a sum: nothing that only repeats
            return node
        labels = tuple(names[label] for label in inner)
    return _product(build.contract([axes, labels], axes, [above, build.div(build.number(1), below)], node.shape))


def _spliced(node: Node, args: list[Node]) -> Node:
    """The contraction of other operands, with the factors of those that bear deltas in their place."""
    ins, out = node.labels
    same: dict[int, int] = {}
    fresh = 1 + max((label for labels in (*ins, out) for label in labels), default=-1)

    def find(label: int) -> int:
        while label in same:
            label = same[label]
        return label

    kept: list[tuple[Labels, Node]] = []
    sizes: dict[int, Size] = {}
    for labels, arg in zip(ins, args, strict=True):
        sizes.update(zip(labels, arg.shape, strict=True))
        if not _has_delta(arg):
            kept.append((labels, arg))
            continue
        inside, outside = arg.labels
        names: dict[int, int] = {}
        for own, label in zip(outside, labels, strict=True):
            one, other = find(names.setdefault(own, label)), find(label)
            if one != other:
                same[other] = one
        for own, size in build.label_sizes(arg).items():
            if own not in names:
                names[own], sizes[fresh] = fresh, size
                fresh += 1
        kept += [(tuple(names[own] for own in part), factor) for part, factor in zip(inside, arg.args, strict=True)]
    found = [(tuple(map(find, labels)), factor) for labels, factor in kept]
    out = tuple(map(find, out))
    lost = unborne({find(label): size for label, size in sizes.items()}, [labels for labels, _ in found], out)
    found += [((), size) for size in lost]
    return build.contract([labels for labels, _ in found], out, [factor for _, factor in found], node.shape)
