"""Members as functions of values on the way: what holds for any q holds for q = v a + c.

    z = w x + b,   a = max(z, 0),   ∂L/∂z = y 1[z > 0]      said of any z and y, whatever w, x and b are

A cell of the inputs may be hard to reach, or hard to be shown empty, where the same conditions in z are plain. So what
is open is asked again with some bindings in the place of inputs, of which nothing is known; and with the values of
functions of which nothing is known, f(a) and f'(b), each an input by itself. Equal there is equal here; whatever else
is found there says nothing, for the inputs may never give such values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from derive.ir.build import ref
from derive.ir.graph import ComputationGraph, Declaration
from derive.ir.node import Node, refs, substitute, topological
from derive.ops.conditions import conditions


def cuts(left: Node, right: Node, graph: ComputationGraph) -> Iterator[tuple[Node, Node, ComputationGraph]]:
    """The members with bindings as inputs: those that they name, or those that conditions are asked of; or with values
    of functions.

    A binding that is itself a member is opened, and for the second cut those with conditions of their own: of
    `a = max(z, 0)` too, `z` is what the members are functions of.
    """
    themselves = {node.name for node in (left, right) if node.op == "ref"}
    branching = themselves | {name for name, binding in graph.bindings.items() if conditions([binding.node])}
    for names in dict.fromkeys(_first_met(refs(left, right), graph, opened) for opened in (themselves, branching)):
        if names:
            yield left, right, _with_inputs(names, graph)
    calls = {node: f"value {k}" for k, node in enumerate(topological(left, right)) if _is_unknown(node, graph)}
    if calls:
        put = {node: ref(name, node.shape) for node, name in calls.items()}
        declared = {name: Declaration(name, "input", node.shape) for node, name in calls.items()}
        members = (substitute(left, put), substitute(right, put))
        yield *members, replace(graph, declarations={**graph.declarations, **declared})


def _is_unknown(node: Node, graph: ComputationGraph) -> bool:
    """Whether a node is the value of a function of which nothing is known."""
    declaration = graph.declarations.get(node.name) if node.op == "call" else None
    return declaration is not None and declaration.kind == "function" and declaration.definition is None


def _first_met(names: list[str], graph: ComputationGraph, opened: set[str]) -> frozenset[str]:
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


def _with_inputs(names: frozenset[str], graph: ComputationGraph) -> ComputationGraph:
    declared = {name: Declaration(name, "input", graph.shape(name)) for name in graph.bindings if name in names}
    bindings = {name: binding for name, binding in graph.bindings.items() if name not in names}
    return replace(graph, declarations={**graph.declarations, **declared}, bindings=bindings)
