"""Every registered operation: emitted value and gradients against the interpreter, in ordinary and odd positions."""

import numpy as np
import pytest

import derive.ops  # noqa: F401  (registers the operations)
from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration
from derive.ir.node import topological
from derive.ir.size import size_of
from derive.ops.evaluate import Evaluator
from derive.ops.record import Elementwise, all_records
from derive.ops.sympy_bridge import has_formula

RNG = np.random.default_rng(3)
RECORDS = [record for record in all_records() if isinstance(record, Elementwise)]
TENSORS = [
    (record.name, k, sample)
    for record in all_records()
    if not isinstance(record, Elementwise)
    for k, sample in enumerate(record.samples)
]
SIZES = {"m": 3, "n": 4, "k": 5}


def graph_of(inputs, lines):
    graph = ComputationGraph("sample", {name: Declaration(name, "input", shape) for name, shape in inputs.items()})
    for name, define in lines:
        graph = graph.with_binding(Binding(name, define(graph.ref)))
    return graph.with_loss(lines[-1][0])


def compare(graph, values, sizes, wrt=None, rtol=1e-11):
    derivation = backprop(graph)
    value, gradient = lambdify(derivation, wrt=wrt)(**values)
    expected = Evaluator(values, sizes).run(derivation.gradient)
    np.testing.assert_allclose(value, expected.values[graph.loss], rtol=rtol)
    for name, got in gradient.items():
        adjoint = derivation.steps[name].adjoint
        want = expected.values.get(adjoint, np.zeros(np.shape(values.get(name, got))))
        assert np.shape(got) == np.shape(want), name
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_elementwise(record):
    n = size_of("n")
    names = [f"u_{k}" for k in range(record.arity)]
    graph = graph_of(
        {**dict.fromkeys(names, (n,)), "v": (n,)},
        [
            ("y", lambda r: build.call(record.name, *map(r, names))),
            ("L", lambda r: build.sum_over(build.mul(r("v"), r("y")))),
        ],
    )
    points = np.array(record.samples).T
    values = dict(zip(names, points, strict=True))
    orders = [tuple(int(j == k) for j in range(record.arity)) for k in range(record.arity)]
    wrt = ["v", *(name for name, order in zip(names, orders, strict=True) if has_formula(record, order))]
    compare(graph, {**values, "v": RNG.normal(size=points.shape[1])}, {"n": points.shape[1]}, wrt)


@pytest.mark.parametrize(("name", "k", "sample"), TENSORS, ids=[f"{name}-{k}" for name, k, _ in TENSORS])
def test_tensor(name, k, sample):
    node = sample()
    leaves = {n.name: n.shape for n in topological(node) if n.op == "ref"}
    graph = graph_of(
        {**leaves, "v": node.shape},
        [("y", lambda r: node), ("L", lambda r: build.sum_over(build.mul(r("v"), r("y"))))],
    )
    values = {
        n: RNG.normal(size=[size.value(SIZES) for size in shape]) for n, shape in {**leaves, "v": node.shape}.items()
    }
    compare(graph, values, SIZES, rtol=1e-9)


CONTRACTIONS = [
    (((0, 1), (1, 2)), (0, 2)),  # A B
    (((1, 0), (1, 2)), (0, 2)),  # A^T B
    (((0, 1), (2, 1)), (2, 0)),  # B A^T
    (((0,), (0,)), ()),
    (((0,), (1,)), (1, 0)),
    (((0, 1), (1,)), (0,)),
    (((0, 1), (0,)), (1,)),
    (((0, 1), (0, 1)), ()),
    (((0, 1), (1, 0)), ()),
    (((0, 1), (0, 1)), (1,)),
    (((0, 0),), ()),
    (((0, 0),), (0,)),
    (((0,),), (0, 0)),
    (((0, 0), (0, 1)), (1, 0)),
    (((0, 1, 2), (0, 2, 3)), (0, 1, 3)),  # batched
    (((0, 1, 2), (0, 3, 2)), (0, 1, 3)),
    (((0, 1, 2), (2, 3)), (0, 1, 3)),
    (((0, 1, 2), (0, 1, 3)), (2, 3)),
    (((0, 1, 2), (0, 2)), (0, 1)),
    (((0, 1, 2), (1, 0, 3)), (3, 1, 2)),
    (((0, 1), (0, 2), (0, 3)), (1, 2, 3)),
    (((0,), (0, 1), (1, 2), (2,)), ()),
    (((0, 1), (1, 2), (2, 3)), (3, 0)),
    (((0, 1), (0,), (1,)), (0, 1)),
    (((0, 1),), (1,)),
    (((0, 1, 2),), (2, 0)),
    (((0, 1),), (2, 1, 0)),
    (((), (0, 1)), (1, 0)),
    (((0, 1), (2,)), (1, 2)),
]


@pytest.mark.parametrize(("ins", "out"), CONTRACTIONS, ids=str)
def test_contraction(ins, out):
    axes = [size_of(s) for s in ("m", "n", "k", 2)]
    sizes = {"m": 3, "n": 4, "k": 5}
    shapes = {f"a_{k}": tuple(axes[x] for x in labels) for k, labels in enumerate(ins)}
    result = tuple(axes[x] for x in out)
    graph = graph_of(
        {**shapes, "v": result},
        [
            ("y", lambda r: build.contract(ins, out, [r(f"a_{k}") for k in range(len(ins))], result)),
            ("L", lambda r: build.sum_over(build.mul(r("v"), r("y")))),
        ],
    )
    values = {n: RNG.normal(size=[size.value(sizes) for size in shape]) for n, shape in {**shapes, "v": result}.items()}
    compare(graph, values, sizes)
    compare(graph, values, sizes, wrt=["y"])
