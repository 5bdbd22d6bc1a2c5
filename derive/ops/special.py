r"""Special functions, roots and steps, a record each, as in `derive.ops.elementwise`.

    gamma' = gamma digamma      loggamma' = digamma     erfc' = -2/sqrt(pi) exp(-u^2)
    cbrt' = 1 / (3 cbrt^2)      floor' = 0              erfinv' = sqrt(pi)/2 exp(erfinv^2)

`loggamma` is real for positive arguments only, as in SymPy. The derivatives of digamma have no other name: they stay
derivatives of it, and the record tells how any of them is computed.
"""

from __future__ import annotations

from derive.ir import build
from derive.ir.node import Node
from derive.ops.elementwise import POSITIVE, POSITIVE_SAMPLES, SAMPLES, _other, _sympy
from derive.ops.record import Elementwise, by_name, register, register_builder
from derive.ops.trigonometric import BETWEEN, SMALL_SAMPLES

register(
    Elementwise(
        "erfc",
        expression=lambda u: 1 - _sympy().erf(u),
        of_output=lambda _y, u: -2 * _sympy().exp(-(u**2)) / _sympy().sqrt(_sympy().pi),
        numeric=by_name("erfc"),
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
        numeric=by_name("erfinv"),
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
        numeric=by_name("gamma"),
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
        numeric=by_name("loggamma"),
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
        numeric=by_name("cbrt"),
        numpy="np.cbrt({0})",
        latex=r"\mathrm{cbrt}",
        switch=lambda u: u,
        joined=True,
        samples=SAMPLES,
        source="the real cube root, of negative numbers too",
    )
)
register(
    Elementwise(
        "sinc",
        expression=lambda u: _sympy().sin(_sympy().pi * u) / (_sympy().pi * u),
        numeric=by_name("sinc"),
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
            numeric=by_name(_name),
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
