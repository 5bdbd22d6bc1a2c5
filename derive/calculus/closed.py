"""Closed forms: each partial derivative in names of the forward pass.

Going backward, the adjoint of a consumer is put in by its own closed form and the result is shortened. That is where
a_2 - y appears:  (-y/a_2 + (1 - y)/(1 - a_2)) * a_2 (1 - a_2).  Two rules keep the whole linear in depth: a form longer
than `LIMIT` operations is given with the adjoint of its consumer as a name, and so is everything behind it.

A derivative may be written with the output of its function: sigma'(z) as a (1 - a) for a = sigma(z), and for a
definition of degree one in one exponential, such as a = 1/(1 + e^{-z}), that exponential in terms of a. Such a
rewriting is kept only if it makes the form shorter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import sympy as sp

from derive.calculus.derivation import Adjoints, Step
from derive.calculus.jacobian import jacobian
from derive.calculus.recognise import recognised
from derive.calculus.region import Generators, is_elementwise
from derive.calculus.simplify import Simplifier, length
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph
from derive.ir.node import Node, refs, substitute, topological
from derive.ops.record import elementwise
from derive.ops.sympy_bridge import expand, instantiate, to_node

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
    return _Closing(derivation).short(node)


def second(derivation: Adjoints, name: str, by: str, node: Node, forms: Mapping[str, ClosedForm]) -> Node:
    """A short form of `node`, the derivative by `by` of the derivative by `name`: from the closed form of that, too.

    A closed form holds at the points that obey the facts of the inputs, so it is not differentiated by an input that
    they bind together: of labels that sum to 1 the sum may have gone.
    """
    graph, adjoint, first = derivation.graph, derivation.steps[name].adjoint, forms[name]
    put_in = {
        build.ref(step.adjoint, step.total.shape): forms[other].node
        for other, step in derivation.steps.items()
        if step.adjoint in derivation.gradient and forms[other].complete
    }
    candidates = [node, substitute(node, put_in)]
    declared = graph.declarations.get(by)
    bound = declared is not None and any(fact.name not in OPEN_FACTS for fact in declared.facts)
    if first.complete and not bound:
        closed = replace(graph, bindings={**graph.bindings, adjoint: Binding(adjoint, first.node)})
        candidates.append(jacobian(closed, adjoint, by))
    closing = _Closing(derivation)
    return min((form for candidate in candidates for form in closing.short_forms(candidate)), key=_foreign)


def _foreign(node: Node) -> tuple[bool, bool, int]:
    """How far a form is from the names of the forward pass: adjoints in it, primes in it, its length."""
    primes = any(below.op == "call" and any(below.orders) for below in topological(node))
    return any(name.startswith("∂") for name in refs(node)), primes, length(node)


class _Closing:
    def __init__(self, derivation: Adjoints) -> None:
        self.derivation = derivation
        self.graph = derivation.graph
        self.simplifier = Simplifier(derivation.graph)
        self.forms: dict[str, ClosedForm] = {}
        self.outputs = output_names(self.graph)
        self.exponentials, self.ranges = exponentials(self.graph)

    def all(self) -> Mapping[str, ClosedForm]:
        for name, step in self.derivation.steps.items():
            self.forms[name] = self._close(name, step)
        return self.forms

    def _close(self, name: str, step: Step) -> ClosedForm:
        if not step.paths:
            reason = "seed" if name == self.derivation.loss else "the loss does not depend on it"
            return ClosedForm(name, step.total, step.total, step.total, True, reason)
        near = self.short(step.total)
        put_in = {
            build.ref(consumer.adjoint, consumer.total.shape): self.forms[consumer.name].node
            for consumer in (self.derivation.steps[path.consumer] for path in step.paths)
            if self.forms[consumer.name].complete
        }
        complete = all(self.forms[path.consumer].complete for path in step.paths)
        far = self.short(substitute(step.total, put_in)) if put_in else near
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

    def short(self, node: Node) -> Node:
        """The shortest form."""
        return min(self.short_forms(node), key=length)

    def short_forms(self, node: Node) -> list[Node]:
        """As it is, with derivatives by their outputs, with exponentials by their outputs."""
        forms = [self.simplifier.short(node)]
        written = self._by_output(node)
        if written is not node:
            forms.append(self.simplifier.short(written))
        if self.exponentials:
            forms += [
                self.simplifier.short(substitute(form, self.exponentials))
                for form in (node, written)
                if any(below in self.exponentials for below in topological(form))
            ]
        return forms

    def _by_output(self, node: Node) -> Node:
        """Derivatives of functions written out, with the binding that holds the function's value."""
        replacement = {
            below: expand(below, self.outputs.get(build.call(below.name, *below.args)))
            for below in topological(node)
            if below.op == "call" and any(below.orders) and elementwise(below.name) is not None
        }
        return substitute(node, replacement) if replacement else node

    def _never_zero(self, node: Node) -> bool:
        """Whether a known open range keeps `node`, a name or 1 - a name, from being 0."""
        for below in topological(node):
            if below.op == "ref":
                low, high = self.ranges.get(below.name) or value_range(self.graph, below.name)
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


def value_range(graph: ComputationGraph, name: str) -> tuple[float, float]:
    """An open interval that holds every entry of `name`, from its declaration or from the function that makes it."""
    if name in graph.declarations:
        declaration = graph.declarations[name]
        inside = declaration.fact("in")
        if inside is not None and inside.low is not None and inside.high is not None:
            return inside.low, inside.high
        if declaration.fact("positive") is not None:
            return 0.0, float("inf")
    if name in graph.bindings:
        node = graph.bindings[name].node
        record = elementwise(node.name) if node.op == "call" and not any(node.orders) else None
        if record is not None:
            return record.range
        if recognised(node).op == "softmax":
            return 0.0, 1.0
    return -float("inf"), float("inf")


def output_names(graph: ComputationGraph) -> dict[Node, Node]:
    """For every function value that a binding holds, the ref to that binding."""
    return {binding.node: graph.ref(name) for name, binding in graph.bindings.items() if binding.node.op == "call"}


# ------------------------------------------------------------------- exponentials by the output


def exponentials(graph: ComputationGraph) -> tuple[dict[Node, Node], dict[str, tuple[float, float]]]:
    """For every binding of degree one in one exponential, that exponential in terms of the binding's value, and the
    open interval of the binding's values.

    a = 1/(1 + e^{-z}) gives e^{-z} = (1 - a)/a and 0 < a < 1.
    """
    found: dict[Node, Node] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for name, binding in graph.bindings.items():
        kernels = [n for n in topological(binding.node) if n.op == "call" and n.name == "exp" and not any(n.orders)]
        if len(kernels) != 1 or kernels[0].shape != binding.node.shape or binding.node is kernels[0]:
            continue
        region = Generators(binding.node.shape, lambda node: node)
        axes = tuple(range(len(binding.node.shape)))
        expression = region.expression(binding.node, axes)
        if set(region.letters) == {(kernels[0], axes)}:
            solved = _inverse(expression, region.letters[(kernels[0], axes)])
            if solved is not None:
                inverse, ranges[name] = solved
                found[kernels[0]] = _put(inverse, graph.ref(name))
    return found, ranges


@cache
def _inverse(expression: sp.Expr, kernel: sp.Symbol) -> tuple[sp.Expr, tuple[float, float]] | None:
    """Solve y = expression(kernel) for the kernel, and the interval of y for a positive kernel.

    None unless numerator and denominator are of degree at most one and the denominator has no positive zero.
    """
    top, bottom = (sp.Poly(part, kernel) for part in sp.fraction(sp.cancel(expression)))
    if max(top.degree(), bottom.degree()) != 1:
        return None
    (p, q), (r, s) = ((poly.coeff_monomial(kernel), poly.coeff_monomial(1)) for poly in (top, bottom))
    if r * s < 0:
        return None
    y = sp.Symbol("y")
    ends = [float(q / s) if s else _infinity(q / r), float(p / r) if r else _infinity(p / s)]
    return sp.factor((y * s - q) / (p - y * r)), (min(ends), max(ends))


def _infinity(slope: sp.Expr) -> float:
    return float("inf") if slope > 0 else -float("inf")


def _put(inverse: sp.Expr, output: Node) -> Node:
    formal = build.ref("y")
    return instantiate(to_node(inverse, {sp.Symbol("y"): formal}), {formal: output})
