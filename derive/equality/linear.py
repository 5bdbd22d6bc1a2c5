"""Linear reasoning: a system of inequalities that no real numbers satisfy.

    a_k . x + c_k > 0  (or >= 0)  for all k

has no solution if some combination with factors >= 0 reads 0 > 0, or c >= 0 with c < 0 (Farkas). Fourier-Motzkin
elimination finds it: for every pair of a lower and an upper bound of a variable their combination without it. A system
that grows too large is not shown to be impossible.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

MOST_INEQUALITIES = 400


@dataclass(frozen=True)
class Inequality:
    """`sum of coefficients * variables + constant > 0`, or `>= 0` if it is not strict."""

    coefficients: Mapping[Hashable, Fraction]
    constant: Fraction
    strict: bool = True

    @property
    def is_absurd(self) -> bool:
        """Whether it has no variables and does not hold."""
        return not self.coefficients and (self.constant < 0 or (self.strict and not self.constant))


def impossible(system: Iterable[Inequality]) -> bool:
    """Whether it is shown that no values of the variables satisfy all inequalities."""
    rows = list(system)
    while not any(row.is_absurd for row in rows):
        variables = {variable for row in rows for variable in row.coefficients}
        if not variables or len(rows) > MOST_INEQUALITIES:
            return False
        rows = _without(min(variables, key=lambda variable: _growth(rows, variable)), rows)
    return True


def _growth(rows: list[Inequality], variable: Hashable) -> int:
    signs = [row.coefficients[variable] > 0 for row in rows if variable in row.coefficients]
    return sum(signs) * (len(signs) - sum(signs)) - len(signs)


def _without(variable: Hashable, rows: list[Inequality]) -> list[Inequality]:
    kept = [row for row in rows if variable not in row.coefficients]
    above = [row for row in rows if row.coefficients.get(variable, 0) > 0]
    below = [row for row in rows if row.coefficients.get(variable, 0) < 0]
    for low in above:
        for high in below:
            a, b = low.coefficients[variable], -high.coefficients[variable]
            names = {**low.coefficients, **high.coefficients}
            total = {n: b * low.coefficients.get(n, 0) + a * high.coefficients.get(n, 0) for n in names}
            coefficients = {n: Fraction(c) for n, c in total.items() if c}
            kept.append(Inequality(coefficients, b * low.constant + a * high.constant, low.strict or high.strict))
    return kept
