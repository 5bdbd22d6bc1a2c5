"""Proofs that two nodes are equal.

What is written like the definition of a binding is taken for that binding. A proof first leaves every binding opaque
(what holds for any value of `a` holds for the one at hand), then expands bindings, the latest first. Where entries of
axes of integer size are picked out, sums are written out and the claim is proved entry by entry. A proof that fails
says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from derive.equality.canonical import Indices
from derive.equality.elementary import Elementary
from derive.equality.laws import LAWS, Law, Sample, law
from derive.equality.normal_form import WRITTEN_OUT, NormalForm
from derive.equality.polynomials import Exhausted
from derive.equality.recent import PerGraph
from derive.equality.summands import vanishes
from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph
from derive.ir.node import Node, refs, rewrite, topological, with_args
from derive.ir.size import size_of

MOST_ENTRIES = 64


def proved(left: Node, right: Node, graph: ComputationGraph, *, seconds: float = 2.0) -> bool:
    """Whether `left` equals `right` for all sizes and functions; False means that no proof was found in time.

    Raises Undefined if a member has no value for any input.
    """
    algebra = Elementary(seconds=seconds)
    folding = _folding.of(graph)
    left, right, graph = folding.fold(left), folding.fold(right), folding.graph
    try:
        for definitions in _stages(left, right, graph):
            form = NormalForm(graph.declarations, definitions, algebra=algebra)
            if _vanishes(form, left, right):
                return True
        if _picks_entries(left, right, graph):
            for definitions in _stages(left, right, graph):
                if _proved_by_entries(left, right, graph, definitions, algebra):
                    return True
    except (Exhausted, UnsupportedError):
        pass
    return False


def laws() -> tuple[Law, ...]:
    """Every law that a proof may use: all of them are entered when this module is there."""
    return tuple(LAWS)


def proved_at_sizes(
    left: Node, right: Node, graph: ComputationGraph, sizes: Mapping[str, int], *, seconds: float = 1.0
) -> bool:
    """Whether every entry is equal for these sizes, as functions of the inputs; False if no proof was found."""
    algebra = Elementary(seconds=seconds)
    fixed = {name: _at_sizes(binding.node, sizes) for name, binding in graph.bindings.items()}
    small = replace(graph, bindings={name: replace(graph.bindings[name], node=node) for name, node in fixed.items()})
    members = _at_sizes(left, sizes), _at_sizes(right, sizes)
    try:
        return any(_proved_by_entries(*members, small, stage, algebra) for stage in _stages(*members, small))
    except (Exhausted, UnsupportedError):
        return False


def _at_sizes(root: Node, sizes: Mapping[str, int]) -> Node:
    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "size":
            return build.number(node.size.value(sizes))
        return Node(node.op, args, node.attribute, tuple(size_of(size.value(sizes)) for size in node.shape))

    return rewrite(root, rule)


def _vanishes(form: NormalForm, left: Node, right: Node, indices: Indices | None = None) -> bool:
    indices = indices if indices is not None else tuple(form._axis(k, s) for k, s in enumerate(left.shape))
    difference = form.algebra.add(form.at(left, indices), form.algebra.scale(form.at(right, indices), -1))
    return vanishes(form.algebra, difference)


class _Folding:
    """A graph in which what is written like an earlier definition is the binding of that definition.

    A binding that is only another name, or that has an equal definition, is replaced by the first one.
    """

    def __init__(self, graph: ComputationGraph) -> None:
        self._names: dict[Node, Node] = {}
        bindings: dict[str, Binding] = {}
        for name, binding in graph.bindings.items():
            node = self.fold(binding.node)
            bindings[name] = replace(binding, node=node)
            if node.op == "ref":
                self._names[graph.ref(name)] = node
            elif node.args:
                self._names[node] = graph.ref(name)
        self.graph = replace(graph, bindings=bindings)

    def fold(self, root: Node) -> Node:
        """The same value with bindings in place of their definitions."""

        def rule(node: Node, args: tuple[Node, ...]) -> Node:
            rebuilt = with_args(node, args)
            return self._names.get(rebuilt, rebuilt)

        return rewrite(root, rule)


_folding = PerGraph(_Folding)


@law(
    "form",
    "definition",
    "name of a binding",
    "a = f(z) gives a² = f(z)²",
    Sample("z : scalar; a = tanh(z); L = a**2", "L = tanh(z)**2"),
)
def _stages(left: Node, right: Node, graph: ComputationGraph) -> Iterator[dict[str, Node]]:
    """Ever more definitions to expand: none, those that relate letters in sight, then the latest, the two latest, ...

    A definition such as `a = sigmoid(z)` where both letters are in sight costs nothing new.
    """
    place = {name: k for k, name in enumerate(graph.bindings)}
    definitions: dict[str, Node] = {}
    step, goal = 1, 0
    visible = {name for name in refs(left, right) if name in place}
    yield {}
    sight = set(refs(left, right))
    related = {name: graph.bindings[name].node for name in visible if sight.issuperset(refs(graph.bindings[name].node))}
    if related:
        yield related
    while visible:
        goal += step
        while visible and len(definitions) < goal:
            latest = max(visible, key=place.__getitem__)
            definitions[latest] = graph.bindings[latest].node
            visible.discard(latest)
            visible |= {name for name in refs(definitions[latest]) if name in place and name not in definitions}
        yield dict(definitions)
        step *= 2


def _picks_entries(left: Node, right: Node, graph: ComputationGraph) -> bool:
    roots = [left, right, *(binding.node for binding in graph.bindings.values())]
    return any(node.op in ("entry", "placed", "array") for node in topological(*roots))


def _proved_by_entries(
    left: Node, right: Node, graph: ComputationGraph, definitions: Mapping[str, Node], algebra: Elementary
) -> bool:
    form = NormalForm(graph.declarations, definitions, algebra=algebra, written_out=True)
    ranges = []
    for k, size in enumerate(left.shape):
        number = size.number
        ranges.append([-1 - p for p in range(number)] if number is not None and number <= WRITTEN_OUT else [k])
    entries = list(product(*ranges))
    return len(entries) <= MOST_ENTRIES and all(_vanishes(form, left, right, indices) for indices in entries)
