r"""Special functions that SciPy computes: of Bessel, of Hurwitz, incomplete gamma functions; beta functions.

    I_0' = I_1                       I_v'(u) = (I_{v-1}(u) + I_{v+1}(u)) / 2        by u
    i0e = e^{-|u|} I_0(u)            B(u, v) = Gamma(u) Gamma(v) / Gamma(u + v)
    zeta(s, q)' = -s zeta(s + 1, q)  by q
    P(a, x)' = x^{a-1} e^{-x} / Gamma(a)      by x,   Q = 1 - P

By an order (v, s, a) there is no derivative that is a formula; an order that varies has to be declared constant.
"""

from __future__ import annotations

from math import inf
from typing import Any

from derive.errors import ModelError, UnsupportedError
from derive.ir import build
from derive.ir.node import Node, refs
from derive.ops.definitions import POSITIVE, SAMPLES, function, of, sympy
from derive.ops.record import by_name, register_builder

PAIRS = ((0.3, 0.7), (1.2, 2.5), (4.5, 0.9))
ORDERS = ((0.0, 0.7), (2.0, -1.2), (3.0, 2.5))


def _density(order: Any, u: Any) -> Any:
    """x^{a-1} e^{-x} / Gamma(a)."""
    return sympy().exp(of("xlogy", order - 1, u) - u - of("loggamma", order))


# ---------------------------------------------------------------------------------------- Bessel functions

function(
    "i0",
    expression=lambda u: of("i0", u),
    of_output=lambda _y, u: of("i1", u),
    numeric=lambda xp, u: xp.function("besseli", 0, u),
    numpy="special.i0({0})",
    range=(1.0, inf),
    samples=SAMPLES,
    source="the modified Bessel function of order 0",
)
function(
    "i1",
    expression=lambda u: of("i1", u),
    of_output=lambda _y, u: (of("i0", u) + of("iv", 2, u)) / 2,
    numeric=lambda xp, u: xp.function("besseli", 1, u),
    numpy="special.i1({0})",
    samples=SAMPLES,
    source="the modified Bessel function of order 1",
)
function(
    "iv",
    expression=lambda order, u: of("iv", order, u),
    partials=lambda _y, order, u: (None, (of("iv", order - 1, u) + of("iv", order + 1, u)) / 2),
    numeric=by_name("besseli"),
    numpy="special.iv({0}, {1})",
    arity=2,
    samples=ORDERS,
    source="the modified Bessel function of an order that is a whole number",
)
function(
    "i0e",
    expression=lambda u: sympy().exp(-of("abs", u)) * of("i0", u),
    of_output=lambda y, u: of("i1e", u) - of("sign", u) * y,
    numpy="special.i0e({0})",
    range=(0.0, 1.0),
    samples=SAMPLES,
)
function(
    "i1e",
    expression=lambda u: sympy().exp(-of("abs", u)) * of("i1", u),
    of_output=lambda y, u: (of("i0e", u) + of("ive", 2, u)) / 2 - of("sign", u) * y,
    numpy="special.i1e({0})",
    range=(-1.0, 1.0),
    samples=SAMPLES,
)
function(
    "ive",
    expression=lambda order, u: sympy().exp(-of("abs", u)) * of("iv", order, u),
    partials=lambda y, order, u: (
        None,
        (of("ive", order - 1, u) + of("ive", order + 1, u)) / 2 - of("sign", u) * y,
    ),
    numeric=by_name("ive"),
    numpy="special.ive({0}, {1})",
    switch=lambda _order, u: u,
    arity=2,
    samples=ORDERS,
)

# ------------------------------------------------------------------------------------- zeta, gamma and beta

function(
    "hurwitz",
    expression=lambda order, u: of("hurwitz", order, u),
    partials=lambda _y, order, u: (None, -order * of("hurwitz", order + 1, u)),
    numeric=by_name("zeta"),
    numpy="special.zeta({0}, {1})",
    arity=2,
    domain=POSITIVE,
    samples=((2.5, 0.3), (1.5, 2.0), (4.0, 1.2)),
    source="the zeta function, called zeta(s, q) in models; s is larger than 1",
)
function(
    "gammainc",
    expression=lambda order, u: of("gammainc", order, u),
    partials=lambda _y, order, u: (None, _density(order, u)),
    numeric=by_name("gammainc"),
    numpy="special.gammainc({0}, {1})",
    arity=2,
    domain=POSITIVE,
    range=(0.0, 1.0),
    samples=PAIRS,
    source="the regularised lower incomplete gamma function, as in SciPy",
)
function(
    "gammaincc",
    expression=lambda order, u: 1 - of("gammainc", order, u),
    partials=lambda _y, order, u: (None, -_density(order, u)),
    numeric=by_name("gammaincc"),
    numpy="special.gammaincc({0}, {1})",
    arity=2,
    domain=POSITIVE,
    range=(0.0, 1.0),
    samples=PAIRS,
    source="the regularised upper incomplete gamma function, as in SciPy",
)
function(
    "betaln",
    expression=lambda u, v: of("loggamma", u) + of("loggamma", v) - of("loggamma", u + v),
    numpy="special.betaln({0}, {1})",
    arity=2,
    samples=PAIRS,
)
function(
    "betafn",
    expression=lambda u, v: of("tgamma", u) * of("tgamma", v) / of("tgamma", u + v),
    partials=lambda y, u, v: (
        y * (of("digamma", u) - of("digamma", u + v)),
        y * (of("digamma", v) - of("digamma", u + v)),
    ),
    numpy="special.beta({0}, {1})",
    arity=2,
    range=(0.0, inf),
    samples=PAIRS,
    source="called beta in models, unless beta is an input",
)


# --------------------------------------------------------------------------------------- under their names


@register_builder("beta")
def _beta(x: Node, y: Node) -> Node:
    return build.call("betafn", x, y)


@register_builder("zeta")
def _zeta(s: Node, q: Node | None = None) -> Node:
    if q is None and refs(s):
        raise UnsupportedError("zeta(s) has no derivative by s that is a formula", hint="zeta(s, q) has one by q")
    return build.call("hurwitz", s, build.number(1) if q is None else q)


def _whole(number: int, least: int, what: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ModelError(f"{what} is a whole number from {least} on, not {number}")
    return number


@register_builder("polygamma")
def _polygamma(n: int, x: Node) -> Node:
    order = _whole(n, 0, "the order of a polygamma function")
    return build.call("digamma", x, orders=(order,))


@register_builder("mvlgamma", "multigammaln")
def _mvlgamma(x: Node, p: int) -> Node:
    r"""log Gamma_p(x) = p(p-1)/4 log pi + sum_j log Gamma(x - j/2), j = 0, ..., p - 1."""
    p = _whole(p, 1, "the dimension of a multivariate gamma function")
    terms = [build.call("loggamma", build.sub(x, build.div(build.number(j), build.number(2)))) for j in range(p)]
    if p == 1:
        return terms[0]
    quarters = build.div(build.number(p * (p - 1)), build.number(4))
    return build.add(build.mul(quarters, build.call("log", build.constant("pi"))), *terms)
