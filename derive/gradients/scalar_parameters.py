"""Parameters that are Python numbers: `self.beta` and `self.dbeta`, floats.

A number has no identity by which it could be followed through copies of a layer, so in the copy that is judged it
becomes an array without axes. It is a parameter if backward sets the gradient that stands beside it: `p` and `dp`
alone may be a probability and something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from derive.gradients.discovery import Route, entries, get, gradient_names, put


def numbers(layer: Any) -> dict[Route, Any]:
    """Every float in an attribute or an entry of a layer."""
    return {route: value for route, value in entries(layer) if isinstance(value, float)}


def made_arrays(source: Any, before: Mapping[Route, Any], after: Any) -> bool:
    """Make arrays of the numbers of `source` of which backward has set a gradient; `before` has those before it."""
    now = dict(entries(after))
    found = False
    for route, value in before.items():
        kind, key = route[-1]
        beside = [(*route[:-1], (kind, name)) for name in gradient_names(key)] if isinstance(key, str) else []
        set_there = any(np.ndim(now[r]) == 0 and _is_set(before.get(r), now[r]) for r in beside if r in now)
        if set_there and isinstance(get(source, route), float):
            put(source, route, np.array(value))
            found = True
    return found


def _is_set(earlier: Any, later: Any) -> bool:
    return isinstance(later, float | np.ndarray) and later is not earlier
