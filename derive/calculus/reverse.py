"""The backward pass.

    dL/dL = 1
    dL/dz = sum over the bindings c that use z of  (the vjp of c's definition)(dL/dc)

Bindings are visited once, users before what they use; inside a definition `pullback` does the same with nodes. Each
contribution is written with the adjoint of its consumer as a name, so the whole is linear in the size of the model.
"""

from __future__ import annotations

from dataclasses import replace

from derive.calculus.derivation import Adjoints, Path, Step, adjoint_name
from derive.calculus.recognise import recognised
from derive.errors import ModelError, ShapeError, did_you_mean
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph
from derive.ir.node import Node, substitute, topological
from derive.ir.size import ONE, show_shape
from derive.ops.primitive import vjp


def backprop(graph: ComputationGraph, loss: str | None = None) -> Adjoints:
    """Every partial derivative of the scalar binding `loss` (by default the graph's own).

    Raises ModelError if there is no such binding, ShapeError if it is not scalar.
    """
    loss = scalar_loss(graph, loss)
    graph = _with_number(graph, loss)
    contributions: dict[str, list[Path]] = {name: [] for name in graph.names}
    steps: dict[str, Step] = {}
    adjoints: dict[str, Binding] = {}
    for name in backward_order(graph):
        paths = tuple(reversed(contributions[name]))  # in the order of the model
        total = build.number(1) if name == loss else _total(graph, name, paths)
        steps[name] = step = Step(name, adjoint_name(loss, name), paths, total)
        if build.is_zero(total):
            continue
        adjoints[step.adjoint] = Binding(step.adjoint, total, adjoint_of=name)
        if name in graph.bindings:
            for below, cotangent in binding_pullback(graph, name, step_seed(step)).items():
                contributions[below].append(Path(name, cotangent))
    gradient = replace(graph, bindings={**graph.bindings, **adjoints}, loss=None)
    return Adjoints(graph, loss, steps, gradient)


def backward_order(graph: ComputationGraph) -> list[str]:
    """Bindings from last to first, then inputs."""
    return [*reversed(list(graph.bindings)), *graph.inputs]


def step_seed(step: Step) -> Node:
    """The adjoint of a step by its name; the seed 1 stays a number."""
    return step.total if step.total.op == "number" else build.ref(step.adjoint, step.total.shape)


def binding_pullback(graph: ComputationGraph, name: str, seed: Node) -> dict[str, Node]:
    """What the cotangent `seed` of a binding sends to each name in its definition.

    The binding's own value is written by its name: a derivative in terms of the output then reads a(1 - a).
    """
    definition = recognised(graph.bindings[name].node)
    cotangents = pullback(definition, seed)
    if definition.op in ("ref", "contract", "add", "neg"):
        return cotangents  # a linear operation's vjp does not contain its value
    own = {definition: graph.ref(name)}
    return {below: substitute(cotangent, own) for below, cotangent in cotangents.items()}


def pullback(root: Node, seed: Node, *, only: str | None = None) -> dict[str, Node]:
    """The cotangent of every ref below `root`, or that of one alone, given the cotangent `seed` of `root` itself."""
    cotangents: dict[Node, list[Node]] = {root: [seed]}
    found: dict[str, Node] = {}
    order = list(topological(root))
    leading: set[Node] = set()  # to the only ref that is asked for
    for node in order:
        if only is None or (node.op == "ref" and node.name == only) or not leading.isdisjoint(node.args):
            leading.add(node)
    for node in reversed(order):
        if node not in cotangents or node not in leading:
            continue
        g = build.add(*cotangents.pop(node))
        if node.op == "ref":
            found[node.name] = g
            continue
        for arg, cotangent in zip(node.args, vjp(node, g), strict=True):
            if cotangent is not None and not build.is_zero(cotangent):
                cotangents.setdefault(arg, []).append(cotangent)
    return dict(reversed(found.items()))


def _total(graph: ComputationGraph, name: str, paths: tuple[Path, ...]) -> Node:
    return build.add(*[path.contribution for path in paths]) if paths else build.zeros(graph.shape(name))


def scalar_loss(graph: ComputationGraph, loss: str | None) -> str:
    """The name of the loss, checked to be a scalar binding."""
    name = loss or graph.loss
    if name is None:
        raise ModelError(f"the model {graph.name} has no loss", hint="name a scalar binding, or use jacobian")
    name = graph.aliases.get(name, name)
    if name not in graph.bindings:
        raise ModelError(f"{name!r} is not a binding of {graph.name}", hint=did_you_mean(name, graph.bindings))
    shape = graph.shape(name)
    if shape and (any(size is not ONE for size in shape) or graph.consumers()[name]):
        raise ShapeError(
            f"the loss {name} has shape {show_shape(shape)}, but a gradient is taken of a scalar",
            span=graph.bindings[name].span,
            hint=f"sum or average it, or ask for jacobian({name!r}, ...)",
        )
    return name


def _with_number(graph: ComputationGraph, loss: str) -> ComputationGraph:
    """The graph with a loss that is a number: of an array of one entry, that entry."""
    if not graph.shape(loss):
        return graph
    binding = graph.bindings[loss]
    number = replace(binding, node=build.sum_over(binding.node))
    return replace(graph, bindings={**graph.bindings, loss: number})
