"""How a layer is called: an object with two methods, two functions with a cache, or one function with its gradient.

    object      out = layer.forward(x);  dx = layer.backward(dout)      parameters and gradients in the layer
    functions   out, cache = forward(x, w, b);  dx, dw, db = backward(dout, cache)
    slopes      a = fn(z);  da/dz = grad(z)          and losses: value = loss(y, p);  dvalue/dp = gradient(y, p)

Several outputs have several upstream gradients. A loss is called with the upstream gradient 1, or with none if its
backward pass takes none. A slope is multiplied by the upstream gradient here, entry by entry or row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.arguments import floating
from derive.gradients.difference import Array
from derive.gradients.discovery import attributes, gradient_names
from derive.gradients.function_subject import forward_value
from derive.gradients.guard import accepts, call, parameter_names, positional
from derive.gradients.optimizers import RATE
from derive.gradients.styles import CACHES, FLAGS, KEPT_OUTPUTS, RATES, upstream_like

OUTPUT, KEPT = "output", "kept"
FIRST, TOGETHER, EACH = "first", "together", "each"
INPUT_GRADIENTS = ("dinputs", "dinput", "dx", "dX", "grad_input", "grad_inputs", "input_grad", "input_gradient")


@dataclass(frozen=True)
class Passed:
    """What a forward pass returned: its outputs, and the cache where there is one."""

    outputs: list[Array]
    cache: tuple[Any, ...]


@dataclass(frozen=True)
class DerivativeCall:
    """What a derivative is given: inputs by position, what forward returned or kept; and what it is taken by.

    `mean`: the derivative is that of the mean of several losses.
    """

    given: tuple[int | str, ...]
    by: tuple[int, ...] = ()
    mean: bool = False


@dataclass(frozen=True)
class Calling:
    """One way to call forward and backward of a layer."""

    forward_of: Callable[[Any], Callable[..., Any]]
    backward_of: Callable[[Any], Callable[..., Any]]
    cached: bool | None = None
    """Whether the last value that forward returns is a cache; None where that has to be found out."""
    takes_upstream: bool = True
    """What the names say of the backward pass; `slope` is what is made of it."""
    slope: DerivativeCall | None = None
    upstreams: str = EACH
    """How several upstream gradients are passed: each, together in a tuple, or only the first."""
    text: str = ""
    """What is told about this way, where it had to be found out."""

    def forward(self, layer: Any, inputs: Sequence[Any]) -> Passed:
        function = self.forward_of(layer)
        given = completed(function, inputs)
        if not accepts(function, len(given)):
            hint = "it is a class: give an object of it" if isinstance(layer, type) else None
            raise DeriveError(f"forward does not take {len(inputs)} positional argument(s)", hint=hint)
        value = call("forward", function, *given)
        if value is None:
            value = next((v for name in KEPT_OUTPUTS if floating(v := getattr(layer, name, None))), None)
        parts = tuple(value) if isinstance(value, tuple | list) else (value,)
        cache: tuple[Any, ...] = ()
        if len(parts) > 1 and self._has_cache(layer, parts):
            parts, cache = parts[:-1], parts[-1:]
        if self.upstreams == FIRST:
            parts = parts[:1]
        return Passed([forward_value(part, "forward") for part in parts], cache)

    def _has_cache(self, layer: Any, parts: tuple[Any, ...]) -> bool:
        if self.cached is not None:
            return self.cached
        if not all(_numeric(part) for part in parts):
            return True
        backward = self.backward_of(layer)
        last = parameter_names(backward, len(parts))[-1].lower().strip("_")
        return last in CACHES or (not accepts(backward, len(parts)) and positional(backward).least != 1)

    def backward(self, layer: Any, passed: Passed, upstream: list[Array], inputs: Sequence[Any]) -> Any:
        function = self.backward_of(layer)
        before = dict(attributes(layer)) if hasattr(layer, "__dict__") else {}
        if self.slope is not None:
            return self._weighted(layer, function, before, passed, upstream, inputs)
        given = tuple(u[()] if u.ndim == 0 else u for u in upstream)
        scalar = all(u.ndim == 0 for u in upstream)
        if function is gradients and not callable(passed.cache[0]) and not scalar:
            raise DeriveError(
                "the function returns an array and its gradient, and takes no upstream gradient",
                hint="return (y, pullback) with pullback(dy), or give check_layer (forward, backward)",
            )
        forward_names = parameter_names(self.forward_of(layer), len(inputs))
        for order in [
            *_by_name(function, given, forward_names, inputs),
            *self._orders(function, given, passed.cache, tuple(inputs), scalar),
        ]:
            arguments = completed(function, order)
            if accepts(function, len(arguments)):
                result = call("backward", function, *arguments)
                return self._kept_gradients(layer, before, inputs) if result is None else result
        expected = "dout, cache" if passed.cache else "dout"
        raise DeriveError(
            f"backward cannot be called as backward({expected}) nor with the inputs of forward",
            hint="wrap it in a function that takes the upstream gradient, or say what it takes: takes='inputs'",
        )

    def _orders(
        self,
        function: Callable[..., Any],
        given: tuple[Any, ...],
        cache: tuple[Any, ...],
        inputs: tuple[Any, ...],
        scalar: bool,
    ) -> list[tuple[Any, ...]]:
        if self.upstreams == TOGETHER:
            return [(given, *cache)]
        orders: list[tuple[Any, ...]] = [given + cache]
        if cache and parameter_names(function, 1)[0] in CACHES:
            orders = [cache + given]
        if scalar:  # a loss whose backward pass takes no upstream gradient
            orders.append(cache)
        orders.append(given + inputs)
        if scalar:
            orders.append(inputs)
        return orders

    def _weighted(
        self,
        layer: Any,
        function: Callable[..., Any],
        before: Mapping[str, Any],
        passed: Passed,
        upstream: list[Array],
        inputs: Sequence[Any],
    ) -> Any:
        """A slope times the upstream gradient, for the inputs that it belongs to."""
        assert self.slope is not None
        result = self.derivative(layer, function, before, passed, inputs)
        if isinstance(result, Mapping) and not self.slope.by:
            return {key: upstream[0] * value for key, value in result.items()}
        names = parameter_names(self.forward_of(layer), len(inputs))
        parts = result if len(self.slope.by) > 1 else (result,)
        value = passed.outputs[0]
        return {
            names[k]: _times(upstream[0], part, inputs[k], value, self.slope.mean)
            for k, part in zip(self.slope.by, parts, strict=True)
        }

    def derivative(
        self,
        layer: Any,
        function: Callable[..., Any],
        before: Mapping[str, Any],
        passed: Passed,
        inputs: Sequence[Any],
    ) -> Any:
        """What the derivative returns, or leaves in the layer."""
        assert self.slope is not None
        places = {OUTPUT: passed.outputs[0]}
        kept = next((v for name in KEPT_OUTPUTS if floating(v := before.get(name))), None)
        given = [inputs[k] if isinstance(k, int) else places.get(k, kept) for k in self.slope.given]
        result = call("backward", function, *given)
        if result is None:
            found = self._kept_gradients(layer, before, inputs) or {}
            result = next(iter(found.values()), None)
        return result

    def _kept_gradients(self, layer: Any, before: Mapping[str, Any], inputs: Sequence[Any]) -> Any:
        """Gradients of the inputs that backward has put into the layer instead of returning them."""
        after = attributes(layer) if hasattr(layer, "__dict__") else {}
        changed = {name: v for name, v in after.items() if floating(v) and v is not before.get(name)}
        names = parameter_names(self.forward_of(layer), len(inputs))
        floats = [name for name, value in zip(names, inputs, strict=True) if floating(value)]
        found = {}
        for name in floats:
            usual = [*gradient_names(name), *(INPUT_GRADIENTS if len(floats) == 1 or name == floats[0] else ())]
            kept = next((changed[n] for n in usual if n in changed), None)
            if kept is not None:
                found[name] = kept
        return found or None


def _times(u: Array, slope: Any, argument: Any, value: Array, mean: bool) -> Any:
    """The upstream gradient times a slope of the argument's shape; what has another shape is left as it is."""
    if not isinstance(slope, np.ndarray | np.generic | float | int):
        return slope
    slope, shape = np.asarray(slope), np.shape(argument)
    if slope.dtype.kind not in "fiub" or slope.shape != shape:
        return slope
    if value.shape != shape and value.ndim and value.shape == shape[: value.ndim]:
        u = u.reshape(value.shape + (1,) * (len(shape) - value.ndim))
    return np.asarray(u * slope * (len(value) if mean else 1))


def _by_name(
    function: Callable[..., Any], given: tuple[Any, ...], names: Sequence[str], inputs: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """`backward(dout, y_true)`, `backward(x, dout)`: inputs by their own names, what is left by order.

    Without any of these names, where one alone is that of an upstream gradient and is not the first: the inputs around
    it in their order.
    """
    known = positional(function)
    required = () if known.least == float("inf") else known.names[: int(known.least)]
    needed = [name for name in required if name.lower().strip("_") not in RATES | FLAGS]
    left = [name for name in needed if name not in names]
    if len(left) == len(given) < len(needed):
        values = dict(zip(left, given, strict=True)) | dict(zip(names, inputs, strict=True))
        return [tuple(values[name] for name in needed)]
    upstream = [k for k, name in enumerate(needed) if upstream_like(name)]
    if len(given) == 1 and len(upstream) == 1 and upstream[0] > 0 and len(left) == len(needed) == 1 + len(inputs):
        return [(*inputs[: upstream[0]], *given, *inputs[upstream[0] :])]
    return []


def completed(function: Callable[..., Any], given: Sequence[Any]) -> tuple[Any, ...]:
    """These arguments, with a rate or a flag `training` behind them where the function asks for one."""
    known, found = positional(function), list(given)
    for name in known.names[len(found) :]:
        low = name.lower().strip("_")
        if low in RATES or (low == "alpha" and len(found) < known.least):
            found.append(RATE)
        elif low in FLAGS and len(found) < known.least:
            found.append(True)
        else:
            break
    return tuple(found)


def _numeric(part: Any) -> bool:
    return isinstance(part, float) or (isinstance(part, np.ndarray | np.generic) and part.dtype.kind in "fc")


def gradients(*given: Any) -> Any:
    """What was returned with the value: gradients, or a function of the upstream gradient."""
    *upstream, held = given
    return held(*upstream) if callable(held) else held
