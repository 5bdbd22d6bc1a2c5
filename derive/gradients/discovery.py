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

from derive.errors import DeriveError, did_you_mean
from derive.gradients.arguments import floating

Step = tuple[str, Any]
Route = tuple[Step, ...]
"""How to reach a value: attribute and item steps from the layer."""

HELD = ("params", "parameters", "weights", "_params")
FOUND = ("grads", "gradients", "grad", "_grads", "gradient", "g", "dparams", "dweights")
"""Names of containers of parameters, and of their gradients. What is not called so is one if it is built alike."""
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


def entries(root: Any) -> Iterator[tuple[Route, Any]]:
    """What stands in the attributes and entries of everything reachable."""
    return (((*route, step), value) for route, container in _containers(root) for step, value in _items(container))


def _pairs(route: Route, container: Any) -> Iterator[tuple[Route, Route]]:
    """The pairs of value and gradient that stand next to each other in one object or dict."""
    if isinstance(container, list | tuple):
        return
    items = dict(_items(container))
    names = {key: step for step in items for key in [step[1]] if isinstance(key, str)}
    known = {key.lower(): step for key, step in names.items()} | names  # the exact name before WEIGHT_GRAD for WEIGHT
    for name, step in names.items():
        candidates = [known[key] for key in gradient_names(name) if known.get(key, step) != step]
        if floating_array(items[step]) and candidates:
            yield (*route, step), (*route, candidates[0])
        for other in dict.fromkeys([*(names[key] for key in FOUND if names.get(key, step) != step), *candidates]):
            if (name in HELD and other[1] in FOUND) or _built_alike(items[step], items[other]):
                yield from _between((*route, step), items[step], (*route, other), items[other])
    if "grad" in names:
        for data in DATA:
            if data in names and floating_array(items[names[data]]):
                yield (*route, names[data]), (*route, names["grad"])
                break


def _built_alike(held: Any, found: Any, depth: int = DEPTH) -> bool:
    """Whether two containers have the same entries, some of them, or of those inside of them, arrays of one shape."""
    one, two = (dict(_items(thing)) if _opens(thing) else {} for thing in (held, found))
    if not one or one.keys() != two.keys() or held is found or not depth:
        return False
    pairs = [(value, two[step]) for step, value in one.items()]
    return any(floating_array(a) and floating_array(b) and a.shape == b.shape for a, b in pairs) or any(
        _built_alike(a, b, depth - 1) for a, b in pairs if not floating_array(a)
    )


def _between(values: Route, held: Any, gradients: Route, found: Any) -> Iterator[tuple[Route, Route]]:
    """A pair for every entry of two containers; one that has no counterpart is a gradient that is missing."""
    if not (_opens(held) and _opens(found)) or len(values) > 2 * DEPTH:
        return
    steps = dict(_items(found))
    for step, value in _items(held):
        kind, key = step
        names = [key, *(gradient_names(key) if isinstance(key, str) else [])]
        match = next(((kind, name) for name in names if (kind, name) in steps), step)
        yield (*values, step), (*gradients, match)
        yield from _between((*values, step), value, (*gradients, match), steps.get(match))


def gradient_names(name: str) -> list[str]:
    """The names under which the gradient of `name` is kept, the common ones first."""
    found: list[str] = []
    for short in (name, name.lower(), *SHORT.get(name.lower(), ()), *([name[:-1]] if name.endswith("s") else [])):
        found += [f"d{short}", f"d_{short}", f"grad_{short}", f"{short}_grad", f"grad{short}", f"{short}_gradient"]
        found += [f"dL_d{short}", f"dLd{short}", f"g_{short}", f"delta_{short}", f"_d{short}", f"_grad_{short}"]
        found += [f"g{short}", f"{short}grad", f"{short}Grad", f"gradient_{short}", f"nabla_{short}", f"dJ_d{short}"]
        found += [f"{short}_grads", f"{short}_gradients"]
    return list(dict.fromkeys(found))
