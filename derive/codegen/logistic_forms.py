"""Sums of exponentials and their logarithms: sigmoid, softmax, tanh, log-sum-exp, mixtures of p and 1 - p."""

from __future__ import annotations

from fractions import Fraction

from derive.calculus.recognise import summed_axes
from derive.codegen.flat_products import is_view
from derive.codegen.logarithms import log_of_factor, log_sum, log_terms, logarithm
from derive.codegen.root_forms import flat
from derive.codegen.textbook_forms import Looking, Rule, difference, negated
from derive.ir import build
from derive.ir.node import Node, as_number, topological


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
    """e^{z_i} / sum_j e^{z_j} is softmax(z), also where the numerator has further factors."""
    if node.op != "div":
        return None
    over, under = node.args
    top = looking.at(over)
    if top.op == "contract" and len(top.args) > 1 and all(labels == top.labels[1] for labels in top.labels[0]):
        for k, factor in enumerate(top.args):
            share = softmax_form(looking, build.div(factor, under))
            if share is not None:
                return build.mul(*top.args[:k], share, *top.args[k + 1 :])
        return None
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


def pooled_form(looking: Looking, node: Node) -> Node | None:
    """sum_j e^{z_j} v_j / sum_j e^{z_j} is a sum over softmax(z) v."""
    if node.op != "div":
        return None
    top = flat(looking, looking.at(node.args[0]))
    if top.op != "contract" or len(top.args) < 2:
        return None
    ins, out = top.labels
    under = looking.at(node.args[1])
    if is_view(under):
        (inner,), axes = under.labels
        base = under.args[0]
    else:
        inner = axes = tuple(range(len(node.shape)))
        base = under
    free = max((label for own in ins for label in own), default=0) + 1
    named = tuple(out[axes.index(label)] if label in axes else free + label for label in inner)
    for k, (own, factor) in enumerate(zip(ins, top.args, strict=True)):
        z = looking.exponent(factor)
        if z is None or build.is_zero(z) or not set(named) & set(out) <= set(own) or len(set(own)) < len(own):
            continue
        quotient = build.div(factor, build.contract([named], own, [base], factor.shape))
        share = softmax_form(looking, quotient)
        if share is not None:
            return build.contract(ins, out, [*top.args[:k], share, *top.args[k + 1 :]], top.shape)
    return None


def sigmoid_form(looking: Looking, node: Node) -> Node | None:
    """e^p / (e^p + e^q) is sigmoid(p - q), N / (1 + e^u) is N sigmoid(-u), N / (e^p + e^q) is N e^{-logsumexp(p, q)}.

    The latter by the logarithm of N, if N is an exponential.
    """
    parts = _quotient(node)
    if parts is None:
        return None
    over, under = parts
    base = looking.square(under)
    if base is not None:
        # e^u / (1 + e^u)^2, the slope of a sigmoid
        shares = [sigmoid_form(looking, build.div(top, base)) for top in (over, build.ones(node.shape))]
        return build.mul(*(share for share in shares if share is not None)) if all(shares) else None
    terms = log_terms(looking, under)
    if terms is None:
        return None
    share = _by_factors(looking, over, under, sigmoid_form)
    if share is not None:
        return share
    top, raised = log_of_factor(looking, over)
    for k, term in enumerate(terms):
        if top is not None and (top is term or (build.is_zero(top) and build.is_zero(term))):
            return build.call("sigmoid", difference(term, log_sum([*terms[:k], *terms[k + 1 :]])))
    if top is not None and raised:
        return build.call("exp", build.sub(top, log_sum(terms)))
    one = next((k for k, term in enumerate(terms) if build.is_zero(term)), None)
    if one is None:
        return build.mul(over, build.call("exp", build.neg(log_sum(terms))))
    return build.mul(over, build.call("sigmoid", negated(log_sum([*terms[:one], *terms[one + 1 :]]))))


def exponential_form(looking: Looking, node: Node) -> Node | None:
    """e^p / e^q and e^p e^q are one exponential; e^{-softplus(u)} is sigmoid(-u)."""
    if (p := looking.function(node, "exp")) is not None:
        scale, core = looking.scaled(p)
        u = looking.function(core, "softplus") if scale == -1 else None
        return build.call("sigmoid", negated(u)) if u is not None else None
    if node.op == "div":
        over, under = node.args
        if looking.number(over) is not None or looking.number(under) is not None:
            return None  # there is one exponential only
        if looking.exponent(under) is not None:
            found = _by_factors(looking, over, under, exponential_form)
            if found is not None:
                return found
    elif node.op != "contract" or len(set(node.args)) < 2:
        return None
    u = looking.exponent(node)
    return build.call("exp", u) if u is not None else None


def _by_factors(looking: Looking, over: Node, under: Node, rule: Rule) -> Node | None:
    """A quotient by the first factor of its numerator that the rule takes for an exponential over its denominator."""
    top = looking.at(over)
    if top.op != "contract" or len(top.args) < 2 or any(labels != top.labels[1] for labels in top.labels[0]):
        return None
    if looking.exponent(over) is not None:
        return None
    for k, factor in enumerate(top.args):
        if looking.exponent(factor) is not None and looking.number(factor) is None:
            share = rule(looking, build.div(factor, under))
            if share is not None:
                return build.mul(*top.args[:k], share, *top.args[k + 1 :])
    return None


def shifted_tanh_form(looking: Looking, node: Node) -> Node | None:
    """c + c tanh(u) is 2c sigmoid(2u), and (2 sigmoid(u))/2 is sigmoid(u)."""
    if node.op in ("div", "contract"):
        scale, core = looking.scaled(node)
        return core if scale == 1 and core is not node and looking.function(core, "sigmoid") is not None else None
    if node.op != "add" or len(node.args) != 2:
        return None
    for one, other in (node.args, node.args[::-1]):
        number = looking.number(one)
        scale, tanh = looking.scaled(other)
        u = looking.function(tanh, "tanh")
        if u is not None and number and abs(scale) == abs(number):
            share = build.call("sigmoid", looking.times(2 if scale == number else -2, u))
            return looking.times(2 * number, share)
    return None


def tanh_form(looking: Looking, node: Node) -> Node | None:
    """(e^p - e^q) / (e^p + e^q) is tanh((p - q) / 2)."""
    if node.op != "div":
        return None
    over, terms = looking.at(node.args[0]), log_terms(looking, node.args[1])
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
    whole = logarithm(looking, arg)
    if whole is not None:
        return whole
    looking.forget()
    seen = looking.at(arg)
    if seen.op == "div":
        over, under = (logarithm(looking, part) for part in seen.args)
        if over is None and under is None:
            return None
        top = over if over is not None else _log(seen.args[0], looking)
        bottom = under if under is not None else build.call("log", seen.args[1])
        return build.neg(bottom) if top is None else build.sub(top, bottom)
    if seen.op == "contract" and all(labels == seen.labels[1] or not labels for labels in seen.labels[0]):
        logs = [logarithm(looking, part) for part in seen.args]
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


def softplus_form(looking: Looking, node: Node) -> Node | None:
    """max(u, 0) + softplus(-|u|) is softplus(u), which is smooth where its two pieces are not.

    softplus(u) - u is softplus(-u), which does not cancel.
    """
    if node.op != "add":
        return None
    terms = looking.summands(node)
    for k, tail in enumerate(terms):
        scale, core = looking.scaled(tail)
        u = looking.function(core, "softplus")
        left = looking.without([*terms[:k], *terms[k + 1 :]], -scale, u) if u is not None else None
        if u is not None and left is not None:
            return build.add(looking.times(scale, build.call("softplus", negated(u))), *left)
    for tail in node.args:
        inside = looking.function(tail, "softplus")
        inside = looking.at(inside) if inside is not None else None
        if inside is None or inside.op != "neg":
            continue
        u = looking.function(inside.args[0], "abs")
        for positive in node.args if u is not None else ():
            if u is not None and _positive_part(looking, positive) is u:
                rest = [term for term in node.args if term is not tail and term is not positive]
                return build.add(build.call("softplus", u), *rest)
    return None


def _positive_part(looking: Looking, node: Node) -> Node | None:
    """u, if a node is max(u, 0)."""
    if (u := looking.function(node, "relu")) is not None:
        return u
    seen = looking.at(node)
    if seen.op != "call" or seen.name != "maximum" or any(seen.orders):
        return None
    return next((u for u, other in (seen.args, seen.args[::-1]) if looking.number(other) == 0), None)


def chosen_form(looking: Looking, node: Node) -> Node | None:
    """where(c, sigmoid(u), 1 - sigmoid(u)) is sigmoid(where(c, u, -u)), and the other way round."""
    if node.op != "call" or node.name != "where" or any(node.orders):
        return None
    condition, *sides = node.args
    for sign in (1, -1):
        one, other = sides[::sign]
        u = looking.function(one, "sigmoid")
        if u is not None and looking.complement(other) is u:
            return build.call("sigmoid", build.call("where", condition, *(u, negated(u))[::sign]))
    return None
