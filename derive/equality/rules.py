"""Laws of products: each rewrites one term, at one of its factors, into an equal sum of terms.

    delta[i, j]       a bound index is replaced, a free one renamed in the other factors
    prime ** (5/2)    whole powers go to the coefficient
    group(p) ** -1    with the leading term t of p:   t/p = 1 - (p - t)/p
                      and where p = c + x q:          1/(x p) = (1/x - q/p) / c
    step, sin, the inverse; declared facts in `derive.equality.facts`, (-1)^N in `derive.equality.exponents`

Each is an identity, used from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import cast

from derive.equality.atoms import Atom
from derive.equality.canonical import Exponent, Factor, Indices, Monomial, oriented
from derive.equality.facts import by_facts
from derive.equality.laws import Sample, law, laws_at
from derive.equality.product import Product, Raw

UNIT: Monomial = ((), ())


def rewrite(term: Product) -> list[Raw] | None:
    """The sum of terms that equals this product, or None if no law applies."""
    for (number, indices), exponent in term.factors.items():
        atom = term.algebra.table.atoms[number]
        for known in laws_at("factor", atom.kind):
            result = known.apply(term, atom, indices, exponent)
            if result is not None:
                return cast("list[Raw]", result)
        if atom.declaration is not None and (result := by_facts(term, atom, indices, exponent)) is not None:
            return result
    return unused_index(term)


# ------------------------------------------------------------------------------------ sums over indices


@law(
    "form",
    "sum",
    "sum of a constant",
    "Σᵢ c = n c, for i = 1, …, n",
    Sample("c : scalar; n : size", "sum(c*ones(n)) = n*c"),
)
def unused_index(term: Product) -> list[Raw] | None:
    """An index that occurs nowhere contributes the size of its axis."""
    used = {i for _, indices in term.factors for i in indices}
    idle = [label for label in term.bounds if label not in used]
    if not idle:
        return None
    algebra = term.algebra
    left = Product(algebra, term.factors, {k: size for k, size in term.bounds.items() if k in used})
    sizes = [algebra.size(algebra.table.sizes[term.bounds[label]]) for label in idle]
    return left.times(algebra.multiply(*sizes))


@law("factor", "delta", "delta of one index", "δᵢᵢ = 1", Sample("n : size", "trace(eye(n)) = n"))
def _delta_of_one(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    return [term.without((atom.number, indices)).raw()] if e > 0 and indices[0] == indices[1] else None


@law(
    "factor",
    "delta",
    "delta of two positions",
    "δ₁₂ = 0",
    Sample("x : (2,)", "[1, 0] @ diag(x) @ [0, 1] = 0"),
    Sample("a, b, c, d : scalar", "[a, b]*[c, d] = [a*c, b*d]"),
)
def _delta_of_positions(_term: Product, _atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    i, j = indices
    return [] if e > 0 and i < 0 and j < 0 and i != j else None


@law(
    "factor",
    "delta",
    "sum over a delta",
    "Σⱼ δᵢⱼ xⱼ = xᵢ",
    Sample("x : (n,)", "eye(n) @ x = x"),
    Sample("X : (m, n)", "X @ eye(n) = X"),
)
def _sum_over_delta(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    i, j = indices
    for gone, kept in ((j, i), (i, j)):
        if e > 0 and i != j and gone in term.bounds:
            left = {label: size for label, size in term.bounds.items() if label != gone}
            rest = term.without((atom.number, indices))
            return term.algebra.substituted(Fraction(1), rest.raw()[1], left, {gone: kept})
    return None


@law(
    "factor",
    "delta",
    "beside a delta",
    "δᵢⱼ xⱼ = δᵢⱼ xᵢ,  δᵢⱼ² = δᵢⱼ",
    Sample("X : (n, n); x : (n,)", "eye(n)*X*x = eye(n)*X.T*x"),
    Sample("x : (n,)", "diag(x)*diag(x) = diag(x*x)"),
)
def _beside_delta(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e < 0:
        return None
    i, j = indices
    rest = term.without((atom.number, indices))
    itself: Factor = (atom.number, indices, 1)
    if not any(j in other for _, other in rest.factors):
        return None if e == 1 else [rest.raw(itself)]
    # i is the smaller label, or fixed: the other factors are read at i
    moved = term.algebra.substituted(Fraction(1), rest.raw()[1], term.bounds, {j: i})
    return [(c, [*factors, itself], bounds) for c, factors, bounds in moved]


# ------------------------------------------------------------------------------------ powers and fractions


@law("factor", "prime", "whole powers of numbers", "2^(5/2) = 4 √2", Sample("", "sqrt(32) = 4*sqrt(2)"))
def _whole_part_of_number(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    whole = floor(e)
    if not whole:
        return None
    here = (atom.number, indices)
    return [term.without(here).raw((*here, e - whole), by=Fraction(cast(int, atom.name)) ** whole)]


@law(
    "factor",
    "group",
    "whole powers of a root",
    "(√p)³ = p √p",
    Sample("x, y : scalar", "sqrt(x + y)**3 = (x + y)*sqrt(x + y)"),
)
def _whole_part_of_root(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e < 1:
        return None
    whole, here = floor(e), (atom.number, indices)
    inside = term.algebra.power(term.algebra.value(atom, indices), whole)
    return term.without(here).times(inside, (*here, e - whole))


@law(
    "factor",
    "group",
    "partial fractions",
    "1/(x(c + xq)) = (1/x - q/(c + xq))/c",
    Sample("x, q : scalar", "1/(x*(2 + x*q)) = (1/x - q/(2 + x*q))/2"),
)
def _partial_fractions(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e > 0:
        return None
    algebra, here, poly = term.algebra, (atom.number, indices), atom.args[0]
    names = dict(enumerate(indices))
    rest = term.without(here)
    for number, slots in atom.common:
        key = oriented((number, tuple(names.get(i, i) for i in slots), 1), algebra.table.same)[:2]
        if term.factors.get(key, 0) < 0:
            others = {m: -c / poly[UNIT] for m, c in poly.items() if m != UNIT}
            first = rest.raw((*here, e + 1), by=1 / poly[UNIT])
            return [first, *rest.times(algebra.rename(others, names), (*here, e))]
    return None


@law(
    "factor",
    "group",
    "division by a sum",
    "x/(x + y) = 1 - y/(x + y)",
    Sample("x, y : scalar", "x/(x + y) = 1 - y/(x + y)"),
    Sample("x : (n,)", "sum(x)/(1 + sum(x)) = 1 - 1/(1 + sum(x))"),
)
def _division(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e > 0:
        return None
    algebra, here, poly = term.algebra, (atom.number, indices), atom.args[0]
    names = dict(enumerate(indices))
    if atom.lead is None or (divided := term.without(here).divided(atom.lead, names)) is None:
        return None
    leading = poly[atom.lead]
    others = {m: -c / leading for m, c in poly.items() if m != atom.lead}
    first = divided.raw((*here, e + 1), by=1 / leading)
    return [first, *divided.times(algebra.rename(others, names), (*here, e))]


# ------------------------------------------------------------------------------------ steps, sines, inverses


@law("factor", "step", "power of a step", "𝟏[u > 0]² = 𝟏[u > 0]", Sample("x : scalar", "step(x)**2 = step(x)"))
def _power_of_step(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e <= 1 or Fraction(e).denominator != 1:
        return None
    here = (atom.number, indices)
    return [term.without(here).raw((*here, 1))]


@law("factor", "step", "steps that exclude", "𝟏[u > 0] 𝟏[u < 0] = 0", Sample("x : scalar", "step(x)*step(-x) = 0"))
def _opposite_steps(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    return [] if e == 1 and atom.partner is not None and term.factors.get((atom.partner, indices), 0) > 0 else None


@law(
    "factor",
    "step",
    "u beside its step",
    "u 𝟏[u < 0] = u - u 𝟏[u > 0]",
    Sample("x, y : scalar", "(x - y)*step(y - x) = x - y - (x - y)*step(x - y)"),
)
def _beside_step(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e != 1 or atom.partner is None or atom.lead is None:
        return None
    algebra, here, partner = term.algebra, (atom.number, indices), (atom.partner, indices)
    names = dict(enumerate(indices))
    if (divided := term.without(here).divided(atom.lead, names)) is None:
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


@law(
    "factor",
    "step",
    "beside its step, sign known",
    "u 𝟏[u > 0] = u",
    Sample("p : (n,), simplex", "maximum(p, 0) = p", "p : (n,)"),
    Sample("x, y : scalar", "(x**2 + y**2)*step(x**2 + y**2) = x**2 + y**2"),
    condition="u ≥ 0",
)
def _beside_known_step(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    algebra, here = term.algebra, (atom.number, indices)
    names = dict(enumerate(indices))
    u = atom.args[0]
    if e != 1 or atom.lead is None or not algebra.is_nonnegative_sum(u):
        return None
    if (divided := term.without(here).divided(atom.lead, names)) is None:
        return None
    leading = u[atom.lead]
    others = algebra.rename({m: -c / leading for m, c in u.items() if m != atom.lead}, names)
    return [*divided.times(algebra.rename(algebra.scale(u, 1 / leading), names)), *divided.times(others, (*here, 1))]


@law("factor", "sin", "sine and cosine", "sin² u = 1 - cos² u", Sample("x : scalar", "sin(x)**2 = 1 - cos(x)**2"))
def _square_of_sine(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if e < 2 or atom.partner is None:
        return None
    rest, lower = term.without((atom.number, indices)), (atom.number, indices, e - 2)
    return [rest.raw(lower), rest.raw(lower, (atom.partner, indices, 2), by=-1)]


@law(
    "factor",
    "inverse",
    "product with the inverse",
    "X X⁻¹ = X⁻¹ X = I",
    Sample("X : (n, n)", "X @ inv(X) = eye(n)"),
    Sample("X, Y : (n, n)", "inv(X + Y) @ X = eye(n) - inv(X + Y) @ Y"),
)
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
            divided = _meeting(rest, atom.lead, names, shared)
            if divided is None:
                continue
            leading = poly[atom.lead]
            bounds = {label: size for label, size in divided.bounds.items() if label != shared}
            delta = (*term.algebra.delta(other, indices[1 - side]), 1)
            others = {m: -c / leading for m, c in poly.items() if m != atom.lead}
            unit = Product(term.algebra, divided.factors, bounds).raw(delta, by=1 / leading)
            return [unit, *divided.times(term.algebra.rename(others, names), (*here, 1))]
    return None


def _meeting(rest: Product, lead: Monomial, names: Mapping[int, int], shared: int) -> Product | None:
    """The product without `lead` read at `names`, if then nothing of it has the shared index."""
    divided = rest.divided(lead, names)
    return None if divided is None or any(shared in near for _, near in divided.factors) else divided
