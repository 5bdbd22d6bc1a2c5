"""The oracle of models with branches: plain floats at many points of every scale, slopes by central differences.

At a point the slope of p by q is  (8 (p(q+h) - p(q-h)) - (p(q+2h) - p(q-2h))) / 12h,  once with h and once with h/2;
their difference and the rounding of p over h estimate the error. Where a condition changes its sign between these
places there is a kink, and the point says nothing. What floats find is confirmed in 80 digits, as cancelling inside p
or the claim is not in the estimate. Scalars are arrays (points, 1), vectors (points, entries).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np
import numpy.typing as npt

from benchmarks.searches.terms import Term

Array = npt.NDArray[Any]
Values = dict[str, Array]
ENTRIES = 3
DIGITS = 80
SHORT = 1000
"""The largest denominator of a number that a counterexample shows as a float."""


class Arithmetic(NamedTuple):
    """What numbers are: made from text, rounded to epsilon, and the step for slopes in terms of the value."""

    number: Callable[[str], Any]
    epsilon: float
    step: float


FLOATS = Arithmetic(float, float(np.finfo(float).eps), 1e-3)
PRECISE = Arithmetic(mpmath.mpf, 1e-78, 1e-20)
COMPARE = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}
PLAIN = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Leaf:
    """An input: a scalar or a vector, and the open interval in which it is declared."""

    name: str
    vector: bool = False
    low: float = -np.inf
    high: float = np.inf

    @property
    def somewhere(self) -> float:
        """A value in the interval."""
        if np.isfinite(self.low):
            return (self.low + self.high) / 2 if np.isfinite(self.high) else self.low + 1
        return self.high - 1 if np.isfinite(self.high) else 0.5

    @property
    def declared(self) -> str:
        """Its line of the model."""
        fact = ""
        if (self.low, self.high) == (0.0, np.inf):
            fact = ", positive"
        elif np.isfinite(self.low) or np.isfinite(self.high):
            low, high = (f"{end:g}" for end in (self.low, self.high))
            fact = f", in ({low}, {high})"
        return f"{self.name} : {'(n,)' if self.vector else 'scalar'}{fact}"


@dataclass
class Floats:
    """Values of terms, and of everything that a condition compares with zero."""

    values: Values
    arithmetic: Arithmetic = FLOATS
    conditions: list[Array] = field(default_factory=list)

    def __call__(self, made: Term) -> Array:
        if made.op == "name":
            return self.values[made.text]
        if made.op == "num":
            return np.array([[self.arithmetic.number(made.text)]])
        args = [self(part) for part in made.args]
        if made.op in PLAIN:
            return np.asarray(PLAIN[made.op](*args))
        return self.branched(made, args)

    def branched(self, made: Term, args: Sequence[Array]) -> Array:
        if made.op == "total":
            return np.asarray(args[0].sum(axis=1, keepdims=True))
        if made.op in ("max", "min", "mask", "where"):
            self.conditions.append(args[0] - args[1])
        else:
            self.conditions.append(args[0])
        match made.op:
            case "abs":
                return np.abs(args[0])
            case "sign":
                return np.sign(args[0])
            case "step":
                return np.where(args[0] > 0, 1.0, 0.0)
            case "relu":
                return np.where(args[0] > 0, args[0], 0.0)
            case "max":
                return np.maximum(*args)
            case "min":
                return np.minimum(*args)
            case "mask":
                return np.where(COMPARE[made.text](*args[:2]), 1.0, 0.0)
            case "where":
                return np.where(COMPARE[made.text](*args[:2]), *args[2:])
        raise KeyError(made.op)


@dataclass(frozen=True)
class Model:
    """Inputs and bindings, in the order of their lines."""

    leaves: tuple[Leaf, ...]
    bindings: tuple[tuple[str, Term], ...]

    @property
    def vectors(self) -> frozenset[str]:
        """The names of the vectors."""
        found = {leaf.name for leaf in self.leaves if leaf.vector}
        for bound, made in self.bindings:
            if all(part.op != "total" for part in made.parts()) and found & set(made.names()):
                found.add(bound)
        return frozenset(found)

    def text(self, order: Sequence[int] | None = None) -> str:
        """The model text, its declarations in the given order."""
        lines = [self.leaves[k].declared for k in order or range(len(self.leaves))]
        return "\n".join([*lines, *(f"{bound} = {made}" for bound, made in self.bindings)])

    def run(
        self, leaves: Values, held: Values | None = None, arithmetic: Arithmetic = FLOATS, until: str | None = None
    ) -> tuple[Values, list[Array]]:
        """The values of all names, or `until` one, with some bindings held at other values; and of the conditions."""
        floats = Floats(dict(leaves), arithmetic)
        with np.errstate(all="ignore"):
            for bound, made in self.bindings:
                value = floats(made)
                floats.values[bound] = held[bound] if held and bound in held else value
                if bound == until:
                    break
        return floats.values, floats.conditions

    def points(self, rng: np.random.Generator, count: int) -> Values:
        """Values for the inputs: of every scale between 1e-3 and 1e6, together and each by itself, and small ones."""
        shared = 10.0 ** rng.uniform(-3, 6, (count, 1))
        kind = rng.integers(0, 3, (count, 1))
        found = {}
        for leaf in self.leaves:
            shape = (count, ENTRIES if leaf.vector else 1)
            own = 10.0 ** rng.uniform(-3, 6, (count, 1))
            scale = np.where(kind == 0, shared, np.where(kind == 1, own, 4.0))
            value = rng.uniform(-1, 1, shape) * scale
            if np.isfinite(leaf.low) and np.isfinite(leaf.high):
                value = rng.uniform(leaf.low, leaf.high, shape)
            elif np.isfinite(leaf.low):
                value = leaf.low + np.abs(value)
            elif np.isfinite(leaf.high):
                value = leaf.high - np.abs(value)
            found[leaf.name] = value
        return found

    def slope(self, leaves: Values, of: str, by: str, arithmetic: Arithmetic = FLOATS) -> tuple[Array, Array]:
        """The total derivative, and what it may be wrong by: infinite at a kink."""
        values, conditions = self.run(leaves, None, arithmetic, of)
        at = values[by]

        def along(direction: Array) -> tuple[Array, Array]:
            step = arithmetic.step * np.maximum(np.max(np.abs(at), axis=1, keepdims=True), 1e-2)
            places, smooth = {}, np.ones((len(at), 1), dtype=bool)
            for times in (-2, -1, -0.5, 0.5, 1, 2):
                moved, there = self._moved(leaves, of, {by: at + times * step * direction}, arithmetic)
                for before, after in zip(conditions, there, strict=True):
                    smooth &= np.all((np.sign(before) == np.sign(after)) & (before != 0), axis=1, keepdims=True)
                places[times] = moved
            return _central(places, step, smooth, arithmetic)

        found = self._columns(of, at, along)
        return np.hstack([value for value, _ in found]), np.hstack([error for _, error in found])

    def one_sided(self, leaves: Values, of: str, by: str, arithmetic: Arithmetic) -> tuple[Array, Array]:
        """The derivatives from below and from above, where the value is continuous."""
        values, _ = self.run(leaves, None, arithmetic, of)
        at, here = values[by], values[of]

        def along(direction: Array) -> tuple[Array, Array]:
            step = arithmetic.step
            below, above = (self._moved(leaves, of, {by: at + s * step * direction}, arithmetic)[0] for s in (-1, 1))
            return (here - below) / step, (above - here) / step

        found = self._columns(of, at, along)
        return np.hstack([below for below, _ in found]), np.hstack([above for _, above in found])

    def _moved(self, leaves: Values, of: str, place: Values, arithmetic: Arithmetic) -> tuple[Array, list[Array]]:
        """A value, and the conditions, with a name at another place."""
        inputs = {leaf.name for leaf in self.leaves}
        moved = {**leaves, **place} if inputs >= set(place) else leaves
        values, conditions = self.run(moved, place, arithmetic, of)
        return values[of], conditions

    def _columns(self, of: str, at: Array, along: Callable[[Array], tuple[Array, Array]]) -> list[tuple[Array, Array]]:
        """What is found along the direction of every entry; of vectors, entry by entry."""
        if of in self.vectors:
            return [along(np.ones_like(at))]
        return [along(np.eye(at.shape[1])[[k]]) for k in range(at.shape[1])]


def _central(p: Mapping[float, Array], step: Array, smooth: Any, arithmetic: Arithmetic) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        coarse = (8 * (p[1] - p[-1]) - (p[2] - p[-2])) / (12 * step)
        fine = (8 * (p[0.5] - p[-0.5]) - (p[1] - p[-1])) / (6 * step)
        rounding = 64 * arithmetic.epsilon * np.maximum(np.abs(p[2]), np.abs(p[-2])) / step
        error = np.asarray(4 * np.abs(fine - coarse) + rounding, dtype=float)
    return fine, np.where(smooth & np.isfinite(fine.astype(float)), error, np.inf)


def differs(left: Array, right: Array, error: Array, places: float = 1e-6) -> npt.NDArray[np.bool_]:
    """The points at which two members differ by more than the error and the rounding of their values explain."""
    with np.errstate(all="ignore"):
        gap = np.asarray(np.abs(left - right), dtype=float)
        size = np.asarray(np.maximum(np.abs(left), np.abs(right)), dtype=float)
        clear = gap > error + places * size
    return np.asarray(np.any(clear & np.isfinite(gap) & np.isfinite(error), axis=1))


def conclusive(left: Array, right: Array, error: Array) -> npt.NDArray[np.bool_]:
    """The points at which equal members would have to agree to a thousandth, and neither is lost in rounding."""
    left, right, error = np.broadcast_arrays(left.astype(float), right.astype(float), error)
    small = error <= 1e-3 * np.maximum(np.abs(left), np.abs(right))
    finite = np.isfinite(left) & np.isfinite(right) & np.isfinite(error)
    return np.asarray(np.all(finite & (small | (left == right)), axis=1))


def plain(values: Mapping[str, Array], at: int) -> dict[str, Any]:
    """The values at one point, as they are shown."""
    return {key: (v[at][0].item() if v.shape[1] == 1 else v[at].tolist()) for key, v in values.items()}


def precise(values: Mapping[str, Array], at: int) -> Values:
    """The values at one point, as numbers of many digits; 0.6666666666666666 is two thirds."""
    return {key: np.array([[_precise(entry) for entry in value[at].tolist()]]) for key, value in values.items()}


def _precise(value: float) -> Any:
    short = Fraction(value).limit_denominator(SHORT) if np.isfinite(value) else Fraction(0)
    return mpmath.mpf(short.numerator) / short.denominator if float(short) == value else mpmath.mpf(repr(value))
