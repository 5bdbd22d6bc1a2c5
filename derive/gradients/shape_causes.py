"""Why a gradient has another shape than its variable: not summed over an axis, transposed, an axis too many.

A broadcast in the forward pass is a sum in the backward pass. Where that sum is forgotten, the claimed gradient has
the shape of the output, and summing it over the axes that are too many gives the right one: tried, not assumed.
"""

from __future__ import annotations

import itertools

import numpy as np

from derive.gradients.locate import Evidence
from derive.gradients.named_constants import axes
from derive.gradients.point import wide

Answer = tuple[list[str], str]


def shape_reason(evidence: Evidence) -> Answer | None:
    """Why the gradient has another shape: not summed over an axis, transposed, or one axis too many."""
    raw = evidence.claimed.raw.get(evidence.name)
    if raw is None or not raw.size or not np.all(np.isfinite(raw)):
        return None
    raw, shape = wide(raw), evidence.shape
    places = axes(evidence.point)
    for count in range(1, raw.ndim + 1):
        for over in itertools.combinations(range(raw.ndim), count):
            total = np.sum(raw, axis=over)
            kept = np.sum(raw, axis=over, keepdims=True)
            fitting = next((t for t in (total, kept) if t.shape == shape), None)
            if fitting is None or all(raw.shape[a] == 1 for a in over):
                continue
            if evidence.explains(fitting.ravel()[evidence.index]):
                sizes = ", ".join(f"{a} (of {raw.shape[a]}{_place(raw.shape[a], places)})" for a in over)
                return ["missing_sum"], f"the sum over axis {sizes} is missing"
    for order in itertools.permutations(range(raw.ndim)):
        moved = np.transpose(raw, order)
        if moved.shape == shape and raw.shape != shape and evidence.explains(moved.ravel()[evidence.index]):
            return ["transposed"], "it is transposed"
    if raw.size == evidence.point.values[evidence.name].size and evidence.explains(raw.ravel()[evidence.index]):
        return ["notation"], "the numbers are right, only the shape is not"
    return None


def _place(size: int, places: dict[int, str]) -> str:
    return f", {places[size]}" if size in places else ""
