"""The conditions of a claim in terms of its inputs, and which combinations of their signs cannot occur.

A combination is impossible if interval arithmetic says so (`derive.equality.intervals`), or if the inequalities that
it states have no solution over the monomials of the conditions, each a number by itself
(`derive.equality.linear`), with what is known of monomials: signs, declared intervals, sizes from 1 on. An
indicator inside of a condition is 1 or 0, with what that says of its argument; of positive values the products are
positive, from which z < -2 gives z^2 > 4.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np

from derive.equality.algebra import Undefined
from derive.equality.atoms import Frozen, Poly
from derive.equality.canonical import BOUND, Factor, Indices, Monomial
from derive.equality.elementary import Elementary
from derive.equality.extremum_bounds import facts
from derive.equality.intervals import Reach
from derive.equality.linear import Inequality, impossible
from derive.equality.normal_form import NormalForm
from derive.equality.polynomials import Exhausted
from derive.equality.recent import PerGraph
from derive.equality.rules import UNIT
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node

Row = tuple[Poly, bool]
NONE = Fraction(0)
SIDES = {1: (1,), -1: (-1,), 0: (1, -1)}
"""The factors with which a condition is positive on a side, or nonnegative on its edge."""
MOST_SPLITS = 6
MOST_TERMS = 4
RANK = 8
"""More axes than a condition has."""
LONGEST = 10.0
"""Seconds for all reasoning about the conditions of one claim; the count of steps ends it earlier."""
NO_FORM = (Exhausted, Undefined, DeriveError, ArithmeticError)

_reach = PerGraph(Reach)


class Conditions:
    """The distinct ones among some nodes that can have either sign, by number."""

    def __init__(self, nodes: Sequence[Node], graph: ComputationGraph) -> None:
        self.graph = graph
        definitions = {name: binding.node for name, binding in graph.bindings.items()}
        self._form = NormalForm(graph.declarations, definitions, algebra=Elementary(seconds=LONGEST))
        self.nodes, self._polys = self._distinct(nodes)
        self._known: dict[tuple[tuple[int, int], ...], bool] = {}

    def never(self, signs: Mapping[int, int]) -> bool:
        """Whether it is shown that conditions never have these signs together."""
        key = tuple(sorted(signs.items()))
        if key not in self._known:
            try:
                self._known[key] = self._shown(signs)
            except Exhausted:
                self._known[key] = False
        return self._known[key]

    def never_apart(self, signs: Sequence[tuple[int, int]]) -> bool:
        """Whether it is shown that conditions never have these signs, each in an entry of its own."""
        try:
            return any(self._out_of_reach(self.nodes[k], sign) for k, sign in signs) or self._impossible(
                [row for n, (k, sign) in enumerate(signs) for row in self._rows(k, sign, n + 1)], MOST_SPLITS
            )
        except Exhausted:
            return False

    def is_positive(self, node: Node) -> bool:
        """Whether a node is visibly positive for every input."""
        try:
            return self._form.algebra.is_positive(self._form.of(node))
        except NO_FORM:
            return False

    def is_nonnegative(self, node: Node) -> bool:
        """Whether a node is visibly not negative for any input."""
        return self.is_positive(node) or self._out_of_reach(node, -1)

    def _distinct(self, nodes: Sequence[Node]) -> tuple[list[Node], list[tuple[Poly, ...]]]:
        """The conditions that can have either sign, each once, and what they are in terms of the inputs, with and
        without the factors that are known to be positive.

        The second is empty where that is too long to be worked out.
        """
        algebra = self._form.algebra
        kept: dict[tuple[object, ...], tuple[Node, tuple[Poly, ...]]] = {}
        for node in nodes:
            try:
                whole = self._form.of(node)
                poly = algebra.without_positive_factors(whole)
            except NO_FORM:
                kept.setdefault((node,), (node, ()))
                continue
            atoms = {algebra.table.atoms[atom].kind for m in poly for atom, _, _ in m[0]}
            if atoms - {"step"}:  # what is made of indicators alone changes where they do
                kept.setdefault((node.shape, _direction(poly)), (node, (whole, poly)))
        return [node for node, _ in kept.values()], [polys for _, polys in kept.values()]

    def _shown(self, signs: Mapping[int, int]) -> bool:
        if any(self._out_of_reach(self.nodes[k], s) or (not s and self._never_zero(k)) for k, s in signs.items()):
            return True
        return self._impossible([row for k, sign in signs.items() for row in self._rows(k, sign)], MOST_SPLITS)

    def _never_zero(self, k: int) -> bool:
        """Whether a condition is a product of inputs that are declared not to be 0, or positive."""
        terms = [term for poly in self._polys[k][:1] for term in poly]
        if len(terms) != 1 or terms[0][1]:
            return False
        atoms = [self._form.algebra.table.atoms[number] for number, _, _ in terms[0][0]]
        return all(
            a.positive or (a.declaration is not None and a.declaration.fact("nonzero") is not None) for a in atoms
        )

    def _rows(self, k: int, sign: int, place: int = 0) -> Iterator[Row]:
        """What the sign of a condition says, at some place: other places have other indices."""
        algebra = self._form.algebra
        names = {axis: axis + place * RANK for axis in range(RANK)}
        for poly in self._polys[k]:
            here = algebra.rename(poly, names) if place else poly
            yield from ((algebra.scale(here, side), bool(sign)) for side in SIDES[sign])

    def _impossible(self, rows: list[Row], splits: int) -> bool:
        """Whether no input satisfies `poly > 0` (or `>= 0`, if not strict) for all rows.

        An indicator inside of a condition, as in max(z, 0) > 6, is 1 and its argument positive, or 0 and it is not.
        """
        if self._contradictory(rows):
            return True
        algebra = self._form.algebra
        inside = ((a, i) for poly, _ in rows for m in poly for a, i, _ in m[0] if max(i, default=0) < BOUND)
        step = next(((a, i) for a, i in inside if algebra.table.atoms[a].kind == "step"), None)
        if step is None or not splits:
            return impossible([*self._linear(rows), *self._products(rows)])
        arg = algebra.rename(algebra.table.atoms[step[0]].args[0], dict(enumerate(step[1])))
        either = [
            [*((_with_step(p, step, value), s) for p, s in rows), further]
            for value, further in ((1, (arg, True)), (0, (algebra.scale(arg, -1), False)))
        ]
        left = [branch for branch in either if not self._contradictory(branch)]
        return all(self._impossible(branch, splits - (len(left) > 1)) for branch in left)

    def _contradictory(self, rows: list[Row]) -> bool:
        """Whether inequalities have no solution over their monomials."""
        monomials = dict.fromkeys(m for poly, _ in rows for m in poly if m != UNIT)
        known = (bound for m in monomials for bound in self._bounds(m))
        return impossible([*self._linear(rows), *known])

    def _linear(self, rows: list[Row]) -> list[Inequality]:
        """What rows say, with what is so of the extrema in them."""
        return [_inequality(poly, strict) for poly, strict in (*rows, *facts(rows, self._form.algebra))]

    def _products(self, rows: list[Row]) -> Iterator[Inequality]:
        """Of two positive values the product is positive: from z < -2 follows z^2 > 4."""
        algebra = self._form.algebra
        short = [(poly, strict) for poly, strict in rows if len(poly) <= MOST_TERMS]
        for (p, s), (q, t) in combinations_with_replacement(short, 2):
            poly = algebra.multiply(p, q)
            yield _inequality(poly, s and t)

    def _out_of_reach(self, node: Node, sign: int) -> bool:
        low, high = _reach.of(self.graph).interval(node)
        return high <= 0 if sign > 0 else low >= 0 if sign < 0 else low > 0 or high < 0

    def _bounds(self, monomial: Monomial) -> Iterator[Inequality]:
        """What is known of a product for every input."""
        algebra, (factors, bound) = self._form.algebra, monomial
        variable: dict[Hashable, Fraction] = {monomial: Fraction(1)}
        turned: dict[Hashable, Fraction] = {monomial: Fraction(-1)}
        negative = [factor for factor in factors if self._is_negative(factor)]
        if all(factor in negative or algebra.is_nonnegative(factor) for factor in factors):
            strict = all(factor in negative or algebra.table.atoms[factor[0]].positive for factor in factors)
            yield Inequality(turned if len(negative) % 2 else variable, Fraction(0), strict)
        if bound or len(factors) != 1:
            if all(algebra.table.atoms[atom].kind == "size" and e > 0 for atom, _, e in factors):
                yield Inequality(variable, Fraction(-1), strict=False)
            return
        (number, _, exponent) = factors[0]
        atom = algebra.table.atoms[number]
        if atom.kind == "size" and exponent > 0:
            yield Inequality(variable, Fraction(-1), strict=False)
        if atom.kind == "step":
            yield Inequality(turned, Fraction(1), strict=False)
        if atom.kind == "group" and exponent == -1 and atom.args[0].get(UNIT, 0) > 0:
            # 1 / (c + p) <= 1/c for p >= 0
            constant = atom.args[0][UNIT]
            if algebra.is_nonnegative_sum({m: c for m, c in atom.args[0].items() if m != UNIT}):
                yield Inequality(turned, 1 / constant, strict=False)
        if exponent != 1 or atom.declaration is None:
            return
        low, high, strict = atom.declaration.bounds
        if np.isfinite(low):
            yield Inequality(variable, -Fraction(str(low)), strict)
        if np.isfinite(high):
            yield Inequality(turned, Fraction(str(high)), strict)

    def _is_negative(self, factor: Factor) -> bool:
        """Whether a factor is an input that is declared to lie below 0, to an odd power."""
        number, _, exponent = factor
        declaration = self._form.algebra.table.atoms[number].declaration
        odd = isinstance(exponent, int | Fraction) and exponent.denominator == 1 and exponent.numerator % 2 == 1
        return odd and declaration is not None and declaration.bounds[1] <= 0 and declaration.bounds[2]


def _inequality(poly: Poly, strict: bool) -> Inequality:
    return Inequality({m: c for m, c in poly.items() if m != UNIT}, poly.get(UNIT, NONE), strict)


def _direction(poly: Poly) -> Frozen:
    """A polynomial up to a factor."""
    monomials = sorted(poly)
    return tuple((m, poly[m] / poly[monomials[0]]) for m in monomials)


def _with_step(poly: Poly, step: tuple[int, Indices], value: int) -> Poly:
    """A polynomial with the value of an indicator put in."""
    total: Poly = {}
    for (factors, bound), c in poly.items():
        rest = tuple(factor for factor in factors if factor[:2] != step), bound
        if value or rest[0] == factors:
            total[rest] = total.get(rest, NONE) + c
    return {m: c for m, c in total.items() if c}
