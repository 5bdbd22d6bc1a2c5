"""Elementary functions as independent atoms.

    exp, log            `derive.equality.exponentials`
    p ** e              `derive.equality.exponents`
    sqrt(p)             p ** (1/2), see `Algebra.power`
    step(c q p)         step(p) for positive c and q;  abs(u) = u (2 step(u) - 1),  sign(u) = step(u) - step(-u)
    sin, cos, erf       odd and even
    f, f', f''          independent of each other

Everything else registered is expressed through these by its own record (sigmoid, tanh, gelu, ...), so that
1/(1 + exp(-z)) is the sigmoid and 1 - tanh^2 the derivative of tanh without further laws.
"""

from __future__ import annotations

from fractions import Fraction
from typing import cast

from derive.equality.atoms import Atom, Poly
from derive.equality.exponents import Exponents
from derive.equality.laws import Sample, law
from derive.equality.polynomials import ONE

HALF = Fraction(1, 2)


class Elementary(Exponents):
    """The algebra with the laws of the elementary functions."""

    def function(self, name: str, arg: Poly) -> Poly:
        """A basic function of a polynomial; the name is in BASIC of the definitions."""
        match name:
            case "exp":
                return self.exp(arg)
            case "log":
                return self.log(arg)
            case "sqrt":
                return self.power(arg, HALF)
            case "step":
                return self.step(arg)
            case _:
                return self.by_laws(name, arg)

    @law(
        "form",
        "call",
        "unknown function",
        "u = v gives f(u) = f(v)",
        Sample("x, y : scalar; f : function", "f((x + y)**2) = f(x**2 + 2*x*y + y**2)"),
        Sample("x : (n,); f : function(2)", "sum(f(x, 2*x)) = sum(f(x, x + x))"),
    )
    def generic(self, name: str, orders: tuple[int, ...], args: list[Poly]) -> Poly:
        """A function of which nothing is known; f, f' and f'' are independent."""
        return self.factor(*self.apply("call", (name, orders), args))

    def rebuild(self, atom: Atom, args: list[Poly]) -> Poly:
        if atom.kind == "call":
            name, orders = cast(tuple[str, tuple[int, ...]], atom.name)
            return self.generic(name, orders, args)
        if atom.kind == "power":
            return self.symbolic_power(*args)
        return self.function(atom.kind, args[0])

    # ------------------------------------------------------------------------------------------------ steps

    def step(self, arg: Poly) -> Poly:
        """1 where the argument is positive, else 0."""
        return self.by_laws("step", self.without_positive_factors(arg))

    @law(
        "form",
        "sign",
        "factors of a step",
        "𝟏[x u > 0] = 𝟏[u > 0]",
        Sample("x : scalar, positive; u : scalar", "step(x*u) = step(u)", "x, u : scalar"),
        Sample("x, u : scalar", "step(3*u/(1 + x**2)) = step(u)"),
        Sample("x, u : scalar", "step(u*exp(x) - 2*exp(x)) = step(u - 2)"),
        condition="x > 0",
    )
    def without_positive_factors(self, arg: Poly) -> Poly:
        """A polynomial of the same sign, without the denominators and common factors that are known to be positive."""
        arg, _ = self.cleared(arg, positive_only=True)
        if not arg:
            return arg
        content, common, rest = self.content(arg)
        inside = [factor for factor in common if not self.table.atoms[factor[0]].positive]
        return self.scale(self.multiply(rest, self.product(inside)), 1 if content > 0 else -1)

    @law(
        "function",
        "step",
        "step of a known sign",
        "𝟏[x > 0] = 1,  𝟏[-y > 0] = 0",
        Sample("x : scalar, positive", "step(x) = 1", "x : scalar"),
        Sample("x : scalar, positive", "step(-x) = 0", "x : scalar"),
        Sample("x : scalar", "step(-x**2) = 0"),
        Sample("p : (n,), simplex", "step(-p) = 0*p", "p : (n,)"),
        condition="x > 0, y ≥ 0",
    )
    def _known_step(self, arg: Poly) -> Poly | None:
        if self.is_nonnegative_sum(self.scale(arg, -1)):
            return {}
        return ONE if self.is_positive(arg) else None

    @law(
        "function",
        "step",
        "step of an expression",
        "u = v gives 𝟏[u > 0] = 𝟏[v > 0]",
        Sample("x, y : scalar", "step(x*(x - y)) = step(x**2 - x*y)"),
        Sample("x, y : scalar", "step(x/2 - y/2) = step(2*x - 2*y)"),
    )
    def _any_step(self, arg: Poly) -> Poly:
        """A step and that of the opposite know each other, for the laws of their products."""
        content = arg[max(arg, key=self.rank)]
        rest = self.scale(arg, 1 / content)
        positive, order = self.apply("step", None, [rest])
        if content > 0:
            return self.factor(positive, order)
        negative, other = self.apply("step", None, [self.scale(rest, -1)])
        if order == other and positive.partner is None and negative is not positive:
            negative.partner = positive.number
        return self.factor(negative, other)

    # ------------------------------------------------------------------------------- absolute values, signs

    @law(
        "function",
        "abs",
        "absolute value, sign known",
        "|x| = x",
        Sample("x : scalar, positive", "abs(x) = x", "x : scalar"),
        Sample("x : scalar", "abs(exp(x)) = exp(x)"),
        Sample("p : (n,), simplex", "abs(p) = p", "p : (n,)"),
        Sample("x : scalar", "abs(-x**2) = x**2"),
        condition="x ≥ 0",
    )
    def _known_absolute(self, arg: Poly) -> Poly | None:
        if self.is_nonnegative_sum(arg):
            return arg
        opposite = self.scale(arg, -1)
        return opposite if self.is_nonnegative_sum(opposite) else None

    @law(
        "function",
        "abs",
        "absolute value",
        "|-u| = |u| = u (2·𝟏[u > 0] - 1)",
        Sample("x : scalar", "abs(x) = x*(2*step(x) - 1)"),
        Sample("x, y : scalar", "abs(x - y) = abs(y - x)"),
        Sample("x : scalar", "abs(x)**2 = x**2"),
    )
    def _absolute(self, arg: Poly) -> Poly:
        """With the sign of u that leads with a positive coefficient."""
        if arg and self.content(arg)[0] < 0:
            arg = self.scale(arg, -1)
        return self.multiply(arg, self.add(self.scale(self.step(arg), 2), self.number(-1)))

    @law(
        "function",
        "sign",
        "sign",
        "sign u = 𝟏[u > 0] - 𝟏[u < 0]",
        Sample("x : scalar", "sign(x) = step(x) - step(-x)"),
        Sample("x : scalar", "x*sign(x) = abs(x)"),
    )
    def _sign(self, arg: Poly) -> Poly:
        return self.add(self.step(arg), self.scale(self.step(self.scale(arg, -1)), -1))

    # ----------------------------------------------------------------------------------------------- parity

    @law(
        "function",
        "sin",
        "sine",
        "sin(-u) = -sin u,  sin 0 = 0",
        Sample("x, y : scalar", "sin(x - y) = -sin(y - x)"),
        Sample("x : scalar", "sin(x - x) = 0"),
    )
    def _sine(self, arg: Poly) -> Poly:
        """A sine knows its cosine, for the law of its square."""
        if not arg:
            return {}
        arg, sign = self._oriented(arg)
        atom, indices = self.apply("sin", None, [arg])
        if atom.partner is None:
            cosine, order = self.apply("cos", None, [arg])
            atom.partner = cosine.number if order == indices else None
        return self.scale(self.factor(atom, indices), sign)

    @law(
        "function",
        "erf",
        "error function",
        "erf(-u) = -erf u,  erf 0 = 0",
        Sample("x, y : scalar", "erf(x - y) = -erf(y - x)"),
        Sample("x : scalar", "erf(x - x) = 0"),
    )
    def _error_function(self, arg: Poly) -> Poly:
        if not arg:
            return {}
        arg, sign = self._oriented(arg)
        return self.scale(self.factor(*self.apply("erf", None, [arg])), sign)

    @law(
        "function",
        "cos",
        "cosine",
        "cos(-u) = cos u,  cos 0 = 1",
        Sample("x, y : scalar", "cos(x - y) = cos(y - x)"),
        Sample("x : scalar", "cos(x - x) = 1"),
    )
    def _cosine(self, arg: Poly) -> Poly:
        return self.factor(*self.apply("cos", None, [self._oriented(arg)[0]])) if arg else ONE

    def _oriented(self, arg: Poly) -> tuple[Poly, int]:
        """Of an argument and its opposite the one whose leading coefficient is positive, and the sign."""
        sign = -1 if self.content(arg)[0] < 0 else 1
        return self.scale(arg, sign), sign
