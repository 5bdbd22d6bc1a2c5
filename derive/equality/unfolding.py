"""What a node stands for: a binding for its definition, an operation for what its record says."""

from __future__ import annotations

from collections.abc import Mapping

from derive.equality.laws import Sample, law
from derive.ir import build
from derive.ir.graph import Declaration
from derive.ir.node import Node
from derive.ops.composed import expression_of, meaning
from derive.ops.record import elementwise, tensor_or_none
from derive.ops.sympy_bridge import expand

BASIC = frozenset({"exp", "log", "sqrt", "sin", "cos", "erf", "step", "abs", "sign"})
"""The functions that have laws of their own."""


@law(
    "form",
    "definition",
    "definition of operation",
    "softmaxᵢ z = exp zᵢ / Σⱼ exp zⱼ",
    Sample("z : (n,)", "softmax(z) = exp(z)/sum(exp(z))"),
    Sample("z : (n,)", "logsumexp(z) = log(sum(exp(z)))"),
    Sample("z : (n,)", "log_softmax(z) = z - logsumexp(z)"),
)
def unfolded(node: Node, declarations: Mapping[str, Declaration], definitions: Mapping[str, Node]) -> Node | None:
    """What a node stands for, if it is not itself primitive here."""
    match node.op:
        case "ref":
            return definitions.get(node.name)
        case "call":
            return _unfolded_call(node, declarations)
        case "number" | "constant" | "size" | "contract" | "add" | "neg" | "div" | "pow":
            return None
        case "functional" | "array" | "entry" | "placed":
            return None
    record = tensor_or_none(node.op)
    return record.definition(node) if record is not None and record.definition is not None else None


@law(
    "form",
    "definition",
    "definition of function",
    "max(u, 0) = u 𝟏[u > 0],  σ(u) = 1/(1 + e⁻ᵘ)",
    Sample("x : scalar", "maximum(x, 0) = x*step(x)"),
    Sample("x, y : scalar", "minimum(x, y) = -maximum(-x, -y)"),
    Sample("x, y : scalar", "maximum(x, y) = (x + y + abs(x - y))/2"),
    Sample("x : scalar", "sigmoid(x) = exp(x)/(1 + exp(x))"),
    Sample("x : scalar", "tanh(x) = 2*sigmoid(2*x) - 1"),
)
def _unfolded_call(node: Node, declarations: Mapping[str, Declaration]) -> Node | None:
    name = node.name
    declared = declarations.get(name)
    if declared is not None and declared.definition == name:
        declared = None  # tanh : function = tanh
    if declared is not None and declared.definition is not None:
        return build.call(declared.definition, *node.args, orders=node.orders)
    if declared is not None or elementwise(name) is None:
        return None
    if any(node.orders):
        written = expand(node)
        return None if written is node else written
    return None if name in BASIC or _is_itself(expression_of(name), name) else meaning(node)


def _is_itself(node: Node, name: str) -> bool:
    """Whether an expression is no more than the function (gamma): no law of it is known here."""
    return node.op == "call" and node.name == name
