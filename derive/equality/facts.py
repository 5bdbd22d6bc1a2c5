"""Declared facts as laws of the entries of an input.

    simplex, one_hot      the sum along the axis is 1 (of a known length: the last entry is 1 minus the others)
    one_hot               y^2 = y, and two entries of one row are zero unless they are the same entry
    in {a, b, ...}        (y - a)(y - b)... = 0
    diagonal              zero off the diagonal

Symmetry and signs are what is known of the atom itself (`derive.equality.signs`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

from derive.equality.atoms import Atom
from derive.equality.canonical import Exponent, Indices
from derive.equality.laws import Sample, law, laws_at
from derive.equality.product import Product, Raw
from derive.ir.graph import Fact

BINARY = (Fraction(0), Fraction(1))


def by_facts(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    """The first fact of the input that applies to this factor, as an equal sum of terms."""
    for fact in atom.declaration.facts if atom.declaration is not None else ():
        for known in laws_at("fact", fact.name):
            result = known.apply(term, atom, indices, e, fact)
            if result is not None:
                return cast("list[Raw]", result)
    return None


def _axis(fact: Fact, indices: Indices) -> int:
    return (fact.axis if fact.axis is not None else -1) % len(indices)


@law(
    "fact",
    "diagonal",
    "diagonal matrix",
    "Xᵢⱼ = δᵢⱼ Xᵢⱼ",
    Sample("X : (n, n), diagonal", "X = X*eye(n)", "X : (n, n)"),
    Sample("X, Y : (n, n), diagonal", "X @ Y = X*Y", "X, Y : (n, n)"),
    condition="X declared diagonal",
)
def _diagonal(term: Product, _atom: Atom, indices: Indices, _e: Exponent, _fact: Fact) -> list[Raw] | None:
    return term.with_delta(*indices) if indices[0] != indices[1] else None


@law(
    "fact",
    "one_of, one_hot",
    "finitely many values",
    "(y - a)(y - b)⋯ = 0",
    Sample("t : (n,), in {-1, 1}", "t*t = ones(n)", "t : (n,)"),
    Sample("t : scalar, in {1, 2}", "1/t = (3 - t)/2", "t : scalar, in {1, 2, 3}"),
    Sample("y : (n,), one_hot", "y**2 = y", "y : (n,), simplex"),
    condition="y declared in {a, b, …}, or one_hot",
)
def _finite(term: Product, atom: Atom, indices: Indices, e: Exponent, fact: Fact) -> list[Raw] | None:
    """Powers of an entry that takes finitely many values: the product of (y - value) is zero."""
    values = BINARY if fact.name == "one_hot" else tuple(Fraction(str(value)) for value in fact.values)
    degree = len(values)
    if Fraction(e).denominator != 1 or 0 <= e < degree or (e < 0 and 0 in values):
        return None
    monic = [Fraction(1)]  # coefficients of y^0, y^1, ..., y^degree
    for value in values:
        monic = [a - value * b for a, b in zip([Fraction(0), *monic], [*monic, Fraction(0)], strict=True)]
    here = (atom.number, indices)
    rest = term.without(here)
    if e < 0:
        return [rest.raw((*here, e + k), by=-c / monic[0]) for k, c in enumerate(monic) if k and c]
    return [rest.raw((*here, e - degree + k), by=-c) for k, c in enumerate(monic[:-1]) if c]


@law(
    "fact",
    "one_hot",
    "entries that exclude",
    "yᵢ yⱼ = δᵢⱼ yᵢ",
    Sample("y : (n,), one_hot", "outer(y, y) = diag(y)", "y : (n,), simplex"),
    condition="y declared one_hot",
)
def _exclusive(term: Product, atom: Atom, indices: Indices, e: Exponent, fact: Fact) -> list[Raw] | None:
    """Two entries of a one-hot row: zero unless they are the same entry."""
    axis = _axis(fact, indices)
    for (number, other), e in term.factors.items():
        if number != atom.number or other == indices or e < 1 or term.factors[atom.number, indices] < 1:
            continue
        if all(a == b for k, (a, b) in enumerate(zip(indices, other, strict=True)) if k != axis):
            return term.with_delta(indices[axis], other[axis])
    return None


@law(
    "fact",
    "one_hot, simplex",
    "entries that sum to one",
    "Σᵢ yᵢ = 1",
    Sample("p : (n,), simplex", "sum(p) = 1", "p : (n,)"),
    Sample("y : (m, n), one_hot; x : (m,)", "x @ sum(y, axis=1) = sum(x)", "y : (m, n); x : (m,)"),
    condition="y declared simplex or one_hot",
)
def _row_sum(term: Product, atom: Atom, indices: Indices, e: Exponent, fact: Fact) -> list[Raw] | None:
    axis = _axis(fact, indices)
    label, here = indices[axis], (atom.number, indices)
    if label not in term.bounds or e != 1 or indices.count(label) > 1:
        return None
    rest = term.without(here)
    if any(label in near for _, near in rest.factors):
        return None
    left = {k: size for k, size in term.bounds.items() if k != label}
    return [Product(term.algebra, rest.factors, left).raw()]


@law(
    "fact",
    "one_hot, simplex",
    "the last entry",
    "y₃ = 1 - y₁ - y₂",
    Sample("p : (2,), simplex", "p @ [0, 1] = 1 - p @ [1, 0]", "p : (2,)"),
    condition="y declared simplex or one_hot, of 3 entries",
)
def _last_entry(term: Product, atom: Atom, indices: Indices, e: Exponent, fact: Fact) -> list[Raw] | None:
    axis = _axis(fact, indices)
    here, count = (atom.number, indices), atom.shape[axis].number
    if count is None or indices[axis] != -count or e < 1 or Fraction(e).denominator != 1:
        return None
    rest = term.without(here)
    others = [(atom.number, (*indices[:axis], -k, *indices[axis + 1 :]), 1) for k in range(1, count)]
    return [rest.raw((*here, e - 1)), *(rest.raw((*here, e - 1), other, by=-1) for other in others)]
