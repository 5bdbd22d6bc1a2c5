"""Canonical names for the bound indices of a product.

A monomial is a product of factors `atom[indices] ** exponent`, summed over its bound indices. An index is an integer:

    0, 1, 2, ...           a free index: an axis of the value (or a slot of an atom)
    BOUND, BOUND + 1, ...  a bound index: summed over the whole range of its size
    -1, -2, ...            the fixed position 0, 1, ... of an axis

Two monomials are the same value if one becomes the other by renaming bound indices. That is graph isomorphism, small in
practice: the product falls into components that share no bound index; within a component, labels are told apart by
where they occur (colour refinement), and what is still tied is tried in every order, up to a cap. Beyond the cap the
name is merely not canonical: two equal monomials may then look different, never two different ones equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from derive.equality.laws import Sample, law

Exponent = int | Fraction
Indices = tuple[int, ...]
Factor = tuple[int, Indices, Exponent]
Monomial = tuple[tuple[Factor, ...], tuple[int, ...]]  # sorted factors, the size numbers of BOUND, BOUND + 1, ...
Permutations = tuple[Indices, ...]  # of the indices of an atom that leave it as it is, the identity among them

BOUND = 1 << 20
MOST_LABELS = 48
MOST_ORDERS = 240


@law(
    "form",
    "sum",
    "names of bound indices",
    "Σᵢ xᵢ = Σⱼ xⱼ,  tr(XY) = tr(YX)",
    Sample("X, Y, Z : (n, n)", "trace(X @ Y @ Z) = trace(Z @ X @ Y)"),
    Sample("X : (m, n)", "sum(X.T @ X) = sum(sum(X, axis=1)**2)"),
)
def canonical(factors: Iterable[Factor], bounds: Mapping[int, int], same: Callable[[int], Permutations]) -> Monomial:
    """The monomial of these factors summed over `bounds` (label -> size number), with canonical names.

    Every bound label must occur in a factor; `same(atom)` gives the symmetries of an atom.
    """
    if not bounds:
        return tuple(sorted(oriented(factor, same) for factor in factors)), ()
    free, parts = _components(list(factors), bounds)
    done = sorted(_Component(part, bounds, same).best() for part in parts)
    result = [oriented(factor, same) for factor in free]
    sizes: list[int] = []
    for part_sizes, part in done:
        shift = {BOUND + k: BOUND + k + len(sizes) for k in range(len(part_sizes))}
        result += [oriented(renamed(factor, shift), same) for factor in part]
        sizes += part_sizes
    return tuple(sorted(result)), tuple(sizes)


def renamed(factor: Factor, names: Mapping[int, int]) -> Factor:
    """A factor with other indices."""
    atom, indices, exponent = factor
    return atom, tuple(names.get(i, i) for i in indices), exponent


def oriented(factor: Factor, same: Callable[[int], Permutations]) -> Factor:
    """A factor with its indices in the least of the orders that mean the same."""
    atom, indices, exponent = factor
    orders = same(atom)
    if len(orders) < 2:
        return factor
    return atom, min(tuple(indices[k] for k in order) for order in orders), exponent


def _components(factors: list[Factor], bounds: Mapping[int, int]) -> tuple[list[Factor], list[list[Factor]]]:
    """Factors without bound labels, and the rest grouped by the bound labels that they share."""
    parent = {label: label for label in bounds}

    def root(label: int) -> int:
        while parent[label] != label:
            parent[label] = parent[parent[label]]
            label = parent[label]
        return label

    free: list[Factor] = []
    tied: list[tuple[int, Factor]] = []
    for factor in factors:
        labels = [i for i in factor[1] if i in bounds]
        if not labels:
            free.append(factor)
            continue
        for label in labels[1:]:
            parent[root(label)] = root(labels[0])
        tied.append((labels[0], factor))
    parts: dict[int, list[Factor]] = {}
    for label, factor in tied:
        parts.setdefault(root(label), []).append(factor)
    return free, list(parts.values())


class _Component:
    """One connected component; `best()` is its size numbers and its factors under the least naming."""

    def __init__(self, factors: list[Factor], bounds: Mapping[int, int], same: Callable[[int], Permutations]) -> None:
        self.factors, self.bounds, self.same = factors, bounds, same
        self.labels = list(dict.fromkeys(i for _, indices, _ in factors for i in indices if i in bounds))
        self.left = MOST_ORDERS

    def best(self) -> tuple[tuple[int, ...], tuple[Factor, ...]]:
        if len(self.labels) == 1 or len(self.labels) > MOST_LABELS:
            return self._named(self.labels)
        return self._search(self._refined({label: self.bounds[label] for label in self.labels}))

    def _named(self, order: Sequence[int]) -> tuple[tuple[int, ...], tuple[Factor, ...]]:
        names = {label: BOUND + k for k, label in enumerate(order)}
        factors = sorted(oriented(renamed(factor, names), self.same) for factor in self.factors)
        return tuple(self.bounds[label] for label in order), tuple(factors)

    def _search(self, colours: dict[int, int]) -> tuple[tuple[int, ...], tuple[Factor, ...]]:
        classes: dict[int, list[int]] = {}
        for label, colour in colours.items():
            classes.setdefault(colour, []).append(label)
        tied = next((classes[colour] for colour in sorted(classes) if len(classes[colour]) > 1), None)
        if tied is None:
            self.left -= 1
            return self._named(sorted(self.labels, key=colours.__getitem__))
        found = []
        for chosen in tied:
            split = {label: 2 * colour + (label != chosen) for label, colour in colours.items()}
            found.append(self._search(self._refined(split)))
            if self.left <= 0:
                break
        return min(found)

    def _refined(self, colours: dict[int, int]) -> dict[int, int]:
        """Colours split by the company that labels keep, until nothing more splits."""
        while True:
            views: dict[int, list[tuple[object, ...]]] = {label: [] for label in colours}
            for atom, indices, exponent in self.factors:
                coded = [(1, colours[i]) if i in colours else (0, i) for i in indices]
                orders = self.same(atom) or (tuple(range(len(indices))),)
                for label in {i for i in indices if i in colours}:
                    view = min(
                        (tuple(coded[k] for k in order), tuple(n for n, k in enumerate(order) if indices[k] == label))
                        for order in orders
                    )
                    views[label].append((atom, exponent, view))
            marks = {label: (colours[label], tuple(sorted(views[label]))) for label in colours}
            ranks = {mark: k for k, mark in enumerate(sorted(set(marks.values())))}
            finer = {label: ranks[mark] for label, mark in marks.items()}
            if len(ranks) == len(set(colours.values())):
                return finer
            colours = finer
