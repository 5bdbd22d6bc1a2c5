r"""Further forms at extreme points: compositions of the textbook ones, and other spellings of them.

As in `benchmarks.stable_forms`; the formula of a spelling may be written another way, which is equal to it.
"""

from __future__ import annotations

from math import inf, log
from typing import Any

from benchmarks.stable_forms import SMALL, Form, V, X, at, each

SAMPLE = "z : scalar\ny : scalar, constant"
SCORES = "x : (n,)\nc : (n,), constant"
PAIR = "a : scalar\nb : scalar"
VECTORS = "a : (n,)\nb : (n,)"
SATURATED = (at(-800.0, 0.0), at(-800.0, 1.0), at(40.0, 0.0), at(0.7, 1.0))
ENDS = each(-800.0, -1e-20, 0.7, 40.0)
FAR_FROM_ZERO = (at([4096.0, 4097.0, 4099.0]), at([5e6, 5e6 + 1, 5e6 + 3], single=False))


def _bernoulli(f: Any, z: Any, y: Any) -> Any:
    return -y * f.log(f.sigmoid(z)) - (1 - y) * f.log(1 - f.sigmoid(z))


def _cosine(f: Any, a: Any, b: Any) -> Any:
    return f.sum(a * b) / (f.norm(a) * f.norm(b))


def _variance(f: Any, x: Any) -> Any:
    return f.sum((x - f.sum(x) / 3) ** 2) / 3


def _bernoullis(*lines: str) -> Form:
    """A spelling of the cross entropy of a sigmoid."""
    return Form("; ".join(lines), SAMPLE, "\n".join(lines), _bernoulli, SATURATED, absolute=4)


NO_ZEROS = at([0.0, 1.0], [0.5, 0.5], value=log(2), slopes={"q": [0, -2]}, orders=1)  # of p log(p/q), with 0 log 0 = 0

COMPOSITIONS: tuple[Form, ...] = (
    # -------------------------------------------------------------------- spellings of a cross entropy
    _bernoullis("p = sigmoid(z)", "q = 1 - p", "L = -y*log(p) - (1 - y)*log(q)"),
    _bernoullis("p = exp(z)/(1 + exp(z))", "L = -(y*log(p) + (1 - y)*log(1 - p))"),
    _bernoullis("p = (1 + tanh(z/2))/2", "L = -y*log(p) - (1 - y)*log(1 - p)"),
    _bernoullis("p = 1/2 + tanh(z/2)/2", "L = -y*log(p) - (1 - y)*log(1 - p)"),
    _bernoullis("p = sigmoid(z)", "L = bce(p, y)"),
    _bernoullis("p = sigmoid(z)", "L = -where(y > 0, log(p), log(1 - p))"),
    Form(
        "mean cross entropy of samples",
        "z : (n,)\ny : (n,), constant",
        "p = 1/(1 + exp(-z))\nL = mean(-y*log(p) - (1 - y)*log(1 - p))",
        lambda f, z, y: f.sum(_bernoulli(f, z, y)) / 2,
        (at([800.0, -800.0], [0.0, 1.0]), at([36.0, 0.7], [0.25, 0.5])),
        absolute=4,
    ),
    Form(
        "focal loss in two terms",
        SAMPLE,
        "p = sigmoid(z)\nL = -y*(1 - p)**2*log(p) - (1 - y)*p**2*log(1 - p)",
        lambda f, z, y: (
            -y * (1 - f.sigmoid(z)) ** 2 * f.log(f.sigmoid(z)) - (1 - y) * f.sigmoid(z) ** 2 * f.log(1 - f.sigmoid(z))
        ),
        SATURATED,
        absolute=4,
    ),
    Form(
        "sigmoid log sigmoid", X, "a = sigmoid(x)\nL = a*log(a)", lambda f, x: f.sigmoid(x) * f.log(f.sigmoid(x)), ENDS
    ),
    Form(
        "entropy of a sigmoid",
        X,
        "p = sigmoid(x)\nL = -p*log(p) - (1 - p)*log(1 - p)",
        lambda f, x: -f.sigmoid(x) * f.log(f.sigmoid(x)) - (1 - f.sigmoid(x)) * f.log(1 - f.sigmoid(x)),
        ENDS,
        absolute=4,
    ),
    Form(
        "logit of a sigmoid",
        X,
        "p = sigmoid(x)\nL = log(p/(1 - p))",
        lambda f, x: f.log(f.sigmoid(x) / (1 - f.sigmoid(x))),
        ENDS,
        absolute=4,
    ),
    # ------------------------------------------------------------------------------------ exponentials
    Form("1 + exp(x) exp(-2x)", X, "L = log(1 + exp(x)*exp(-2*x))", lambda f, x: f.log(1 + f.exp(-x)), ENDS),
    Form(
        "softplus differences",
        PAIR,
        "L = log(1 + exp(a)) - log(1 + exp(b))",
        lambda f, a, b: f.log(1 + f.exp(a)) - f.log(1 + f.exp(b)),
        (at(800.0, -800.0), at(-800.0, -801.0), at(1e-9, 0.0)),
        absolute=4,
    ),
    Form(
        "inverse of softplus",
        X,
        "L = x + log(1 - exp(-x))",
        lambda f, x: x + f.log(1 - f.exp(-x)),
        each(1e-12, 0.7, 40.0, 800.0),
        absolute=4,
    ),
    Form(
        "log sinh less x",
        X,
        "L = log(exp(x) - exp(-x)) - x",
        lambda f, x: f.log(f.exp(x) - f.exp(-x)) - x,
        each(1e-5, 0.7, 800.0),
        absolute=4,
    ),
    Form("(exp(x) - 1)(exp(x) + 1)", X, "L = (exp(x) - 1)*(exp(x) + 1)", lambda f, x: f.exp(2 * x) - 1, SMALL[:3]),
    Form(
        "density of a Gaussian",
        "x : scalar, constant\nm : scalar\ns : scalar, positive",
        "L = log(exp(-(x - m)**2/(2*s**2))/(s*sqrt(2*pi)))",
        lambda f, x, m, s: -(((x - m) / s) ** 2) / 2 - f.log(s * f.sqrt(2 * f.pi)),
        (at(64.0, 0.5, 1.0), at(1.0, 0.5, 0.25)),
        absolute=4,
    ),
    Form(
        "log softmax of huge scores",
        SCORES,
        "L = sum(c*log_softmax(x))",
        lambda f, x, c: f.sum(c * f.log(f.softmax(x))),
        (at([800.0, 0.0, -800.0], [1.0, 0.5, 0.25]), at([-800.0, -800.0], [1.0, 0.5])),
        absolute=4,
    ),
    Form(
        "log of 1 - softmax",
        SCORES,
        "p = softmax(x)\nL = sum(c*log(1 - p))",
        lambda f, x, c: f.sum(c * f.log(1 - f.softmax(x))),
        (
            at([40.0, 0.0, -40.0], [1.0, 0.5, 0.25]),
            at([0.5, 0.25, 1.0], [1.0, 1.0, 1.0]),
            at([800.0, 0.0, 1.0], [0.5, 1.0, 0.5]),
        ),
        absolute=4,
    ),
    Form(
        "log softmax by hand",
        SCORES,
        "m = max(x)\ns = sum(exp(x - m))\nL = sum(c*(x - m - log(s)))",
        lambda f, x, c: f.sum(c * f.log(f.softmax(x))),
        (at([800.0, 0.0, -800.0], [1.0, 0.5, 0.25]),),
        absolute=4,
    ),
    Form(
        "attention by hand",
        SCORES,
        "e = exp(x - max(x))\na = e/sum(e)\nL = sum(a*c)",
        lambda f, x, c: f.sum(f.softmax(x) * c),
        (at([800.0, 0.0, -800.0], [1.0, 2.0, 3.0]), at([-inf, 1.0, 2.0], [1.0, 2.0, 3.0], orders=1)),
        absolute=4,
    ),
    Form(
        "weighted exponentials",
        "x : (n,)\nw : (n,), constant, positive",
        "L = log(sum(w*exp(x)))",
        lambda f, x, w: f.log(f.sum(w * f.exp(x))),
        (at([800.0, 0.0], [0.5, 2.0]), at([-800.0, -801.0], [0.5, 2.0]), at([0.5, 0.25], [1.0, 2.0])),
        absolute=4,
    ),
    Form(
        "mixture with learnt weights",
        "x : (n,)\ne : (n,)",
        "L = log(exp(x) @ softmax(e))",
        lambda f, x, e: f.log(f.sum(f.softmax(e) * f.exp(x))),
        (at([800.0, 0.0], [0.5, 2.0]), at([-800.0, -801.0], [40.0, 0.0])),
        absolute=4,
    ),
    Form(
        "mixture of Gaussian densities",
        "x : scalar, constant\nm : (2,)\ns : scalar, positive\nw : (2,)",
        "p = softmax(w)\nL = -log(sum(p*exp(-(x - m)**2/(2*s**2))/(s*sqrt(2*pi))))",
        lambda f, x, m, s, w: (
            -f.log(f.sum(f.softmax(w) * f.exp(-((x - m) ** 2) / (2 * s**2)) / (s * f.sqrt(2 * f.pi))))
        ),
        (at(64.0, [0.5, 1.0], 1.0, [0.5, 1.0]), at(0.5, [0.25, 1.0], 0.5, [40.0, 0.0])),
        absolute=8,
        factor=64,
    ),
    # -------------------------------------------------------------------------------------- zeros
    Form(
        "entropy of a probability of 0 or 1",
        "p : scalar",
        "L = -p*log(p) - (1 - p)*log(1 - p)",
        lambda f, p: -p * f.log(p) - (1 - p) * f.log(1 - p),
        (at(0.0, value=0.0, orders=0), at(1.0, value=0.0, orders=0), at(0.25)),
        absolute=4,
    ),
    Form(
        "divergence with a zero",
        "p : (n,), constant\nq : (n,)",
        "L = sum(p*log(p/q))",
        lambda f, p, q: f.sum(p * f.log(p / q)),
        (NO_ZEROS, at([0.5, 0.5], [0.25, 0.75])),
        absolute=4,
    ),
    Form(
        "divergence with a zero in two logarithms",
        "p : (n,), constant\nq : (n,)",
        "L = sum(p*(log(p) - log(q)))",
        lambda f, p, q: f.sum(p * f.log(p / q)),
        (NO_ZEROS, at([0.5, 0.5], [0.25, 0.75])),
        absolute=4,
    ),
    Form(
        "x^0 + x^2",
        V,
        "L = sum(x**0 + x**2)",
        lambda f, x: f.sum(x * 0 + 1 + x**2),
        (at([0.0, 2.0], value=6.0, slopes={"x": [0, 4]}, curved={"x": [2, 1]}),),
    ),
    # -------------------------------------------------------------------------------- norms and roots
    Form(
        "norms of rows",
        "X : (2, 2)",
        "L = sum(norm(X, axis=1))",
        lambda f, x: f.norm(x[0]) + f.norm(x[1]),
        (at([[3e-200, 4e-200], [1.0, 0.0]]), at([[3e200, 4e200], [3.0, 4.0]])),
    ),
    Form(
        "cosine by unit vectors",
        VECTORS,
        "u = a/norm(a)\nv = b/norm(b)\nL = sum(u*v)",
        _cosine,
        (at([3e-15, 4e-15], [4e15, 3e15]), at([3e-200, 4e-200], [4.0, 3.0], orders=1)),
        factor=4,
    ),
    Form(
        "cosine by one root",
        VECTORS,
        "L = sum(a*b)/sqrt(sum(a**2)*sum(b**2))",
        _cosine,
        (at([3e-15, 4e-15], [4e15, 3e15]), at([3e-200, 4e-200], [4.0, 3.0], orders=1)),
        factor=4,
    ),
    Form(
        "cosine by two roots",
        VECTORS,
        "L = (a @ b)/(sqrt(a @ a)*sqrt(b @ b))",
        _cosine,
        (at([3e-15, 4e-15], [4e15, 3e15]), at([3e-200, 4e-200], [4.0, 3.0], orders=1)),
        factor=4,
    ),
    Form(
        "log of a norm",
        V,
        "L = log(norm(x)) + log(sum(x**2))",
        lambda f, x: 3 * f.log(f.norm(x)),
        (at([3e-200, 4e-200], orders=1), at([3e200, 4e200], orders=1), at([3e-15, 4e-15])),
        factor=4,
    ),
    Form(
        "a leg over the hypotenuse",
        PAIR,
        "L = a/sqrt(a**2 + b**2)",
        lambda f, a, b: a / f.sqrt(a**2 + b**2),
        (at(3e-200, 4e-200, orders=1), at(3e200, 4e200, orders=1), at(3e-15, 4e-15)),
    ),
    Form(
        "pseudo-Huber",
        V,
        "L = sum(sqrt(1 + x**2) - 1)",
        lambda f, x: f.sum(f.sqrt(1 + x**2) - 1),
        (at([1e-9, 0.0]), at([1e5, -1e5]), at([1e20, 1.0], orders=1)),
    ),
    Form(
        "area of hyperbolic sine by hand",
        X,
        "L = log(x + sqrt(x**2 + 1))",
        lambda f, x: f.log(x + f.sqrt(x**2 + 1)),
        each(1e-9, 0.7, 1e8, -1e5, orders=1),
    ),
    Form(
        "roots by name",
        PAIR,
        "u = sqrt(a + b)\nv = sqrt(a)\nL = u - v",
        lambda f, a, b: f.sqrt(a + b) - f.sqrt(a),
        (at(1e16, 1.0), at(1.0, 1e-20)),
    ),
    # ------------------------------------------------------------------------------------ variances
    Form("variance of what is centred", V, "d = x - mean(x)\nL = mean(d**2)", _variance, FAR_FROM_ZERO, factor=64),
    Form(
        "standard deviation",
        V,
        "L = sqrt(mean(x**2) - mean(x)**2)",
        lambda f, x: f.sqrt(_variance(f, x)),
        FAR_FROM_ZERO,
        factor=64,
        absolute=4,
    ),
    Form("variance by sums", V, "L = (sum(x**2) - sum(x)**2/n)/n", _variance, FAR_FROM_ZERO, factor=64, absolute=4),
    Form("variance by a product", V, "L = (x @ x - n*mean(x)**2)/n", _variance, FAR_FROM_ZERO, factor=64, absolute=4),
    # ------------------------------------------------------------------------------------- matrices
    Form(
        "logarithms of powers of a determinant",
        "A : (2, 2)",
        "L = -log(det(A))/2 + log(sqrt(det(A)))*3",
        lambda f, a: f.log(f.det(a)),
        (at([[2.0, 1.0], [1.0, 2.0]], single=False), at([[2e-200, 1e-200], [1e-200, 2e-200]], orders=1)),
        factor=8,
    ),
)
