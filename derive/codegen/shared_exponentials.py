"""One exponential for what needs the same: softmax with log-sum-exp or log-softmax, sigmoid with softplus or with
1 - sigmoid.

A node `shared` computes both, its `part`s are the two; a statement gives both a name.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from derive.ir.node import Node, topological, with_args

PAIRS = (("log_softmax", "softmax"), ("logsumexp", "softmax"), ("softplus", "sigmoid"), ("sigmoid", "complement"))


def shared_exponentials(roots: Sequence[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`."""
    order = list(topological(*roots))
    found: dict[tuple[str, Node, Hashable], Node] = {}
    for node in order:
        if (name := _name(node)) is not None:
            found[name, _operand(node), None if node.op == "call" else node.attribute] = node
    pairs: dict[Node, tuple[tuple[str, str], Hashable, int]] = {}
    for pair in PAIRS:
        for (name, z, axes), node in found.items():
            other = found.get((pair[1], z, axes)) if name == pair[0] else None
            if other is not None and other not in pairs and node not in pairs and z.shape:
                pairs |= {node: (pair, axes, 0), other: (pair, axes, 1)}
    done: dict[Node, Node] = {}
    for node in order:
        args = tuple(done[arg] for arg in node.args)
        if node in pairs:
            pair, axes, k = pairs[node]
            z = done[_operand(node)]
            done[node] = Node("part", (Node("shared", (z,), (pair, axes), z.shape),), k, node.shape)
        else:
            done[node] = with_args(node, args)
    return done


def _name(node: Node) -> str | None:
    if node.op in ("softmax", "log_softmax", "logsumexp"):
        return node.op
    if node.op != "call" or node.name not in ("softplus", "sigmoid") or any(node.orders):
        return None
    return "complement" if node.name == "sigmoid" and node.args[0].op == "neg" else node.name


def _operand(node: Node) -> Node:
    """What the exponential is of: u for 1 - sigmoid(u), which is sigmoid(-u)."""
    return node.args[0].args[0] if _name(node) == "complement" else node.args[0]
