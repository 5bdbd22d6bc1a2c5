"""Every matrix form that `solve` finds has the value of the contraction it stands for."""

from __future__ import annotations

import random

import numpy as np
import pytest

from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import size_of
from derive.notation.flattening import flatten
from derive.notation.matrix_algebra import (
    Circle,
    Diagonal,
    Identity,
    Leaf,
    MatrixProduct,
    NoMatrixForm,
    Ones,
    RowSum,
    Term,
    Trace,
    Turned,
)
from derive.notation.solve import solve
from derive.ops.evaluate import Evaluator

SIZES = {"m": 2, "n": 3, "k": 4, "p": 5}


def matrix(term: Term, value) -> np.ndarray:
    """The value of a term, a vector as a column."""
    match term:
        case Leaf(node):
            array = np.asarray(value(node))
            return array.reshape(-1, 1) if array.ndim == 1 else array.reshape(1, 1) if array.ndim == 0 else array
        case Turned(inner):
            return matrix(inner, value).T
        case MatrixProduct(factors):
            product = matrix(factors[0], value)
            for factor in factors[1:]:
                product = product @ matrix(factor, value)
            return product
        case Circle(factors):
            product = matrix(factors[0], value)
            for factor in factors[1:]:
                assert product.shape == matrix(factor, value).shape
                product = product * matrix(factor, value)
            return product
        case Diagonal(inner, of_matrix):
            array = matrix(inner, value)
            assert of_matrix or array.shape[1] == 1
            return np.diag(array).reshape(-1, 1) if of_matrix else np.diag(array[:, 0])
        case Trace(inner):
            return np.trace(matrix(inner, value)).reshape(1, 1)
        case Ones(size):
            return np.ones((size.value(SIZES), 1))
        case Identity(size):
            return np.eye(size.value(SIZES))
        case RowSum(inner):
            return matrix(inner, value).sum(axis=0).reshape(-1, 1)
    raise AssertionError(term)


def random_contraction(rng: random.Random) -> Node:
    """Up to four operands of at most two axes, some of them contractions themselves."""
    names = rng.sample(list(SIZES), 3) + ([1] if rng.random() < 0.3 else [])
    sizes = [size_of(names[rng.randrange(len(names))]) for _ in range(4)]
    ins, args = [], []
    for k in range(rng.randint(1, 4)):
        labels = tuple(rng.choice(range(4)) for _ in range(rng.randint(0, 2)))
        shape = tuple(sizes[label] for label in labels)
        arg = build.ref(f"{'xyzw'[k]}{len(shape)}", shape)
        if len(shape) == 2 and rng.random() < 0.3:
            arg = build.transpose(build.ref(f"t{k}", shape[::-1]))
        if rng.random() < 0.2:
            arg = build.neg(arg)
        ins.append(labels)
        args.append(arg)
    out = tuple(rng.choice(range(4)) for _ in range(rng.randint(0, 2)))
    return build.contract(ins, out, args, tuple(sizes[label] for label in out))


@pytest.mark.parametrize("seed", range(600))
def test_the_matrix_form_has_the_same_value(seed: int) -> None:
    rng = random.Random(seed)
    node = random_contraction(rng)
    flat = flatten(node, divide=True)
    try:
        solved = solve(flat)
    except NoMatrixForm:
        return
    numbers = np.random.default_rng(seed)
    values = {leaf.name: numbers.normal(size=[size.value(SIZES) for size in leaf.shape]) for leaf in _refs(node)}
    evaluator = Evaluator(values, SIZES)
    expected = np.asarray(evaluator.value(node))
    result = np.asarray(-1.0 if flat.minus else 1.0)
    for scalar in solved.scalars:
        part = matrix(scalar, evaluator.value)
        assert part.shape == (1, 1)
        result = result * part[0, 0]
    if solved.term is not None:
        result = result * matrix(solved.term, evaluator.value)
    assert np.allclose(result.reshape(expected.shape), expected), (node, node.args, solved)


def _refs(node: Node) -> list[Node]:
    from derive.ir.node import topological

    return [below for below in topological(node) if below.op == "ref"]
