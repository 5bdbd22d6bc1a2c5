"""Nodes that work entry on entry: which they are, what mirrors them, what they cost."""

from __future__ import annotations

from collections.abc import Collection

from derive.codegen.einsum import stands
from derive.codegen.repeats import is_repeat
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Node, as_number
from derive.ir.size import ONE


def is_elementwise(node: Node) -> bool:
    """Whether a node is a sum, product, quotient, whole power or sign of arrays that lie entry on entry."""
    if node.op in ("add", "neg", "div"):
        return True
    if node.op == "pow":
        return whole_power(node) is not None
    if node.op != "contract" or is_repeat(node):
        return False
    ins, out = node.labels
    if len(set(out)) < len(out) or not set(out) <= {label for own in ins for label in own}:
        return False
    if all(list(own) == [label for label in out if label in own] for own in ins):
        return True
    sizes = label_sizes(node)
    return all(len(set(own)) == len(own) and stands(own, out, sizes) for own in ins)


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
    """What the array operations of a region take above what is `known`, each shared part once.

    An operation counts by the axes that its operands are not just repeated along.
    """
    total = 0
    stack, seen = [root], set(known)
    borne: dict[Node, frozenset[int]] = {}
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
            weight = _weight(node, borne)
            total += max(0, scalars - 1) + weight * (max(0, arrays - 1) + (scalars > 0 and arrays > 0))
        elif node.op == "add":
            total += (len(node.args) - 1) * _weight(node, borne)
        elif node.op == "call":
            total += _weight(node, borne) * (6 if mirror(node) is not None else 1)
        elif node.op in ("div", "pow") or (node.op == "neg" and node is root):
            total += _weight(node, borne)
    return total


def _weight(node: Node, borne: dict[Node, frozenset[int]]) -> int:
    axes = len(_borne(node, borne))
    return 3 + axes if axes else 1


def _borne(node: Node, known: dict[Node, frozenset[int]]) -> frozenset[int]:
    """The axes along which a node is not just repeated, through elementwise operations; `known` gets all below."""
    order = [node]
    for below in order:
        if is_elementwise(below) or is_repeat(below):
            order += [arg for arg in below.args if arg not in known]
    for below in reversed(order):
        if below in known:
            continue
        full = frozenset(k for k, size in enumerate(below.shape) if size is not ONE)
        if below.op == "contract" and (is_elementwise(below) or is_repeat(below)):
            ins, out = below.labels
            labels = {own[k] for own, arg in zip(ins, below.args, strict=True) for k in known[arg]}
            known[below] = frozenset(k for k in full if out[k] in labels)
        elif is_elementwise(below):
            known[below] = full & frozenset().union(*(known[arg] for arg in below.args))
        else:
            known[below] = full
    return known[node]
