"""What a backward pass takes and what it returns: the ways in which a layer can be read, and the one that fits.

Names of methods and parameters decide where they can (`styles`). Where they do not, each way is tried at one point:
a way fits if the claimed gradient has the measured slope along a random direction. If none fits, the first is judged,
and refuted: the gradient is wrong in whatever way it is read. What had to be tried is told in the report.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.arguments import floating, rebuilt
from derive.gradients.calling import FIRST, KEPT, OUTPUT, TOGETHER, Calling, DerivativeCall, Passed
from derive.gradients.difference import Array
from derive.gradients.discovery import attributes
from derive.gradients.guard import CallFailed, Positional, accepts, parameter_names, positional
from derive.gradients.styles import LISTS, OUTPUTS, RATES, TARGETS, differentiated, upstream_like

TAKES = ("upstream", "inputs", "output")


def readings(
    layer: Any, found: Calling, inputs: Sequence[Any], takes: str | None, fresh: Callable[[], Any]
) -> list[Calling]:
    """The ways in which the passes that were found can be read, the likeliest first."""
    if takes is not None and takes not in TAKES:
        raise DeriveError(f"takes is {takes!r}", hint=f"one of {', '.join(map(repr, TAKES))}")
    names = _Names(found, layer, inputs)
    ways: list[Calling] = []
    for given in _given(names, found, takes):
        ways += [found] if given is None else _slopes(found, given, names, inputs, fresh, takes is not None)
    return [w for way in ways for w in _several(way, layer, inputs, fresh)]


class _Names:
    """The parameters of both passes."""

    def __init__(self, found: Calling, layer: Any, inputs: Sequence[Any]) -> None:
        self.count = len(inputs)
        function = found.forward_of(layer)
        self.backward = found.backward_of(layer)
        self.forward = parameter_names(function, self.count)
        self.known: Positional = positional(self.backward)
        needed = self.known.names if self.known.least == float("inf") else self.known.names[: int(self.known.least)]
        self.needed = [name for name in needed if name.lower() not in RATES]
        self.own = str(getattr(self.backward, "__name__", "backward"))


def _given(names: _Names, found: Calling, takes: str | None) -> Iterator[tuple[int | str, ...] | None]:
    """What backward may be given: inputs by position, the output; None for the upstream gradient."""
    taken = list(names.known.names)
    if takes == "upstream":
        yield None
        return
    if takes == "output":
        yield (OUTPUT, *range(1, min(names.count, max(len(names.needed), 1))))
        return
    if takes == "inputs":
        yield _matched(names.needed or taken[: names.count], names.forward)
        return
    if not names.known.names or names.known.most == float("inf"):
        yield None
        return
    needed = names.needed or taken[: names.count]
    first = needed[0]
    if found.takes_upstream or (upstream_like(first) and first not in names.forward):
        yield from _given_to_backward(names, needed, found.takes_upstream)
    elif accepts(names.backward, names.count) or len(needed) < names.count:
        yield _matched(needed[: names.count], names.forward)
    else:
        yield None


def _given_to_backward(
    names: _Names, needed: list[str], called_backward: bool
) -> Iterator[tuple[int | str, ...] | None]:
    """A method `backward`: it takes the upstream gradient unless its parameters say otherwise."""
    first, rest = needed[0], needed[1:]
    kept_targets = bool(rest) and all(name.lower() in TARGETS and name in names.forward for name in rest)
    if kept_targets and len(needed) == names.count:  # backward(dvalues, y_true)
        others = tuple(names.forward.index(name) for name in rest)
        free = next(k for k in range(names.count) if k not in others)
        yield (free, *others)
        yield (KEPT, *others)
        yield None
    elif first in names.forward and len(needed) == names.count:
        if names.count == 1 and called_backward:
            yield None
        yield _matched(needed, names.forward)
        if names.count > 1 and accepts(names.backward, 1):
            yield None
    elif (
        called_backward
        and len(needed) == 1
        and names.count == 1
        and first.lower() in OUTPUTS
        and not upstream_like(first)
    ):
        yield None
        yield (OUTPUT,)
    else:
        yield None
        plain = len(needed) == names.count == 1 and not upstream_like(first)
        if plain and not names.own.startswith(("backward", "bprop", "bwd", "backprop")):
            yield (0,)  # two functions with names of their own


def _matched(needed: Sequence[str], forward: Sequence[str]) -> tuple[int | str, ...]:
    """Which input each parameter of the derivative is: by its name, else by its part as target, else in order."""
    if len(needed) == len(forward) == 1:
        low = needed[0].lower().strip("_")
        return (OUTPUT,) if low in OUTPUTS and needed[0] != forward[0] else (0,)
    if all(name in forward for name in needed):
        return tuple(forward.index(name) for name in needed)
    ours, theirs = differentiated(needed), differentiated(forward)
    if ours is None or theirs is None or len(ours) != len(theirs) or len(needed) != len(forward):
        return tuple(range(len(needed)))
    rest = [k for k in range(len(forward)) if k not in theirs]
    predicted, constant = iter(theirs), iter(rest)
    return tuple(next(predicted) if k in ours else next(constant) for k in range(len(needed)))


# ----- slopes: by which input -----


@dataclass
class _Tried:
    """What the passes have returned once, at the given inputs."""

    passed: Passed
    result: Any


def _tried(way: Calling, inputs: Sequence[Any], fresh: Callable[[], Any]) -> _Tried:
    layer, copies = fresh(), rebuilt(tuple(inputs), {})
    passed = way.forward(layer, copies)
    before = dict(attributes(layer)) if hasattr(layer, "__dict__") else {}
    return _Tried(passed, way.derivative(layer, way.backward_of(layer), before, passed, copies))


def _slopes(
    found: Calling,
    given: tuple[int | str, ...],
    names: _Names,
    inputs: Sequence[Any],
    fresh: Callable[[], Any],
    told: bool,
) -> list[Calling]:
    way = replace(found, slope=DerivativeCall(given), cached=False if found.cached is None else found.cached)
    try:
        tried = _tried(way, inputs, fresh)
    except CallFailed:
        if told:
            raise
        return [] if names.needed and upstream_like(names.needed[0]) else [_named(way, (0,), names, given, False)]
    value = tried.passed.outputs[0]
    if isinstance(tried.result, Mapping):
        return [replace(way, text=f"{names.own} returns the gradients of the value by name")]
    parts = tried.result if isinstance(tried.result, tuple | list) else (tried.result,)
    floats = [k for k in range(names.count) if floating(inputs[k])]
    chosen = _taken_by(parts, floats, names, inputs)
    ways = []
    for by in chosen:
        rows = value.ndim and value.ndim < np.ndim(inputs[by[0]])
        if value.ndim and not _separable(way, value, inputs, by[0], fresh):
            shape, own = np.shape(inputs[by[0]]), names.own
            raise DeriveError(
                f"{own} returns no slope: forward has the shape {value.shape} at an input of shape {shape}, and "
                "each of its entries depends on several entries of the input",
                hint="give a backward pass that takes the upstream gradient (takes='upstream' if it does)",
            )
        means = _whether_of_the_mean(way, inputs, by[0], value, tried.result, fresh) if rows else (False,)
        ways += [_named(way, by, names, given, mean) for mean in means]
    return ways


def _taken_by(parts: Sequence[Any], floats: list[int], names: _Names, inputs: Sequence[Any]) -> list[tuple[int, ...]]:
    """The inputs that the returned gradients may belong to: by name, and by their shapes."""
    told = differentiated(names.forward) if names.count > 1 else None
    pool = [k for k in floats if told is None or k in told] or floats
    if not pool:
        raise DeriveError("no input is a float or an array of floats", hint="pass 3.0 rather than 3")
    if len(parts) == names.count == len(floats) and len(parts) > 1:
        return [tuple(floats)]
    shapes = [np.shape(part) for part in parts]
    found = [
        by
        for by in itertools.permutations(pool if len(pool) >= len(parts) else floats, len(parts))
        if [np.shape(inputs[k]) for k in by] == shapes
    ]
    if found:
        return found[:24]
    if len(pool) == len(parts):
        return [tuple(pool)]
    raise DeriveError(
        f"{names.own} returns {len(parts)} gradient(s) of shape {', '.join(map(str, shapes))}, and it is not clear "
        f"of what (there are {', '.join(f'{n} {np.shape(v)}' for n, v in zip(names.forward, inputs, strict=True))})",
        hint=f"name the arguments: returns=({names.forward[pool[-1]]!r},)",
    )


def _separable(way: Calling, value: Array, inputs: Sequence[Any], k: int, fresh: Callable[[], Any]) -> bool:
    """Whether moving some rows (or entries) of an input moves those of the value alone."""
    argument = np.asarray(inputs[k])
    shape = value.shape
    if argument.shape[: value.ndim] != shape:
        return False
    chosen = np.zeros(shape, dtype=bool)
    chosen.ravel()[:: 2 if value.size > 2 else 1] = value.size > 1
    wider = chosen.reshape(shape + (1,) * (argument.ndim - value.ndim))
    moved = np.where(wider, argument * 1.01 + 0.003, argument).astype(argument.dtype)
    after = way.forward(fresh(), rebuilt(tuple(inputs), {(k,): moved})).outputs[0]
    here = way.forward(fresh(), rebuilt(tuple(inputs), {})).outputs[0]
    return bool(after.shape == shape and np.all((after == here)[~chosen]))


def _whether_of_the_mean(
    way: Calling, inputs: Sequence[Any], k: int, value: Array, slope: Any, fresh: Callable[[], Any]
) -> tuple[bool, ...]:
    """With every row twice the derivative of a mean is half as large, whatever else is wrong with it."""
    rows = len(value)
    twice = [np.concatenate([a, a]) if isinstance(a, np.ndarray) and a.ndim and len(a) == rows else a for a in inputs]
    try:
        again = np.asarray(_tried(way, twice, fresh).result)[:rows]
        before = np.asarray(slope)
        for mean, factor in ((False, 1.0), (True, 2.0)):
            if again.shape == before.shape == np.shape(inputs[k]) and np.allclose(factor * again, before, atol=0):
                return (mean,)
    except (CallFailed, DeriveError, IndexError, TypeError, ValueError):
        pass
    return False, True


def _named(way: Calling, by: tuple[int, ...], names: _Names, given: tuple[int | str, ...], mean: bool) -> Calling:
    """The way with what is told of it."""
    assert way.slope is not None
    taken = ", ".join(
        names.forward[k] if isinstance(k, int) else f"the {k.replace(KEPT, 'kept')} output" for k in given
    )
    by_what = ", ".join(names.forward[k] for k in by)
    text = f"{names.own}({taken}) is read as the derivative by {by_what}"
    text += ", of the mean of the losses" if mean else ""
    return replace(way, slope=replace(way.slope, by=by, mean=mean), text=text)


# ----- several outputs -----


def _several(way: Calling, layer: Any, inputs: Sequence[Any], fresh: Callable[[], Any]) -> list[Calling]:
    """A backward pass that takes fewer upstream gradients than there are outputs: a tuple of them, or the first."""
    known = positional(way.backward_of(layer))
    if way.slope is not None or known.most == float("inf") or not known.names:
        return [way]
    try:
        passed = way.forward(fresh(), rebuilt(tuple(inputs), {}))
    except CallFailed:
        return [way]
    count, cached = len(passed.outputs), len(passed.cache)
    needed = [name for name in known.names[: int(known.least)] if name.lower() not in RATES] or list(known.names[:1])
    if count < 2 or len(needed) - cached != 1 or accepts(way.backward_of(layer), count + cached):
        return [way]
    name = needed[-1 if needed[0] in ("cache", "ctx") else 0]
    together = replace(way, upstreams=TOGETHER, text=f"backward({name}) is given the upstream gradients of all outputs")
    first = replace(
        way,
        upstreams=FIRST,
        text=f"backward({name}) is given the upstream gradient of the first output: "
        f"the other {'ones are' if count > 2 else 'one is'} not differentiated",
    )
    return [together] if name.lower() in LISTS else [first, together]
