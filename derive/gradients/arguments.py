"""Arguments as named groups of numbers: which arrays there are, and the same arguments with others in their place.

A group is one floating-point array (or number) somewhere in the arguments, at a path such as `(0, "W")`. Nothing
is cast: an array keeps its type, its order in memory and its container, and an argument that cannot be judged
(objects, complex numbers, lists of numbers) is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derive.errors import DeriveError, UnsupportedError, did_you_mean
from derive.gradients.difference import Array

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Slot:
    """One group: its name and where it stands in the arguments."""

    name: str
    path: Path


@dataclass
class ClaimedGradients:
    """What a gradient function returned: an array per group, or a problem (defect key, sentence) instead."""

    gradients: dict[str, Array] = field(default_factory=dict)
    problems: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def floating(value: Any) -> bool:
    """Whether `value` is a float or an array of floats: something one can differentiate by."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    return isinstance(value, float)


def slots(args: Sequence[Any], names: Sequence[str]) -> list[Slot]:
    """Every group of the arguments, named by its key where that is unique and by its full path otherwise."""
    found: list[tuple[str, str, Path]] = []
    for position, (name, value) in enumerate(zip(names, args, strict=True)):
        _collect(name, name, (position,), value, found)
    short = [s for s, _, _ in found]
    return [Slot(s if short.count(s) == 1 else full, path) for s, full, path in found]


def discrete(args: Sequence[Any], names: Sequence[str]) -> dict[str, Array]:
    """Labels, indices, masks and counts: integers and truth values among the arguments, and arrays of them."""
    whole = {n: v for n, v in zip(names, args, strict=True) if isinstance(v, np.ndarray | np.integer | np.bool_ | int)}
    return {name: np.asarray(value) for name, value in whole.items() if np.asarray(value).dtype.kind in "iub"}


def _collect(short: str, full: str, path: Path, value: Any, found: list[tuple[str, str, Path]]) -> None:
    if len(path) > 20:
        raise UnsupportedError(f"{full}: arguments are nested too deeply")
    if isinstance(value, Mapping):
        for key, item in value.items():
            label = key if isinstance(key, str) else repr(key)
            _collect(label, f"{full}[{key!r}]", (*path, key), item, found)
    elif isinstance(value, list | tuple):
        if value and all(isinstance(item, int | float) for item in value) and floating(value[0]):
            raise DeriveError(f"{full} is a {type(value).__name__} of numbers", hint="pass an array: np.array(...)")
        for key, item in enumerate(value):
            _collect(f"{short}[{key}]", f"{full}[{key}]", (*path, key), item, found)
    else:
        _refuse(full, value)
        if floating(value):
            found.append((short, full, path))


def _refuse(name: str, value: Any) -> None:
    if isinstance(value, np.matrix | np.ma.MaskedArray):
        raise UnsupportedError(
            f"{name} is a {type(value).__name__}, whose operators differ from an array's",
            hint="pass a plain array: np.asarray(...)",
        )
    kind = value.dtype.kind if isinstance(value, np.ndarray | np.generic) else None
    if kind == "O":
        raise DeriveError(f"{name} is an array of objects", hint="pass an array of floats")
    if kind == "c" or isinstance(value, complex):
        raise UnsupportedError(
            f"{name} is complex; gradients by complex arguments are not judged",
            hint="make the real and the imaginary part two arguments",
        )
    if kind == "f" and not np.all(np.isfinite(value)):
        raise DeriveError(f"{name} contains NaN or infinity", hint="pass finite numbers")


def at(container: Any, path: Path) -> Any:
    """The value at `path`."""
    for key in path:
        container = container[key]
    return container


def rebuilt(value: Any, put: Mapping[Path, Array], path: Path = ()) -> Any:
    """A copy of `value` with the arrays of `put` in their places; containers and array types are kept."""
    if isinstance(value, np.ndarray):
        new = put.get(path)
        return value.copy(order="K") if new is None else new.copy(order="K")
    if path in put:
        number = put[path][()]
        return number.item() if type(value) is float and number.dtype.kind == "f" else number
    if isinstance(value, dict):
        return {k: rebuilt(v, put, (*path, k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        items = [rebuilt(v, put, (*path, i)) for i, v in enumerate(value)]
        if isinstance(value, list):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value


# ----- gradients, as they come back -----


def assign(result: Any, args: Sequence[Any], names: Sequence[str], known: Sequence[Slot], who: str) -> dict[Path, Any]:
    """Which returned value is the gradient of which argument: path -> value, not yet checked."""
    by_path = {slot.path: slot for slot in known}
    roots = [i for i in range(len(args)) if any(slot.path[0] == i for slot in known)]
    found: dict[Path, Any] = {}
    if isinstance(result, Mapping):
        _assign_mapping(result, args, names, by_path, found, who)
    elif isinstance(result, list | tuple) and not (len(roots) == 1 and _one(result, args[roots[0]])):
        if len(result) == len(args):
            positions = list(range(len(args)))
        elif len(result) <= len(roots):
            positions = roots[: len(result)]
        else:
            raise DeriveError(
                f"{who} returned {len(result)} gradients for {len(args)} argument(s) ({', '.join(names)})",
                hint="return one gradient per argument, or a dict keyed by argument name",
            )
        for position, value in zip(positions, result, strict=False):
            _descend(value, args[position], (position,), found)
    elif roots:
        _descend(result, args[roots[0]], (roots[0],), found)
    return found


def _one(result: Any, argument: Any) -> bool:
    """Whether a list is the gradient of a single argument (a list itself, or numbers where an array belongs)."""
    if isinstance(argument, list | tuple):
        return len(result) == len(argument)
    return bool(result) and all(isinstance(item, int | float | list) for item in result) and len(result) != 1


def _assign_mapping(
    result: Mapping[Any, Any],
    args: Sequence[Any],
    names: Sequence[str],
    by_path: Mapping[Path, Slot],
    found: dict[Path, Any],
    who: str,
) -> None:
    dictionaries = [i for i, value in enumerate(args) if isinstance(value, Mapping)]
    named = {key: _argument_of(key, value, args, names) for key, value in result.items()}
    if len(dictionaries) == 1 and not any(named.values()):
        _descend(result, args[dictionaries[0]], (dictionaries[0],), found)
        return
    for key, value in result.items():
        name = named[key]
        if name is not None:
            _descend(value, args[list(names).index(name)], (list(names).index(name),), found)
            continue
        name = bare(key)
        paths = [path for path, slot in by_path.items() if slot.name in (key, name)]
        if not paths:
            raise DeriveError(
                f"{who} returned a gradient for {key!r}, which is no argument",
                hint=did_you_mean(str(key), [str(n) for n in names]) or f"the arguments are {', '.join(names)}",
            )
        found[paths[0]] = value


def _argument_of(key: Any, value: Any, args: Sequence[Any], names: Sequence[str]) -> str | None:
    """The argument that a key names; one that is a dict has a dict of gradients, so an array has the key inside it."""
    name = key if key in names else bare(key)
    if name not in names:
        return None
    inside = isinstance(args[list(names).index(name)], Mapping) and not isinstance(value, Mapping)
    return None if inside else str(name)


def bare(key: Any) -> Any:
    """`dW`, `d_W`, `grad_W`, `W_grad` -> `W`."""
    if isinstance(key, str):
        for prefix in ("grad_", "d_", "d"):
            if key.startswith(prefix) and len(key) > len(prefix):
                return key[len(prefix) :]
        if key.endswith("_grad"):
            return key[:-5]
    return key


def _descend(value: Any, argument: Any, path: Path, found: dict[Path, Any]) -> None:
    """Walk gradient and argument together; a key that the gradient lacks counts as a gradient that is missing."""
    if isinstance(argument, Mapping) and isinstance(value, Mapping):
        stripped = {(k if k in argument else bare(k)): v for k, v in value.items()}
        for key, item in argument.items():
            _descend(stripped.get(key), item, (*path, key), found)
    elif isinstance(argument, list | tuple) and isinstance(value, list | tuple):
        for key, item in enumerate(argument):
            _descend(value[key] if key < len(value) else None, item, (*path, key), found)
    else:
        found[path] = value


def claim_from(found: Mapping[Path, Any], known: Sequence[Slot], argument: Callable[[Path], Any]) -> ClaimedGradients:
    """Type and shape of every returned gradient, strictly; nothing is summed down, squeezed or cast."""
    claim = ClaimedGradients()
    for slot in known:
        if slot.path not in found:
            continue
        value, name = found[slot.path], slot.name
        if value is None:
            if len(slot.path) > 1:
                claim.problems[name] = ("missing_gradient", f"there is no gradient for {name}")
            continue
        problem = _type_problem(name, value)
        if problem:
            claim.problems[name] = problem
            continue
        gradient = np.asarray(value)
        if gradient.dtype.kind != "f":
            claim.notes.append(f"the gradient of {name} has type {gradient.dtype}, read as float64")
            gradient = gradient.astype(np.float64)
        own = np.asarray(argument(slot.path))
        if gradient.dtype.itemsize < own.dtype.itemsize:
            claim.notes.append(
                f"the gradient of {name} is {gradient.dtype}, {name} is {own.dtype}: judged as {gradient.dtype}"
            )
        claim.gradients[name] = gradient
        if gradient.shape != own.shape:
            claim.problems[name] = (
                "shape_mismatch",
                f"the gradient of {name} has shape {gradient.shape}, {name} has shape {own.shape}",
            )
        elif not np.all(np.isfinite(gradient)):
            claim.problems[name] = ("not_finite", f"the gradient of {name} contains NaN or infinity")
    return claim


def _type_problem(name: str, value: Any) -> tuple[str, str] | None:
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind in "fiub":
            return None
        return "wrong_type", f"the gradient of {name} has type {value.dtype}, not float"
    if isinstance(value, int | float):
        return None
    return "wrong_type", f"the gradient of {name} is a {type(value).__name__}, not an array"
