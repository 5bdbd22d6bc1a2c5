"""What a model makes of numbers that a listing has: values of bindings, and derivatives.

A derivative of an opaque loss `L = L(Y)` needs `dY`, which the listing then gives. A generic function has no numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from derive.calculus.jacobian import jacobian
from derive.calculus.shared_parameters import is_shared
from derive.equality.branches import Branches
from derive.equality.probe import Point
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.ir.node import topological
from derive.listings.naming import Meaning, meanings

Array = Any
TOLERANCE = 1e-6
"""Of the largest entry: listings add 1e-7 inside of logarithms, and a slip is far larger."""


def close(have: Array, want: Array) -> bool:
    """Equal but for rounding; shapes have to agree."""
    if np.shape(have) != np.shape(want):
        return False
    gap = float(np.max(np.abs(np.asarray(have, dtype=float) - want), initial=0.0))
    return gap <= TOLERANCE * max(1e-6, float(np.max(np.abs(want), initial=0.0)))


def sizes_of(graph: ComputationGraph, values: Mapping[str, Array]) -> dict[str, int] | None:
    """The named sizes that shapes of arrays give, or None if they do not fit the declarations."""
    sizes: dict[str, int] = {}
    for name, value in values.items():
        shape = graph.declarations[name].shape
        if len(shape) != np.ndim(value):
            return None
        for size, length in zip(shape, np.shape(value), strict=True):
            names = sorted(size.names)
            if size.number is not None:
                if size.number != length:
                    return None
            elif len(names) == 1 and str(size) == names[0] and sizes.setdefault(names[0], length) != length:
                return None
    return sizes


class ModelAt:
    """A model at the values that a listing has by the names of its inputs; `given` are derivatives that it is given."""

    def __init__(self, graph: ComputationGraph, inputs: Mapping[str, Array], given: Mapping[str, Array]) -> None:
        self.graph, self.inputs, self.given = graph, inputs, given

    @cached_property
    def _opaque(self) -> set[str]:
        """Bindings without numbers: generic functions and functionals, and what depends on them."""
        unknown = {name for name, d in self.graph.functions.items() if d.definition is None}
        found: set[str] = set()
        for name, binding in self.graph.bindings.items():
            for node in topological(binding.node):
                if (node.op in ("call", "functional") and node.name in unknown) or (
                    node.op == "ref" and node.name in found
                ):
                    found.add(name)
        return found

    def point(self, name: str) -> Point | None:
        """The model as far as `name`, at these values; None if some are missing or do not fit."""
        wanted = self.graph.ancestors(name) | {name}
        inputs = {n: self.inputs[n] for n in self.graph.inputs if n in wanted and n in self.inputs}
        if name in self._opaque or len(inputs) < sum(n in wanted for n in self.graph.inputs):
            return None
        sizes = sizes_of(self.graph, inputs)
        bindings = {key: binding for key, binding in self.graph.bindings.items() if key in wanted}
        plain = replace(self.graph, bindings=bindings, loss=None, family=None)
        return None if sizes is None else Point(plain, sizes, inputs)

    def value(self, name: str) -> Array | None:
        """The value of a binding."""
        if name in self.graph.inputs:
            return None
        point = self.point(name)
        return None if point is None else _evaluated(point, lambda: self.graph.bindings[name].node)

    def derivative(self, of: str | None, by: str) -> list[Array]:
        """The derivative, in each sense in which a listing may mean it: total, direct, or the diagonal of either."""
        if is_shared(self.graph, by):
            return []
        if of is None or of == self.graph.loss:
            gradient = self._gradient(by)
            return [] if gradient is None else [gradient]
        point = self.point(of)
        if point is None:
            return []
        found = []
        for direct in (False, True):
            full = _evaluated(point, lambda direct=direct: jacobian(self.graph, of, by, direct=direct))
            if full is not None:
                found += [full, *_diagonal(full, self.graph.shape(of) == self.graph.shape(by))]
        return found

    def _gradient(self, by: str) -> Array | None:
        loss = self.graph.loss
        if loss is None:
            return None
        if loss not in self._opaque:
            point = self.point(loss)
            return None if point is None else _evaluated(point, lambda: jacobian(self.graph, loss, by))
        node = self.graph.bindings[loss].node
        arguments = [arg.name for arg in node.args if arg.op == "ref"] if node.op == "functional" else []
        if not arguments or any(name not in self.given for name in arguments) or by in arguments:
            return None
        total: Array | None = None
        for name in arguments:
            point = self.point(name)
            full = None if point is None else _evaluated(point, lambda name=name: jacobian(self.graph, name, by))
            upstream = self.given[name]
            if full is None or np.shape(full)[: np.ndim(upstream)] != np.shape(upstream):
                return None
            part = np.tensordot(upstream, full, axes=np.ndim(upstream))
            total = part if total is None else total + part
        return total

    def elsewhere(self, have: Array, by: str) -> bool:
        """Whether this is the gradient by another binding: authors call the derivative by the scores `dy`."""
        others = [n for n in self.graph.bindings if n != by and n != self.graph.loss]
        gradients = (self._gradient(name) for name in others if self.graph.shape(name) == self.graph.shape(by))
        return any(g is not None and close(have, g) for g in gradients)


def _evaluated(point: Point, node: Any) -> Array | None:
    try:
        value = point.value(node())
    except (DeriveError, KeyError):
        return None
    return None if value is None or not np.all(np.isfinite(np.asarray(value, dtype=float))) else np.asarray(value)


def _diagonal(full: Array, alike: bool) -> list[Array]:
    """The entries of a Jacobian between equal shapes that is diagonal."""
    rank = np.ndim(full) // 2
    if not alike or rank == 0:
        return []
    length = int(np.prod(np.shape(full)[:rank]))
    square = np.reshape(full, (length, length))
    entries = np.diag(square)
    return [] if np.any(square - np.diag(entries)) else [np.reshape(entries, np.shape(full)[:rank])]


Expectation = tuple[str, Array | None, list[Array]]
"""What is compared, what the listing has, and what it may be."""


@dataclass(frozen=True)
class Listing:
    """The names of a listing that stand for something of the model, and the model at the values of its inputs."""

    graph: ComputationGraph
    stands: Mapping[str, Meaning]
    values: Mapping[str, Array]
    judged: Collection[str]
    at: ModelAt

    def expectations(self) -> Iterator[Expectation]:
        """Every name that is judged, with what it has and what it has to be."""
        for name, stands in self.stands.items():
            if name not in self.judged:
                continue
            have = self.values[name]
            if stands.by is None:
                wanted = self.at.value(str(stands.of))
                if wanted is not None:
                    yield name, have, [wanted]
                continue
            accepted = self.at.derivative(stands.of, stands.by)
            lenient = stands.by in self.graph.bindings and stands.of in (None, self.graph.loss)
            if accepted and not (lenient and self.at.elsewhere(have, stands.by)):
                yield name, have, accepted

    def one_sided(self) -> list[str]:
        """The conditions below what is judged of which no entry came to one side: what holds there is not seen."""
        outputs = {str(stands.of or self.graph.loss) for name, stands in self.stands.items() if name in self.judged}
        found: list[str] = []
        for output in sorted(outputs & self.graph.bindings.keys()):
            point = self.at.point(output)
            if point is not None:
                sides = Branches(point.graph, [output], point.graph)
                sides.meet(point)
                found += sides.unseen()
        return list(dict.fromkeys(found))


def listing(values: Mapping[str, Array], graph: ComputationGraph, judged: Collection[str]) -> Listing:
    """A listing as it is read: its names in the order of their values, those that are judged first."""
    known = [name for name in sorted(values, key=lambda name: name not in judged) if values[name] is not None]
    stands = meanings(known, graph)
    numbers = {name: np.asarray(values[name], dtype=float) for name in stands}
    inputs: dict[str, Array] = {}
    given: dict[str, Array] = {}
    for name, each in stands.items():
        if each.by is None and each.of in graph.inputs:
            inputs.setdefault(str(each.of), numbers[name])
        if each.by is not None and each.of in (None, graph.loss):
            given.setdefault(each.by, numbers[name])
    return Listing(graph, stands, numbers, judged, ModelAt(graph, inputs, given))
