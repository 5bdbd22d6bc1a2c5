"""Equal keys mean equal values; orientation and order do not matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import derive.ops
from derive.calculus.same import Keys
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import size_of
from derive.ops.evaluate import Evaluator

assert derive.ops

N = size_of("n")
A, B = build.ref("A", (N, N)), build.ref("B", (N, N))
VALUES = {name: np.random.default_rng(k).normal(size=(3, 3)) for k, name in enumerate("AB")}

matrices = st.recursive(
    st.sampled_from([A, B]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: build.matmul(*p)),
        st.tuples(inner, inner).map(lambda p: build.add(*p)),
        st.tuples(inner, inner).map(lambda p: build.mul(*p)),
        inner.map(build.transpose),
        inner.map(build.neg),
        inner.map(lambda a: build.call("tanh", a)),
        inner.map(lambda a: build.diagonal(build.diagonal(a))),
        inner.map(lambda a: build.mul(build.trace(a), a)),
    ),
    max_leaves=6,
)


def turned(node: Node) -> Node:
    """The transpose, pushed one step in and with operands the other way round where that is the same value."""
    if node.op == "contract" and len(node.args) == 2 and node.labels == (((0, 1), (1, 2)), (0, 2)):
        return build.matmul(build.transpose(node.args[1]), build.transpose(node.args[0]))
    return build.transpose(node)


@given(matrices)
def test_orientation_does_not_matter(node: Node) -> None:
    same_key = Keys().key
    assert same_key(turned(node), (1, 0)) == same_key(node, (0, 1))


@given(matrices, matrices)
def test_equal_keys_mean_equal_values(left: Node, right: Node) -> None:
    same_key = Keys().key
    point = Evaluator(VALUES, {"n": 3})
    for a, b in [(left, right), (left, build.transpose(right)), (build.matmul(left, right), build.matmul(right, left))]:
        if same_key(a, (0, 1)) == same_key(b, (0, 1)):
            np.testing.assert_allclose(point.value(a), point.value(b), rtol=1e-9)
        elif not np.allclose(point.value(a), point.value(b)):
            assert same_key(a, (0, 1)) != same_key(b, (0, 1))


def test_too_deep_means_not_the_same() -> None:
    def nest(leaf: Node) -> Node:
        node = leaf
        for _ in range(60):
            node = build.neg(build.call("sin", node))
        return node

    same_key = Keys().key
    assert same_key(nest(build.ref("x")), ()) != same_key(nest(build.ref("y")), ())
