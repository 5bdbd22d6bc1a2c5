"""Short forms of derived expressions.

Works from the leaves: every contraction is flattened into one product, the factors that share their axes are one
elementwise region each, regions are cancelled (`derive.calculus.region`), scalar factors move to the front, and a
declared fact may remove a sum (the rows of a `simplex` or `one_hot` input sum to one).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from derive.calculus.region import Generators, is_elementwise
from derive.calculus.same import Keys
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Labels, Node, topological, with_args
from derive.ir.size import Size
from derive.ops.primitive import product

Factor = tuple[Labels, Node]
MAX_FACTORS = 40


class Simplifier:
    """Short forms under the facts of one graph; results are remembered."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph
        self._done: dict[Node, Node] = {}
        self._keys = Keys()

    def short(self, root: Node) -> Node:
        """A node of the same value and shape, shorter where cancelling helps."""
        for node in topological(root):
            if node not in self._done:
                self._done[node] = self._one(node)
        return self._done[root]

    def _one(self, node: Node) -> Node:
        if node.op == "contract" and not is_elementwise(node):
            return self._contraction(node)
        if node.op in ("contract", "add", "neg", "div", "pow"):
            return self._region(node)
        return with_args(node, tuple(self._done[arg] for arg in node.args))

    def _region(self, node: Node) -> Node:
        axes = tuple(range(len(node.shape)))
        region = Generators(node.shape, self._atom, self._keys)
        expression = region.shortest(region.expression(node, axes))
        if expression == 0:
            return build.zeros(node.shape)
        factors = region.factors(expression)
        return product([(labels, arg) for arg, labels in factors], axes, node)

    def _atom(self, node: Node) -> Node:
        return self._done.get(node, node)

    # ------------------------------------------------------------------------------ contractions

    def _contraction(self, node: Node) -> Node:
        ins, out = node.labels
        flat = flatten([(labels, self._done[arg]) for labels, arg in zip(ins, node.args, strict=True)], node, out)
        if flat is None:
            return with_args(node, tuple(self._done[arg] for arg in node.args))
        factors, out = self._drop_simplex(*flat)
        scalars, rest = self._regions(factors)
        sizes = {label: size for labels, arg in factors for label, size in zip(labels, arg.shape, strict=True)}
        coefficient = self._scalar([*scalars, *unborne(sizes, [labels for labels, _ in rest], out)])
        if build.is_zero(coefficient):
            return build.zeros(node.shape)
        return product([((), coefficient), *rest], out, node)

    def _regions(self, factors: list[Factor]) -> tuple[list[Node], list[Factor]]:
        """Scalar factors, and the others with those over the same axes taken together and shortened.

        Widest first: what a wide region is divided by along fewer axes joins the narrower one.
        """
        groups: dict[frozenset[int], list[Factor]] = {}
        for labels, arg in factors:
            groups.setdefault(frozenset(labels), []).append((labels, arg))
        short: dict[frozenset[int], list[Factor]] = {key: [] for key in groups}
        for key in sorted(groups, key=len, reverse=True):
            members = groups[key]
            if len(members) > 1 or members[0][1].op in ("add", "neg", "div", "pow", "contract"):
                members = self._group(tuple(sorted(key)), members)
            for labels, arg in members:
                own = frozenset(labels)
                pending = own != key and own in groups and len(own) < len(key)
                (groups[own] if pending else short.setdefault(own, [])).append((labels, arg))
        scalars = [arg for _, arg in short.pop(frozenset(), [])]
        return scalars, [member for members in short.values() for member in members]

    def _group(self, axes: Labels, members: list[Factor]) -> list[Factor]:
        """Factors over the same axes as one region, written as factors again."""
        shape = {label: size for labels, arg in members for label, size in zip(labels, arg.shape, strict=True)}
        if any(len(set(labels)) < len(labels) for labels, _ in members):
            return members
        region = Generators(tuple(shape[label] for label in axes), self._atom, self._keys)
        place = {label: k for k, label in enumerate(axes)}
        expression: Any = 1
        for labels, arg in members:
            expression *= region.expression(arg, tuple(place[label] for label in labels))
        return [
            (tuple(axes[k] for k in ks), arg) for arg, ks in region.factors(region.shortest(expression), split=True)
        ]

    def _scalar(self, scalars: list[Node]) -> Node:
        if len(scalars) < 2:
            return scalars[0] if scalars else build.number(1)
        return self._region(build.mul(*scalars))

    def _drop_simplex(self, factors: list[Factor], out: Labels) -> tuple[list[Factor], Labels]:
        """Remove inputs whose declared axis is summed alone: that sum is one."""
        kept = list(factors)
        for item in factors:
            labels, arg = item
            if arg.op != "ref" or arg.name not in self.graph.declarations:
                continue
            declaration = self.graph.declarations[arg.name]
            fact = declaration.fact("simplex") or declaration.fact("one_hot")
            if fact is None:
                continue
            summed = labels[(fact.axis if fact.axis is not None else -1) % len(labels)]
            others = [label for other in kept if other is not item for label in other[0]]
            if summed not in out and summed not in others and labels.count(summed) == 1:
                kept.remove(item)
                kept.append((tuple(label for label in labels if label != summed), _ones(labels, arg, summed)))
        return kept, out


def _ones(labels: Labels, arg: Node, summed: int) -> Node:
    return build.ones(tuple(size for label, size in zip(labels, arg.shape, strict=True) if label != summed))


def flatten(factors: list[Factor], like: Node, out: Labels) -> tuple[list[Factor], Labels] | None:
    """Nested products as one product, signs as a factor -1; None if that would be longer than `MAX_FACTORS`."""
    flat: list[Factor] = []
    sizes: dict[int, Size] = {}  # of the axes of inner products
    fresh = 1 + max((label for labels in (*(f[0] for f in factors), out) for label in labels), default=-1)
    stack = list(reversed(factors))
    while stack:
        labels, arg = stack.pop()
        if arg.op == "neg":
            stack += [(labels, arg.args[0]), ((), build.number(-1))]
        elif arg.op == "contract" and len(set(arg.labels[1])) == len(arg.labels[1]):
            ins, inner_out = arg.labels
            sizes.update(zip(labels, arg.shape, strict=True))
            names: dict[int, int] = dict(zip(inner_out, labels, strict=True))
            for label in {label for ls in ins for label in ls} - set(inner_out):
                names[label] = fresh
                fresh += 1
            stack += [(tuple(names[i] for i in ls), a) for ls, a in reversed(list(zip(ins, arg.args, strict=True)))]
        else:
            flat.append((labels, arg))
        if len(flat) + len(stack) > MAX_FACTORS:
            return None
    flat += [((), size) for size in unborne(sizes, [labels for labels, _ in flat], out)]
    merged = product(flat, out, like)
    sign: list[Factor] = []
    if merged.op == "neg":
        sign, merged = [((), build.number(-1))], merged.args[0]
    if merged.op != "contract":
        axes = tuple(range(len(merged.shape)))
        return [*sign, (axes, merged)], axes
    ins, new_out = merged.labels
    return [*sign, *zip(ins, merged.args, strict=True)], new_out


def unborne(sizes: Mapping[int, Size], ins: Iterable[Labels], out: Labels) -> list[Node]:
    """The sizes of summed axes that no factor bears any more: sum_i 1 = n."""
    borne = {label for labels in (*ins, out) for label in labels}
    return [build.size_value(size) for label, size in sizes.items() if label not in borne]


def length(node: Node, known: Mapping[Node, int] | None = None) -> int:
    """The number of operations in an expression as it prints: shared parts count each time, calls once."""
    counts: dict[Node, int] = dict(known or {})
    for below in topological(node):
        inner = sum(counts[arg] for arg in below.args)
        plain = below.op in ("ref", "number", "size", "constant") or (below.op == "contract" and len(below.args) == 1)
        counts[below] = min(inner + (0 if plain else max(1, len(below.args) - 1)), 10**6)
    return counts[node]
