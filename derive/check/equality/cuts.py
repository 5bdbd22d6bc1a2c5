"""Members as functions of values on the way: what holds for any q holds for q = v a + c.

    z = w x + b,   a = max(z, 0),   ∂L/∂z = y 1[z > 0]      said of any z and y, whatever w, x and b are

A cell of the inputs may be hard to reach, or hard to be shown empty, where the same conditions in z are plain. So what
is open is asked again with some bindings in the place of inputs, of which nothing is known. Equal there is equal here;
whatever else is found there says nothing, for the inputs may never give such values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from derive.ir.graph import Declaration, Graph
from derive.ir.node import Node, refs
from derive.ops.conditions import conditions


def cuts(left: Node, right: Node, graph: Graph) -> Iterator[Graph]:
    """The graph with bindings as inputs: those that the members name, or those that conditions are asked of.

    A binding that is itself a member is opened, and for the second cut those with conditions of their own: of
    `a = max(z, 0)` too, `z` is what the members are functions of.
    """
    members = {node.name for node in (left, right) if node.op == "ref"}
    branching = members | {name for name, binding in graph.bindings.items() if conditions([binding.node])}
    for names in dict.fromkeys(_first_met(refs(left, right), graph, opened) for opened in (members, branching)):
        if names:
            yield _with_inputs(names, graph)


def _first_met(names: list[str], graph: Graph, opened: set[str]) -> frozenset[str]:
    """The bindings met first on the way down from some names through those that are opened."""
    found: set[str] = set()
    seen: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name in seen or name not in graph.bindings:
            continue
        seen.add(name)
        if name in opened:
            left += refs(graph.bindings[name].node)
        else:
            found.add(name)
    return frozenset(found)


def _with_inputs(names: frozenset[str], graph: Graph) -> Graph:
    declared = {name: Declaration(name, "input", graph.shape(name)) for name in graph.bindings if name in names}
    bindings = {name: binding for name, binding in graph.bindings.items() if name not in names}
    return replace(graph, declarations={**graph.declarations, **declared}, bindings=bindings)
