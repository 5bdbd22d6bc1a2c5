r"""Functions that only stable code calls: what a textbook writes as a difference, a quotient 0/0 or a root of squares.

    log1p(u) = log(1 + u)      expm1(u) = e^u - 1      log1mexp(u) = log(1 - e^u)
    hypot(u, v) = sqrt(u^2 + v^2)                      by u:  leg(u, v, hypot)
    leg(u, v, h) = over(u, h), where h = hypot(u, v)   by u:  over(leg(v, u, h)^2, h)
    over(u, v) = u / v, but 0 where v = 0              by u:  over(1, v),   by v:  -over(over(u, v), v)
    norm(x)                                            by x:  over(x, norm), so 0 at 0
    log_mixture(u, y) = log(y sigma(u) + (1 - y) sigma(-u))         by u:  mixture_ratio r
    mixture_ratio(u, y) = (2 y - 1) sigma(u) sigma(-u) / mixture    by u:  -r b, b = mixture_bend
    mixture_bend(u, y) = (y sigma(u)^2 - (1 - y) sigma(-u)^2) / mixture    by u:  2 sigma(u) sigma(-u) - r b

Their names begin with a tilde, so that a model may declare a function `over` of its own.

A quotient g(u) / u with g(0) = 0 is the mean of g'(s u) over s from 0 to 1, its n-th derivative that of
s^n g^{(n+1)}(s u): so are (e^u - 1)/u, log(1 + u)/u and sin(u)/u with their derivatives, which all are regular at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any, cast

import numpy as np

from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import size_of
from derive.ops.elementwise import POSITIVE, POSITIVE_SAMPLES, SAMPLES
from derive.ops.record import Array, Backend, Elementwise, Tensor, register

NEGATIVE_SAMPLES = ((-0.3,), (-1.2,), (-4.5,))
PAIRS = ((0.3, 0.7), (-1.2, 0.25), (1.7, 0.9))
MOST_DERIVATIVES = 3  # of a quotient: what a Hessian times a vector needs, and one more


def _sympy() -> Any:
    import sympy  # start-up time: models that are only listed never need it

    return sympy


def _call(name: str, *args: Any) -> Any:
    from derive.ops.sympy_bridge import formal_function

    return formal_function(name)(*args)


def steady(name: str, **fields: Any) -> None:
    fields.setdefault("latex", rf"\mathrm{{{name.replace('_', '-')}}}")
    register(Elementwise(f"~{name}", steady=True, **fields))


# -------------------------------------------------------------------------------------------- differences

steady(
    "log1p",
    expression=lambda u: _sympy().log(1 + u),
    numeric=lambda xp, u: xp.function("log1p", u),
    numpy="np.log1p({0})",
    domain=(-1.0, float("inf")),
    samples=POSITIVE_SAMPLES,
)
steady(
    "expm1",
    expression=lambda u: _sympy().exp(u) - 1,
    numeric=lambda xp, u: xp.function("expm1", u),
    numpy="np.expm1({0})",
    range=(-1.0, float("inf")),
    samples=SAMPLES,
)
steady(
    "log1mexp",
    expression=lambda u: _sympy().log(1 - _sympy().exp(u)),
    numeric=lambda xp, u: xp.function("log", -xp.function("expm1", u)),
    numpy="log1mexp({0})",
    domain=(-float("inf"), 0.0),
    range=(-float("inf"), 0.0),
    samples=NEGATIVE_SAMPLES,
)
steady(
    "sech",
    expression=lambda u: 2 / (_sympy().exp(u) + _sympy().exp(-u)),
    numeric=lambda xp, u: 2 / (xp.function("exp", u) + xp.function("exp", -u)),
    numpy="sech({0})",
    partials=lambda y, u: (-y * _call("tanh", u),),
    range=(0.0, 1.0),
    samples=SAMPLES,
)

steady(
    "sinh",
    expression=lambda u: (_sympy().exp(u) - _sympy().exp(-u)) / 2,
    numeric=lambda xp, u: (xp.function("exp", u) - xp.function("exp", -u)) / 2,
    numpy="np.sinh({0})",
    samples=SAMPLES,
)
steady(
    "log_cosh",
    expression=lambda u: _sympy().log((_sympy().exp(u) + _sympy().exp(-u)) / 2),
    numeric=lambda xp, u: xp.function("log", (xp.function("exp", u) + xp.function("exp", -u)) / 2),
    numpy="log_cosh({0})",
    partials=lambda _, u: (_call("tanh", u),),
    range=POSITIVE,
    samples=SAMPLES,
)

# -------------------------------------------------------------------------------------- roots of squares

steady(
    "over",
    expression=lambda u, v: u / v,
    numeric=lambda _, u, v: u / v,
    numpy="over({0}, {1})",
    partials=lambda _, u, v: (_call("~over", 1, v), -_call("~over", _call("~over", u, v), v)),
    arity=2,
    samples=PAIRS,
    source="0 where the second operand is 0: the subgradient of least norm of a norm at 0",
)
steady(
    "hypot",
    expression=lambda u, v: _sympy().sqrt(u**2 + v**2),
    numeric=lambda xp, u, v: xp.function("sqrt", u * u + v * v),
    numpy="hypot({0}, {1})",
    partials=lambda y, u, v: (_call("~leg", u, v, y), _call("~leg", v, u, y)),
    arity=2,
    range=POSITIVE,
    samples=PAIRS,
)
steady(
    "leg",
    expression=lambda u, v, _: u / _sympy().sqrt(u**2 + v**2),
    numeric=lambda xp, u, v, _: u / xp.function("sqrt", u * u + v * v),
    numpy="over({0}, {2})",
    partials=lambda _, u, v, h: (
        _call("~over", _call("~leg", v, u, h) ** 2, h),
        -_call("~over", _call("~leg", u, v, h) * _call("~leg", v, u, h), h),
        _sympy().Integer(0),
    ),
    arity=3,
    range=(-1.0, 1.0),
    samples=((0.6, 0.8, 1.0), (-1.2, 0.5, 1.3), (0.3, -0.4, 0.5)),
    source="the third operand is the hypotenuse of the others, at hand already; no derivative goes through it",
)


def norm(x: Node, axes: Sequence[int]) -> Node:
    """The root of the sum of squares over `axes`, which are gone."""
    return Node("norm", (x,), tuple(axes), build.reduced_shape(x, axes))


def spread(node: Node, total: Node) -> Node:
    """A norm, or what has its shape, repeated along the axes that it was taken over."""
    (a,) = node.args
    rank = len(a.shape)
    kept = tuple(k for k in range(rank) if k not in cast(tuple[int, ...], node.attribute))
    return build.contract([kept], tuple(range(rank)), [total], a.shape)


def _norm_definition(node: Node) -> Node:
    return build.call("sqrt", build.sum_over(build.power(node.args[0], 2), cast(tuple[int, ...], node.attribute)))


def _norm_vjp(node: Node, g: Node) -> tuple[Node]:
    return (build.mul(spread(node, g), build.call("~over", node.args[0], spread(node, node))),)


def _norm_numeric(node: Node, args: list[Array], xp: Backend) -> Array:
    return np.asarray(xp.function("sqrt", (args[0] * args[0]).sum(axis=node.attribute)))


def _axis(node: Node) -> str:
    axes = cast(tuple[int, ...], node.attribute)
    if len(axes) == len(node.args[0].shape):
        return ""
    return f", axis={axes[0] if len(axes) == 1 else axes}"


def _sample(axes: Sequence[int]) -> Callable[[], Node]:
    return lambda: norm(build.ref("x", (size_of("m"), size_of("k"))), axes)


register(
    Tensor(
        "norm",
        vjp=_norm_vjp,
        definition=_norm_definition,
        numeric=_norm_numeric,
        numpy=lambda node, names: f"norm({names[0]}{_axis(node)})",
        range=POSITIVE,
        latex=r"\mathrm{norm}",
        samples=(_sample((0, 1)), _sample((1,)), _sample((0,))),
    )
)

# ---------------------------------------------------------------------------------------------- mixtures


def _logistic(xp: Any, u: Any) -> Any:
    return 1 / (1 + xp.function("exp", -u))


def _mixture(u: Any, y: Any) -> Any:
    up = _sympy().exp(u)
    return (y * up + 1 - y) / (1 + up)


def _slope(u: Any) -> Any:
    """sigma(u) sigma(-u)."""
    return _sympy().exp(u) / (1 + _sympy().exp(u)) ** 2


steady(
    "log_mixture",
    expression=lambda u, y: _sympy().log(_mixture(u, y)),
    numeric=lambda xp, u, y: xp.function("log", y * _logistic(xp, u) + (1 - y) * _logistic(xp, -u)),
    numpy="log_mixture({0}, {1})",
    partials=lambda _, u, y: (_call("~mixture_ratio", u, y), _call("tanh", u / 2) / _mixture(u, y)),
    arity=2,
    samples=PAIRS,
)
steady(
    "mixture_ratio",
    expression=lambda u, y: (2 * y - 1) * _slope(u) / _mixture(u, y),
    numeric=lambda xp, u, y: (
        (2 * y - 1) * _logistic(xp, u) * _logistic(xp, -u) / (y * _logistic(xp, u) + (1 - y) * _logistic(xp, -u))
    ),
    numpy="mixture_ratio({0}, {1})",
    partials=lambda r, u, y: (-r * _call("~mixture_bend", u, y), _slope(u) / _mixture(u, y) ** 2),
    arity=2,
    samples=PAIRS,
)
steady(
    "mixture_bend",
    expression=lambda u, y: (y * _sympy().exp(2 * u) - 1 + y) / (1 + _sympy().exp(u)) ** 2 / _mixture(u, y),
    numeric=lambda xp, u, y: (
        (y * _logistic(xp, u) ** 2 - (1 - y) * _logistic(xp, -u) ** 2)
        / (y * _logistic(xp, u) + (1 - y) * _logistic(xp, -u))
    ),
    numpy="mixture_bend({0}, {1})",
    partials=lambda b, u, y: (
        2 * _call("sigmoid", u) * _call("sigmoid", -u) - _call("~mixture_ratio", u, y) * b,
        _slope(u) / _mixture(u, y) ** 2,
    ),
    arity=2,
    samples=PAIRS,
)

# ------------------------------------------------------------------------------------ quotients 0/0 at 0

_FOURTH = " * np.tanh(t) * (16 - 24 * np.tanh(t)**2)"
QUOTIENTS: dict[str, tuple[Callable[[Any], Any], str, Callable[[int], str]]] = {
    "expm1_over": (lambda u: _sympy().exp(u) - 1, "np.expm1", lambda _: "np.exp"),
    "log1p_over": (
        lambda u: _sympy().log(1 + u),
        "np.log1p",
        lambda n: f"lambda t: {_factorial(n)} / (1 + t){f'**{n}' if n > 1 else ''}",
    ),
    "sin_over": (
        lambda u: _sympy().sin(u),
        "np.sin",
        lambda n: ("np.sin", "np.cos", "lambda t: -np.sin(t)", "lambda t: -np.cos(t)")[n % 4],
    ),
    "tanh_over": (
        lambda u: _sympy().tanh(u),
        "np.tanh",
        lambda n: (
            "lambda t: (1 - np.tanh(t)**2)" + ("", " * -2 * np.tanh(t)", " * (6 * np.tanh(t)**2 - 2)", _FOURTH)[n - 1]
        ),
    ),
}


def _factorial(n: int) -> int:
    """The n-th derivative of log(1 + t) is this, over (1 + t)^n."""
    return factorial(n - 1) * (1 if n % 2 else -1)


def _quotient(family: str, order: int) -> None:
    numerator, g, source = QUOTIENTS[family]

    def expression(u: Any) -> Any:
        return _sympy().diff(numerator(u) / u, u, order)

    def numeric(xp: Any, u: Any) -> Any:
        # u f = g, so u f' + f = g', u f'' + 2 f' = g'', ...
        e, sin, cos, tanh = (xp.function(name, u) for name in ("exp", "sin", "cos", "tanh"))
        slope = 1 - tanh**2
        found: Any = None
        for n in range(order + 1):
            if family == "expm1_over":
                top = e - (n == 0)
            elif family == "sin_over":
                top = (sin, cos, -sin, -cos)[n % 4]
            elif family == "tanh_over":
                top = (tanh, slope, -2 * tanh * slope, slope * (6 * tanh**2 - 2))[n]
            else:
                top = _factorial(n) / (1 + u) ** n if n else xp.function("log", 1 + u)
            found = (top - (n * found if n else 0)) / u
        return found

    slopes = ", ".join([g, *(source(n) for n in range(1, order + 2))])
    following = f"~{family}_{order + 1}"
    steady(
        f"{family}_{order}" if order else family,
        expression=expression,
        numeric=numeric,
        numpy=f"mean_slope({{0}}, {slopes})",
        partials=(lambda _, u: (_call(following, u),)) if order < MOST_DERIVATIVES else None,
        domain=(-1.0, float("inf")) if family == "log1p_over" else (-float("inf"), float("inf")),
        samples=POSITIVE_SAMPLES if family == "log1p_over" else SAMPLES,
    )


for _family in QUOTIENTS:
    for _order in range(MOST_DERIVATIVES + 1):
        _quotient(_family, _order)
