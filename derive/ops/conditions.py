"""Where the pieces of piecewise operations meet.

    relu(z), |z|, sign(z), 1[z > 0]        switch where  z      changes its sign
    max(a, b), min(a, b)                   switch where  a - b  changes its sign
    where(c, a, b)                         switches where the condition c passes between 0 and 1: c - 1/2
    max_j z_j along some axes              switches where z_i becomes the largest or ceases to be: 1[z_i is it] - 1/2

Each record tells its `switch`, so that no other module has to know which operations have pieces. A slope is the
textbook's on either side of a switch; what was seen on one side says nothing of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from derive.ir import build
from derive.ir.node import Node, as_number, topological
from derive.ops.primitive import scalar_of
from derive.ops.record import elementwise, tensor_or_none


def conditions(nodes: Iterable[Node]) -> list[Node]:
    """The nodes whose sign switches a piecewise operation below `nodes`, each once, operands before users.

    Shaped like the operation's operand; each entry has a sign of its own. A condition that cannot vary (it has no
    free value in it) is left out.
    """
    found = [switch for node in open_nodes(nodes) if (switch := switch_of(node)) is not None]
    return [node for node in dict.fromkeys(found) if any(below.op == "ref" for below in topological(node))]


def open_nodes(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes below `nodes`, functions that are composed of others written out: with the conditions in them."""
    roots = list(nodes)
    calls = (elementwise(node.name) for node in topological(*roots) if node.op == "call")
    if any(record is not None and record.is_composed for record in calls):
        from derive.ops.composed import composed  # SymPy is loaded when it is needed, not before

        roots = [composed(root) for root in roots]
    return topological(*roots)


def switch_of(node: Node) -> Node | None:
    """The node whose sign switches this operation, or None for a smooth one."""
    if node.op == "call":
        function = elementwise(node.name)
        return function.switch(*node.args) if function is not None and function.switch is not None else None
    operation = tensor_or_none(node.op)
    return operation.switch(node) if operation is not None and operation.switch is not None else None


def jumps(node: Node) -> bool:
    """Whether the pieces of a piecewise operation need not have one value where they meet: sign, where, slopes."""
    if node.op == "call":
        function = elementwise(node.name)
        return function is not None and function.switch is not None and not (function.joined and not any(node.orders))
    operation = tensor_or_none(node.op)
    return operation is not None and operation.switch is not None and not operation.joined


def is_indicator(node: Node) -> bool:
    """Whether a node is 1[u > 0], or 1 less an indicator."""
    if node.op == "call":
        return node.name == "step" and not any(node.orders)
    if node.op != "add" or len(node.args) != 2:
        return False
    one, other = node.args
    return as_number(scalar_of(one)) == 1 and other.op == "neg" and is_indicator(other.args[0])


@dataclass(frozen=True)
class Ends:
    """Where an operation ceases to have values: outside of an interval of its operand, whose ends `closed` includes, or
    where the operand is 0."""

    operand: Node
    low: float = -inf
    high: float = inf
    closed: bool = False
    never_zero: bool = False

    @property
    def zeros(self) -> tuple[Node, ...]:
        """What is 0 at the ends, factor by factor: the operand, or its distance from them."""
        ends = [end for end in (self.low, self.high) if end not in (-inf, inf, 0)]
        at_zero = 0 in (self.low, self.high) or self.never_zero
        away = [build.sub(self.operand, build.number(Fraction(end))) for end in ends]
        return tuple(factor for node in ([self.operand] if at_zero else []) + away for factor in _factors(node))

    def failing(self, value: Any) -> str:
        """What some entries of the operand should be and are not, `> 0`; empty if all are."""
        if bool(np.any(value < self.low if self.closed else value <= self.low)):
            return f"{'≥' if self.closed else '>'} {self.low:g}"
        if bool(np.any(value > self.high if self.closed else value >= self.high)):
            return f"{'≤' if self.closed else '<'} {self.high:g}"
        return "≠ 0" if self.never_zero and bool(np.any(value == 0)) else ""


def ends_of(node: Node) -> Ends | None:
    """Where an operation has no value for some operands that are not fixed, as 1/x, x^a, log x; None if nowhere."""
    if node.op in ("div", "pow"):
        operand = node.args[1 if node.op == "div" else 0]
        if not any(below.op == "ref" for below in topological(operand)):
            return None
        exponent = Fraction(-1) if node.op == "div" else as_number(scalar_of(node.args[1]))
        whole = node.op == "div" or _is_whole(node.args[1])
        positive = exponent is not None and exponent > 0
        return Ends(operand, never_zero=not positive) if whole else Ends(operand, low=0.0, closed=positive)
    record = elementwise(node.name) if node.op == "call" else None
    if record is not None and record.poles is not None:
        return Ends(record.poles(*node.args), never_zero=True)
    if record is None or record.domain == (-inf, inf):
        return None
    return Ends(node.args[-1], *record.domain, closed=node.name == "sqrt")


def _is_whole(exponent: Node) -> bool:
    """Whether an exponent is a whole number for all inputs: made of sizes and of whole numbers, as 2 N - 1."""
    whole = ("size", "add", "neg", "contract")
    return all(n.op in whole or (n.op == "number" and n.value.denominator == 1) for n in topological(exponent))


def has_limits(node: Node) -> bool:
    """Whether an operation below a node has no value for some operands that are not fixed: 1/x, x^a, log x."""
    return any(ends_of(below) is not None for below in open_nodes([node]))


def limits(nodes: Iterable[Node]) -> list[Node]:
    """What is 0 where the domains of operations below `nodes` end; a root of (x - 1)^2 y ends at x = 1 and at y = 0.

    What is analytic between them may be another function on the other side, as the root of x^2 is.
    """
    found = (ends_of(node) for node in open_nodes(nodes))
    return list(dict.fromkeys(zero for ends in found if ends is not None for zero in ends.zeros))


def _factors(node: Node) -> Iterator[Node]:
    """The factors of a node that vary; their signs make up its own, and it is 0 where one of them is."""
    ins, out = node.labels if node.op == "contract" else ((), ())
    if node.op in ("neg", "div") or (node.op == "contract" and {label for one in ins for label in one} == {*out}):
        for arg in node.args:
            yield from _factors(arg)
    elif (node.op == "pow" and as_number(scalar_of(node.args[1])) is not None) or (
        node.op == "call" and node.name in ("abs", "sqrt") and not any(node.orders)
    ):
        yield from _factors(node.args[0])
    elif any(below.op == "ref" for below in topological(node)):
        yield node


def countless(nodes: Iterable[Node]) -> Node | None:
    """A node below `nodes` with infinitely many pieces (floor), or None."""
    calls = (node for node in open_nodes(nodes) if node.op == "call" and any(b.op == "ref" for b in topological(node)))
    return next((c for c in calls if (record := elementwise(c.name)) is not None and record.countless), None)
