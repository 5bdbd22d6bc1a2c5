"""The edges of conditions: where a derivative need not exist.

relu(z) is 0 for all z < 0, and relu(relu(z)) has a derivative there. By q there is none of a model with relu(q - 1) at
q = 1, even if q is 1 for all inputs near; what the claim alone compares with 0 says nothing of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from derive.equality.climb import DEFINITE, FIXED, shaken
from derive.equality.magnitudes import in_sight
from derive.equality.probe import DIGITS, Point
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ops.conditions import jumps, open_nodes, switch_of

Array = Any
UNSURE = 1e-9
ZERO = 1e-40
ALONE = 0.499
"""The condition of an extremum is 1/2 for an entry that alone is the largest, -1/2 for one that is not."""


def switches_of(nodes: Iterable[Node], *, jumping: bool = False) -> list[Node]:
    """The nodes whose signs are the conditions of some nodes; `jumping`: those at which a value may jump."""
    pieces = (node for node in open_nodes(nodes) if not jumping or jumps(node))
    switches = (s for node in pieces if (s := switch_of(node)) is not None)
    return [s for s in dict.fromkeys(switches) if any(node.op in ("ref", "size") for node in topological(s))]


class Edges:
    """Where a condition changes its sign, so that a derivative `by` some names need not exist."""

    def __init__(self, left: Node, right: Node, graph: ComputationGraph, by: Sequence[str]) -> None:
        self._by = [name for name in by if name in graph]
        self._graph = graph
        sight = in_sight(left, right, graph)
        moved = [name for name in graph.bindings if not by or graph.ancestors(name).union([name]).intersection(by)]
        lines = [graph.bindings[name].node for name in moved]
        lines += [binding.node for binding in graph.bindings.values() if binding.node in sight]
        self._of_model = switches_of(lines)
        self._all = list(dict.fromkeys([*switches_of(sight), *self._of_model]))

    def has(self, point: Point) -> bool:
        """Whether an entry of a condition is 0 at a point, and not at all points near it."""
        return self._any(self._all, point)

    def has_of_model(self, point: Point) -> bool:
        """The same of the conditions of the model alone: of what depends on what is varied, or is in sight."""
        return self._any(self._of_model, point)

    def is_still(self, point: Point, moving: Sequence[str]) -> bool:
        """Whether no condition changes its sign as only these names move: there are slopes by them on such an edge.

        At b = 2 the maximum of b a and 2 a is 2 a for all a. What facts keep from moving freely says nothing.
        """
        declared = [self._graph.declarations.get(name) for name in moving]
        facts = {fact.name for one in declared if one is not None for fact in one.facts}
        if not all(name in self._graph for name in moving) or facts.intersection((*FIXED, *DEFINITE)):
            return False
        near = [shaken(point, name) for name in moving]
        near.append(reduce(shaken, moving, point))
        return not any(_changes(node, point, partial(_given, other)) for node in self._all for other in near)

    def _any(self, nodes: Sequence[Node], point: Point) -> bool:
        if any(_changes(node, point, partial(shaken, point)) for node in nodes):
            return True
        return any(_changes(node, point, partial(shaken, point, name)) for name in self._by for node in self._of_model)


def _given(point: Point) -> Point:
    return point


def _changes(node: Node, point: Point, near: Callable[[], Point]) -> bool:
    """Whether an entry of a condition is 0 at a point and not at another one."""
    sign = _edge_of(node, point)
    if sign is None or not (sign == 0).any():
        return False
    other = _edge_of(node, near())
    return other is None or bool(((sign == 0) & (other != 0)).any())


def _edge_of(node: Node, point: Point) -> Array | None:
    """The sign of a condition; of an extremum it is 0 at a tie of any number."""
    sign, value = sign_of(node, point), point.value(node)
    if sign is None or value is None or not any(arg.op == "argmax_mask" for arg in node.args):
        return sign
    return np.where(np.abs(value) < ALONE, 0, sign)


def sign_of(node: Node, point: Point) -> Array | None:
    """The sign of a condition, entry by entry; None if it has no value."""
    value = point.value(node)
    if value is not None and ((value != 0) & (np.abs(value) < UNSURE)).any():
        value = point.value(node, DIGITS)
        value = None if value is None else np.where(np.asarray(np.abs(value) < ZERO, dtype=bool), 0, value)
    return None if value is None else np.sign(value.astype(float)).astype(int)
