"""Where only one of two members has a value: log(ab) has one at a = b = -1, log a + log b has none.

Equal members are equal where both have a value; that is said with the verdict. Points are looked for among the far ones
and where a domain ends: at the zeros of denominators and of the operands of logarithms, roots and powers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Literal

from derive.check.equality.climb import onto_edge
from derive.check.equality.far import far_points, first_entry, whole_points
from derive.check.equality.probe import DIGITS, Point
from derive.ir.graph import Graph
from derive.ir.node import Node
from derive.ops.conditions import limits

POINTS = 32
STARTS = 6
"""Points from which an end of a domain is looked for."""


def only_one(left: Node, right: Node, graph: Graph) -> tuple[Point, Literal["left", "right"]] | None:
    """A point at which only one of two members has a value, and which; None if none was met.

    Looked for only where an operation of theirs has no value for some operands.
    """
    edges = limits([left, right])
    if not edges:
        return None
    for point in chain(islice(far_points(left, right, graph), POINTS), _on_edges(edges, left, right, graph)):
        if (point.value(left) is None) != (point.value(right) is None):
            # many digits do not overflow: what has no value there has none
            a, b = point.value(left, DIGITS), point.value(right, DIGITS)
            if (a is None) != (b is None):
                return point, "left" if b is None else "right"
    return None


def _on_edges(edges: Sequence[Node], left: Node, right: Node, graph: Graph) -> Iterator[Point]:
    rng = random.Random(len(edges))
    for edge in edges:
        for point in islice(whole_points(left, right, graph), STARTS):
            found = onto_edge(point, partial(first_entry, edge), rng)
            if found is not None:
                yield found
                break
