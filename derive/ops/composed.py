"""Functions that are composed of other operations, written out.

A *definition* has no code of its own: what is emitted is its expression. A *composed* function may have code that is
stabler than its expression, but its value is that of it: so are its domain and the places where its pieces meet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from derive.ir import build
from derive.ir.node import Node, rewrite, topological, with_args
from derive.ops.record import Elementwise, elementwise
from derive.ops.sympy_bridge import expand, instantiate, letter, to_node


@cache
def expression_of(name: str) -> Node:
    """The expression of a registered function as a node over the scalar refs u0, u1, ..."""
    record = elementwise(name)
    assert record is not None
    letters = [letter(k) for k in range(record.arity)]
    return to_node(record.expression(*letters), {u: build.ref(f"u{k}") for k, u in enumerate(letters)})


def meaning(node: Node) -> Node:
    """A call of a registered function as its expression."""
    return instantiate(expression_of(node.name), {build.ref(f"u{k}"): arg for k, arg in enumerate(node.args)})


def defined(root: Node) -> Node:
    """`root` with every function that is a definition written out."""
    return _written(root, lambda record: record.is_definition)


def composed(root: Node) -> Node:
    """`root` with every function whose value is that of its expression written out, whatever code computes it."""
    return _written(root, lambda record: record.is_composed)


def _written(root: Node, wanted: Callable[[Elementwise], bool]) -> Node:
    def meant(node: Node) -> bool:
        record = elementwise(node.name) if node.op == "call" else None
        return record is not None and wanted(record)

    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        node = with_args(node, args)
        return _written(expand(node) if any(node.orders) else meaning(node), wanted) if meant(node) else node

    return rewrite(root, rule) if any(map(meant, topological(root))) else root
