"""What a choice does not take is computed with harmless operands: no warning, no infinity, no time lost on either.

    where(x > 0, log(x), x)     is     where(x > 0, log(where(x > 0, x, 1)), x)

Only operands that lie entry on entry with the choice are replaced, and only those of functions that are not defined or
overflow somewhere: logarithms, roots, exponentials, divisors, bases of powers that are not whole. What is computed
outside of all choices too stays as it is: it is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from derive.codegen.entries import is_elementwise, whole_power
from derive.ir import build
from derive.ir.node import Node, as_number, topological
from derive.ops.record import elementwise

SAFE: Mapping[str, int] = {"log": 1, "sqrt": 1, "~log1p": 1, "~log1mexp": -1, "exp": 0, "~expm1": 0}


def choice(condition: Node, taken: Node, other: Node, computed: Collection[Node]) -> Node:
    """where(condition, taken, other), with a condition 1 - c turned round, and both sides sheltered.

    `computed` are the nodes that are computed whatever is chosen.
    """
    if condition.op == "add" and condition.args[1].op == "neg":
        condition, taken, other = condition.args[1].args[0], other, taken
    sides = (_sheltered(side, condition, side is taken, computed) for side in (taken, other))
    return build.call("where", condition, *sides)


def _sheltered(root: Node, condition: Node, taken: bool, computed: Collection[Node]) -> Node:
    """`root` with harmless operands where it is not taken."""
    if root in computed or not any(_risk(node) is not None for node in topological(root)):
        return root

    def safe(operand: Node, value: int) -> Node:
        number = build.fill(build.number(value), operand.shape)
        return build.call("where", condition, *((operand, number) if taken else (number, operand)))

    region, stack = set[Node](), [root]
    while stack:
        node = stack.pop()
        if node not in region and node not in computed and node.shape == condition.shape and _is_entered(node):
            region.add(node)
            stack += node.args
    done: dict[Node, Node] = {}
    for node in topological(root):
        if node not in region:
            continue
        args = [done.get(arg, arg) for arg in node.args]
        risk = _risk(node)
        if risk is not None and not (node.op == "div" and _one_or_so(args[1], safe)):
            place, value = risk
            args[place] = safe(args[place], value)
        done[node] = Node(node.op, tuple(args), node.attribute, node.shape)
    return done.get(root, root)


def _is_entered(node: Node) -> bool:
    """Whether the operands of a node lie entry on entry with it (those of its shape do)."""
    if node.op == "call":
        return elementwise(node.name) is not None and node.name != "where"
    return is_elementwise(node) or node.op == "pow"


def _one_or_so(divisor: Node, safe: Callable[[Node, int], Node]) -> bool:
    """Whether a divisor is a number times a root that is 1 where it is not taken."""
    factors = divisor.args if divisor.op == "contract" else (divisor,)
    plain = [factor for factor in factors if factor.op != "number"]
    return len(plain) == 1 and plain[0].op == "call" and plain[0].name == "sqrt" and _is_safe(plain[0].args[0], safe)


def _is_safe(node: Node, safe: Callable[[Node, int], Node]) -> bool:
    return node.op == "call" and node.name == "where" and any(safe(side, 1) is node for side in node.args[1:])


def _risk(node: Node) -> tuple[int, int] | None:
    """Which operand of a node may be out of its domain or overflow, and a harmless one."""
    if node.op == "div":
        bottom = all(below.op in ("number", "size", "constant", "contract") for below in topological(node.args[1]))
        return None if bottom else (1, 1)
    if node.op == "pow":
        n = whole_power(node)
        return None if n is not None and n >= 0 else (0, 1)
    if node.op != "call" or node.name not in SAFE or any(node.orders) or _harmless(node):
        return None
    return 0, SAFE[node.name]


def _harmless(node: Node) -> bool:
    """Whether the operand of a function is in its domain whatever the inputs are."""
    (u,) = node.args
    record = elementwise(u.name) if u.op == "call" else None
    own = elementwise(node.name)
    if node.name in ("exp", "~expm1"):
        below = u.args[0] if u.op == "neg" else u
        small = below.op == "pow" and (whole_power(below) or 1) % 2 == 0
        return u.op == "neg" and (small or (below.op == "call" and below.name in ("abs", "softplus", "relu")))
    if as_number(u) is not None:
        return True
    return record is not None and own is not None and record.range[0] >= own.domain[0] and u.name not in ("abs", "relu")
