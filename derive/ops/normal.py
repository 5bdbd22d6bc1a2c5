r"""Error functions, the normal distribution, logarithms of sums and products: forms that neither overflow nor cancel.

ndtr(u) = erfc(-u / sqrt 2) / 2              ndtr' = exp(-u^2 / 2) / sqrt(2 pi)
log_ndtr(u) = log ndtr(u)                    log_ndtr' = sqrt(2 / pi) / erfcx(-u / sqrt 2)
erfcx(u) = e^{u^2} erfc u                    erfcx' = 2 u erfcx - 2 / sqrt(pi)
logaddexp(u, v) = log(e^u + e^v)             by u: sigma(u - v)
logit(u) = log u - log(1 - u)                logit' = 1 / (u (1 - u))
xlogy(u, v) = u log v, 0 where u is 0        by u: log v,  by v: u / v
"""

from __future__ import annotations

from math import inf

from derive.ops.definitions import POSITIVE_SAMPLES, SAMPLES, function, of, sympy
from derive.ops.record import by_name

UNIT = (0.0, 1.0)
UNIT_SAMPLES = ((0.3,), (0.05,), (0.9,))
PAIRS = ((0.3, 0.7), (-1.2, 0.25), (1.7, 0.9))

# ---------------------------------------------------------------------------------------- error functions

function(
    "erfcx",
    expression=lambda u: sympy().exp(u**2) * of("erfc", u),
    of_output=lambda y, u: 2 * u * y - 2 / sympy().sqrt(sympy().pi),
    numpy="erfcx({0})",
    range=(0.0, inf),
    samples=SAMPLES,
)
function(
    "ndtr",
    expression=lambda u: of("erfc", -u / sympy().sqrt(2)) / 2,
    range=UNIT,
    aliases=("norm_cdf", "normal_cdf"),
    samples=SAMPLES,
    source="the distribution function of a standard normal variable",
)
function(
    "log_ndtr",
    expression=lambda u: sympy().log(of("ndtr", u)),
    of_output=lambda _y, u: sympy().sqrt(2) / (sympy().sqrt(sympy().pi) * of("erfcx", -u / sympy().sqrt(2))),
    numpy="log_ndtr({0})",
    range=(-inf, 0.0),
    aliases=("norm_logcdf",),
    samples=SAMPLES,
)
function(
    "ndtri",
    expression=lambda u: sympy().sqrt(2) * of("erfinv", 2 * u - 1),
    of_output=lambda y, _u: sympy().sqrt(2 * sympy().pi) * sympy().exp(y**2 / 2),
    numeric=by_name("ndtri"),
    numpy="ndtri({0})",
    domain=UNIT,
    aliases=("norm_ppf", "probit"),
    samples=UNIT_SAMPLES,
    source="the inverse of ndtr",
)
function(
    "erfcinv",
    expression=lambda u: -of("ndtri", u / 2) / sympy().sqrt(2),
    samples=((0.3,), (0.05,), (1.6,)),
)

# ---------------------------------------------------------------------- logarithms of sums and of products

function(
    "logaddexp",
    expression=lambda u, v: sympy().log(sympy().exp(u) + sympy().exp(v)),
    partials=lambda _y, u, v: (of("sigmoid", u - v), of("sigmoid", v - u)),
    numpy="np.logaddexp({0}, {1})",
    arity=2,
    samples=PAIRS,
)
function(
    "logaddexp2",
    expression=lambda u, v: of("logaddexp", u * sympy().log(2), v * sympy().log(2)) / sympy().log(2),
    arity=2,
    samples=PAIRS,
)
function(
    "logit",
    expression=lambda u: sympy().log(u) - sympy().log(1 - u),
    of_output=lambda _y, u: 1 / (u * (1 - u)),
    numpy="logit({0})",
    domain=UNIT,
    samples=UNIT_SAMPLES,
)
function(
    "xlogy",
    expression=lambda u, v: u * sympy().log(v),
    numpy="xlogy({0}, {1})",
    arity=2,
    samples=((0.3, 0.7), (-1.2, 2.5), (0.0, 0.9)),
    source="0 where u is 0, also at v = 0",
)
function(
    "xlog1py",
    expression=lambda u, v: u * sympy().log(1 + v),
    numpy="xlog1py({0}, {1})",
    arity=2,
    samples=((0.3, 0.7), (-1.2, 2.5), (0.0, -0.9)),
    source="0 where u is 0, also at v = -1",
)
function(
    "entr",
    expression=lambda u: -of("xlogy", u, u),
    of_output=lambda _y, u: -1 - sympy().log(u),
    domain=(0.0, inf),
    samples=POSITIVE_SAMPLES,
    source="the summand of an entropy; 0 at 0",
)
function(
    "rel_entr",
    expression=lambda u, v: of("xlogy", u, u / v),
    partials=lambda _y, u, v: (sympy().log(u / v) + 1, -u / v),
    numpy="xlogy({0}, {0} / {1})",
    arity=2,
    samples=((0.3, 0.7), (1.2, 0.25), (1.7, 0.9)),
    source="the summand of a relative entropy",
)
function(
    "kl_div",
    expression=lambda u, v: of("rel_entr", u, v) - u + v,
    arity=2,
    samples=((0.3, 0.7), (1.2, 0.25), (1.7, 0.9)),
    source="SciPy's: its sum over two distributions is that of rel_entr",
)
