"""The oracle of equations: real numbers of 50 digits, in which every operation has a domain.

`log 0`, `sqrt -1`, `1/0`, `(-8)^(1/3)`, `0^-1` are undefined: a value that is no real number is none. So are `0^0`, on
which conventions differ, and a comparison that is decided by rounding: they are open, and say nothing about a point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
from mpmath import mp, mpf

from benchmarks.searches.terms import Term

DIGITS = 50
ROUNDING = mpf(10) ** -35
LARGEST = mpf(10) ** 9
"""No exponential, sine or power of an exponent beyond: what remains of it after reduction is rounding."""


SMOOTH: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)),
}
FUNCTIONS: tuple[Callable[[Any], Any], ...] = (
    lambda u: u**2 - 1,
    lambda u: -(u**2) - 1,
    lambda u: u / 2 - 3,
    lambda u: 2 - u,
    lambda u: mpmath.tanh(u) - mpf(1) / 2,
)
"""What a generic function may be: of both signs, rising and falling."""


class Undefined(ArithmeticError):
    """The term has no real value here."""


class Open(ArithmeticError):
    """The oracle does not know."""


class Reals:
    """Values of terms at one point. `size` is the largest number on the way: what is far below it is rounding."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.size = mpf(1)

    def __call__(self, made: Term) -> Any:
        with mp.workdps(DIGITS):
            value = self._value(made)
        self.size = max(self.size, abs(value))
        return value

    def _value(self, made: Term) -> Any:
        match made.op:
            case "name":
                return self.values[made.text]
            case "num":
                return mpf(made.text)
            case "const":
                return {"e": mp.e, r"\pi": mp.pi}[made.text] + mpf(0)
        args = [self(part) for part in made.args]
        match made.op:
            case "add":
                return args[0] + args[1]
            case "sub":
                return args[0] - args[1]
            case "mul":
                return args[0] * args[1]
            case "neg":
                return -args[0]
            case "div":
                if self.sign(args[1]) == 0:
                    raise Undefined
                return args[0] / args[1]
            case "pow":
                return self.power(*args)
            case "f":
                return FUNCTIONS[int(self.values["f"])](args[0])
        u = args[0]
        if made.op in SMOOTH:
            if abs(u) > LARGEST:
                raise Open
            return SMOOTH[made.op](u)
        return self.function(made.op, args)

    def power(self, base: Any, exponent: Any) -> Any:
        sign = self.sign(base)
        if abs(exponent) > LARGEST:
            raise Open
        if sign == 0:
            if self.sign(exponent) == 0:
                raise Open
            if exponent < 0:
                raise Undefined
            return mpf(0)
        whole = exponent == mp.nint(exponent)
        if not whole and abs(exponent - mp.nint(exponent)) < ROUNDING:
            raise Open
        if sign < 0 and not whole:
            raise Undefined
        return mpmath.power(base, int(exponent) if whole else exponent)

    def function(self, op: str, args: list[Any]) -> Any:
        u = args[0]
        match op:
            case "abs":
                return abs(u)
            case "sign":
                return mpf(self.sign(u))
            case "step":
                return mpf(self.sign(u) > 0)
            case "max":
                return max(args)
            case "min":
                return min(args)
            case "relu":
                return max(u, mpf(0))
            case "log":
                if self.sign(u) <= 0:
                    raise Undefined
                return mpmath.log(u)
            case "sqrt":
                if self.sign(u) < 0:
                    raise Undefined
                return mpmath.sqrt(max(u, mpf(0)))
        raise KeyError(op)

    def sign(self, value: Any) -> int:
        """The sign; open where the value is nothing but rounding."""
        if value != 0 and abs(value) < ROUNDING * self.size:
            raise Open
        return int(mpmath.sign(value))


def value(made: Term, values: Mapping[str, Any]) -> tuple[Any, Any]:
    """The value, and the size of the largest number on the way. Raises Undefined or Open."""
    reals = Reals(values)
    return reals(made), reals.size


def compare(left: Term, right: Term, values: Mapping[str, Any]) -> str:
    """At one point: equal, different, left or right alone defined, undefined, or open."""
    found: list[tuple[Any, Any] | None] = []
    try:
        for member in (left, right):
            try:
                found.append(value(member, values))
            except Undefined:
                found.append(None)
    except (Open, OverflowError):
        return "open"
    first, second = found
    if first is None or second is None:
        return "undefined" if first is second else "right only" if first is None else "left only"
    (one, size), (other, more) = first, second
    with mp.workdps(DIGITS):
        gap, size = abs(one - other), max(size, more)
        if gap <= ROUNDING * max(abs(one), abs(other)):
            return "equal"
        return "different" if gap > ROUNDING * size else "open"
