"""Which of several readings of a layer fits: the claimed gradient must have the measured slope along a direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.calling import Calling
from derive.gradients.difference import Array
from derive.gradients.drawing import nearby
from derive.gradients.guard import CallFailed
from derive.gradients.point import Subject, scale_of, wide

FITS = 1e-3


def fit(subject: Subject, values: Mapping[str, Array], rng: np.random.Generator) -> float:
    """How far the claimed gradients are from measured slopes, beside their size; infinite where there are none."""
    here = {name: wide(nearby(value, rng)) for name, value in values.items()}
    try:
        outputs = subject.outputs(here)
        upstream = [
            np.asarray(rng.uniform(0.5, 1.5, y.shape) * (1.0 if not y.ndim else rng.choice([-1.0, 1.0], y.shape)))
            for y in outputs
        ]
        claim = subject.claim(here, upstream)
    except (CallFailed, DeriveError):
        return float("inf")
    if claim.problems or not claim.gradients:
        return float("inf")
    worst = 0.0
    for name in claim.gradients:
        direction = rng.standard_normal(here[name].shape) * scale_of(here[name])
        step = 1e-5

        def along(t: float, name: str = name, direction: Array = direction) -> float:
            moved = {**here, name: here[name] + t * direction}
            return float(sum(np.sum(u * y) for u, y in zip(upstream, subject.outputs(moved), strict=True)))

        try:
            measured = (along(step) - along(-step)) / (2 * step)
        except (CallFailed, DeriveError, ValueError):
            return float("inf")
        claimed = float(np.sum(claim.gradients[name] * direction))
        size = max(abs(measured), abs(claimed))
        worst = max(worst, abs(measured - claimed) / size if size > 1e-12 else 0.0)
    return worst if np.isfinite(worst) else float("inf")


def chosen(
    ways: Sequence[Calling], subject_of: Callable[[Calling], Any], rng: np.random.Generator
) -> tuple[Calling, Any]:
    """The first way that fits, or else the first that can be called, with its subject."""
    first: tuple[float, Calling, Any] | None = None
    failed: Exception | None = None
    for way in ways:
        try:
            subject = subject_of(way)
        except (CallFailed, DeriveError) as error:
            failed = failed or error
            continue
        if len(ways) == 1:
            return way, subject
        off = fit(subject, subject.values, rng)
        if off < FITS:
            return replace(way, text=f"{way.text} (found by trial)" if way.text else ""), subject
        if first is None or off < first[0]:
            first = off, way, subject
    if first is None:
        assert failed is not None
        raise failed
    _, way, subject = first
    return replace(way, text=f"{way.text}; no other way of reading it fits" if way.text else ""), subject
