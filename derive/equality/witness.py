"""Counterexamples with small numbers.

A difference found at a probe point is shown again at a point that a person can follow: sizes of two or three, values
such as 2, -1, 0.5. Of a few such points the first is taken at which the members clearly differ.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from derive.equality.draw import size_names
from derive.equality.probe import DIGITS, Point, draw_point
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs

Array = Any
CLEARLY = 1e-3
Differ = Callable[[Point], bool | None]
VALUES_TRIED = 3


@dataclass(frozen=True)
class Witness:
    """Inputs at which the members differ: `left` and `right` are their values at `entry` (from 0), the entry that
    differs most; `inputs` holds plain numbers or nested lists, of what the members depend on."""

    inputs: Mapping[str, Any]
    sizes: Mapping[str, int]
    entry: tuple[int, ...]
    left: float
    right: float


def find_witness(left: Node, right: Node, graph: ComputationGraph, differ: Differ) -> Witness | None:
    """A counterexample with small numbers, or None if none of those tried shows a clear difference.

    `differ` says of a point whether the members differ there in many digits.
    """
    for sizes in _small_sizes(left, right, graph):
        for trial in range(VALUES_TRIED):
            point = draw_point(graph, sizes, f"witness {trial}", grid=2 if trial == 0 else 10)
            if point is None:
                continue
            a, b = point.value(left), point.value(right)
            if a is None or b is None:
                continue
            size = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
            if float(np.abs(a - b).max(initial=0.0)) > CLEARLY * size and differ(point):
                return witness_at(left, right, point)
    return None


def witness_at(left: Node, right: Node, point: Point) -> Witness | None:
    """The counterexample that a point is, judged in many digits; None where a member is not defined."""
    a, b = point.value(left, DIGITS), point.value(right, DIGITS)
    if a is None or b is None:
        return None
    gap = np.asarray(np.abs(a - b)).astype(float)
    entry = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    inputs = inputs_at(left, right, point)
    return Witness(inputs, dict(point.sizes), entry, float(a[entry]), float(b[entry]))


def inputs_at(left: Node, right: Node, point: Point) -> dict[str, Any]:
    """The inputs on which two members depend, as plain numbers and nested lists."""
    needed = _inputs_of(left, right, point.graph)
    return {name: _plain(value) for name, value in point.inputs.items() if name in needed}


def _inputs_of(left: Node, right: Node, graph: ComputationGraph) -> set[str]:
    direct = refs(left, right)
    return {*direct, *(below for name in direct if name in graph for below in graph.ancestors(name))}


def _plain(value: Array) -> Any:
    return np.asarray(value).astype(float).tolist()


def _small_sizes(left: Node, right: Node, graph: ComputationGraph) -> Iterator[dict[str, int]]:
    names, _ = size_names(graph, [left, right])
    yield dict.fromkeys(names, 2)
    if names:
        rng = random.Random(0)
        for top in (3, 3, 4):
            yield {name: rng.randint(2, top) for name in names}
