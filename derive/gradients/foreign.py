"""Arrays of PyTorch and JAX, where the caller has imported one of them: in and out at this one place.

A check works on NumPy arrays. It imports neither library: one that is not there has made none of the arguments.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from derive.gradients.jax_arrays import Jax
from derive.gradients.libraries import Library, exchanged, leaves, outward
from derive.gradients.pytorch import Torch


def loaded() -> list[Library]:
    """The libraries that the caller has imported."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    found: list[Library] = []
    if hasattr(torch, "Tensor") and hasattr(torch, "autograd"):
        found.append(Torch(torch))
    if hasattr(jax, "Array") and hasattr(jax, "vjp"):
        found.append(Jax(jax))
    return found


def namespaces() -> list[Any]:
    """The modules that have functions such as `sum` and `where`."""
    return [np, *(sys.modules[name] for name in ("torch", "jax.numpy") if name in sys.modules)]


def library_of(value: Any) -> Library | None:
    """The library whose arrays are among these values, on the device of the first."""
    libraries = loaded()
    for _, leaf in leaves(value) if libraries else ():
        for library in libraries:
            if library.holds(leaf):
                return Torch(library.torch, leaf.device) if isinstance(library, Torch) else library
    return None


def plain(value: Any) -> Any:
    """The NumPy array of a foreign one; anything else is what it was."""
    if isinstance(value, np.ndarray | np.generic | int | float | str):
        return value
    library = next((library for library in loaded() if library.holds(value)), None)
    return value if library is None else library.inward(value)


def inward(value: Any) -> Any:
    """Containers with NumPy arrays in place of foreign ones."""
    return exchanged(value, lambda leaf, _: plain(leaf))


def bridged(library: Library, function: Any) -> Any:
    """The function, called with arrays of the library; what it returns is turned into NumPy arrays."""
    if not callable(function):
        return plain(function)

    @functools.wraps(function, updated=())
    def called(*given: Any, **named: Any) -> Any:
        with library.precise((given, named)):
            result = inward(function(*outward(library, given), **outward(library, named)))
        return bridged(library, result[0] if isinstance(result, tuple) else result) if callable(result) else result

    return called


def native_functions(arguments: Sequence[Any], *functions: Any) -> tuple[Any, ...]:
    """Functions of tensors as functions of NumPy arrays, and the arguments after them."""
    library = library_of(tuple(arguments))
    if library is None:
        return (*functions, tuple(arguments))
    return (*(bridged(library, function) for function in functions), inward(tuple(arguments)))


def inner(sample: Callable[[], Any] | None) -> Callable[[], Any] | None:
    """Samples, in NumPy arrays."""
    return None if sample is None else lambda: inward(sample())
