r"""Slopes by a complex step, and what real values say about them.

For `phi(t) = L(x + t v)` and code that carries complex numbers through, `Im phi(ih) / h` is phi'(0) with neither
truncation nor cancellation. It is silently wrong wherever the code takes a real part or an absolute value, so it is
never believed by itself. Evaluated at `±s + ih` the same code gives the real values *and* the slopes there, and

    phi(s) - phi(-s) = integral of phi' = s/3 (phi'(-s) + 4 phi'(0) + phi'(s)) + O(s^5)      (Simpson).

What the code loses of an imaginary part is missing on the right and not on the left; a kink in between shows as well.
Slopes add up along `v = v_1 + v_2 + ...`, one direction for each group of arguments, and so does what they lack: one
comparison serves all groups of a point. Its disagreement is the error of every one of them, and a group whose
gradient is small beside it is left to differences.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from derive.gradients.difference import Array, Line, Slope, norm

COMPLEX_STEP = 2.0**-70
REAL_STEP = 2.0**-13
ROUNDINGS = 16.0


def complex_slope(line: Line, center: Array, eps: float) -> Slope | None:
    """Im phi(ih)/h, or None where the code does not carry complex numbers through.

    It is accepted only if the real part is the real value and no conversion dropped an imaginary part on the
    way (NumPy warns of that, and the warning is made an error). The caller compares it with a real difference.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        return _slope(line, center, eps)


def _slope(line: Line, center: Array, eps: float) -> Slope | None:
    terms = _carried(line, 1j * COMPLEX_STEP, center)
    if terms is None or norm(terms.real - center) > 1e4 * eps * norm(center):
        return None
    imaginary = terms.imag / COMPLEX_STEP
    return Slope(float(imaginary.sum()), ROUNDINGS * eps * norm(imaginary), method="complex")


def confirmed_slopes(
    line: Callable[[Mapping[str, Array]], Line], directions: Mapping[str, Array], center: Array, eps: float
) -> dict[str, Slope]:
    """The slope along each direction, its error the disagreement of all of them with real values; {} for a refusal."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        for name, direction in directions.items():
            if (slope := _slope(line({name: direction}), center, eps)) is not None:
                found[name] = slope
        together = line({name: directions[name] for name in found})
        plus, minus = (_carried(together, t + 1j * COMPLEX_STEP, center) for t in (REAL_STEP, -REAL_STEP))
    if plus is None or minus is None:
        return {}
    ends = float((plus.imag + minus.imag).sum()) / COMPLEX_STEP
    simpson = (ends + 4.0 * sum(slope.value for slope in found.values())) / 6.0
    off = abs(float((plus.real - minus.real).sum()) / (2.0 * REAL_STEP) - simpson)
    return {name: Slope(slope.value, slope.error + off, method="complex") for name, slope in found.items()}


def _carried(line: Line, t: complex, center: Array) -> Array | None:
    """The weighted outputs at a complex place, or None where the code refuses it or drops an imaginary part."""
    try:
        terms = line(t)
    except Exception:  # any refusal means only: not this way
        return None
    if terms.dtype.kind != "c" or terms.shape != center.shape or not np.isfinite(terms).all():
        return None
    return terms
