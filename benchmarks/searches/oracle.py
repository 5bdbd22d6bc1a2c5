"""The operations of models for an independent automatic differentiation (`autograd`), watched for kinks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive
from autograd.tracer import getval


class Margins:
    """How near the values of a run came to where something is not differentiable."""

    least = math.inf

    def watch(self, values: Any) -> None:
        """Values that must stay away from zero; traced ones are those of a run that was watched before."""
        if isinstance(values, np.ndarray | np.generic | float) and np.size(values):
            self.least = min(self.least, float(np.min(np.abs(values))))


margins = Margins()


@primitive  # type: ignore[untyped-decorator]
def erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=[float])(x)


defvjp(erf, lambda _, x: lambda g: g * 2 / math.sqrt(math.pi) * anp.exp(-(x**2)))


def kinked(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        margins.watch(x)
        return function(x)

    return run


def positive_only(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        margins.watch(x)
        with np.errstate(all="ignore"):
            return function(x)

    return run


def sigmoid(x: Any) -> Any:
    return 1 / (1 + anp.exp(-x))


def step(x: Any) -> Any:
    return anp.where(x > 0, 1.0, 0.0) + 0 * x


def softplus(x: Any) -> Any:
    return anp.log(1 + anp.exp(x))


def gelu(x: Any) -> Any:
    return x * (1 + erf(x / math.sqrt(2))) / 2


def centred(x: Any, axis: Any) -> Any:
    return x - anp.mean(x, axis=axis, keepdims=True)


def watched_extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    """A maximum or minimum along axes, watched for ties."""

    def run(x: Any, axis: Any, keepdims: bool) -> Any:
        if isinstance(x, np.ndarray):
            axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis))
            rest = [a for a in range(x.ndim) if a not in axes]
            rows = x.transpose(*rest, *axes).reshape(int(np.prod([x.shape[a] for a in rest])), -1)
            ordered = np.sort(rows, axis=1)
            if ordered.shape[1] > 1:
                margins.watch(np.diff(ordered, axis=1))
        return function(x, axis=axis, keepdims=keepdims)

    return run


def variance(x: Any, axis: Any, keepdims: bool) -> Any:
    return anp.mean(centred(x, axis) ** 2, axis=axis, keepdims=keepdims)


def root_of_squares(x: Any, axis: Any, keepdims: bool) -> Any:
    total = anp.sum(x**2, axis=axis, keepdims=keepdims)
    margins.watch(total)
    return anp.sqrt(total)


def log_sum_exp(x: Any, axis: Any, keepdims: bool) -> Any:
    top = np.max(getval(x), axis=axis, keepdims=True)
    total = anp.log(anp.sum(anp.exp(x - top), axis=axis, keepdims=True)) + top
    return anp.sum(total, axis=axis, keepdims=keepdims)


def log_softmax(x: Any, axis: Any) -> Any:
    return x - log_sum_exp(x, axis, True)


def log_abs_det(x: Any) -> Any:
    return anp.linalg.slogdet(x)[1]


def inverse(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        margins.watch(np.float64(1 / np.linalg.cond(x)))
    return anp.linalg.inv(x)


UNARY: Sequence[tuple[str, Callable[[Any], Any]]] = (
    *(("exp", anp.exp), ("sin", anp.sin), ("cos", anp.cos), ("erf", erf), ("sigmoid", sigmoid), ("tanh", anp.tanh)),
    *(("abs", kinked(anp.abs)), ("absolute", kinked(anp.abs)), ("fabs", kinked(anp.abs))),
    *(("sign", kinked(anp.sign)), ("step", kinked(step)), ("relu", kinked(lambda x: anp.where(x > 0, x, 0.0 * x)))),
    *(("softplus", softplus), ("silu", lambda x: x * sigmoid(x)), ("swish", lambda x: x * sigmoid(x))),
    *(("gelu", gelu), ("square", lambda x: x**2), ("expm1", lambda x: anp.exp(x) - 1), ("expit", sigmoid)),
    *(("logistic", sigmoid), ("sigma", sigmoid)),
    ("leaky_relu", kinked(lambda x: anp.where(x > 0, x, 0.01 * x))),
)
OF_POSITIVE: Sequence[tuple[str, Callable[[Any], Any]]] = (
    *(("log", positive_only(anp.log)), ("ln", positive_only(anp.log)), ("sqrt", positive_only(anp.sqrt))),
    ("log1p", positive_only(lambda x: anp.log(1 + x))),
)
REDUCTIONS: Sequence[tuple[str, Callable[[Any, Any, bool], Any]]] = (
    *(("sum", lambda x, a, k: anp.sum(x, axis=a, keepdims=k)),) * 4,
    *(("mean", lambda x, a, k: anp.mean(x, axis=a, keepdims=k)),) * 3,
    *(("max", watched_extreme(anp.max)), ("min", watched_extreme(anp.min))),
    *(("amax", watched_extreme(anp.max)), ("amin", watched_extreme(anp.min))),
    *(("var", variance), ("norm", root_of_squares), ("logsumexp", log_sum_exp)),
    ("squared_norm", lambda x, a, k: anp.sum(x**2, axis=a, keepdims=k)),
)
ALONG: Sequence[tuple[str, Callable[[Any, Any], Any]]] = (
    ("softmax", lambda x, a: anp.exp(log_softmax(x, a))),
    ("log_softmax", log_softmax),
)


def cross(p: Any, y: Any) -> Any:
    return -anp.mean(y * anp.log(p) + (1 - y) * anp.log(1 - p))
