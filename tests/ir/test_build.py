"""Builders: NumPy's shapes, labels, errors that name both shapes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import derive.ops
from derive.errors import ShapeError
from derive.ir import build
from derive.ir.node import Node, rewrite, substitute, topological, with_args
from derive.ir.size import Size, show_shape, size_of
from derive.ops.evaluate import Evaluator

assert derive.ops

sizes = st.sampled_from([1, 2, 3])
shapes = st.lists(sizes, max_size=3).map(tuple)


def leaf(name: str, shape: tuple[int, ...]) -> Node:
    return build.ref(name, tuple(size_of(n) for n in shape))


def value(node: Node, **arrays: np.ndarray) -> np.ndarray:
    return Evaluator(arrays, {}).value(node)


def draw(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@given(shapes, shapes)
def test_elementwise_operations_broadcast_as_numpy_does(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = leaf("a", left), leaf("b", right)
    x, y = draw(left, 1), draw(right, 2)
    for ours, theirs in [
        (build.add, np.add),
        (build.sub, np.subtract),
        (build.mul, np.multiply),
        (build.div, np.divide),
    ]:
        try:
            wanted = theirs(x, y)
        except ValueError:
            with pytest.raises(ShapeError):
                ours(a, b)
            continue
        np.testing.assert_allclose(value(ours(a, b), a=x, b=y), wanted)


@given(shapes, shapes)
def test_matmul_is_numpys(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    x, y = draw(left, 1), draw(right, 2)
    a, b = leaf("a", left), leaf("b", right)
    try:
        wanted = np.matmul(x, y)
    except ValueError:
        with pytest.raises(ShapeError):
            build.matmul(a, b)
        return
    np.testing.assert_allclose(value(build.matmul(a, b), a=x, b=y), wanted)


@given(shapes, st.booleans(), st.data())
def test_reductions_are_numpys(shape: tuple[int, ...], keepdims: bool, data: st.DataObject) -> None:
    axes = data.draw(st.one_of(st.none(), st.sets(st.integers(-len(shape), len(shape) - 1)) if shape else st.none()))
    if axes is not None and len({axis % len(shape) for axis in axes}) < len(axes):
        return
    x = draw(shape, 3)
    chosen = None if axes is None else tuple(axes)
    wanted = np.sum(x, axis=chosen, keepdims=keepdims)
    ours = build.sum_over(leaf("x", shape), chosen, keepdims=keepdims)
    np.testing.assert_allclose(value(ours, x=x), wanted)
    assert tuple(size.number for size in ours.shape) == wanted.shape
    mean = build.mean_over(leaf("x", shape), chosen, keepdims=keepdims)
    np.testing.assert_allclose(value(mean, x=x), np.mean(x, axis=chosen, keepdims=keepdims))


def test_diagonal_trace_outer_eye_and_transpose() -> None:
    x, v = draw((3, 3), 4), draw((3,), 5)
    X, V = leaf("x", (3, 3)), leaf("v", (3,))
    np.testing.assert_allclose(value(build.trace(X), x=x), np.trace(x))
    np.testing.assert_allclose(value(build.diagonal(X), x=x), np.diag(x))
    np.testing.assert_allclose(value(build.diagonal(V), v=v), np.diag(v))
    np.testing.assert_allclose(value(build.outer(V, V), v=v), np.outer(v, v))
    np.testing.assert_allclose(value(build.eye(size_of(3))), np.eye(3))
    np.testing.assert_allclose(value(build.transpose(X), x=x), x.T)


def test_a_symbolic_size_is_never_one() -> None:
    m, n = size_of("m"), size_of("n")
    with pytest.raises(ShapeError, match=r"\(m,\) and \(n,\).*axis -1 is m in one and n in the other"):
        build.add(build.ref("a", (m,)), build.ref("b", (n,)))
    assert build.add(build.ref("a", (m, n)), build.ref("b", (n,))).shape == (m, n)


def test_errors_name_both_shapes_and_the_axis() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\) @ \(2, 3\): the last axis of the left operand is 3"):
        build.matmul(leaf("a", (2, 3)), leaf("b", (2, 3)))
    with pytest.raises(ShapeError, match=r"axis 2 does not exist in shape \(2, 3\)"):
        build.sum_over(leaf("a", (2, 3)), [2])
    with pytest.raises(ShapeError, match=r"trace needs a square matrix, not shape \(2, 3\)"):
        build.trace(leaf("a", (2, 3)))
    with pytest.raises(ShapeError, match="index 4 is out of range"):
        build.entry(leaf("a", (3,)), (3,))


# ---------------------------------------------------------------------------------------------- nodes


def test_equal_structure_is_one_object_and_operand_order_is_kept() -> None:
    a, b = build.ref("a"), build.ref("b")
    assert build.add(a, b) is build.add(a, b)
    assert build.add(a, b) is not build.add(b, a)
    assert build.mul(a, b) is not build.mul(b, a)


def test_nodes_and_sizes_survive_copy_and_pickle() -> None:
    node = build.matmul(build.ref("X", (size_of("m"), size_of("n"))), build.ref("w", (size_of("n"),)))
    assert pickle.loads(pickle.dumps(node)) is node
    assert copy.deepcopy(node) is node
    assert pickle.loads(pickle.dumps(size_of("m") * size_of("n"))) is size_of("n") * size_of("m")


def test_depth_is_no_limit() -> None:
    node = build.ref("x")
    for _ in range(20000):
        node = build.call("sin", node)
    assert len(list(topological(node))) == 20001
    assert pickle.loads(pickle.dumps(node)) is node
    assert substitute(node, {build.ref("x"): build.ref("y")}) is not node
    assert rewrite(node, with_args) is node


# ---------------------------------------------------------------------------------------------- sizes

names = st.sampled_from(["m", "n", "k"])
polynomials = st.recursive(
    st.one_of(names.map(size_of), st.integers(-3, 3).map(size_of)),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
    ),
    max_leaves=6,
)
VALUES = {"m": 5, "n": 7, "k": 11}


@given(polynomials, polynomials)
def test_sizes_are_polynomials(a: Size, b: Size) -> None:
    assert (a + b).value(VALUES) == a.value(VALUES) + b.value(VALUES)
    assert (a * b).value(VALUES) == a.value(VALUES) * b.value(VALUES)
    assert (a - b).value(VALUES) == a.value(VALUES) - b.value(VALUES)
    assert a + b is b + a
    assert a * b is b * a
    assert (a + b) * (a - b) is a * a - b * b


def test_sizes_print_as_a_person_writes_them() -> None:
    m = size_of("m")
    assert str(m + size_of(1)) == "m + 1"
    assert str(size_of(2) * m * m - size_of("n")) == "2*m**2 - n"
    assert show_shape(()) == "scalar"
    assert show_shape((m,)) == "(m,)"
    assert show_shape((m, size_of(3))) == "(m, 3)"
