"""Why a gradient is wrong: hypotheses, tried in the order in which they are likely and cheap.

Each hypothesis predicts the measured coordinates of the right gradient from the claimed one: a constant times it,
its transpose, its sum over an axis, another argument's gradient, the claim made with another upstream gradient,
the claim plus one term. The first that explains *all* measured coordinates is the cause. If none does, the place
is: one coordinate, one row, only negative inputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.gradients.constant_causes import constant, joined, ratio_of, up_to_a_constant
from derive.gradients.gradient_report import Worst
from derive.gradients.local import elementwise, forward_values, through_upstream
from derive.gradients.locate import Evidence, measure
from derive.gradients.mended import mended
from derive.gradients.named_constants import name_constant
from derive.gradients.own_slope import own_slope
from derive.gradients.product_causes import Elsewhere, inside
from derive.gradients.rearranged import rearranged
from derive.gradients.shape_causes import shape_reason
from derive.gradients.term_causes import along_axis, path, regulariser, written_out

if TYPE_CHECKING:
    from derive.gradients.model_backward import Derived

Answer = tuple[list[str], str]


@dataclass
class Cause:
    """The defect keys (the likeliest first), a sentence, the worst coordinate, and where."""

    defects: list[str]
    text: str
    worst: Worst | None = None
    located: dict[str, Any] | None = None


def diagnose(
    evidence: Evidence,
    known: Cause | None = None,
    worst: Worst | None = None,
    elsewhere: Elsewhere | None = None,
    model: Derived | None = None,
) -> Cause:
    """The cause of a refuted gradient. `known` is a shape or type problem, which only needs its reason.

    `elsewhere` gives the same group at other points, `model` what is derived of it.
    """
    if known is not None:
        reason = shape_reason(evidence) if evidence.index.size else None
        if reason is None:
            return known
        return Cause([*known.defects, *reason[0]], f"{known.text}: {reason[1]}")
    if not evidence.index.size:
        return Cause(["wrong_value"], "the gradient is wrong", worst)
    found = evidence.worst() or worst
    where = _located(evidence)
    if not np.any(evidence.bad) and worst is not None:
        found = worst
    answer = own_slope(evidence, elsewhere) or _whole(evidence)
    if answer is None and (answer := along_axis(evidence)) is not None:
        closer = mended(evidence, elsewhere)  # says which term it is
        answer = answer if closer is None else (list(dict.fromkeys([*closer[0], *answer[0]])), closer[1])
    if answer is None:
        answer = _partly(evidence, where, elsewhere)
    if answer is None and elsewhere is not None:
        answer = (
            rearranged(evidence, elsewhere) or written_out(evidence, elsewhere) or inside(evidence, elsewhere, model)
        )
    answer = answer or mended(evidence, elsewhere)
    if answer is None:
        answer = written_out(evidence, elsewhere) or _unnamed(evidence)
    return Cause(list(answer[0]), answer[1], found, where)


def _whole(evidence: Evidence) -> Answer | None:
    """Hypotheses about the gradient as a whole."""
    for hypothesis in HYPOTHESES:
        if (answer := hypothesis(evidence)) is not None:
            return answer
    if evidence.index.size < 2:
        return through_upstream(evidence)
    if np.count_nonzero(evidence.bad) <= 1 and evidence.index.size > 3:
        return None  # a single coordinate: nothing to see in the others
    return through_upstream(evidence) or elementwise(evidence)


# ----- the claim as a whole -----


def _cut_off(evidence: Evidence) -> Answer | None:
    """Every claimed number is the right one without its decimals."""
    values, right = evidence.values, evidence.numeric
    whole = np.array_equal(values, np.trunc(values)) and np.any(right != np.trunc(right))
    if whole and (np.array_equal(values, np.trunc(right)) or np.array_equal(values, np.rint(right))):
        return ["wrong_type"], "the decimals are cut off: the gradient was stored as integers"
    return None


def _zero(evidence: Evidence) -> Answer | None:
    if not np.any(evidence.claimed.best(evidence.name)):
        return ["missing_gradient"], "the claimed gradient is zero everywhere, the right one is not"
    if evidence.complete and not np.any(evidence.numeric):
        return ["extra_term"], "the right gradient is zero everywhere, the claimed one is not"
    return None


def _transposed(evidence: Evidence) -> Answer | None:
    shape = evidence.shape
    gradient = evidence.claimed.best(evidence.name)
    for order in itertools.permutations(range(len(shape))):
        moved = np.transpose(gradient, order)
        if order == tuple(range(len(shape))) or moved.shape != shape:
            continue
        answer = up_to_a_constant(evidence, moved.ravel()[evidence.index])
        if answer is not None:
            what = "transposed" if len(shape) == 2 else f"its axes are in the order {order}"
            return ["transposed", *answer[0]], joined(f"the gradient is {what}", answer[1]) if answer[1] else (
                f"the gradient is {what}"
            )
    return None


def _other_argument(evidence: Evidence) -> Answer | None:
    """The gradient of another argument of the same shape."""
    if evidence.index.size < 2:
        return None
    for name, value in evidence.point.values.items():
        if name == evidence.name or value.shape != evidence.shape or name not in evidence.claimed.narrow:
            continue
        other = evidence.claimed.best(name).ravel()[evidence.index]
        if evidence.explains(other) and np.any(other):
            return ["wrong_left_side", "wrong_operand"], f"exchanged: the gradient given for {name} belongs here"
        measured = measure(evidence.point, evidence.claimed, name, evidence.index[:64])
        if measured.index.size == evidence.index[:64].size and measured.explains(evidence.values[:64]):
            return ["wrong_left_side", "wrong_operand"], f"this is the gradient of {name}"
    return None


HYPOTHESES: list[Callable[[Evidence], Answer | None]] = [
    _zero,
    constant,
    _cut_off,
    _transposed,
    _other_argument,
    regulariser,
    path,
]
"""Of the gradient as a whole, in the order in which they are tried."""


# ----- the place -----


def _located(evidence: Evidence) -> dict[str, Any] | None:
    """The wrong slices per axis where they are few; all of a short axis says nothing."""
    where: dict[str, Any] = {}
    for axis, found in enumerate(evidence.slices):
        if found and len(found) < evidence.shape[axis]:
            where[f"axis {axis}"] = found
    bad = evidence.index[evidence.bad]
    if 0 < bad.size <= 3 and evidence.index.size > bad.size:
        where["coordinates"] = [list(map(int, np.unravel_index(int(i), evidence.shape))) for i in bad]
    return where or None


def _partly(evidence: Evidence, where: dict[str, Any] | None, elsewhere: Elsewhere | None) -> Answer | None:
    """Right in most places: wrong where a value is negative, or in one row, column, coordinate."""
    bad = evidence.bad
    if not np.any(bad) or np.all(bad):
        return None
    if np.count_nonzero(bad) > 1:
        for name, key in itertools.product(dict(forward_values(evidence)), ("negative_inputs", "positive_inputs")):
            others = elsewhere(evidence) if elsewhere is not None and _only(evidence, name, key) else None
            if others is not None and all(_only(other, name, key, several=False) for other in others):
                return [key], f"wrong only where {name} is {key.partition('_')[0]}"
    return _one_slice(evidence, where or {})


def _only(evidence: Evidence, name: str, key: str, several: bool = True) -> bool:
    """Whether it is wrong exactly where this forward value has this sign."""
    bad, value = evidence.bad, dict(forward_values(evidence)).get(name)
    if value is None:
        return False
    signs = value.ravel()[evidence.index]
    mask = signs < 0 if key == "negative_inputs" else signs > 0
    relevant = bad | (evidence.numeric != 0) | (evidence.values != 0)
    enough = not several or 1 < np.count_nonzero(mask) < mask.size
    return bool(enough) and np.array_equal(bad[relevant], mask[relevant])


def _one_slice(evidence: Evidence, where: dict[str, Any]) -> Answer | None:
    slices = [where.get(f"axis {axis}") for axis in range(len(evidence.shape))]
    if evidence.shape and all(found is not None and len(found) == 1 for found in slices):
        place = tuple(found[0] for found in slices if found)
        return ["one_coordinate"], f"only the coordinate {list(place)} is wrong{_within(evidence)}"
    if "coordinates" in where and len(where["coordinates"]) == 1:
        return ["one_coordinate"], f"only the coordinate {where['coordinates'][0]} is wrong{_within(evidence)}"
    by_count = sorted((len(found), axis) for axis, found in enumerate(slices) if found)
    for axis, found in [(axis, slices[axis] or []) for _, axis in by_count[:1]]:
        key, word = (("one_row", "row"), ("one_column", "column"))[axis] if axis < 2 else ("one_slice", "slice")
        if len(evidence.shape) > 2:
            word = f"slice along axis {axis}"
        listed = ", ".join(map(str, found))
        if len(found) == 1:
            return [key], f"only {word} {listed} is wrong{_within(evidence)}"
        return [key, "wrong_index"], f"only the {word}s {listed} are wrong{_within(evidence)}"
    return None


def _within(evidence: Evidence) -> str:
    """What is wrong with the few that are."""
    bad = evidence.bad
    claimed, right = evidence.values[bad], evidence.numeric[bad]
    if not np.any(claimed):
        return " (it is zero there)"
    ratio = ratio_of(claimed, right)
    if not ratio or np.max(np.abs(claimed - ratio * right)) > 1e-6 * np.max(np.abs(claimed)):
        return ""
    if abs(ratio + 1.0) < 1e-6:
        return " (the sign is wrong there)"
    named = name_constant(abs(ratio), evidence.point)
    return f" ({'-' if ratio < 0 else ''}{named.text} times the right value)" if named else ""


def _unnamed(evidence: Evidence) -> Answer:
    """No cause was found: say how large the difference is."""
    size = float(np.max(np.abs(evidence.numeric), initial=0.0))
    off = float(np.max(np.abs(evidence.values - evidence.numeric), initial=0.0))
    if size and off < 1e-4 * size:
        text = f"it differs by {off / size:.1e} of its size, more than rounding can explain"
        if off < 4.0 * np.finfo(np.float32).eps * size:
            return ["lost_precision"], f"{text}; float32's rounding is of this size: something is kept in float32"
        return ["wrong_value"], f"{text}; a small constant in one pass alone, as in log(p + 1e-7), does this"
    count = int(np.count_nonzero(evidence.bad))
    return [
        "wrong_value"
    ], f"{count} of {evidence.index.size} measured coordinates are wrong, the cause is not recognised"
