r"""Arithmetic in many digits, by mpmath; functions that it has under other names than a record asks for.

ndtri(u) = sqrt 2 erfinv(2u - 1)      with so many digits more that 2u - 1 is still exact
P(a, x) = gammainc(a, x) = integral_0^x t^{a-1} e^{-t} dt / Gamma(a) = 1 - Q(a, x)
        = x^a e^{-x} / Gamma(a + 1) (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...)                     x < a + 1
Q(a, x) = x^a e^{-x} / Gamma(a) 1/(x+1-a - 1 (1-a)/(x+3-a - 2 (2-a)/(x+5-a - ...)))            otherwise

(DLMF 8.11.4 and 8.9.2; both need about sqrt(a) terms where they are slowest.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import inf
from typing import Any

import mpmath
import numpy as np

from derive.ir.node import Labels
from derive.ops.record import Array
from derive.ops.vanishing import product_of, summed

MOST_TERMS = 20_000
MOST_BITS = 100_000
"""Of a whole part: to reduce a larger argument of exp or sin would take memory without end."""
AT_ANY_SIZE = frozenset(
    {"abs", "sign", "step", "maximum", "minimum", "div", "log", "sqrt", "cbrt", "trunc", "floor", "ceil"}
)


def _incomplete_gamma(mp: Any, a: Any, x: Any) -> tuple[Any, Any]:
    """P(a, x) and Q(a, x) for a > 0 and x >= 0; nan elsewhere, and where a is so large that the series are long."""
    if not (a > 0 and x >= 0 and mp.isfinite(a) and mp.isfinite(x)):
        return mp.nan, mp.nan
    if not x:
        return mp.zero, mp.one
    with mp.extradps(10):
        outside = mp.exp(a * mp.log(x) - x - mp.loggamma(a))
        if x < a + 1:
            lower = outside * _series(mp, a, x)
            return lower, 1 - lower
        upper = outside * _fraction(mp, a, x)
        return 1 - upper, upper


def _series(mp: Any, a: Any, x: Any) -> Any:
    term = total = 1 / mp.mpf(a)
    for k in range(1, MOST_TERMS):
        term *= x / (a + k)
        total += term
        if term < mp.eps * total:
            return total
    return mp.nan


def _fraction(mp: Any, a: Any, x: Any) -> Any:
    """By the rule of Lentz, Thompson and Barnett, from the front."""
    below = x + 1 - a
    front, back = 1 / mp.eps**2, 1 / mp.mpf(below)
    total = back
    for k in range(1, MOST_TERMS):
        above, below = k * (a - k), below + 2
        back = 1 / (above * back + below)
        front = below + above / front
        change = front * back
        total *= change
        if abs(change - 1) < mp.eps:
            return total
    return mp.nan


def functions_in_digits(mp: Any) -> dict[str, Callable[..., Any]]:
    """By the name that records use, for a context of mpmath."""

    def ndtri(u: Any) -> Any:
        if not 0 < u < 1:
            return mp.nan
        with mp.extradps(int(-mp.log10(min(u, 1 - u))) + 5):
            return mp.sqrt(2) * mp.erfinv(2 * u - 1)

    return {
        "cbrt": lambda u: mp.sign(u) * mp.cbrt(abs(u)),
        "sinc": mp.sincpi,
        "trunc": lambda u: mp.sign(u) * mp.floor(abs(u)),
        "ndtri": ndtri,
        "gammainc": lambda a, x: _incomplete_gamma(mp, a, x)[0],
        "gammaincc": lambda a, x: _incomplete_gamma(mp, a, x)[1],
        "ive": lambda n, u: mp.besseli(n, u) * mp.exp(-abs(u)),
    }


@cache
def _context(digits: int) -> Any:
    """A context of so many digits: it takes a millisecond to make one, and nobody changes it."""
    made = mpmath.MPContext()
    made.dps = digits
    return made


class Digits:
    """Arithmetic with `digits` decimal digits, on object arrays of mpmath numbers."""

    def __init__(self, digits: int = 50) -> None:
        self.context = _context(digits)
        self._one_each: dict[str, Any] = {}

    def function(self, name: str, *args: Any) -> Array:
        if name not in self._one_each:
            mp = self.context
            one: Callable[..., Any] = {
                "abs": abs,
                "sign": mp.sign,
                "step": lambda u: mp.mpf(1 if u > 0 else 0),
                "maximum": max,
                "minimum": min,
                "log": lambda u: mp.log(u) if u else mp.nan,
                "div": lambda u, v: u / v,
                **functions_in_digits(mp),
            }.get(name) or getattr(mp, name)
            self._one_each[name] = np.frompyfunc(self._or_nan(one, name in AT_ANY_SIZE), len(args), 1)
        return np.asarray(self._one_each[name](*args), dtype=object)

    def _or_nan(self, one: Callable[..., Any], at_any_size: bool) -> Callable[..., Any]:
        """A function that is nan where it, or an operand, has no real value, and too far out."""
        nan, real, size = self.context.nan, self.context.mpf, self.context.mag

        def value(*args: Any) -> Any:
            if any(arg != arg for arg in args):
                return nan
            if not at_any_size and any(isinstance(arg, real) and MOST_BITS < size(arg) < inf for arg in args):
                return nan
            try:
                found = one(*args)
            except (ArithmeticError, ValueError, mpmath.libmp.NoConvergence):  # at a pole, or far out
                return nan
            return found if isinstance(found, real | Fraction | int) else nan

        return value

    def number(self, value: Any) -> Array:
        value = Fraction(value)
        return np.asarray(self.context.mpf(value.numerator) / value.denominator, dtype=object)

    def constant(self, name: str) -> Array:
        return np.asarray(+(self.context.pi if name == "pi" else self.context.e), dtype=object)

    def array(self, value: Any) -> Array:
        raw = np.asarray(value, dtype=object)
        convert = np.frompyfunc(self._one, 1, 1)
        return np.asarray(convert(raw), dtype=object)

    def _one(self, value: Any) -> Any:
        if isinstance(value, float):  # also one that is not finite
            return self.context.mpf(value)
        return value if isinstance(value, self.context.mpf) else self.number(value).item()

    def einsum(self, operands: Sequence[Array], ins: Sequence[Labels], out: Labels) -> Array:
        """By broadcasting products and sums: NumPy's einsum does not promise object arrays."""
        labels = sorted({label for group in ins for label in group})
        arrays = [np.asarray(operand, dtype=object) for operand in operands]
        return np.asarray(summed(product_of(arrays, ins, labels), labels, out), dtype=object)


@cache
def beyond_floats() -> Digits:
    return Digits(30)
