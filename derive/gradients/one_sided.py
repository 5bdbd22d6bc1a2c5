"""A group at a kink: where the one-sided slopes differ there is no derivative, and any slope between them will do."""

from __future__ import annotations

import numpy as np

from derive.gradients.claimed import Claimed
from derive.gradients.gradient_report import Kink, Worst
from derive.gradients.judge import PointResult
from derive.gradients.locate import gather
from derive.gradients.point import Neighbourhood

MOST_KINKS = 64


def at_kink(
    point: Neighbourhood, claimed: Claimed, name: str, outcome: PointResult
) -> tuple[PointResult, list[Kink] | None]:
    """The coordinates with a kink; one whose claim lies outside the one-sided slopes is refuted.

    None in place of the kinks where the group has too many coordinates to look at each.
    """
    if point.values[name].size > MOST_KINKS:
        return outcome, None
    evidence = gather(point, claimed, name)
    for kink in evidence.kinks:
        low, high = min(kink.left, kink.right), max(kink.left, kink.right)
        if not low - 1e-3 * (high - low) <= kink.claimed <= high + 1e-3 * (high - low):
            estimate = 1e-3 * (high - low)
            worst = Worst(name, kink.coordinate, kink.claimed, 0.5 * (low + high), estimate)
            text = f"at the kink at {list(kink.coordinate or ())} the claim lies outside the one-sided slopes"
            return PointResult("false", worst, text, defect="wrong_value"), evidence.kinks
    smooth = ~np.isin(
        evidence.index, [np.ravel_multi_index(k.coordinate or (), evidence.shape) for k in evidence.kinks]
    )
    return PointResult("false", evidence.worst()) if np.any(evidence.bad & smooth) else outcome, evidence.kinks
