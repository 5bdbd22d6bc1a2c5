r"""Textbook forms rewritten as stable ones, before they are differentiated.

    1 / (1 + e^u)                     sigmoid(-u)              e^{800} overflows
    e^p / (e^p + e^q)                 sigmoid(p - q)
    e^{z_i} / sum_j e^{z_j}           softmax(z)
    (e^p - e^q) / (e^p + e^q)         tanh((p - q) / 2)
    log(1 + e^u)                      softplus(u)
    log(e^p + e^q + ...)              q + softplus(p - q), ...
    log(sum_j e^{z_j})                logsumexp(z)
    log(sigmoid(u)), log(1 - sigmoid(u))      -softplus(-u), -softplus(u)
    log(softmax(z))                   log_softmax(z)
    log(e^u r), log(sigmoid(u) / r)   u + log(r), -softplus(-u) - log(r)

A rule looks *through* bindings: in `a = sigmoid(z)`, `L = -log(1 - a)` the loss becomes `softplus(z)`. Its derivative
by z is then sigmoid(z), and the quotient a (1 - a) / (1 - a), which is 0/0 in floating point, never arises. What a rule
looked through (here a) has lost a consumer, so `stabilise` names it: derivatives by it are taken as the author wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from derive.calculus.recognise import summed_axes
from derive.codegen.simplify import is_view
from derive.ir import build
from derive.ir.graph import Binding, Graph
from derive.ir.node import Node, as_number, topological, with_args
from derive.ops.tensors import axes_of

Rule = Callable[["Looking", Node], "Node | None"]
KEPT = ("exp", "sigmoid", "softmax", "tanh", "logsumexp")


def stabilise(graph: Graph) -> tuple[Graph, frozenset[str]]:
    """The graph with stable definitions, and the bindings that some stable form looks through.

    The graph itself is returned if nothing changes. Operands of sigmoids and the like that have no name get one, so
    that what looks through them shares them.
    """
    bindings: dict[str, Binding] = {}
    looking = Looking(bindings)
    changed = False
    for name, binding in graph.bindings.items():
        node = looking.stable(binding.node)
        changed |= node is not binding.node
        if node.op in KEPT or (node.op == "call" and node.name in KEPT):
            (arg,) = node.args
            if arg.args:
                inner = f"{name}: operand"
                bindings[inner] = Binding(inner, arg)
                node = with_args(node, (build.ref(inner, arg.shape),))
        bindings[name] = replace(binding, node=node)
    if not changed:
        return graph, frozenset()
    return replace(graph, bindings=bindings), frozenset(looking.through)


class Looking:
    """Rewrites definitions one after the other; `through` collects the bindings that an applied rule looked into."""

    def __init__(self, bindings: dict[str, Binding]) -> None:
        self._bindings = bindings
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
        for _, rule in RULES:
            self._trail = []
            found = rule(self, node)
            if found is not None:
                self.through.update(self._trail)
                return found
        return node

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
        while seen.op == "contract" and len(seen.args) == 1 and not seen.labels[0][0]:
            seen = self.at(seen.args[0])
        return as_number(seen)

    def exponent(self, node: Node) -> Node | None:
        """u, if a node is e^u; 0 for the number 1."""
        if self.number(node) == 1:
            return build.zeros(node.shape)
        seen = self.at(node)
        if seen.op == "pow" and seen.args[0].op in ("constant", "contract"):
            base = seen.args[0]
            while base.op == "contract" and len(base.args) == 1:
                base = base.args[0]
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
            return build.neg(build.call("softplus", _negated(u)))
        if (u := self.complement(node)) is not None:
            return build.neg(build.call("softplus", u))
        if (terms := self.exponents(node)) is not None:
            return _log_sum(terms)
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


def _negated(node: Node) -> Node:
    return node.args[0] if node.op == "neg" else build.neg(node)


def _log_sum(exponents: Sequence[Node]) -> Node:
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


def _difference(p: Node, q: Node) -> Node:
    return _negated(q) if build.is_zero(p) else p if build.is_zero(q) else build.sub(p, q)


# ----------------------------------------------------------------------------------------------- the rules


def _quotient(node: Node) -> tuple[Node, Node] | None:
    """Numerator and denominator of a quotient or of a power -1."""
    if node.op == "div":
        return node.args[0], node.args[1]
    if node.op == "pow":
        exponent = node.args[1].args[0] if node.args[1].op == "contract" else node.args[1]
        if as_number(exponent) == -1:
            return build.ones(node.shape), node.args[0]
    return None


def softmax_form(looking: Looking, node: Node) -> Node | None:
    """e^{z_i} / sum_j e^{z_j} is softmax(z)."""
    if node.op != "div":
        return None
    over, under = node.args
    z = looking.exponent(over)
    total = looking.at(under)
    while total.op == "contract" and total.args[0].op == "ref" and is_view(total):
        # the total has a name and is repeated here: put its definition in
        inside = looking.at(total.args[0])
        if inside is total.args[0] or inside.op == "ref":
            return None
        total = build.contract([total.labels[0][0]], total.labels[1], [inside], total.shape)
    if z is None or build.is_zero(z) or total.op != "contract":
        return None
    raised = next((n for n in topological(total) if n.op in ("ref", "call") and looking.exponent(n) is z), None)
    if raised is None:
        return None
    axes = summed_axes(total, raised)
    return Node("softmax", (z,), axes, node.shape) if axes and raised.shape == node.shape else None


def sigmoid_form(looking: Looking, node: Node) -> Node | None:
    """N / (e^p + e^q) is N e^{-p} sigmoid(p - q); here N is e^p, 1 or, for 1 / (1 + e^u), anything."""
    parts = _quotient(node)
    if parts is None:
        return None
    over, under = parts
    terms = looking.exponents(under)
    if terms is None:
        return None
    top = looking.exponent(over)
    for k, term in enumerate(terms):
        rest = [*terms[:k], *terms[k + 1 :]]
        if top is not None and (top is term or (build.is_zero(top) and build.is_zero(term))):
            return build.call("sigmoid", _difference(term, _log_sum(rest)))
    one = next((k for k, term in enumerate(terms) if build.is_zero(term)), None)
    if one is None:
        return None
    share = build.call("sigmoid", _negated(_log_sum([*terms[:one], *terms[one + 1 :]])))
    return build.mul(over, share)


def tanh_form(looking: Looking, node: Node) -> Node | None:
    """(e^p - e^q) / (e^p + e^q) is tanh((p - q) / 2)."""
    if node.op != "div":
        return None
    over, terms = looking.at(node.args[0]), looking.exponents(node.args[1])
    if terms is None or len(terms) != 2 or over.op != "add" or len(over.args) != 2:
        return None
    signed = [(looking.at(arg), arg) for arg in over.args]
    plus = [looking.exponent(arg) for seen, arg in signed if seen.op != "neg"]
    minus = [looking.exponent(seen.args[0]) for seen, _ in signed if seen.op == "neg"]
    minus += [build.zeros(arg.shape) for seen, arg in signed if seen.op != "neg" and looking.number(arg) == -1]
    plus = [p for p in plus if p is not None]
    if len(plus) != 1 or len(minus) != 1 or minus[0] is None:
        return None
    p, q = plus[0], minus[0]
    if {p, q} != set(terms):
        return None
    if q is build.neg(p) or p is build.neg(q):
        return build.call("tanh", p)
    return build.call("tanh", build.mul(build.number(Fraction(1, 2)), _difference(p, q)))


def log_form(looking: Looking, node: Node) -> Node | None:
    """log of what is positive by its form, alone or as a factor or divisor."""
    if node.op != "call" or node.name != "log" or any(node.orders):
        return None
    (arg,) = node.args
    whole = looking.logarithm(arg)
    if whole is not None:
        return whole
    looking._trail.clear()
    seen = looking.at(arg)
    if seen.op == "div":
        over, under = (looking.logarithm(part) for part in seen.args)
        if over is None and under is None:
            return None
        top = over if over is not None else _log(seen.args[0], looking)
        bottom = under if under is not None else build.call("log", seen.args[1])
        return build.neg(bottom) if top is None else build.sub(top, bottom)
    if seen.op == "contract" and all(labels == seen.labels[1] or not labels for labels in seen.labels[0]):
        logs = [looking.logarithm(part) for part in seen.args]
        rest = [part for part, log in zip(seen.args, logs, strict=True) if log is None]
        known = [log for log in logs if log is not None]
        if not known or len(known) + bool(rest) < 2:
            return None
        terms = [*known, *([build.call("log", build.mul(*rest))] if rest else [])]
        return build.broadcast_to(build.add(*terms), node.shape)
    return None


def _log(node: Node, looking: Looking) -> Node | None:
    """log(node), None where that is log(1) = 0."""
    return None if looking.number(node) == 1 else build.call("log", node)


RULES: tuple[tuple[str, Rule], ...] = (
    ("softmax", softmax_form),
    ("tanh", tanh_form),
    ("sigmoid", sigmoid_form),
    ("log", log_form),
)
