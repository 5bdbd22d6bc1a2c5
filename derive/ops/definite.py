r"""Which matrices are positive definite, by declaration or by their form.

definite     A declared so, A⁻¹, I, diag(v) with v > 0          positive multiples and sums of definite and Gram
Gram         B Bᵀ, b bᵀ, B A Bᵀ with A definite                 matrices, one of them definite, are definite
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.errors import ModelError
from derive.ir import build
from derive.ir.graph import Binding, Declaration
from derive.ir.node import Labels, Node
from derive.ops.primitive import product
from derive.ops.record import tensor_or_none

DEEPEST = 50
"""How far names and sums are followed: of what is deeper nothing is known."""


def check_definite(node: Node, declarations: Mapping[str, Declaration], bindings: Mapping[str, Binding]) -> None:
    """Raise ModelError for an operation that needs a definite matrix and is not known to have one."""
    record = tensor_or_none(node.op)
    if record is None or not record.definite:
        return
    if _Definiteness(declarations, bindings).kind(node.args[0], DEEPEST) != "definite":
        raise ModelError(
            f"{node.op} needs a positive definite matrix; its operand is neither declared so nor so by its form",
            hint="declare the input, K : (n, n), positive_definite; or write B @ B.T + s*eye(n) with s positive",
        )


class _Definiteness:
    def __init__(self, declarations: Mapping[str, Declaration], bindings: Mapping[str, Binding]) -> None:
        self.declarations, self.bindings = declarations, bindings

    def kind(self, node: Node, depth: int) -> str:
        """`definite`, `gram`, or empty where nothing is known."""
        if len(node.shape) != 2 or not depth:
            return ""
        match node.op:
            case "ref" if node.name in self.bindings:
                return self.kind(self.bindings[node.name].node, depth - 1)
            case "ref":
                return "definite" if self._declared(node, "positive_definite") else ""
            case "inv":
                return "definite" if self.kind(node.args[0], depth - 1) == "definite" else ""
            case "add":
                kinds = [self.kind(arg, depth - 1) for arg in node.args]
                return "" if "" in kinds else "definite" if "definite" in kinds else "gram"
            case "div" if self._is_positive(node.args[1], depth - 1):
                return self.kind(node.args[0], depth - 1)
            case "contract":
                return self._of_product(_flat(node), depth - 1)
        return ""

    def _of_product(self, node: Node, depth: int) -> str:
        if node.op != "contract":
            return ""  # a sign came out of it
        ins, (i, j) = node.labels
        factors = zip(ins, node.args, strict=True)
        match [(own, arg) for own, arg in factors if own or not self._is_positive(arg, depth)]:
            case [] if i == j:
                return "definite"
            case [((k,), arg)] if k == i == j and self._is_positive(arg, depth):
                return "definite"
            case [(own, arg)] if own in ((i, j), (j, i)):
                return self.kind(arg, depth)
            case [(a, one), (b, other)] if one is other and _apart(a, b) == [{i, j}]:
                return "gram"
            case [(a, one), (own, arg), (b, other)] if one is other and _apart(a, b) in (
                [{i, j}, {*own}],
                [{*own}, {i, j}],
            ):
                return "gram" if {i, j}.isdisjoint(own) and self.kind(arg, depth) == "definite" else ""
        return ""

    def _is_positive(self, node: Node, depth: int) -> bool:
        """Whether every entry is visibly positive."""
        if not depth:
            return False
        match node.op:
            case "number":
                return node.value > 0
            case "size" | "constant":
                return True
            case "ref" if node.name in self.bindings:
                return self._is_positive(self.bindings[node.name].node, depth - 1)
            case "ref":
                return self._declared(node, "positive")
            case "call":
                return node.name == "exp" and not any(node.orders)
            case "contract" if len(set(node.labels[1])) < len(node.labels[1]):
                return False
            case "add" | "div" | "contract":
                return all(self._is_positive(arg, depth - 1) for arg in node.args)
            case "pow":
                return self._is_positive(node.args[0], depth - 1)
        return False

    def _declared(self, node: Node, fact: str) -> bool:
        declared = self.declarations.get(node.name)
        return declared is not None and declared.fact(fact) is not None


def _apart(a: Labels, b: Labels) -> list[set[int]]:
    """The axes in which two occurrences of one array differ."""
    return [{k, m} for k, m in zip(a, b, strict=True) if k != m]


def _flat(node: Node) -> Node:
    """A product of products as one product, views looked through; a sign may come out of it."""
    while True:
        ins, out = node.labels
        made = product(list(zip(ins, node.args, strict=True)), out, node)
        inner = next((arg for arg in made.args if _is_product(arg)), None) if made.op == "contract" else None
        if inner is None:
            return made
        ins, out = made.labels
        at = made.args.index(inner)
        fresh = 1 + max((x for own in (*ins, out) for x in own), default=0)
        own_ins, own_out = inner.labels
        names = dict(zip(own_out, ins[at], strict=True))
        opened = [tuple(names.get(x, fresh + x) for x in own) for own in own_ins]
        node = build.contract(
            [*ins[:at], *opened, *ins[at + 1 :]], out, [*made.args[:at], *inner.args, *made.args[at + 1 :]], made.shape
        )


def _is_product(node: Node) -> bool:
    return node.op == "contract" and len(node.args) > 1 and len(set(node.labels[1])) == len(node.labels[1])
