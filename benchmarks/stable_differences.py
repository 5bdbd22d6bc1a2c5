r"""Further forms at extreme points: differences of one function at two arguments, and quotients of what overflows.

As in `benchmarks.stable_forms`; the formula may be written another way, which is equal to it.
"""

from __future__ import annotations

from benchmarks.stable_forms import SMALL, Form, V, X, at, each

POSITIVE = "x : scalar, positive"
PAIR = "a : scalar\nb : scalar"
SCORES = "x : (n,)\nc : (n,), constant"
WIDE = each(1e-3, 0.7, 1e5, 1e9)
LARGE = (at(800.0, 799.0), at(-800.0, -801.0), at(0.7, 0.2))
POOLED = (at([800.0, 0.0], [1.0, 2.0]), at([-800.0, -801.0], [1.0, 2.0]), at([0.5, 0.25], [1.0, 2.0]))

DIFFERENCES: tuple[Form, ...] = (
    # ------------------------------------------------------------------------------------ differences
    Form("log(x + 1) - log(x)", POSITIVE, "L = log(x + 1) - log(x)", lambda f, x: f.log(x + 1) - f.log(x), WIDE),
    Form("log of a quotient near 1", POSITIVE, "r = (x + 1)/x\nL = log(r)", lambda f, x: f.log(x + 1) - f.log(x), WIDE),
    Form(
        "log of a share near 1",
        "a : scalar, positive\nb : scalar, positive",
        "L = -log(a/(a + b))*2",
        lambda f, a, b: -2 * f.log(a / (a + b)),
        (at(1e9, 1.0), at(1.0, 1e-20), at(0.7, 0.2)),
    ),
    Form(
        "area of hyperbolic tangent by logarithms",
        X,
        "L = log(1 + x)/2 - log(1 - x)/2",
        lambda f, x: (f.log(1 + x) - f.log(1 - x)) / 2,
        (*SMALL[:2], *SMALL[3:]),
    ),
    Form("1/x - 1/(x + 1)", POSITIVE, "L = 1/x - 1/(x + 1)", lambda _, x: 1 / x - 1 / (x + 1), WIDE[:3]),
    Form(
        "differences beside other terms",
        POSITIVE,
        "u = sqrt(x + 1)\nL = 3*u + 1/x - 3*sqrt(x) - 1/(x + 2)",
        lambda f, x: 3 * (f.sqrt(x + 1) - f.sqrt(x)) + 1 / x - 1 / (x + 2),
        WIDE,
    ),
    Form(
        "sqrt(x^2 + 1) - x", X, "L = sqrt(x**2 + 1) - x", lambda f, x: f.sqrt(x**2 + 1) - x, (*WIDE, *each(-1e8, 0.0))
    ),
    Form(
        "x - sqrt(x^2 - 1)", POSITIVE, "L = x - sqrt(x*x - 1)", lambda f, x: x - f.sqrt(x**2 - 1), each(1.5, 1e5, 1e8)
    ),
    Form(
        "root of a quadratic equation",
        PAIR,
        "L = (sqrt(b**2 - 4*a) - b)/2",
        lambda f, a, b: (f.sqrt(b**2 - 4 * a) - b) / 2,
        (at(1.0, 1e8), at(1.0, 3.0), at(-1.0, -3.0)),
    ),
    Form(
        "1 - x/sqrt(1 + x^2)",
        X,
        "L = 1 - x/sqrt(1 + x**2)",
        lambda f, x: 1 - x / f.sqrt(1 + x**2),
        (*WIDE, *each(0.0, -2.0)),
    ),
    # ----------------------------------------------------------------------------------- rests of series
    Form("exp(x) - 1 - x", X, "L = exp(x) - 1 - x", lambda f, x: f.exp(x) - 1 - x, each(-1e-9, 1e-5, 0.7, -40.0)),
    Form(
        "estimator of a divergence",
        POSITIVE,
        "L = x - 1 - log(x)",
        lambda f, x: x - 1 - f.log(x),
        each(1 + 1e-9, 1 + 1e-5, 1e-20, 40.0, orders=1),
    ),
    Form("x - sin(x)", X, "L = x - sin(x)", lambda f, x: x - f.sin(x), each(1e-9, 1e-5, 0.7, 40.0)),
    Form("tanh(x)/x", X, "L = tanh(x)/x", lambda f, x: f.tanh(x) / x, (*SMALL, *each(40.0, 800.0))),
    # ---------------------------------------------------------------------------------------- quotients
    Form("exp(a)/exp(b)", PAIR, "L = a*exp(a)/exp(b)", lambda f, a, b: a * f.exp(a - b), LARGE),
    Form("exp(a) exp(-b)", PAIR, "L = exp(a)*exp(-b)", lambda f, a, b: f.exp(a - b), LARGE),
    Form(
        "exp(a)/(2 + exp(b))",
        PAIR,
        "L = exp(a)/(2 + exp(b))",
        lambda f, a, b: f.exp(a) / (2 + f.exp(b)),
        (at(800.0, 801.0), at(-800.0, 2.0), at(0.7, 0.2)),
    ),
    Form(
        "a/(2 + exp(b))",
        PAIR,
        "L = a/(2 + exp(b))",
        lambda f, a, b: a / (2 + f.exp(b)),
        (at(800.0, 801.0), at(800.0, -800.0), at(0.7, 0.2)),
    ),
    Form(
        "softmax with a sink",
        SCORES,
        "e = exp(x)\nL = sum(c*e/(1 + sum(e)))",
        lambda f, x, c: f.sum(c * f.exp(x) / (1 + f.sum(f.exp(x)))),
        (at([800.0, -800.0], [1.0, 2.0]), at([-800.0, -40.0], [1.0, 2.0]), at([0.5, -0.5], [1.0, 2.0])),
    ),
    Form(
        "weighted mean by exponentials",
        SCORES,
        "L = (exp(x) @ c)/sum(exp(x))",
        lambda f, x, c: f.sum(f.softmax(x) * c),
        POOLED,
        absolute=4,
    ),
    Form(
        "logarithms of roots",
        POSITIVE,
        "L = log(sqrt(x + 1)) - log(sqrt(x))",
        lambda f, x: (f.log(x + 1) - f.log(x)) / 2,
        WIDE[:3],
    ),
    Form(
        "attention by exponentials",
        "S : (2, 2)\nV : (2, 2), constant",
        "e = exp(S)\nL = sum((e @ V)/sum(e, axis=1, keepdims=True))",
        lambda f, s, v: sum(f.sum(f.softmax(s[i]) * v[:, k]) for i in range(2) for k in range(2)),
        (
            at([[800.0, 0.0], [1.0, 2.0]], [[1.0, 2.0], [3.0, 5.0]]),
            at([[-800.0, -801.0], [1.0, 2.0]], [[1.0, 2.0], [3.0, 5.0]]),
        ),
        absolute=16,
    ),
    Form(
        "Hill function",
        "x : scalar, positive\nk : scalar",
        "L = x**k/(1 + x**k)",
        lambda _, x, k: x**k / (1 + x**k),
        (at(1e3, 200.0), at(1e-3, 200.0), at(0.7, 2.0)),
        factor=64,
    ),
    Form(
        "x^2/(1 + x^2)",
        V,
        "L = sum(x**2/(1 + x**2))",
        lambda f, x: f.sum(x**2 / (1 + x**2)),
        (at([1e5, 0.0]), at([1e-9, 0.7])),
    ),
    # --------------------------------------------------------------------------------------- logarithms
    Form(
        "log of 1 + a sum of exponentials",
        "x : (n,)",
        "L = log(1 + sum(exp(x)))",
        lambda f, x: f.log(1 + f.sum(f.exp(x))),
        (at([800.0, 0.0]), at([-800.0, -40.0]), at([0.5, -0.5])),
    ),
    Form(
        "log-sum-exp less a term",
        PAIR,
        "l = log(exp(a) + exp(b))\nL = l - a",
        lambda f, a, b: f.log(1 + f.exp(b - a)),
        (at(800.0, 799.0), at(-800.0, 2.0), at(40.0, 0.0)),
    ),
    Form(
        "log of a mean of sigmoids",
        V,
        "L = log(mean(sigmoid(x)))",
        lambda f, x: f.log(f.sum(f.sigmoid(x)) / 2),
        (at([-800.0, -801.0]), at([40.0, -3.0])),
        absolute=4,
    ),
    Form(
        "log of what a softplus leaves",
        X,
        "L = log(1 - exp(-log(1 + exp(x))))",
        lambda f, x: f.log(f.exp(x) / (1 + f.exp(x))),
        each(-800.0, 0.7, 40.0, 800.0),
    ),
    Form(
        "probit",
        X,
        "p = (1 + erf(x/sqrt(2)))/2\nL = -log(p)",
        lambda f, x: -f.log((1 + f.erf(x / f.sqrt(2))) / 2),
        each(-40.0, 0.7, 9.0, -6.0),
    ),
    Form(
        "log of a tail",
        X,
        "L = log(1 - erf(x))",
        lambda f, x: f.log(1 - f.erf(x)),
        each(-40.0, 0.7, 20.0, 30.0),
        absolute=4,
    ),
)
