"""Cancelling in elementwise regions of the backward pass.

A region is made of sums, products, quotients and whole powers of arrays that lie entry on entry. Over its atoms it is a
rational function; here it is written as a sum of terms

    c * a_1^{n_1} * a_2^{n_2} ...        n_i whole, of either sign

in which a sum that occurs as a denominator anywhere in the region is an atom too. Then

    (-y/a + (1 - y)/(1 - a)) * a (1 - a)  =  -y D + (1 - y) a,  D = 1 - a
                                          =  a - y

after D is written out where it is left as a factor. The result replaces the region if it takes fewer operations. Only
gradients are treated: forward values stay as their author wrote them. A sigmoid of -u is 1 - sigmoid(u) where the
latter is at hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from derive.codegen.entries import is_elementwise, mirror
from derive.codegen.rational import Region
from derive.codegen.repeats import is_repeat
from derive.ir.node import Node, as_number, topological, with_args

MOST_NODES = 120


def cancelled(roots: Sequence[Node], fixed: Collection[Node], named: Collection[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`, regions cancelled.

    `fixed` nodes (forward values) stay as they are, but for those made of softplus(u) and softplus(-u); `named` nodes
    stay nodes.
    """
    order = list(topological(*roots))
    present = set(order)
    uses = Counter(arg for node in order for arg in node.args)
    uses.update(roots)
    open_ = _mirrored(order, present)
    settled = set(fixed) - open_
    inside = {
        node
        for node in order
        if is_elementwise(node) and (_small(node) or (uses[node] == 1 and node not in named and node not in settled))
    }
    outer = {
        arg
        for node in order
        for arg in node.args
        if node in settled or not is_elementwise(node) or arg.shape != node.shape
    }
    outer.update(roots)
    quotients: dict[Node, list[Node]] = defaultdict(list)  # forward quotients by what is divided
    for node in order:
        if node.op == "div" and node in settled:
            quotients[node.args[0]].append(node)
    done: dict[Node, Node] = {}
    for node in order:
        done[node] = new = with_args(node, tuple(done[arg] for arg in node.args))
        if is_elementwise(node) and node not in settled and (node not in inside or node in outer):
            region = _region(node, inside)
            if len(region) <= MOST_NODES:
                done[node] = Region(new, [done[part] for part in region], present, settled, quotients).best()
    return done


def _mirrored(order: Sequence[Node], present: Collection[Node]) -> set[Node]:
    """Elementwise nodes that are made of both softplus(u) and softplus(-u): these share most of their work."""
    found: set[Node] = set()
    for node in order:
        if is_elementwise(node) and any(arg in found or mirror(arg) in present for arg in node.args):
            found.add(node)
    return found


def _small(node: Node) -> bool:
    """Whether a node is such as `-a`, `1 - a` or, of an input, `a / 2`: looked into even where it is shared."""
    if node.op in ("div", "contract") and not node.shape and len(node.args) == 2:
        return any(map(_is_number, node.args)) and any(arg.op == "ref" for arg in node.args)
    return node.op == "neg" or (node.op == "add" and len(node.args) == 2 and any(map(_is_number, node.args)))


def _is_number(node: Node) -> bool:
    return as_number(node.args[0] if is_repeat(node) else node) is not None


def _region(root: Node, inside: Collection[Node]) -> list[Node]:
    """The elementwise nodes of a region, operands first: those that lie entry on entry with its root."""
    found: list[Node] = []
    stack = [(root, False)]
    seen: set[Node] = set()
    while stack:
        node, ready = stack.pop()
        if ready:
            found.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(arg, False) for arg in node.args if arg in inside and arg.shape == root.shape]
    return found
