"""Entrywise products that occur in several products, multiplied once.

u o s,  u o c,  u s o t      p = u o,  q = p s:      q,  p c,  q t

The pair of factors that most products have in common goes first, until no two products have two in common; of pairs
that as many have, one that leaves the author's lines as they are. Only factors along the same axes are taken together,
so that what is narrow is still multiplied before what is wide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from derive.codegen.flat_products import Operand, is_view
from derive.ir import build
from derive.ir.node import Labels, Node, topological, with_args

Places = dict[Node, tuple[int, int]]  # of two factors, product by product


def multiplied_once(roots: Sequence[Node], authored: Collection[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`."""
    order = list(topological(*roots))
    products = {node: list(zip(node.labels[0], node.args, strict=True)) for node in order if node.op == "contract"}
    while (places := _most_common(products, authored)) is not None:
        whole = next((node for node in places if _is_plain(products[node], node.labels[1])), None)
        for node, (i, j) in places.items():
            if node is whole:
                continue
            labels, first = products[node][i]
            second = products[node][j][1]
            whole = whole or build.contract([labels, labels], labels, [first, second], first.shape)
            products[node][i] = labels, whole
            del products[node][j]
        if whole is not None:
            products.pop(whole, None)  # it is what the others are made of
    done: dict[Node, Node] = {}

    def replaced(node: Node) -> Node:
        if node not in done:
            if node in products:
                ins, args = zip(*products[node], strict=True)
                done[node] = build.contract(ins, node.labels[1], tuple(map(replaced, args)), node.shape)
            else:
                done[node] = with_args(node, tuple(map(replaced, node.args)))
        return done[node]

    for node in order:
        replaced(node)
    return done


def _most_common(products: Mapping[Node, Sequence[Operand]], authored: Collection[Node]) -> Places | None:
    """Where the pair of factors is that most products have; None if no two have one."""
    found: dict[frozenset[Node], Places] = {}
    for node, factors in products.items():
        for i, j in _pairs(factors, node.labels[1]):
            found.setdefault(frozenset((factors[i][1], factors[j][1])), {}).setdefault(node, (i, j))
    most = max(found.values(), key=lambda places: (len(places), -sum(node in authored for node in places)), default={})
    return most if len(most) > 1 else None


def _pairs(factors: Sequence[Operand], out: Labels) -> list[tuple[int, int]]:
    """The places of two factors along the same axes; `a @ b` of vectors is none."""
    wide = [k for k, (labels, arg) in enumerate(factors) if labels and not is_view(arg)]
    if len(wide) == 2 and not out and len(factors[wide[0]][0]) == 1:
        return []
    pairs = ((i, j) for i, j in combinations(wide, 2) if factors[i][1] is not factors[j][1])
    return [(i, j) for i, j in pairs if factors[i][0] == factors[j][0] and _distinct(factors[i][0])]


def _distinct(labels: Labels) -> bool:
    return len(set(labels)) == len(labels)


def _is_plain(factors: Sequence[Operand], out: Labels) -> bool:
    """Whether a product is that of two factors and no more."""
    return len(factors) == 2 and _distinct(out) and all(labels == out for labels, _ in factors)
