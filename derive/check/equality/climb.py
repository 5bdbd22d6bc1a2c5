"""Points on a side that no draw has met, by drawing and climbing.

A height is a number that is positive where a point is wanted: the least of the values, each with its sign, whose signs
are to be met. Values of growing size (10^-3 to 10^6) are drawn along random inputs, and then small steps are taken from
the best of them that let the height grow, in the declared domain.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from derive.check.equality.draw import Draw
from derive.check.equality.probe import Point
from derive.ir.graph import Declaration, Graph

Array = Any
FAR = 6  # the largest values are 10^6
FRESH = 120  # draws, and steps from the best of them
STEPS = 120
FIXED = ("one_hot", "simplex", "one_of")  # drawn afresh only
DEFINITE = ("symmetric", "positive_definite", "diagonal")  # stay so when all entries are multiplied alike


def climb(
    start: Point,
    height: Callable[[Point], float | None],
    rng: random.Random,
    *,
    free: list[str] | None = None,
    accepted: Callable[[Point], bool] = lambda _: True,
) -> Point | None:
    """A point of the model at which the height is positive and which is accepted; None if none was found.

    `free` are the inputs that may change, by default all. The height is None where it has no value.
    """
    graph, free = start.graph, list(start.inputs) if free is None else free
    best, most, step = start, height(start), 1.0
    for k in range(FRESH + STEPS if free else 0):
        if k < FRESH:
            far = FAR * k / FRESH
            inputs = _drawn(graph, start, free, 10.0 ** rng.uniform(-far / 2, far), rng)
        else:
            inputs = _moved(graph, best, free, step, rng)
        point = Point(graph, start.sizes, inputs, start.seed)
        reached = height(point)
        if reached is None or not point.is_defined:
            continue
        if reached > 0 and accepted(point):
            return point
        better = most is None or reached > most
        if better:
            best, most = point, reached
        if k >= FRESH:
            step *= 1.5 if better else 0.9
    return None


NEARER = Fraction(1, 10**4)


def shaken(point: Point, name: str | None = None, *, way: int = 0) -> Point:
    """A point very near to another one, in the declared domain: of other inputs, or of another value of one name.

    Another `way` is another point, nearer still.
    """
    rng, graph = random.Random(f"{point.seed} {way}" if way else point.seed), point.graph
    scale = NEARER if way else Fraction(1)
    inputs = dict(point.inputs)
    for other in [*point.inputs] if name is None else [name]:
        # a binding is set like an input, and what comes after it follows
        declared = graph.declarations.get(other) or Declaration(other, "input", graph.shape(other))
        value = inputs[other] if other in inputs else np.frompyfunc(Fraction, 1, 1)(point.values()[other])
        inputs[other] = _shaken(np.asarray(value, dtype=object), declared, rng, scale)
    return Point(graph, point.sizes, inputs, point.seed)


def _shaken(value: Array, declared: Declaration, rng: random.Random, scale: Fraction) -> Array:
    facts = {fact.name for fact in declared.facts}
    if facts.intersection(FIXED):
        return value
    result = np.array(value, dtype=object)
    together = scale * _little(rng)
    for index in np.ndindex(*result.shape):
        old = result[index]
        if facts.intersection(DEFINITE) and not old:  # off the diagonal of a diagonal matrix
            continue
        step = together if facts.intersection(DEFINITE) else rng.choice((-1, 1)) * scale * _little(rng)
        near = [old * (1 + way * step) if old else way * step for way in (1, -1)]
        result[index] = next((new for new in near if _obeys(np.asarray(new, dtype=object), declared)), old)
    return result


def _little(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(10**5, 10**6), 10**8)


def between(point: Point, rng: random.Random) -> Point:
    """A point beside another one, of values that are no whole numbers and that float64 holds."""
    inputs = dict(point.inputs)
    for name, value in point.inputs.items():
        declared = point.graph.declarations[name]
        if {fact.name for fact in declared.facts}.intersection((*FIXED, *DEFINITE)):
            continue
        moved = np.array(value, dtype=object)
        for index in np.ndindex(*moved.shape):
            moved[index] = value[index] + Fraction(rng.choice((-7, -5, -3, 3, 5, 7)), 16)
        if _obeys(moved, declared):
            inputs[name] = moved
    return Point(point.graph, point.sizes, inputs, point.seed)


def onto_edge(start: Point, value: Callable[[Point], float | None], rng: random.Random) -> Point | None:
    """A point at which a value is exactly 0, if it is linear along one of the inputs; None if none was found.

    The values at the start should be small and whole, so that float64 is exact.
    """
    graph = start.graph
    here = value(start)
    names = [
        name for name in start.inputs if not {f.name for f in graph.declarations[name].facts} & {*FIXED, *DEFINITE}
    ]
    rng.shuffle(names)
    for name in names:
        beyond = _shifted(start, name, Fraction(1))
        there = value(beyond)
        if here is None or there is None or there == here:
            continue
        edge = _shifted(start, name, Fraction(here) / (Fraction(here) - Fraction(there)))
        if value(edge) == 0 and _obeys(edge.inputs[name], graph.declarations[name]) and edge.is_defined:
            return edge
    return None


def _shifted(point: Point, name: str, by: Fraction) -> Point:
    inputs = {**point.inputs, name: np.asarray(point.inputs[name] + by, dtype=object)}
    return Point(point.graph, point.sizes, inputs, point.seed)


def _obeys(value: Array, declared: Declaration) -> bool:
    """Whether all entries are where the facts of an input allow them."""
    low, high, _ = declared.bounds
    never_zero = declared.fact("nonzero") is not None
    return all(low < entry < high and not (never_zero and entry == 0) for entry in value.flat)


def _drawn(graph: Graph, start: Point, free: list[str], size: float, rng: random.Random) -> dict[str, Array]:
    """Some inputs drawn afresh, and `size` times as large where the facts allow it."""
    inputs = dict(start.inputs)
    chosen = [name for name in free if rng.random() < 0.5] or free
    factor = Fraction(f"{size:.2g}")
    for name in chosen:
        declared = graph.declarations[name]
        value = Draw(rng, mood="signed").value(declared, start.sizes)
        facts = {fact.name for fact in declared.facts}
        if "in" in facts:
            value = _squeezed(value, declared, factor, rng)
        elif not facts.intersection(FIXED):
            value = value * factor
        inputs[name] = np.asarray(value, dtype=object)  # arithmetic on arrays of rank 0 gives bare numbers
    return inputs


def _squeezed(value: Array, declared: Declaration, factor: Fraction, rng: random.Random) -> Array:
    """Towards one of the ends of an interval; away from the end of one that has no other."""
    fact = declared.fact("in")
    assert fact is not None
    closer = min(factor, 1 / factor)
    low, high = (None if e is None or not np.isfinite(e) else Fraction(str(e)) for e in (fact.low, fact.high))
    if low is not None and (high is None or rng.random() < 0.5):
        return low + (value - low) * (1 / closer if high is None and rng.random() < 0.5 else closer)
    if high is not None:
        return high - (high - value) * (1 / closer if low is None and rng.random() < 0.5 else closer)
    return value * factor


def _moved(graph: Graph, start: Point, free: list[str], step: float, rng: random.Random) -> dict[str, Array]:
    """The inputs a random step away, as far as the facts allow."""
    moved = {name: _stepped(start.inputs[name], graph.declarations[name], step, rng) for name in free}
    return {**start.inputs, **{name: np.asarray(value, dtype=object) for name, value in moved.items()}}


def _stepped(value: Array, declared: Declaration, step: float, rng: random.Random) -> Array:
    facts = {fact.name for fact in declared.facts}
    if facts.intersection(FIXED):
        return value
    if "in" in facts:
        return _squeezed(value, declared, _near_one(step, rng), rng)
    if facts.intersection(DEFINITE):
        return value * _near_one(step, rng)
    result = np.array(value, dtype=object)
    size = max((abs(v) for v in result.flat), default=Fraction(0)) or Fraction(1)
    for index in np.ndindex(*result.shape):
        if "positive" in facts:
            result[index] = result[index] * _near_one(step, rng)
        else:
            result[index] = result[index] + size * Fraction(f"{step * rng.gauss(0, 1):.3g}")
    return result


def _near_one(step: float, rng: random.Random) -> Fraction:
    return Fraction(f"{np.exp(max(-20.0, min(20.0, step * rng.gauss(0, 1)))):.3g}")
