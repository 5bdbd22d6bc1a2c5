"""One term of a polynomial while rules are applied to it: a product of factors, summed over its bound indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from derive.equality.atoms import Atom, Poly, Table
from derive.equality.canonical import BOUND, Exponent, Factor, Indices, Monomial, oriented, renamed
from derive.ir.size import Size

Key = tuple[int, Indices]  # atom number and indices
Raw = tuple[Fraction, list[Factor], dict[int, int]]  # coefficient, factors, bound label -> size number


class Ring(Protocol):
    """What a product needs of the polynomials that it is a term of."""

    @property
    def table(self) -> Table:
        """The atoms."""

    def size(self, size: Size) -> Poly:
        """A size as a polynomial in the named sizes."""

    def delta(self, i: int, j: int) -> Key:
        """The factor that is 1 where two indices agree."""

    def value(self, atom: Atom, indices: Indices) -> Poly:
        """A composite atom at other indices."""

    def multiply(self, *polys: Poly) -> Poly:
        """The product."""

    def power(self, poly: Poly, exponent: Exponent) -> Poly:
        """`poly ** exponent`."""

    def scale(self, poly: Poly, by: Fraction | int) -> Poly:
        """A multiple."""

    def rename(self, poly: Poly, names: Mapping[int, int]) -> Poly:
        """Other free (or fixed) indices."""

    def is_nonnegative_sum(self, poly: Poly) -> bool:
        """Whether a polynomial is visibly nonnegative for every input."""

    def joined(self, raw: Raw, monomial: Monomial, coefficient: Fraction) -> Raw:
        """A raw term times one term of a polynomial, its bound labels renamed apart."""

    def substituted(
        self, coefficient: Fraction, factors: list[Factor], bounds: Mapping[int, int], names: Mapping[int, int]
    ) -> list[Raw]:
        """Indices replaced inside one raw term."""


@dataclass(frozen=True)
class Product:
    """Factors with their exponents, summed over `bounds` (label -> size number)."""

    algebra: Ring
    factors: Mapping[Key, Exponent]
    bounds: dict[int, int]

    def without(self, *gone: Key) -> Product:
        """The product without some of its factors."""
        return Product(self.algebra, {key: e for key, e in self.factors.items() if key not in gone}, self.bounds)

    def raw(self, *more: Factor, by: Fraction | int = 1) -> Raw:
        """The product as a raw term, times further factors and a number."""
        return Fraction(by), [*((atom, indices, e) for (atom, indices), e in self.factors.items()), *more], self.bounds

    def times(self, poly: Poly, *more: Factor) -> list[Raw]:
        """The product times a polynomial (its bound indices renamed apart) and further factors."""
        return [self.algebra.joined(self.raw(*more), monomial, c) for monomial, c in poly.items()]

    def with_delta(self, i: int, j: int) -> list[Raw] | None:
        """The product where two indices agree; None if it says so already."""
        delta = self.algebra.delta(i, j)
        return None if delta in self.factors else [self.raw((*delta, 1))]

    def divided(self, lead: Monomial, names: Mapping[int, int]) -> Product | None:
        """The product without the factors of `lead` read at `names`, or None if it does not have them.

        Sums of `lead` must be whole sums of the product: neither it nor `names` may use their indices elsewhere.
        """
        same = self.algebra.table.same
        left = dict(self.factors)
        summed: list[Factor] = []
        for factor in lead[0]:
            number, indices, e = oriented(renamed(factor, names), same)
            if any(i >= BOUND for i in factor[1]):
                summed.append(renamed(factor, names))
                continue
            have = left.get((number, indices), 0)
            if (e > 0 and have < e) or (e < 0 and have > e):
                return None
            left[number, indices] = have - e
        left = {key: e for key, e in left.items() if e}
        if not summed:
            return Product(self.algebra, left, self.bounds)
        sizes = {BOUND + k: size for k, size in enumerate(lead[1])}
        match = Product(self.algebra, left, self.bounds)._matched(summed, sizes, {})
        if match is None:
            return None
        gone = set(match.values())
        if gone.intersection(names.values()):
            return None
        left = {key: e for key, e in left.items() if not gone.intersection(key[1])}
        return Product(self.algebra, left, {label: size for label, size in self.bounds.items() if label not in gone})

    def _matched(self, wanted: list[Factor], sizes: Mapping[int, int], chosen: dict[int, int]) -> dict[int, int] | None:
        """Bound labels of the product that play those of `wanted`, such that no other factor uses them."""
        if not wanted:
            gone = set(chosen.values())
            return None if any(gone.intersection(indices) for _, indices in self.factors) else chosen
        number, slots, exponent = wanted[0]
        for (atom, indices), e in self.factors.items():
            if atom != number or e != exponent:
                continue
            for order in self.algebra.table.same(atom) or (tuple(range(len(slots))),):
                new = self._assigned(slots, tuple(indices[k] for k in order), sizes, chosen)
                if new is not None:
                    found = self.without((atom, indices))._matched(wanted[1:], sizes, new)
                    if found is not None:
                        return found
        return None

    def _assigned(
        self, slots: Indices, indices: Indices, sizes: Mapping[int, int], chosen: Mapping[int, int]
    ) -> dict[int, int] | None:
        """`chosen` extended so that `slots` become `indices`, or None: one to one, of equal sizes, free ones fixed."""
        new = dict(chosen)
        for slot, index in zip(slots, indices, strict=True):
            if slot not in sizes:
                if slot != index:
                    return None
            elif slot in new:
                if new[slot] != index:
                    return None
            elif index in new.values() or self.bounds.get(index) != sizes[slot]:
                return None
            else:
                new[slot] = index
        return new
