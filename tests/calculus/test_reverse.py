"""The work of a derivation, counted in calls: so many for a layer, whatever the depth."""

from derive.calculus.reverse import backprop
from derive.model import loads
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
