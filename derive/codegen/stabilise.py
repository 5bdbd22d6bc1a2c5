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

from dataclasses import replace
from fractions import Fraction

from derive.calculus.recognise import summed_axes
from derive.codegen.factors import is_view
from derive.codegen.looking import Looking, Rule, difference, log_sum, negated
from derive.ir import build
from derive.ir.graph import Binding, Graph
from derive.ir.node import Node, as_number, topological, with_args

KEPT = ("exp", "sigmoid", "softmax", "tanh", "logsumexp")


def stabilise(graph: Graph) -> tuple[Graph, frozenset[str]]:
    """The graph with stable definitions, and the bindings that some stable form looks through.

    The graph itself is returned if nothing changes. Operands of sigmoids and the like that have no name get one, so
    that what looks through them shares them.
    """
    bindings: dict[str, Binding] = {}
    looking = Looking(bindings, [rule for _, rule in RULES])
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
            return build.call("sigmoid", difference(term, log_sum(rest)))
    one = next((k for k, term in enumerate(terms) if build.is_zero(term)), None)
    if one is None:
        return None
    share = build.call("sigmoid", negated(log_sum([*terms[:one], *terms[one + 1 :]])))
    return build.mul(over, share)


def tanh_form(looking: Looking, node: Node) -> Node | None:
    """(e^p - e^q) / (e^p + e^q) is tanh((p - q) / 2)."""
    if node.op != "div":
        return None
    over, terms = looking.at(node.args[0]), looking.exponents(node.args[1])
    if terms is None or len(terms) != 2 or over.op != "add" or len(over.args) != 2:
        return None
    signed = [(looking.at(arg), arg) for arg in over.args]
    p = next((looking.exponent(arg) for seen, arg in signed if seen.op != "neg" and looking.number(arg) != -1), None)
    q = next((looking.exponent(seen.args[0]) for seen, _ in signed if seen.op == "neg"), None)
    if any(seen.op != "neg" and looking.number(arg) == -1 for seen, arg in signed):
        q = build.zeros(node.shape)
    if p is None or q is None or {p, q} != set(terms):
        return None
    if q is build.neg(p) or p is build.neg(q):
        return build.call("tanh", p)
    return build.call("tanh", build.mul(build.number(Fraction(1, 2)), difference(p, q)))


def log_form(looking: Looking, node: Node) -> Node | None:
    """log of what is positive by its form, alone or as a factor or divisor."""
    if node.op != "call" or node.name != "log" or any(node.orders):
        return None
    (arg,) = node.args
    whole = looking.logarithm(arg)
    if whole is not None:
        return whole
    looking.forget()
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
