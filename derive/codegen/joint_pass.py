"""From a derivation to straight-line statements: value and gradients in one joint pass.

Bindings and adjoints are put into each other until one graph over the inputs is left. Nodes are interned, so equal
definitions have become one node here (and only here), what the gradients need of the forward pass is found in it, and
what nothing asks for is not reached. The passes, in order:

    stabilise       textbook forms become stable ones, before they are differentiated
    written_out     sigma'(z) becomes a(1 - a)
    Simplifier      products flat, repeats outside
    summed_less     sums with as little in them as possible
    sums_at_hand    sums that are parts of others
    scheduled       products of several arrays in the order of their cost, none twice
    spread          narrow operations entry on entry with wide ones
    cancelled       gradients as rational functions, with fewest operations
    steadied        single expressions that cancel become stable ones
    guarded         what a condition masks is not computed with
    multiplied_once products that others have in common
    shared          one exponential for softmax and log-softmax
    Statements      one variable for each author's name, shared value or long expression
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from derive.calculus.derivation import Adjoints
from derive.calculus.higher import Recipe
from derive.calculus.reverse import backprop
from derive.codegen.assignments import JointPass
from derive.codegen.cancel import cancelled
from derive.codegen.common_products import multiplied_once
from derive.codegen.deltas import deltas_out
from derive.codegen.last_pass import steadied
from derive.codegen.masks import guarded
from derive.codegen.rewrite import Rewriter, written_out
from derive.codegen.schedule import scheduled
from derive.codegen.shared_exponentials import shared_exponentials
from derive.codegen.spread import spread
from derive.codegen.stabilise import stabilise
from derive.codegen.statements import Statements
from derive.codegen.sums import summed_less, sums_at_hand
from derive.errors import UnknownNameError, did_you_mean
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, substitute, topological


def requested(derivation: Adjoints, wrt: Iterable[str] | str | None) -> list[str]:
    """The names to differentiate by: every differentiable input, or those asked for. UnknownNameError for others."""
    graph = derivation.graph
    if wrt is None:
        return [name for name, declaration in graph.inputs.items() if declaration.differentiable]
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    for name in names:
        if graph.aliases.get(name, name) not in derivation.steps:
            raise UnknownNameError(
                f"no gradient by {name!r}: it is neither an input nor a binding of {graph.name}",
                hint=did_you_mean(name, derivation.steps),
            )
    return list(dict.fromkeys(names))


def program(derivation: Adjoints, wrt: Iterable[str] | str | None = None) -> JointPass:
    """The statements that compute the loss and its gradients by `wrt`."""
    graph = derivation.graph
    names = requested(derivation, wrt)
    targets = {name: graph.aliases.get(name, name) for name in names}
    forward, adjoints = joined(derivation)
    wanted = [adjoints[target] for target in targets.values()]
    stages = _stages(graph, forward, [forward[derivation.loss], *wanted])
    value, *results = stages.roots
    # of two names for one adjoint, that of a computed value, then the one asked for; in the order of the derivation
    computed = [name for name, binding in graph.bindings.items() if binding.node.op != "ref"]
    named = stages.names({name: adjoints[name] for name in (*computed, *targets.values(), *derivation.steps)})
    shown = {node: named[node] for node in stages.names({name: adjoints[name] for name in derivation.steps})}
    return Statements(graph, stages.names(forward), shown).run(value, dict(zip(names, results, strict=True)), targets)


def alone(recipe: Recipe, graph: ComputationGraph) -> JointPass:
    """The statements that compute what a recipe gives; it is taken of the stable forms.

    A derivative by what a stable form looks through is taken as the author wrote it: there the way to it is gone.
    """
    stable, bypassed = stabilise(graph)
    node = deltas_out(recipe(graph if bypassed.intersection(recipe.by) else stable))
    values = _in_inputs(stable)
    forward = {name: values[stable.ref(name)] for name in graph.bindings}
    stages = _stages(graph, forward, [substitute(node, values)], given=False)
    named = stages.names(forward)
    gradients = {node: of for node, name in named.items() if (of := graph.bindings[name].adjoint_of) is not None}
    plain = {node: name for node, name in named.items() if node not in gradients}
    return Statements(graph, plain, gradients).run_alone(*stages.roots)


def _in_inputs(graph: ComputationGraph) -> dict[Node, Node]:
    """Every binding, by its reference, as an expression in the inputs alone."""
    values: dict[Node, Node] = {}
    for name, binding in graph.bindings.items():
        values[graph.ref(name)] = substitute(binding.node, values)
    return values


def joined(derivation: Adjoints) -> tuple[dict[str, Node], dict[str, Node]]:
    """Every binding and every adjoint as an expression in the inputs alone, after `stabilise`."""
    stable, bypassed = stabilise(derivation.graph)
    steady = derivation if stable is derivation.graph else backprop(stable, derivation.loss)
    values = _in_inputs(stable)
    adjoints: dict[str, Node] = {}
    inner = dict(values)
    for name, step in steady.steps.items():
        adjoints[name] = substitute(step.total, inner)
        inner[_ref(step.adjoint, step.total)] = adjoints[name]
    # a binding that a stable form looks through has lost a consumer: its derivative is taken as the author wrote it
    outer = dict(values)
    for name, step in derivation.steps.items():
        if name in bypassed:
            adjoints[name] = substitute(step.total, outer)
        outer[_ref(step.adjoint, step.total)] = adjoints[name]
    return {name: values[stable.ref(name)] for name in derivation.graph.bindings}, adjoints


def _ref(name: str, like: Node) -> Node:
    return Node("ref", (), name, like.shape)


@dataclass
class _Stages:
    """What every node became, pass by pass; `given`: the first root is a value of the author's."""

    passes: list[Mapping[Node, Node]]
    roots: list[Node]
    given: bool = True

    def names(self, nodes: Mapping[str, Node]) -> dict[Node, str]:
        """The names of nodes that are still there; the first name wins."""
        found: dict[Node, str] = {}
        for name, node in nodes.items():
            current: Node | None = node
            for done in self.passes:
                current = done.get(current) if current is not None else None
            if current is not None:
                found.setdefault(current, name)
        return found

    def authored(self, graph: ComputationGraph, forward: Mapping[str, Node]) -> set[Node]:
        """What stays as its author wrote it: the values that are asked for, adjoints of a gradient graph excepted."""
        by_author = self.given and all(binding.adjoint_of is None for binding in graph.bindings.values())
        reached = set(topological(*self.roots))
        values = [
            node
            for node, name in self.names(forward).items()
            if node in reached and graph.bindings[name].adjoint_of is None and (by_author or name != graph.loss)
        ]
        return set(topological(*values, *([self.roots[0]] if by_author else [])))


def _stages(
    graph: ComputationGraph, forward: Mapping[str, Node], roots: Sequence[Node], *, given: bool = True
) -> _Stages:
    simplex = {
        name: fact.axis
        for name, declaration in graph.inputs.items()
        for fact in declaration.facts
        if fact.name in ("simplex", "one_hot") and fact.axis is not None
    }
    symmetric = {name for name, declaration in graph.inputs.items() if declaration.is_symmetric}
    stages = _Stages([], list(roots), given)

    def apply(done: Mapping[Node, Node]) -> list[Node]:
        stages.passes.append(done)
        stages.roots = [done[root] for root in stages.roots]
        return list(stages.names(forward))

    named = apply(written_out(stages.roots))
    named = apply(Rewriter(stages.roots, named, simplex).done)
    named = apply(summed_less(stages.roots, stages.authored(graph, forward), set(named)))
    named = apply(sums_at_hand(stages.roots, stages.authored(graph, forward)))
    named = apply(scheduled(stages.roots, stages.authored(graph, forward), symmetric))
    named = apply(Rewriter(stages.roots, named, simplex).done)
    named = apply(spread(stages.roots, stages.authored(graph, forward), set(named)))
    named = apply(cancelled(stages.roots, stages.authored(graph, forward), set(named)))
    named = apply(Rewriter(stages.roots, named).done)
    named = apply(steadied(stages.roots))
    named = apply(guarded(stages.roots, stages.authored(graph, forward)))
    apply(Rewriter(stages.roots, named).done)
    apply(multiplied_once(stages.roots, stages.authored(graph, forward)))
    apply(shared_exponentials(stages.roots))
    return stages
