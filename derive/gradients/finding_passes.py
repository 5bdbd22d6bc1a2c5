"""Finding the forward and the backward pass of a layer by their names; the caller may name them, or give functions."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from typing import Any

from derive.errors import DeriveError, did_you_mean
from derive.gradients.calling import Calling, gradients
from derive.gradients.guard import positional
from derive.gradients.styles import SLOPES, STYLES, VALUE_WITH_GRADIENT, PassNames, slope_like

Named = Callable[[str], Any]


def stateless(layer: Any) -> bool:
    """Two plain functions: a pair, a mapping, a module, a namespace, or a class with static methods."""
    return isinstance(
        layer, tuple | list | Mapping | types.ModuleType | types.SimpleNamespace | types.FunctionType | type
    )


def has_backward(thing: Any) -> bool:
    """Whether it has a method that takes an upstream gradient, by name."""
    return any(callable(getattr(thing, name, None)) for name in STYLES[0].backward)


def passes(layer: Any, forward: Any, backward: Any, cached: bool | None) -> Calling:
    """The two passes of this layer; `forward` and `backward` may be names or functions."""
    if isinstance(layer, tuple | list):
        if len(layer) != 2 or not all(callable(part) for part in layer):
            raise DeriveError("a layer given as a tuple is (forward, backward), two functions")
        return _pair(layer[0], layer[1], True if cached is None else cached)
    if isinstance(layer, Mapping):
        names = _names(layer.get, forward, backward) or _derived_name(layer)
        names = names or (forward or "forward", backward or "backward")
        missing = [name for name in names if not callable(layer.get(name))]
        if missing:
            hint = "name the two: check_layer(layer, x, forward='f', backward='f_grad'), or give them: (f, f_grad)"
            raise DeriveError(f"the layer has no {' and '.join(missing)}", hint=hint)
        return _pair(layer[names[0]], layer[names[1]], True if cached is None else cached, names[1])
    if callable(forward) and callable(backward):
        return _pair(forward, backward, cached)
    if isinstance(layer, types.FunctionType) and forward is None and backward is None:
        flag = next((name for name in positional(layer).names[1:] if slope_like(name)), None)
        if flag is not None:
            derivative = functools.partial(layer, **{flag: True})
            return Calling(lambda _: layer, lambda _: derivative, True, takes_upstream=False)
        return _value_with_gradient(lambda _: layer)
    return _methods(layer, forward, backward, cached)


def _methods(layer: Any, forward: str | None, backward: str | None, cached: bool | None) -> Calling:
    def named(name: str) -> Any:
        plain = isinstance(layer, type) and name == "__call__"  # of the class: it makes an object
        return None if plain else getattr(layer, name, None)

    found = _names(named, forward, backward)
    if found is None and backward is None:
        both = next((name for name in VALUE_WITH_GRADIENT if callable(named(name))), None)
        if (forward or both) and (forward or both) not in ("forward", "__call__"):
            one = str(forward or both)
            return _value_with_gradient(lambda thing: getattr(thing, one))
    if found is None:
        found = _complete(layer, named, forward, backward)
    if stateless(layer) and cached is None:
        cached = True
    first, second = found
    return Calling(
        lambda thing: getattr(thing, first),
        lambda thing: getattr(thing, second),
        cached,
        not slope_like(second),
    )


def _names(named: Named, forward: str | None, backward: str | None) -> tuple[str, str] | None:
    """The first style of which the layer has both names."""
    for style in STYLES:
        first = forward or _first(named, style.forward)
        second = backward or _first(named, style.backward)
        callables = first and second and callable(named(first)) and callable(named(second))
        if first and second and callables and first != second and _fits(style, forward, backward):
            return first, second
    return None


def _derived_name(layer: Mapping[Any, Any]) -> tuple[str, str] | None:
    """Of two functions, one of them named after the other: `gelu` and `gelu_grad`, `d_gelu`, `gelu_backward`."""
    names = [name for name, part in layer.items() if isinstance(name, str) and callable(part)]
    pairs = [(f, g) for f in names for g in names if f != g and f in g and (slope_like(g) or "backward" in g)]
    return pairs[0] if len(names) == 2 and len(pairs) == 1 else None


def _fits(style: PassNames, forward: str | None, backward: str | None) -> bool:
    told_otherwise = backward in SLOPES and style.takes_upstream
    return not (told_otherwise and forward is None)


def _first(named: Named, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if callable(named(name))), None)


def _complete(layer: Any, named: Named, forward: str | None, backward: str | None) -> tuple[str, str]:
    """The name that is missing is told."""
    style = STYLES[0]
    for what, name, usual in (("forward", forward, style.forward), ("backward", backward, style.backward)):
        if name is not None and not callable(named(name)):
            raise DeriveError(f"the layer has no method {name!r}", hint=did_you_mean(name, dir(layer)))
        if name is None and _first(named, usual) is None:
            hint = did_you_mean(what, [n for n in dir(layer) if not n.startswith("__")])
            raise DeriveError(
                f"the layer ({type(layer).__name__}) has no method {what!r}",
                hint=hint or f"name it: check_layer(layer, x, {what}='...')",
            )
    return forward or str(_first(named, style.forward)), backward or str(_first(named, style.backward))


def _value_with_gradient(function_of: Callable[[Any], Callable[..., Any]]) -> Calling:
    """One function that returns its value with the gradients, as losses do, or with a pullback of the upstream ones."""

    def forward_of(layer: Any) -> Callable[..., Any]:
        function = function_of(layer)

        @functools.wraps(function)
        def forward(*args: Any) -> tuple[Any, Any]:
            value = function(*args)
            if not isinstance(value, tuple) or len(value) < 2:
                raise DeriveError(
                    f"the layer is one function, {getattr(function, '__name__', 'it')}, "
                    "and it does not return (value, gradient)",
                    hint="give two: check_layer((f, derivative), x), or name them: forward='...', backward='...'",
                )
            return value[0], value[1] if len(value) == 2 else value[1:]

        return forward

    return Calling(forward_of, lambda _: gradients, True)


def _pair(forward: Any, backward: Any, cached: bool | None, name: str | None = None) -> Calling:
    first, second = (str(getattr(f, "__name__", "")) for f in (forward, backward))
    slope = slope_like(name or second) or second in (f"d{first}", f"d_{first}", f"{first}_d")
    return Calling(lambda _: forward, lambda _: backward, cached, takes_upstream=not slope)
