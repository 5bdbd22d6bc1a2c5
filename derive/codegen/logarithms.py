"""Logarithms of what is positive by its form, without its being formed.

log(e^u) = u                 log(sigmoid(u)) = -softplus(-u)         log(e^p + e^q) = q + softplus(p - q)
log(sum_j w_j e^{z_j})       logsumexp(z + log w), for positive w    log(e^p - e^q) = p + log1mexp(q - p)
log(sum x^2) = 2 log(norm(x))                                        log(u + sqrt(u^2 + 1)) = asinh(u)
log(v^(1/2)) = log(v)/2,  log(det A) = logdet(A),  log(softmax(z)) = log_softmax(z)
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.codegen.flat_products import Operand, flattened, is_view
from derive.codegen.root_forms import norm_form
from derive.codegen.textbook_forms import Looking, difference, negated
from derive.ir import build
from derive.ir.node import Labels, Node, topological, with_args
from derive.ir.size import Shape
from derive.ops.others import log1m_softmax
from derive.ops.tensors import axes_of


def logarithm(looking: Looking, node: Node) -> Node | None:
    """A stable form of log(node), for a node that is positive whatever its inputs; None if there is none."""
    u = looking.exponent(node)
    if u is not None and not build.is_zero(u):
        return u
    if (u := looking.function(node, "sigmoid")) is not None:
        return build.neg(build.call("softplus", negated(u)))
    if (u := looking.complement(node)) is not None:
        return build.neg(build.call("softplus", u))
    if (terms := log_terms(looking, node)) is not None:
        return log_sum(terms)
    if (parts := looking.mixture(node)) is not None:
        return build.call("~log_mixture", *parts)
    if (log := _of_normal(looking, node)) is not None:
        return log
    found = _of_difference(looking, node)
    return found if found is not None else _of_operation(looking, node)


def _of_normal(looking: Looking, node: Node) -> Node | None:
    """log(c + c erf(u)) and log(c erfc(-u)) are log_ndtr(sqrt(2) u) + log(2 c), of which the slope is stable too."""
    if (u := looking.function(node, "ndtr")) is not None:
        return build.call("~log_ndtr", u)
    scale, core = looking.scaled(node)
    u = looking.function(core, "erfc")
    if u is not None:
        u = negated(u)
    else:
        for one, other in (core.args, core.args[::-1]) if core.op == "add" and len(core.args) == 2 else ():
            number, (share, inner) = looking.number(one), looking.scaled(other)
            if number and abs(share) == number and (v := looking.function(inner, "erf")) is not None:
                u, scale = v if share > 0 else negated(v), scale * number
    if u is None or scale <= 0:
        return None
    root = build.fill(build.call("sqrt", build.number(2)), u.shape)
    log = build.call("~log_ndtr", build.mul(root, u))
    return (
        log
        if scale == Fraction(1, 2)
        else build.add(log, build.call("log", build.fill(build.number(2 * scale), u.shape)))
    )


def _of_difference(looking: Looking, node: Node) -> Node | None:
    """log(1 - softmax(z)), log(1 - tanh(u)^2), log(e^p - e^q) and log(u + sqrt(u^2 + 1))."""
    other = looking.one_less(node)
    seen = looking.at(other) if other is not None else node
    if other is not None and seen.op == "softmax":
        return log1m_softmax(seen.args[0], axes_of(seen))
    if other is not None and (root := looking.square(other)) is not None:
        u = looking.function(root, "tanh")
        if u is not None:
            return build.mul(build.number(-2), build.call("~log_cosh", u))
    if (parts := looking.less(node)) is not None:
        p, q = map(looking.exponent, parts)
        if p is not None and q is not None:
            rest = build.call("~log1mexp", difference(q, p))
            return rest if build.is_zero(p) else build.add(p, rest)
    seen = looking.at(node)
    for u, root in (seen.args, seen.args[::-1]) if seen.op == "add" and len(seen.args) == 2 else ():
        length = looking.at(root)
        unit = length.op == "call" and length.name == "~hypot" and looking.number(length.args[0]) == 1
        if unit and looking.at(length.args[1]) is looking.at(u):
            return build.call("asinh", u)
    return None


def _of_operation(looking: Looking, node: Node) -> Node | None:
    seen = looking.at(node)
    root = looking.function(node, "sqrt")
    power = Fraction(1, 2) if root is not None else looking.number(seen.args[1]) if seen.op == "pow" else None
    if power is not None:
        inner = logarithm(looking, seen.args[0])
        return None if inner is None else build.mul(build.number(power), inner)
    size = looking.function(node, "abs")
    if size is not None and looking.at(size).op == "det":
        seen = looking.at(size)
    if seen.op == "det":
        return Node("logdet", seen.args, seen.attribute, seen.shape)
    if seen.op == "softmax":
        return Node("log_softmax", seen.args, axes_of(seen), seen.shape)
    if seen.op == "entry" or is_view(seen):
        # picking and turning entries commutes with the logarithm
        inner = logarithm(looking, seen.args[0])
        return with_args(seen, (inner,)) if inner is not None else None
    return _of_sum(looking, seen)


def _of_sum(looking: Looking, total: Node) -> Node | None:
    """log(sum_j e^{z_j}), where e^z may have factors that are positive, and log(sum x^2)."""
    if total.op != "contract":
        return None
    root = norm_form(looking, build.call("sqrt", total))
    if root is not None:
        return build.mul(build.number(2), build.call("log", root))
    sizes = build.label_sizes(total)
    operands = [(own, looking.at(arg), True) for own, arg in zip(total.labels[0], total.args, strict=True)]
    factors, number = flattened(operands, sizes)
    out = total.labels[1]
    widest_first = sorted((own for own, _ in factors), key=len, reverse=True)
    labels = tuple(dict.fromkeys(label for own in widest_first for label in own))
    axes = tuple(k for k, label in enumerate(labels) if label not in out)
    if not axes or any(len(set(own)) < len(own) for own in (*(own for own, _ in factors), out)):
        return None
    z = _log_of_product(looking, factors, labels, tuple(sizes[label] for label in labels))
    if z is None or number <= 0:
        return None
    reduced = Node("logsumexp", (z,), axes, build.reduced_shape(z, axes))
    kept = tuple(label for label in labels if label in out)
    found = build.contract([kept], out, [reduced], total.shape)
    return found if number == 1 else build.add(found, build.call("log", build.fill(build.number(number), found.shape)))


def _log_of_product(looking: Looking, factors: Sequence[Operand], labels: Labels, shape: Shape) -> Node | None:
    """The logarithm of a product, entry by entry, if all factors are positive and an exponential is among them."""
    found = [log_of_factor(looking, arg) for _, arg in factors]
    logs = [
        build.contract([own], labels, [log], shape)
        for (own, _), (log, _) in zip(factors, found, strict=True)
        if log is not None
    ]
    return build.add(*logs) if len(logs) == len(found) and any(raised for _, raised in found) else None


def log_of_factor(looking: Looking, node: Node) -> tuple[Node | None, bool]:
    """The logarithm of what is positive by its form or by declaration, and whether an exponential is a factor of it."""
    u = looking.exponent(node)
    if u is not None:
        return u, not build.is_zero(u)
    seen = looking.at(node)
    if looking.is_positive(node) or _is_positive_constant(seen):
        return build.call("log", node), False
    whole = logarithm(looking, node)
    if whole is not None:
        return whole, _is_of_exponentials(whole)
    if seen.op != "div" and not (seen.op == "contract" and all(own in ((), seen.labels[1]) for own in seen.labels[0])):
        return None, False
    found = [log_of_factor(looking, arg) for arg in seen.args]
    logs = [build.broadcast_to(log, seen.shape) for log, _ in found if log is not None]
    if len(logs) < len(found):
        return None, False
    return build.sub(*logs) if seen.op == "div" else build.add(*logs), any(raised for _, raised in found)


def log_terms(looking: Looking, node: Node) -> list[Node] | None:
    """[p, q, ...], if a node is e^p + e^q + ... of at least two terms (through names in between)."""
    whole = looking.at(node)
    if is_view(whole):
        # repeating entries commutes with the logarithm
        inner = log_terms(looking, whole.args[0])
        return inner and [_seen_through(whole, term) for term in inner]
    terms, stack, raised = [], list(reversed(whole.args)) if whole.op == "add" else [], False
    while stack:
        current = stack.pop()
        seen = looking.at(current)
        if seen.op == "add":
            stack += reversed(seen.args)
            continue
        log, exponential = log_of_factor(looking, current)
        if log is None:
            return None
        terms.append(log)
        raised |= exponential
    return terms if len(terms) > 1 and raised else None


def _seen_through(view: Node, term: Node) -> Node:
    return build.zeros(view.shape) if build.is_zero(term) else with_args(view, (term,))


def _is_of_exponentials(log: Node) -> bool:
    """Whether a logarithm is that of sigmoids or of a sum of exponentials."""
    if log.op in ("neg", "add") or is_view(log):
        return any(map(_is_of_exponentials, log.args))
    return log.op in ("logsumexp", "log_softmax") or (log.op == "call" and log.name == "softplus")


def _is_positive_constant(node: Node) -> bool:
    """Whether a node is made of positive numbers by products, quotients, powers and roots."""
    return all(
        (below.op == "number" and below.value > 0)
        or below.op in ("constant", "size", "contract", "div", "pow")
        or (below.op == "call" and below.name == "sqrt")
        for below in topological(node)
    )


def log_sum(exponents: Sequence[Node]) -> Node:
    """log(e^p + e^q + ...)."""
    if len(exponents) == 2 and not any(map(build.is_zero, exponents)):
        p, q = exponents
        if p is build.neg(q) or q is build.neg(p):
            u = q if p.op == "neg" else p
            return build.add(build.call("~log_cosh", u), build.call("log", build.fill(build.number(2), u.shape)))
    total = exponents[0]
    for exponent in exponents[1:]:
        if build.is_zero(total):
            total = build.call("softplus", exponent)
        elif build.is_zero(exponent):
            total = build.call("softplus", total)
        else:
            total = build.add(exponent, build.call("softplus", build.sub(total, exponent)))
    return total
