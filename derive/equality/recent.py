"""A value computed once for each graph and kept while the graph is among the latest that were asked about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from derive.ir.graph import ComputationGraph

MOST_GRAPHS = 32


T = TypeVar("T")


class PerGraph(Generic[T]):
    """`of(graph)` is `make(graph)`, the same object for the same graph."""

    def __init__(self, make: Callable[[ComputationGraph], T]) -> None:
        self._make = make
        self._kept: OrderedDict[int, tuple[ComputationGraph, T]] = OrderedDict()

    def of(self, graph: ComputationGraph) -> T:
        known = self._kept.pop(id(graph), None)
        # an id may be used again after its graph is gone: the graph itself is compared
        entry = known if known is not None and known[0] is graph else (graph, self._make(graph))
        self._kept[id(graph)] = entry
        if len(self._kept) > MOST_GRAPHS:
            self._kept.popitem(last=False)
        return entry[1]
