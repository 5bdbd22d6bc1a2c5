"""Sums of terms c * a_1^n_1 * a_2^n_2 ... with whole powers of either sign, over atoms that are only compared."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from functools import reduce
from math import gcd, lcm

MOST_TERMS = 24

Atom = Hashable  # a node, or the key of a sum that occurs as a denominator
Monomial = frozenset[tuple[Atom, int]]
Polynomial = Mapping[Monomial, Fraction]
UNIT: Monomial = frozenset()


class TooLong(Exception):
    """A region that is left as it is: it would have too many terms."""


def plus(parts: Iterable[tuple[Polynomial, int]]) -> Polynomial:
    total: dict[Monomial, Fraction] = {}
    for terms, sign in parts:
        for monomial, coefficient in terms.items():
            total[monomial] = total.get(monomial, Fraction(0)) + sign * coefficient
    if len(total) > MOST_TERMS:
        raise TooLong
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > MOST_TERMS:
        raise TooLong
    return plus(({joined(m, n): c * d}, 1) for m, c in a.items() for n, d in b.items())


def joined(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for atom, n in b:
        powers[atom] = powers.get(atom, 0) + n
    return frozenset((atom, n) for atom, n in powers.items() if n)


def key_of(terms: Polynomial, scale: Fraction) -> Atom:
    """A sum up to the factor `scale`, as a key."""
    return frozenset((monomial, coefficient / scale) for monomial, coefficient in terms.items())


def common_factor(terms: Polynomial) -> Monomial:
    """The largest monomial that divides every term; a denominator only if every term has it."""
    powers = [dict(monomial) for monomial in terms]
    least = {atom: min(p.get(atom, 0) for p in powers) for p in powers for atom in p}
    least = {atom: n for atom, n in least.items() if n > 0 or all(p.get(atom, 0) < 0 for p in powers)}
    return frozenset((atom, n) for atom, n in least.items() if n)


def content_of(coefficients: Iterable[Fraction]) -> Fraction:
    """A common factor of the coefficients; positive if any of them is."""
    values = list(coefficients)
    content = Fraction(reduce(gcd, (abs(v.numerator) for v in values)), reduce(lcm, (v.denominator for v in values)))
    return content if any(v > 0 for v in values) else -content
