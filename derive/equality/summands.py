"""When is a sum of fractions zero?

Free denominators are cleared: a value is zero if its numerator over the common denominator is. Under a sum the
denominators cannot be taken out, but summands can be put over a common denominator:

    sum_k a[k]/p[k]  -  sum_j b[j]/q[j]   =   sum_k (a[k] q[k] - b[k] p[k]) / (p[k] q[k])

and that is zero if the numerator is, as a polynomial in k. Which bound index of one term is which of another is a
choice; any choice is sound, and the one with the most factors in common is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, permutations

from derive.equality.algebra import Algebra
from derive.equality.atoms import Poly
from derive.equality.canonical import BOUND, Factor, Indices, Monomial, renamed
from derive.equality.laws import Sample, law

FREED = BOUND // 4
MOST_CHOICES = 60
ROUNDS = 8


def vanishes(algebra: Algebra, poly: Poly) -> bool:
    """Whether a value is visibly zero; False says nothing."""
    poly = _numerator(algebra, poly)
    while poly:
        reference = max(poly, key=lambda monomial: (len(_under(algebra, monomial)), monomial))
        labels = _under(algebra, reference)
        if not labels:
            return False
        freed, poly = _common(algebra, poly, reference, labels)
        if _numerator(algebra, freed):
            return False
    return True


def _numerator(algebra: Algebra, poly: Poly) -> Poly:
    for _ in range(ROUNDS):
        poly, under = algebra.cleared(poly)
        if not under:
            break
    return poly


def _under(algebra: Algebra, monomial: Monomial) -> list[int]:
    """The bound labels of a term that occur in its denominators."""
    groups = [f for f in monomial[0] if f[2] < 0 and algebra.table.atoms[f[0]].kind == "group"]
    return sorted({i for _, indices, _ in groups for i in indices if i >= BOUND})


@law(
    "form",
    "fraction",
    "fractions under a sum",
    "Σᵢ 1/pᵢ + Σⱼ 1/qⱼ = Σᵢ (qᵢ + pᵢ)/(pᵢqᵢ)",
    Sample("x, y : (n,)", "sum(x/(1 + y)) + sum(x/(2 + y)) = sum(x*(3 + 2*y)/((1 + y)*(2 + y)))"),
)
def _common(algebra: Algebra, poly: Poly, reference: Monomial, labels: list[int]) -> tuple[Poly, Poly]:
    """The summands that can be read with the `labels` of the reference free, added up, and the terms that cannot."""
    names = {label: FREED + k for k, label in enumerate(labels)}
    sizes = [reference[1][label - BOUND] for label in labels]
    model = Counter((f[0], renamed(f, names)[1]) for f in reference[0])
    total: list[Poly] = [{}]
    left: Poly = {}
    for monomial, coefficient in poly.items():
        choices = list(islice(_choices(monomial, sizes), MOST_CHOICES))
        if not choices:
            left[monomial] = coefficient
            continue
        best = max(choices, key=lambda choice: _overlap(monomial, choice, model))
        total.append(_freed(algebra, monomial, coefficient, best))
    return algebra.add(*total), left


def _choices(monomial: Monomial, sizes: list[int]) -> Iterator[Indices]:
    """Every way to pick bound labels of these sizes, in order."""
    labels = range(BOUND, BOUND + len(monomial[1]))
    for choice in permutations(labels, len(sizes)):
        if all(monomial[1][label - BOUND] == size for label, size in zip(choice, sizes, strict=True)):
            yield choice


def _overlap(monomial: Monomial, choice: Indices, model: Counter[tuple[int, Indices]]) -> int:
    names = {label: FREED + k for k, label in enumerate(choice)}
    return sum((Counter((f[0], renamed(f, names)[1]) for f in monomial[0]) & model).values())


def _freed(algebra: Algebra, monomial: Monomial, coefficient: Fraction, choice: Indices) -> Poly:
    names = {label: FREED + k for k, label in enumerate(choice)}
    factors: list[Factor] = [renamed(factor, names) for factor in monomial[0]]
    bounds = {label: size for label, size in algebra.bounds(monomial).items() if label not in names}
    return algebra.collect([(coefficient, factors, bounds)])
