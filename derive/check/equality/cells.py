"""Cells: what the conditions of two members cut their domain into, and a comparison in every cell.

    max(z, 0), |z|, sign z, 1[z > 0], where(...)      a condition: the sign of a node (`derive.ops.conditions`)
    a cell                                            one sign for each condition

Members that are analytic in every cell are equal there if they are equal on an open part of it; so agreement at points
says something of a cell only if one of the points lies in it. The survey draws points of many magnitudes, near the
numbers that the conditions name and on their edges, until each cell was met in which there can be points at all: a cell
is empty if interval and linear reasoning shows it (`derive.check.equality.linear`). What was met from one side only is
named, and the claim stays open.

A derivative is compared where it exists, off the edges; any other claim on the edges too.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from itertools import combinations, combinations_with_replacement, islice, product
from math import inf
from typing import Any, Literal

import numpy as np

from derive.check.equality.algebra import Undefined
from derive.check.equality.atoms import Frozen, Poly
from derive.check.equality.canonical import BOUND, Indices, Monomial
from derive.check.equality.climb import climb, onto_edge
from derive.check.equality.draw import Mood
from derive.check.equality.elementary import Elementary
from derive.check.equality.linear import Inequality, impossible
from derive.check.equality.normal_form import NormalForm
from derive.check.equality.polynomials import Exhausted
from derive.check.equality.probe import DIGITS, Point, draw_point, points_of
from derive.check.equality.reach import Reach
from derive.check.equality.recent import PerGraph
from derive.check.equality.rules import UNIT
from derive.errors import DeriveError
from derive.ir.graph import Graph
from derive.ir.node import Node, refs, topological
from derive.notation import unicode_node
from derive.ops.conditions import switch_of
from derive.ops.record import elementwise

Array = Any
Signs = tuple[int, ...]
Row = tuple[Poly, bool]
NONE = Fraction(0)
SIDES = {1: (1,), -1: (-1,), 0: (1, -1)}
"""The factors with which a condition is positive on a side, or nonnegative on its edge."""

LEAST = 32
"""Points at which every claim without a proof is compared, with conditions or without."""
MOST = 240
MOST_CLIMBS = 4
"""Cells that are climbed for after so many points."""
MOST_ON_EDGE = 30
"""Points on the edge of a condition that are tried for the sides of the others."""
MOST_ON_EDGES = 3
"""Of more conditions, each edge is looked for by itself."""
MOST_TOGETHER = 5
"""Of more conditions, cells of every two of them are looked for."""
CLOSE = 1e-8
MOST_SPLITS = 6
EVERYWHERE = (-inf, inf)
MOST_TERMS = 4
LONGEST = 10.0
"""Seconds for all reasoning about the conditions of one claim; the count of steps ends it earlier."""
UNSURE = 1e-9
ZERO = 1e-40
FAR: tuple[Mood, ...] = ("wide", "whole", "wide", "signed", "wide", "whole", "positive", "wide")


@dataclass(frozen=True)
class Survey:
    """A point at which the members differ, or the conditions that leave the claim open; neither if all is well."""

    different: Point | None = None
    open: str = ""


def survey(left: Node, right: Node, graph: Graph, *, derivative: bool) -> Survey:
    """Compare two nodes in every cell. `derivative`: the claim is about a derivative and says nothing of the edges."""
    cells = _Cells(left, right, graph, edges=not derivative)
    start: Point | None = None
    for number, point in enumerate(far_points(left, right, graph)):
        if number >= LEAST and not cells.missing:
            break
        start = start or point
        if cells.different_at(point, always=number < LEAST):
            return Survey(different=point)
    rng = random.Random(len(cells.conditions))
    for part, cell in cells.missing[:MOST_CLIMBS]:
        if start is None:
            continue
        if 0 in cell:
            tried: Iterable[Point] = islice(cells.on_edge(part[cell.index(0)], rng), MOST_ON_EDGE)
        else:
            climbed = climb(start, partial(cells.height, part, cell), rng)
            tried = () if climbed is None else (climbed,)
        for found in tried:
            if cells.different_at(found, always=False):
                return Survey(different=found)
            if cells.was_met(part, cell):
                break
    return Survey(open=cells.told())


def only_one(left: Node, right: Node, graph: Graph) -> tuple[Point, Literal["left", "right"]] | None:
    """A point at which only one of two members has a value, and which; None if none was met.

    Looked for only where an operation of theirs has no value for some operands.
    """
    if not any(map(_is_partial, topological(left, right))):
        return None
    for point in islice(far_points(left, right, graph), LEAST):
        if (point.value(left) is None) != (point.value(right) is None):
            # many digits do not overflow: what has no value there has none
            a, b = point.value(left, DIGITS), point.value(right, DIGITS)
            if (a is None) != (b is None):
                return point, "left" if b is None else "right"
    return None


def _is_partial(node: Node) -> bool:
    if node.op in ("div", "pow"):
        return True
    record = elementwise(node.name) if node.op == "call" else None
    return record is not None and record.domain != EVERYWHERE


def _close(a: Array, b: Array) -> bool:
    return bool(np.all(np.abs(a - b) <= CLOSE * np.maximum(np.abs(a), np.abs(b))))


# ---------------------------------------------------------------------------------------------- points


class _Far:
    """Points of many magnitudes of one graph; they are kept for the claims that name the same numbers."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[tuple[Fraction, ...], list[Point | None]] = {}

    def all(self, anchors: tuple[Fraction, ...]) -> Iterator[Point]:
        """Points, those without a value left out."""
        known = self._known.setdefault(anchors, [])
        draws = [*points_of(self.graph).draws, *self._small]
        for k in range(MOST):
            if k == len(known):
                mood = FAR[k % len(FAR)]
                known.append(
                    draw_point(
                        self.graph,
                        draws[(k + k // len(FAR)) % len(draws)],
                        f"far {k}",
                        moods=(mood,),
                        anchors=anchors,
                        redraws=3,
                    )
                )
            point = known[k]
            if point is not None:
                yield point

    @cached_property
    def _small(self) -> list[dict[str, int]]:
        """Sizes as numbers have edges too: max(N, 2) is N from 2 on."""
        names = list(points_of(self.graph).draws[0])
        rng = random.Random(0)
        return [{name: rng.randint(1, 4) for name in names} for _ in range(3)] + [dict.fromkeys(names, 1)]


_far = PerGraph(_Far)
_reach = PerGraph(Reach)


def far_points(left: Node, right: Node, graph: Graph) -> Iterator[Point]:
    """Points of many magnitudes, near the numbers that two members and what they depend on name, and at them."""
    return _far.of(graph).all(_numbers_in(_in_sight(left, right, graph)))


def _in_sight(left: Node, right: Node, graph: Graph) -> tuple[Node, ...]:
    """The members, and the lines of the bindings that they depend on."""
    above = {name for name in refs(left, right) if name in graph}
    above |= {other for name in above for other in graph.ancestors(name)}
    return (*(binding.node for name, binding in graph.bindings.items() if name in above), left, right)


def _numbers_in(nodes: Sequence[Node]) -> tuple[Fraction, ...]:
    """The numbers that the members name: edges lie there."""
    found = {abs(node.value) for node in topological(*nodes) if node.op == "number" and node.value}
    return tuple(sorted(found - {1}))[:12]


# ----------------------------------------------------------------------------------------------- cells


class _Cells:
    """The conditions of two members and of what they depend on, and which cells were met."""

    def __init__(self, left: Node, right: Node, graph: Graph, *, edges: bool) -> None:
        self.graph = graph
        self.edges = edges
        self.members = _in_sight(left, right, graph)
        switches = dict.fromkeys(s for node in topological(*self.members) if (s := switch_of(node)) is not None)
        self.conditions, self._polys = self._distinct(
            [s for s in switches if any(node.op in ("ref", "size") for node in topological(s))]
        )
        self._met: dict[tuple[int, ...], set[Signs]] = {
            part: set() for group in self._groups() for part in _parts(group)
        }
        self._empty: dict[tuple[tuple[int, ...], Signs], bool] = {}

    def _distinct(self, nodes: Sequence[Node]) -> tuple[list[Node], list[tuple[Poly, ...]] | None]:
        """The conditions that can have either sign, each once, and what they are in terms of the inputs, with and
        without the factors that are known to be positive.

        The second is None where that is too long to be worked out.
        """
        algebra = self._form.algebra
        try:
            whole = [self._form.of(node) for node in nodes]
            polys = [algebra.without_positive_factors(poly) for poly in whole]
        except (Exhausted, Undefined, DeriveError, ArithmeticError):
            return list(nodes), None
        kept: dict[tuple[object, ...], int] = {}
        for k, (node, poly) in enumerate(zip(nodes, polys, strict=True)):
            atoms = {algebra.table.atoms[atom].kind for m in poly for atom, _, _ in m[0]}
            if atoms - {"step"}:  # what is made of indicators alone changes where they do
                kept.setdefault((node.shape, _direction(poly)), k)
        return [nodes[k] for k in kept.values()], [(whole[k], polys[k]) for k in kept.values()]

    def _groups(self) -> list[tuple[int, ...]]:
        """Conditions that have a sign at the same place: those of one shape, and the scalars with each of them."""
        count = range(len(self.conditions))
        shapes = dict.fromkeys(node.shape for node in self.conditions if node.shape) or dict.fromkeys([()])
        groups = [tuple(k for k in count if self.conditions[k].shape in ((), shape)) for shape in shapes]
        return [group for group in groups if group]

    def different_at(self, point: Point, *, always: bool) -> bool:
        """Whether the members differ at a point; looked at only if it lies in a new cell, or always."""
        signs = self.signs(point)
        if signs is None or (not self.edges and any((sign == 0).any() for sign in signs)):
            return False
        if not self.note(signs) and not always:
            return False
        left, right = self.members[-2:]
        a, b = point.value(left), point.value(right)
        return a is not None and b is not None and not _close(a, b) and bool(point.differ(left, right))

    def on_edge(self, k: int, rng: random.Random) -> Iterator[Point]:
        """Points at which an entry of a condition is exactly 0."""

        def first(point: Point) -> float | None:
            value = point.value(self.conditions[k])
            return None if value is None or not value.size else float(value.flat[0])

        for point in islice(far_points(self.members[-2], self.members[-1], self.graph), MOST):
            if not any(entry.denominator > 2 for value in point.inputs.values() for entry in value.flat):
                edge = onto_edge(point, first, rng)
                if edge is not None:
                    yield edge

    def height(self, part: tuple[int, ...], cell: Signs, point: Point) -> float | None:
        """How near a point is to a cell: positive inside of it, in one of the entries."""
        values = [point.value(self.conditions[k]) for k in part]
        if any(value is None or not value.size for value in values):
            return None
        inside = np.broadcast_arrays(*(sign * np.asarray(v) for sign, v in zip(cell, values, strict=True)))
        return float(np.max(np.min(inside, axis=0)))

    def signs(self, point: Point) -> list[Array] | None:
        """The sign of each condition, entry by entry; None if one has no value or is too close to an edge to tell."""
        found = []
        for node in self.conditions:
            value = point.value(node)
            if value is None:
                return None
            if ((value != 0) & (np.abs(value) < UNSURE)).any():
                value = point.value(node, DIGITS)
                if value is None:
                    return None
                value = np.where(np.asarray(np.abs(value) < ZERO, dtype=bool), 0, value)
            found.append(np.sign(value.astype(float)).astype(int))
        return found

    def note(self, signs: Sequence[Array]) -> bool:
        """Remember the cells of a point; whether one of them is new."""
        new = False
        for part, met in self._met.items():
            rows = np.broadcast_arrays(*(signs[k] for k in part))
            cells = set(zip(*(row.ravel().tolist() for row in rows), strict=True)) - met
            new |= bool(cells)
            met |= cells
        return new

    def was_met(self, part: tuple[int, ...], cell: Signs) -> bool:
        """Whether a point was seen in a cell."""
        return self._was_met(cell, self._met[part])

    @property
    def missing(self) -> list[tuple[tuple[int, ...], Signs]]:
        """The cells that were not met and are not shown to be empty."""
        return [
            (part, cell)
            for part, met in self._met.items()
            for cell in self._wanted(part)
            if not self._was_met(cell, met) and not self._is_empty(part, cell)
        ]

    def _wanted(self, part: tuple[int, ...]) -> Iterator[Signs]:
        """Every choice of sides; and each edge beside every choice of sides of the others, of many by itself: they may
        then have any sign (2)."""
        yield from product((-1, 1), repeat=len(part))
        others = (-1, 1) if len(part) <= MOST_ON_EDGES else (2,)
        for j in range(len(part) if self.edges else 0):
            for rest in product(others, repeat=len(part) - 1):
                yield (*rest[:j], 0, *rest[j:])

    @staticmethod
    def _was_met(cell: Signs, met: set[Signs]) -> bool:
        return cell in met or any(all(a in (2, b) for a, b in zip(cell, other, strict=True)) for other in met)

    def _is_empty(self, part: tuple[int, ...], cell: Signs) -> bool:
        key = part, cell
        if key not in self._empty:
            try:
                self._empty[key] = self._shown_empty(part, cell)
            except Exhausted:
                self._empty[key] = False
        return self._empty[key]

    def _shown_empty(self, part: tuple[int, ...], cell: Signs) -> bool:
        if any(self._out_of_reach(self.conditions[k], sign) for k, sign in zip(part, cell, strict=True)):
            return True
        if self._polys is None:
            return False
        rows: list[Row] = []
        for k, sign in zip(part, cell, strict=True):
            if sign != 2:
                for poly in self._polys[k]:
                    rows += [(self._form.algebra.scale(poly, side), bool(sign)) for side in SIDES[sign]]
        return self._impossible(rows, MOST_SPLITS)

    def _impossible(self, rows: list[Row], splits: int) -> bool:
        """Whether no input satisfies `poly > 0` (or `>= 0`, if not strict) for all rows.

        An indicator inside of a condition, as in max(z, 0) > 6, is 1 and its argument positive, or 0 and it is not.
        """
        monomials = dict.fromkeys(m for poly, _ in rows for m in poly if m != UNIT)
        linear = [_inequality(poly, strict) for poly, strict in rows]
        if impossible([*linear, *(bound for m in monomials for bound in self._bounds(m))]):
            return True
        algebra = self._form.algebra
        inside = ((a, i) for m in monomials for a, i, _ in m[0] if max(i, default=0) < BOUND)
        step = next(((a, i) for a, i in inside if algebra.table.atoms[a].kind == "step"), None)
        if step is None or not splits:
            return impossible([*linear, *self._products(rows)])
        arg = algebra.rename(algebra.table.atoms[step[0]].args[0], dict(enumerate(step[1])))
        return all(
            self._impossible([*((_with_step(p, step, value), s) for p, s in rows), further], splits - 1)
            for value, further in ((1, (arg, True)), (0, (algebra.scale(arg, -1), False)))
        )

    def _products(self, rows: list[Row]) -> Iterator[Inequality]:
        """Of two positive values the product is positive: from z < -2 follows z^2 > 4."""
        algebra = self._form.algebra
        short = [(poly, strict) for poly, strict in rows if len(poly) <= MOST_TERMS]
        for (p, s), (q, t) in combinations_with_replacement(short, 2):
            poly = algebra.multiply(p, q)
            yield _inequality(poly, s and t)

    # ------------------------------------------------------------------------------ what is known of signs

    def _out_of_reach(self, node: Node, sign: int) -> bool:
        if sign == 2:
            return False
        low, high = _reach.of(self.graph).interval(node)
        return high <= 0 if sign > 0 else low >= 0 if sign < 0 else low > 0 or high < 0

    @cached_property
    def _form(self) -> NormalForm:
        definitions = {name: binding.node for name, binding in self.graph.bindings.items()}
        return NormalForm(self.graph.declarations, definitions, algebra=Elementary(seconds=LONGEST))

    def _bounds(self, monomial: Monomial) -> Iterator[Inequality]:
        """What is known of a product for every input."""
        algebra, (factors, bound) = self._form.algebra, monomial
        variable: dict[Hashable, Fraction] = {monomial: Fraction(1)}
        turned: dict[Hashable, Fraction] = {monomial: Fraction(-1)}
        if all(algebra.is_nonnegative(factor) for factor in factors):
            strict = all(algebra.table.atoms[atom].positive for atom, _, _ in factors)
            yield Inequality(variable, Fraction(0), strict)
        if bound or len(factors) != 1:
            if all(algebra.table.atoms[atom].kind == "size" and e > 0 for atom, _, e in factors):
                yield Inequality(variable, Fraction(-1), strict=False)
            return
        (number, _, exponent) = factors[0]
        atom = algebra.table.atoms[number]
        if atom.kind == "size" and exponent > 0:
            yield Inequality(variable, Fraction(-1), strict=False)
        if atom.kind == "step":
            yield Inequality(turned, Fraction(1), strict=False)
        if atom.kind == "group" and exponent == -1 and atom.args[0].get(UNIT, 0) > 0:
            # 1 / (c + p) <= 1/c for p >= 0
            constant = atom.args[0][UNIT]
            if algebra.is_nonnegative_sum({m: c for m, c in atom.args[0].items() if m != UNIT}):
                yield Inequality(turned, 1 / constant, strict=False)
        if exponent != 1 or atom.declaration is None:
            return
        for fact in atom.declaration.facts:
            low, high, strict = fact.low, fact.high, True
            if fact.name == "one_of":
                low, high, strict = min(fact.values), max(fact.values), False
            elif fact.name in ("simplex", "one_hot"):
                low, high, strict = 0.0, 1.0, False
            if low is not None and np.isfinite(low):
                yield Inequality(variable, -Fraction(str(low)), strict)
            if high is not None and np.isfinite(high):
                yield Inequality(turned, Fraction(str(high)), strict)

    # -------------------------------------------------------------------------------------------- words

    def told(self) -> str:
        """What leaves the claim open, in words; empty if every cell was met."""
        power = self._real_power()
        if power is not None:
            return f"the base of {self._text(power)} may be negative, and the exponent any number"
        missing = self.missing
        if not missing:
            return ""
        part, cell = missing[0]
        shown = [
            f"{self._text(self.conditions[k])} {'<=>'[sign + 1]} 0"
            for k, sign in zip(part, cell, strict=True)
            if sign != 2
        ]
        return f"no point was found with {' and '.join(shown)}, where the members may differ"

    def _real_power(self) -> Node | None:
        """A power that has no value near most of its points: of a base that may be negative, to an exponent that is no
        whole number for every input. What agrees at some of its points need not agree at others."""
        powers = (node for node in topological(*self.members) if node.op == "pow")
        varying = (node for node in powers if any(below.op == "ref" for below in topological(node.args[1])))
        return next((node for node in varying if not self._is_positive(node.args[0])), None)

    def _is_positive(self, node: Node) -> bool:
        try:
            return self._form.algebra.is_positive(self._form.of(node))
        except (Exhausted, Undefined, DeriveError, ArithmeticError):
            return False

    def _text(self, node: Node) -> str:
        try:
            return unicode_node(node, self.graph)
        except DeriveError:
            return "a condition"


def _parts(group: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [group] if len(group) <= MOST_TOGETHER else list(combinations(group, 2))


def _inequality(poly: Poly, strict: bool) -> Inequality:
    return Inequality({m: c for m, c in poly.items() if m != UNIT}, poly.get(UNIT, NONE), strict)


def _direction(poly: Poly) -> Frozen:
    """A polynomial up to a factor."""
    monomials = sorted(poly)
    return tuple((m, poly[m] / poly[monomials[0]]) for m in monomials)


def _with_step(poly: Poly, step: tuple[int, Indices], value: int) -> Poly:
    """A polynomial with the value of an indicator put in."""
    total: Poly = {}
    for (factors, bound), c in poly.items():
        rest = tuple(factor for factor in factors if factor[:2] != step), bound
        if value or rest[0] == factors:
            total[rest] = total.get(rest, NONE) + c
    return {m: c for m, c in total.items() if c}
