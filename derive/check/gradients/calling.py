"""How a layer is called: an object with two methods, two functions with a cache, or one function with its gradient.

    object      out = layer.forward(x);  dx = layer.backward(dout)      parameters and gradients in the layer
    functions   out, cache = forward(x, w, b);  dx, dw, db = backward(dout, cache)

Several outputs have several upstream gradients. A loss is called with the upstream gradient 1, or with none if its
backward pass takes none.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.check.gradients.difference import Array
from derive.check.gradients.function_subject import forward_value
from derive.check.gradients.guard import accepts, call, parameter_names
from derive.errors import DeriveError, did_you_mean

FORWARD = ("forward", "__call__", "fprop", "fwd")
BACKWARD = ("backward", "bprop", "bwd", "backprop")


@dataclass(frozen=True)
class Passed:
    """What a forward pass returned: its outputs, and the cache where there is one."""

    outputs: list[Array]
    cache: tuple[Any, ...]


@dataclass(frozen=True)
class Calling:
    """One way to call forward and backward of a layer."""

    forward_of: Callable[[Any], Callable[..., Any]]
    backward_of: Callable[[Any], Callable[..., Any]]
    cached: bool | None
    """Whether the last value that forward returns is a cache; None where that has to be found out."""

    def forward(self, layer: Any, inputs: Sequence[Any]) -> Passed:
        function = self.forward_of(layer)
        if not accepts(function, len(inputs)):
            hint = "it is a class: give an object of it" if isinstance(layer, type) else None
            raise DeriveError(f"forward does not take {len(inputs)} positional argument(s)", hint=hint)
        value = call("forward", function, *inputs)
        parts = tuple(value) if isinstance(value, tuple | list) else (value,)
        cache: tuple[Any, ...] = ()
        if len(parts) > 1 and self._has_cache(layer, parts):
            parts, cache = parts[:-1], parts[-1:]
        return Passed([forward_value(part, "forward") for part in parts], cache)

    def _has_cache(self, layer: Any, parts: tuple[Any, ...]) -> bool:
        if self.cached is not None:
            return self.cached
        if not all(_numeric(part) for part in parts):
            return True
        return not accepts(self.backward_of(layer), len(parts))

    def backward(self, layer: Any, passed: Passed, upstream: list[Array], inputs: Sequence[Any]) -> Any:
        function = self.backward_of(layer)
        given = tuple(u[()] if u.ndim == 0 else u for u in upstream)
        scalar = all(u.ndim == 0 for u in upstream)
        if function is _gradients and not callable(passed.cache[0]) and not scalar:
            raise DeriveError(
                "the function returns an array and its gradient, and takes no upstream gradient",
                hint="return (y, pullback) with pullback(dy), or give check_layer (forward, backward)",
            )
        orders: list[tuple[Any, ...]] = [given + passed.cache]
        if passed.cache and parameter_names(function, 1)[0] in ("cache", "ctx"):
            orders = [passed.cache + given]
        if scalar:  # a loss whose backward pass takes no upstream gradient
            orders.append(passed.cache)
        if len(given) > 1:
            orders.append((given, *passed.cache))
        orders.append(given + tuple(inputs))
        if scalar:
            orders.append(tuple(inputs))
        for order in orders:
            if accepts(function, len(order)):
                return call("backward", function, *order)
        expected = "dout, cache" if passed.cache else "dout"
        raise DeriveError(
            f"backward cannot be called as backward({expected}) nor with the inputs of forward",
            hint="wrap it in a function that takes the upstream gradient",
        )


def _numeric(part: Any) -> bool:
    return isinstance(part, float) or (isinstance(part, np.ndarray | np.generic) and part.dtype.kind in "fc")


def stateless(layer: Any) -> bool:
    """Two plain functions: a pair, a mapping, a module, a namespace, or a class with static methods."""
    return isinstance(
        layer, tuple | list | Mapping | types.ModuleType | types.SimpleNamespace | types.FunctionType | type
    )


def calling_for(layer: Any, forward: Any, backward: Any, cached: bool | None) -> Calling:
    """The way to call this layer; `forward` and `backward` may be names or functions."""
    if isinstance(layer, tuple | list):
        if len(layer) != 2 or not all(callable(part) for part in layer):
            raise DeriveError("a layer given as a tuple is (forward, backward), two functions")
        return _fixed(layer[0], layer[1], True if cached is None else cached)
    if isinstance(layer, Mapping):
        functions = {name: layer.get(name) for name in (forward or "forward", backward or "backward")}
        if not all(callable(function) for function in functions.values()):
            raise DeriveError(f"the layer has no {' and '.join(n for n, f in functions.items() if not callable(f))}")
        pair = list(functions.values())
        return _fixed(pair[0], pair[1], True if cached is None else cached)
    if callable(forward) and callable(backward):
        return _fixed(forward, backward, cached)
    if isinstance(layer, types.FunctionType) and forward is None and backward is None:
        return _value_and_gradient(layer)
    names = (_method(layer, forward, FORWARD, "forward"), _method(layer, backward, BACKWARD, "backward"))
    if stateless(layer) and cached is None:
        cached = True
    return Calling(lambda thing: _bound(thing, names[0]), lambda thing: _bound(thing, names[1]), cached)


def _value_and_gradient(function: Callable[..., Any]) -> Calling:
    """One function that returns its value with the gradients, as losses do, or with a pullback of the upstream ones."""

    @functools.wraps(function)
    def forward(*args: Any) -> tuple[Any, Any]:
        value = function(*args)
        if not isinstance(value, tuple) or len(value) < 2:
            raise DeriveError("the layer is one function, and it does not return (value, gradient)")
        return value[0], value[1] if len(value) == 2 else value[1:]

    return Calling(lambda _: forward, lambda _: _gradients, True)


def _gradients(*given: Any) -> Any:
    """What was returned with the value: gradients, or a function of the upstream gradient."""
    *upstream, held = given
    return held(*upstream) if callable(held) else held


def _fixed(forward: Any, backward: Any, cached: bool | None) -> Calling:
    return Calling(lambda _: forward, lambda _: backward, cached)


def _bound(layer: Any, name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(layer, name)
    return function


def _method(layer: Any, name: str | None, usual: Sequence[str], what: str) -> str:
    if name is not None:
        if not callable(getattr(layer, name, None)):
            raise DeriveError(f"the layer has no method {name!r}", hint=did_you_mean(name, dir(layer)))
        return name
    for candidate in usual:
        if callable(getattr(layer, candidate, None)):
            return candidate
    hint = did_you_mean(what, [n for n in dir(layer) if not n.startswith("__")])
    raise DeriveError(
        f"the layer ({type(layer).__name__}) has no method {what!r}",
        hint=hint or f"name it: check_layer(layer, x, {what}='...')",
    )
