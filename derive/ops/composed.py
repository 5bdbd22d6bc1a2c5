"""Functions that are composed of other operations, written out.

A *definition* has no code of its own: what is emitted is its expression. A *composed* function may have code that is
stabler than its expression, but its value is that of it: so are its domain and the places where its pieces meet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from derive.ir import build
from derive.ir.node import Node, rewrite, with_args
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


def defined(root: Node, done: dict[Node, Node] | None = None) -> Node:
    """`root` with every function that is a definition written out; `done`: what was so written before, added to."""
    return _written(root, lambda record: record.is_definition, {} if done is None else done)


def composed(root: Node) -> Node:
    """`root` with every function whose value is that of its expression written out, whatever code computes it."""
    return _written(root, lambda record: record.is_composed, {})


def _written(root: Node, wanted: Callable[[Elementwise], bool], done: dict[Node, Node]) -> Node:
    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        node = with_args(node, args)
        record = elementwise(node.name) if node.op == "call" else None
        if record is not None and wanted(record):
            node = _written(expand(node) if any(node.orders) else meaning(node), wanted, done)
        done[node] = node  # none is left below it
        return node

    return rewrite(root, rule, done)
