r"""Special functions in float64, from the standard library and from their series.

psi_n(u) = psi_n(u + 1) - (-1)^n n! / u^{n+1}                                            up to where
psi_n(u) ~ (-1)^{n+1} ((n-1)!/u^n + n!/(2 u^{n+1}) + sum_k B_2k (2k+n-1)!/((2k)! u^{2k+n}))    holds;
for n = 0 the first term is -log u. For negative u  psi_n(1 - u) - (-1)^n psi_n(u) is the n-th derivative of
pi cot(pi u); here only small negative arguments occur, for which the recurrence does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

FAR = 20
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
MOST_STEPS = 10_000
"""Of the recurrence: further down the negative axis nothing is computed."""


def _guarded(function: Callable[[float], float]) -> Any:
    """A function of numbers for arrays: nan outside of its domain, infinite where it is too large."""

    def one(u: float) -> float:
        try:
            return function(u)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return np.vectorize(one, otypes=[float])


def _erfinv(u: float) -> float:
    if abs(u) >= 1:
        return math.copysign(math.inf, u) if abs(u) == 1 else math.nan
    y = -NormalDist().inv_cdf((1 - abs(u)) / 2) / math.sqrt(2)
    for _ in range(2):  # Newton's steps win the digits that small values lack
        y += (math.erfc(y) - (1 - abs(u))) * math.exp(y * y) * math.sqrt(math.pi) / 2
    if abs(u) < 0.5:
        y += (abs(u) - math.erf(y)) * math.exp(y * y) * math.sqrt(math.pi) / 2
    return math.copysign(y, u)


def psi(order: int, u: Any) -> Any:
    """The derivative of digamma of that order."""
    u = np.asarray(u, dtype=float)
    u = np.where((u < -MOST_STEPS) | ((u <= 0) & (u == np.floor(u))), np.nan, u)
    sign, total = (-1) ** (order + 1), np.zeros_like(u)
    while np.any(near := u < FAR):
        total = np.where(near, total + sign * math.factorial(order) / u ** (order + 1), total)
        u = np.where(near, u + 1, u)
    first = -np.log(u) if order == 0 else math.factorial(order - 1) / u**order
    series = first + math.factorial(order) / (2 * u ** (order + 1))
    for k, number in enumerate(BERNOULLI, 1):
        factor = math.factorial(2 * k + order - 1) / math.factorial(2 * k)
        series = series + number * factor / u ** (2 * k + order)
    return total + sign * series


FUNCTIONS: dict[str, Any] = {
    **{name: getattr(np, name) for name in ("tan", "sinh", "cosh", "cbrt", "sinc", "floor", "ceil")},
    **{f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")},
    "erf": np.vectorize(math.erf, otypes=[float]),
    "erfc": np.vectorize(math.erfc, otypes=[float]),
    "erfinv": np.vectorize(_erfinv, otypes=[float]),
    "gamma": _guarded(math.gamma),
    "loggamma": _guarded(lambda u: math.lgamma(u) if u > 0 else math.nan),
    "psi": psi,
}
