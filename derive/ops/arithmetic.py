r"""NumPy's and PyTorch's arithmetic of numbers: remainders, roundings, interpolation, roots, angles.

    remainder(u, v) = u - v floor(u / v)      fmod(u, v) = u - v trunc(u / v)      lerp(u, v, w) = u + w (v - u)
    hypot(u, v) = sqrt(u^2 + v^2)             ldexp(u, v) = u 2^v                  frac(u) = u - trunc(u)

A rounding has the slope 0 between its steps, so that a remainder has the slope 1 by u and -floor(u / v) by v.
"""

from __future__ import annotations

from derive.ir import build
from derive.ir.node import Node
from derive.ops.definitions import POSITIVE_SAMPLES, SAMPLES, function, of, sympy
from derive.ops.record import by_name, register_builder

PAIRS = ((0.3, 0.7), (-1.2, 0.25), (1.7, -0.9))
FLAT = "its derivative is 0 between the steps"

function(
    "round",
    expression=lambda u: of("round", u),
    of_output=lambda _y, _u: sympy().Integer(0),
    numeric=by_name("nint"),
    numpy="np.round({0})",
    countless=True,
    aliases=("rint", "around"),
    samples=SAMPLES,
    source=f"to the nearest whole number, halves to the even one; {FLAT}",
)
function(
    "trunc",
    expression=lambda u: of("sign", u) * of("floor", of("abs", u)),
    of_output=lambda _y, _u: sympy().Integer(0),
    numeric=by_name("trunc"),
    numpy="np.trunc({0})",
    countless=True,
    aliases=("fix",),
    samples=SAMPLES,
    source=f"towards 0; {FLAT}",
)
function(
    "frac",
    expression=lambda u: u - of("trunc", u),
    range=(-1.0, 1.0),
    samples=SAMPLES,
)
function(
    "remainder",
    expression=lambda u, v: u - v * of("floor", u / v),
    numpy="np.remainder({0}, {1})",
    arity=2,
    countless=True,
    aliases=("mod",),
    samples=PAIRS,
    source="the sign of v, as in NumPy",
)
function(
    "fmod",
    expression=lambda u, v: u - v * of("trunc", u / v),
    numpy="np.fmod({0}, {1})",
    arity=2,
    countless=True,
    samples=PAIRS,
    source="the sign of u, as in C",
)
function(
    "lerp",
    expression=lambda u, v, w: u + w * (v - u),
    arity=3,
    samples=((0.3, 0.7, 0.2), (-1.2, 0.25, 1.5)),
)
function(
    "ldexp",
    expression=lambda u, v: u * 2**v,
    arity=2,
    samples=PAIRS,
)
function(
    "rsqrt",
    expression=lambda u: 1 / sympy().sqrt(u),
    domain=(0.0, float("inf")),
    samples=POSITIVE_SAMPLES,
)
function(
    "radians",
    expression=lambda u: u * sympy().pi / 180,
    aliases=("deg2rad",),
    samples=SAMPLES,
)
function(
    "degrees",
    expression=lambda u: u * 180 / sympy().pi,
    aliases=("rad2deg",),
    samples=SAMPLES,
)


@register_builder("reciprocal")
def _reciprocal(x: Node) -> Node:
    return build.div(build.number(1), x)


@register_builder("hypot")
def _hypot(x: Node, y: Node) -> Node:
    return build.call("sqrt", build.add(build.power(x, 2), build.power(y, 2)))
