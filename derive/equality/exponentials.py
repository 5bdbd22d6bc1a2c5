"""Exponentials and logarithms.

exp(c m + ...)      product of exp(m) ** c, one atom for each monomial m; exp(c log p) = p ** c
log(c q**k p)       log of primes + k log q + log p for positive factors q; log(exp(m)) = m
p ** e              exp(e log p) for positive p; else factor by factor and term by term of e where e is a whole
                    number for every input (a size, N + 1); else an atom of its own, whose sign nobody knows
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from derive.equality.algebra import Algebra, Undefined
from derive.equality.atoms import Atom, Poly
from derive.equality.canonical import Factor, Indices
from derive.equality.laws import Sample, law
from derive.equality.polynomials import ONE


class Exponentials(Algebra):
    """The algebra with the laws of exponentials and logarithms."""

    # ------------------------------------------------------------------------------------------ exponentials

    def exp(self, arg: Poly) -> Poly:
        """The exponential."""
        return self.by_laws("exp", arg)

    @law(
        "function",
        "exp",
        "exponential of a sum",
        "exp(x + y) = exp x exp y,  e⁰ = 1",
        Sample("x, y : scalar", "exp(x + y) = exp(x)*exp(y)"),
        Sample("x : scalar", "exp(x - x) = 1"),
        Sample("x : (n,); y : scalar", "sum(exp(x + y)) = exp(y)*sum(exp(x))"),
    )
    def _exp_of_sum(self, arg: Poly) -> Poly | None:
        if len(arg) == 1:
            return None
        return self.multiply(ONE, *(self.exp({monomial: c}) for monomial, c in arg.items()))

    @law(
        "function",
        "exp",
        "exponential of a logarithm",
        "exp(c log u) = uᶜ",
        Sample("x : scalar", "exp(log(x)) = x"),
        Sample("x : scalar", "exp(3*log(x)/2 + log(2)) = 2*x*sqrt(x)"),
        condition="where log u has a value",
    )
    def _exp_of_log(self, arg: Poly) -> Poly | None:
        ((factors, bounds), coefficient), *_ = arg.items()
        if bounds or len(factors) != 1 or factors[0][2] != 1:
            return None
        atom, indices = self.table.atoms[factors[0][0]], factors[0][1]
        if atom.kind == "constant" and isinstance(atom.name, tuple):
            return self.power(self.number(cast(int, atom.name[1])), _plain(coefficient))
        if atom.kind != "log":
            return None
        return self.power(self.rename(atom.args[0], dict(enumerate(indices))), _plain(coefficient))

    @law(
        "function",
        "exp",
        "exponential of a multiple",
        "exp(2x) = (exp x)²",
        Sample("x : scalar", "exp(2*x) = exp(x)**2"),
        Sample("x : scalar", "exp(-x/2) = 1/sqrt(exp(x))"),
    )
    def _exp_of_multiple(self, arg: Poly) -> Poly:
        ((monomial, coefficient),) = arg.items()
        atom, indices = self.apply("exp", None, [{monomial: Fraction(1)}])
        return self.factor(atom, indices, _plain(coefficient))

    # -------------------------------------------------------------------------------------------- logarithms

    def log(self, arg: Poly) -> Poly:
        """The logarithm; Undefined of what is never positive."""
        if self.is_nonnegative_sum(self.scale(arg, -1)):
            raise Undefined
        return self.by_laws("log", arg)

    @law(
        "function",
        "log",
        "logarithm of an odd power",
        "log(x³) = 3 log x",
        Sample("x : scalar", "log(x**3) = 3*log(x)"),
        Sample("x : scalar; y : scalar, positive", "log(2*y/x) = log(2) + log(y) - log(x)"),
    )
    def _log_of_odd_power(self, arg: Poly) -> Poly | None:
        """Of one base alone the logarithm fixes the sign: where it has a value the base is positive."""
        if len(arg) > 1:
            return None
        content, common, rest = self.content(arg)
        inside = [factor for factor in common if not self.table.atoms[factor[0]].positive]
        if rest != ONE or content < 0 or len(inside) != 1 or not _odd(inside[0][2]):
            return None
        return self.add({}, *self._logs([*common, *self.numeric_power(content, 1)]))

    @law(
        "function",
        "log",
        "logarithm of a product",
        "log(xy) = log x + log y",
        Sample("x : scalar, positive; y : scalar", "log(x*y) = log(x) + log(y)", "x, y : scalar"),
        Sample("x : scalar, positive", "log(x**2) = 2*log(x)", "x : scalar"),
        Sample("x, y : scalar, positive", "log(1/(x + y)) = -log(x + y)"),
        condition="x > 0",
    )
    def _log_of_product(self, arg: Poly) -> Poly:
        arg, under = self.cleared(arg, positive_only=True)
        content, common, rest = self.content(arg)
        if content < 0:
            content, rest = -content, self.scale(rest, -1)
        common = common + [(a, i, -e) for a, i, e in under]
        outside = [factor for factor in common if self.table.atoms[factor[0]].positive]
        inside = [factor for factor in common if not self.table.atoms[factor[0]].positive]
        rest = self.multiply(rest, self.product(inside))
        if rest == self.number(-1):
            raise Undefined
        parts = self._logs([*outside, *self.numeric_power(content, 1)])
        if rest != ONE:
            parts.append(self.factor(*self.apply("log", None, [rest])))
        return self.add({}, *parts)

    def _logs(self, factors: Iterable[Factor]) -> list[Poly]:
        """Of factors that are positive."""
        return [
            self.scale(self.by_laws("log of factor", self.table.atoms[number], indices), Fraction(e))
            for number, indices, e in factors
        ]

    @law(
        "function",
        "log of factor",
        "logarithm of an exponential",
        "log(exp u) = u",
        Sample("x : scalar", "log(exp(x)) = x"),
        Sample("x, y : scalar", "log(exp(x)*exp(y)/2) = x + y - log(2)"),
    )
    def _log_of_exp(self, atom: Atom, indices: Indices) -> Poly | None:
        return self.rename(atom.args[0], dict(enumerate(indices))) if atom.kind == "exp" else None

    @law(
        "function",
        "log of factor",
        "logarithm of a number",
        "log 12 = 2 log 2 + log 3",
        Sample("", "log(12) = 2*log(2) + log(3)"),
    )
    def _log_of_prime(self, atom: Atom, _indices: Indices) -> Poly | None:
        # a prime would be folded into the coefficient: its logarithm is an atom by its name
        return self.factor(self.atom("constant", ("log", atom.name)), ()) if atom.kind == "prime" else None

    @law(
        "function",
        "log of factor",
        "logarithm of a power",
        "log(xᵇ) = b log x",
        Sample("x : scalar, positive; b : scalar", "log(x**b) = b*log(x)", "x, b : scalar"),
        Sample("x : scalar, positive", "log(sqrt(x)) = log(x)/2"),
        Sample("x : scalar", "log((1/(1 + x**2))**2) = -2*log(1 + x**2)"),
        condition="x > 0",
    )
    def _log_of_base(self, atom: Atom, indices: Indices) -> Poly:
        inside = self.value(atom, indices) if atom.kind == "group" else self.factor(atom, indices)
        return self.factor(*self.apply("log", None, [inside]))


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _odd(exponent: int | Fraction) -> bool:
    return Fraction(exponent).denominator == 1 and exponent % 2 == 1
