"""Expressions that share their parts, or are deep, print in parts and in linear size."""

from __future__ import annotations

from derive.ir import build as b
from derive.ir.graph import ComputationGraph, Declaration
from derive.ir.node import Node
from derive.notation import print_node, unicode_node

GRAPH = ComputationGraph(declarations={"x": Declaration("x", "input"), "t": Declaration("t", "input")})
X = b.ref("x")


def doubled(steps: int) -> Node:
    node = X
    for _ in range(steps):
        node = b.add(b.mul(node, b.call("sigmoid", node)), node)
    return node


def test_a_small_expression_stays_whole() -> None:
    assert r"\quad" not in print_node(doubled(2), GRAPH)


def test_shared_parts_do_not_multiply() -> None:
    sizes = [len(print_node(doubled(steps), GRAPH)) for steps in (20, 40, 80)]
    assert sizes[2] < 2.7 * sizes[1] < 7.3 * sizes[0]


def test_parts_have_names_that_the_model_does_not_have() -> None:
    printed = print_node(doubled(12), GRAPH)
    assert r",\quad u_1 = " in printed
    assert "t_1" not in printed


def test_parts_are_defined_before_they_are_used() -> None:
    _, *definitions = unicode_node(doubled(30), GRAPH).split(",  ")
    seen = 0
    for k, definition in enumerate(definitions, start=1):
        left, right = definition.split(" = ", 1)
        assert left.startswith("u")
        seen = k
        assert all(f"u_{later}" not in right for later in range(k + 1, len(definitions) + 1))
    assert seen


def test_five_thousand_nodes_in_a_chain() -> None:
    node = X
    for _ in range(5000):
        node = b.call("sigmoid", node)
    assert len(print_node(node, GRAPH)) < 200_000


def test_a_sum_of_five_thousand_terms() -> None:
    assert print_node(b.add(*[X] * 5000), GRAPH).count("+") == 4999
