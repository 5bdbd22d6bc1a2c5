"""The work of a derivation, counted in calls: so many for a layer, whatever the depth."""

import numpy as np

from derive.calculus.reverse import backprop
from derive.model import loads
from derive.ops.evaluate import Evaluator
from tests.effort import effort


def network(depth: int) -> str:
    """A matrix network whose layers have sizes of their own."""
    lines = ["A_0 : (m, n_0)", f"Y : (m, n_{depth})"]
    for k in range(1, depth + 1):
        lines += [f"W_{k} : (n_{k - 1}, n_{k})", f"b_{k} : (n_{k},)"]
        lines += [f"Z_{k} = A_{k - 1} @ W_{k} + b_{k}", f"A_{k} = sigmoid(Z_{k})"]
    return "\n".join([*lines, f"L = sum((A_{depth} - Y)**2) / (2*m)"])


def test_from_text_to_all_adjoints_a_layer_costs_the_same_at_every_depth():
    backprop(loads(network(2)))  # fills the caches of derivatives
    work = {depth: effort(lambda depth=depth: backprop(loads(network(depth)))) for depth in (8, 64, 512)}
    layer = (work[64] - work[8]) / 56
    assert layer < 1_300  # four lines of text and five adjoints; about 1,120 when this was written
    assert work[512] - work[64] < 1.02 * 448 * layer


def test_the_identity_as_an_exponent_is_no_repeated_number() -> None:
    graph = loads("A : (n, n)\nL = sum(A**eye(n))")
    A = np.array([[2.0, 3.0], [5.0, 7.0]])
    point = Evaluator({"A": A}, {"n": 2}).run(backprop(graph).gradient)
    assert abs(point.values["L"] - (2 + 1 + 1 + 7)) < 1e-12
    np.testing.assert_allclose(point.values["∂L/∂A"], np.eye(2), atol=1e-15)


def test_a_sum_as_an_exponent_is_summed() -> None:
    graph = loads("a : scalar\nL = a**sum(ones(3))")
    point = Evaluator({"a": np.array(2.0)}, {}).run(backprop(graph).gradient)
    np.testing.assert_allclose([point.values["L"], point.values["∂L/∂a"]], [8, 12])
