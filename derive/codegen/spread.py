"""Narrow sums and products entry on entry with what they are repeated to, so that both cancel together.

    1 (f(b) / c)   =   f(1 b) / (1 c)        1 repeats along further axes

`derive.codegen.rewrite` takes what is left of it back: each operation is done once, on what its operands carry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from derive.codegen.entries import is_elementwise
from derive.codegen.repeats import is_repeat
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Labels, Node, topological, with_args
from derive.ir.size import ONE

DEEPEST = 12


def spread(roots: Sequence[Node], fixed: Collection[Node], named: Collection[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`; what is shared, named or a forward value stays narrow."""
    order = list(topological(*roots))
    uses = Counter(arg for node in order for arg in node.args)
    uses.update(roots)
    free = {node for node in order if is_elementwise(node) and uses[node] == 1}
    free -= set(named) | set(fixed)
    done: dict[Node, Node] = {}
    for node in order:
        new = node if node in fixed else _spread(node, free, DEEPEST)
        if new is not node:
            done[node] = with_args(new, tuple(_rebuilt(arg, done) for arg in new.args))
        else:
            done[node] = with_args(node, tuple(done[arg] for arg in node.args))
    return done


def _rebuilt(node: Node, done: dict[Node, Node]) -> Node:
    if node not in done:
        done[node] = with_args(node, tuple(_rebuilt(arg, done) for arg in node.args))
    return done[node]


def _spread(node: Node, free: Collection[Node], depth: int) -> Node:
    """A repeat, inside the operation that it repeats; a product, of factors that are."""
    if node.op == "contract" and is_elementwise(node):
        return _factors_spread(node, free, depth)
    if not depth or not is_repeat(node) or node.args[0] not in free:
        return node
    core = node.args[0]
    (inner,), out = node.labels
    if core.op != "contract":
        operands = [_repeat(arg, inner, node) for arg in core.args]
        return Node(core.op, tuple(_spread(arg, free, depth - 1) for arg in operands), core.attribute, node.shape)
    ins, own_out = core.labels
    names = dict(zip(own_out, inner, strict=True))
    sizes, fresh = label_sizes(core), max((*inner, *out), default=0) + 1
    operands = [
        arg if not arg.shape else _repeat(arg, tuple(names[x] if x in names else fresh + x for x in labels), node)
        for labels, arg in zip(ins, core.args, strict=True)
    ]
    assert all(x in names or sizes[x] is ONE for labels in ins for x in labels)
    return build.broadcast_to(build.mul(*(_spread(arg, free, depth - 1) for arg in operands)), node.shape)


def _factors_spread(node: Node, free: Collection[Node], depth: int) -> Node:
    ins, out = node.labels
    if not depth or not any(arg in free and labels != out for labels, arg in zip(ins, node.args, strict=True)):
        return node
    factors = [
        (out, _spread(_repeat(arg, labels, node), free, depth - 1)) if arg in free and labels != out else (labels, arg)
        for labels, arg in zip(ins, node.args, strict=True)
    ]
    return build.contract([labels for labels, _ in factors], out, [arg for _, arg in factors], node.shape)


def _repeat(node: Node, labels: Labels, like: Node) -> Node:
    """A node along `labels` repeated to the shape of `like`; a repeat of a repeat is one."""
    out = like.labels[1]
    if is_repeat(node):
        (inner,), own_out = node.labels
        names, fresh = dict(zip(own_out, labels, strict=True)), max((*labels, *out), default=0) + 1
        labels, node = tuple(names[x] if x in names else fresh + x for x in inner), node.args[0]
    return build.contract([labels], out, [node], like.shape)
