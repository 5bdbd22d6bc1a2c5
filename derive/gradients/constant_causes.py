"""Gradients that are right but for a constant: claimed = ratio * right.

The ratio is named by a number or by a size at hand. A size that is a small number is a cause only if the ratio changes
with it: where the forward pass takes another number of rows, it is measured there as well.
"""

from __future__ import annotations

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.locate import Evidence
from derive.gradients.named_constants import Named, axes, name_constant

Answer = tuple[list[str], str]
SMALL = (2, 3, 4)
"""Numbers that a factor may be without being the size of anything."""


def ratio_of(claimed: Array, right: Array) -> float:
    weight = float(np.sum(right * right))
    return float(np.sum(claimed * right)) / weight if weight > 0 else 0.0


def constant(evidence: Evidence) -> Answer | None:
    """claimed = ratio * right."""
    ratio = ratio_of(evidence.values, evidence.numeric)
    if not ratio or abs(ratio - 1.0) < 1e-9 or not np.isfinite(ratio):
        return None
    if not evidence.explains(evidence.values / ratio) or not _worth(evidence):
        return None
    if evidence.index.size == 1 and evidence.point.values[evidence.name].size > 1:
        return None
    keys = [] if ratio > 0 else ["wrong_sign"]
    sign = "" if ratio > 0 else "the sign is wrong"
    size = abs(ratio)
    if abs(size - 1.0) < 1e-6:
        return (keys, sign) if ratio < 0 else None
    named = name_constant(size, evidence.point)
    if named is None:
        if evidence.index.size < 2:
            return None  # one number is always a multiple of another
        key = "extra_factor" if size > 1 else "missing_factor"
        return [*keys, key], joined(sign, f"the claimed gradient is {_digits(size)} times the right one")
    doubtful: Answer | None = None
    likely = _of_a_size(evidence, named)
    seen = _changes(evidence, named.size, ratio) if likely is not None and named.size in SMALL else True
    if not seen:
        named = Named(named.value, f"1/{named.size}" if named.reciprocal else str(named.size), named.reciprocal)
        likely, doubtful = None, likely if seen is None else None
    text = f"the claimed gradient is {named.text} times the right one"
    if likely is not None:
        return [*keys, *likely[0]], joined(sign, f"{text}: {likely[1]}")
    key = "extra_factor" if size > 1 else "missing_factor"
    more = [k for k in (doubtful[0] if doubtful else []) if k != key]
    return [*keys, key, *more], joined(sign, f"{text}: {'an extra factor' if size > 1 else 'a factor is missing'}")


def _of_a_size(evidence: Evidence, named: Named) -> Answer | None:
    """What a factor means that is a size or its reciprocal; a root or a quotient of sizes is neither mean nor count."""
    size = named.size
    if size is None or (abs(named.value * size - 1.0) > 1e-9 and named.value != size):
        return None
    if named.reciprocal and _summed(evidence, size):
        return ["mean_for_sum", "extra_factor"], "a mean is taken where a sum is needed"
    return (
        (["extra_factor"], "an extra factor")
        if named.reciprocal
        else (
            ["missing_factor"],
            f"the factor 1/{size} is missing",
        )
    )


def _changes(evidence: Evidence, size: int | None, ratio: float) -> bool | None:
    """Whether the factor is another one where nothing has this size; None where that cannot be seen."""
    others = evidence.point.subject.workshop.other_sizes
    found = [other for other in others(evidence) if size not in axes(other.point)] if others is not None else []
    if not found:
        return None
    return not all(other.index.size and other.explains(other.values / ratio) for other in found)


def _worth(evidence: Evidence) -> bool:
    """Whether a constant is a better account than "a few coordinates": most of the coordinates are wrong."""
    relevant = np.abs(evidence.numeric) > 1e-6 * np.max(np.abs(evidence.numeric), initial=0.0)
    return bool(np.count_nonzero(evidence.bad & relevant) >= 0.9 * np.count_nonzero(relevant))


def _digits(ratio: float) -> str:
    """A ratio with so many digits that it is not shown as 1."""
    return f"{ratio:.6g}" if abs(ratio - 1.0) > 1e-4 else f"{ratio:.10g}"


def joined(first: str, second: str) -> str:
    return f"{first}, and {second}" if first else second


def _summed(evidence: Evidence, size: int) -> bool:
    """Whether the gradient is a sum over an axis of this size: the outputs have it and the group lacks it."""
    others = {**evidence.point.values, **evidence.point.subject.constants}
    present = any(size in y.shape for y in evidence.point.outputs) or any(
        size in v.shape for name, v in others.items() if name != evidence.name
    )
    return present and size not in evidence.shape


def up_to_a_constant(evidence: Evidence, values: Array) -> Answer | None:
    """Whether `values` are the right gradient, or it times a constant with a name."""
    if evidence.index.size < 2:
        return None
    if evidence.explains(values):
        return [], ""
    ratio = ratio_of(values, evidence.numeric)
    if not ratio or not evidence.explains(values / ratio):
        return None
    keys = ["wrong_sign"] if ratio < 0 else []
    if abs(abs(ratio) - 1) < 1e-6:
        return keys, "the sign is wrong"
    named = name_constant(abs(ratio), evidence.point)
    text = f"off by the factor {named.text if named else f'{ratio:.6g}'}"
    return [*keys, "extra_factor" if abs(ratio) > 1 else "missing_factor"], text
