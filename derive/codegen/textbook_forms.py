"""Recognising textbook forms through bindings: what a name stands for, what is a number times another, what is e^u."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction

from derive.codegen.flat_products import is_scaled
from derive.ir import build
from derive.ir.graph import Binding
from derive.ir.node import Node, as_number, topological, with_args
from derive.ops.primitive import embeds, scalar_of

Rule = Callable[["Looking", Node], "Node | None"]
MOST_TERMS = 12  # of a sum, that are compared with each other
MOST_PRODUCTS = 6  # inside each other, that are looked into for an exponential


class Looking:
    """Rewrites definitions one after the other; `through` collects the bindings that an applied rule looked into."""

    def __init__(self, bindings: Mapping[str, Binding], rules: Sequence[Rule], positive: Collection[str] = ()) -> None:
        self._bindings, self._rules, self._positive = bindings, rules, positive
        self._trail: list[str] = []
        self.through: set[str] = set()

    def stable(self, root: Node) -> Node:
        """`root` with every rule applied, operands first."""
        done: dict[Node, Node] = {}
        for node in topological(root):
            current = with_args(node, tuple(done[arg] for arg in node.args))
            done[node] = self.applied(current)
        return done[root]

    def applied(self, node: Node) -> Node:
        """A node by the first rule that fits it, or itself."""
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

    def is_positive(self, node: Node) -> bool:
        """Whether a node is an input that is declared positive."""
        return node.op == "ref" and node.name in self._positive

    def number(self, node: Node) -> Fraction | None:
        """The number a node is, or repeats."""
        seen = self.at(node)
        while seen.op == "contract" and len(seen.args) == 1 and not seen.labels[0][0] and not embeds(seen):
            seen = self.at(seen.args[0])
        if seen.op == "neg":
            inner = self.number(seen.args[0])
            return None if inner is None else -inner
        return as_number(seen)

    def scaled(self, node: Node) -> tuple[Fraction, Node]:
        """A node as a number times another one."""
        seen = self.at(node)
        if seen.op == "neg":
            scale, core = self.scaled(seen.args[0])
            return -scale, core
        if seen.op == "div" and (divisor := self.number(seen.args[1])):
            scale, core = self.scaled(seen.args[0])
            return scale / divisor, core
        if is_scaled(seen):
            number = self.number(seen.args[0])
            if number is not None:
                scale, core = self.scaled(seen.args[1])
                return scale * number, core
        return Fraction(1), seen

    def without(self, terms: Sequence[Node], scale: Fraction | int, node: Node) -> list[Node] | None:
        """The terms of a sum that are left without a number times a node; None if that is not among them."""
        left = list(terms)
        for part in self.summands(node):
            number, core = self._numbered(part)
            k = next((k for k, term in enumerate(left) if self._numbered(term) == (scale * number, core)), None)
            if k is None:
                return None
            del left[k]
        return left

    def _numbered(self, node: Node) -> tuple[Fraction, Node | None]:
        number = self.number(node)
        return self.scaled(node) if number is None else (number, None)

    def times(self, number: Fraction | int, node: Node) -> Node:
        """A number times a node, of which a number may be taken."""
        scale, core = self.scaled(node)
        if scale != 1:
            return self.times(number * scale, core)
        return node if number == 1 else negated(node) if number == -1 else build.mul(build.number(number), node)

    def exponent(self, node: Node, within: int = MOST_PRODUCTS) -> Node | None:
        """u, if a node is e^u, or a product, quotient or power of such; 0 for the number 1."""
        if self.number(node) == 1:
            return build.zeros(node.shape)
        if not within:
            return None
        seen = self.at(node)
        if seen.op == "pow":
            base = scalar_of(seen.args[0])
            if base.op == "constant" and base.name == "e":
                return seen.args[1]
            inner, power = self.exponent(seen.args[0], within - 1), self.number(seen.args[1])
            if power is None and self.is_positive(seen.args[0]):
                return build.mul(seen.args[1], build.call("log", seen.args[0]))
            return build.mul(build.number(power), inner) if inner is not None and power is not None else None
        if seen.op == "div" or (seen.op == "contract" and all(own == seen.labels[1] for own in seen.labels[0])):
            parts = [self.exponent(arg, within - 1) for arg in seen.args]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return difference(*known) if seen.op == "div" else build.add(*known)
        return self.function(node, "exp")

    def summands(self, node: Node, most: int = MOST_TERMS) -> list[Node]:
        """The terms of a sum of sums; of a long one, or a chain of names, the inner sums stay."""
        terms, steps = [node], 0
        for k in range(most):
            while k < len(terms) <= most and steps < most:
                seen = self.at(terms[k])
                minus = self.at(seen.args[0]) if seen.op == "neg" else seen
                if minus.op != "add":
                    break
                terms[k : k + 1] = minus.args if minus is seen else map(negated, minus.args)
                steps += 1
        return terms

    def less(self, node: Node) -> tuple[Node, Node] | None:
        """a and b, if a node is a - b."""
        seen = self.at(node)
        if seen.op != "add" or len(seen.args) != 2:
            return None
        for one, other in (seen.args, seen.args[::-1]):
            number, minus = self.number(other), self.at(other)
            if minus.op == "neg":
                return one, minus.args[0]
            if number is not None and number < 0:
                return one, build.fill(build.number(-number), node.shape)
        return None

    def one_less(self, node: Node) -> Node | None:
        """b, if a node is 1 - b."""
        parts = self.less(node)
        return parts[1] if parts is not None and self.number(parts[0]) == 1 else None

    def complement(self, node: Node) -> Node | None:
        """u, if a node is 1 - sigmoid(u) or sigmoid(-u)."""
        other = self.one_less(node)
        if other is not None:
            return self.function(other, "sigmoid")
        u = self.function(node, "sigmoid")
        return negated(u) if u is not None else None

    def square(self, node: Node) -> Node | None:
        """u, if a node is u^2 or u u."""
        seen = self.at(node)
        if seen.op == "pow" and self.number(seen.args[1]) == 2:
            return seen.args[0]
        if seen.op == "contract" and len(seen.args) == 2 and seen.args[0] is seen.args[1]:
            (one, other), out = seen.labels
            return seen.args[0] if one == other == out else None
        return None

    def mixture(self, node: Node) -> tuple[Node, Node] | None:
        """u and y, if a node is y sigmoid(u) + (1 - y) (1 - sigmoid(u))."""
        seen = self.at(node)
        if seen.op != "add" or len(seen.args) != 2:
            return None
        products = [self.at(arg) for arg in seen.args]
        if any(
            p.op != "contract" or len(p.args) != 2 or p.labels[0][0] != p.labels[0][1] or p.labels[0][0] != p.labels[1]
            for p in products
        ):
            return None
        (a, b), (c, d) = (p.args for p in products)
        for y, p in ((a, b), (b, a)):
            for y_left, p_left in ((c, d), (d, c)):
                u = self.function(p, "sigmoid")
                if u is None or self.complement(p_left) is not u:
                    continue
                less = self.one_less(y_left)
                if less is not None and self.at(less) is self.at(y):
                    return u, y
        return None


def negated(node: Node) -> Node:
    return node.args[0] if node.op == "neg" else build.neg(node)


def difference(p: Node, q: Node) -> Node:
    return negated(q) if build.is_zero(p) else p if build.is_zero(q) else build.sub(p, q)
