"""Jacobians: the derivative of any value by any other, as one node.

`jacobian(graph, p, q)` has the shape of p followed by the shape of q; entry [i..., j...] is the derivative of p[i] by
q[j]. It is read off the reverse pass: with a symbolic cotangent G of p, the cotangent of q is linear in G, and the
Jacobian is its coefficient.

    total   set q, run everything downstream again
    direct  differentiate the defining line of p alone, its other bindings held
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from derive.calculus.reverse import backward_order, binding_pullback, pullback
from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ir.size import Shape
from derive.ops.primitive import Positions, product
from derive.ops.record import tensor_or_none
from derive.ops.tensors import axes_of

_SEED = "cotangent"


def jacobian(graph: ComputationGraph, p: str, q: str, *, direct: bool = False) -> Node:
    """The derivative of `p` by `q`, shape of p followed by shape of q."""
    if p == q:
        return identity(graph.ref(p))
    seed = build.ref(f"%{_SEED}", graph.shape(p))
    if direct:
        sent = binding_pullback(graph, p, seed) if p in graph.bindings else {}
        cotangent = sent.get(q)
    else:
        cotangent = total_cotangent(graph, {p: seed}, q)
    if cotangent is None:
        return build.zeros(graph.shape(p) + graph.shape(q))
    return coefficient(cotangent, seed)


def expression_jacobian(root: Node, q: Node) -> Node:
    """The derivative of an expression by a ref in it, everything else held; shape of root, then of q."""
    seed = build.ref(f"%{_SEED}", root.shape)
    cotangent = pullback(root, seed).get(q.name)
    return build.zeros(root.shape + q.shape) if cotangent is None else coefficient(cotangent, seed)


def total_cotangent(graph: ComputationGraph, seeds: Mapping[str, Node], q: str) -> Node | None:
    """What the cotangents of some values send to `q`, when it is set and everything after it is run again."""
    contributions: dict[str, list[Node]] = {p: [seed] for p, seed in seeds.items()}
    for name in backward_order(graph):
        if name == q or name not in contributions or name not in graph.bindings:
            continue
        g = build.add(*contributions[name])
        for below, cotangent in binding_pullback(graph, name, g).items():
            contributions.setdefault(below, []).append(cotangent)
    sent = contributions.get(q)
    return build.add(*sent) if sent else None


def identity(like: Node) -> Node:
    """The derivative of a value by itself: a product of Kronecker deltas, shape of it twice."""
    labels = tuple(range(len(like.shape)))
    return build.contract([()], labels + labels, [build.number(1)], like.shape + like.shape)


def coefficient(root: Node, seed: Node) -> Node:
    """The coefficient of `seed` in an expression linear in it; shape of seed, then of root."""
    rank = len(seed.shape)
    done: dict[Node, Node] = {seed: identity(seed)}
    for node in topological(root):
        if node not in done and any(arg in done for arg in node.args):
            done[node] = _linear(node, done, seed.shape, rank)
    return done[root] if root in done else build.zeros(seed.shape + root.shape)


def _linear(node: Node, done: dict[Node, Node], front: Shape, rank: int) -> Node:
    shape = front + node.shape
    like = build.ref("%", shape)
    match node.op:
        case "contract":
            ins, out = node.labels
            extra = tuple(range(rank))
            factors = []
            for labels, arg in zip(ins, node.args, strict=True):
                shifted = tuple(label + rank for label in labels)
                factors.append(((*extra, *shifted), done[arg]) if arg in done else (shifted, arg))
            return product(factors, (*extra, *(label + rank for label in out)), like)
        case "add":
            return build.add(*[done[arg] for arg in node.args if arg in done])
        case "neg":
            return build.neg(done[node.args[0]])
        case "div" if node.args[1] not in done:
            return build.div(done[node.args[0]], build.broadcast_to(node.args[1], shape))
        case "array":
            places = np.ndindex(*(cast(int, size.number) for size in node.shape))
            parts = [(done[arg], place) for arg, place in zip(node.args, places, strict=True) if arg in done]
            return build.add(*[build.placed(part, (None,) * rank + place, shape) for part, place in parts])
        case "entry":
            return build.entry(done[node.args[0]], (None,) * rank + _positions(node))
        case "placed":
            return build.placed(done[node.args[0]], (None,) * rank + _positions(node), shape)
        case op if (record := tensor_or_none(op)) is not None and record.linear and node.args[-1] in done:
            along = isinstance(node.attribute, tuple)  # some axes, counted from the front
            attribute = tuple(axis + rank for axis in axes_of(node)) if along else node.attribute
            axes = tuple(range(len(shape)))
            others = [build.contract([axes[rank:]], axes, [arg], shape) for arg in node.args[:-1]]
            return Node(op, (*others, done[node.args[-1]]), attribute, shape)
        case op if (record := tensor_or_none(op)) is not None and record.definition is not None:
            written = record.definition(node)
            for below in topological(written):
                if below not in done and any(arg in done for arg in below.args):
                    done[below] = _linear(below, done, front, rank)
            return done[written]
        case _:
            raise UnsupportedError(f"the operation {node.op} is not linear in the cotangent")


def _positions(node: Node) -> Positions:
    positions = node.attribute
    assert isinstance(positions, tuple)
    return positions
