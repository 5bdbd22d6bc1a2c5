"""Points far from the ordinary ones: of many magnitudes, near the numbers that a claim names, and at them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from math import lcm

from derive.check.equality.draw import Mood
from derive.check.equality.probe import Point, draw_point, points_of
from derive.check.equality.recent import PerGraph
from derive.ir.graph import Graph
from derive.ir.node import Node, refs, topological

MOST = 240
LARGEST_SIZE = 12
"""A number that a claim names is a size of arrays up to here."""
EXTREME = 10**6
FAR: tuple[Mood, ...] = ("wide", "whole", "wide", "signed", "wide", "whole", "positive", "wide")


class _Far:
    """Points of many magnitudes of one graph; they are kept for the claims that name the same numbers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[tuple[tuple[Fraction, ...], bool], list[Point | None]] = {}

    def all(self, anchors: tuple[Fraction, ...], *, beyond: bool = False) -> Iterator[Point]:
        """Points, those without a value left out; `beyond`: also of sizes that are larger than the anchors."""
        known = self._known.setdefault((anchors, beyond), [])
        draws = [*points_of(self.graph).draws, *self.small]
        if beyond:
            edges = {int(anchor) for anchor in anchors if anchor <= LARGEST_SIZE}
            draws += [dict.fromkeys(self.small[0], edge + 1) for edge in sorted(edges)]
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

    @cached_property
    def small(self) -> list[dict[str, int]]:
        """Sizes as numbers have edges too: max(N, 2) is N from 2 on."""
        names = list(points_of(self.graph).draws[0])
        rng = random.Random(0)
        return [{name: rng.randint(1, 4) for name in names} for _ in range(3)] + [dict.fromkeys(names, 1)]


_far = PerGraph(_Far)


def far_points(left: Node, right: Node, graph: Graph) -> Iterator[Point]:
    """Points of many magnitudes, near the numbers that two members and what they depend on name, and at them."""
    nodes = in_sight(left, right, graph)
    return _far.of(graph).all(_numbers_in(nodes), beyond=any(node.op == "size" for node in topological(*nodes)))


def sizes_met(graph: Graph) -> dict[str, int]:
    """The largest number that each size of a graph has at these points."""
    far = _far.of(graph)
    draws = [*points_of(graph).draws, *far.small]
    return {name: max(draw[name] for draw in draws) for name in draws[0]}


def in_sight(left: Node, right: Node, graph: Graph) -> tuple[Node, ...]:
    """The members, and the lines of the bindings that they depend on."""
    above = {name for name in refs(left, right) if name in graph}
    above |= {other for name in above for other in graph.ancestors(name)}
    return (*(binding.node for name, binding in graph.bindings.items() if name in above), left, right)


def _numbers_in(nodes: Sequence[Node]) -> tuple[Fraction, ...]:
    """The numbers that the members name: edges lie there. Values that they make ordinary: tanh(10^9 x) has a slope."""
    found = {abs(node.value) for node in topological(*nodes) if node.op == "number" and node.value}
    found |= {1 / number for number in found if not 1 / EXTREME < number < EXTREME}
    return tuple(sorted(found - {1}))[:12]


def whole_points(left: Node, right: Node, graph: Graph) -> Iterator[Point]:
    """Points with values so short that float64 is exact."""
    for point in far_points(left, right, graph):
        if not any(entry.denominator > 2 for value in point.inputs.values() for entry in value.flat):
            yield point


def first_entry(node: Node, point: Point) -> float | None:
    """The first entry of a node at a point; None where it has no value."""
    value = point.value(node)
    return None if value is None or not value.size else float(value.flat[0])
