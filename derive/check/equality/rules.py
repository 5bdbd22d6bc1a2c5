"""What is true of atoms: the rules that rewrite one term into an equal sum of terms.

    delta[i, j]       a bound index is replaced, a free one renamed in the other factors
    prime ** (5/2)    whole powers go to the coefficient
    group(p) ** -1    with the leading term t of p:   t/p = 1 - (p - t)/p
                      and where p = c + x q:          1/(x p) = (1/x - q/p) / c
    step              step^2 = step;  step(u) step(-u) = 0;  u step(-u) = u - u step(u)
    sin^2             1 - cos^2
    (-1)^N            its square is 1
    inverse           p p^-1 = 1, through the leading term of p
    declared facts    `derive.check.equality.facts`
    sum of nothing    an index that occurs nowhere contributes the size of its axis

Each is an identity, used from left to right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor
from typing import cast

from derive.check.equality.atoms import Atom
from derive.check.equality.canonical import Exponent, Factor, Indices, Monomial, oriented
from derive.check.equality.facts import fact_rule
from derive.check.equality.product import Product, Raw

Rule = Callable[[Product, Atom, Indices, Exponent], "list[Raw] | None"]
UNIT: Monomial = ((), ())


def rewrite(term: Product) -> list[Raw] | None:
    """The sum of terms that equals this product, or None if no rule applies."""
    for (number, indices), exponent in term.factors.items():
        atom = term.algebra.table.atoms[number]
        rule = _RULES.get(atom.kind)
        if rule is not None:
            result = rule(term, atom, indices, exponent)
            if result is not None:
                return result
    return _unused_index(term)


def _unused_index(term: Product) -> list[Raw] | None:
    used = {i for _, indices in term.factors for i in indices}
    idle = [label for label in term.bounds if label not in used]
    if not idle:
        return None
    algebra = term.algebra
    left = Product(algebra, term.factors, {k: size for k, size in term.bounds.items() if k in used})
    sizes = [algebra.size(algebra.table.sizes[term.bounds[label]]) for label in idle]
    return left.times(algebra.multiply(*sizes))


def _delta(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e < 0:
        return None
    i, j = indices
    rest = term.without((atom.number, indices))
    if i == j:
        return [rest.raw()]
    if i < 0 and j < 0:
        return []
    for gone, kept in ((j, i), (i, j)):
        if gone in term.bounds:
            left = {label: size for label, size in term.bounds.items() if label != gone}
            return term.algebra.substituted(Fraction(1), rest.raw()[1], left, {gone: kept})
    itself: Factor = (atom.number, indices, 1)
    if not any(j in other for _, other in rest.factors):
        return None if e == 1 else [rest.raw(itself)]
    # i is the smaller label, or fixed: the other factors are read at i
    moved = term.algebra.substituted(Fraction(1), rest.raw()[1], term.bounds, {j: i})
    return [(c, [*factors, itself], bounds) for c, factors, bounds in moved]


def _prime(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    whole = floor(e)
    if not whole:
        return None
    here = (atom.number, indices)
    return [term.without(here).raw((*here, e - whole), by=Fraction(cast(int, atom.name)) ** whole)]


def _group(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    algebra, here, poly = term.algebra, (atom.number, indices), atom.args[0]
    if e >= 1:
        whole = floor(e)
        inside = algebra.power(algebra.value(atom, indices), whole)
        return term.without(here).times(inside, (*here, e - whole))
    if e > 0:
        return None
    names = dict(enumerate(indices))
    rest = term.without(here)
    for number, slots in atom.common:
        key = oriented((number, tuple(names.get(i, i) for i in slots), 1), algebra.table.same)[:2]
        if term.factors.get(key, 0) < 0:
            others = {m: -c / poly[UNIT] for m, c in poly.items() if m != UNIT}
            first = rest.raw((*here, e + 1), by=1 / poly[UNIT])
            return [first, *rest.times(algebra.rename(others, names), (*here, e))]
    if atom.lead is None or (divided := rest.divided(atom.lead, names)) is None:
        return None
    leading = poly[atom.lead]
    others = {m: -c / leading for m, c in poly.items() if m != atom.lead}
    first = divided.raw((*here, e + 1), by=1 / leading)
    return [first, *divided.times(algebra.rename(others, names), (*here, e))]


def _step(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    algebra, here = term.algebra, (atom.number, indices)
    rest = term.without(here)
    if e > 1 and Fraction(e).denominator == 1:
        return [rest.raw((*here, 1))]
    if e != 1 or atom.partner is None:
        return None
    partner = (atom.partner, indices)
    if term.factors.get(partner, 0) > 0:
        return []
    names = dict(enumerate(indices))
    if atom.lead is None or (divided := rest.divided(atom.lead, names)) is None:
        return None
    # u step(u) = u - u step(-u), solved for the leading term of u
    u, leading = atom.args[0], atom.args[0][atom.lead]
    whole = algebra.rename(algebra.scale(u, 1 / leading), names)
    others = algebra.rename({m: -c / leading for m, c in u.items() if m != atom.lead}, names)
    return [
        *divided.times(whole),
        *divided.times(algebra.scale(whole, -1), (*partner, 1)),
        *divided.times(others, (*here, 1)),
    ]


def _sin(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e < 2 or atom.partner is None:
        return None
    rest, lower = term.without((atom.number, indices)), (atom.number, indices, e - 2)
    return [rest.raw(lower), rest.raw(lower, (atom.partner, indices, 2), by=-1)]


def _power(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    here, base = (atom.number, indices), atom.args[0]
    if base != {UNIT: Fraction(-1)} or e == 1 or Fraction(e).denominator != 1:
        return None
    return [term.without(here).raw((*here, e % 2))]


def _inverse(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    """The sum over j of p[i, j] q[j, k] is delta[i, k], for q the inverse of p, and on the other side likewise."""
    if e != 1 or atom.lead is None or indices[0] == indices[1]:
        return None
    here, poly = (atom.number, indices), atom.args[0]
    rest = term.without(here)
    for side, shared in enumerate(indices):
        if shared not in term.bounds:
            continue
        for other in sorted({i for _, near in rest.factors for i in near if i != shared}):
            # q[j, k] with j summed meets p[i, j]; q[j, k] with k summed meets p[k, i]
            names = {0: other, 1: shared} if side == 0 else {0: shared, 1: other}
            divided = rest.divided(atom.lead, names)
            if divided is None or any(shared in near for _, near in divided.factors):
                continue
            leading = poly[atom.lead]
            bounds = {label: size for label, size in divided.bounds.items() if label != shared}
            delta = (*term.algebra.delta(other, indices[1 - side]), 1)
            others = {m: -c / leading for m, c in poly.items() if m != atom.lead}
            unit = Product(term.algebra, divided.factors, bounds).raw(delta, by=1 / leading)
            return [unit, *divided.times(term.algebra.rename(others, names), (*here, 1))]
    return None


_RULES: Mapping[str, Rule] = {
    "delta": _delta,
    "prime": _prime,
    "group": _group,
    "step": _step,
    "sin": _sin,
    "inverse": _inverse,
    "power": _power,
    "ref": fact_rule,
}
