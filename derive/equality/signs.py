"""What is known of an atom when it is made: its sign and its symmetries.

    positive      sizes, numbers, pi, e^u, what is declared so, sums of nonnegative terms of which one is positive
    nonnegative   squares and roots, indicators, deltas, entries of a probability vector
    same          x[i, j] = x[j, i] of a symmetric matrix and of its inverse

`u > 0` and `u >= 0` of a polynomial follow term by term: `is_positive`, `is_nonnegative_sum`. A power whose exponent is
a symbol has no sign.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from itertools import islice, permutations, product

from derive.equality.atoms import Atom, Frozen, Kind, Poly
from derive.equality.canonical import BOUND, Factor, Indices, Monomial
from derive.equality.laws import Sample, law, laws_at
from derive.equality.polynomials import Polynomials, frozen
from derive.equality.rules import UNIT

SWAPPED = ((0, 1), (1, 0))
MOST_SLOT_ORDERS = 120


class Signs(Polynomials):
    """Polynomials whose atoms may have a known sign."""

    def rank(self, monomial: Monomial) -> tuple[object, ...]:
        """The order in which one term of a polynomial leads: by degree, then by name."""
        degree = sum((Fraction(e) for _, _, e in monomial[0]), Fraction(0))
        return degree, len(monomial[0]), monomial

    @law(
        "form",
        "call",
        "symmetric argument",
        "uᵢⱼ = uⱼᵢ gives f(uᵢⱼ) = f(uⱼᵢ)",
        Sample("x : (n,); f : function", "f(outer(x, x)) = f(outer(x, x)).T"),
        Sample("X : (n, n), symmetric", "exp(X) = exp(X).T", "X : (n, n)"),
        condition="u symmetric",
    )
    def apply(self, kind: Kind, name: Hashable, args: Sequence[Poly]) -> tuple[Atom, Indices]:
        """The atom `kind name (args)` with one slot for each free index of the arguments, and those indices."""
        best: tuple[Frozen, ...] | None = None
        order: Indices = ()
        ties: list[Indices] = []
        for candidate in islice(self._slot_orders(args), MOST_SLOT_ORDERS):
            names = {label: slot for slot, label in enumerate(candidate)}
            key = tuple(frozen(self.rename(arg, names)) for arg in args)
            if best is None or key < best:
                best, order, ties = key, candidate, [candidate]
            elif key == best:
                ties.append(candidate)
        assert best is not None
        atom, new = self.table.atom(kind, name, best)
        if new:
            atom.same = tuple(tuple(order.index(label) for label in tie) for tie in ties)
            self.learn(atom)
        return atom, order

    def _slot_orders(self, args: Sequence[Poly]) -> Iterable[Indices]:
        """Orders of the free labels of the arguments: by where they occur, ties in every order."""
        views: dict[int, list[tuple[object, ...]]] = {}
        for n, arg in enumerate(args):
            for monomial, coefficient in arg.items():
                for atom, indices, exponent in monomial[0]:
                    orders = self.table.same(atom)
                    for slot, label in enumerate(indices):
                        if 0 <= label < BOUND:
                            slot = slot if len(orders) < 2 else 0
                            views.setdefault(label, []).append((n, coefficient, atom, exponent, slot))
        ranked: dict[tuple[object, ...], list[int]] = {}
        for label in sorted(views):
            ranked.setdefault(tuple(sorted(views[label])), []).append(label)
        groups = [permutations(ranked[view]) for view in sorted(ranked)]
        for choice in product(*groups):
            yield tuple(label for group in choice for label in group)

    def learn(self, atom: Atom) -> None:
        """Note the sign and the symmetries of a new atom, and what the laws of products want to know of it."""
        for known in laws_at("atom", atom.kind):
            known.apply(self, atom)
        atom.nonnegative = atom.nonnegative or atom.positive
        if atom.kind in ("group", "step", "inverse"):
            poly = atom.args[0]
            lead = max(poly, key=self.rank)
            atom.lead = lead if lead != UNIT else None
            others = [{(a, i) for a, i, e in m[0] if e > 0 and max(i, default=0) < BOUND} for m in poly if m != UNIT]
            if atom.kind == "group" and UNIT in poly and others:
                atom.common = frozenset(set.intersection(*others))

    # --------------------------------------------------------------------------------- signs of polynomials

    def base_is_nonnegative(self, factor: Factor) -> bool:
        """Whether the base of a power cannot be negative where the power is defined."""
        known = self.table.atoms[factor[0]]
        return known.nonnegative or Fraction(factor[2]).denominator != 1

    @law(
        "form",
        "sign",
        "squares and roots",
        "x² ≥ 0,  √x ≥ 0",
        Sample("x : scalar", "step(1 + x**2) = 1"),
        Sample("x : scalar", "abs(1 + sqrt(x)) = 1 + sqrt(x)"),
    )
    def is_nonnegative(self, factor: Factor) -> bool:
        """Whether a factor cannot be negative where it is defined."""
        return self.base_is_nonnegative(factor) or factor[2] % 2 == 0

    @law(
        "form",
        "sign",
        "signs of sums",
        "x ≥ 0 and y > 0 give x + y > 0",
        Sample("x, y : scalar, positive", "step(x + y) = 1", "x : scalar, positive; y : scalar"),
        Sample("x, y : scalar, positive", "abs(x*y + x/y) = x*y + x/y", "x, y : scalar"),
        condition="each term ≥ 0, one > 0",
    )
    def is_positive(self, poly: Poly) -> bool:
        """Whether a polynomial is visibly positive for every input."""
        strict = False
        for monomial, coefficient in poly.items():
            if coefficient < 0 or not all(self.is_nonnegative(factor) for factor in monomial[0]):
                return False
            strict = strict or all(self.table.atoms[a].positive for a, _, _ in monomial[0])
        return strict

    def is_nonnegative_sum(self, poly: Poly) -> bool:
        """Whether every term of a polynomial is visibly nonnegative for every input."""
        return all(c > 0 and all(self.is_nonnegative(f) for f in m[0]) for m, c in poly.items())

    # ----------------------------------------------------------------------------------------------- atoms

    @law(
        "atom",
        "size, prime, constant",
        "sizes and constants",
        "n > 0,  2 > 0,  π > 0",
        Sample("n : size", "step(n*pi/2) = 1", "n : scalar"),
        Sample("n : size; x : scalar", "sqrt(2*pi*n*x) = sqrt(2)*sqrt(pi)*sqrt(n)*sqrt(x)", "n, x : scalar"),
        condition="n a size",
    )
    def _given(self, atom: Atom) -> None:
        atom.positive = True

    @law("atom", "exp", "exponentials", "eᵘ > 0", Sample("x : scalar", "step(exp(x)) = 1"))
    def _exponential(self, atom: Atom) -> None:
        atom.positive = True

    @law("atom", "step, delta", "indicators", "𝟏[u > 0] ≥ 0,  δᵢⱼ ≥ 0", Sample("x : scalar", "step(1 + step(x)) = 1"))
    def _indicator(self, atom: Atom) -> None:
        atom.nonnegative = True

    @law(
        "atom",
        "group",
        "sums of nonnegative terms",
        "1 + x² > 0,  √x + 1 > 0",
        Sample("x, y : scalar", "log((1 + x**2)/(2 + y**4)) = log(1 + x**2) - log(2 + y**4)"),
        Sample("x, y : scalar, positive", "log(1/(x + y)) = -log(x + y)"),
    )
    def _sum(self, atom: Atom) -> None:
        atom.positive = self.is_positive(atom.args[0])

    @law(
        "atom",
        "ref",
        "declared signs",
        "x > 0",
        Sample("x : scalar, positive", "step(x) = 1", "x : scalar"),
        Sample("x : scalar, in (2, inf)", "abs(x) = x", "x : scalar"),
        condition="x declared positive, or in (a, b) with a ≥ 0",
    )
    def _declared_sign(self, atom: Atom) -> None:
        facts = atom.declaration.facts if atom.declaration is not None else ()
        low = [fact.low for fact in facts if fact.name == "in"]
        atom.positive = any(fact.name == "positive" for fact in facts) or any(a is not None and a >= 0 for a in low)

    @law(
        "atom",
        "ref",
        "entries of a simplex",
        "pᵢ ≥ 0",
        Sample("p : (n,), simplex", "step(1 + p) = ones(n)", "p : (n,)"),
        condition="p declared simplex or one_hot",
    )
    def _declared_simplex(self, atom: Atom) -> None:
        facts = atom.declaration.facts if atom.declaration is not None else ()
        atom.nonnegative = any(fact.name in ("simplex", "one_hot") for fact in facts)

    @law(
        "atom",
        "ref",
        "symmetric matrix",
        "Xᵀ = X",
        Sample("X : (n, n), symmetric", "X = X.T", "X : (n, n)"),
        Sample("X : (n, n), positive_definite", "X = X.T", "X : (n, n), invertible"),
        Sample("X : (n, n), diagonal", "X = X.T", "X : (n, n)"),
        condition="X symmetric, positive_definite or diagonal",
    )
    def _declared_symmetry(self, atom: Atom) -> None:
        if len(atom.shape) == 2 and atom.declaration is not None and atom.declaration.is_symmetric:
            atom.same = SWAPPED

    @law(
        "atom",
        "whole",
        "definite determinant",
        "det X > 0,  det XᵀX ≥ 0",
        Sample("X : (n, n), positive_definite", "abs(det(X)) = det(X)", "X : (n, n), symmetric"),
        Sample("B : (n, m); s : scalar, positive", "step(det(B @ B.T + s*eye(n))) = 1", "B : (n, m); s : scalar"),
        Sample("X : (n, m); S : (n, n), positive_definite", "abs(det(X.T @ S @ X)) = det(X.T @ S @ X)"),
        condition="X positive_definite",
    )
    def _determinant(self, atom: Atom) -> None:
        name = atom.name
        if isinstance(name, tuple) and name[0] == "det" and not atom.shape:
            kinds = [c > 0 and self._definiteness(factors) for (factors, _), c in atom.args[0].items()]
            atom.positive = all(kinds) and "definite" in kinds
            atom.nonnegative = all(kinds)

    def _definiteness(self, factors: Sequence[Factor]) -> str:
        """Of a product with the axes 0 and 1: `definite`, as A and A⁻¹, `gram`, as BᵀB and BᵀAB, or empty: unknown."""
        borne = [factor for factor in factors if not {0, 1}.isdisjoint(factor[1])]
        rest = [factor for factor in factors if factor not in borne]
        found = ""
        match borne:
            case [(a, (0, 1) | (1, 0), 1)] if self._is_definite(self.table.atoms[a]):
                found = "definite"
            case [(a, i, 1), (b, j, 1)] if a == b and len([k for k in i + j if k in (0, 1)]) == 2:
                apart = [(k, m) for k, m in zip(i, j, strict=True) if k != m]
                inner = [pair for pair in apart if {0, 1} != {*pair}]
                within = [f for f in rest if inner in ([f[1]], [f[1][::-1]]) and f[2] == 1]
                within = [f for f in within if self._is_definite(self.table.atoms[f[0]])][:1]
                rest = [f for f in rest if f not in within]
                # weights of single entries between the two leave no such form
                plain = not inner or (within and all(set(inner[0]).isdisjoint(f[1]) for f in rest))
                found = "gram" if len(apart) == len(inner) + 1 and plain else ""
        return found if all(self.table.atoms[a].positive for a, _, _ in rest) else ""

    def _is_definite(self, atom: Atom) -> bool:
        """Whether a matrix is declared positive definite, its inverse visibly is, or it is the identity."""
        if atom.kind == "inverse":
            terms = atom.args[0].items()
            kinds = [c > 0 and self._definiteness(factors) for (factors, _), c in terms]
            return all(kinds) and "definite" in kinds
        declared = atom.declaration is not None and atom.declaration.fact("positive_definite") is not None
        return declared or atom.kind == "delta"

    @law("atom", "delta", "symmetric delta", "δᵢⱼ = δⱼᵢ", Sample("n : size", "eye(n) = eye(n).T"))
    def _delta(self, atom: Atom) -> None:
        atom.same = SWAPPED

    @law(
        "atom",
        "inverse",
        "symmetric inverse",
        "(X⁻¹)ᵀ = X⁻¹",
        Sample("X : (n, n), symmetric", "inv(X) = inv(X).T", "X : (n, n)"),
        Sample("X : (m, n)", "inv(X.T @ X) = inv(X.T @ X).T"),
        condition="X = Xᵀ",
    )
    def _inverse(self, atom: Atom) -> None:
        (matrix,) = atom.args
        if self.rename(matrix, {0: 1, 1: 0}) == matrix:
            atom.same = SWAPPED
