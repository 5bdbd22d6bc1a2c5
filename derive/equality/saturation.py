"""Where values are lost in others, so that equal values say nothing.

    tanh 60, σ(-80), erf 12             the limit of the function, to all digits at hand
    y + exp(-200), y + x/10^60          the other term

Functions that are analytic on a connected part of the domain are equal there if they are equal near one of its points;
but what is compared at a point are digits, and tanh(x² + 60) has those of 1 everywhere. So agreement counts only at
points at which no value on the way is so large or so small, and no exponential so far out, that 50 digits do not show
it beside values of about 1. A number that is too small itself, as 10^-60, leaves no such point: a proof may decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from derive.equality.probe import Point
from derive.ir.node import Node
from derive.ops.conditions import open_nodes

EXPONENTIAL = ("exp", "sigmoid", "tanh", "erf", "erfc", "softplus", "silu", "gelu")
"""The calls that come near a limit as fast as exp(-u), or faster."""
ROWS = ("softmax", "logsumexp")
MOST_POWERS = 25
"""Powers of ten between 1 and a value that is still shown, twice over, by 50 digits."""
FARTHEST = MOST_POWERS * float(np.log(10))


class Lost:
    """The values on the way to some nodes, and whether some are lost in others at a point."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        every = list(open_nodes(nodes))
        calls = (node for node in every if (node.op == "call" and node.name in EXPONENTIAL) or node.op in ROWS)
        self._operands = list(dict.fromkeys(node.args[0] for node in calls))
        self._values = [node for node in every if node.op != "number"]
        numbers = (abs(node.value) for node in every if node.op == "number" and node.value)
        self._always = any(number * 10**MOST_POWERS < 1 for number in numbers)

    def margin(self, point: Point) -> float:
        """How far the values at a point are from being lost; negative where one is."""
        if self._always:
            return -inf
        farthest = max((self._size(node, point) for node in self._operands), default=0.0)
        powers = max((self._powers(node, point) for node in self._values), default=0.0)
        return min(1 - farthest / FARTHEST, 1 - powers / MOST_POWERS)

    def _size(self, node: Node, point: Point) -> float:
        value = point.value(node)
        return 0.0 if value is None else float(np.max(np.abs(value), initial=0.0))

    def _powers(self, node: Node, point: Point) -> float:
        """The largest distance of an entry from 1, in powers of ten."""
        value = point.value(node)
        sizes = np.empty(0) if value is None else np.abs(np.asarray(value, dtype=float))
        return float(np.max(np.abs(np.log10(sizes[sizes > 0])), initial=0.0))
