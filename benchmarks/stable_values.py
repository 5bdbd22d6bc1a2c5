"""Right values of the stable forms: the formula in many digits, its slopes by differences with steps of 1e-60.

    slope      (f(x + h) - f(x - h)) / 2 h
    curvature  (f(x + h + k) - f(x - h + k) - f(x + h - k) + f(x - h - k)) / 4 h k

with h along an entry and k along the direction (1, 1/2, 1/4, ...) of all entries. A step is small against the smallest
entry of its input, so the relative error is of the order 1e-120; e^{-800} and its square leave digits enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np

from benchmarks.stable_forms import Form, Point

DIGITS, FAR_DIGITS = 700, 1500  # the latter for inputs beyond 20, where e^x and its square have hundreds of zeros
STEP = -60  # the decimal exponent of a step, against the size of what it is taken along


def _each(function: Callable[..., Any], count: int = 1) -> Callable[..., Any]:
    return np.frompyfunc(function, count, 1)


def _logarithm(x: Any) -> Any:
    return mpmath.log(x) if x else -mpmath.inf


def _inverse(a: Any) -> Any:
    (p, q), (r, s) = a
    return np.array([[s, -q], [-r, p]], object) / _determinant(a)


def _determinant(a: Any) -> Any:
    (p, q), (r, s) = a
    return p * s - q * r


_exp, _log, _sqrt = _each(mpmath.exp), _each(_logarithm), _each(mpmath.sqrt)

FUNCTIONS = SimpleNamespace(
    exp=_exp,
    log=_log,
    sqrt=_sqrt,
    cos=_each(mpmath.cos),
    sin=_each(mpmath.sin),
    tanh=_each(mpmath.tanh),
    pi=mpmath.pi,
    erf=_each(mpmath.erf),
    maximum=_each(max, 2),
    where=_each(lambda condition, u, v: u if condition else v, 3),
    sum=np.sum,
    max=np.max,
    sigmoid=lambda x: 1 / (1 + _exp(-x)),
    softmax=lambda x: _exp(x) / np.sum(_exp(x)),
    logsumexp=lambda x: _log(np.sum(_exp(x))),
    norm=lambda x: _sqrt(np.sum(x**2)),
    array=lambda x: np.array(x, object),
    eye=lambda n: np.eye(n, dtype=int).astype(object),
    inv=_inverse,
    det=_determinant,
)


def direction(values: Sequence[Any]) -> list[Any]:
    """What a Hessian is multiplied with: 1, 1/2, 1/4, ... through all entries of all inputs."""
    found, k = [], 0
    for value in values:
        size = np.size(value)
        found.append((0.5 ** np.arange(k, k + size)).reshape(np.shape(value)))
        k += size
    return found


def right(form: Form, point: Point, inputs: Sequence[Any], by: Sequence[int]) -> list[dict[int, Any]]:
    """The value, the gradients and the Hessian times `direction`, by number of the input."""
    far = any(np.any(np.isfinite(value) & (np.abs(value) > 20)) for value in inputs)
    with mpmath.workdps(FAR_DIGITS if far else DIGITS):
        exact = [_exact(value) for value in inputs]
        steps = [_step(value) for value in exact]
        names = [line.partition(":")[0].strip() for line in form.inputs.splitlines()]
        towards = dict(zip(by, direction([inputs[k] for k in by]), strict=True))
        along = 3 * min(steps[k] for k in by)  # so that no sum of steps vanishes

        def moved(sign: int) -> list[Any]:
            return [value + sign * along * _exact(towards[k]) if k in by else value for k, value in enumerate(exact)]

        found: list[dict[int, Any]] = [{-1: point.value if point.value is not None else _value(form, exact, steps)}]
        for conventions, order in ((point.slopes, 1), (point.curved, 2)):
            result: dict[int, Any] = {}
            for k in by if point.orders >= order else ():
                if conventions is not None:
                    result[k] = np.asarray(conventions[names[k]], float)
                elif order == 1:
                    result[k] = _floats(_slopes(form, exact, k, steps[k]))
                else:
                    up, down = (_slopes(form, moved(sign), k, steps[k]) for sign in (1, -1))
                    result[k] = _floats((up - down) / (2 * along))
            found.append(result)
        return found


def _slopes(form: Form, values: Sequence[Any], k: int, h: Any) -> Any:
    result = np.empty(np.shape(values[k]), object)
    for index in np.ndindex(result.shape):
        sides = []
        for sign in (1, -1):
            moved = np.array(values[k], object)
            moved[index] = moved[index] + sign * h
            sides.append(form.plain(FUNCTIONS, *values[:k], moved[()], *values[k + 1 :]))
        result[index] = (sides[0] - sides[1]) / (2 * h)
    return result


def _value(form: Form, exact: Sequence[Any], steps: Sequence[Any]) -> float:
    try:
        return float(form.plain(FUNCTIONS, *exact))
    except ZeroDivisionError:  # the limit from both sides
        up, down = ([v + sign * h for v, h in zip(exact, steps, strict=True)] for sign in (1, -1))
        return float((form.plain(FUNCTIONS, *up) + form.plain(FUNCTIONS, *down)) / 2)


def _exact(value: Any) -> Any:
    return np.array(np.vectorize(lambda x: mpmath.mpf(float(x)), otypes=[object])(value), object)[()]


def _step(value: Any) -> Any:
    sizes = [abs(x) for x in np.ravel(np.array(value, object)) if x and mpmath.isfinite(x)]
    return min(sizes, default=mpmath.mpf(1)) * mpmath.mpf(10) ** STEP


def _floats(values: Any) -> Any:
    return np.array(np.vectorize(float, otypes=[float])(values))
