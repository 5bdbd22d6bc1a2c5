"""Declared facts as rules on the entries of an input.

    simplex, one_hot      the sum along the axis is 1 (of a known length: the last entry is 1 minus the others)
    one_hot               y^2 = y, and two entries of one row are zero unless they are the same entry
    in {a, b, ...}        (y - a)(y - b)... = 0
    diagonal              zero off the diagonal

Symmetry and signs are properties of the atom itself (`Atom.same`, `Atom.positive`).
"""

from __future__ import annotations

from fractions import Fraction

from derive.check.equality.atoms import Atom
from derive.check.equality.canonical import Exponent, Indices
from derive.check.equality.product import Product, Raw
from derive.ir.graph import Fact

BINARY = (Fraction(0), Fraction(1))


def fact_rule(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    """The first fact of the input that applies to this factor, as an equal sum of terms."""
    for fact in atom.declaration.facts if atom.declaration is not None else ():
        result: list[Raw] | None = None
        if fact.name == "diagonal" and indices[0] != indices[1]:
            result = term.with_delta(*indices)
        elif fact.name == "one_of":
            result = _finite(term, atom, indices, e, tuple(Fraction(str(v)) for v in fact.values))
        elif fact.name == "one_hot":
            result = _finite(term, atom, indices, e, BINARY)
            result = result if result is not None else _exclusive(term, atom, indices, _axis(fact, indices))
        if result is None and fact.name in ("one_hot", "simplex"):
            result = _row_sum(term, atom, indices, e, _axis(fact, indices))
        if result is not None:
            return result
    return None


def _axis(fact: Fact, indices: Indices) -> int:
    return (fact.axis if fact.axis is not None else -1) % len(indices)


def _finite(term: Product, atom: Atom, indices: Indices, e: Exponent, values: tuple[Fraction, ...]) -> list[Raw] | None:
    """Powers of an entry that takes finitely many values: the product of (y - value) is zero."""
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


def _exclusive(term: Product, atom: Atom, indices: Indices, axis: int) -> list[Raw] | None:
    """Two entries of a one-hot row: zero unless they are the same entry."""
    for (number, other), e in term.factors.items():
        if number != atom.number or other == indices or e < 1 or term.factors[atom.number, indices] < 1:
            continue
        if all(a == b for k, (a, b) in enumerate(zip(indices, other, strict=True)) if k != axis):
            return term.with_delta(indices[axis], other[axis])
    return None


def _row_sum(term: Product, atom: Atom, indices: Indices, e: Exponent, axis: int) -> list[Raw] | None:
    label, here = indices[axis], (atom.number, indices)
    rest = term.without(here)
    if label in term.bounds and e == 1 and indices.count(label) == 1 and not any(label in i for _, i in rest.factors):
        left = {k: size for k, size in term.bounds.items() if k != label}
        return [Product(term.algebra, rest.factors, left).raw()]
    count = atom.shape[axis].number
    if count is None or label != -count or e < 1 or Fraction(e).denominator != 1:
        return None
    others = [(atom.number, (*indices[:axis], -k, *indices[axis + 1 :]), 1) for k in range(1, count)]
    return [rest.raw((*here, e - 1)), *(rest.raw((*here, e - 1), other, by=-1) for other in others)]
