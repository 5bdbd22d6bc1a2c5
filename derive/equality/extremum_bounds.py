"""The largest of entries, in inequalities.

    max_j u_j >= u_i                   for every i
    u_i >= max_j u_j                   where u_i is the largest, alone or with another one: 1_max(u)_i >= 1/2

Of i are taken the indices at which the entries of u stand in the inequalities.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from derive.equality.algebra import Algebra
from derive.equality.atoms import Atom, Poly
from derive.equality.canonical import BOUND, Indices
from derive.equality.rules import UNIT

HALF = Fraction(1, 2)
ANY = BOUND // 2
"""The first of the indices that stand for any entry."""
Factor = tuple[int, Indices]  # an atom at indices


def facts(rows: Sequence[tuple[Poly, bool]], algebra: Algebra) -> Iterator[tuple[Poly, bool]]:
    """What must be nonnegative besides the rows, because extrema occur in them."""
    atoms = algebra.table.atoms
    present = {factor[:2]: None for poly, _ in rows for factors, _ in poly for factor in factors}
    largest = [factor for factor in present if _is(atoms[factor[0]], "amax")]
    for top in largest:
        for entry in _entries(atoms[top[0]], top[1], present, algebra):
            yield _difference(top, entry), False
    for poly, _ in rows:
        mask = _selected(poly, algebra)
        if mask is not None:
            atom = atoms[mask[0]]
            kept = tuple(i for axis, i in enumerate(mask[1]) if axis not in _axes(atom))
            entries = _set_of(atom, kept, algebra)
            for top in largest:
                if _set_of(atoms[top[0]], top[1], algebra) == entries:
                    entry = algebra.rename(atom.args[0], dict(enumerate(mask[1])))
                    yield algebra.scale(_difference(top, entry), -1), False


def _set_of(atom: Atom, at: Indices, algebra: Algebra) -> Poly:
    """The entries among which the largest is meant: the operand with indices of its own along the axes."""
    axes = _axes(atom)
    kept = iter(at)
    rank = len(at) + len(axes)
    chosen = {axis: ANY + axes.index(axis) if axis in axes else next(kept) for axis in range(rank)}
    return algebra.rename(atom.args[0], chosen)


def _is(atom: Atom, op: str) -> bool:
    return atom.kind == "whole" and isinstance(atom.name, tuple) and atom.name[0] == op


def _axes(atom: Atom) -> tuple[int, ...]:
    assert isinstance(atom.name, tuple)
    axes: tuple[int, ...] = atom.name[1]
    return axes


def _entries(atom: Atom, at: Indices, present: dict[Factor, None], algebra: Algebra) -> Iterator[Poly]:
    """The entries of an operand, at the indices with which its own atoms are present."""
    axes = _axes(atom)
    rank = len(at) + len(axes)
    kept = dict(zip([axis for axis in range(rank) if axis not in axes], at, strict=True))
    for factors, _ in atom.args[0]:
        for number, formal, _ in factors:
            for other, indices in present:
                chosen = dict(zip(formal, indices, strict=True)) if other == number else {}
                whole = {**chosen, **kept}
                fits = all(chosen.get(axis, i) == i for axis, i in kept.items())
                if fits and set(whole) == set(range(rank)) and max(whole.values(), default=0) < BOUND:
                    yield algebra.rename(atom.args[0], whole)


def _difference(top: Factor, entry: Poly) -> Poly:
    """The largest entry less another one."""
    total: Poly = {m: -c for m, c in entry.items()}
    alone = (((*top, 1),), ())
    total[alone] = total.get(alone, Fraction(0)) + 1
    return total


def _selected(poly: Poly, algebra: Algebra) -> Factor | None:
    """The mask of a row 1_max(u)_i - 1/2 > 0, or >= 0."""
    others = [m for m in poly if m != UNIT]
    if len(others) != 1 or len(others[0][0]) != 1 or others[0][1]:
        return None
    number, indices, exponent = others[0][0][0]
    is_mask = exponent == 1 and _is(algebra.table.atoms[number], "argmax_mask")
    from_half = poly[others[0]] > 0 and -poly.get(UNIT, Fraction(0)) == HALF * poly[others[0]]
    return (number, indices) if is_mask and from_half else None
