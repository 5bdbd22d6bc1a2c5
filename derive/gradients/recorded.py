"""The values that a forward and a backward pass had: what their functions held when they returned.

The cause of a wrong gradient stands in a line such as `dW = h_next.T @ dt`. Its operands are local variables and
attributes of other people's functions; a profile function, which Python calls at every return, sees them. They serve
to make up hypotheses only: what is said of them is held against measured slopes.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.discovery import attributes
from derive.gradients.foreign import plain
from derive.gradients.guard import LIBRARIES
from derive.gradients.point import Subject, Values

MOST_VALUES = 36
MOST_RETURNS = 2000
MOST_ITEMS = 64
LARGEST = 4096
Named = dict[str, Array]


def recorded(subject: Subject, values: Values, upstream: list[Array]) -> Named:
    """The arrays of floats (and masks) that the passes had, by name; a name means what it means first.

    The arguments come first, then the forward pass, and a function before the ones that it calls.
    """
    passes: list[Named] = [{**values, **{n: v for n, v in subject.constants.items() if v.dtype.kind == "f"}}]
    passes.append({f"upstream {k}" if k else "upstream": u for k, u in enumerate(upstream) if u.ndim})
    for run in (lambda: subject.outputs(values), lambda: subject.claim(values, upstream)):
        if sys.getprofile() is not None:  # somebody else's, which may be a C function that cannot be put back
            break
        recorder = _Recorder()
        sys.setprofile(recorder)
        try:
            run()
        finally:
            sys.setprofile(None)
        passes.append(recorder.found)
    named: Named = {}
    for found in passes:
        named |= {name: value for name, value in found.items() if name not in named}
    plain_first = sorted(named.items(), key=lambda item: "[" in item[0])
    return {name: value.astype(np.float64) for name, value in plain_first if np.all(np.isfinite(value))}


def refined(values: Named) -> Named:
    """Blocks and means in addition: gates that stand side by side in one array, what a normalisation takes away."""
    lengths = {value.shape[-1] for value in values.values() if value.ndim}
    found = dict(values)
    for name, value in values.items():
        for axis, size in enumerate(value.shape):
            before = ":, " * axis
            for length in (n for n in lengths if 1 < n < size and size % n == 0):
                for k in range(0, size, length):
                    found[f"{name}[{before}{k}:{k + length}]"] = value[(slice(None),) * axis + (slice(k, k + length),)]
            if value.ndim > 1:
                mean = np.broadcast_to(value.mean(axis=axis, keepdims=True), value.shape)
                found[f"{name}.mean(axis={axis})"] = mean
    return found


def distinct(values: Named, most: int = MOST_VALUES) -> Named:
    """One name for each array of numbers, the first, and not too many of them."""
    kept: dict[tuple[tuple[int, ...], bytes], str] = {}
    for name, value in values.items():
        kept.setdefault((value.shape, value.tobytes()), name)
    return {name: values[name] for name in list(kept.values())[:most]}


class _Recorder:
    """A profile function that keeps the arrays of every function of the caller's that returns."""

    def __init__(self) -> None:
        self.found: Named = {}
        self.returns = 0

    def __call__(self, frame: types.FrameType, event: str, _result: Any) -> None:
        file = frame.f_code.co_filename
        if event != "return" or file.startswith("<frozen") or any(part in file for part in LIBRARIES):
            return
        self.returns += 1
        if self.returns > MOST_RETURNS:  # a loop over samples in Python: the last values say little
            return
        local = {name: value for name, value in frame.f_locals.items() if not name.startswith("_")}
        with contextlib.suppress(Exception):  # an object that cannot be looked at is left out
            self.found |= {name: value.copy() for name, value in _arrays(local, 2)}


def _arrays(holder: Mapping[Any, Any], depth: int, prefix: str = "") -> Iterator[tuple[str, Array]]:
    """The arrays among these values, in containers and attributes as well; an attribute goes by its own name."""
    for key, held in islice(holder.items(), MOST_ITEMS):
        name, value = f"{prefix}[{key!r}]" if prefix else str(key), plain(held)
        if isinstance(value, np.ndarray | np.floating) and value.dtype.kind in "fb" and value.size <= LARGEST:
            yield name, np.asarray(value)
        elif depth and isinstance(value, Mapping):
            yield from _arrays(value, depth - 1, name)
        elif depth and isinstance(value, list | tuple):
            yield from _arrays(dict(enumerate(value[:MOST_ITEMS])), depth - 1, name)
        elif depth and not isinstance(value, np.ndarray | types.ModuleType | types.FunctionType | type):
            yield from _arrays(attributes(value), depth - 1)
