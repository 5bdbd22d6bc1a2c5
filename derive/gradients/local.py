"""Missing or superfluous links of the chain: ratios that are a function of a forward value.

An elementwise activation multiplies the upstream gradient by its local derivative. Where that is forgotten, the
ratio of the right gradient to the claimed one is that derivative, coordinate by coordinate, and in terms of the
output it is a short formula: a(1-a) for a sigmoid, 1-a^2 for tanh, [a > 0] for relu. In front of a matrix product the
ratio is hidden in a sum; but a backward pass is linear in its upstream gradient u, so feeding it `u * a(1-a)`
must then give the right gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.locate import Evidence
from derive.gradients.point import wide

Function = Callable[[Array], Array]


def _sigmoid(v: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-v)))


LOCAL: list[tuple[str, Function]] = [
    ("{v}(1-{v})", lambda v: v * (1 - v)),
    ("(1-{v}^2)", lambda v: 1 - v * v),
    ("[{v} > 0]", lambda v: (v > 0).astype(float)),
    ("{v}", lambda v: v),
    ("(1-{v})", lambda v: 1 - v),
    ("(1+{v})", lambda v: 1 + v),
    ("{v}^2", lambda v: v * v),
    ("1/{v}", lambda v: 1 / v),
    ("1/{v}^2", lambda v: 1 / (v * v)),
    ("sigmoid'({v})", lambda v: _sigmoid(v) * (1 - _sigmoid(v))),
    ("sigmoid({v})", _sigmoid),
    ("tanh'({v})", lambda v: 1 - np.tanh(v) ** 2),
    ("tanh({v})", np.tanh),
    ("exp({v})", np.exp),
    ("cos({v})", np.cos),
    ("sin({v})", np.sin),
    ("1/(1+{v}^2)", lambda v: 1 / (1 + v * v)),
    ("sign({v})", np.sign),
    ("sqrt({v})", np.sqrt),
    ("log({v})", np.log),
    ("|{v}|", np.abs),
]
CONSTANTS = (1.0, -1.0, 2.0, -2.0, 0.5, 3.0, 4.0)


def forward_values(evidence: Evidence) -> Iterator[tuple[str, Array]]:
    """Outputs and arguments, as arrays of the group's shape where they broadcast to it."""
    point, shape = evidence.point, evidence.shape
    named = [("output", y) for y in point.outputs] + [*point.values.items(), *point.subject.constants.items()]
    for name, value in named:
        if value.dtype.kind in "iu" and value.ndim + 1 == len(shape) and value.shape == shape[:-1]:
            yield f"one_hot({name})", (value[..., None] == np.arange(shape[-1])).astype(np.float64)
            continue
        value = value.astype(np.float64) if value.dtype.kind in "iub" else value
        if value.ndim and value.ndim <= len(shape) and value.size > 1:
            try:
                yield name, wide(np.broadcast_to(value, shape))
            except ValueError:
                continue


def elementwise(evidence: Evidence) -> tuple[list[str], str] | None:
    """A factor phi(v) of a forward value that is missing from, or too much in, the claim."""
    claimed = evidence.values
    for name, full in forward_values(evidence):
        value = full.ravel()[evidence.index]
        for text, function in LOCAL:
            with np.errstate(all="ignore"):
                factor = function(value)
            if not np.all(np.isfinite(factor)) or np.ptp(factor) < 1e-6 * np.max(np.abs(factor)):
                continue
            for constant in CONSTANTS:
                shown = _shown(constant, text.format(v=name))
                if evidence.explains(constant * factor * claimed):
                    return _missing(shown)
                with np.errstate(all="ignore"):
                    if evidence.explains(claimed / (constant * factor)):
                        return ["extra_factor"], f"the factor {shown} does not belong there"
    return None


def _missing(shown: str) -> tuple[list[str], str]:
    return missing_keys(shown), f"the factor {shown} is missing (a local derivative)"


def missing_keys(shown: str) -> list[str]:
    """The defects of a local derivative that is missing; without a mask negative inputs alone are wrong."""
    return ["missing_factor", "missing_prime", *(["negative_inputs"] if "[" in shown and ">" in shown else [])]


def _shown(constant: float, text: str) -> str:
    return text if constant == 1.0 else f"{constant:g}*{text}" if constant != -1.0 else f"-{text}"


def through_upstream(evidence: Evidence) -> tuple[list[str], str] | None:
    """The claim made with a changed upstream gradient: unused, or a local derivative away from right."""
    point = evidence.point
    upstream = point.wide_upstream
    if all(u.ndim == 0 for u in upstream):
        return None
    again = _claimed_with(evidence, [u * point.rng.uniform(0.5, 1.5, u.shape).astype(u.dtype) for u in upstream])
    if again is not None and np.array_equal(again, evidence.values) and np.any(again):
        return ["ignores_upstream", "missing_factor"], "the upstream gradient is not used"
    if len(upstream) != 1:
        return None
    output = wide(point.outputs[0])
    for text, function in LOCAL:
        with np.errstate(all="ignore"):
            factor = function(output)
            inverse = np.where(factor == 0, 0.0, 1.0 / factor)
        if not np.all(np.isfinite(factor)) or np.ptp(factor) < 1e-6 * np.max(np.abs(factor)):
            continue
        shown = text.format(v="output")
        for constant in CONSTANTS:
            trial = _claimed_with(evidence, [(constant * upstream[0] * factor).astype(upstream[0].dtype)])
            if trial is not None and evidence.explains(trial):
                return _missing(_shown(constant, shown))
        if np.all(np.isfinite(inverse)):
            trial = _claimed_with(evidence, [(upstream[0] * inverse).astype(upstream[0].dtype)])
            if trial is not None and evidence.explains(trial):
                return ["extra_factor"], f"the factor {shown} does not belong there"
    return None


def _claimed_with(evidence: Evidence, upstream: list[Array]) -> Array | None:
    """The claimed gradient for another upstream gradient, at the measured coordinates."""
    point = evidence.point
    values = point.values if evidence.name in evidence.claimed.wide else point.given
    try:
        claim = point.subject.claim(values, upstream)
    except Exception:  # a diagnosis that cannot be made is not made
        return None
    gradient = claim.gradients.get(evidence.name)
    if gradient is None or gradient.shape != evidence.shape or not np.all(np.isfinite(gradient)):
        return None
    return np.asarray(wide(gradient).ravel()[evidence.index])
