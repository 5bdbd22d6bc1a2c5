"""Closed forms: each partial derivative in names of the forward pass.

Going backward, the adjoint of a consumer is put in by its own closed form and the result is shortened. That is where
a_2 - y appears:  (-y/a_2 + (1 - y)/(1 - a_2)) * a_2 (1 - a_2).  Two rules keep the whole linear in depth: a form longer
than `LIMIT` operations is given with the adjoint of its consumer as a name, and so is everything behind it.

How one expression is written is chosen by `derive.calculus.short_forms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from derive.calculus.derivation import Adjoints, Step
from derive.calculus.higher import Recipe
from derive.calculus.region import is_elementwise
from derive.calculus.short_forms import ShortForms, value_range
from derive.calculus.simplify import length
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph
from derive.ir.node import Node, refs, substitute, topological

LIMIT = 12
OPEN_FACTS = ("positive", "nonzero", "in", "free")
"""Facts that hold on an open set around a point, or do not matter at points inside of it."""


@dataclass(frozen=True)
class ClosedForm:
    """The derivative of the loss by `name`, shaped like it.

    `node` is the closed form: forward names only where `complete`, else with adjoints of consumers by name. `step` is
    the short form one step back, always in terms of the consumers' adjoints. `code` is what is worth computing:
    `step`, or `node` where cancelling removed a division (and with it an overflow). `excluded` lists expressions that
    were cancelled and that nothing known keeps from being 0.
    """

    name: str
    node: Node
    step: Node
    code: Node
    complete: bool
    reason: str
    excluded: tuple[Node, ...] = ()


def closed_forms(derivation: Adjoints) -> Mapping[str, ClosedForm]:
    """The closed form of every step, by forward name."""
    return _Closing(derivation).all()


def short_form(derivation: Adjoints, node: Node) -> Node:
    """An expression in names of the forward and the backward pass, shortened."""
    return ShortForms(derivation.graph).short(node)


def short_recipe(
    recipe: Recipe, graph: ComputationGraph, derivation: Adjoints, forms: Mapping[str, ClosedForm]
) -> Node:
    """A short form of what a recipe gives in `graph`, in which the derivation is: from closed forms of it, too.

    A closed form holds at the points that obey the facts of the inputs, so it is not differentiated by an input that
    they bind together: of labels that sum to 1 the sum may have gone.
    """
    node = recipe(graph)
    complete = {
        step.adjoint: forms[name].node
        for name, step in derivation.steps.items()
        if step.adjoint in graph and forms[name].complete
    }
    candidates = [node, substitute(node, {build.ref(name, form.shape): form for name, form in complete.items()})]
    declared = [graph.declarations[name] for name in recipe.by if name in graph.declarations]
    bound = any(fact.name not in OPEN_FACTS for declaration in declared for fact in declaration.facts)
    first = [name for name in recipe.of if name in graph and graph.bindings[name].adjoint_of is not None]
    if first and complete.keys() >= set(first) and not bound:
        forward = {name: binding for name, binding in graph.bindings.items() if binding.adjoint_of is None}
        closed = {name: Binding(name, complete[name], adjoint_of=graph.bindings[name].adjoint_of) for name in first}
        candidates.append(recipe(replace(graph, bindings={**forward, **closed})))
    made = ShortForms(derivation.graph)
    return min((form for candidate in candidates for form in made.forms(candidate)), key=_foreign)


def _foreign(node: Node) -> tuple[bool, bool, int]:
    """How far a form is from the names of the forward pass: adjoints in it, primes in it, its length."""
    primes = any(below.op == "call" and any(below.orders) for below in topological(node))
    return any(name.startswith("∂") for name in refs(node)), primes, length(node)


class _Closing:
    def __init__(self, derivation: Adjoints) -> None:
        self.derivation = derivation
        self.graph = derivation.graph
        self.written = ShortForms(derivation.graph)
        self.forms: dict[str, ClosedForm] = {}

    def all(self) -> Mapping[str, ClosedForm]:
        for name, step in self.derivation.steps.items():
            self.forms[name] = self._close(name, step)
        return self.forms

    def _close(self, name: str, step: Step) -> ClosedForm:
        if not step.paths:
            reason = "seed" if name == self.derivation.loss else "the loss does not depend on it"
            return ClosedForm(name, step.total, step.total, step.total, True, reason)
        near = self.written.short(step.total)
        put_in = {
            build.ref(consumer.adjoint, consumer.total.shape): self.forms[consumer.name].node
            for consumer in (self.derivation.steps[path.consumer] for path in step.paths)
            if self.forms[consumer.name].complete
        }
        complete = all(self.forms[path.consumer].complete for path in step.paths)
        far = self.written.short(substitute(step.total, put_in)) if put_in else near
        if length(far) > LIMIT:
            far, complete = near, near is far and complete
        lost = cancelled(near, put_in, far)
        complete = complete and not any(name.startswith("∂") for name in refs(far))
        return ClosedForm(
            name,
            far,
            near,
            far if lost else near,
            complete,
            _reason(step, lost),
            tuple(node for node in lost if not self._never_zero(node)),
        )

    def _never_zero(self, node: Node) -> bool:
        """Whether a known open range keeps `node`, a name or 1 - a name, from being 0."""
        for below in topological(node):
            if below.op == "ref":
                low, high = self.written.ranges.get(below.name) or value_range(self.graph, below.name)
                if node is below:
                    return low >= 0 or high <= 0
                return node.op == "add" and (low >= 0) and (high <= 1)
        return True


def _reason(step: Step, lost: tuple[Node, ...]) -> str:
    reason = "chain rule" if len(step.paths) == 1 else f"chain rule, sum over {len(step.paths)} paths"
    return f"{reason}, cancelled" if lost else reason


def denominators(*roots: Node) -> dict[Node, None]:
    """Every factor that something is divided by, in order."""
    found: dict[Node, None] = {}
    for node in topological(*roots):
        if node.op == "div":
            stack = [node.args[1]]
            while stack:
                bottom = stack.pop()
                if bottom.op == "contract" and is_elementwise(bottom):
                    stack += bottom.args
                elif bottom.op == "pow":
                    stack.append(bottom.args[0])
                elif bottom.op not in ("number", "size"):
                    found[bottom] = None
    return found


def cancelled(near: Node, put_in: Mapping[Node, Node], far: Node) -> tuple[Node, ...]:
    """Denominators of the factors that are gone from the product."""
    left = denominators(far)
    return tuple(node for node in denominators(near, *put_in.values()) if node not in left)
