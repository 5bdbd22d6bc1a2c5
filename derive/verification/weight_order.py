r"""The order of a weight's two indices: `w_ij` from unit i to unit j (source first), or into unit i from unit j.

    z_j = \sum_i w_ij a_i     source first: the index that is summed stands first
    z_i = \sum_j w_ij a_j     destination first

A model fixes the order: a matrix by the axis over which it is contracted with what enters the layer, explicit weights
`w_11, w_21, ...` by the index that differs between the weights of one definition. `exchanged` is the same model with
explicit weights named in the other order, which tells the formulas that need this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from derive.ir.build import ref
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs, substitute, topological

Order = Literal["source_first", "dest_first"]

_NAME = re.compile(r"(?P<head>.+_)(?:(?P<i>\d)(?P<j>\d)|(?P<k>\d+)_(?P<l>\d+))")
_SPELLED = re.compile(r"_\{(\d)(,?\s*)(\d)\}|_\{(\d+)(,\s*)(\d+)\}")


def order_of(graph: ComputationGraph, name: str) -> Order | None:
    """How a matrix orders its two indices, judged by all its products with what is no weight; None if none tells."""
    window = graph.family.interior if graph.family is not None else graph
    weight = window.ref(name)
    found = {order for binding in window.bindings.values() for order in _contracted(binding.node, weight)}
    return found.pop() if len(found) == 1 else None


def _contracted(root: Node, weight: Node) -> Iterator[Order]:
    for node in topological(root):
        if node.op != "contract" or len(node.args) < 2:
            continue
        operands, result = node.labels
        for arg, labels in zip(node.args, operands, strict=True):
            first, second = (label in result for label in _axes(arg, weight, labels))
            if first != second:
                yield "dest_first" if first else "source_first"


def _axes(arg: Node, weight: Node, labels: tuple[int, ...]) -> tuple[int, ...]:
    """The labels of the weight's own two axes in an operand that is the weight or its transpose, else two alike."""
    if arg is weight and len(labels) == 2:
        return labels
    turned = arg.op == "contract" and arg.args == (weight,) and arg.labels == (((0, 1),), (1, 0))
    return labels[::-1] if turned else (0, 0)


def explicit_orders(graph: ComputationGraph) -> dict[str, Order]:
    """The orders of explicit weights, by the part of the names before the indices; only where all definitions agree."""
    found: dict[str, set[Order | None]] = {}
    for binding in graph.bindings.values():
        entering: dict[str, list[tuple[str, str]]] = {}
        for name in refs(binding.node):
            if name in graph.declarations and (parts := _parts(name)) is not None:
                entering.setdefault(parts[0], []).append(parts[1:])
        for head, pairs in entering.items():
            if len(pairs) > 1:
                found.setdefault(head, set()).add(_constant(pairs))
    return {head: order for head, orders in found.items() if len(orders) == 1 and (order := min(orders, key=str))}


def _constant(pairs: Iterable[tuple[str, str]]) -> Order | None:
    first, second = (len(set(indices)) for indices in zip(*pairs, strict=True))
    if first > 1 and second == 1:
        return "source_first"
    return "dest_first" if first == 1 and second > 1 else None


def exchanged(graph: ComputationGraph) -> tuple[ComputationGraph, Order] | None:
    """The model with its explicit weights named in the other order, and the order they have; None if it has none."""
    orders = explicit_orders(graph)
    if graph.family is not None or len(set(orders.values())) != 1:
        return None
    new = {
        name: f"{parts[0]}{parts[2]}{'_' if name[len(parts[0]) :].count('_') else ''}{parts[1]}"
        for name in graph.inputs
        if (parts := _parts(name)) is not None and parts[0] in orders
    }
    moved = {graph.ref(name): ref(other, graph.shape(name)) for name, other in new.items()}
    declarations = {
        new.get(name, name): replace(d, name=new[name], latex=_swapped(d.latex)) if name in new else d
        for name, d in graph.declarations.items()
    }
    bindings = {name: replace(b, node=substitute(b.node, moved)) for name, b in graph.bindings.items()}
    aliases = {_swapped(a) or a if of in new else a: new.get(of, of) for a, of in graph.aliases.items()}
    return replace(graph, declarations=declarations, bindings=bindings, aliases=aliases), next(iter(orders.values()))


def _parts(name: str) -> tuple[str, str, str] | None:
    match = _NAME.fullmatch(name)
    return None if match is None else (match["head"], match["i"] or match["k"], match["j"] or match["l"])


def _swapped(spelling: str | None) -> str | None:
    """A spelling with its two indices in the other order."""
    if spelling is None:
        return None
    return _SPELLED.sub(lambda m: f"_{{{m[3] or m[6]}{m[2] or m[5] or ''}{m[1] or m[4]}}}", spelling)
