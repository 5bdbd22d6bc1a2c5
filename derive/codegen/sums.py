"""Sums with as little in them as possible, and no sum twice. Of the backward pass; forward values stay as written.

sum_j a_ij b_i / c_i        =  b_i (sum_j a_ij) / c_i        what does not vary stands outside
a / b^2                     =  (a / b) / b                   where a / b is at hand
A C + B C                   =  (A + B) C                     so sum_j a_j + sum_j b_j = sum_j (a_j + b_j)
a - b + c  beside  b - a    =  c - (b - a)                   a sum that is at hand is a term of longer ones
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Sequence
from fractions import Fraction

from derive.codegen.entries import whole_power
from derive.codegen.flat_products import Operand, is_multiple
from derive.codegen.repeats import carried, is_repeat, kept_ones, narrowed
from derive.codegen.rewrite import assembled
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Labels, Node, topological, with_args
from derive.ir.size import ONE


def summed_less(roots: Sequence[Node], fixed: Collection[Node], named: Collection[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`; `fixed` nodes stay, `named` nodes stay nodes."""
    order = list(topological(*roots))
    uses = Counter(arg for node in order for arg in node.args)
    uses.update(roots)
    shared = {node for node in order if uses[node] > 1} | set(named) | set(fixed)
    quotients = {node for node in shared if node.op == "div"}
    done: dict[Node, Node] = {}
    for node in order:
        new = with_args(node, tuple(done[arg] for arg in node.args))
        if node not in fixed:
            if new.op == "div":
                new = _over_known(new, quotients)
            elif new.op == "contract":
                new = _outside(new, {done[arg] for arg in node.args if arg in shared} | quotients)
            elif new.op == "add":
                loose = [arg not in shared and (arg.op != "neg" or arg.args[0] not in shared) for arg in node.args]
                new = _merged(new, loose)
        done[node] = new
    return done


def _over_known(node: Node, known: Collection[Node]) -> Node:
    """a / b^2 as (a / b) / b, if a / b is at hand."""
    over, under = node.args
    power = under.args[0] if is_repeat(under) else under
    if power.op != "pow" or whole_power(power) != 2:
        return node
    base = with_args(under, (power.args[0],)) if is_repeat(under) else power.args[0]
    quotient = Node("div", (over, base), None, node.shape)
    return Node("div", (quotient, base), None, node.shape) if quotient in known else node


def _outside(node: Node, shared: Collection[Node]) -> Node:
    """The sum of an elementwise product without the factors and divisors that do not vary in it."""
    ins, out = node.labels
    sizes = label_sizes(node)
    summed = {x for labels in ins for x in labels if x not in out and sizes[x] is not ONE}
    if not summed or len(set(out)) < len(out):
        return node
    inside: list[Operand] = []
    outside: list[Operand] = []
    under: list[Operand] = []
    stack = list(zip(ins, node.args, strict=True))[::-1]
    if len(ins) == 1 and node.args[0] in shared and is_multiple(node.args[0]):
        # of a multiple of an input, the sum of the input: more may be known of it
        parts = node.args[0].args
        array = next(part for part in parts if part.shape)
        if array.op == "ref":
            total = assembled([(ins[0], array)], Fraction(1), out, sizes, node)
            return build.mul(*(part for part in parts if not part.shape), total)
    while stack:
        labels, arg = stack.pop()
        if not summed & set(labels):
            outside.append((labels, arg))
            continue
        if (
            arg.op == "contract"
            and (arg not in shared or len(ins) > 1)
            and (factors := _varying_less(labels, arg, summed))
        ):
            stack += factors[::-1]
            continue
        while arg.op == "div" and (arg not in shared or (arg.args[0].op == "ref" and len(ins) == 1)):
            divisor = arg.args[1]
            axes, ones = carried(divisor), kept_ones(divisor)
            if summed & {labels[k] for k in axes}:
                break
            places = sorted((*axes, *ones))
            fresh = {k: max(sizes) + 1 + n for n, k in enumerate(ones)}
            sizes |= dict.fromkeys(fresh.values(), ONE)
            under.append((tuple(fresh.get(k, labels[k]) for k in places), narrowed(divisor, axes, ones)))
            arg = arg.args[0]
        inside.append((labels, arg))
    every = {x for labels, _ in inside for x in labels if sizes[x] is not ONE}
    if not (under or any(labels for labels, _ in outside)) or not any(every <= set(labels) for labels, _ in inside):
        return node
    total = assembled(inside, Fraction(1), out, sizes, node)
    if outside:
        total = build.contract(
            [out, *(labels for labels, _ in outside)], out, [total, *(arg for _, arg in outside)], node.shape
        )
    for labels, divisor in under:
        total = Node("div", (total, build.contract([labels], out, [divisor], node.shape)), None, node.shape)
    return total


def _varying_less(labels: Labels, product: Node, summed: Collection[int]) -> list[Operand] | None:
    """The factors of an elementwise product, if some array among them does not vary along the summed axes."""
    inner, out = product.labels
    if len(set(out)) < len(out) or not all(x in out for own in inner for x in own):
        return None
    names = dict(zip(out, labels, strict=True))
    parts = [(tuple(names[x] for x in own), arg) for own, arg in zip(inner, product.args, strict=True)]
    return parts if any(own and not set(own) & set(summed) for own, _ in parts) else None


def _merged(node: Node, free: Sequence[bool]) -> Node:
    """Sums of products that differ in one factor alone, as one product with the sum of these factors."""
    terms = list(node.args)
    places: dict[Hashable, tuple[int, int]] = {}
    for k, own in enumerate(free):
        for p, key in _differing(terms[k]) if own else ():
            other = places.setdefault(key, (k, p))
            if other[0] != k and terms[other[0]].op != "number":
                j, q = other
                terms[j] = _joined(terms[j], q, terms[k], p)
                terms[k] = _NOTHING
                places = {found: place for found, place in places.items() if place[0] not in (j, k)}
                places |= {found: (j, place) for place, found in _differing(terms[j])}
                break
    kept = [term for term in terms if term is not _NOTHING]
    if len(kept) == len(terms):
        return node
    return kept[0] if len(kept) == 1 else Node("add", tuple(kept), None, node.shape)


_NOTHING = build.number(0)


def _differing(term: Node) -> list[tuple[int, Hashable]]:
    """For each factor of a product that is summed: its place, and what the rest of the product is."""
    product = term.args[0] if term.op == "neg" else term
    if product.op != "contract":
        return []
    ins, out = product.labels
    if all(x in out for labels in ins for x in labels):
        return []
    found: list[tuple[int, Hashable]] = []
    for p, (labels, arg) in enumerate(zip(ins, product.args, strict=True)):
        rest = sorted((k for k in range(len(ins)) if k != p), key=lambda k: (id(product.args[k]), k))
        if not labels or len(set(labels)) < len(labels) or all(x in out for x in labels):
            continue
        rows = (labels, *(ins[k] for k in rest), out)
        names = {x: n for n, x in enumerate(dict.fromkeys(x for row in rows for x in row))}
        canonical = tuple(tuple(names[x] for x in row) for row in rows)
        found.append((p, (canonical, tuple(product.args[k] for k in rest), arg.shape)))
    return found


def _joined(first: Node, p: int, second: Node, q: int) -> Node:
    """Two products, or negative ones, that differ in the factors `p` and `q`, as one."""
    one, two = (term.args[0] if term.op == "neg" else term for term in (first, second))
    other = two.args[q] if (first.op == "neg") == (second.op == "neg") else build.neg(two.args[q])
    total = Node("add", (one.args[p], other), None, other.shape)
    product = with_args(one, (*one.args[:p], total, *one.args[p + 1 :]))
    return build.neg(product) if first.op == "neg" else product


def sums_at_hand(roots: Sequence[Node], fixed: Collection[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`: a sum that is there is a term of the longer sums it is a part of."""
    done: dict[Node, Node] = {}
    known: dict[Node, list[Node]] = defaultdict(list)  # sums by their first term, without its sign
    order = list(topological(*roots))
    for node in order:
        if node.op == "add":
            known[_unsigned(node.args[0])].append(node)
    for node in order:
        new = node
        if node.op == "add" and node not in fixed and len(node.args) > 2:
            for other in [sum_ for term in node.args for sum_ in known.get(_unsigned(term), ())]:
                new = _with_part(new, other) if new.op == "add" else new
        done[node] = with_args(new, tuple(done.get(arg, arg) for arg in new.args))
        for arg in new.args:
            if arg not in done:
                done[arg] = with_args(arg, tuple(done.get(below, below) for below in arg.args))
    return done


def _unsigned(term: Node) -> Node:
    return term.args[0] if term.op == "neg" else term


def _with_part(node: Node, part: Node) -> Node:
    """A sum with a shorter one, or its negative, as a term; the sum itself if that is no part of it."""
    if len(part.args) >= len(node.args):
        return node
    for negative in (False, True):
        wanted = Counter(
            build.neg(term) if term.op != "neg" and negative else _unsigned(term) if negative else term
            for term in part.args
        )
        rest = Counter(node.args)
        if all(rest[term] >= n for term, n in wanted.items()):
            rest.subtract(wanted)
            others = [term for term in node.args if rest[term] > 0]
            return Node("add", (build.neg(part) if negative else part, *others), None, node.shape)
    return node
