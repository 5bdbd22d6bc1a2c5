"""Arrays for the inputs of a graph: every input once, in its declared shape, and the sizes that follow from them.

The sizes of axes are unknowns, the shapes of the arrays equations between them. An axis of size `m` or `3` is read off;
one of size `2*m + 1` is checked when `m` is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import ModelError, ShapeError, did_you_mean
from derive.ir.graph import Declaration, Graph
from derive.ir.size import Size, show_shape

Floats = NDArray[np.float64]


def bind_inputs(graph: Graph, values: Mapping[str, Any]) -> tuple[dict[str, Floats], dict[str, int]]:
    """The inputs as float64 arrays, in the order of their declaration, and the named sizes.

    Raises ModelError for a missing or unknown input and for what is no array of numbers, ShapeError where a shape does
    not fit its declaration or two axes of one name differ.
    """
    inputs = graph.inputs
    known = {graph.aliases.get(name, name): value for name, value in values.items()}
    for name in known:
        if name not in inputs:
            what = "is computed, not given" if name in graph.bindings else "is not an input"
            hint = did_you_mean(name, inputs) or f"the inputs are {', '.join(inputs)}"
            raise ModelError(f"{name!r} {what} in {graph.name}", hint=hint)
    missing = [name for name in inputs if name not in known]
    if missing:
        shapes = ", ".join(f"{name} {show_shape(inputs[name].shape)}" for name in missing)
        raise ModelError(f"no value for {shapes}", hint=f"{graph.name} takes {', '.join(inputs)}")
    arrays = {name: _array(name, known[name]) for name in inputs}
    return arrays, _sizes(inputs, arrays)


def _array(name: str, value: Any) -> Floats:
    try:
        array = np.asarray(value)
    except ValueError:
        raise ModelError(f"{name}: the rows differ in length") from None
    if array.dtype.kind not in "fiub":
        raise ModelError(f"{name} is not an array of numbers ({array.dtype})")
    return array.astype(np.float64)


def _sizes(inputs: Mapping[str, Declaration], arrays: Mapping[str, Floats]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    origin: dict[str, str] = {}
    later: list[tuple[str, int, Size]] = []
    for name, declaration in inputs.items():
        array = arrays[name]
        if array.ndim != len(declaration.shape):
            raise ShapeError(
                f"{name} has shape {array.shape}, but it is declared {show_shape(declaration.shape)}",
                hint=_nesting(array.ndim, len(declaration.shape)),
            )
        for axis, size in enumerate(declaration.shape):
            letter = str(size)
            if letter not in size.names:
                later.append((name, axis, size))
            elif sizes.setdefault(letter, array.shape[axis]) != array.shape[axis]:
                raise ShapeError(
                    f"{letter} is {sizes[letter]} in {origin[letter]} and {array.shape[axis]} in axis {axis} of {name}, "
                    f"which has shape {array.shape}"
                )
            origin.setdefault(letter, f"axis {axis} of {name}")
    for name, axis, size in later:
        unknown = sorted(size.names - set(sizes))
        if unknown:
            raise ShapeError(f"the size {unknown[0]} cannot be told from the shapes of the inputs")
        if size.value(sizes) != arrays[name].shape[axis]:
            raise ShapeError(f"axis {axis} of {name} is {arrays[name].shape[axis]}, but {size} is {size.value(sizes)}")
    return sizes


def _nesting(got: int, wanted: int) -> str:
    kinds = {0: "a number", 1: "a list of numbers", 2: "a list of rows"}
    return f"{kinds.get(wanted, f'{wanted} levels of lists')} is wanted, not {kinds.get(got, f'{got} levels of lists')}"
