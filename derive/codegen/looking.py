"""Recognising textbook forms through bindings: what a name stands for, what is e^u, what has a stable logarithm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from derive.codegen.factors import is_view
from derive.ir import build
from derive.ir.graph import Binding
from derive.ir.node import Node, as_number, topological, with_args
from derive.ops.primitive import embeds, scalar_of
from derive.ops.tensors import axes_of

Rule = Callable[["Looking", Node], "Node | None"]


class Looking:
    """Rewrites definitions one after the other; `through` collects the bindings that an applied rule looked into."""

    def __init__(self, bindings: Mapping[str, Binding], rules: Sequence[Rule]) -> None:
        self._bindings, self._rules = bindings, rules
        self._trail: list[str] = []
        self.through: set[str] = set()

    def stable(self, root: Node) -> Node:
        """`root` with every rule applied, operands first."""
        done: dict[Node, Node] = {}
        for node in topological(root):
            current = with_args(node, tuple(done[arg] for arg in node.args))
            done[node] = self._applied(current)
        return done[root]

    def _applied(self, node: Node) -> Node:
        for rule in self._rules:
            self._trail = []
            found = rule(self, node)
            if found is not None:
                self.through.update(self._trail)
                return found
        return node

    def forget(self) -> None:
        """Forget what was looked into since the rule began: it did not lead to a stable form."""
        self._trail.clear()

    def at(self, node: Node) -> Node:
        """What a name stands for (through further names), or the node itself."""
        while node.op == "ref" and node.name in self._bindings:
            self._trail.append(node.name)
            node = self._bindings[node.name].node
        return node

    def function(self, node: Node, *names: str) -> Node | None:
        """The operand, if a node is the undifferentiated elementwise function of one of these names."""
        seen = self.at(node)
        return seen.args[0] if seen.op == "call" and seen.name in names and not any(seen.orders) else None

    def number(self, node: Node) -> Fraction | None:
        """The number a node is, or repeats."""
        seen = self.at(node)
        while seen.op == "contract" and len(seen.args) == 1 and not seen.labels[0][0] and not embeds(seen):
            seen = self.at(seen.args[0])
        return as_number(seen)

    def exponent(self, node: Node) -> Node | None:
        """u, if a node is e^u; 0 for the number 1."""
        if self.number(node) == 1:
            return build.zeros(node.shape)
        seen = self.at(node)
        if seen.op == "pow" and seen.args[0].op in ("constant", "contract"):
            base = scalar_of(seen.args[0])
            return seen.args[1] if base.op == "constant" and base.name == "e" else None
        return self.function(node, "exp")

    def exponents(self, node: Node) -> list[Node] | None:
        """[p, q, ...], if a node is e^p + e^q + ... of at least two terms (through names in between)."""
        terms: list[Node] = []
        stack = [node]
        while stack:
            current = stack.pop()
            seen = self.at(current)
            if seen.op == "add":
                stack += reversed(seen.args)
                continue
            exponent = self.exponent(current)
            if exponent is None:
                return None
            terms.append(exponent)
        return terms if len(terms) > 1 and not all(map(build.is_zero, terms)) else None

    def complement(self, node: Node) -> Node | None:
        """u, if a node is 1 - sigmoid(u)."""
        seen = self.at(node)
        if seen.op != "add" or len(seen.args) != 2:
            return None
        for one, other in (seen.args, seen.args[::-1]):
            minus = self.at(other)
            if minus.op == "neg" and self.number(one) == 1:
                return self.function(minus.args[0], "sigmoid")
        return None

    def logarithm(self, node: Node) -> Node | None:
        """A stable form of log(node), for a node that is positive whatever its inputs; None if there is none."""
        u = self.exponent(node)
        if u is not None and not build.is_zero(u):
            return u
        if (u := self.function(node, "sigmoid")) is not None:
            return build.neg(build.call("softplus", negated(u)))
        if (u := self.complement(node)) is not None:
            return build.neg(build.call("softplus", u))
        if (terms := self.exponents(node)) is not None:
            return log_sum(terms)
        seen = self.at(node)
        if seen.op == "softmax":
            return Node("log_softmax", seen.args, axes_of(seen), seen.shape)
        if seen.op == "entry" or is_view(seen):
            # picking and turning entries commutes with the logarithm
            inner = self.logarithm(seen.args[0])
            return with_args(seen, (inner,)) if inner is not None else None
        return self._log_of_sum(seen)

    def _log_of_sum(self, total: Node) -> Node | None:
        if total.op != "contract" or len(total.args) != 1:
            return None
        z = self.exponent(total.args[0])
        (labels,), out = total.labels
        axes = tuple(k for k, label in enumerate(labels) if label not in out)
        if z is None or not axes or len(set(labels)) < len(labels) or len(set(out)) < len(out):
            return None
        kept = tuple(label for label in labels if label in out)
        reduced = Node("logsumexp", (z,), axes, build.reduced_shape(z, axes))
        return build.contract([kept], out, [reduced], total.shape)


def negated(node: Node) -> Node:
    return node.args[0] if node.op == "neg" else build.neg(node)


def log_sum(exponents: Sequence[Node]) -> Node:
    """log(e^p + e^q + ...)."""
    total = exponents[0]
    for exponent in exponents[1:]:
        if build.is_zero(total):
            total = build.call("softplus", exponent)
        elif build.is_zero(exponent):
            total = build.call("softplus", total)
        else:
            total = build.add(exponent, build.call("softplus", build.sub(total, exponent)))
    return total


def difference(p: Node, q: Node) -> Node:
    return negated(q) if build.is_zero(p) else p if build.is_zero(q) else build.sub(p, q)
