"""Arrays against their declared shapes, and the sizes that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.errors import ShapeError
from derive.ir.graph import Declaration
from derive.ir.size import Size, show_shape


def check_shapes(arrays: Mapping[str, tuple[Declaration, Any]], sizes: dict[str, int]) -> None:
    """Check arrays against their declarations; `sizes` gets every named size that they fix.

    Raises ShapeError with the input, the declared and the given shape and the axis.
    """
    source = dict.fromkeys(sizes, "the given value")
    open_axes: list[tuple[str, Declaration, Any, int, Size]] = []
    for name, (declaration, array) in arrays.items():
        if array.ndim != len(declaration.shape):
            raise ShapeError(_mismatch(name, declaration, array) + f": {len(declaration.shape)} axes are needed")
        for axis, size in enumerate(declaration.shape):
            if size.number is None and str(size) in size.names and str(size) not in sizes:
                sizes[str(size)] = array.shape[axis]
                source[str(size)] = f"axis {axis} of {name}"
            open_axes.append((name, declaration, array, axis, size))
    for _ in range(2):
        for _, _, array, axis, size in open_axes:
            _solve(size, array.shape[axis], sizes)
    for name, declaration, array, axis, size in open_axes:
        if size.names <= sizes.keys() and size.value(sizes) != array.shape[axis]:
            known = ", ".join(
                f"{n} = {sizes[n]}" + (f" by {source[n]}" if n in source else "") for n in sorted(size.names)
            )
            raise ShapeError(
                _mismatch(name, declaration, array)
                + f": axis {axis} should be {size}"
                + (f" ({known})" if known else "")
            )


def _solve(size: Size, length: int, sizes: dict[str, int]) -> None:
    """Find the one unknown name of a size such as `2*m + 1` from the length of its axis."""
    unknown = size.names - sizes.keys()
    if len(unknown) != 1:
        return
    (name,) = unknown
    at_0, at_1, at_2 = (size.value({**sizes, name: n}) for n in (0, 1, 2))
    slope = at_1 - at_0
    if slope and at_2 - at_1 == slope and (length - at_0) % slope == 0 and (length - at_0) // slope >= 0:
        sizes[name] = (length - at_0) // slope


def _mismatch(name: str, declaration: Declaration, array: Any) -> str:
    got = f"({array.shape[0]},)" if array.ndim == 1 else str(array.shape) if array.ndim else "scalar"
    return f"input {name} is declared {show_shape(declaration.shape)}, but has shape {got}"
