"""Points on a side that no draw has met, by drawing and climbing.

A height is a number that is positive where a point is wanted: the least of the values, each with its sign, whose signs
are to be met. Values of growing size (10^-3 to 10^6) are drawn along random inputs, and then small steps are taken from
the best of them that let the height grow, in the declared domain.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, islice
from typing import Any

import numpy as np

from derive.equality.draw import Draw
from derive.equality.probe import Point
from derive.ir.graph import ComputationGraph, Declaration

Array = Any
Place = tuple[str, tuple[int, ...] | None]  # an input, and one of its entries
FAR = 6  # the largest values are 10^6
FRESH = 120  # draws, and steps from the best of them
STEPS = 120
FIRST = 3  # entries of an array that are moved by themselves
MOST_WAYS = 24  # choices of inputs that are moved together
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
    free = list(start.inputs) if free is None else free
    return next((point for point, h in _visited(start, height, rng, free) if h > 0 and accepted(point)), None)


def summit(start: Point, height: Callable[[Point], float | None], rng: random.Random, free: list[str]) -> Point:
    """The highest point of the model that was come upon."""
    return max(_visited(start, height, rng, free), key=lambda visit: visit[1], default=(start, 0))[0]


def _visited(
    start: Point, height: Callable[[Point], float | None], rng: random.Random, free: list[str]
) -> Iterator[tuple[Point, float]]:
    """The points on the way up, with their heights."""
    graph = start.graph
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
        yield point, reached
        better = most is None or reached > most
        if better:
            best, most = point, reached
        if k >= FRESH:
            step *= 1.5 if better else 0.9


NEARER = Fraction(1, 10**4)


def shaken(point: Point, name: str | None = None, *, way: int = 0, scale: Fraction | None = None) -> Point:
    """A point very near to another one, in the declared domain: of other inputs, or of another value of one name.

    Another `way` is another point, nearer still if nothing is said of the `scale`.
    """
    rng, graph = random.Random(f"{point.seed} {way}" if way else point.seed), point.graph
    scale = scale or (NEARER if way else Fraction(1))
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
        near = (old * (1 + way * step) if old else way * step for way in (1, -1))
        result[index] = next((new for new in near if _obeys(np.asarray(new, dtype=object), declared)), old)
    return result


def _little(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(10**5, 10**6), 10**8)


def between(point: Point, rng: random.Random, parts: int = 16) -> Point:
    """A point beside another one, of values that are no whole numbers and that float64 holds: odd `parts` of 1."""
    inputs = dict(point.inputs)
    for name, value in point.inputs.items():
        declared = point.graph.declarations[name]
        if {fact.name for fact in declared.facts}.intersection((*FIXED, *DEFINITE)):
            continue
        moved = np.array(value, dtype=object)
        for index in np.ndindex(*moved.shape):
            moved[index] = value[index] + Fraction(rng.choice((-1, 1)) * rng.randrange(3, parts // 2, 2), parts)
        if _obeys(moved, declared):
            inputs[name] = moved
    return Point(point.graph, point.sizes, inputs, point.seed)


def onto_edge(
    start: Point, values: Callable[[Point], Sequence[float] | None], rng: random.Random, free: list[str] | None = None
) -> Point | None:
    """A point at which some values are exactly 0, if they are linear along as many inputs; None if none was found.

    The values at the start should be small and whole, so that float64 is exact. `free` are the inputs that may change.
    """
    here = values(start)
    places = [place for place in _places(start) if free is None or place[0] in free]
    if here is None or len(places) < len(here):
        return None
    rng.shuffle(places)
    moved = cache(lambda place: values(_shifted(start, {place: Fraction(1)})))
    for chosen in islice(combinations(places, len(here)), MOST_WAYS):
        beyond = [moved(place) for place in chosen]
        if any(there is None for there in beyond):
            continue
        slopes = [
            [Fraction(b) - Fraction(a) for b in row] for a, row in zip(here, zip(*beyond, strict=True), strict=True)
        ]
        steps = _solved(slopes, [-Fraction(a) for a in here])
        if steps is None:
            continue
        edge = _shifted(start, dict(zip(chosen, steps, strict=True)))
        reached = values(edge)
        if reached is not None and not np.any(reached) and _is_allowed(edge) and edge.is_defined:
            return edge
    return None


def _places(point: Point) -> list[Place]:
    """What can be moved of the inputs: all entries alike, or one of the first."""
    found: list[Place] = []
    for name, value in point.inputs.items():
        if not {fact.name for fact in point.graph.declarations[name].facts} & {*FIXED, *DEFINITE}:
            found += [(name, None), *((name, index) for index in islice(np.ndindex(*value.shape), FIRST) if index)]
    return found


def _solved(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction] | None:
    """The solution of a linear system (Gauss and Jordan), None if it is singular."""
    table = [[*row, value] for row, value in zip(rows, right, strict=True)]
    for k in range(len(table)):
        pivot = next((r for r in range(k, len(table)) if table[r][k]), None)
        if pivot is None:
            return None
        table[k], table[pivot] = table[pivot], table[k]
        table[k] = [entry / table[k][k] for entry in table[k]]
        for r in range(len(table)):
            if r != k and table[r][k]:
                table[r] = [a - table[r][k] * b for a, b in zip(table[r], table[k], strict=True)]
    return [row[-1] for row in table]


def _is_allowed(point: Point) -> bool:
    return all(_obeys(value, point.graph.declarations[name]) for name, value in point.inputs.items())


def _shifted(point: Point, by: Mapping[Place, Fraction]) -> Point:
    inputs = dict(point.inputs)
    for (name, index), step in by.items():
        moved = np.array(inputs[name], dtype=object)
        moved[... if index is None else index] += step
        inputs[name] = moved
    return Point(point.graph, point.sizes, inputs, point.seed)


def _obeys(value: Array, declared: Declaration) -> bool:
    """Whether all entries are where the facts of an input allow them."""
    if not declared.facts:
        return True
    low, high, _ = declared.bounds
    never_zero = declared.fact("nonzero") is not None
    return all(low < entry < high and not (never_zero and entry == 0) for entry in value.flat)


def _drawn(graph: ComputationGraph, start: Point, free: list[str], size: float, rng: random.Random) -> dict[str, Array]:
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


def _moved(graph: ComputationGraph, start: Point, free: list[str], step: float, rng: random.Random) -> dict[str, Array]:
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
    result: Array = np.array(value, dtype=object)
    moved = list(np.ndindex(*result.shape))
    if len(moved) > 1 and rng.random() < 0.5:  # one entry, in steps of its own size
        moved = [rng.choice(moved)]
    size = (max((abs(result[index]) for index in moved), default=Fraction(0)) or Fraction(1)) * rng.choice(
        (1, 1, 1, 30)
    )  # what is small now need not stay so
    by_factors = "positive" in facts or rng.random() < 0.2
    for index in moved:
        if by_factors:
            result[index] = result[index] * _near_one(step, rng)
        else:
            result[index] = result[index] + size * Fraction(f"{step * rng.gauss(0, 1):.3g}")
    return result


def _near_one(step: float, rng: random.Random) -> Fraction:
    return Fraction(f"{np.exp(max(-20.0, min(20.0, step * rng.gauss(0, 1)))):.3g}")
