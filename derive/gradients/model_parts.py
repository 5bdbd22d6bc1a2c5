"""What of a model can be checked: the parts of a family of layers, each with a scalar to differentiate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration, Fact
from derive.ir.node import refs
from derive.ir.size import ONE
from derive.model.family import instance


def family_parts(graph: ComputationGraph) -> Iterator[tuple[ComputationGraph, bool]]:
    """What stands for a family, each with whether it is a window: its windows, and networks of the least depths."""
    family = graph.family
    assert family is not None
    for label, window in (("first", family.first), ("interior", family.interior), ("last", family.last)):
        # what only other layers use is no input of a window
        used = set(refs(*(binding.node for binding in window.bindings.values())))
        kept = {n: d for n, d in window.declarations.items() if d.kind != "input" or n in used}
        yield replace(window, name=f"{graph.name}, {label} layers", declarations=kept, family=None), True
    for layers in (family.low, family.low + 1):
        yield replace(instance(graph, layers), name=f"{graph.name}, {family.high} = {layers}"), False


def with_scalar_loss(graph: ComputationGraph, loss: str | None = None) -> tuple[ComputationGraph, list[str]]:
    """The graph with a scalar to differentiate, and what is to be said about it.

    If the graph has none, the values that nothing else uses are combined with random weights.
    """
    wanted = loss or graph.loss
    if loss is not None or (wanted is not None and all(size is ONE for size in graph.shape(wanted))):
        return graph, []
    users = graph.consumers()
    outputs = [name for name in graph.bindings if not users[name]]
    name = _free_name(graph, "combination")
    declarations, terms = dict(graph.declarations), []
    for output in outputs:
        shape = graph.shape(output)
        weights = _free_name(graph, f"weight_{output}")
        declarations[weights] = Declaration(weights, "input", shape, (Fact("constant"),))
        terms.append(build.sum_over(build.mul(build.ref(weights, shape), graph.ref(output))))
    if not terms:
        return graph, []
    combined = replace(graph, declarations=declarations).with_binding(Binding(name, build.add(*terms)))
    note = f"{', '.join(outputs)} is no scalar; {name} is a combination of its entries with random weights"
    return combined.with_loss(name), [note]


def _free_name(graph: ComputationGraph, wanted: str) -> str:
    while wanted in graph.declarations or wanted in graph.bindings:
        wanted += "_"
    return wanted
