r"""Textbook forms rewritten as stable ones, before they are differentiated.

    1 / (1 + e^u)                     sigmoid(-u)              e^{800} overflows
    e^p / (e^p + e^q)                 sigmoid(p - q)
    e^{z_i} / sum_j e^{z_j}           softmax(z)
    (e^p - e^q) / (e^p + e^q)         tanh((p - q) / 2)
    log(1 + e^u)                      softplus(u)
    log(e^p + e^q + ...)              q + softplus(p - q), ...
    log(sum_j e^{z_j})                logsumexp(z)
    log(sigmoid(u)), log(1 - sigmoid(u))      -softplus(-u), -softplus(u)
    log(softmax(z))                   log_softmax(z)
    log(e^u r), log(sigmoid(u) / r)   u + log(r), -softplus(-u) - log(r)

A rule looks *through* bindings: in `a = sigmoid(z)`, `L = -log(1 - a)` the loss becomes `softplus(z)`. Its derivative
by z is then sigmoid(z), and the quotient a (1 - a) / (1 - a), which is 0/0 in floating point, never arises. What a rule
looked through (here a) has lost a consumer, so `stabilise` names it: derivatives by it are taken as the author wrote.

The adjoints of a gradient graph are derivatives of what stands before them: they are taken anew, of the stable forms,
and the rules are applied to them again. So a Hessian comes of stable first derivatives.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from derive.calculus.derivation import adjoint_name
from derive.calculus.reverse import backprop
from derive.codegen.stability import BEFORE
from derive.codegen.textbook_forms import Looking
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph
from derive.ir.node import Node, substitute, with_args
from derive.ops.composed import defined

KEPT = ("exp", "sigmoid", "softmax", "tanh", "logsumexp")


def stabilise(graph: ComputationGraph) -> tuple[ComputationGraph, frozenset[str]]:
    """The graph with stable definitions, and the bindings that some stable form looks through.

    The graph itself is returned if nothing changes. Operands of sigmoids and the like that have no name get one, so
    that what looks through them shares them.
    """
    bindings: dict[str, Binding] = {}
    positive = {name for name, declared in graph.inputs.items() if declared.fact("positive")}
    looking = Looking(bindings, [rule.apply for rule in BEFORE], positive)
    changed = False
    plain: dict[str, Binding] = {}
    adjoints: dict[str, Node] = {}
    for name, binding in graph.bindings.items():
        before = plain.get(binding.adjoint_of) if binding.adjoint_of is not None else None
        if before is not None and adjoint_name(before.name, before.name) == name:
            adjoints = _taken_anew(graph, plain, bindings, before.name, looking.through)
        plain[name] = binding
        node = looking.stable(defined(adjoints.get(name, binding.node)))
        changed |= node is not binding.node
        if node.op in KEPT or (node.op == "call" and node.name in KEPT):
            (arg,) = node.args
            if arg.args:
                inner = f"{name}: operand"
                bindings[inner] = Binding(inner, arg)
                node = with_args(node, (build.ref(inner, arg.shape),))
        bindings[name] = replace(binding, node=node)
    if not changed:
        return graph, frozenset()
    return replace(graph, bindings=bindings), frozenset(looking.through)


def _taken_anew(
    graph: ComputationGraph,
    plain: Mapping[str, Binding],
    stable: Mapping[str, Binding],
    loss: str,
    through: Collection[str],
) -> dict[str, Node]:
    """The adjoints of a loss by the stable forms, put into each other where the author has no name for them.

    Nothing, if the adjoints of the graph are not those of the plain forms.
    """
    written = backprop(replace(graph, bindings=dict(plain)), loss).gradient.bindings
    if any(graph.bindings.get(name) != binding for name, binding in written.items()):
        return {}
    found: dict[str, Node] = {}
    own: dict[Node, Node] = {}
    for name, step in backprop(replace(graph, bindings=dict(stable)), loss).steps.items():
        total = substitute(step.total, own)
        if step.adjoint in written and name not in through:
            found[step.adjoint] = total
        else:
            own[build.ref(step.adjoint, total.shape)] = total
    return found
