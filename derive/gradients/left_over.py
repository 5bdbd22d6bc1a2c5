"""What backward sets and no name explains: a gradient, perhaps, of a parameter for which none was found.

A parameter without a gradient is held constant, as masks and running means are. But if the output depends on it, and
backward sets an array of its shape, then to call the layer right would be a guess.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.difference import Array
from derive.gradients.discovery import Route, floating_array, shown, walk
from derive.gradients.guard import CallFailed, same
from derive.gradients.point import Values

Kept = Mapping[Route, tuple[Any, Any]]


def copies(layer: Any) -> Kept:
    """The arrays of a layer, and copies of them."""
    return {route: (value, value.copy()) for route, value in walk(layer) if floating_array(value)}


def set_since(before: Kept, layer: Any, known: Collection[Route]) -> list[tuple[str, Array]]:
    """The arrays that were set or changed since, by name, but for the known ones."""
    found = []
    for route, value in walk(layer):
        own, copy = before.get(route, (None, None))
        if floating_array(value) and route not in known and not (value is own and np.array_equal(value, copy)):
            found.append((shown(route), value))
    return found


def read_from_outside(function: Callable[..., Any]) -> list[str]:
    """The names under which a function reads arrays of floats that it is not given: of a closure, or of its module."""
    try:
        found = inspect.getclosurevars(function)
    except (TypeError, ValueError):
        return []
    things = {**found.globals, **found.nonlocals}
    return [name for name, thing in things.items() if any(floating_array(value) for _, value in walk(thing))]


def refuse_to_guess(
    constants: Values, left_over: Sequence[tuple[str, Array]], outputs: Callable[[Values], list[Array]]
) -> None:
    """DeriveError if an array that is held constant may have its gradient among what is left over."""
    for name, value in constants.items():
        alike = [shown for shown, left in left_over if left.shape == value.shape]
        if alike and _depends(outputs, name, value):
            raise DeriveError(
                f"no gradient was found for {name}, and backward sets {alike[0]}, which has its shape",
                hint=f"name parameters and gradients: check_layer(layer, x, parameters={{{name!r}: {alike[0]!r}}}); "
                "what is not named is held constant",
            )


def _depends(outputs: Callable[[Values], list[Array]], name: str, value: Array) -> bool:
    moved = (value + 1e-3 * (1.0 + np.abs(value))).astype(value.dtype)
    try:
        return not same(outputs({name: value}), outputs({name: moved}))
    except (CallFailed, DeriveError):
        return False
