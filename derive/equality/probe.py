"""Probe points: where formulas are evaluated to be told apart.

A point holds a draw of sizes and exact values of all inputs, symbols and generic functions; bindings follow forward
from them. It evaluates nodes in float64 for speed and in 50 digits for judgement, and remembers every node it has
seen, so that many candidates over one graph cost what is new in each.

A difference counts only where both values are well conditioned: the inverse of a singular matrix is a number in any
precision, but another one in each. What does not settle when the digits are doubled has no value.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from derive.equality.draw import Draw, Mood, size_draws, size_names
from derive.equality.generic import implementation
from derive.equality.recent import PerGraph
from derive.errors import UnsupportedError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ops.digits import Digits
from derive.ops.evaluate import Evaluator
from derive.ops.floats import Floats

Array = Any
DIGITS = 50
REDRAWS = 24
FORGET_AFTER = 20_000
SHRUNK = 1e-20
"""A difference that is so much smaller with twice the digits is rounding."""
NOISE = 1e-35
SETTLED = 1e-15
"""A value settles if doubling the digits changes it by less, relative to its largest entry, or by noise."""
MOODS: tuple[Mood, ...] = ("signed", "signed", "positive", "signed", "unit", "positive")
SPARE_MOODS: tuple[Mood, ...] = ("positive", "unit", "signed")
ORDINARY = 6
"""After so many points, the spare ones prefer positive values: a claim may be defined there only, as log(x)."""
NO_VALUE = (ArithmeticError, IndexError, np.linalg.LinAlgError, TypeError, ValueError)
"""What evaluation outside a domain raises: no inverse, an entry that does not exist, complex numbers compared, ..."""
VALUE_KINDS = ("input", "symbol", "parameter")


@dataclass(eq=False)
class Point:
    """Named sizes, and exact values (object arrays of fractions) of everything declared."""

    graph: ComputationGraph
    sizes: Mapping[str, int]
    inputs: Mapping[str, Array]
    seed: str = ""
    _evaluators: dict[int, Evaluator] = field(default_factory=dict)
    _asked: int = 0

    def evaluator(self, digits: int = 0) -> Evaluator:
        """The evaluator in float64 (`digits` 0) or in many digits, with all bindings evaluated."""
        known = self._evaluators.get(digits)
        if known is None:
            backend = Digits(digits) if digits else Floats()
            drawn = self.graph.functions.items()
            functions = {name: implementation(d, backend, seed=self.seed) for name, d in drawn}
            known = Evaluator(self.inputs, self.sizes, functions=functions, backend=backend).run(self.graph)
            self._evaluators[digits] = known
        return known

    def value(self, node: Node, digits: int = 0) -> Array | None:
        """The array a node is at this point, or None where it is not defined (or not real)."""
        self._asked += 1
        if self._asked % FORGET_AFTER == 0:
            self._forget()
        try:
            value = np.asarray(self.evaluator(digits).value(node))
        except NO_VALUE:
            return None
        return value if is_real(value) else None

    @property
    def is_defined(self) -> bool:
        """Whether every binding has a real value in float64."""
        try:
            return all(is_real(np.asarray(value)) for value in self.values().values())
        except NO_VALUE:
            return False

    def differ(self, left: Node, right: Node, digits: int = DIGITS) -> bool | None:
        """Whether two nodes of one shape differ here, by many digits; None if one of them has no settled value.

        With twice the digits what is rounding shrinks, what is real stays, however small it is.
        """
        a, b = self.value(left, digits), self.value(right, digits)
        if a is None or b is None:
            return None
        gap = np.asarray(np.abs(a - b))
        if not np.any(np.asarray(gap, dtype=bool)):
            return False
        finer_a, finer_b = self.value(left, 2 * digits), self.value(right, 2 * digits)
        if finer_a is None or finer_b is None or not (_settled(a, finer_a) and _settled(b, finer_b)):
            return None
        # where the digits at hand show no difference, what they could not show counts
        least = mpmath.mpf(10) ** -digits * max(1, _largest(finer_a), _largest(finer_b))
        shown = np.maximum(gap, least)
        return not np.all(np.asarray(np.abs(finer_a - finer_b) <= SHRUNK * shown, dtype=bool))

    def _forget(self) -> None:
        """Drop remembered nodes, keep the bindings: thousands of candidates must not stay in memory."""
        for digits, old in self._evaluators.items():
            self._evaluators[digits] = Evaluator(old.values, self.sizes, functions=old.functions, backend=old.backend)

    def values(self, digits: int = 0) -> Mapping[str, Array]:
        """The values of all inputs and bindings."""
        return self.evaluator(digits).values


def is_real(value: Array) -> bool:
    """Whether every entry is a finite real number."""
    if value.dtype != object:
        return bool(np.isrealobj(value) and np.isfinite(value).all())
    return all(not hasattr(v, "_mpc_") and mpmath.isfinite(v) for v in value.flat)


def _settled(value: Array, finer: Array) -> bool:
    return bool(_largest(value - finer) <= max(SETTLED * _largest(finer), NOISE))


def _largest(value: Array) -> Any:
    """The largest size of an entry. (Arithmetic on arrays of rank 0 gives bare numbers.)"""
    return max(np.asarray(np.abs(value), dtype=object).flat, default=0)


def draw_point(
    graph: ComputationGraph,
    sizes: Mapping[str, int],
    seed: str,
    *,
    grid: int = 100,
    moods: tuple[Mood, ...] = MOODS,
    anchors: Sequence[Fraction] = (),
    redraws: int = REDRAWS,
) -> Point | None:
    """A point at which every binding is defined; None if none was found in many draws.

    `moods` are those of `Draw`, in the order in which they are tried; `anchors` as there.
    """
    for attempt in range(redraws):
        rng = random.Random(f"{seed} {attempt}")
        draw = Draw(rng, mood=moods[attempt % len(moods)], grid=grid, anchors=anchors)
        declared = {name: d for name, d in graph.declarations.items() if d.kind in VALUE_KINDS}
        inputs = {name: draw.value(d, sizes) for name, d in declared.items()}
        point = Point(graph, sizes, inputs, f"{seed} {attempt}")
        if point.is_defined:
            return point
    return None


class Points:
    """The probe points of one graph, drawn when needed, at two draws of sizes in turn.

    The spare points take further sizes: what is singular for one order of the sizes is compared in the other.
    """

    def __init__(self, graph: ComputationGraph) -> None:
        names, literals = size_names(graph)
        self.draws = size_draws(names, literals, random.Random(len(names)))
        self._points: list[Point | None] = []
        self.graph = graph

    def __getitem__(self, number: int) -> Point | None:
        """Point `number`, or None if no draw obeys the domain of the model."""
        while len(self._points) <= number:
            k = len(self._points)
            moods = MOODS if k < ORDINARY else SPARE_MOODS
            draws = self.draws[:2] if k < ORDINARY else self.draws
            self._points.append(draw_point(self.graph, draws[k % len(draws)], f"point {k}", moods=moods))
        return self._points[number]

    @property
    def several(self) -> int:
        """How many different draws of sizes there must be among the points of a comparison."""
        return min(2, len(self.draws))

    def first(self, count: int) -> list[Point]:
        """The first `count` points that exist; UnsupportedError if the model is defined nowhere."""
        points = [point for k in range(count) if (point := self[k]) is not None]
        if not points:
            raise UnsupportedError(
                "no values were found at which every line of the model is defined",
                hint="declare what the inputs obey (positive, in (0, 1), simplex, ...)",
            )
        return points


_points = PerGraph(Points)


def points_of(graph: ComputationGraph) -> Points:
    """The points of a graph; the same object for the same graph, as long as it is among the latest."""
    return _points.of(graph)
