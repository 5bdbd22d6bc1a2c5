"""One elementwise region as a rational function over its atoms, and back as nodes with fewer operations.

See `derive.codegen.cancel` for the mathematics.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import cast

from derive.codegen.polynomial import (
    UNIT,
    Atom,
    Monomial,
    Polynomial,
    TooLong,
    common_factor,
    content_of,
    joined,
    key_of,
    plus,
    times,
)
from derive.codegen.simplify import carried, is_repeat, repeated
from derive.ir import build
from derive.ir.node import Node, as_number, with_args

MOST_ATOMS = 8


def is_elementwise(node: Node) -> bool:
    """Whether a node is a sum, product, quotient, whole power or sign of arrays that lie entry on entry."""
    if node.op in ("add", "neg", "div"):
        return True
    if node.op == "pow":
        return _whole(node) is not None
    if node.op != "contract" or is_repeat(node):
        return False
    ins, out = node.labels
    if len(set(out)) < len(out) or {label for own in ins for label in own} != set(out):
        return False
    return all(list(own) == [label for label in out if label in own] for own in ins)


def _whole(node: Node) -> int | None:
    exponent = node.args[1].args[0] if is_repeat(node.args[1]) else node.args[1]
    value = as_number(exponent)
    return int(value) if value is not None and value.denominator == 1 and abs(value) <= 4 else None


def mirror(node: Node, name: str = "softplus") -> Node | None:
    """sigmoid(-u) for sigmoid(u), softplus(-u) for softplus(u)."""
    if node.op != "call" or node.name != name or any(node.orders):
        return None
    (u,) = node.args
    return build.call(name, u.args[0] if u.op == "neg" else build.neg(u))


class Region:
    """One region: its nodes, and what they are as terms. Sums that occur as denominators are kept in `sums` by key."""

    def __init__(self, root: Node, region: list[Node], present: Collection[Node], fixed: Collection[Node]) -> None:
        self.root, self.region, self.present, self.fixed = root, region, present, fixed
        self.members = set(region)
        self.sums: dict[Atom, Polynomial] = {}
        self.rank: dict[Atom, int] = {}

    def best(self) -> Node:
        """The region with fewest operations: as multiplied, or cancelled with common factors taken out."""
        try:
            for node in self.region:
                if node.op == "div" or (node.op == "pow" and (_whole(node) or 0) < 0):
                    self._inverse(self._terms(node.args[1] if node.op == "div" else node.args[0]))
            terms = self._written_out(self._terms(self.root))
        except TooLong:
            return self.root
        if len({atom for monomial in terms for atom, _ in monomial}) > MOST_ATOMS:
            return self.root
        candidate = build.broadcast_to(self._built(terms), self.root.shape)
        atoms = {
            part
            for atom in self.rank
            if isinstance(atom, Node)
            for part in (atom, atom.args[0] if is_repeat(atom) else atom)
        }
        free = {node for node in self.region if node in self.fixed}
        return candidate if cost(candidate, atoms | free) < cost(self.root, atoms | free) else self.root

    # ---------------------------------------------------------------------------------------- to terms

    def _terms(self, root: Node) -> Polynomial:
        done: dict[Node, Polynomial] = {}
        for node in self.region:
            # a part that is the root of another region too may have become something else
            done[node] = self._as_sum(self._one(node, done) if is_elementwise(node) else self._atom(node))
            if node is root:
                break
        return done[root] if root in done else self._atom(root)

    def _one(self, node: Node, done: Mapping[Node, Polynomial]) -> Polynomial:
        axes = range(len(node.shape))
        if node.op == "contract":
            ins, out = node.labels
            where = [[out.index(label) for label in own] for own in ins]
            return reduce(times, [self._of(arg, done, own, node) for arg, own in zip(node.args, where, strict=True)])
        if node.op == "div":
            over, under = (self._of(arg, done, axes, node) for arg in node.args)
            return times(over, self._inverse(under))
        if node.op == "pow":
            n = cast(int, _whole(node))
            base = self._of(node.args[0], done, axes, node)
            return reduce(times, [self._inverse(base) if n < 0 else base] * abs(n), {UNIT: Fraction(1)})
        sign = -1 if node.op == "neg" else 1
        return plus([(self._of(arg, done, axes, node), sign) for arg in node.args])

    def _of(self, node: Node, done: Mapping[Node, Polynomial], axes: Sequence[int], like: Node) -> Polynomial:
        """The terms of an operand that lies along `axes` of the region."""
        if node in done:
            return done[node]
        return self._atom(build.broadcast_to(repeated(node, axes, like), self.root.shape))

    def _atom(self, node: Node) -> Polynomial:
        core = node.args[0] if is_repeat(node) else node
        number = as_number(core)
        if number is not None:
            return {UNIT: number} if number else {}
        flipped = mirror(core, "sigmoid")
        if flipped in self.present and flipped is not None and self._simpler(flipped, core):
            return {UNIT: Fraction(1), self._single(_as(node, flipped), 1): Fraction(-1)}
        if mirror(core) in self.present:
            # softplus(u) = max(u, 0) + softplus(-|u|), and softplus(-u) = softplus(u) - u;
            # -|u| is min(u, -u), which a complex step passes through
            negative = core.args[0].op == "neg"
            u = core.args[0].args[0] if negative else core.args[0]
            rest = build.call("softplus", build.call("minimum", u, build.neg(u)))
            parts = [build.call("relu", u), rest, *([u] if negative else [])]
            return {self._single(_as(node, part), 1): Fraction(-1 if part is u else 1) for part in parts}
        return {self._single(node, 1): Fraction(1)}

    def _simpler(self, flipped: Node, core: Node) -> bool:
        """Which of sigmoid(u) and sigmoid(-u) the other is written with: a forward value, or else the one of u."""
        if (flipped in self.fixed) != (core in self.fixed):
            return flipped in self.fixed
        return core.args[0].op == "neg"

    def _single(self, atom: Atom, n: int) -> Monomial:
        self.rank.setdefault(atom, len(self.rank))
        return frozenset([(atom, n)])

    def _as_sum(self, terms: Polynomial) -> Polynomial:
        """A sum that is known as a denominator, as one atom."""
        if len(terms) < 2 or not self.sums:
            return terms
        content = content_of(terms.values())
        for scale in (content, -content):
            key = key_of(terms, scale)
            if key in self.sums:
                return {self._single(key, 1): scale}
        return terms

    def _inverse(self, terms: Polynomial) -> Polynomial:
        if not terms:
            raise TooLong
        if len(terms) > 1:
            content = content_of(terms.values())
            self.sums.setdefault(key_of(terms, content), {m: c / content for m, c in terms.items()})
            terms = self._as_sum(terms)
        ((monomial, coefficient),) = terms.items()
        return {frozenset((atom, -n) for atom, n in monomial): 1 / coefficient}

    def _written_out(self, terms: Polynomial) -> Polynomial:
        """Denominator sums that are left as factors, multiplied out."""
        while any(atom in self.sums and n > 0 for monomial in terms for atom, n in monomial):
            parts: list[tuple[Polynomial, int]] = []
            for monomial, coefficient in terms.items():
                sums = [(atom, n) for atom, n in monomial if atom in self.sums and n > 0]
                part: Polynomial = {monomial.difference(sums): coefficient}
                for atom, n in sums:
                    part = reduce(times, [self.sums[atom]] * n, part)
                parts.append((part, 1))
            terms = plus(parts)
        return terms

    # -------------------------------------------------------------------------------------- from terms

    def _built(self, terms: Polynomial) -> Node:
        if not terms:
            return build.zeros(self.root.shape)
        common = common_factor(terms)
        rest = {joined(m, frozenset((atom, -n) for atom, n in common)): c for m, c in terms.items()}
        if len(rest) == 1:
            ((_, coefficient),) = rest.items()
            return self._product(coefficient, common, None)
        content = content_of(rest.values())
        return self._product(content, common, self._total({m: c / content for m, c in rest.items()}))

    def _total(self, terms: Polynomial) -> Node:
        # the small softplus(-|u|) comes last: it would drown before u - u has left 0
        ordered = sorted(terms.items(), key=lambda item: (any(is_tail(a) for a, _ in item[0]), item[1] < 0))
        return build.add(*[build.broadcast_to(self._product(c, m, None), self.root.shape) for m, c in ordered])

    def _product(self, coefficient: Fraction, factors: Monomial, last: Node | None) -> Node:
        ordered = sorted(factors, key=lambda factor: self.rank[factor[0]])
        over = [self._factor(atom, n) for atom, n in ordered if n > 0]
        under = [self._factor(atom, -n) for atom, n in ordered if n < 0]
        over += [last] if last is not None else []
        magnitude = abs(coefficient)
        if magnitude.numerator != 1 or not over:
            over.insert(0, build.number(magnitude.numerator))
        if magnitude.denominator != 1:
            under.insert(0, build.number(magnitude.denominator))
        node = build.mul(*map(_core, over))
        if under:
            node = build.div(node, build.mul(*map(_core, under)))
        return build.neg(node) if coefficient < 0 else node

    def _factor(self, atom: Atom, n: int) -> Node:
        node = self._total(self.sums[atom]) if atom in self.sums else cast(Node, atom)
        return node if n == 1 else build.power(node, n)


def _core(node: Node) -> Node:
    """What a trailing repeat repeats: NumPy broadcasts it again."""
    if is_repeat(node) and carried(node) == tuple(range(len(node.shape)))[len(node.shape) - len(carried(node)) :]:
        (inner,), out = node.labels
        if all(label in out for label in inner):
            return node.args[0]
    return node


def _as(like: Node, core: Node) -> Node:
    """`core` repeated as `like` repeats its own."""
    return with_args(like, (core,)) if is_repeat(like) else core


def is_tail(atom: object) -> bool:
    """Whether an atom is softplus(min(u, -u)), which is log1p(exp(-|u|))."""
    node = atom.args[0] if isinstance(atom, Node) and is_repeat(atom) else atom
    if not isinstance(node, Node) or node.op != "call" or node.name != "softplus" or any(node.orders):
        return False
    (least,) = node.args
    return least.op == "call" and least.name == "minimum" and build.neg(least.args[0]) is least.args[1]


def cost(root: Node, known: Collection[Node]) -> int:
    """How many array operations a region takes above what is `known`, each shared part once; scalars count less."""
    total = 0
    stack, seen = [root], set(known)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if is_elementwise(node) or is_repeat(node):
            stack += node.args
        if node.op == "contract" and not is_repeat(node):
            scalars = sum(not arg.shape for arg in node.args)
            arrays = len(node.args) - scalars
            total += max(0, scalars - 1) + _weight(node) * (max(0, arrays - 1) + (scalars > 0 and arrays > 0))
        elif node.op == "add":
            total += (len(node.args) - 1) * _weight(node)
        elif node.op == "call":
            total += _weight(node) * (6 if mirror(node) is not None else 1)
        elif node.op in ("div", "pow") or (node.op == "neg" and node is root):
            total += _weight(node)
    return total


def _weight(node: Node) -> int:
    return 4 if node.shape else 1
