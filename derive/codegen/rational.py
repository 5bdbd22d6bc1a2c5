"""One elementwise region as a rational function over its atoms, and back as nodes with fewer operations.

See `derive.codegen.cancel` for the mathematics.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import cast

from derive.codegen.entries import cost, is_elementwise, is_tail, mirror, whole_power
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
from derive.codegen.repeats import carried, is_repeat
from derive.ir import build
from derive.ir.node import Node, as_number, with_args

MOST_ATOMS = 8


class Region:
    """One region: its nodes, and what they are as terms. Sums that occur as denominators are kept in `sums` by key."""

    def __init__(
        self,
        root: Node,
        region: list[Node],
        present: Collection[Node],
        fixed: Collection[Node],
        quotients: Mapping[Node, Sequence[Node]],
    ) -> None:
        self.quotients = quotients
        self.root, self.region, self.present, self.fixed = root, region, present, fixed
        self.members = set(region)
        self._axes = tuple(range(len(root.shape)))
        self.sums: dict[Atom, Polynomial] = {}
        self.rank: dict[Atom, int] = {}

    def best(self) -> Node:
        """The region with fewest operations: as multiplied, or cancelled with common factors taken out."""
        try:
            for node in self.region:
                if node.op == "div" or (node.op == "pow" and (whole_power(node) or 0) < 0):
                    self._inverse(self._terms(node.args[1] if node.op == "div" else node.args[0]))
            terms = self._complemented(self._written_out(self._terms(self.root)))
        except TooLong:
            return self.root
        if len({atom for monomial in terms for atom, _ in monomial}) > MOST_ATOMS:
            return self.root
        chosen = self._chosen(terms)
        if chosen is not None:
            return chosen
        shorter = self._with_quotients(terms)
        candidates = [
            build.broadcast_to(self._built(each), self.root.shape)
            for each in ([shorter, terms] if shorter != terms else [terms])
        ]
        atoms = {
            part
            for atom in self.rank
            if isinstance(atom, Node)
            for part in (atom, atom.args[0] if is_repeat(atom) else atom)
        }
        known = atoms | {node for node in self.region if node in self.fixed}
        candidate = min(candidates, key=lambda node: cost(node, known))
        return candidate if cost(candidate, known) < cost(self.root, known) else self.root

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
            places = {label: k for k, label in enumerate(out)}
            where = [[places.get(label, len(out) + label) for label in own] for own in ins]
            return reduce(times, [self._of(arg, done, own, node) for arg, own in zip(node.args, where, strict=True)])
        if node.op == "div":
            over, under = (self._of(arg, done, axes, node) for arg in node.args)
            return times(over, self._inverse(under))
        if node.op == "pow":
            n = cast(int, whole_power(node))
            base = self._of(node.args[0], done, axes, node)
            return reduce(times, [self._inverse(base) if n < 0 else base] * abs(n), {UNIT: Fraction(1)})
        sign = -1 if node.op == "neg" else 1
        return plus([(self._of(arg, done, axes, node), sign) for arg in node.args])

    def _of(self, node: Node, done: Mapping[Node, Polynomial], axes: Sequence[int], like: Node) -> Polynomial:
        """The terms of an operand that lies along `axes` of the region, or with size 1 where it has no such axis."""
        if node in done:
            return done[node]
        whole = build.contract([tuple(axes)], tuple(range(len(like.shape))), [node], like.shape)
        return self._atom(build.broadcast_to(whole, self.root.shape))

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

    def _with_quotients(self, terms: Polynomial) -> Polynomial:
        """Terms with forward quotients a / b that are at hand in place of a b^{-1}."""
        for over in [atom for atom in self.rank if isinstance(atom, Node)]:
            for quotient in self.quotients.get(over, ()):
                under = quotient.args[1]
                changed: dict[Monomial, Fraction] = {}
                for monomial, coefficient in terms.items():
                    powers = dict(monomial)
                    n = min(powers.get(over, 0), -powers.get(under, 0))
                    if n > 0:
                        parts = frozenset([(over, -n), (under, n)]), self._single(quotient, n)
                        monomial = joined(joined(monomial, parts[0]), parts[1])
                    changed[monomial] = changed.get(monomial, Fraction(0)) + coefficient
                terms = {monomial: coefficient for monomial, coefficient in changed.items() if coefficient}
        return terms

    def _chosen(self, terms: Polynomial) -> Node | None:
        """c a + (1 - c) b with a condition c as a choice: as c (a - b) + b it would cancel where a is small."""
        for atom in list(self.rank):
            core = atom.args[0] if isinstance(atom, Node) and is_repeat(atom) else atom
            if not isinstance(atom, Node) or not isinstance(core, Node) or core.op != "call" or core.name != "step":
                continue
            bearing = {m: c for m, c in terms.items() if dict(m).get(atom, 0) > 0}
            without = {m: c for m, c in terms.items() if m not in bearing}
            freed = plus([({frozenset((a, n) for a, n in m if a is not atom): c}, 1) for m, c in bearing.items()])
            both = plus([(freed, 1), (without, 1)])
            if without and len(both) < len(freed) + len(without):
                taken, other = (
                    build.broadcast_to(self._chosen(side) or self._built(side), self.root.shape)
                    for side in (both, without)
                )
                return build.call("where", build.broadcast_to(atom, self.root.shape), taken, other)
        return None

    def _complemented(self, terms: Polynomial) -> Polynomial:
        """Powers of a sigmoid p with 1 - p as an atom of its own, where that leaves fewer terms.

        p^2 = p - p (1 - p): then p - 3 p^2 + 2 p^3, whose terms cancel near p = 1, is 2 p (1 - p)^2 - p (1 - p).
        """
        for atom in [atom for atom in self.rank if isinstance(atom, Node)]:
            core = atom.args[0] if is_repeat(atom) else atom
            if core.op != "call" or core.name != "sigmoid" or any(core.orders):
                continue
            rest = self._single(build.sub(build.ones(atom.shape), atom), 1)
            changed = dict(terms)
            while high := next((m for m in changed for a, n in m if a is atom and n > 1), None):
                coefficient = changed.pop(high)
                lower = joined(high, frozenset([(atom, -1)]))
                parts = {lower: coefficient}, {joined(lower, rest): -coefficient}
                changed = dict(plus([(changed, 1), *((part, 1) for part in parts)]))
            if len(changed) < len(terms):
                terms = changed
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
        # what is narrower than the region is computed by itself
        narrow, wide = ([part for part in over if (carried(part) != self._axes) is less] for less in (True, False))
        if under and narrow and wide and not any(carried(part) == self._axes for part in under):
            node = build.mul(
                build.div(build.mul(*map(_core, narrow)), build.mul(*map(_core, under))), *map(_core, wide)
            )
        else:
            node = build.mul(*map(_core, over))
            node = build.div(node, build.mul(*map(_core, under))) if under else node
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
