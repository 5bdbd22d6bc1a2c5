r"""Members as functions of values on the way: z = x^2 - 20 need not be positive for a claim about max(z, 0) to hold."""

from __future__ import annotations

import pytest

from derive.equality.cuts import cuts
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

NEURON = """
x, v, c : scalar
z = x**2 - 20
a = where(abs(z) <= 1, z**2/2, abs(z) - 0.5)
q = v*a + c
h = where(q < 1, 1 - q, 0)
r = v*x - c
s = maximum(1 - r, 0)
L = h*s
"""


def word(model: str, latex: str) -> str:
    (result,) = verify_formula(latex, loads(model), options=Options(repairs=False)).results
    return result.verdict


@pytest.mark.parametrize(
    ("left", "right", "inputs"),
    [
        ("h", "s", [["q", "r"]]),  # both are members: their lines are opened
        ("q", "r", [["a"], ["z"]]),  # a has a condition of its own
        ("L", "h", [["q", "s"], ["q", "r"]]),
    ],
)
def test_what_becomes_an_input(left: str, right: str, inputs: list[list[str]]) -> None:
    graph = loads(NEURON)
    found = list(cuts(graph.ref(left), graph.ref(right), graph))
    assert [sorted(set(cut.declarations) - set(graph.declarations)) for _, _, cut in found] == inputs
    assert all(not set(names) & set(cut.bindings) for (_, _, cut), names in zip(found, inputs, strict=True))


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{\partial L}{\partial q} = -\mathbb{1}[q < 1] s", "true"),
        (r"\frac{\partial L}{\partial q} = -\mathbb{1}[q < 2] s", "false"),
        (r"\frac{\partial L}{\partial z} = -\mathbb{1}[q < 1] s v z \mathbb{1}[|z| \le 1] - \mathbb{1}[q < 1]"
         r" s v \operatorname{sign}(z) \mathbb{1}[|z| > 1]", "true"),
        (r"\frac{\partial L}{\partial z} = -\mathbb{1}[q < 1] s v z \mathbb{1}[|z| < 1] - \mathbb{1}[q < 1]"
         r" s v \operatorname{sign}(z) \mathbb{1}[|z| > 1]", "undecided"),  # 0 at |z| = 1, for an x that is no fraction
        (r"\frac{\partial L}{\partial z} = -\mathbb{1}[q < 1] s v z", "false"),
    ],
)  # fmt: skip
def test_conditions_are_met_in_the_values_that_they_are_asked_of(claim: str, verdict: str) -> None:
    assert word(NEURON, claim) == verdict


def test_what_differs_only_at_values_that_no_input_gives_is_not_false() -> None:
    model = "x : scalar\nz = x**2 - 1/2\na = maximum(z, -1)\nL = a"
    assert word(model, "a = z") == "true"  # z > -1 for every x
    assert word(model, r"a = \max(z, -3)") != "false"
    assert word(model, r"a = \max(z, 0)") == "false"


@pytest.mark.parametrize("claim", [r"a = \max(z, 0)", r"\frac{\partial L}{\partial z} = y \mathbb{1}[z > 0]"])
def test_what_is_negative_by_declaration_bounds_what_it_multiplies(claim: str) -> None:
    model = "x, y : scalar\nw : scalar, in (-inf, 0)\nb : scalar, in (-2, 5)\nz = w*x**2 + b\n"
    assert word(model + "a = minimum(maximum(z, 0), 6)\nL = a*y", claim) == "true"
    assert word(model + "a = minimum(maximum(z, 0), 4)\nL = a*y", claim) == "false"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\sqrt{g(a)^2} = |g(a)|", "true"),
        (r"\sqrt{g(g(a))^2} = |g(g(a))|", "true"),
        (r"\sqrt{g(a)^2} = g(a)", "false"),
        (r"\sqrt{g'(a)^2} = |g'(a)|", "true"),
        (r"\max(g(a), g(b)) = g(\max(a, b))", "false"),
    ],
)
def test_values_of_unknown_functions_are_inputs(claim: str, verdict: str) -> None:
    assert word("g : function\na, b : scalar\nL = g(a*b)", claim) == verdict
