r"""Arithmetic in float64; special functions from the standard library and from their series.

psi_n(u) = psi_n(u + 1) - (-1)^n n! / u^{n+1}                                            up to where
psi_n(u) ~ (-1)^{n+1} ((n-1)!/u^n + n!/(2 u^{n+1}) + sum_k B_2k (2k+n-1)!/((2k)! u^{2k+n}))    holds;
for n = 0 the first term is -log u. For negative u  psi_n(1 - u) - (-1)^n psi_n(u) is the n-th derivative of
pi cot(pi u); here only small negative arguments occur, for which the recurrence does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from derive.ir.node import Labels
from derive.ops.digits import beyond_floats
from derive.ops.record import Array

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


def _ndtri(u: float) -> float:
    if not 0 < u < 1:
        return math.copysign(math.inf, u - 0.5) if u in (0, 1) else math.nan
    return NormalDist().inv_cdf(u)


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
    "ndtri": _guarded(_ndtri),
    "nint": np.round,
    "trunc": np.trunc,
    "gamma": _guarded(math.gamma),
    "loggamma": _guarded(lambda u: math.lgamma(u) if u > 0 else math.nan),
    "psi": psi,
}


MOST_OPERANDS = 30
"""Of one call of `np.einsum`, which takes 31 arrays before NumPy 2 and 63 since."""


def _nonzero(value: Array) -> Array:
    """The value where it is not 0: what has no value at 0 must not become finite again, as 1/(1/0) would."""
    return np.where(value == 0, np.nan, value)


class Floats:
    """Arithmetic in float64 (or complex128)."""

    _functions: Mapping[str, Any] = {
        "exp": np.exp,
        "log": lambda u: np.log(_nonzero(u)),
        "sqrt": np.sqrt,
        "tanh": np.tanh,
        "sin": np.sin,
        "cos": np.cos,
        **FUNCTIONS,
        "expm1": np.expm1,
        "log1p": np.log1p,
        "abs": np.abs,
        "sign": np.sign,
        "step": lambda u: np.where(np.isnan(u), np.nan, np.asarray(u) > 0),
        "maximum": np.maximum,
        "minimum": np.minimum,
        "power": lambda u, v: np.power(np.where(np.real(v) < 0, _nonzero(u), u), v),
        "div": lambda u, v: u / _nonzero(v),
    }

    def function(self, name: str, *args: Any) -> Array:
        known = self._functions.get(name)
        if known is not None:
            return known(*args)
        # special functions that NumPy has not: in more digits, then as floats
        digits = beyond_floats()
        return np.asarray(digits.function(name, *map(digits.array, args)), dtype=float)

    def number(self, value: Any) -> Array:
        return np.asarray(float(value))

    def constant(self, name: str) -> Array:
        return np.asarray(np.pi if name == "pi" else np.e)

    def array(self, value: Any) -> Array:
        value = np.asarray(value)
        return value if np.iscomplexobj(value) else value.astype(float)

    def einsum(self, operands: Sequence[Array], ins: Sequence[Labels], out: Labels) -> Array:
        if len(operands) > MOST_OPERANDS:
            # the first factors become one, those without axes before others, so that it stays small
            order = sorted(range(len(ins)), key=lambda k: len(ins[k]))
            first, rest = order[:MOST_OPERANDS], order[MOST_OPERANDS:]
            needed = {*out, *(label for k in rest for label in ins[k])}
            kept = tuple(dict.fromkeys(label for k in first for label in ins[k] if label in needed))
            one = self.einsum([operands[k] for k in first], [ins[k] for k in first], kept)
            return self.einsum([one, *(operands[k] for k in rest)], [kept, *(ins[k] for k in rest)], out)
        arguments: list[Any] = []
        for operand, labels in zip(operands, ins, strict=True):
            arguments += [operand, list(labels)]
        return np.einsum(*arguments, list(out))
