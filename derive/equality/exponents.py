"""Powers whose exponent is no number.

p ** e    exp(e log p) for positive p; else factor by factor and term by term of e where e is a whole number for
          every input (a size, N + 1); else an atom of its own, whose sign nobody knows
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from derive.equality.atoms import Atom, Poly
from derive.equality.canonical import Exponent, Indices, Monomial
from derive.equality.exponentials import Exponentials
from derive.equality.laws import Sample, law
from derive.equality.polynomials import ONE, Exhausted
from derive.equality.product import Product, Raw
from derive.equality.rules import UNIT


class Exponents(Exponentials):
    """The algebra with the laws of powers by a symbol."""

    def symbolic_power(self, base: Poly, exponent: Poly) -> Poly:
        """A power whose exponent is not a number. (-1)^2b is no square: it is -1 at b = 1/2."""
        return self.by_laws("power by a symbol", base, exponent)

    @law(
        "function",
        "power by a symbol",
        "power of a positive base",
        "xᵇ = exp(b log x)",
        Sample("x : scalar, positive; b, c : scalar", "x**b*x**c = x**(b + c)"),
        Sample("x : scalar, positive; b, c : scalar", "(x**b)**c = x**(b*c)", "x, b, c : scalar"),
        Sample("x : scalar, positive; b : scalar", "x**(2*b) = (x**2)**b", "x, b : scalar"),
        condition="x > 0",
    )
    def _power_of_positive(self, base: Poly, exponent: Poly) -> Poly | None:
        return self.exp(self.multiply(exponent, self.log(base))) if self.is_positive(base) else None

    @law(
        "function",
        "power by a symbol",
        "power of zero",
        "0ᵇ = 0",
        Sample("b : scalar, positive", "0**b = 0", "b : scalar"),
        condition="b > 0",
    )
    def _power_of_zero(self, base: Poly, exponent: Poly) -> Poly | None:
        if base:
            return None
        if self.is_positive(exponent):
            return {}
        raise Exhausted

    @law(
        "function",
        "power by a symbol",
        "whole part of an exponent",
        "xᵇ⁺² = x² xᵇ",
        Sample("x, b : scalar", "x**(b + 2) = x**2*x**b"),
        Sample("x, b : scalar", "x**(b - 1)*x = x**b"),
    )
    def _whole_part(self, base: Poly, exponent: Poly) -> Poly | None:
        whole = floor(exponent.get(UNIT, 0))
        if not whole:
            return None
        rest = self.add(exponent, self.number(-whole))
        return self.multiply(self.power(base, whole), self.symbolic_power(base, rest))

    @law(
        "function",
        "power by a symbol",
        "power by a negative",
        "x⁻ᵇ = 1/xᵇ",
        Sample("x, b : scalar", "x**(-b) = 1/x**b"),
    )
    def _power_by_any(self, base: Poly, exponent: Poly) -> Poly | None:
        """Of an exponent that need not be whole nothing else is known."""
        if all(map(self._is_whole, exponent.items())):
            return None
        sign = 1 if exponent[max(exponent, key=self.rank)] > 0 else -1
        atom, indices = self.apply("power", None, [base, self.scale(exponent, sign)])
        return self.factor(atom, indices, sign)

    @law(
        "function",
        "power by a symbol",
        "whole power of factors",
        "(xy)^N = x^N y^N,  x^(M+N) = x^M x^N",
        Sample("x, y : scalar; N : size", "(x*y)**N = x**N*y**N", "x, y, N : scalar"),
        Sample("x : scalar; M, N : size", "x**(M + N) = x**M*x**N", "x, M, N : scalar"),
        Sample("x : scalar; N : size", "(-x)**N = (-1)**N*x**N", "x, N : scalar"),
        Sample("x : scalar; N : size", "x**(2*N) = (x**2)**N", "x, N : scalar"),
        condition="M, N whole numbers",
    )
    def _whole_power_by_factors(self, base: Poly, exponent: Poly) -> Poly:
        content, common, others = self.content(base)
        result = ONE
        for monomial, coefficient in exponent.items():
            part, times = {monomial: Fraction(1)}, int(coefficient)
            if abs(content) != 1:
                size = self.log(self.number(abs(content)))
                result = self.multiply(result, self.exp(self.scale(self.multiply(part, size), times)))
            if content < 0 and times % 2:
                result = self.multiply(result, self.factor(*self.apply("power", None, [self.number(-1), part])))
            for number, indices, e in common:
                atom = self.table.atoms[number]
                result = self.multiply(result, self.by_laws("power of a factor", atom, indices, part, times, e))
            if others != ONE:
                atom, indices = self.apply("power", None, [others, part])
                result = self.multiply(result, self.factor(atom, indices, times))
        return result

    @law(
        "function",
        "power of a factor",
        "power of positive factor",
        "(x³y)^N = exp(3N log x) y^N",
        Sample(
            "x : scalar, positive; y : scalar; N : size",
            "(sqrt(x)*y)**(2*N) = x**N*y**(2*N)",
            "x, y : scalar; N : size",
        ),
        condition="x > 0, N a whole number",
    )
    def _positive_to(self, atom: Atom, indices: Indices, exponent: Poly, times: int, e: Exponent) -> Poly | None:
        if not atom.positive:
            return None
        log = self.log(self.factor(atom, indices))
        return self.exp(self.scale(self.multiply(exponent, log), times * Fraction(e)))

    @law(
        "function",
        "power of a factor",
        "whole power of a root",
        "(√x)^(3N) = ((√x)^N)³",
        Sample("x : scalar; N : size", "sqrt(x)**(3*N) = (sqrt(x)**N)**3"),
    )
    def _root_to(self, atom: Atom, indices: Indices, exponent: Poly, times: int, e: Exponent) -> Poly | None:
        """The root stays inside: where it has a value the base is not negative."""
        if Fraction(e).denominator == 1:
            return None
        outer, order = self.apply("power", None, [self.power(self.factor(atom, indices), e), exponent])
        return self.factor(outer, order, times)

    @law(
        "function",
        "power of a factor",
        "power of a whole power",
        "(x^M)^N = x^(MN)",
        Sample("x : scalar; M, N : size", "(x**M)**N = x**(M*N)", "x, M, N : scalar"),
        condition="M, N whole numbers",
    )
    def _power_to(self, atom: Atom, indices: Indices, exponent: Poly, times: int, e: Exponent) -> Poly | None:
        if atom.kind != "power" or not all(map(self._is_whole, atom.args[1].items())):
            return None
        names = dict(enumerate(indices))
        inner, above = (self.rename(arg, names) for arg in atom.args)
        return self.power(self.symbolic_power(inner, self.multiply(above, exponent)), times * int(e))

    @law(
        "function",
        "power of a factor",
        "whole power of a power",
        "(x²)^N = (x^N)²",
        Sample("x : scalar; N : size", "(x**2)**N = (x**N)**2", "x, N : scalar"),
        Sample("x : scalar; N : size", "sqrt((x**N)**2) = sqrt((x**2)**N)"),
        condition="N a whole number",
    )
    def _factor_to(self, atom: Atom, indices: Indices, exponent: Poly, times: int, e: Exponent) -> Poly:
        outer, order = self.apply("power", None, [self.factor(atom, indices), exponent])
        return self.factor(outer, order, times * int(e))

    def _is_whole(self, term: tuple[Monomial, Fraction]) -> bool:
        """Whether a term is a whole number for every input."""
        (factors, bounds), coefficient = term
        sizes = all(
            self.table.atoms[a].kind == "size" and e > 0 and Fraction(e).denominator == 1 for a, _, e in factors
        )
        return not bounds and coefficient.denominator == 1 and sizes


@law(
    "factor",
    "power",
    "even powers of -1",
    "((-1)^N)² = 1",
    Sample("N : size", "(-1)**(2*N) = 1", "N : scalar"),
    condition="N a whole number",
)
def _even_power_of_minus_one(term: Product, atom: Atom, indices: Indices, e: Exponent) -> list[Raw] | None:
    if atom.args[0] != {UNIT: Fraction(-1)} or e == 1 or Fraction(e).denominator != 1:
        return None
    here = (atom.number, indices)
    return [term.without(here).raw((*here, e % 2))]
