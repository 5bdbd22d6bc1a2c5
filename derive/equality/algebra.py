"""Powers and fractions.

    1/p       =  c * (monomial) * group(p') ** -1     p' without inner denominators and common factors, leading term 1
    sqrt(p)   =  the same with 1/2, but only positive factors leave the root

`group(p')` is an atom, and `cleared` multiplies by it: rational functions of independent atoms are equal exactly if
their difference, so cleared, has no term left.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from derive.equality.atoms import Atom, Poly
from derive.equality.canonical import BOUND, Exponent, Factor, Indices
from derive.equality.laws import Sample, law, laws_at
from derive.equality.polynomials import ONE, Exhausted
from derive.equality.signs import Signs
from derive.errors import UnsupportedError

LARGEST_POWER = 64


class Undefined(Exception):
    """The value has no meaning for any input, as 1/(w - w)."""


class Algebra(Signs):
    """Polynomials with the laws of powers."""

    def by_laws(self, head: str, *args: object) -> Poly:
        """The value of a function by the first of its laws that applies."""
        for known in laws_at("function", head):
            value = known.apply(self, *args)
            if value is not None:
                return cast(Poly, value)
        raise UnsupportedError(f"no laws are known for the function {head}")

    # --------------------------------------------------------------------------------- powers by a number

    def power(self, poly: Poly, exponent: Exponent) -> Poly:
        """`poly ** exponent`; Undefined for zero to a negative power and for a root of what is always negative."""
        if not poly and exponent < 0:
            raise Undefined
        if Fraction(exponent).denominator != 1 and poly and self.is_positive(self.scale(poly, -1)):
            raise Undefined
        return self.by_laws("power", poly, exponent)

    @law(
        "function",
        "power",
        "powers of zero and one",
        "x⁰ = 1,  x¹ = x,  0² = 0",
        Sample("x : scalar", "x**0 = 1"),
        Sample("x : scalar", "(x - x)**(1/2) = 0"),
    )
    def _simple_power(self, poly: Poly, exponent: Exponent) -> Poly | None:
        if not poly or exponent in (0, 1):
            return ONE if exponent == 0 else poly
        return None

    @law(
        "function",
        "power",
        "power of a sum",
        "(x + y)² = x² + 2xy + y²",
        Sample("x, y : scalar", "(x - y)**3 = x**3 - 3*x**2*y + 3*x*y**2 - y**3"),
        Sample("x : (n,)", "sum(x)**2 = sum(outer(x, x))"),
    )
    def _power_of_sum(self, poly: Poly, exponent: Exponent) -> Poly | None:
        whole = exponent > 0 and Fraction(exponent).denominator == 1
        return self._multiplied(poly, int(exponent)) if whole and len(poly) > 1 else None

    @law(
        "function",
        "power",
        "whole power of a product",
        "(xy)ⁿ = xⁿ yⁿ,  1/(xy) = (1/x)(1/y)",
        Sample("x, y : scalar", "(x*y)**3 = x**3*y**3"),
        Sample("x, y, z : scalar", "1/(2*x*(y + z)) = 1/x/(y + z)/2"),
        Sample("x, y : scalar", "1/(1/x + 1/y) = x*y/(x + y)"),
    )
    def _whole_power(self, poly: Poly, exponent: Exponent) -> Poly | None:
        if Fraction(exponent).denominator != 1:
            return None
        number = int(exponent)
        poly, under = self.cleared(poly) if number < 0 else (poly, [])
        if not poly:
            raise Undefined
        content, common, rest = self.content(poly)
        result = self.product(_raised(under, -number))
        factors = _raised(common, number)
        if rest != ONE and number > 0:
            result = self._multiplied(rest, number)
        elif rest != ONE:
            atom, indices = self.apply("group", None, [rest])
            factors.append((atom.number, indices, number))
        return self.scale(self.multiply(self.product(factors), result), content**number)

    @law(
        "function",
        "power",
        "root of an odd power",
        "√(x³) = x √x",
        Sample("x : scalar", "sqrt(x**3) = x*sqrt(x)"),
        Sample("x : scalar", "sqrt(4*x**3) = 2*x*sqrt(x)"),
        Sample("x, y : scalar, positive; z : scalar", "sqrt(x*z**3/y) = sqrt(x)*z*sqrt(z)/sqrt(y)"),
    )
    def _root_of_odd_power(self, poly: Poly, exponent: Exponent) -> Poly | None:
        """Of one base alone the root fixes the sign: where it has a value the base is not negative."""
        if len(poly) > 1:
            return None
        content, common, rest = self.content(poly)
        inside = [factor for factor in common if not self.base_is_nonnegative(factor)]
        if rest != ONE or content < 0 or len(inside) != 1 or inside[0][2] % 2 != 1:
            return None
        return self.product([*_raised(common, exponent), *self.numeric_power(content, exponent)])

    @law(
        "function",
        "power",
        "root of a product",
        "√(xy) = √x √y,  √(x²) = x",
        Sample("x : scalar, positive; y : scalar", "sqrt(x*y) = sqrt(x)*sqrt(y)", "x, y : scalar"),
        Sample("x : scalar, positive", "sqrt(x**2) = x", "x : scalar"),
        Sample("x : scalar, positive; y : scalar", "sqrt(12*y/x) = 2*sqrt(3)*sqrt(y)/sqrt(x)", "x, y : scalar"),
        condition="x > 0",
    )
    def _root_of_product(self, poly: Poly, exponent: Exponent) -> Poly:
        poly, under = self.cleared(poly, positive_only=True)
        if not poly and exponent < 0:
            raise Undefined
        if not poly:
            return {}
        content, common, rest = self.content(poly)
        outside = [factor for factor in common if self.base_is_nonnegative(factor)]
        inside = [factor for factor in common if not self.base_is_nonnegative(factor)]
        if content < 0:
            rest = self.scale(rest, -1)
        rest = self.multiply(rest, self.product(inside))
        factors = [*_raised(outside, exponent), *self.numeric_power(abs(content), exponent)]
        if rest != ONE:
            atom, indices = self.apply("group", None, [rest])
            factors.append((atom.number, indices, exponent))
        return self.multiply(self.product(factors), self.product(_raised(under, -exponent)))

    def _multiplied(self, poly: Poly, exponent: int) -> Poly:
        if exponent > LARGEST_POWER and len(poly) > 1:
            raise Exhausted
        result = ONE
        for bit in bin(exponent)[2:]:
            result = self.multiply(result, result)
            if bit == "1":
                result = self.multiply(result, poly)
        return result

    def numeric_power(self, value: Fraction, exponent: Exponent) -> list[Factor]:
        """A positive number to a power, as prime factors."""
        return [
            (self.atom("prime", prime).number, (), sign * times * exponent)
            for part, sign in ((value.numerator, 1), (value.denominator, -1))
            for prime, times in _factorised(part)
        ]

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

    # ------------------------------------------------------------------------------------- fractions

    @law(
        "form",
        "fraction",
        "common denominator",
        "a/p + b/q = (aq + bp)/(pq)",
        Sample("a, b, p, q : scalar", "a/(1 + p) + b/(1 + q) = (a*(1 + q) + b*(1 + p))/((1 + p)*(1 + q))"),
    )
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

    def value(self, atom: Atom, indices: Indices) -> Poly:
        """A composite atom at other indices, evaluated again (for a group: the polynomial itself)."""
        names = dict(enumerate(indices))
        args = [self.rename(arg, names) for arg in atom.args]
        return args[0] if atom.kind == "group" else self.rebuild(atom, args)

    def rebuild(self, atom: Atom, args: list[Poly]) -> Poly:
        """A function of polynomials, by the laws of that function; `Elementary` knows them."""
        raise NotImplementedError


def _raised(factors: Iterable[Factor], exponent: Exponent) -> list[Factor]:
    """Factors to a power."""
    return [(atom, indices, e * exponent) for atom, indices, e in factors]


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
