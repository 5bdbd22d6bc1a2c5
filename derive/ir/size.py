"""Sizes of axes: interned polynomials in named sizes with integer coefficients.

A size is a sum of integer multiples of monomials in names, such as `m`, `n_1`, `3` or `2*m + 1`. Two sizes are
the same object exactly when they are the same polynomial, so shapes compare by identity. A named size is never 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

Monomial = tuple[tuple[str, int], ...]


class Size:
    """A polynomial in named sizes; make one with `size_of`."""

    __slots__ = ("number", "terms")
    terms: tuple[tuple[Monomial, int], ...]
    number: int | None
    """The integer this size is, or None if it has a name in it."""

    def __repr__(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[object, ...]:
        return _interned, (self.terms,)

    def __copy__(self) -> Size:
        return self

    def __deepcopy__(self, _memo: object) -> Size:
        return self

    @property
    def names(self) -> frozenset[str]:
        """The named sizes in it."""
        return frozenset(name for monomial, _ in self.terms for name, _ in monomial)

    def value(self, sizes: Mapping[str, int]) -> int:
        """The integer for given values of the named sizes; KeyError for a missing one."""
        total = 0
        for monomial, coefficient in self.terms:
            for name, power in monomial:
                coefficient *= sizes[name] ** power
            total += coefficient
        return total

    def __add__(self, other: Size) -> Size:
        return _collect([*self.terms, *other.terms])

    def __sub__(self, other: Size) -> Size:
        return _collect([*self.terms, *((monomial, -c) for monomial, c in other.terms)])

    def __mul__(self, other: Size) -> Size:
        return _collect((_times(a, b), c * d) for a, c in self.terms for b, d in other.terms)

    def __str__(self) -> str:
        text = ""
        for monomial, coefficient in self.terms:
            names = "*".join(name if power == 1 else f"{name}**{power}" for name, power in monomial)
            size = abs(coefficient)
            body = str(size) if not names else names if size == 1 else f"{size}*{names}"
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} {body}" if text else f"-{body}" if coefficient < 0 else body
        return text or "0"


@cache
def _interned(terms: tuple[tuple[Monomial, int], ...]) -> Size:
    size = object.__new__(Size)
    size.terms = terms
    size.number = 0 if not terms else terms[0][1] if terms[0][0] == () else None
    return size


def _times(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted(powers.items()))


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Size:
    total: dict[Monomial, int] = {}
    for monomial, coefficient in terms:
        total[monomial] = total.get(monomial, 0) + coefficient
    # names before numbers, so that `m + 1` prints as it is written
    return _interned(tuple(sorted(((m, c) for m, c in total.items() if c), key=lambda t: (not t[0], t[0]))))


def size_of(value: int | str | Size) -> Size:
    """The size that is this integer or bears this name."""
    if isinstance(value, Size):
        return value
    if isinstance(value, int):
        return _interned((((), value),) if value else ())
    return _interned(((((value, 1),), 1),))


Shape = tuple[Size, ...]
ONE = size_of(1)


def show_shape(shape: Shape) -> str:
    """`(m, 3)` as a person writes it; `()` is shown as `scalar`."""
    if not shape:
        return "scalar"
    inner = ", ".join(str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
