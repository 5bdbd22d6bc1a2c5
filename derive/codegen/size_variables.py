"""Sizes as variables: which are asked for, and the input and axis to read each of them from."""

from __future__ import annotations

from collections.abc import Iterable

from derive.codegen.identifiers import Identifiers
from derive.ir.graph import ComputationGraph


class Sizes(dict[str, str]):
    """The variable of each named size; remembers which were asked for."""

    def __init__(self, names: Identifiers, graph: ComputationGraph) -> None:
        super().__init__()
        self._names, self.used = names, dict[str, str]()
        for name in graph.size_names():
            self.used[name] = names.claim(name)
        self._all, self.used = self.used, {}

    def __missing__(self, name: str) -> str:
        self.used[name] = self[name] = self._all.get(name) or self._names.claim(name)
        return self[name]


def size_sources(graph: ComputationGraph, preferred: Iterable[str], sizes: Iterable[str]) -> dict[str, tuple[str, int]]:
    """For each size that is the whole length of some axis, the input and axis to read it from."""
    first = set(preferred)
    found: dict[str, tuple[str, int]] = {}
    for name, declaration in sorted(graph.inputs.items(), key=lambda item: item[0] not in first):
        for axis, size in enumerate(declaration.shape):
            if str(size) in sizes:
                found.setdefault(str(size), (name, axis))
    return found
