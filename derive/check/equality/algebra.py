"""Powers, fractions and signs.

    1/p       =  c * (monomial) * group(p') ** -1     p' without inner denominators and common factors, leading term 1
    sqrt(p)   =  the same with 1/2, but only positive factors leave the root

`group(p')` is an atom, and `cleared` multiplies by it: rational functions of independent atoms are equal exactly if
their difference, so cleared, has no term left.
"""

from __future__ import annotations

from fractions import Fraction

from derive.check.equality.atoms import Atom, Poly
from derive.check.equality.canonical import BOUND, Exponent, Factor, Indices, Monomial
from derive.check.equality.polynomials import ONE, Exhausted, Polynomials
from derive.check.equality.rules import UNIT

LARGEST_POWER = 64


class Undefined(Exception):
    """The value has no meaning for any input, as 1/(w - w)."""


class Algebra(Polynomials):
    """Polynomials with the laws of powers."""

    def power(self, poly: Poly, exponent: Exponent) -> Poly:
        """`poly ** exponent`; Undefined for zero to a negative power and for a root of what is always negative."""
        if not poly and exponent < 0:
            raise Undefined
        if not poly or exponent in (0, 1):
            return ONE if exponent == 0 else poly
        whole = Fraction(exponent).denominator == 1
        if not whole and self.is_positive(self.scale(poly, -1)):
            raise Undefined
        if whole and exponent > 0 and len(poly) > 1:
            return self._whole_power(poly, int(exponent))
        result = ONE
        if exponent < 0 or not whole:
            poly, under = self.cleared(poly, positive_only=not whole)
            result = self.product([(a, i, -e * exponent) for a, i, e in under])
        if not poly:
            raise Undefined
        content, common, rest = self.content(poly)
        if not whole:
            content, common, rest = self._outside_root(content, common, rest)
        factors = [(a, i, e * exponent) for a, i, e in common]
        factors += [] if whole else self._numeric_power(content, exponent)
        if rest != ONE:
            if whole and exponent > 0:
                result = self._whole_power(rest, int(exponent))
                return self.scale(self.multiply(self.product(factors), result), content ** int(exponent))
            atom, indices = self.apply("group", None, [rest])
            factors.append((atom.number, indices, exponent))
        scale = content ** int(exponent) if whole else Fraction(1)
        return self.scale(self.multiply(self.product(factors), result), scale)

    def _whole_power(self, poly: Poly, exponent: int) -> Poly:
        if exponent > 64 and len(poly) > 1:
            raise Exhausted
        result = ONE
        for bit in bin(exponent)[2:]:
            result = self.multiply(result, result)
            if bit == "1":
                result = self.multiply(result, poly)
        return result

    def _numeric_power(self, value: Fraction, exponent: Exponent) -> list[Factor]:
        """A positive number to a power, as prime factors."""
        factors: list[Factor] = []
        for part, sign in ((value.numerator, 1), (value.denominator, -1)):
            for prime, times in _factorised(part):
                atom, _ = self.table.atom("prime", prime)
                atom.positive = atom.nonnegative = True
                factors.append((atom.number, (), sign * times * exponent))
        return factors

    def content(self, poly: Poly) -> tuple[Fraction, list[Factor], Poly]:
        """`(c, common, rest)` with `poly = c * common * rest`: rest has leading coefficient 1 and no common factor."""
        common: dict[tuple[int, Indices], Exponent] | None = None
        for monomial in poly:
            own = {
                (atom, indices): e
                for atom, indices, e in monomial[0]
                if all(i < BOUND for i in indices) and self.table.atoms[atom].kind != "delta"
            }
            if common is None:
                common = own
            else:
                common = {key: min(common.get(key, 0), own.get(key, 0)) for key in {**common, **own}}
        factors: list[Factor] = [(a, i, e) for (a, i), e in (common or {}).items() if e]
        leading = poly[max(poly, key=self.rank)]
        rest = self.scale(poly, 1 / leading)
        if factors:
            rest = self.multiply(rest, self.product([(a, i, -e) for a, i, e in factors]))
        return leading, factors, rest

    def _outside_root(self, content: Fraction, common: list[Factor], rest: Poly) -> tuple[Fraction, list[Factor], Poly]:
        """Keep outside a root only what is known to be positive, or the one base whose sign the root fixes."""
        outside = [factor for factor in common if self._base_is_nonnegative(factor)]
        inside = [factor for factor in common if not self._base_is_nonnegative(factor)]
        if rest == ONE and content > 0 and len(inside) == 1 and inside[0][2] % 2 == 1:
            return content, common, rest
        if content < 0:
            rest = self.scale(rest, -1)
        return abs(content), outside, self.multiply(rest, self.product(inside)) if inside else rest

    def rank(self, monomial: Monomial) -> tuple[object, ...]:
        """The order in which one term of a polynomial leads: by degree, then by name."""
        degree = sum((Fraction(e) for _, _, e in monomial[0]), Fraction(0))
        return degree, len(monomial[0]), monomial

    # ------------------------------------------------------------------------------------- fractions

    def cleared(self, poly: Poly, *, positive_only: bool = False) -> tuple[Poly, list[Factor]]:
        """`(p * d, factors of d)` where d is the least product of groups that clears p of free denominators."""
        under: dict[tuple[int, Indices], Exponent] = {}
        for monomial in poly:
            for atom, indices, e in monomial[0]:
                known = self.table.atoms[atom]
                free = known.kind == "group" and all(i < BOUND for i in indices)
                if free and e < 0 and (known.positive or not positive_only):
                    under[atom, indices] = max(under.get((atom, indices), 0), -e)
        factors = [(a, i, e) for (a, i), e in under.items()]
        if not factors or (len(poly) == 1 and positive_only):
            return poly, []
        return self.collect((c, [*m[0], *factors], self.bounds(m)) for m, c in poly.items()), factors

    # ----------------------------------------------------------------------------------------- signs

    def _base_is_nonnegative(self, factor: Factor) -> bool:
        known = self.table.atoms[factor[0]]
        return known.positive or known.nonnegative or Fraction(factor[2]).denominator != 1

    def is_nonnegative(self, factor: Factor) -> bool:
        """Whether a factor cannot be negative where it is defined."""
        return self._base_is_nonnegative(factor) or factor[2] % 2 == 0

    def is_positive(self, poly: Poly) -> bool:
        """Whether a polynomial is visibly positive for every input."""
        strict = False
        for monomial, coefficient in poly.items():
            if coefficient < 0 or not all(self.is_nonnegative(factor) for factor in monomial[0]):
                return False
            strict = strict or all(self.table.atoms[a].positive for a, _, _ in monomial[0])
        return strict

    def is_nonnegative_sum(self, poly: Poly) -> bool:
        """Whether every term of a polynomial is visibly nonnegative for every input."""
        return all(c > 0 and all(self.is_nonnegative(f) for f in m[0]) for m, c in poly.items())

    def learn(self, atom: Atom) -> None:
        """Note what the rules of groups and steps want to know of a new atom."""
        if atom.kind == "exp":
            atom.positive = atom.nonnegative = True
        if atom.kind == "step":
            atom.nonnegative = True
        if atom.kind in ("group", "step"):
            poly = atom.args[0]
            lead = max(poly, key=self.rank)
            atom.lead = lead if lead != UNIT else None
        if atom.kind == "group":
            atom.positive = atom.nonnegative = self.is_positive(poly)
            others = [{(a, i) for a, i, e in m[0] if e > 0 and max(i, default=0) < BOUND} for m in poly if m != UNIT]
            if UNIT in poly and others:
                atom.common = frozenset(set.intersection(*others))

    def value(self, atom: Atom, indices: Indices) -> Poly:
        """A composite atom at other indices, evaluated again (for a group: the polynomial itself)."""
        names = dict(enumerate(indices))
        args = [self.rename(arg, names) for arg in atom.args]
        return args[0] if atom.kind == "group" else self.rebuild(atom, args)

    def rebuild(self, atom: Atom, args: list[Poly]) -> Poly:
        """A function of polynomials, by the laws of that function; `Elementary` knows them."""
        raise NotImplementedError


def _factorised(value: int) -> list[tuple[int, int]]:
    """Prime factors below 1,000 and what is left."""
    factors: list[tuple[int, int]] = []
    divisor = 2
    while divisor < 1000 and divisor * divisor <= value:
        times = 0
        while value % divisor == 0:
            value //= divisor
            times += 1
        if times:
            factors.append((divisor, times))
        divisor += 1
    return [*factors, (value, 1)] if value > 1 else factors
