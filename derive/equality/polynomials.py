"""Polynomials in indexed atoms with bound indices.

    value  =  sum of   coefficient * product of atom[indices] ** exponent,   summed over bound indices

Coefficients are exact; sizes are atoms, so `1/m` and `n*(n + 1)` are like anything else. Every operation returns
polynomials that stand for the same value as what went in, term by term, by the laws of products
(`derive.equality.rules`): this is the whole soundness argument, and two polynomials that are equal as
dictionaries are equal values. The converse fails where a law is missing, and after the caps of
`derive.equality.canonical`.

All work counts against a budget of steps and a deadline; `Exhausted` says that it ran out.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product

from derive.equality.atoms import COMPOSITE, Atom, Frozen, Kind, Poly, Table
from derive.equality.canonical import (
    BOUND,
    Exponent,
    Factor,
    Indices,
    Monomial,
    canonical,
    oriented,
    renamed,
)
from derive.equality.laws import Sample, law
from derive.equality.product import Product, Raw
from derive.equality.rules import UNIT, rewrite
from derive.ir.size import Size

ONE: Poly = {UNIT: Fraction(1)}
MOST_TERMS = 3000
DEEPEST_REBUILD = 40


class Exhausted(Exception):
    """The budget of a proof is used up; nothing follows."""


class Polynomials:
    """Polynomials over one table of atoms, with one budget.

    `steps` bounds the number of terms handled, `seconds` the time; both raise Exhausted.
    """

    def __init__(self, *, steps: int = 120_000, seconds: float = 5.0) -> None:
        self.table = Table()
        self.steps = steps
        self.deadline = time.process_time() + seconds
        self._fresh = 2 * BOUND

    def tick(self, work: int = 1) -> None:
        """Count work; Exhausted when there was too much."""
        self.steps -= work
        if self.steps < 0 or time.process_time() > self.deadline:
            raise Exhausted

    # ------------------------------------------------------------------------------------------ sums

    @law(
        "form",
        "sum",
        "terms of a sum",
        "x + y = y + x,  x + x = 2x,  x - x = 0",
        Sample("x, y : scalar", "x + y - x/2 = y + x/2"),
        Sample("X, Y : (m, n)", "X + Y - X = Y"),
    )
    def add(self, *polys: Poly) -> Poly:
        """The sum."""
        total = dict(polys[0])
        for poly in polys[1:]:
            self.tick(len(poly))
            for monomial, coefficient in poly.items():
                total[monomial] = total.get(monomial, Fraction(0)) + coefficient
        if len(total) > MOST_TERMS:
            raise Exhausted
        return {monomial: c for monomial, c in total.items() if c}

    def scale(self, poly: Poly, by: Fraction | int) -> Poly:
        """A multiple."""
        return {monomial: c * by for monomial, c in poly.items()} if by else {}

    def number(self, value: Fraction | int) -> Poly:
        """A constant."""
        return {UNIT: Fraction(value)} if value else {}

    @law(
        "form",
        "sum",
        "sizes are numbers",
        "n(n + 1) = n² + n",
        Sample("n : size", "n*(n + 1) = n**2 + n"),
        Sample("m, n : size; c : scalar", "sum(c*ones(m, n))*(m - n) = c*m*n*m - c*m*n*n"),
    )
    def size(self, size: Size) -> Poly:
        """A size as a polynomial in the named sizes."""
        total: Poly = {}
        for names, coefficient in size.terms:
            factors: list[Factor] = []
            for name, power in names:
                factors.append((self.atom("size", name).number, (), power))
            total[tuple(sorted(factors)), ()] = Fraction(coefficient)
        return total

    def collect(self, raws: Iterable[Raw]) -> Poly:
        """Raw terms brought to canonical monomials and added up."""
        total: Poly = {}
        stack = list(raws)
        while stack:
            self.tick()
            coefficient, factors, bounds = stack.pop()
            merged = self._merged(factors)
            replaced = rewrite(Product(self, merged, bounds))
            if replaced is None:
                factors = [(atom, indices, e) for (atom, indices), e in merged.items()]
                monomial = canonical(factors, bounds, self.table.same)
                total[monomial] = total.get(monomial, Fraction(0)) + coefficient
            else:
                stack.extend((coefficient * c, f, b) for c, f, b in replaced)
            if len(total) + len(stack) > MOST_TERMS:
                raise Exhausted
        return {monomial: c for monomial, c in total.items() if c}

    @law(
        "form",
        "product",
        "equal factors",
        "xᵃ xᵇ = xᵃ⁺ᵇ,  x/x = 1",
        Sample("x : scalar", "x/x = 1"),
        Sample("x : scalar", "sqrt(x)*sqrt(x) = x"),
        Sample("x : scalar", "x**2*x**3/x = x**4"),
        condition="where both have a value",
    )
    def _merged(self, factors: Iterable[Factor]) -> dict[tuple[int, Indices], Exponent]:
        """Equal factors taken together."""
        merged: dict[tuple[int, Indices], Exponent] = {}
        for factor in factors:
            atom, indices, exponent = oriented(factor, self.table.same)
            merged[atom, indices] = merged.get((atom, indices), 0) + exponent
        return {key: e for key, e in merged.items() if e}

    # -------------------------------------------------------------------------------------- products

    @law(
        "form",
        "product",
        "factors of a product",
        "x(y + z) = yx + zx,  Σᵢxᵢ Σⱼyⱼ = Σᵢⱼ xᵢyⱼ",
        Sample("x, y, z : scalar", "x*(y + z) = y*x + z*x"),
        Sample("X, Y, Z : (n, n)", "X @ (Y + Z) = X @ Y + X @ Z"),
        Sample("x : (n,); y : (m,)", "sum(x)*sum(y) = sum(outer(x, y))"),
    )
    def multiply(self, *polys: Poly) -> Poly:
        """The product."""
        total = polys[0]
        for poly in polys[1:]:
            if len(total) * len(poly) > MOST_TERMS:
                raise Exhausted
            total = self.collect(self._pair(a, c, b, d) for (a, c), (b, d) in product(total.items(), poly.items()))
        return total

    @staticmethod
    def _pair(a: Monomial, c: Fraction, b: Monomial, d: Fraction) -> Raw:
        shift = {BOUND + k: BOUND + k + len(a[1]) for k in range(len(b[1]))}
        factors = [*a[0], *(renamed(factor, shift) for factor in b[0])] if shift else [*a[0], *b[0]]
        return c * d, factors, {BOUND + k: size for k, size in enumerate((*a[1], *b[1]))}

    @law(
        "form",
        "sum",
        "sum of a sum",
        "Σᵢ (a xᵢ + yᵢ) = a Σᵢ xᵢ + Σᵢ yᵢ",
        Sample("a : scalar; x, y : (n,)", "sum(a*x + y) = a*sum(x) + sum(y)"),
    )
    def sum_over(self, poly: Poly, sizes: Mapping[int, int]) -> Poly:
        """The sum over some free indices (label -> size number)."""
        return self.collect((c, list(m[0]), {**self.bounds(m), **sizes}) for m, c in poly.items())

    def product(self, factors: Sequence[Factor]) -> Poly:
        """The product of some factors."""
        return self.collect([(Fraction(1), list(factors), {})])

    # ------------------------------------------------------------------------------ atoms and indices

    def atom(self, kind: Kind, name: Hashable, args: Sequence[Frozen] = ()) -> Atom:
        """The atom of this head on these arguments, with what is known of it."""
        atom, new = self.table.atom(kind, name, args)
        if new:
            self.learn(atom)
        return atom

    def factor(self, atom: Atom, indices: Indices, exponent: Exponent = 1) -> Poly:
        """One factor as a polynomial."""
        return self.product([(atom.number, indices, exponent)])

    def bounds(self, monomial: Monomial) -> dict[int, int]:
        """The bound labels of a monomial and their size numbers."""
        return {BOUND + k: size for k, size in enumerate(monomial[1])}

    def rename(self, poly: Poly, names: Mapping[int, int]) -> Poly:
        """Other free (or fixed) indices; two that become one take the diagonal."""
        if not names:
            return poly
        return self.collect(
            raw for m, c in poly.items() for raw in self.substituted(c, list(m[0]), self.bounds(m), names)
        )

    @law(
        "form",
        "call",
        "entry of a function",
        "f(u)ᵢᵢ = f(uᵢᵢ)",
        Sample("x : (n,)", "trace(exp(outer(x, -x))) = sum(exp(-x*x))"),
        Sample("x : (n,)", "trace(log(outer(x, x)/outer(x, x))) = 0"),
    )
    def substituted(
        self, coefficient: Fraction, factors: list[Factor], bounds: Mapping[int, int], names: Mapping[int, int]
    ) -> list[Raw]:
        """Indices replaced inside one raw term; atoms whose slots merge or become fixed are built anew."""
        plain: list[Factor] = []
        rebuilt: list[Poly] = []
        for factor in factors:
            changed = renamed(factor, names)
            atom, indices = self.table.atoms[factor[0]], changed[1]
            merged = min(indices, default=0) < 0 or len(set(indices)) < len(indices)
            if changed != factor and merged and atom.kind in COMPOSITE and atom.depth < DEEPEST_REBUILD:
                rebuilt.append(self.power(self.value(atom, indices), factor[2]))
            else:
                plain.append(changed)
        raws: list[Raw] = [(coefficient, plain, dict(bounds))]
        for poly in rebuilt:
            raws = [self.joined(raw, m, c) for raw in raws for m, c in poly.items()]
        return raws

    def joined(self, raw: Raw, monomial: Monomial, coefficient: Fraction) -> Raw:
        """A raw term times one term of a polynomial, its bound labels renamed apart."""
        names = {BOUND + k: self._fresh + k for k in range(len(monomial[1]))}
        self._fresh += len(names)
        bounds = {names[label]: size for label, size in self.bounds(monomial).items()}
        return raw[0] * coefficient, [*raw[1], *(renamed(f, names) for f in monomial[0])], {**raw[2], **bounds}

    def delta(self, i: int, j: int) -> tuple[int, Indices]:
        """The atom that is 1 where two indices agree and 0 elsewhere, and its indices in order."""
        return self.atom("delta", None).number, (min(i, j), max(i, j))

    # what depends on the laws of powers and functions

    def power(self, poly: Poly, exponent: Exponent) -> Poly:
        """`poly ** exponent`."""
        raise NotImplementedError

    def value(self, atom: Atom, indices: Indices) -> Poly:
        """A composite atom at other indices, evaluated again (for a group: the polynomial itself)."""
        raise NotImplementedError

    def is_nonnegative_sum(self, poly: Poly) -> bool:
        """Whether a polynomial is visibly nonnegative for every input."""
        raise NotImplementedError

    def learn(self, atom: Atom) -> None:
        """Note what is known of a new atom."""
        raise NotImplementedError


def frozen(poly: Poly) -> Frozen:
    """A polynomial as a key."""
    return tuple(sorted(poly.items()))
