"""Where only one of two members has a value: log(ab) has one at a = b = -1, log a + log b has none.

Equal members are equal where both have a value; that is said with the verdict, as the conditions that fail where one
has none: for a > 0 and b > 0. Points are looked for among the far ones and where a domain ends: at the zeros of
denominators and of the operands of logarithms, roots and powers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Literal

from derive.equality.climb import onto_edge
from derive.equality.magnitudes import far_points, first_entries, whole_points
from derive.equality.probe import DIGITS, Point
from derive.equality.witness import inputs_at
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.notation import unicode_node
from derive.ops.conditions import ends_of, limits, open_nodes
from derive.ops.primitive import scalar_of

Side = Literal["left", "right"]
Apart = Callable[[Point, Side], bool]
OTHER: dict[Side, Side] = {"left": "right", "right": "left"}

POINTS = 32
STARTS = 6
"""Points from which an end of a domain is looked for."""


def only_one(
    left: Node, right: Node, graph: ComputationGraph, apart: Apart = lambda *_: False
) -> Iterator[tuple[Point, Side]]:
    """Points at which one of two members has no value, and which, those left out that are set `apart`.

    Looked for only where an operation of theirs has no value for some operands.
    """
    edges = limits([left, right])
    points = chain(islice(far_points(left, right, graph), POINTS), _on_edges(edges, left, right, graph))
    for point in points if edges else ():
        if (point.value(left) is None) != (point.value(right) is None):
            # many digits do not overflow: what has no value there has none
            a, b = point.value(left, DIGITS), point.value(right, DIGITS)
            lacking: Side = "left" if a is None else "right"
            if (a is None) != (b is None) and not apart(point, lacking):
                yield point, lacking


def where_both(left: Node, right: Node, graph: ComputationGraph, apart: Apart = lambda *_: False) -> str:
    """Where members that are equal both have a value, in words; empty if no point was met at which only one has."""
    found = list(only_one(left, right, graph, apart))
    if not found:
        return ""
    lacking = ((left if side == "left" else right, point) for point, side in found)
    failing = dict.fromkeys(pair for member, point in lacking for pair in _failing(member, point, graph))
    positive = {text for text, relation in failing if relation == "> 0"}
    needed = [f"{text} {relation}" for text, relation in failing if relation == "> 0" or text not in positive]
    if needed:
        others = {OTHER[side] for _, side in found}
        which = f"the {others.pop()} member" if len(others) == 1 else "one member"
        return f"for {' and '.join(needed)}: elsewhere only {which} has a value"
    point, side = found[0]
    shown = ", ".join(f"{n} = {v:g}" for n, v in inputs_at(left, right, point).items() if isinstance(v, float))
    return f"where both members have a value{f': at {shown} only the {OTHER[side]} one has' if shown else ''}"


def _failing(member: Node, point: Point, graph: ComputationGraph) -> Iterator[tuple[str, str]]:
    """What a member needs to have a value and does not find at a point: z and `> 0`, x - y and `≠ 0`."""
    for node in open_nodes([member]):
        ends = ends_of(node)
        value = point.value(ends.operand) if ends is not None else None
        if ends is None or value is None or point.value(node) is not None:
            continue  # a whole power has a value at -1 too, whatever its exponent is called
        if relation := ends.failing(value):
            try:
                yield unicode_node(scalar_of(ends.operand), graph), relation
            except DeriveError:
                continue


def _on_edges(edges: Sequence[Node], left: Node, right: Node, graph: ComputationGraph) -> Iterator[Point]:
    rng = random.Random(len(edges))
    for edge in edges:
        for point in islice(whole_points(left, right, graph), STARTS):
            found = onto_edge(point, partial(first_entries, [edge]), rng)
            if found is not None:
                yield found
                break
