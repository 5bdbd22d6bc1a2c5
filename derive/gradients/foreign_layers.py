"""Layers of PyTorch and JAX as layers of NumPy arrays.

    a rule          a torch.autograd.Function, a function with jax.custom_vjp, an nn.Module or a function that runs
                    through one: the library calls the rule, and its gradient is J^T u by `foreign`
    two passes      an object, a pair or a module with a forward and a backward pass of its own: both are called with
                    tensors, and what the object holds in tensors is mirrored in NumPy arrays

Parameters of an nn.Module go by their names in `named_parameters()`, their gradients by `.grad`.
"""

from __future__ import annotations

import copy
import functools
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from derive.gradients.arguments import Path
from derive.gradients.difference import Array
from derive.gradients.discovery import Route, attributes, get, put
from derive.gradients.finding_passes import has_backward
from derive.gradients.foreign import bridged, inward, library_of, loaded, plain
from derive.gradients.guard import positional
from derive.gradients.libraries import Library, Pull, leaves, outward
from derive.gradients.styles import STYLES, slope_like

DEPTH = 4


def native(layer: Any, inputs: Sequence[Any], *told: Any) -> tuple[Any, ...]:
    """The layer, its inputs and functions that the caller has named, all of NumPy arrays."""
    parts = layer if isinstance(layer, tuple | list) else [layer]
    library = library_of(tuple(inputs)) or next((one for part in parts if (one := _made_by(part))), None)
    if library is None:
        return (layer, tuple(inputs), *told)
    given = inward(tuple(inputs))
    named = [bridged(library, one) if callable(one) else one for one in told]
    own = any(one is not None for one in told)
    return (_native(library, layer, given, own), given, *named)


def _made_by(layer: Any) -> Library | None:
    """The library that a layer is written for, where its own type says it."""
    return next((one for one in loaded() if one.is_rule(layer) or one.parameters(layer) is not None), None)


def _native(library: Library, layer: Any, given: Sequence[Any], told: bool) -> Any:
    if library.is_rule(holder := getattr(layer, "__self__", None)):  # `F.apply`
        layer = holder
    if isinstance(layer, tuple | list):
        return type(layer)(bridged(library, part) for part in layer)
    if isinstance(layer, Mapping):
        return {key: bridged(library, value) for key, value in layer.items()}
    if library.is_rule(layer):
        return ByRule(library, layer)
    if isinstance(layer, types.ModuleType | types.SimpleNamespace | type):
        names = [name for name in dir(layer) if not name.startswith("_")]
        return types.SimpleNamespace(**{name: bridged(library, getattr(layer, name)) for name in names})
    if told or _has_derivative(layer):
        return Mirrored(library, layer)
    if isinstance(layer, types.FunctionType) and _gives_its_gradient(library, layer, given):
        return bridged(library, layer)
    return ByRule(library, layer)


def _has_derivative(layer: Any) -> bool:
    slopes = [name for style in STYLES for name in style.backward]
    return has_backward(layer) or any(callable(getattr(layer, name, None)) for name in slopes)


def _gives_its_gradient(library: Library, function: Any, given: Sequence[Any]) -> bool:
    """Whether a function returns its value with the gradient, or takes a flag for the derivative."""
    if any(slope_like(name) for name in positional(function).names[1:]):
        return True
    try:
        with library.precise(given):
            value = inward(function(*outward(library, copy.deepcopy(tuple(given)))))
    except Exception:  # told when it is called as a layer
        return False
    if not isinstance(value, tuple) or len(value) < 2:
        return False
    shapes = [np.shape(leaf) for _, leaf in leaves(tuple(given)) if isinstance(leaf, np.ndarray)]
    gradients = all(np.shape(leaf) in shapes for _, leaf in leaves(value[1:]))
    return callable(value[1]) or (isinstance(value[0], np.ndarray | float) and not np.ndim(value[0]) and gradients)


# ----- a rule that the library calls -----


class ByRule:
    """A function whose gradient the library takes, by the rule that the caller has written for it."""

    def __init__(self, library: Library, source: Any) -> None:
        self.library, self.source = library, source
        parameters = library.parameters(source)
        held = attributes(source) if parameters is None else parameters
        self.state: dict[str, Array] = {name: plain(value) for name, value in held.items() if library.holds(value)}
        """Parameters and their gradients, `weight` and `weight_grad`; what else an object holds has none."""
        self.parameters = list(parameters or ())
        self._pull: Pull | None = None
        self._count = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> ByRule:
        new = ByRule.__new__(ByRule)
        new.__dict__ = {**self.__dict__, "_pull": None}
        new.state = copy.deepcopy(self.state, memo)
        if self.library.parameters(self.source) is not None:  # functions are shared
            new.source = copy.deepcopy(self.source, memo | self.library.uncopied(self.source))
        return new

    @property
    def forward(self) -> Callable[..., Any]:
        def forward(*inputs: Any) -> Any:
            values = {name: self.state[name] for name in self.parameters}
            self._count = len(inputs)
            with self.library.precise((values, inputs)):
                outputs, self._pull = self.library.pulled(
                    self.library.function_of(self.source), (values, *inputs), self.source
                )
            return outputs[0] if len(outputs) == 1 else tuple(outputs)

        signature = _signature(self.source)
        if signature is not None:
            forward.__signature__ = signature  # type: ignore[attr-defined]
        return forward

    def backward(self, *upstream: Any) -> tuple[Any, ...]:
        if self._pull is None:
            raise RuntimeError("backward is called before forward")
        found = self._pull([np.asarray(u) for u in upstream])
        for name in self.parameters:
            gradient = found.get((0, name))  # None is no gradient, which the library takes for zero
            self.state[f"{name}_grad"] = np.zeros_like(self.state[name]) if gradient is None else gradient
        return tuple(_part(found, (k + 1,)) for k in range(self._count))


def _part(found: Mapping[Path, Any], path: Path) -> Any:
    """The gradient of one argument: an array, or a dict or list of them by key."""
    if path in found:
        return found[path]
    keys = dict.fromkeys(p[len(path)] for p in found if p[: len(path)] == path)
    if not keys:
        return None
    if all(isinstance(key, int) for key in keys):
        return [_part(found, (*path, key)) if key in keys else None for key in range(max(keys) + 1)]
    return {key: _part(found, (*path, key)) for key in keys}


def _signature(source: Any) -> inspect.Signature | None:
    """The positional parameters of a function, of an nn.Module's forward, of a Function's forward without its ctx."""
    function = getattr(source, "forward", source)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    with_context = isinstance(source, type) and "setup_context" not in {
        name for kind in source.__mro__ if kind.__module__ != "torch.autograd.function" for name in vars(kind)
    }
    return inspect.Signature([p.replace(annotation=p.empty) for p in parameters[with_context:]])


# ----- passes of its own -----


@dataclass
class _Inside:
    """The object that is mirrored, the routes to its tensors, and the array of each tensor, by identity."""

    library: Library
    source: Any
    routes: dict[Route, Route] = field(default_factory=dict)
    """Where an array is in the mirror -> where its tensor is in the object."""
    known: dict[int, tuple[Any, Array]] = field(default_factory=dict)


class Mirrored:
    """An object with a forward and a backward pass in tensors.

    Its attributes are what the object holds, with arrays in place of tensors, and nothing that holds none. They are
    written into the object before one of its methods runs and read anew behind it.
    """

    def __init__(self, library: Library, source: Any) -> None:
        self._inside = _Inside(library, source)
        self._read()

    def __deepcopy__(self, memo: dict[int, Any]) -> Mirrored:
        new = Mirrored.__new__(Mirrored)
        inside = self._inside
        source = copy.deepcopy(inside.source, memo | inside.library.uncopied(inside.source))
        held = {name: value for name, value in vars(self).items() if name != "_inside"}
        vars(new).update(copy.deepcopy(held, memo), _inside=_Inside(inside.library, source, inside.routes))
        new._write()
        return new

    def __getattr__(self, name: str) -> Any:
        if name == "_inside" or (name.startswith("__") and name != "__call__"):
            raise AttributeError(name)
        value = getattr(self._inside.source, name)
        if not callable(value):
            return plain(value)
        function = bridged(self._inside.library, value)

        @functools.wraps(value, updated=())
        def called(*given: Any) -> Any:
            self._write()
            try:
                return function(*given)
            finally:
                self._read()

        return called

    def _read(self) -> None:
        """Mirror the object; a tensor that is the one it was and has its numbers keeps its array."""
        mirror = _Mirror(self._inside)
        held = mirror.of(self._inside.source, (), DEPTH)
        inside = replace(self._inside, routes=mirror.routes, known=mirror.known)
        vars(self).clear()
        vars(self).update(vars(held) if held is not None else {}, _inside=inside)

    def _write(self) -> None:
        """Put the numbers of arrays into the tensors, where they differ."""
        inside = self._inside
        for here, there in inside.routes.items():
            array, tensor = get(self, here), get(inside.source, there)
            if not isinstance(array, np.ndarray) or not inside.library.holds(tensor):
                continue
            old = plain(tensor)
            if array.dtype != old.dtype or not np.array_equal(array, old, equal_nan=array.dtype.kind == "f"):
                new = inside.library.outward(array.copy())
                if not inside.library.put_data(tensor, new):
                    put(inside.source, there, new)
                    tensor = new
            inside.known[id(tensor)] = tensor, array


class _Mirror:
    """The making of one mirror: a tensor, or a container, that is reached twice is mirrored once."""

    def __init__(self, inside: _Inside) -> None:
        self.library, self.before = inside.library, inside.known
        self.known: dict[int, tuple[Any, Array]] = {}
        self.routes: dict[Route, Route] = {}
        self.made: dict[int, Any] = {}

    def of(self, thing: Any, route: Route, depth: int) -> Any:
        """The counterpart of a value; None for what holds no tensor."""
        if self.library.holds(thing):
            self.routes[route] = route
            return self._array(thing)
        if id(thing) in self.made or not depth:
            return self.made.get(id(thing))
        self.made[id(thing)] = None
        found: dict[Any, Any] = {}
        for kind, key, value in _items(thing):
            there = (*route, (kind, key))
            counterpart = self.of(value, there, depth - 1)
            if counterpart is not None:
                found[key] = counterpart
            gradient = self.library.gradient_of(value) if self.library.holds(value) else None
            if gradient is not None and isinstance(key, str):
                found[f"{key}_grad"] = self._array(gradient)
                self.routes[(*route, (kind, f"{key}_grad"))] = (*there, ("attribute", "grad"))
        made: Any = found
        if isinstance(thing, list | tuple):
            made = [found.get(key) for key in range(len(thing))]
        elif not isinstance(thing, Mapping):
            made = types.SimpleNamespace(**found)
        self.made[id(thing)] = made if found else None
        return self.made[id(thing)]

    def _array(self, tensor: Any) -> Array:
        if id(tensor) not in self.known:
            numbers: Array = plain(tensor)
            _, old = self.before.get(id(tensor), (None, None))
            kept = old is not None and old.dtype == numbers.dtype and np.array_equal(old, numbers)
            self.known[id(tensor)] = tensor, old if kept and old is not None else numbers
        return self.known[id(tensor)][1]


def _items(thing: Any) -> list[tuple[str, Any, Any]]:
    """What a container or an object holds, with the step to it."""
    if isinstance(thing, Mapping):
        return [("item", key, value) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return [("item", key, value) for key, value in enumerate(thing)]
    if isinstance(thing, type | types.FunctionType | types.MethodType | types.ModuleType | np.ndarray):
        return []
    held = attributes(thing)
    for name in ("_parameters", "_buffers", "_modules"):  # of an nn.Module, whose attributes they are
        held |= held.pop(name, None) or {}
    return [("attribute", key, value) for key, value in held.items()]
