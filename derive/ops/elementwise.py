"""The elementwise functions, a record each: what it is, how it prints, how it runs, where it may be evaluated.

Derivatives are not written here; they follow from `expression` by `sympy.diff`, or from `of_output` where the
textbook writes them with the function's own value (a(1 - a), 1 - a^2).
"""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from derive.ir import build
from derive.ir.node import Node, as_number
from derive.ops.primitive import scalar_of
from derive.ops.record import Elementwise, register

POSITIVE = (0.0, inf)
SAMPLES = ((0.3,), (-1.2,), (1.7,))
POSITIVE_SAMPLES = ((0.3,), (1.2,), (4.5,))


def _sympy() -> Any:
    import sympy  # start-up time: models that are only listed never need it

    return sympy


def _other(name: str, *args: Any) -> Any:
    """Another registered function inside an expression, kept by name so that its stable form survives."""
    from derive.ops.sympy_bridge import formal_function

    return formal_function(name)(*args)


def _first(u: Node, *_others: Node) -> Node:
    """The switch of a function whose pieces meet at 0."""
    return u


def _difference(u: Node, v: Node) -> Node:
    """The switch of a function that takes one of two operands."""
    if as_number(scalar_of(v)) == 0:
        return u
    return v if as_number(scalar_of(u)) == 0 else build.sub(u, v)


def _truth(condition: Node, *_values: Node) -> Node | None:
    """The switch of a choice; one comparison alone has its own."""
    if condition.op == "call" and condition.name == "step":
        return None
    return build.sub(condition, build.number(Fraction(1, 2)))


# ------------------------------------------------------------------------------- elementary functions

register(
    Elementwise(
        "exp",
        expression=lambda u: _sympy().exp(u),
        of_output=lambda y, _u: y,
        numeric=lambda xp, u: xp.function("exp", u),
        numpy="np.exp({0})",
        latex=r"\exp",
        range=POSITIVE,
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "log",
        expression=lambda u: _sympy().log(u),
        numeric=lambda xp, u: xp.function("log", u),
        numpy="np.log({0})",
        latex=r"\log",
        domain=POSITIVE,
        aliases=("ln",),
        samples=POSITIVE_SAMPLES,
    )
)
register(
    Elementwise(
        "sqrt",
        expression=lambda u: _sympy().sqrt(u),
        of_output=lambda y, _u: 1 / (2 * y),
        numeric=lambda xp, u: xp.function("sqrt", u),
        numpy="np.sqrt({0})",
        latex=r"\sqrt",
        domain=POSITIVE,
        range=POSITIVE,
        samples=POSITIVE_SAMPLES,
    )
)
register(
    Elementwise(
        "sin",
        expression=lambda u: _sympy().sin(u),
        numeric=lambda xp, u: xp.function("sin", u),
        numpy="np.sin({0})",
        latex=r"\sin",
        range=(-1.0, 1.0),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "cos",
        expression=lambda u: _sympy().cos(u),
        numeric=lambda xp, u: xp.function("cos", u),
        numpy="np.cos({0})",
        latex=r"\cos",
        range=(-1.0, 1.0),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "erf",
        expression=lambda u: _sympy().erf(u),
        numeric=lambda xp, u: xp.function("erf", u),
        numpy="erf({0})",
        latex=r"\mathrm{erf}",
        range=(-1.0, 1.0),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "abs",
        expression=lambda u: u * _other("sign", u),
        numeric=lambda xp, u: xp.function("abs", u),
        numpy="np.abs({0})",
        latex=r"\mathrm{abs}",
        switch=_first,
        joined=True,
        range=POSITIVE,
        aliases=("absolute", "fabs"),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "sign",
        expression=lambda u: _sympy().sign(u),
        of_output=lambda _y, _u: _sympy().Integer(0),
        numeric=lambda xp, u: xp.function("sign", u),
        numpy="np.sign({0})",
        latex=r"\mathrm{sign}",
        switch=_first,
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "step",
        expression=lambda u: _sympy().Heaviside(u, 0),
        of_output=lambda _y, _u: _sympy().Integer(0),
        numeric=lambda xp, u: xp.function("step", u),
        numpy="step({0})",
        latex=r"\mathbb{1}",
        switch=_first,
        samples=SAMPLES,
        source="the indicator of u > 0; 0 at 0, so that relu' is 0 at 0",
    )
)

# ------------------------------------------------------------------------------------------ activations

register(
    Elementwise(
        "sigmoid",
        expression=lambda u: 1 / (1 + _sympy().exp(-u)),
        of_output=lambda y, _u: y * (1 - y),
        numeric=lambda xp, u: 1 / (1 + xp.function("exp", -u)),
        numpy="sigmoid({0})",
        latex=r"\sigma",
        prime=True,
        range=(0.0, 1.0),
        aliases=("sigma", "logistic", "expit"),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "tanh",
        expression=lambda u: (_sympy().exp(u) - _sympy().exp(-u)) / (_sympy().exp(u) + _sympy().exp(-u)),
        of_output=lambda y, _u: 1 - y**2,
        numeric=lambda xp, u: xp.function("tanh", u),
        numpy="np.tanh({0})",
        latex=r"\tanh",
        prime=True,
        range=(-1.0, 1.0),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "relu",
        expression=lambda u: u * _other("step", u),
        numeric=lambda xp, u: xp.function("maximum", u, xp.number(0)),
        numpy="np.maximum({0}, 0)",
        latex=r"\mathrm{relu}",
        prime=True,
        switch=_first,
        joined=True,
        range=POSITIVE,
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "leaky_relu",
        expression=lambda u, slope: slope * u + (1 - slope) * u * _other("step", u),
        numeric=lambda xp, u, slope: slope * u + (1 - slope) * u * xp.function("step", u),
        numpy="np.where({0} > 0, {0}, {1} * {0})",
        latex=r"\mathrm{lrelu}",
        arity=2,
        parameters=(("negative_slope", Fraction(1, 100)),),
        prime=True,
        switch=_first,
        joined=True,
        samples=((0.3, 0.1), (-1.2, 0.2), (1.7, 0.01)),
    )
)
register(
    Elementwise(
        "softplus",
        expression=lambda u: _sympy().log(1 + _sympy().exp(u)),
        of_output=lambda _y, u: _other("sigmoid", u),
        numeric=lambda xp, u: (
            xp.function("maximum", u, xp.number(0)) + xp.function("log", 1 + xp.function("exp", -xp.function("abs", u)))
        ),
        numpy="softplus({0})",
        latex=r"\mathrm{softplus}",
        range=POSITIVE,
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "silu",
        expression=lambda u: u * _other("sigmoid", u),
        numeric=lambda xp, u: u / (1 + xp.function("exp", -u)),
        numpy="{0} * sigmoid({0})",
        latex=r"\mathrm{silu}",
        prime=True,
        aliases=("swish",),
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "gelu",
        expression=lambda u: u * (1 + _sympy().erf(u / _sympy().sqrt(2))) / 2,
        numeric=lambda xp, u: u * (1 + xp.function("erf", u / xp.function("sqrt", xp.number(2)))) / 2,
        numpy="{0} * erfc({0} / -(2**0.5)) / 2",
        latex=r"\mathrm{gelu}",
        prime=True,
        samples=SAMPLES,
    )
)
register(
    Elementwise(
        "maximum",
        expression=lambda u, v: u + (v - u) * _other("step", v - u),
        numeric=lambda xp, u, v: xp.function("maximum", u, v),
        numpy="np.maximum({0}, {1})",
        switch=_difference,
        joined=True,
        latex=r"\max",
        arity=2,
        samples=((0.3, 0.7), (-1.2, -2.0), (1.7, 0.2)),
        source="the derivative is 1 for the larger operand; at a tie the first one counts",
    )
)
register(
    Elementwise(
        "minimum",
        expression=lambda u, v: u + (v - u) * _other("step", u - v),
        numeric=lambda xp, u, v: xp.function("minimum", u, v),
        numpy="np.minimum({0}, {1})",
        switch=_difference,
        joined=True,
        latex=r"\min",
        arity=2,
        samples=((0.3, 0.7), (-1.2, -2.0), (1.7, 0.2)),
    )
)
register(
    Elementwise(
        "where",
        expression=lambda c, u, v: c * u + (1 - c) * v,
        numeric=lambda xp, c, u, v: np.where(c == 1, u, np.where(c == 0, v, c * u + (xp.number(1) - c) * v)),
        numpy="np.where({0}, {1}, {2})",
        switch=_truth,
        latex=r"\mathrm{where}",
        arity=3,
        samples=((1.0, 0.7, 2.0), (0.0, -2.0, 0.4)),
        source="the condition is 0 or 1",
    )
)
