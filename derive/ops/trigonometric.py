r"""Trigonometric and hyperbolic functions and their inverses, a record each, as in `derive.ops.elementwise`.

    tan' = 1 + tan^2      asin' = 1 / sqrt(1 - u^2)       asinh' = 1 / sqrt(u^2 + 1)
    cot' = -1 - cot^2     acos' = -1 / sqrt(1 - u^2)      acosh' = 1 / sqrt(u^2 - 1)
    sinh' = cosh          atan' = 1 / (1 + u^2)           atanh' = 1 / (1 - u^2)

Values are the principal ones.
"""

from __future__ import annotations

from math import inf

from derive.ir import build
from derive.ir.node import Node
from derive.ops.elementwise import POSITIVE, SAMPLES, _other, _sympy
from derive.ops.record import Elementwise, by_name, register, register_builder

SMALL_SAMPLES = ((0.3,), (-0.7,), (0.95,))
BETWEEN = (-1.0, 1.0)
QUARTER, HALF_TURN = 1.5708, 3.1416  # beyond pi/2 and pi

# ----------------------------------------------------------------------------------------- trigonometric

register(
    Elementwise(
        "tan",
        expression=lambda u: _sympy().sin(u) / _sympy().cos(u),
        of_output=lambda y, _u: 1 + y**2,
        numeric=by_name("tan"),
        numpy="np.tan({0})",
        latex=r"\tan",
        poles=lambda u: build.call("cos", u),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "cot",
        expression=lambda u: _sympy().cos(u) / _sympy().sin(u),
        of_output=lambda y, _u: -1 - y**2,
        numeric=lambda xp, u: xp.function("div", xp.function("cos", u), xp.function("sin", u)),
        numpy="np.cos({0}) / np.sin({0})",
        latex=r"\cot",
        poles=lambda u: build.call("sin", u),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "sec",
        expression=lambda u: 1 / _sympy().cos(u),
        of_output=lambda y, u: y * _other("tan", u),
        numeric=lambda xp, u: xp.function("div", xp.number(1), xp.function("cos", u)),
        numpy="1 / np.cos({0})",
        latex=r"\sec",
        poles=lambda u: build.call("cos", u),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "csc",
        expression=lambda u: 1 / _sympy().sin(u),
        of_output=lambda y, u: -y * _other("cot", u),
        numeric=lambda xp, u: xp.function("div", xp.number(1), xp.function("sin", u)),
        numpy="1 / np.sin({0})",
        latex=r"\csc",
        poles=lambda u: build.call("sin", u),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "asin",
        expression=lambda u: _sympy().asin(u),
        numeric=by_name("asin"),
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
        numeric=by_name("acos"),
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
        numeric=by_name("atan"),
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
        numeric=by_name("atan2"),
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
        numeric=by_name("sinh"),
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
        numeric=by_name("cosh"),
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
        numeric=by_name("asinh"),
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
        numeric=by_name("acosh"),
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
        numeric=by_name("atanh"),
        numpy="np.arctanh({0})",
        latex=r"\mathrm{artanh}",
        domain=BETWEEN,
        aliases=("arctanh", "artanh"),
        samples=SMALL_SAMPLES,
    )
)


@register_builder("coth")
def _coth(x: Node) -> Node:
    return build.div(build.number(1), build.call("tanh", x))
