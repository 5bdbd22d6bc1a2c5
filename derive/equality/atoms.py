"""Atoms: the values that the algebra of the normal form treats as independent.

An atom is an indexed value: an input or binding `x[i, j]`, a size, a function of polynomials `f(p)[i]` whose free
indices are its slots, the base of a fraction (`group`), an opaque operation on whole tensors. Atoms are interned by a
table; equal numbers mean equal values. What is known of an atom (its sign, its symmetries, declared facts)
stands here; what follows from it are the laws (`derive.equality.laws`).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from derive.equality.canonical import Indices, Monomial, Permutations
from derive.ir.graph import Declaration
from derive.ir.size import Shape, Size

Poly = dict[Monomial, Fraction]
Frozen = tuple[tuple[Monomial, Fraction], ...]
Kind = Literal[
    "delta",
    "size",
    "prime",
    "constant",
    "ref",
    "whole",
    "inverse",
    "group",
    "exp",
    "log",
    "step",
    "sin",
    "cos",
    "erf",
    "call",
    "power",
]

COMPOSITE = frozenset({"group", "exp", "log", "step", "sin", "cos", "erf", "call", "power"})
"""Kinds whose slots are the free indices of their polynomials; the others take any indices as they are."""


@dataclass(eq=False, slots=True)
class Atom:
    """`args[slots]` under a head `(kind, name)`; `lead` and `partner` serve the laws of groups and steps."""

    number: int
    kind: Kind
    name: Hashable
    args: tuple[Poly, ...] = ()
    same: Permutations = ()
    positive: bool = False
    nonnegative: bool = False
    depth: int = 0
    declaration: Declaration | None = None
    shape: Shape = ()
    lead: Monomial | None = None
    partner: int | None = None
    common: frozenset[tuple[int, Indices]] = frozenset()


@dataclass
class Table:
    """The atoms and sizes of one algebra, by number."""

    atoms: list[Atom] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    _atoms: dict[tuple[object, ...], int] = field(default_factory=dict)
    _sizes: dict[Size, int] = field(default_factory=dict)

    def atom(self, kind: Kind, name: Hashable, args: Sequence[Frozen] = ()) -> tuple[Atom, bool]:
        """The atom of this head on these arguments, and whether it is new: what is known of it is then to be learnt."""
        key = (kind, name, *args)
        number = self._atoms.get(key)
        if number is not None:
            return self.atoms[number], False
        below = (factor[0] for arg in args for monomial, _ in arg for factor in monomial[0])
        depth = 1 + max((self.atoms[n].depth for n in below), default=0)
        atom = Atom(len(self.atoms), kind, name, tuple(dict(arg) for arg in args), depth=depth)
        self._atoms[key] = atom.number
        self.atoms.append(atom)
        return atom, True

    def size(self, size: Size) -> int:
        """The number of a size."""
        number = self._sizes.get(size)
        if number is None:
            number = self._sizes[size] = len(self.sizes)
            self.sizes.append(size)
        return number

    def same(self, number: int) -> Permutations:
        """The symmetries of an atom, for `canonical`."""
        return self.atoms[number].same
