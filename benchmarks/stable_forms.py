r"""Textbook forms at their extreme points: what a formula says where its plain evaluation overflows or cancels.

A `Form` is the text of a model and the same formula over a namespace `f` of functions, which is run in many digits for
the right values (`benchmarks.stable_values`) and by other libraries. A `Point` gives a value to every input; where the
formula has a kink or is 0/0 it says what is right by convention:

    norm(x) at 0             0, the subgradient of least norm; so the second derivative
    max(x, 0) at 0           0
    where(c, u, v)           the slope of the branch that is taken
    0 log 0                  0
    logsumexp(-inf, -inf)    -inf, with the slope 0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

Value = Any  # a float, or nested lists of floats


@dataclass(frozen=True, eq=False)
class Point:
    """Values of the inputs in their order; what is given besides is right by convention, not by a limit."""

    values: tuple[Value, ...]
    value: float | None = None
    slopes: Mapping[str, Value] | None = None
    curved: Mapping[str, Value] | None = None
    single: bool = True  # whether float32 holds enough of it
    orders: int = 2  # what is compared: 0 the value, 1 the gradient too, 2 the Hessian times a vector too


@dataclass(frozen=True, eq=False)
class Form:
    """`inputs` and `lines` are the model; `plain` is the loss. A result may be off by `absolute` roundings of 1."""

    name: str
    inputs: str
    lines: str
    plain: Callable[..., Any]
    points: tuple[Point, ...]
    absolute: float = 0.0
    factor: float = 1.0  # of the tolerance, for a problem that magnifies the rounding of its inputs

    @property
    def text(self) -> str:
        """The model."""
        return f"{self.inputs}\n{self.lines}\n"


def at(*values: Value, **conventions: Any) -> Point:
    """A point."""
    return Point(values, **conventions)


def each(*values: float, orders: int = 2) -> tuple[Point, ...]:
    """Points of one scalar input."""
    return tuple(Point((value,), orders=orders) for value in values)


X, V = "x : scalar", "x : (n,)"
FAR = each(-800.0, -40.0, -1e-20, 0.0, 1e-20, 0.7, 37.43, 40.0, 800.0)
SMALL = each(-1e-9, 1e-20, 0.0, 1e-9, 1e-5, 0.7)


def _bernoulli(f: Any, a: Any, y: Any) -> Any:
    p = f.sigmoid(a)
    return -(y * f.log(p) + (1 - y) * f.log(1 - p))


def _focal(f: Any, z: Any, y: Any) -> Any:
    p = f.sigmoid(z)
    pt = y * p + (1 - y) * (1 - p)
    return -((1 - pt) ** 2) * f.log(pt)


def _divergence(f: Any, a: Any, b: Any) -> Any:
    p, q = f.sigmoid(a), f.sigmoid(b)
    return p * f.log(p / q) + (1 - p) * f.log((1 - p) / (1 - q))


def _mixture(f: Any, x: Any, a: Any, b: Any) -> Any:
    return -f.log(0.25 * f.exp(-((x - a) ** 2) / 2) + 0.75 * f.exp(-((x - b) ** 2) / 2))


def _normalised(f: Any, x: Any, c: Any) -> Any:
    centred = x - f.sum(x) / 4
    return f.sum(c * centred / f.sqrt(f.sum(centred**2) / 4 + 1e-5))


def _process(f: Any, y: Any, s: Any) -> Any:
    k = s * f.array([[2.0, 1.0], [1.0, 2.0]]) + f.eye(2)
    return f.sum(y * (f.inv(k) @ y)) / 2 + f.log(f.det(k)) / 2


FORMS: tuple[Form, ...] = (
    # ------------------------------------------------------------------------------- the logistic family
    Form("log(1 + exp(x))", X, "L = log(1 + exp(x))", lambda f, x: f.log(1 + f.exp(x)), FAR),
    Form("sigmoid", X, "L = 1/(1 + exp(-x))", lambda f, x: 1 / (1 + f.exp(-x)), FAR),
    Form("1 - sigmoid", X, "L = 1 - sigmoid(x)", lambda f, x: 1 - f.sigmoid(x), FAR),
    Form(
        "sigmoid (1 - sigmoid)",
        X,
        "a = sigmoid(x)\nL = a*(1 - a)",
        lambda f, x: f.sigmoid(x) * (1 - f.sigmoid(x)),
        FAR,
    ),
    Form("log sigmoid", X, "a = sigmoid(x)\nL = log(a)", lambda f, x: f.log(f.sigmoid(x)), FAR),
    Form(
        "logistic loss",
        "z : scalar\ny : scalar, constant",
        "L = log(1 + exp(-y*z))",
        lambda f, z, y: f.log(1 + f.exp(-y * z)),
        tuple(at(z, y) for z in (-800.0, -40.0, 0.7, 36.0, 40.0, 800.0) for y in (-1.0, 1.0)),
    ),
    Form(
        "cross entropy of a sigmoid",
        "z : scalar\ny : scalar, constant",
        "a = sigmoid(z)\nL = -(y*log(a) + (1 - y)*log(1 - a))",
        _bernoulli,
        tuple(at(z, y) for z in (-800.0, -40.0, 0.7, 36.0, 40.0, 800.0) for y in (0.0, 1.0, 0.25)),
        absolute=4,
    ),
    Form(
        "cross entropy with logits, as frameworks write it",
        "z : scalar\ny : scalar, constant",
        "L = maximum(z, 0) - z*y + log(1 + exp(-abs(z)))",
        lambda f, z, y: f.maximum(z, 0) - z * y + f.log(1 + f.exp(-abs(z))),
        tuple(at(z, y) for z in (-800.0, -40.0, 0.0, 0.7, 40.0, 800.0) for y in (0.0, 1.0)),
        absolute=4,
    ),
    Form(
        "focal loss",
        "z : scalar\ny : scalar, constant",
        "p = sigmoid(z)\npt = y*p + (1 - y)*(1 - p)\nL = -(1 - pt)**2*log(pt)",
        _focal,
        tuple(at(z, y) for z in (-800.0, -40.0, 0.7, 40.0, 800.0) for y in (0.0, 1.0)),
    ),
    Form(
        "Bernoulli likelihood as a mixture",
        "z : scalar\ny : scalar, constant",
        "p = sigmoid(z)\nL = log(y*p + (1 - y)*(1 - p))",
        lambda f, z, y: f.log(y * f.sigmoid(z) + (1 - y) * (1 - f.sigmoid(z))),
        tuple(at(z, y) for z in (-800.0, -40.0, 0.7, 40.0, 800.0) for y in (0.0, 1.0, 0.25)),
    ),
    Form(
        "divergence of Bernoullis with logits",
        "a : scalar\nb : scalar",
        "p = sigmoid(a)\nq = sigmoid(b)\nL = p*log(p/q) + (1 - p)*log((1 - p)/(1 - q))",
        _divergence,
        (at(800.0, -800.0), at(-800.0, 800.0), at(40.0, -40.0), at(0.5, -40.0), at(800.0, 0.5)),
    ),
    Form("silu", X, "L = x/(1 + exp(-x))", lambda f, x: x / (1 + f.exp(-x)), FAR),
    Form("mish", X, "L = x*tanh(log(1 + exp(x)))", lambda f, x: x * f.tanh(f.log(1 + f.exp(x))), FAR),
    Form(
        "log cosh",
        X,
        "L = log((exp(x) + exp(-x))/2)",
        lambda f, x: f.log((f.exp(x) + f.exp(-x)) / 2),
        each(-800.0, -40.0, -1e-9, 0.0, 1e-5, 40.0, 800.0),
        absolute=4,
    ),
    Form(
        "tanh by exponentials",
        X,
        "L = (exp(x) - exp(-x))/(exp(x) + exp(-x))",
        lambda f, x: (f.exp(x) - f.exp(-x)) / (f.exp(x) + f.exp(-x)),
        FAR,
    ),
    Form("1 - tanh(x)^2", X, "L = 1 - tanh(x)**2", lambda f, x: 1 - f.tanh(x) ** 2, FAR),
    Form("1 - tanh(x)", X, "L = 1 - tanh(x)", lambda f, x: 1 - f.tanh(x), FAR),
    Form("log(1 - tanh(x)^2)", X, "L = log(1 - tanh(x)**2)", lambda f, x: f.log(1 - f.tanh(x) ** 2), FAR),
    Form(
        "two classes by exponentials",
        "a : scalar\nb : scalar",
        "L = exp(a)/(exp(a) + exp(b))",
        lambda f, a, b: f.exp(a) / (f.exp(a) + f.exp(b)),
        (at(800.0, 0.5), at(-800.0, 0.5), at(0.5, 40.0), at(800.0, 800.0)),
    ),
    # ---------------------------------------------------------------------------------- soft maxima
    Form(
        "log(sum(exp(x)))",
        V,
        "L = log(sum(exp(x)))",
        lambda f, x: f.log(f.sum(f.exp(x))),
        (at([800.0, 0.0]), at([-800.0, -800.0]), at([0.0, -40.0, 40.0]), at([-inf, 1.0, 2.0])),
        absolute=4,
    ),
    Form(
        "logsumexp",
        V,
        "L = logsumexp(x)",
        lambda f, x: f.logsumexp(x),
        (
            at([800.0, 0.0]),
            at([-800.0, -801.0]),
            at([-inf, 1.0]),
            at([-inf, -inf], value=-inf, slopes={"x": [0, 0]}, curved={"x": [0, 0]}),
        ),
        absolute=4,
    ),
    Form(
        "softmax",
        "x : (n,)\nc : (n,), constant",
        "L = sum(c*softmax(x))",
        lambda f, x, c: f.sum(c * f.softmax(x)),
        (
            at([800.0, 0.0], [1.0, 0.5]),
            at([-inf, 1.0, 0.5], [1.0, 2.0, 4.0]),
            at([-800.0, -800.0], [1.0, 0.5]),
            at([40.0, 0.0, -40.0], [0.0, 1.0, 0.0]),
        ),
        absolute=4,
    ),
    Form(
        "cross entropy of a softmax",
        "x : (n,)\ny : (n,), constant, one_hot(axis=0)",
        "p = softmax(x)\nL = -sum(y*log(p))",
        lambda f, x, y: -f.sum(y * f.log(f.softmax(x))),
        (
            at([800.0, 0.0], [0.0, 1.0]),
            at([800.0, 0.0], [1.0, 0.0]),
            at([40.0, 0.0, -40.0], [0.0, 1.0, 0.0]),
            at([-800.0, -801.0], [1.0, 0.0]),
        ),
        absolute=4,
    ),
    Form(
        "entropy of a softmax",
        V,
        "p = softmax(x)\nL = -sum(p*log(p))",
        lambda f, x: -f.sum(f.softmax(x) * f.log(f.softmax(x))),
        (at([800.0, 0.0, -800.0]), at([0.5, 0.0]), at([-800.0, -800.0])),
        absolute=4,
    ),
    Form(
        "soft maximum at a temperature",
        V,
        "L = logsumexp(x/0.001)*0.001",
        lambda f, x: f.logsumexp(x * 1000) / 1000,
        (at([8.0, 0.5]), at([-8.0, -8.0]), at([2.0, 2.0, 1.0])),
    ),
    Form(
        "likelihood of a mixture of Gaussians",
        "x : scalar, constant\na : scalar\nb : scalar",
        "L = -log(exp(-(x - a)**2/2)/4 + 3*exp(-(x - b)**2/2)/4)",
        _mixture,
        (at(64.0, 0.5, 1.0), at(-64.0, 0.5, -1.0), at(0.0, 64.0, 32.0), at(0.5, 0.25, 1.0)),
        factor=16,
    ),
    # ----------------------------------------------------------------------------------- cancelling
    Form("exp(x) - 1", X, "L = exp(x) - 1", lambda f, x: f.exp(x) - 1, SMALL),
    Form("log(1 + x)", X, "L = log(1 + x)", lambda f, x: f.log(1 + x), SMALL),
    Form("log(1 - x)", X, "L = log(1 - x)", lambda f, x: f.log(1 - x), SMALL),
    Form("1 - cos(x)", X, "L = 1 - cos(x)", lambda f, x: 1 - f.cos(x), SMALL),
    Form("(1 - cos(x))/x^2", X, "L = (1 - cos(x))/x**2", lambda f, x: (1 - f.cos(x)) / x**2, SMALL),
    Form(
        "1 - erf(x)",
        X,
        "L = 1 - erf(x)",
        lambda f, x: 1 - f.erf(x),
        each(-6.0, 0.0, 0.4, 2.0, 4.5, 6.0, 9.0, 25.0, 40.0),
    ),
    Form(
        "gelu",
        X,
        "L = x*(1 + erf(x/sqrt(2)))/2",
        lambda f, x: x * (1 + f.erf(x / f.sqrt(2))) / 2,
        each(-40.0, -9.0, -6.0, -2.0, 0.0, 1e-20, 6.0, 40.0),
    ),
    Form("(1 - exp(-x))/x", X, "L = (1 - exp(-x))/x", lambda f, x: (1 - f.exp(-x)) / x, (*SMALL, *each(40.0, 800.0))),
    Form("(exp(x) - 1)/x", X, "L = (exp(x) - 1)/x", lambda f, x: (f.exp(x) - 1) / x, SMALL),
    Form("log(1 + x)/x", X, "L = log(1 + x)/x", lambda f, x: f.log(1 + x) / x, SMALL),
    Form("sin(x)/x", X, "L = sin(x)/x", lambda f, x: f.sin(x) / x, SMALL),
    Form("sinc", X, "L = sinc(x)", lambda f, x: f.sin(f.pi * x) / (f.pi * x), SMALL),
    Form(
        "log(exp(x) - 1)",
        X,
        "L = log(exp(x) - 1)",
        lambda f, x: f.log(f.exp(x) - 1),
        each(1e-12, 1e-5, 0.7, 40.0, 800.0),
    ),
    Form(
        "log(1 - exp(x))",
        X,
        "L = log(1 - exp(x))",
        lambda f, x: f.log(1 - f.exp(x)),
        each(-1e-12, -1e-5, -0.7, -40.0, -800.0),
    ),
    Form(
        "exp(log(1 + x)) - 1",
        X,
        "u = log(1 + x)\nL = exp(u) - 1",
        lambda f, x: f.exp(f.log(1 + x)) - 1,
        SMALL,
    ),
    Form(
        "1 - exp(-log(1 + exp(x)))",
        X,
        "s = log(1 + exp(x))\nL = 1 - exp(-s)",
        lambda f, x: 1 - f.exp(-f.log(1 + f.exp(x))),
        FAR,
    ),
    Form(
        "sqrt(x + 1) - sqrt(x)",
        X,
        "L = sqrt(x + 1) - sqrt(x)",
        lambda f, x: f.sqrt(x + 1) - f.sqrt(x),
        each(1e-5, 1.0, 1e8, 1e16, 1e20),
    ),
    Form(
        "sqrt(1 + x^2) - 1",
        X,
        "L = sqrt(1 + x**2) - 1",
        lambda f, x: f.sqrt(1 + x**2) - 1,
        (*each(0.0, 1e-9, 1e-5, 0.7), *each(1e20, 1e200, orders=1)),
    ),
    Form(
        "E[x^2] - E[x]^2",
        "x : (n,)",
        "L = mean(x**2) - mean(x)**2",
        lambda f, x: f.sum(x**2) / 3 - (f.sum(x) / 3) ** 2,
        (
            at([4096.0, 4097.0, 4099.0]),
            at([0.5, 0.25, 2.0]),
            at([5e6, 5e6 + 1, 5e6 + 3], single=False),
            at([0.0, 0.0, 0.0]),
        ),
        absolute=4,
        factor=16,
    ),
    Form(
        "variance of weights",
        "x : (n,), constant\nw : scalar",
        "u = w*x\nL = mean(u**2) - mean(u)**2",
        lambda f, x, w: f.sum((w * x) ** 2) / 3 - (f.sum(w * x) / 3) ** 2,
        (at([4096.0, 4097.0, 4099.0], 1.0), at([-4096.0, -4097.0, -4099.0], 2.0)),
        absolute=4,
        factor=16,
    ),
    # ------------------------------------------------------------------------------ norms and powers
    Form(
        "norm",
        V,
        "L = norm(x)",
        lambda f, x: f.norm(x),
        (
            at([3.0, 4.0]),
            at([3e-20, 4e-20]),
            at([3e-30, 4e-30]),
            at([3e20, 4e20]),
            at([3e-200, 4e-200]),
            at([3e200, 4e200]),
            at([0.0, 0.0], slopes={"x": [0, 0]}, curved={"x": [0, 0]}),
        ),
    ),
    Form("norm^2", V, "L = norm(x)**2", lambda f, x: f.norm(x) ** 2, (at([0.0, 0.0]), at([3.0, 4.0]), at([1e-9, 0.0]))),
    Form(
        "hypotenuse",
        "a : scalar\nb : scalar",
        "L = sqrt(a**2 + b**2)",
        lambda f, a, b: f.sqrt(a**2 + b**2),
        (
            at(3e20, 4e20),
            at(3e-30, 4e-30),
            at(3e200, 4e200),
            at(0.0, 0.0, slopes={"a": 0, "b": 0}, curved={"a": 0, "b": 0}),
        ),
    ),
    Form(
        "cosine similarity",
        "a : (n,)\nb : (n,)",
        "L = a @ b/(norm(a)*norm(b))",
        lambda f, a, b: f.sum(a * b) / (f.norm(a) * f.norm(b)),
        (
            at([3.0, 4.0], [4.0, 3.0]),
            at([3e20, 4e20], [4.0, 3.0]),
            at([3e-10, 4e-10], [4e-10, 3e-10]),
            at([3e-15, 4e-15], [4e15, 3e15]),
            at([3e-200, 4e-200], [4e200, 3e200], orders=1),
            at([3e-200, 4e-200], [4.0, 3.0], orders=1),
        ),
        factor=4,
    ),
    Form(
        "direction",
        "x : (n,)\nc : (n,), constant",
        "L = sum(c*x)/norm(x)",
        lambda f, x, c: f.sum(c * x) / f.norm(x),
        (at([3e20, 4e20], [1.0, 0.5]), at([3e-15, 4e-15], [1.0, 0.5]), at([3e200, 4e200], [1.0, 0.5])),
        factor=4,
    ),
    Form(
        "x^n at 0",
        "x : (n,)\nk : (n,), constant",
        "L = sum(x**k)",
        lambda f, x, k: f.sum(x**k),
        (
            at([0.0, 0.0], [1.0, 0.0], value=1.0, slopes={"x": [1, 0]}, curved={"x": [0, 0]}),
            at([0.0, 0.0], [2.0, 3.0], value=0.0, slopes={"x": [0, 0]}, curved={"x": [2, 0]}),
            at([0.5, 2.0], [2.0, 0.5]),
        ),
    ),
    Form(
        "b^p by p at b = 0",
        "b : scalar, constant\np : scalar",
        "L = b**p",
        lambda _, b, p: b**p,
        (at(0.0, 2.0, value=0.0, slopes={"p": 0}, curved={"p": 0}), at(2.0, 0.5), at(1e-20, 1.0)),
    ),
    Form(
        "x log(x)",
        X,
        "L = x*log(x)",
        lambda f, x: x * f.log(x),
        (at(0.0, value=0.0, orders=0), *each(1e-20, 1e-5, 0.7, 1e20)),
    ),
    Form(
        "cross entropy of probabilities",
        "p : (n,)\ny : (n,), constant",
        "L = -sum(y*log(p))",
        lambda f, p, y: -f.sum(y * f.log(p)),
        (
            at([0.0, 1.0], [0.0, 1.0], value=0.0, slopes={"p": [0, -1]}, curved={"p": [0, 0.5]}),
            at([1e-20, 0.5], [0.5, 0.5], orders=1),
        ),
    ),
    # --------------------------------------------------------------------------- choices and kinks
    Form(
        "where(x > 0, sqrt(x), 0)",
        V,
        "L = sum(where(x > 0, sqrt(x), 0))",
        lambda f, x: f.sum(f.where(x > 0, f.sqrt(x), 0)),
        (
            at([-1.0, -4.0], slopes={"x": [0, 0]}, curved={"x": [0, 0]}),
            at([0.0, -0.0], slopes={"x": [0, 0]}, curved={"x": [0, 0]}),
            at([4.0, 0.0], slopes={"x": [0.25, 0]}, curved={"x": [-1 / 32, 0]}),
        ),
    ),
    Form(
        "where(x > 0, log(x), x)",
        X,
        "L = where(x > 0, log(x), x)",
        lambda f, x: f.where(x > 0, f.log(x), x),
        (at(-1.0), at(0.0, value=0.0, slopes={"x": 1}, curved={"x": 0}), at(1e-5)),
    ),
    Form(
        "elu",
        X,
        "L = where(x > 0, x, exp(x) - 1)",
        lambda f, x: f.where(x > 0, x, f.exp(x) - 1),
        (*each(-800.0, -40.0, -1e-20, 1e-20, 40.0, 800.0), at(0.0, value=0.0, slopes={"x": 1}, curved={"x": 1})),
    ),
    Form(
        "hinge",
        "z : (n,)\ny : (n,), constant",
        "L = sum(maximum(0, 1 - y*z))",
        lambda f, z, y: f.sum(f.maximum(0, 1 - y * z)),
        (
            at([1.0, -1.0], [1.0, -1.0], slopes={"z": [0, 0]}, curved={"z": [0, 0]}),
            at([1e20, -1e20], [1.0, 1.0]),
            at([0.5, 2.0], [1.0, 1.0]),
        ),
    ),
    Form(
        "Huber",
        V,
        "L = sum(where(abs(x) < 1, x**2/2, abs(x) - 1/2))",
        lambda f, x: f.sum(f.where(abs(x) < 1, x**2 / 2, abs(x) - 0.5)),
        (at([0.0, 1e-20]), at([1e15, -1e15]), at([0.5, -3.0])),
    ),
    Form(
        "largest entry",
        V,
        "L = max(x)",
        lambda f, x: f.max(x),
        (
            at([1.0, 1.0], slopes={"x": [0.5, 0.5]}, curved={"x": [0, 0]}),
            at([1e200, -1e200]),
            at([-inf, 1.0]),
            at([1e20, -1e20]),
        ),
    ),
    # ---------------------------------------------------------------------------------- matrices
    Form(
        "log(det(A))",
        "A : (n, n)",
        "L = log(det(A))",
        lambda f, a: f.log(f.det(a)),
        (
            at([[2.0, 1.0], [1.0, 2.0]]),
            at([[2e-30, 1e-30], [1e-30, 2e-30]], orders=1),
            at([[2e30, 1e30], [1e30, 2e30]], orders=1),
            at([[2e-200, 1e-200], [1e-200, 2e-200]], orders=1),
        ),
        factor=4,
    ),
    Form(
        "Gaussian process",
        "y : (2,), constant\ns : scalar",
        "K_0 = [[2, 1], [1, 2]]\nK = s*K_0 + eye(2)\nL = y @ inv(K) @ y/2 + log(det(K))/2",
        _process,
        (at([1.0, 2.0], 0.5), at([1.0, -1.0], 1e-20), at([1.0, 2.0], 1e8)),
        factor=4,
    ),
    Form(
        "layer norm of a nearly constant row",
        "x : (4,)\nc : (4,), constant",
        "d = x - mean(x)\nL = sum(c*d/sqrt(mean(d**2) + 1/100000))",
        _normalised,
        (at([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, -1.0, 0.5]), at([4096.0, 4097.0, 4098.0, 4099.0], [1.0, 2.0, -1.0, 0.5])),
        factor=64,
        absolute=64,
    ),
    # ------------------------------------------------------------------ the same kinds in other clothes
    Form(
        "exp(x)/(1 + exp(x))^2",
        X,
        "L = exp(x)/(1 + exp(x))**2",
        lambda f, x: f.exp(x) / (1 + f.exp(x)) ** 2,
        FAR,
    ),
    Form(
        "gelu by name",
        X,
        "L = gelu(x)",
        lambda f, x: x * (1 + f.erf(x / f.sqrt(2))) / 2,
        each(-40.0, -9.0, -6.0, -2.0, 0.0, 1e-20, 6.0, 40.0),
    ),
    Form("log(1 + exp(x)) - x", X, "L = log(1 + exp(x)) - x", lambda f, x: f.log(1 + f.exp(x)) - x, FAR),
    Form("sigmoid - 1/2", X, "L = sigmoid(x) - 1/2", lambda f, x: f.sigmoid(x) - 0.5, FAR),
    Form("x/(exp(x) - 1)", X, "L = x/(exp(x) - 1)", lambda f, x: x / (f.exp(x) - 1), SMALL),
    Form("(cos(x) - 1)/x", X, "L = (cos(x) - 1)/x", lambda f, x: (f.cos(x) - 1) / x, SMALL),
    Form("expm1 and log1p", X, "L = expm1(x)/x + log1p(x)", lambda f, x: (f.exp(x) - 1) / x + f.log(1 + x), SMALL),
    Form(
        "sinh by exponentials",
        X,
        "L = (exp(x) - exp(-x))/2",
        lambda f, x: (f.exp(x) - f.exp(-x)) / 2,
        SMALL,
    ),
    Form(
        "log of a mean of exponentials",
        V,
        "L = log(mean(exp(x)))",
        lambda f, x: f.log(f.sum(f.exp(x)) / 2),
        (at([800.0, 0.0]), at([-800.0, -801.0]), at([0.5, 0.25])),
        absolute=4,
    ),
    Form(
        "norm by a power",
        V,
        "L = (x @ x)**(1/2)",
        lambda f, x: f.sum(x * x) ** 0.5,
        (at([3e-30, 4e-30]), at([3e200, 4e200]), at([0.0, 0.0], slopes={"x": [0, 0]}, curved={"x": [0, 0]})),
    ),
    Form(
        "distance of equal points",
        "x : (n,)\ny : (n,), constant",
        "L = norm(x - y)",
        lambda f, x, y: f.norm(x - y),
        (at([1.0, 2.0], [1.0, 2.0], slopes={"x": [0, 0]}, curved={"x": [0, 0]}), at([1.0, 2.0], [0.5, 0.25])),
    ),
    Form(
        "root of a square",
        X,
        "L = sqrt(x**2)",
        lambda f, x: f.sqrt(x**2),
        (at(0.0, slopes={"x": 0}, curved={"x": 0}), *each(-0.5, 1e200, 1e-200)),
    ),
    Form(
        "log of the size of a determinant",
        "A : (n, n)",
        "L = log(abs(det(A)))",
        lambda f, a: f.log(abs(f.det(a))),
        (at([[1.0, 2.0], [2.0, 1.0]]), at([[1e-200, 2e-200], [2e-200, 1e-200]], orders=1)),
        factor=4,
    ),
    Form(
        "covariance",
        "x : (n,)\ny : (n,)",
        "L = mean(x*y) - mean(x)*mean(y)",
        lambda f, x, y: f.sum(x * y) / 3 - f.sum(x) * f.sum(y) / 9,
        (at([4096.0, 4097.0, 4099.0], [4097.0, 4096.0, 4099.0]), at([0.5, 0.25, 2.0], [1.0, 2.0, 0.5])),
        absolute=4,
        factor=16,
    ),
    Form(
        "1 - sqrt(1 - x)",
        X,
        "L = 1 - sqrt(1 - x)",
        lambda f, x: 1 - f.sqrt(1 - x),
        SMALL,
    ),
)
