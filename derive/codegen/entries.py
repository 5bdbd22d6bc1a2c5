"""Nodes that work entry on entry: which they are, what mirrors them, what they cost."""

from __future__ import annotations

from collections.abc import Collection

from derive.codegen.simplify import is_repeat
from derive.ir import build
from derive.ir.node import Node, as_number


def is_elementwise(node: Node) -> bool:
    """Whether a node is a sum, product, quotient, whole power or sign of arrays that lie entry on entry."""
    if node.op in ("add", "neg", "div"):
        return True
    if node.op == "pow":
        return whole_power(node) is not None
    if node.op != "contract" or is_repeat(node):
        return False
    ins, out = node.labels
    if len(set(out)) < len(out) or {label for own in ins for label in own} != set(out):
        return False
    return all(list(own) == [label for label in out if label in own] for own in ins)


def whole_power(node: Node) -> int | None:
    """n, if a node is a power n between -4 and 4."""
    exponent = node.args[1].args[0] if is_repeat(node.args[1]) else node.args[1]
    value = as_number(exponent)
    return int(value) if value is not None and value.denominator == 1 and abs(value) <= 4 else None


def mirror(node: Node, name: str = "softplus") -> Node | None:
    """sigmoid(-u) for sigmoid(u), softplus(-u) for softplus(u)."""
    if node.op != "call" or node.name != name or any(node.orders):
        return None
    (u,) = node.args
    return build.call(name, u.args[0] if u.op == "neg" else build.neg(u))


def is_tail(atom: object) -> bool:
    """Whether an atom is softplus(min(u, -u)), which is log1p(exp(-|u|))."""
    node = atom.args[0] if isinstance(atom, Node) and is_repeat(atom) else atom
    if not isinstance(node, Node) or node.op != "call" or node.name != "softplus" or any(node.orders):
        return False
    (least,) = node.args
    return least.op == "call" and least.name == "minimum" and build.neg(least.args[0]) is least.args[1]


def cost(root: Node, known: Collection[Node]) -> int:
    """How many array operations a region takes above what is `known`, each shared part once; scalars count less."""
    total = 0
    stack, seen = [root], set(known)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if is_elementwise(node) or is_repeat(node):
            stack += node.args
        if node.op == "contract" and not is_repeat(node):
            scalars = sum(not arg.shape for arg in node.args)
            arrays = len(node.args) - scalars
            total += max(0, scalars - 1) + _weight(node) * (max(0, arrays - 1) + (scalars > 0 and arrays > 0))
        elif node.op == "add":
            total += (len(node.args) - 1) * _weight(node)
        elif node.op == "call":
            total += _weight(node) * (6 if mirror(node) is not None else 1)
        elif node.op in ("div", "pow") or (node.op == "neg" and node is root):
            total += _weight(node)
    return total


def _weight(node: Node) -> int:
    return 4 if node.shape else 1
