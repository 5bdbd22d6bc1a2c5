"""Points far from the ordinary ones: of many magnitudes, near the numbers that a claim names, and at them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm, prod

from derive.equality.draw import SHORT, Mood
from derive.equality.probe import VALUE_KINDS, Point, draw_point, points_of
from derive.equality.recent import PerGraph
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs, topological

MOST = 240
LARGEST_SIZE = 32
MOST_ENTRIES = 4000
"""A number that a claim names is a size of arrays up to here, if all inputs together have no more entries."""
MOST_ANCHORS = 12
EXTREME = 10**6
FAR: tuple[Mood, ...] = ("wide", "whole", "wide", "signed", "wide", "whole", "positive", "wide")


class _Far:
    """Points of many magnitudes of one graph; they are kept for the claims that name the same numbers."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph
        self._known: dict[tuple[tuple[Fraction, ...], frozenset[str] | None], list[Point | None]] = {}

    def all(self, anchors: tuple[Fraction, ...], *, beyond: frozenset[str] | None = None) -> Iterator[Point]:
        """Points of many magnitudes, those without a value left out.

        `beyond`: also of sizes that are larger than the anchors, those of these names without bound.
        """
        known = self._known.setdefault((anchors, beyond), [])
        draws = [*points_of(self.graph).draws, *self.small]
        if beyond is not None:
            draws += self._beyond(sorted({int(anchor) + 1 for anchor in anchors}), beyond)
        for k in range(MOST):
            if k == len(known):
                mood = FAR[k % len(FAR)]
                known.append(
                    draw_point(
                        self.graph,
                        draws[(k + k // lcm(len(draws), len(FAR))) % len(draws)],
                        f"far {k}",
                        moods=(mood,),
                        anchors=anchors,
                        redraws=3,
                    )
                )
            point = known[k]
            if point is not None:
                yield point

    def _beyond(self, edges: Sequence[int], unbounded: frozenset[str]) -> Iterator[dict[str, int]]:
        """Sizes beyond the numbers that are named, as far as arrays of them are not too large."""
        for edge in edges:
            sizes = {
                name: edge if name in unbounded or edge <= LARGEST_SIZE + 1 else n for name, n in self.small[0].items()
            }
            shapes = (d.shape for d in self.graph.declarations.values() if d.kind in VALUE_KINDS)
            if edge in sizes.values() and sum(prod(n.value(sizes) for n in shape) for shape in shapes) <= MOST_ENTRIES:
                yield sizes

    @cached_property
    def small(self) -> list[dict[str, int]]:
        """Sizes as numbers have edges too: max(N, 2) is N from 2 on."""
        names = list(points_of(self.graph).draws[0])
        rng = random.Random(0)
        return [{name: rng.randint(1, 4) for name in names} for _ in range(3)] + [dict.fromkeys(names, 1)]


_far = PerGraph(_Far)


def far_points(left: Node, right: Node, graph: ComputationGraph) -> Iterator[Point]:
    """Points of many magnitudes, near the numbers that two members and what they depend on name, and at them."""
    nodes = in_sight(left, right, graph)
    named = {name for node in topological(*nodes) if node.op == "size" for name in node.size.names}
    return _far.of(graph).all(_numbers_in(nodes), beyond=frozenset(named - _of_arrays(nodes, graph)) if named else None)


def _of_arrays(nodes: Sequence[Node], graph: ComputationGraph) -> frozenset[str]:
    """The sizes that some array has."""
    lines = (binding.node for binding in graph.bindings.values())
    shapes = [node.shape for node in topological(*nodes, *lines)] + [d.shape for d in graph.declarations.values()]
    return frozenset(name for shape in shapes for size in shape for name in size.names)


def sizes_met(graph: ComputationGraph) -> dict[str, int]:
    """The largest number that each size of a graph has at these points."""
    far = _far.of(graph)
    draws = [*points_of(graph).draws, *far.small]
    return {name: max(draw[name] for draw in draws) for name in draws[0]}


def in_sight(left: Node, right: Node, graph: ComputationGraph) -> tuple[Node, ...]:
    """The members, and the lines of the bindings that they depend on."""
    above = {name for name in refs(left, right) if name in graph}
    above |= {other for name in above for other in graph.ancestors(name)}
    return (*(binding.node for name, binding in graph.bindings.items() if name in above), left, right)


def _numbers_in(nodes: Sequence[Node]) -> tuple[Fraction, ...]:
    """The numbers that the members name: edges lie there. Values that they make ordinary: tanh(10^9 x) has a slope.

    Of many numbers those are left out that lie in the middle.
    """
    found = {abs(node.value) for node in topological(*nodes) if node.op == "number" and node.value}
    found |= {1 / number for number in found if not 1 / EXTREME < number < EXTREME}
    ordered = sorted(found - {1})
    return tuple(dict.fromkeys((*ordered[: MOST_ANCHORS // 2], *ordered[-MOST_ANCHORS // 2 :])))


def whole_points(left: Node, right: Node, graph: ComputationGraph) -> Iterator[Point]:
    """Points with values so short that float64 is exact, of all that the members depend on."""
    names = inputs_of(in_sight(left, right, graph), graph)
    for point in far_points(left, right, graph):
        if not any(SHORT % entry.denominator for name in names for entry in point.inputs[name].flat):
            yield point


def first_entries(nodes: Sequence[Node], point: Point) -> list[float] | None:
    """The first entry of each of some nodes at a point; None where one has no value."""
    values = [value for node in nodes if (value := point.value(node)) is not None and value.size]
    return [float(value.flat[0]) for value in values] if len(values) == len(nodes) else None


def inputs_of(nodes: Sequence[Node], graph: ComputationGraph) -> list[str]:
    """The inputs that the values of some nodes depend on."""
    above = refs(*nodes)
    known = {*above, *(other for name in above if name in graph.bindings for other in graph.ancestors(name))}
    return [name for name, one in graph.declarations.items() if name in known and one.kind in VALUE_KINDS]
