r"""Trigonometric, hyperbolic and special functions, a record each, as in `derive.ops.elementwise`.

    tan' = 1 + tan^2      asin' = 1 / sqrt(1 - u^2)       asinh' = 1 / sqrt(u^2 + 1)
    cot' = -1 - cot^2     acos' = -1 / sqrt(1 - u^2)      acosh' = 1 / sqrt(u^2 - 1)
    sinh' = cosh          atan' = 1 / (1 + u^2)           atanh' = 1 / (1 - u^2)
    gamma' = gamma digamma,   loggamma' = digamma,   erfinv' = sqrt(pi)/2 exp(erfinv^2),   floor' = 0 between the steps

Values are the principal ones. `loggamma` is real for positive arguments only, as in SymPy. The derivatives of digamma
have no other name: they stay derivatives of it, and the record tells how any of them is computed.
"""

from __future__ import annotations

from math import inf
from typing import Any

from derive.ir import build
from derive.ir.node import Node
from derive.ops.elementwise import POSITIVE, POSITIVE_SAMPLES, SAMPLES, _other, _sympy
from derive.ops.record import Elementwise, register, register_builder

SMALL_SAMPLES = ((0.3,), (-0.7,), (0.95,))
BETWEEN = (-1.0, 1.0)
QUARTER, HALF_TURN = 1.5708, 3.1416  # beyond pi/2 and pi


def _plain(name: str) -> Any:
    """The numeric rule of a function that both backends know by its name."""
    return lambda xp, *args: xp.function(name, *args)


# ----------------------------------------------------------------------------------------- trigonometric

register(
    Elementwise(
        "tan",
        expression=lambda u: _sympy().sin(u) / _sympy().cos(u),
        of_output=lambda y, _u: 1 + y**2,
        numeric=_plain("tan"),
        numpy="np.tan({0})",
        latex=r"\tan",
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "cot",
        expression=lambda u: _sympy().cos(u) / _sympy().sin(u),
        of_output=lambda y, _u: -1 - y**2,
        numeric=lambda xp, u: xp.function("cos", u) / xp.function("sin", u),
        numpy="np.cos({0}) / np.sin({0})",
        latex=r"\cot",
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "sec",
        expression=lambda u: 1 / _sympy().cos(u),
        of_output=lambda y, u: y * _other("tan", u),
        numeric=lambda xp, u: 1 / xp.function("cos", u),
        numpy="1 / np.cos({0})",
        latex=r"\sec",
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "csc",
        expression=lambda u: 1 / _sympy().sin(u),
        of_output=lambda y, u: -y * _other("cot", u),
        numeric=lambda xp, u: 1 / xp.function("sin", u),
        numpy="1 / np.sin({0})",
        latex=r"\csc",
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "asin",
        expression=lambda u: _sympy().asin(u),
        numeric=_plain("asin"),
        numpy="np.arcsin({0})",
        latex=r"\arcsin",
        domain=BETWEEN,
        range=(-QUARTER, QUARTER),
        aliases=("arcsin",),
        samples=SMALL_SAMPLES,
    )
)
register(
    Elementwise(
        "acos",
        expression=lambda u: _sympy().acos(u),
        numeric=_plain("acos"),
        numpy="np.arccos({0})",
        latex=r"\arccos",
        domain=BETWEEN,
        range=(0.0, HALF_TURN),
        aliases=("arccos",),
        samples=SMALL_SAMPLES,
    )
)
register(
    Elementwise(
        "atan",
        expression=lambda u: _sympy().atan(u),
        numeric=_plain("atan"),
        numpy="np.arctan({0})",
        latex=r"\arctan",
        range=(-QUARTER, QUARTER),
        aliases=("arctan",),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "atan2",
        expression=lambda u, v: _sympy().atan2(u, v),
        numeric=_plain("atan2"),
        numpy="np.arctan2({0}, {1})",
        latex=r"\mathrm{atan2}",
        arity=2,
        switch=lambda u, _v: u,
        range=(-HALF_TURN, HALF_TURN),
        aliases=("arctan2",),
        samples=((0.3, 0.7), (-1.2, -2.0), (1.7, -0.2)),
        source="the angle of the point (v, u); it jumps where u passes 0 and v is negative",
    )
)

# -------------------------------------------------------------------------------------------- hyperbolic

register(
    Elementwise(
        "sinh",
        expression=lambda u: (_sympy().exp(u) - _sympy().exp(-u)) / 2,
        of_output=lambda _y, u: _other("cosh", u),
        numeric=_plain("sinh"),
        numpy="np.sinh({0})",
        latex=r"\sinh",
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "cosh",
        expression=lambda u: (_sympy().exp(u) + _sympy().exp(-u)) / 2,
        of_output=lambda _y, u: _other("sinh", u),
        numeric=_plain("cosh"),
        numpy="np.cosh({0})",
        latex=r"\cosh",
        range=POSITIVE,
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "asinh",
        expression=lambda u: _sympy().log(u + _sympy().sqrt(u**2 + 1)),
        of_output=lambda _y, u: 1 / _sympy().sqrt(u**2 + 1),
        numeric=_plain("asinh"),
        numpy="np.arcsinh({0})",
        latex=r"\mathrm{arsinh}",
        aliases=("arcsinh", "arsinh"),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "acosh",
        expression=lambda u: _sympy().log(u + _sympy().sqrt(u - 1) * _sympy().sqrt(u + 1)),
        of_output=lambda _y, u: 1 / (_sympy().sqrt(u - 1) * _sympy().sqrt(u + 1)),
        numeric=_plain("acosh"),
        numpy="np.arccosh({0})",
        latex=r"\mathrm{arcosh}",
        domain=(1.0, inf),
        range=POSITIVE,
        aliases=("arccosh", "arcosh"),
        samples=((1.3,), (2.2,), (4.5,)),
    )
)
register(
    Elementwise(
        "atanh",
        expression=lambda u: (_sympy().log(1 + u) - _sympy().log(1 - u)) / 2,
        of_output=lambda _y, u: 1 / (1 - u**2),
        numeric=_plain("atanh"),
        numpy="np.arctanh({0})",
        latex=r"\mathrm{artanh}",
        domain=BETWEEN,
        aliases=("arctanh", "artanh"),
        samples=SMALL_SAMPLES,
    )
)

# ----------------------------------------------------------------------------------------------- special

register(
    Elementwise(
        "erfc",
        expression=lambda u: 1 - _sympy().erf(u),
        of_output=lambda _y, u: -2 * _sympy().exp(-(u**2)) / _sympy().sqrt(_sympy().pi),
        numeric=_plain("erfc"),
        numpy="erfc({0})",
        latex=r"\mathrm{erfc}",
        range=(0.0, 2.0),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "erfinv",
        expression=lambda u: _sympy().erfinv(u),
        of_output=lambda y, _u: _sympy().sqrt(_sympy().pi) * _sympy().exp(y**2) / 2,
        numeric=_plain("erfinv"),
        numpy="erfinv({0})",
        latex=r"\mathrm{erfinv}",
        domain=BETWEEN,
        samples=SMALL_SAMPLES,
    )
)
register(
    Elementwise(
        "tgamma",
        expression=lambda u: _sympy().gamma(u),
        of_output=lambda y, u: y * _other("digamma", u),
        numeric=_plain("gamma"),
        numpy="tgamma({0})",
        latex=r"\Gamma",
        domain=POSITIVE,
        samples=POSITIVE_SAMPLES,
        source="called gamma in models, unless gamma is an input",
    )
)
register(
    Elementwise(
        "loggamma",
        expression=lambda u: _sympy().loggamma(u),
        of_output=lambda _y, u: _other("digamma", u),
        numeric=_plain("loggamma"),
        numpy="loggamma({0})",
        latex=r"\mathrm{loggamma}",
        domain=POSITIVE,
        aliases=("lgamma", "gammaln"),
        samples=POSITIVE_SAMPLES,
    )
)
register(
    Elementwise(
        "digamma",
        expression=lambda u: _sympy().digamma(u),
        numeric=lambda xp, u: xp.function("psi", 0, u),
        numeric_of=lambda xp, order, u: xp.function("psi", order, u),
        numpy="polygamma(0, {0})",
        numpy_of="polygamma({order}, {0})",
        latex=r"\mathrm{digamma}",
        prime=True,
        domain=POSITIVE,
        samples=POSITIVE_SAMPLES,
    )
)
register(
    Elementwise(
        "cbrt",
        expression=lambda u: _other("sign", u) * _other("abs", u) ** _sympy().Rational(1, 3),
        of_output=lambda y, _u: 1 / (3 * y**2),
        numeric=_plain("cbrt"),
        numpy="np.cbrt({0})",
        latex=r"\mathrm{cbrt}",
        switch=lambda u: u,
        samples=SAMPLES,
        source="the real cube root, of negative numbers too",
    )
)
register(
    Elementwise(
        "sinc",
        expression=lambda u: _sympy().sin(_sympy().pi * u) / (_sympy().pi * u),
        numeric=_plain("sinc"),
        numpy="np.sinc({0})",
        latex=r"\mathrm{sinc}",
        range=BETWEEN,
        samples=SAMPLES,
        source="sin(pi u) / (pi u), as in NumPy; 1 at 0",
    )
)
for _name, _latex, _alias in (("floor", "floor", ()), ("ceil", "ceil", ("ceiling",))):
    register(
        Elementwise(
            _name,
            expression=lambda u, name=_name: _sympy().floor(u) if name == "floor" else _sympy().ceiling(u),
            of_output=lambda _y, _u: _sympy().Integer(0),
            numeric=_plain(_name),
            numpy=f"np.{_name}({{0}})",
            latex=rf"\mathrm{{{_latex}}}",
            countless=True,
            aliases=_alias,
            samples=SAMPLES,
            source="its derivative is 0 between the steps",
        )
    )


# ------------------------------------------------------------------------------------- by definition


@register_builder("gamma")
def _gamma(x: Node) -> Node:
    return build.call("tgamma", x)


@register_builder("trigamma")
def _trigamma(x: Node) -> Node:
    return build.call("digamma", x, orders=(1,))


@register_builder("exp2")
def _exp2(x: Node) -> Node:
    return build.power(build.number(2), x)


@register_builder("log2")
def _log2(x: Node) -> Node:
    return build.div(build.call("log", x), build.call("log", build.number(2)))


@register_builder("log10")
def _log10(x: Node) -> Node:
    return build.div(build.call("log", x), build.call("log", build.number(10)))


@register_builder("coth")
def _coth(x: Node) -> Node:
    return build.div(build.number(1), build.call("tanh", x))
