r"""Functions that only stable code calls: differences whose first terms cancel, and quotients of what overflows.

    log_ratio(d, q, p) = log(p) - log(q), where d = p - q is at hand    by d:  1/p,   by q:  -(d/q)/p
    exp_rest(u) = e^u - 1 - u                                           by u:  e^u - 1
    log_rest(u, p) = u - log(p), where p = 1 + u is at hand              by u:  u / p
    sin_rest(u) = u - sin(u)                                            by u:  2 sin(u/2)^2
    share(u, v) = u / (u + v) = s         by u:  share(v, u)/(u + v),   by v:  -s/(u + v)
    log_ndtr(u) = log Phi(u)              by u:  h = normal_ratio(u)
    normal_ratio(u) = Phi'(u)/Phi(u) = h  by u:  -h (u + h)

A rest g with g(0) = 0 is the integral of its slope g': near 0 it is u times the mean of g'(s u) over s from 0 to 1.
"""

from __future__ import annotations

from math import inf

from derive.ops.definitions import of, sympy
from derive.ops.elementwise import SAMPLES
from derive.ops.stable_functions import steady

steady(
    "log_ratio",
    expression=lambda d, q, _: sympy().log(q + d) - sympy().log(q),
    numeric=lambda xp, d, q, _: xp.function("log", 1 + d / q),
    numpy="log_ratio({0}, {1}, {2})",
    partials=lambda _, d, q, p: (1 / p, -d / q / p, sympy().Integer(0)),
    arity=3,
    samples=((0.3, 0.7, 1.0), (-0.2, 1.25, 1.05), (1.7, 0.9, 2.6)),
    source="the third operand is the sum of the others, at hand already; no derivative goes through it",
)

steady(
    "exp_rest",
    expression=lambda u: sympy().exp(u) - 1 - u,
    numeric=lambda xp, u: xp.function("exp", u) - 1 - u,
    numpy="integral({0}, np.expm1, np.expm1({0}) - {0})",
    partials=lambda _, u: (of("~expm1", u),),
    samples=SAMPLES,
)
steady(
    "log_rest",
    expression=lambda u, _: u - sympy().log(1 + u),
    numeric=lambda xp, u, _: u - xp.function("log", 1 + u),
    numpy="integral({0}, lambda t: t / (1 + t), {0} - np.log({1}))",
    partials=lambda _, u, p: (u / p, sympy().Integer(0)),
    arity=2,
    samples=((0.3, 1.3), (-0.6, 0.4), (1.7, 2.7)),
    source="the second operand is 1 + the first, at hand already; no derivative goes through it",
)
steady(
    "sin_rest",
    expression=lambda u: u - sympy().sin(u),
    numeric=lambda xp, u: u - xp.function("sin", u),
    numpy="integral({0}, lambda t: 2 * np.sin(t / 2)**2, {0} - np.sin({0}))",
    partials=lambda _, u: (2 * sympy().sin(u / 2) ** 2,),
    samples=SAMPLES,
)

# ------------------------------------------------------------------------------------------------ quotients

steady(
    "share",
    expression=lambda u, v: u / (u + v),
    numeric=lambda _, u, v: u / (u + v),
    numpy="{0} / ({0} + {1})",
    partials=lambda y, u, v: (of("~share", v, u) / (u + v), -y / (u + v)),
    arity=2,
    samples=((0.3, 0.7), (1.2, 0.25), (1.7, 0.9)),
)
steady(
    "log_ndtr",
    expression=lambda u: sympy().log(of("ndtr", u)),
    numpy="log_ndtr({0})",
    partials=lambda _, u: (of("~normal_ratio", u),),
    range=(-inf, 0.0),
    samples=SAMPLES,
)
steady(
    "normal_ratio",
    expression=lambda u: sympy().sqrt(2) / (sympy().sqrt(sympy().pi) * of("erfcx", -u / sympy().sqrt(2))),
    numpy="(2 / np.pi)**0.5 / erfcx(-(0.5**0.5) * {0})",
    partials=lambda h, u: (-h * (u + h),),
    range=(0.0, inf),
    samples=SAMPLES,
)
