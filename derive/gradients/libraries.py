"""What a check needs of a library of arrays that is not NumPy, and values in nested containers.

in      tensor -> NumPy array, with the same numbers and type
out     NumPy array -> tensor on the caller's device
pull    y = f(x), u -> J^T u, by the library itself: through the rules that were written by hand
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from derive.gradients.arguments import Path, at
from derive.gradients.difference import Array

Pull = Callable[[Sequence[Array]], dict[Path, Any]]
"""Upstream gradients -> the gradient at the path of each array of floats among the arguments."""


class Library(Protocol):
    """A library whose arrays go in and out, and which finds gradients through rules that are written by hand."""

    def holds(self, value: Any) -> bool:
        """Whether the value is an array of the library with numbers in it."""

    def inward(self, value: Any) -> Array:
        """The NumPy array with its numbers."""

    def outward(self, value: Array) -> Any:
        """The array of the library with these numbers."""

    def precise(self, arguments: Any) -> contextlib.AbstractContextManager[Any]:
        """Where float64 is float64, if there is any among these arguments."""

    def is_rule(self, layer: Any) -> bool:
        """Whether it is a function with a gradient written by hand, and not a pair of functions."""

    def parameters(self, layer: Any) -> dict[str, Any] | None:
        """The parameters of a module by name, those that have a gradient; None for what is no module."""

    def function_of(self, layer: Any) -> Callable[..., Any]:
        """What is called with the parameters by name and the inputs."""

    def uncopied(self, layer: Any) -> dict[int, Any]:
        """What stands in for values that a copy of the layer cannot have, by identity."""

    def gradient_of(self, value: Any) -> Any:
        """The gradient that a parameter carries, or None."""

    def put_data(self, old: Any, new: Any) -> bool:
        """Give a parameter other numbers; False for what is none, and is exchanged itself."""

    def pulled(self, function: Callable[..., Any], arguments: Sequence[Any], source: Any) -> tuple[list[Array], Pull]:
        """The outputs in floats, and the product of upstream gradients with their Jacobian."""


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What stands in nested containers, with its path."""
    if isinstance(value, Mapping):
        items: Any = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, item in items:
        yield from leaves(item, (*path, key))


def exchanged(value: Any, change: Callable[[Any, Path], Any], path: Path = ()) -> Any:
    """The same containers with other values in them; any mapping becomes a dict."""
    if isinstance(value, Mapping):
        return {key: exchanged(item, change, (*path, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [exchanged(item, change, (*path, k)) for k, item in enumerate(value)]
        if isinstance(value, list):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return change(value, path)


def outward(library: Library, value: Any, put: Mapping[Path, Any] | None = None) -> Any:
    """NumPy arrays in containers as arrays of the library; `put` has some that are there already, by path."""

    def change(leaf: Any, path: Path) -> Any:
        if put is not None and path in put:
            return put[path]
        return library.outward(np.asarray(leaf)) if isinstance(leaf, np.ndarray | np.generic) else leaf

    return exchanged(value, change)


def floats_of(arguments: Sequence[Any]) -> dict[Path, Array]:
    """The arrays among the arguments that one can differentiate by."""
    every = leaves(tuple(arguments))
    return {path: leaf for path, leaf in every if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"}


def refused(library: Library, parts: Any, floats: Mapping[Path, Array]) -> dict[Path, Any] | None:
    """What a rule has returned, a gradient per argument, where the library refuses the shape of one.

    The parameters, which are the first argument, the rule does not know.
    """
    several = parts if isinstance(parts, tuple | list) else (parts,)
    found: dict[Path, Any] = {}
    for path in floats:
        try:
            part = at(several, (path[0] - 1, *path[1:]))
        except (KeyError, IndexError, TypeError):
            part = None
        found[path] = library.inward(part) if library.holds(part) else part
    other = any(g is not None and np.shape(g) != floats[path].shape for path, g in found.items())
    return found if other else None
