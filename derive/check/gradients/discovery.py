"""Finding the parameters of a layer and their gradients, in the styles in which layers are written.

    attributes            W and dW; weight and weight_grad, grad_weight; kernel and dkernel; bias and db
    two containers        params and grads, lists or dicts, keys alike or with a `d` in front
    parameter objects     weight.data and weight.grad
    nested                layers in attributes, lists and dicts of a network

A pair counts only if the forward pass reads the value and does not set it: `x` and `dx`, cached by most layers, are
no parameters. What is found by name alone is told in the report; where names do not say it, the caller does.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.check.gradients.arguments import floating
from derive.errors import DeriveError, did_you_mean

Step = tuple[str, Any]
Route = tuple[Step, ...]
"""How to reach a value: attribute and item steps from the layer."""

CONTAINERS = (
    ("params", "grads"),
    ("parameters", "gradients"),
    ("params", "gradients"),
    ("parameters", "grads"),
    ("params", "dparams"),
    ("params", "grad"),
    ("parameters", "grad"),
    ("weights", "grads"),
    ("weights", "gradients"),
    ("weights", "dweights"),
    ("_params", "_grads"),
)
SHORT = {
    "weight": ("W", "w"),
    "weights": ("W", "w", "weight"),
    "kernel": ("W", "w", "k"),
    "bias": ("b",),
    "biases": ("b", "bias"),
    "embedding": ("W", "w"),
}
DATA = ("data", "value", "values", "val", "w", "array")
DEPTH = 4


@dataclass(frozen=True)
class Parameter:
    """A parameter's name, and the routes to its value and to its gradient (None: the backward pass returns it)."""

    name: str
    value: Route
    gradient: Route | None


def get(root: Any, route: Route) -> Any:
    """The value at the end of the route, or None where the route ends before."""
    for kind, key in route:
        try:
            root = getattr(root, key) if kind == "attribute" else root[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            return None
    return root


def put(root: Any, route: Route, value: Any) -> None:
    """Put a value to the end of the route."""
    holder = get(root, route[:-1])
    kind, key = route[-1]
    if kind == "attribute":
        setattr(holder, key, value)
    elif not isinstance(holder, tuple):
        holder[key] = value


def parse(text: str) -> Route:
    """`params['W1']`, `fc.weight.data`, `params[0]` as a route; read by hand, nothing is evaluated."""
    route: list[Step] = []
    rest = text
    while rest:
        if rest[0] == "[":
            inside, closed, rest = rest[1:].partition("]")
            if not closed or not inside:
                raise DeriveError(f"{text!r} is not the name of an attribute or item")
            quoted = inside[0] in "'\"" and inside[-1] == inside[0]
            route.append(("item", inside[1:-1] if quoted else int(inside) if inside.isdigit() else inside))
        else:
            rest = rest.removeprefix(".")
            end = min((rest.find(c) for c in ".[" if c in rest), default=len(rest))
            if not rest[:end].isidentifier():
                raise DeriveError(f"{text!r} is not the name of an attribute or item")
            route.append(("attribute", rest[:end]))
            rest = rest[end:]
    return tuple(route)


def shown(route: Route) -> str:
    """The route as one writes it."""
    text = "".join(f".{key}" if kind == "attribute" else f"[{key!r}]" for kind, key in route)
    return text.removeprefix(".")


def told(layer: Any, parameters: Mapping[str, str | None] | list[str] | tuple[str, ...]) -> list[Parameter]:
    """Parameters named by the caller: `{"W": "dW"}`, or names alone where the backward pass returns the gradients."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else [(name, None) for name in parameters]
    found = []
    for name, gradient in pairs:
        if not floating(get(layer, parse(name))):
            hint = did_you_mean(name, attributes(layer))
            raise DeriveError(f"parameters: the layer has no array of floats {name!r}", hint=hint)
        found.append(Parameter(name, parse(name), parse(gradient) if gradient else None))
    return found


def arrays(layer: Any) -> dict[int, Any]:
    """Every array of the layer by identity; the dict keeps them alive, so that identities stay unique."""
    return {id(value): value for _, value in walk(layer) if isinstance(value, np.ndarray)}


def discover(before: Mapping[int, Any], after: Any) -> tuple[list[Parameter], list[Parameter]]:
    """Parameters with stored gradients, and arrays that have none, of a layer that has run once.

    `before` are its arrays before that run: a value that the forward pass put there is not among them.
    """
    plain = {id(value): key for key, value in attributes(after).items() if floating_array(value)}
    paired: dict[int, Parameter] = {}
    alone: dict[int, Parameter] = {}
    for route, container in _containers(after):
        for value_route, gradient_route in _pairs(route, container):
            value = get(after, value_route)
            if floating_array(value) and id(value) in before and id(value) not in paired:
                name = plain.get(id(value)) or name_of(value_route)  # `self.W` says more than `params[0]`
                paired[id(value)] = Parameter(name, value_route, gradient_route)
    gradients = {id(get(after, p.gradient)) for p in paired.values() if p.gradient}
    for route, container in _containers(after):
        for step, value in _items(container):
            known = id(value) in paired or id(value) in gradients or id(value) in alone
            if floating_array(value) and not known and id(value) in before:
                alone[id(value)] = Parameter(name_of((*route, step)), (*route, step), None)
    return _distinct(list(paired.values())), _distinct(list(alone.values()))


def floating_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def name_of(route: Route) -> str:
    """`params['W1']` is called W1, `weight.data` is weight."""
    kept = list(route)
    if len(kept) > 1 and kept[-1][0] == "attribute" and kept[-1][1] in DATA:
        kept.pop()
    _, key = kept[-1]
    return str(key) if isinstance(key, str) and len(kept) <= 2 else shown(tuple(kept))


def _distinct(parameters: list[Parameter]) -> list[Parameter]:
    names = [p.name for p in parameters]
    return [p if names.count(p.name) == 1 else Parameter(shown(p.value), p.value, p.gradient) for p in parameters]


# ----- walking a layer -----


def attributes(thing: Any) -> dict[str, Any]:
    """The instance attributes of an object, those in slots included."""
    found: dict[str, Any] = {}
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if slot not in ("__dict__", "__weakref__") and hasattr(thing, slot):
                found[slot] = getattr(thing, slot)
    found.update(getattr(thing, "__dict__", {}))
    return found


def _items(container: Any) -> list[tuple[Step, Any]]:
    if isinstance(container, Mapping):
        return [(("item", key), value) for key, value in container.items()]
    if isinstance(container, list | tuple):
        return [(("item", key), value) for key, value in enumerate(container)]
    return [(("attribute", key), value) for key, value in attributes(container).items()]


def walk(root: Any) -> Iterator[tuple[Route, Any]]:
    """Everything reachable from the layer through attributes and containers, each once, breadth first."""
    seen = {id(root)}
    level: list[tuple[Route, Any]] = [((), root)]
    for _ in range(DEPTH + 1):
        following: list[tuple[Route, Any]] = []
        for route, thing in level:
            yield route, thing
            if not _opens(thing):
                continue
            for step, value in _items(thing):
                if id(value) not in seen and (_opens(value) or isinstance(value, np.ndarray | types.ModuleType)):
                    seen.add(id(value))
                    following.append(((*route, step), value))
        level = following


def _opens(thing: Any) -> bool:
    if isinstance(thing, Mapping | list | tuple):
        return True
    plain = isinstance(thing, np.ndarray | np.generic | types.ModuleType | types.FunctionType | types.MethodType | type)
    return not plain and (hasattr(thing, "__dict__") or hasattr(type(thing), "__slots__"))


def _containers(root: Any) -> Iterator[tuple[Route, Any]]:
    return ((route, thing) for route, thing in walk(root) if _opens(thing))


def _pairs(route: Route, container: Any) -> Iterator[tuple[Route, Route]]:
    """The pairs of value and gradient that stand next to each other in one object or dict."""
    if isinstance(container, list | tuple):
        return
    items = dict(_items(container))
    names = {key: step for step in items for key in [step[1]] if isinstance(key, str)}
    for name, step in names.items():
        value = items[step]
        if floating_array(value):
            for candidate in gradient_names(name):
                if candidate in names and names[candidate] != step:
                    yield (*route, step), (*route, names[candidate])
                    break
    for values, gradients in CONTAINERS:
        if values in names and gradients in names:
            yield from _between(
                (*route, names[values]), items[names[values]], (*route, names[gradients]), items[names[gradients]]
            )
    if "grad" in names:
        for data in DATA:
            if data in names and floating_array(items[names[data]]):
                yield (*route, names[data]), (*route, names["grad"])
                break


def _between(values: Route, held: Any, gradients: Route, found: Any) -> Iterator[tuple[Route, Route]]:
    """A pair for every entry of two containers; one that has no counterpart is a gradient that is missing."""
    if isinstance(held, list | tuple) and isinstance(found, list | tuple):
        for k in range(len(held)):
            yield (*values, ("item", k)), (*gradients, ("item", k))
    elif isinstance(held, Mapping) and isinstance(found, Mapping):
        for key in held:
            names = [key, *(gradient_names(key) if isinstance(key, str) else [])]
            match = next((name for name in names if name in found), key)
            yield (*values, ("item", key)), (*gradients, ("item", match))


def gradient_names(name: str) -> list[str]:
    """The names under which the gradient of `name` is kept, the common ones first."""
    found: list[str] = []
    for short in (name, name.lower(), *SHORT.get(name.lower(), ())):
        found += [f"d{short}", f"d_{short}", f"grad_{short}", f"{short}_grad", f"grad{short}", f"{short}_gradient"]
        found += [f"dL_d{short}", f"dLd{short}", f"g_{short}", f"delta_{short}", f"_d{short}", f"_grad_{short}"]
    return list(dict.fromkeys(found))
