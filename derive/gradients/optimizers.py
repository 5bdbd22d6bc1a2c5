"""Layers whose backward pass changes their parameters itself, so that no gradient is kept.

    self.W = self.optimizer.update(self.W, dW)     the gradient is what the optimizer is given
    self.W -= learning_rate * dW                   the gradient is the change, divided by the rate

In the copies that are checked an optimizer is exchanged for one that writes down what it is given and changes
nothing. A rate is passed as a large power of two, beside which the rounding of the parameter is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from derive.gradients.discovery import Parameter, Route, attributes, get, name_of, walk
from derive.gradients.guard import accepts, same
from derive.gradients.styles import RATES

RATE = 2.0**30
OPTIMIZER: Route = (("optimizer", ""),)
STEP: Route = (("step", ""),)
"""In place of the route to a gradient: what an optimizer is given, and the change of the parameter."""
UPDATES = ("update", "step", "apply", "optimize", "apply_gradient")


class Watched:
    """Stands for an optimizer: it keeps parameters and gradients that it is given, and returns another parameter.

    A backward pass that goes on with the new parameter where the old one belongs is then seen to be wrong.
    """

    def __init__(self) -> None:
        self.pairs: list[tuple[Any, Any]] = []

    def update(self, parameter: Any, gradient: Any, *_rest: Any, **_named: Any) -> Any:
        """One step."""
        self.pairs.append((parameter, gradient.copy() if isinstance(gradient, np.ndarray) else gradient))
        try:
            return parameter - gradient
        except (TypeError, ValueError):  # what does not fit is told by its shape
            return parameter

    step = apply = optimize = apply_gradient = __call__ = update


def optimizers(layer: Any) -> list[Any]:
    """The objects of a layer that make a step from a parameter and its gradient."""
    return [thing for route, thing in walk(layer) if route and _steps(thing)]


def _steps(thing: Any) -> bool:
    if isinstance(thing, Watched):
        return True
    if isinstance(thing, np.ndarray | dict | list | tuple) or not attributes(thing):
        return False
    named = "opt" in type(thing).__name__.lower() or "learning_rate" in attributes(thing) or "lr" in attributes(thing)
    passes = any(callable(getattr(thing, name, None)) for name in ("forward", "forward_pass", "backward"))
    functions = [f for name in UPDATES if callable(f := getattr(thing, name, None))]
    return named and not passes and any(accepts(f, 2) for f in functions)


def set_rates(layer: Any) -> bool:
    """Make the rate that a layer keeps as large as one that is passed; whether it keeps one."""
    names = [n for n, v in getattr(layer, "__dict__", {}).items() if n.lower() in RATES and isinstance(v, float)]
    for name in names:
        setattr(layer, name, RATE)
    return bool(names)


def given_to_optimizers(layer: Any) -> Iterator[tuple[Any, Any]]:
    """Every parameter and gradient that an optimizer of this copy was given."""
    for _, thing in walk(layer):
        if isinstance(thing, Watched):
            yield from thing.pairs


def updated(layer: Any, routes: Mapping[int, Route], kept: Mapping[Route, Any], paired: Set[Route]) -> list[Parameter]:
    """The parameters that backward hands to an optimizer or changes, of those that have no gradient beside them.

    `routes` are where the arrays were before the run, `kept` their numbers before backward.
    """
    found: dict[Route, Parameter] = {}
    for value, _ in given_to_optimizers(layer):
        route = routes.get(id(value))
        if route is not None and route not in paired:
            found[route] = Parameter(name_of(route), route, OPTIMIZER)
    for route, before in kept.items():
        now = get(layer, route)
        changed = isinstance(now, np.ndarray) and now.shape == before.shape and not same([now], [before])
        if changed and now.dtype.kind == "f" and route not in paired and route not in found and _far(now, before):
            found[route] = Parameter(name_of(route), route, STEP)
    return list(found.values())


def _far(now: Any, before: Any) -> bool:
    """Whether the change is that of a step at the rate that was passed."""
    return bool(np.max(np.abs(now - before), initial=0.0) > 1e-6 * RATE)


def grows(first: Any, second: Any, third: Any) -> bool | None:
    """Whether what was added first was added again; None where the gradient is zero."""
    if not isinstance(second, np.ndarray) or not isinstance(third, np.ndarray) or second.shape != third.shape:
        return False
    start = first if isinstance(first, np.ndarray) and first.shape == second.shape else np.zeros_like(second)
    once = second - start
    if not np.any(once):
        return None
    return bool(np.allclose(third - second, once, rtol=1e-5, atol=1e-6 * float(np.max(np.abs(once)))))
