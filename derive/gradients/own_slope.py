"""The classic: the derivative of an activation, written for the other one of its two numbers.

    a = sigmoid(z)    claimed z(1-z)        right a(1-a) = sigmoid'(z)        z stands where a belongs
    a = tanh(z)       claimed 1 - tanh(a)^2  right 1 - a^2                    a stands where z belongs
    a = tanh(z)       claimed 1 - a          right 1 - a^2                    a square is missing

Both gradients, divided by the upstream one, are one function of one forward value, entry by entry. It is told only if
the same two functions explain the numbers at other points as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.local import LOCAL, Function, forward_values
from derive.gradients.locate import Evidence
from derive.gradients.point import wide
from derive.gradients.product_causes import Elsewhere

Answer = tuple[list[str], str]
SQUARES = {"(1-{v})": "(1-{v}^2)", "{v}": "{v}^2", "1/{v}": "1/{v}^2"}
STEPS = ("sign({v})", "[{v} > 0]")
"""They are the same for the two numbers of many activations, and no derivative of a smooth one."""
FUNCTIONS: list[tuple[str, Function]] = [
    *(pair for pair in LOCAL if pair[0] not in STEPS),
    ("1/(1+|{v}|)", lambda v: 1 / (1 + np.abs(v))),
]
FACTORS = (1.0, -1.0, 2.0, 0.5)


def own_slope(evidence: Evidence, elsewhere: Elsewhere | None) -> Answer | None:
    """The pair of functions that explains claim and slopes here and at other points."""
    weights = _weights(evidence)
    if weights is None or elsewhere is None or evidence.index.size < 3:
        return None
    claimed, right = (list(_matches(evidence, part)) for part in (evidence.values, evidence.numeric))
    for (f, v, c), (g, w, d) in itertools.product(claimed, right):
        if c != d or not ((f == g and v != w) or (v == w and SQUARES.get(f) == g)):
            continue
        others = list(elsewhere(evidence))
        if others and all(
            _holds(other, (f, v, c), other.values) and _holds(other, (g, w, d), other.numeric) for other in others
        ):
            shown, belongs = f.format(v=v), g.format(v=w)
            if f != g:
                return [
                    "missing_square",
                    "wrong_operand",
                ], f"a square is missing: {shown} stands where {belongs} belongs"
            return ["wrong_operand"], f"{v} stands where {w} belongs: {shown} for {belongs}"
    return None


def _weights(evidence: Evidence) -> Array | None:
    upstream = evidence.point.wide_upstream
    if len(upstream) != 1 or upstream[0].shape != evidence.shape:
        return None
    return wide(upstream[0]).ravel()[evidence.index]


def _matches(evidence: Evidence, gradient: Array) -> Iterator[tuple[str, str, float]]:
    """The functions of forward values that this gradient is, beside the upstream one."""
    for (name, _), (text, _), factor in itertools.product(list(forward_values(evidence)), FUNCTIONS, FACTORS):
        if _holds(evidence, (text, name, factor), gradient):
            yield text, name, factor


def _holds(evidence: Evidence, match: tuple[str, str, float], gradient: Array) -> bool:
    text, name, factor = match
    weights, values = _weights(evidence), dict(forward_values(evidence))
    if weights is None or name not in values or not gradient.size:
        return False
    with np.errstate(all="ignore"):
        predicted = factor * dict(FUNCTIONS)[text](values[name].ravel()[evidence.index]) * weights
    size = float(np.max(np.abs(gradient), initial=0.0))
    speaks = bool(np.all(np.isfinite(predicted)) and np.ptp(predicted / weights) > 1e-6)
    return speaks and bool(np.all(np.abs(predicted - gradient) <= 1e-7 * size + 10 * evidence.error))
