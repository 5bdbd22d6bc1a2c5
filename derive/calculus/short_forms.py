"""The ways to write one derived expression, and the shortest of them.

A derivative may be written with the output of its function: sigma'(z) as a (1 - a) for a = sigma(z), and for a
definition of degree one in one exponential, such as a = 1/(1 + e^{-z}), that exponential in terms of a. Such a
rewriting is kept only if it makes the form shorter.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from derive.calculus.recognise import recognised
from derive.calculus.region import Generators
from derive.calculus.simplify import Simplifier, length
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, substitute, topological
from derive.ops.record import elementwise
from derive.ops.sympy_bridge import expand, instantiate, to_node


class ShortForms:
    """The ways to write an expression in names of one graph; results are remembered."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph
        self.simplifier = Simplifier(graph)
        self.outputs = output_names(graph)
        self.exponentials, self.ranges = exponentials(graph)

    def short(self, node: Node) -> Node:
        """The shortest form."""
        return min(self.forms(node), key=length)

    def forms(self, node: Node) -> list[Node]:
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
