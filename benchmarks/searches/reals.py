"""The oracle of equations: real numbers of 50 digits, in which every operation has a domain.

`log 0`, `sqrt -1`, `1/0`, `(-8)^(1/3)`, `0^-1` are undefined: a value that is no real number is none. So are `0^0`, on
which conventions differ, a comparison that is decided by rounding, and a slope at a kink: they are open, and say
nothing about a point. A slope is a central difference over 1e-20 of the variable.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
from mpmath import mp, mpf

from benchmarks.searches.terms import Term

DIGITS = 50
ROUNDING = mpf(10) ** -35
STEP, ROUNDING_OF_SLOPES, KINK = mpf(10) ** -20, mpf(10) ** -20, mpf(10) ** -8
SMALL = mpf(10) ** -12
LARGEST = mpf(10) ** 9
"""No exponential, sine or power of an exponent beyond: what remains of it after reduction is rounding."""


PLAIN: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "max": max,
    "min": min,
    "abs": abs,
}
SMOOTH: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)),
}
FUNCTIONS: tuple[dict[str, Callable[[Any], Any]], ...] = (
    {"f": lambda u: u**2 - 1, "f'": lambda u: 2 * u, "f''": lambda _: mpf(2)},
    {"f": lambda u: -(u**2) - 1, "f'": lambda u: -2 * u, "f''": lambda _: mpf(-2)},
    {"f": lambda u: u / 2 - 3, "f'": lambda _: mpf(1) / 2, "f''": lambda _: mpf(0)},
    {"f": lambda u: 2 - u**3, "f'": lambda u: -3 * u**2, "f''": lambda u: -6 * u},
    {"f": mpmath.cos, "f'": lambda u: -mpmath.sin(u), "f''": lambda u: -mpmath.cos(u)},
)
"""What a generic function may be, with its derivatives: of both signs, rising and falling."""


class Undefined(ArithmeticError):
    """The term has no real value here."""


class Open(ArithmeticError):
    """The oracle does not know."""


class Reals:
    """Values of terms at one point. `size` is the largest number on the way: what is `rounding` of it is noise."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.size = mpf(1)
        self.rounding = ROUNDING

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
            case "slope":
                return self.slope(made.args[0], made.args[1].text)
        args = [self(part) for part in made.args]
        if made.op in PLAIN:
            return PLAIN[made.op](*args)
        match made.op:
            case "div":
                if self.sign(args[1]) == 0:
                    raise Undefined
                return args[0] / args[1]
            case "pow":
                return self.power(*args)
            case "mask":
                sign = self.sign(args[0] - args[1])
                return mpf(sign in {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[made.text])
        if made.op in SMOOTH or made.op in FUNCTIONS[0]:
            if abs(args[0]) > LARGEST:
                raise Open
            return (SMOOTH.get(made.op) or FUNCTIONS[int(self.values["f"])][made.op])(args[0])
        return self.function(made.op, args)

    def slope(self, made: Term, by: str) -> Any:
        """The derivative; undefined where the term is, open at a kink, at a jump and at the end of the domain."""
        at = self.values[by]
        step = STEP * max(abs(at), mpf(1) / 1000)
        middle = self(made)
        try:
            ends = [Reals({**self.values, by: at + side * step})(made) for side in (-1, 1)]
        except Undefined:
            raise Open from None
        before, after = (middle - ends[0]) / step, (ends[1] - middle) / step
        if abs(after - before) > KINK * max(abs(before), abs(after)) and max(abs(before), abs(after)) > KINK:
            raise Open
        if max(abs(ends[0] - middle), abs(ends[1] - middle)) > KINK * max(abs(middle), 1):
            raise Open  # sign(a) jumps by the same on either side of 0
        self.rounding = ROUNDING_OF_SLOPES
        self.size = max(self.size, abs(middle) / max(abs(at), mpf(1) / 1000))
        return (ends[1] - ends[0]) / (2 * step)

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
            case "sign":
                return mpf(self.sign(u))
            case "step":
                return mpf(self.sign(u) > 0)
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
        if value != 0 and abs(value) < self.rounding * self.size:
            raise Open
        return int(mpmath.sign(value))


def compare(left: Term, right: Term, values: Mapping[str, Any]) -> str:
    """At one point: equal, different, left or right alone defined, undefined, or open."""
    sides = Reals(values), Reals(values)
    found: list[Any] = []
    try:
        for side, member in zip(sides, (left, right), strict=True):
            try:
                found.append(side(member))
            except Undefined:
                found.append(None)
    except (Open, OverflowError):
        return "open"
    first, second = found
    if first is None or second is None:
        return "undefined" if first is second else "right only" if first is None else "left only"
    with mp.workdps(DIGITS):
        gap, rounding = abs(first - second), max(side.rounding for side in sides)
        noise = rounding * max(side.size for side in sides)
        if gap > noise:
            return "different"
        return "equal" if noise <= SMALL or gap <= rounding * max(abs(first), abs(second)) else "open"
