r"""Large expressions in parts: `... where t_1 = ...`.

An expression shares its parts, a printed formula cannot: x_1 = f(x_0) + f(x_0), x_2 = f(x_1) + f(x_1), ... doubles with
every step. An expression whose printed form would grow beyond `WEIGHT` signs or `DEPTH` levels gets names for its
largest parts, each printed once, so that the whole stays linear in the number of nodes. So has what no notation writes
whole: the several matrices of which an inverse is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological, with_args
from derive.ops.record import tensor_or_none

WEIGHT = 160
DEPTH = 40
_WORTH_NAMING = 6
_SHORT = 30


def short(node: Node) -> bool:
    """Whether a formula is small enough to be one member among others."""
    return sum(1 for _ in topological(node)) <= _SHORT


def _is_in_no_notation(node: Node) -> bool:
    """Whether an operation takes several matrices whole, which only a name stands for."""
    record = tensor_or_none(node.op)
    return record is not None and record.batched and len(node.args[0].shape) > 2


@dataclass
class Parts:
    """Names for parts, shared by the formulas of one line; `definitions` in the order in which they are needed."""

    graph: ComputationGraph
    definitions: list[tuple[Node, Node]] = field(default_factory=list)
    _names: dict[Node, Node] = field(default_factory=dict)
    _letter: str = ""

    def cut(self, root: Node) -> Node:
        """The expression with refs to new names in place of its large parts."""
        done: dict[Node, Node] = {}
        weight: dict[Node, int] = {}
        depth: dict[Node, int] = {}
        for node in topological(root):
            args = [done[arg] for arg in node.args]
            if args and args[0].op != "ref" and _is_in_no_notation(node):
                args[0] = self._named(args[0], weight, depth)
            for arg in args:
                if depth[arg] >= DEPTH:
                    args = [self._named(a, weight, depth) if a is arg else a for a in args]
            while 1 + sum(weight[arg] for arg in args) > WEIGHT:
                largest = max(args, key=lambda arg: weight[arg])
                if weight[largest] < _WORTH_NAMING:
                    break
                name = self._named(largest, weight, depth)
                args = [name if arg is largest else arg for arg in args]
            new = with_args(node, tuple(args))
            done[node] = new
            weight[new] = 1 + sum(weight[arg] for arg in args)
            depth[new] = 1 + max((depth[arg] for arg in args), default=0)
        return done[root]

    def _named(self, node: Node, weight: dict[Node, int], depth: dict[Node, int]) -> Node:
        if node not in self._names:
            self._letter = self._letter or next(
                letter for letter in "tuvspqrh" if not any(name.startswith(letter) for name in self.graph.names)
            )
            self._names[node] = build.ref(f"{self._letter}_{len(self._names) + 1}", node.shape)
            self.definitions.append((self._names[node], node))
        name = self._names[node]
        weight[name], depth[name] = 1, 1
        return name
