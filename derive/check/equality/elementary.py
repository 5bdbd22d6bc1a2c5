"""Elementary functions as independent atoms.

    exp(c m + ...)      product of exp(m) ** c, one atom for each monomial m; exp(c log p) = p ** c
    log(c q**k p)       log of primes + k log q + log p for positive factors q; log(exp(m)) = m
    sqrt(p)             p ** (1/2), see `Algebra.power`
    p ** e              exp(e log p) for positive p; else factor by factor and term by term of e where e is a whole
                        number for every input (a size, N + 1); else an atom of its own, whose sign nobody knows
    step(c q p)         step(p) for positive c and q;  abs(u) = u (2 step(u) - 1),  sign(u) = step(u) - step(-u)
    sin, cos, erf       odd and even
    f, f', f''          independent of each other

Everything else registered is expressed through these by its own record (sigmoid, tanh, gelu, ...), so that
1/(1 + exp(-z)) is the sigmoid and 1 - tanh^2 the derivative of tanh without further rules.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import cast

from derive.check.equality.algebra import Algebra, Undefined
from derive.check.equality.atoms import Atom, Poly
from derive.check.equality.canonical import Exponent, Factor, Indices, Monomial
from derive.check.equality.polynomials import ONE, Exhausted
from derive.check.equality.rules import UNIT
from derive.errors import UnsupportedError

HALF = Fraction(1, 2)
BASIC = frozenset({"exp", "log", "sqrt", "sin", "cos", "erf", "step", "abs", "sign"})


class Elementary(Algebra):
    """The algebra with the laws of the elementary functions."""

    def function(self, name: str, arg: Poly) -> Poly:
        """A basic function of a polynomial; `name` is in BASIC."""
        match name:
            case "exp":
                return self.exp(arg)
            case "log":
                return self.log(arg)
            case "sqrt":
                return self.power(arg, HALF)
            case "step":
                return self.step(arg)
            case "abs":
                return arg if self.is_positive(arg) else self.absolute(arg)
            case "sign":
                return self.add(self.step(arg), self.scale(self.step(self.scale(arg, -1)), -1))
            case "sin" | "erf":
                return self._odd(name, arg)
            case "cos":
                return self._even(arg)
            case _:
                raise UnsupportedError(f"no laws are known for the function {name}")

    def generic(self, name: str, orders: tuple[int, ...], args: list[Poly]) -> Poly:
        """A function of which nothing is known."""
        return self.factor(*self.apply("call", (name, orders), args))

    def rebuild(self, atom: Atom, args: list[Poly]) -> Poly:
        if atom.kind == "call":
            name, orders = cast(tuple[str, tuple[int, ...]], atom.name)
            return self.generic(name, orders, args)
        if atom.kind == "power":
            return self.symbolic_power(*args)
        return self.function(atom.kind, args[0])

    # ---------------------------------------------------------------------------------- exp and log

    def exp(self, arg: Poly) -> Poly:
        """The product of the exponentials of the terms."""
        factors: list[Factor] = []
        result = ONE
        for monomial, coefficient in arg.items():
            base = self._exponential_of_log(monomial[0]) if not monomial[1] else None
            if base is not None:
                result = self.multiply(result, self.power(base, _plain(coefficient)))
                continue
            atom, indices = self.apply("exp", None, [{monomial: Fraction(1)}])
            factors.append((atom.number, indices, _plain(coefficient)))
        return self.multiply(result, self.product(factors))

    def _exponential_of_log(self, factors: tuple[Factor, ...]) -> Poly | None:
        if len(factors) != 1 or factors[0][2] != 1:
            return None
        atom, indices = self.table.atoms[factors[0][0]], factors[0][1]
        if atom.kind == "constant" and isinstance(atom.name, tuple):
            return self.number(cast(int, atom.name[1]))
        return self.rename(atom.args[0], dict(enumerate(indices))) if atom.kind == "log" else None

    def symbolic_power(self, base: Poly, exponent: Poly) -> Poly:
        """A power whose exponent is not a number. (-1)^2b is no square: it is -1 at b = 1/2."""
        if self.is_positive(base):
            return self.exp(self.multiply(exponent, self.log(base)))
        if not base:
            if self.is_positive(exponent):
                return {}
            raise Exhausted
        whole = Fraction(floor(exponent.get(UNIT, 0)))
        rest = self.add(exponent, self.number(-whole))
        result = self.power(base, int(whole))
        if not all(map(self._is_whole, rest.items())):
            # a^-e = 1 / a^e holds wherever one of them has a value
            sign = 1 if rest[max(rest, key=self.rank)] > 0 else -1
            atom, indices = self.apply("power", None, [base, self.scale(rest, sign)])
            return self.multiply(result, self.product([(atom.number, indices, sign)]))
        content, common, others = self.content(base)
        for monomial, times in rest.items():
            part: Poly = {monomial: Fraction(1)}
            if abs(content) != 1:
                result = self.multiply(
                    result, self.exp(self.scale(self.multiply(part, self.log(self.number(abs(content)))), times))
                )
            if content < 0 and times % 2:
                result = self.multiply(result, self.factor(*self.apply("power", None, [self.number(-1), part])))
            for number, indices, e in common:
                result = self.multiply(result, self._factor_to(number, indices, part, int(times), e))
            if others != ONE:
                atom, indices = self.apply("power", None, [others, part])
                result = self.multiply(result, self.product([(atom.number, indices, int(times))]))
        return result

    def _is_whole(self, term: tuple[Monomial, Fraction]) -> bool:
        """Whether a term is a whole number for every input."""
        (factors, bounds), coefficient = term
        sizes = all(
            self.table.atoms[a].kind == "size" and e > 0 and Fraction(e).denominator == 1 for a, _, e in factors
        )
        return not bounds and coefficient.denominator == 1 and sizes

    def _factor_to(self, number: int, indices: Indices, exponent: Poly, times: int, e: Exponent) -> Poly:
        """`(atom[indices] ** e) ** (times * exponent)` for an exponent that is a whole number."""
        atom = self.table.atoms[number]
        if Fraction(e).denominator != 1 or atom.positive:
            base = self.factor(atom, indices)
            if not atom.positive:  # a root of it stands there: where that has a value it is not negative
                outer, order = self.apply("power", None, [self.power(base, e), exponent])
                return self.product([(outer.number, order, times)])
            return self.exp(self.scale(self.multiply(exponent, self.log(base)), times * Fraction(e)))
        if atom.kind == "power" and all(map(self._is_whole, atom.args[1].items())):
            names = dict(enumerate(indices))
            inner, above = (self.rename(arg, names) for arg in atom.args)
            return self.power(self.symbolic_power(inner, self.multiply(above, exponent)), times * int(e))
        outer, order = self.apply("power", None, [self.factor(atom, indices), exponent])
        return self.product([(outer.number, order, times * int(e))])

    def log(self, arg: Poly) -> Poly:
        """The logarithm, split only where every part is known to be positive; Undefined of what is never positive."""
        if self.is_nonnegative_sum(self.scale(arg, -1)):
            raise Undefined
        arg, under = self.cleared(arg, positive_only=True)
        content, common, rest = self.content(arg)
        if content < 0:
            content, rest = -content, self.scale(rest, -1)
        common = common + [(a, i, -e) for a, i, e in under]
        outside = [factor for factor in common if self.table.atoms[factor[0]].positive]
        inside = [factor for factor in common if not self.table.atoms[factor[0]].positive]
        if rest == ONE and len(inside) == 1 and _odd(inside[0][2]):
            outside, inside = common, []
        rest = self.multiply(rest, self.product(inside))
        if rest == self.number(-1):
            raise Undefined
        parts = [self.scale(self._log_of(a, i), Fraction(e)) for a, i, e in outside]
        parts += [self.scale(self._log_of(a, i), Fraction(e)) for a, i, e in self._numeric_power(content, 1)]
        if rest != ONE:
            parts.append(self.factor(*self.apply("log", None, [rest])))
        return self.add({}, *parts)

    def _log_of(self, number: int, indices: tuple[int, ...]) -> Poly:
        atom = self.table.atoms[number]
        if atom.kind == "exp":
            return self.rename(atom.args[0], dict(enumerate(indices)))
        if atom.kind == "group":
            inside = self.rename(atom.args[0], dict(enumerate(indices)))
            return self.factor(*self.apply("log", None, [inside]))
        # a prime would be folded into the coefficient: its logarithm is an atom by its name
        if atom.kind == "prime":
            known, _ = self.table.atom("constant", ("log", atom.name))
            return {(((known.number, (), 1),), ()): Fraction(1)}
        return self.factor(*self.apply("log", None, [self.factor(atom, indices)]))

    # ------------------------------------------------------------------------------ signs and parity

    def step(self, arg: Poly) -> Poly:
        """1 where the argument is positive, else 0."""
        if not arg:
            return {}
        arg = self.without_positive_factors(arg)
        content = arg[max(arg, key=self.rank)]
        rest = self.scale(arg, 1 / content)
        if self.is_positive(rest):
            return ONE if content > 0 else {}
        positive, order = self.apply("step", None, [rest])
        if content > 0:
            return self.factor(positive, order)
        negative, other = self.apply("step", None, [self.scale(rest, -1)])
        if order == other and positive.partner is None and negative is not positive:
            negative.partner = positive.number
        return self.factor(negative, other)

    def without_positive_factors(self, arg: Poly) -> Poly:
        """A polynomial of the same sign, without the denominators and common factors that are known to be positive."""
        if not arg:
            return arg
        arg, _ = self.cleared(arg, positive_only=True)
        content, common, rest = self.content(arg)
        inside = [factor for factor in common if not self.table.atoms[factor[0]].positive]
        return self.scale(self.multiply(rest, self.product(inside)), 1 if content > 0 else -1)

    def absolute(self, arg: Poly) -> Poly:
        """u (2 step(u) - 1), with the sign of u that leads with a positive coefficient."""
        if arg and self.content(arg)[0] < 0:
            arg = self.scale(arg, -1)
        return self.multiply(arg, self.add(self.scale(self.step(arg), 2), self.number(-1)))

    def _odd(self, name: str, arg: Poly) -> Poly:
        if not arg:
            return {}
        sign = -1 if self.content(arg)[0] < 0 else 1
        atom, indices = self.apply("sin" if name == "sin" else "erf", None, [self.scale(arg, sign)])
        if name == "sin" and atom.partner is None:
            cosine, order = self.apply("cos", None, [self.scale(arg, sign)])
            atom.partner = cosine.number if order == indices else None
        return self.scale(self.factor(atom, indices), sign)

    def _even(self, arg: Poly) -> Poly:
        if not arg:
            return ONE
        sign = -1 if self.content(arg)[0] < 0 else 1
        return self.factor(*self.apply("cos", None, [self.scale(arg, sign)]))


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _odd(exponent: int | Fraction) -> bool:
    return Fraction(exponent).denominator == 1 and exponent % 2 == 1
