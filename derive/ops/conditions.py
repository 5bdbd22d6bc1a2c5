"""Where the pieces of piecewise operations meet.

    relu(z), |z|, sign(z), 1[z > 0]        switch where  z      changes its sign
    max(a, b), min(a, b)                   switch where  a - b  changes its sign
    where(c, a, b)                         switches where the condition c passes between 0 and 1: c - 1/2
    max_j z_j along some axes              switches where z_i becomes the largest or ceases to be: 1[z_i is it] - 1/2

Each record tells its `switch`, so that no other module has to know which operations have pieces. A slope is the
textbook's on either side of a switch; what was seen on one side says nothing of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import inf

from derive.ir import build
from derive.ir.node import Node, topological
from derive.ops.record import elementwise, tensor_or_none


def conditions(nodes: Iterable[Node]) -> list[Node]:
    """The nodes whose sign switches a piecewise operation below `nodes`, each once, operands before users.

    Shaped like the operation's operand; each entry has a sign of its own. A condition that cannot vary (it has no
    free value in it) is left out.
    """
    found = [switch for node in topological(*nodes) if (switch := switch_of(node)) is not None]
    return [node for node in dict.fromkeys(found) if any(below.op == "ref" for below in topological(node))]


def switch_of(node: Node) -> Node | None:
    """The node whose sign switches this operation, or None for a smooth one."""
    if node.op == "call":
        function = elementwise(node.name)
        return function.switch(*node.args) if function is not None and function.switch is not None else None
    operation = tensor_or_none(node.op)
    return operation.switch(node) if operation is not None and operation.switch is not None else None


def has_limits(node: Node) -> bool:
    """Whether an operation below a node has no value for some operands that are not fixed: 1/x, x^a, log x."""
    return any(_limit(below) is not None for below in topological(node))


def limits(nodes: Iterable[Node]) -> list[Node]:
    """Where the domains of operations below `nodes` end: the operands that must not be 0, or positive."""
    return list(dict.fromkeys(limit for node in topological(*nodes) if (limit := _limit(node)) is not None))


def _limit(node: Node) -> Node | None:
    if node.op in ("div", "pow"):
        operand = node.args[1 if node.op == "div" else 0]
        return operand if any(below.op == "ref" for below in topological(operand)) else None
    record = elementwise(node.name) if node.op == "call" else None
    return None if record is None or record.domain == (-inf, inf) else _inside(node.args[0], *record.domain)


def _inside(operand: Node, low: float, high: float) -> Node:
    """What is positive inside an interval."""
    above = operand if low == 0 else build.sub(operand, build.number(Fraction(low)))
    return above if high == inf else build.mul(above, build.sub(build.number(Fraction(high)), operand))


def countless(nodes: Iterable[Node]) -> Node | None:
    """A node below `nodes` with infinitely many pieces (floor), or None."""
    calls = (
        node for node in topological(*nodes) if node.op == "call" and any(b.op == "ref" for b in topological(node))
    )
    return next((c for c in calls if (record := elementwise(c.name)) is not None and record.countless), None)
