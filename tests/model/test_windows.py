"""A loss at each step: the sum over all layers in the windows of a family, and in a network of some depth."""

import numpy as np
import pytest

import derive
from derive.errors import DeriveError, ModelError
from derive.model import instance, loads
from derive.ops.evaluate import Evaluator

STEPS = """\
w : scalar
v : scalar
x[t] : scalar
h[0] : scalar
for t in 1..T:
    h[t] = tanh(w*h[t-1] + x[t])
    e[t] = (v*h[t] - x[t])**2
"""
LOSS = "J = sum(e[t] for t in 1..T)"


def test_a_network_has_every_term():
    graph = instance(loads(f"{STEPS}{LOSS}"), 3)
    values = {"w": 0.3, "v": -0.4, "h[0]": 0.1, "x[1]": 0.5, "x[2]": -0.2, "x[3]": 0.7}
    point = Evaluator({name: np.array(value) for name, value in values.items()}, {}).run(graph)
    h, total = 0.1, 0.0
    for t in (1, 2, 3):
        h = np.tanh(0.3 * h + values[f"x[{t}]"])
        total += (-0.4 * h - values[f"x[{t}]"]) ** 2
    assert point.value(graph.ref("J")) == pytest.approx(total, rel=1e-14)
    assert loads(f"{STEPS}{LOSS}".replace("1..T", "1..3")).bindings["J"].node is graph.bindings["J"].node


def test_windows_are_given_what_they_do_not_show():
    family = loads(f"{STEPS}{LOSS}").family
    assert family.sums == {"sum_e": "e"}
    assert "sum_e[t-1]" in family.interior.inputs
    assert "sum_e[T-1]" in family.last.inputs
    assert not any(name.startswith("sum_e") for name in family.first.inputs)


@pytest.mark.parametrize(
    "head",
    [
        LOSS,
        "J = sum(e[t] for t in 1..T)/2 + v**2",
        "E = sum(e[t] for t in 1..T)\nJ = log(E)",
        "J = sum(e[t] for t in 1..T) + h[T]**2",
        "J = w*sum( e [t]  for t in 1 .. T ) - sum(h[t] for t in 1..T)",
    ],
)
def test_every_window_and_network_is_right(head):
    assert derive.loads(STEPS + head).check(points=1).verdict == "true"


def test_the_recursion_has_both_terms():
    shown = derive.loads(f"{STEPS}{LOSS}").backprop().unicode()
    assert "∂J/∂h⁽ᵗ⁾ = ∂J/∂e⁽ᵗ⁾ · ∂e⁽ᵗ⁾/∂h⁽ᵗ⁾ + ∂J/∂h⁽ᵗ⁺¹⁾ · ∂h⁽ᵗ⁺¹⁾/∂h⁽ᵗ⁾" in shown
    assert "∂J/∂v = ∑ₜ₌₁ᵀ 2 (v h⁽ᵗ⁾ − x⁽ᵗ⁾) h⁽ᵗ⁾" in shown


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("J = sum(e[t] for t in 2..T)", "other layers"),
        ("J = sum(e[t] for s in 1..T)", "cannot read the sum over layers"),
        ("J = sum(z[t] for t in 1..T)", "not defined in the layers"),
        ("J = sum(e[t]**2 for t in 1..T)", "'for' has no meaning"),
        ("J = log(sum(e[t] for t in 1..T))", "depends on the sum over layers"),
    ],
)
def test_errors_say_how_to_write_it(head, words):
    with pytest.raises(ModelError, match=words) as caught:
        loads(STEPS + head)
    assert caught.value.span is not None
    assert caught.value.hint is not None


def test_terms_of_a_family_are_scalars():
    text = "W : (d, d)\nh[0] : (d,)\nfor t in 1..T:\n    h[t] = W @ h[t-1]\ns = sum(h[t] for t in 1..T)\nJ = sum(s)"
    with pytest.raises(DeriveError, match="takes scalars"):
        loads(text)
    assert loads(text.replace("1..T", "1..3")).shape("s") == loads(text.replace("1..T", "1..3")).shape("h[1]")
