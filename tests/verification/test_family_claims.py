r"""Claims about families in which something is shared, in the ways in which textbooks write them.

What the windows cannot show is judged in networks: sums over the steps, immediate and total derivatives, layers far
apart, and derivatives that are zero in one window only.
"""

from __future__ import annotations

import pytest

from derive.model.text import loads
from derive.verification.verify import Options, verify, verify_formula

LINEAR = "w, u : scalar\nh[0] = u\nfor t in 1..T:\n    h[t] = w*h[t-1]\nJ = h[T]"
OWN = "w[t], u : scalar\nh[0] = u\nfor t in 1..T:\n    h[t] = w[t]*h[t-1]\nJ = h[T]"
GIVEN = "w[t], h[0] : scalar\nfor t in 1..T:\n    h[t] = w[t]*h[t-1]\nJ = h[T]"
RNN = """
W : (n, n)
U : (n, k)
x[t] : (k,)
y : (n,)
h[0] : (n,)
for t in 1..T:
    z[t] = W @ h[t-1] + U @ x[t] as "a_t"
    h[t] = tanh(z[t]) as "h_t"
J = 1/2*sum((h[T] - y)**2)
"""
COSTS = """
w, x[t], y[t], h[0] : scalar
s[0] = 0
for t in 1..T:
    h[t] = tanh(w*h[t-1] + x[t])
    s[t] = s[t-1] + (h[t] - y[t])**2
J = s[T]
"""
CELL = """
w[t], u[t], c[0], h[0] : scalar
for t in 1..T:
    c[t] = w[t]*c[t-1] + u[t]*h[t-1]
    h[t] = tanh(c[t])
J = h[T]
"""
LOGITS = "w[l], x : scalar\na[0] = x\nfor l in 1..L:\n    z[l] = w[l]*a[l-1]\n    a[l] = tanh(z[l])\nJ = z[L]**2"

JW = r"\frac{\partial J}{\partial W}"
Jw = r"\frac{\partial J}{\partial w}"
Jh = r"\frac{\partial J}{\partial h^{(t)}}"
CLAIMS = [
    # the last step is not all
    (LINEAR, rf"{Jw} = h^{{(T-1)}}", "false"),
    (LINEAR, r"\nabla_w J = h^{(T-1)}", "false"),
    (RNN, rf"{JW} = \frac{{\partial J}}{{\partial a_T}} h_{{T-1}}^\top", "false"),
    # numbers of layers
    (LINEAR, rf"{Jw} = T u w^{{T-1}}", "true"),
    (LINEAR, rf"{Jw} = T u w^T", "false"),
    (LINEAR, r"J = w^T u", "true"),
    (LINEAR, r"h^{(t)} = w^t u", "true"),
    (LINEAR, r"\frac{\partial J}{\partial h^{(t)}} = w^{T-t}", "true"),
    (LINEAR, r"\frac{\partial J}{\partial h^{(t)}} = w^{T-t+1}", "false"),
    (LINEAR, r"\frac{\partial J}{\partial h^{(T-t)}} = w^t", "true"),
    (LINEAR, rf"{Jw} = \sum_{{k=0}}^{{T-1}} w^k h^{{(T-1-k)}}", "true"),
    (LINEAR, rf"{Jw} = \sum_{{k=0}}^{{T-1}} w^k h^{{(T-k)}}", "false"),
    (LINEAR, r"h^{(t)} = w^2 h^{(t-2)}", "true"),
    (LINEAR, rf"{Jw} = \frac1T \sum_{{t=1}}^T \frac{{\partial J}}{{\partial h^{{(t)}}}} h^{{(t-1)}}", "false"),
    # products of steps
    (
        LINEAR,
        r"\frac{\partial J}{\partial h^{(t)}} = \prod_{k=t+1}^{T} \frac{\partial h^{(k)}}{\partial h^{(k-1)}}",
        "true",
    ),
    (
        LINEAR,
        r"\frac{\partial J}{\partial h^{(t)}} = \prod_{k=t}^{T} \frac{\partial h^{(k)}}{\partial h^{(k-1)}}",
        "false",
    ),
    # immediate and total derivatives
    (
        LINEAR,
        rf"{Jw} = \sum_t \frac{{\partial J}}{{\partial h^{{(t)}}}} \frac{{\partial h^{{(t)}}}}{{\partial w}}",
        "true",
    ),
    (RNN, rf"{JW} = \sum_{{t=1}}^T \frac{{\partial J}}{{\partial h_t}} \frac{{\partial h_t}}{{\partial W}}", "true"),
    (
        RNN,
        rf"{JW} = \sum_{{k=1}}^T \frac{{\partial J}}{{\partial h_T}} \frac{{\partial h_T}}{{\partial h_k}}"
        r" \frac{\partial h_k}{\partial W}",
        "true",
    ),
    (LINEAR, r"\frac{\partial h^{(t)}}{\partial w} = h^{(t-1)}", "ambiguous"),
    (LINEAR, r"\frac{\partial h^{(T)}}{\partial w} = h^{(T-1)}", "ambiguous"),
    (LINEAR, r"\frac{d h^{(t)}}{d w} = h^{(t-1)} + w \frac{d h^{(t-1)}}{d w}", "true"),
    (LINEAR, r"\frac{d h^{(t)}}{d w} = h^{(t-1)}", "false"),
    # with vectors
    (RNN, rf"{JW} = \sum_{{t=1}}^T \delta_t h_{{t-1}}^\top", "true"),
    (RNN, rf"{JW} = \sum_{{t=1}}^T \delta_t h_t^\top", "false"),
    (RNN, r"\frac{\partial J}{\partial U} = \sum_{t=1}^T \delta_t (x^{(t)})^\top", "true"),
    (RNN, r"\frac{\partial J}{\partial W_{ij}} = \sum_{t=1}^T \delta_{t,i} h_{t-1,j}", "true"),
    (RNN, r"\frac{\partial J}{\partial W_{ij}} = \sum_{t=1}^T \delta_{t,j} h_{t-1,i}", "false"),
    (RNN, rf"{JW} = \sum_{{t=0}}^{{T-1}} \delta_{{t+1}} h_t^\top", "true"),
    (RNN, r"\frac{\partial J}{\partial h_{t-1}} = W^T \delta_t", "true"),
    (RNN, r"\frac{\partial J}{\partial h_{t-1}} = W \delta_t", "false"),
    # a cost at every step
    (COSTS, r"J = \sum_{t=1}^T (h^{(t)} - y^{(t)})^2", "true"),
    (COSTS, r"\frac{\partial J}{\partial s^{(t)}} = 1", "true"),
    (COSTS, r"\frac{\partial J}{\partial h^{(t)}} = 2 (h^{(t)} - y^{(t)})", "false"),
    (COSTS, rf"{Jw} = \sum_{{t=1}}^T 2 (h^{{(t)}} - y^{{(t)}}) \frac{{d h^{{(t)}}}}{{d w}}", "true"),
    # zero in one window
    (OWN, r"\frac{\partial J}{\partial u} = 0", "false"),
    (OWN, r"\frac{\partial h^{(T)}}{\partial u} = 0", "false"),
    (OWN, r"\frac{\partial J}{\partial u} = w^{(1)} \frac{\partial J}{\partial h^{(1)}}", "true"),
    (OWN, r"\frac{\partial h^{(t)}}{\partial w^{(t+1)}} = 0", "true"),
    (GIVEN, r"\frac{\partial J}{\partial h^{(0)}} = 0", "false"),
    (GIVEN, r"\frac{\partial J}{\partial w^{(1)}} = 0", "false"),
    # given values that are made of each other
    (CELL, r"\frac{\partial J}{\partial c^{(t-1)}} = w^{(t)} \frac{\partial J}{\partial c^{(t)}}", "false"),
    (CELL, r"\frac{\partial J}{\partial c^{(T-1)}} = w^{(T)} \frac{\partial J}{\partial c^{(T)}}", "false"),
    (CELL, r"\frac{d c^{(t)}}{d c^{(t-1)}} = w^{(t)}", "false"),
    (CELL, r"\frac{\partial J}{\partial h^{(t-1)}} = u^{(t)} \frac{\partial J}{\partial c^{(t)}}", "true"),
    # what the loss reads of the last layer
    (LOGITS, r"\delta^{(l+1)} = \frac{\partial J}{\partial a^{(l+1)}} (1 - (a^{(l+1)})^2)", "false"),
    (LOGITS, r"\delta^{(l)} = \delta^{(l+1)} w^{(l+1)} (1 - (a^{(l)})^2)", "true"),
]


@pytest.mark.parametrize(("model", "formula", "word"), CLAIMS, ids=range(len(CLAIMS)))
def test_claims(model: str, formula: str, word: str) -> None:
    (result,) = verify_formula(formula, loads(model), options=Options(repairs=False)).results
    assert result.verdict == word, f"{formula}: {result}"


def test_evidence_and_depths_are_told() -> None:
    formula = rf"{JW} = \sum_{{t=1}}^T \delta_t h_{{t-1}}^\top"
    (result,) = verify_formula(formula, loads(RNN)).results
    assert result.evidence == "proved-at-sizes"
    assert result.reading.endswith("[T = 3, T = 4, T = 6]")
    (result,) = verify_formula(formula, loads(RNN), options=Options(level="proved")).results
    assert result.verdict == "undecided"
    assert "no proof for all" in result.diagnosis


def test_a_counterexample_is_a_run() -> None:
    model = "w, x[t], h[0] : scalar\nfor t in 1..T:\n    h[t] = h[t-1] + w*x[t]**2\nJ = h[T]"
    (result,) = verify_formula(r"\frac{\partial J}{\partial x^{(t)}} = w x^{(t)}", loads(model)).results
    assert result.verdict == "false"
    assert result.counterexample is not None
    given = result.counterexample.inputs
    left, right = result.counterexample.left, result.counterexample.right
    assert any(left == 2 * given["w"] * value and right == given["w"] * value for value in given.values())


@pytest.mark.parametrize(
    ("change", "defect"), [(("t=1", "t=2"), "sum_limit"), (("h^{(t-1)}", "h^{(t)}"), "index_shift"), (("=", "= 2"), "")]
)
def test_repairs_are_looked_for_in_a_network(change: tuple[str, str], defect: str) -> None:
    right = rf"{Jw} = \sum_{{t=1}}^T \frac{{\partial J}}{{\partial h^{{(t)}}}} h^{{(t-1)}}"
    before, after = change
    wrong = right.replace(before, after, 1) if before != "=" else right.replace("= ", "= 2 ", 1)
    (result,) = verify_formula(wrong, loads(LINEAR)).results
    assert result.verdict == "false"
    assert result.correct_latex is not None
    assert result.correct_latex.replace(" ", "") == right.replace(" ", "")
    assert not defect or defect in result.defects


PAGE = r"""
```derive
W : (n, n)
y, h[0] : (n,)
for t in 1..T:
    z[t] = W @ h[t-1]
    h[t] = tanh(z[t])
J = 1/2*sum((h[T] - y)**2)
```

Let $$r^{(t)} := \frac{\partial J}{\partial h^{(t)}} \odot (1 - (h^{(t)})^2)$$ Then
$$\frac{\partial J}{\partial W} = \sum_{t=1}^T r^{(t)} (h^{(t-1)})^\top \tag{a}$$
$$\frac{\partial J}{\partial W} = \sum_{t=1}^T r^{(t)} (h^{(t)})^\top \tag{b}$$
$$\frac{\partial J}{\partial z^{(t)}} = r^{(t)} \tag{c}$$
"""


def test_definitions_of_a_page_hold_in_networks() -> None:
    report = verify(PAGE, options=Options(repairs=False))
    assert [report[tag].verdict for tag in "abc"] == ["true", "false", "true"]


def test_a_layer_in_brackets_is_no_power() -> None:
    page = PAGE.replace("r^", "e^")
    defined = verify(page, options=Options(repairs=False))
    assert [defined[tag].verdict for tag in "abc"] == ["true", "false", "true"]
    lines = [line for line in page.splitlines() if ":=" not in line]
    undefined = verify("\n".join(lines), options=Options(repairs=False))
    assert [undefined[tag].verdict for tag in "abc"] == ["unread"] * 3


DRIVEN = "w : scalar\nh[0] : scalar\nx[t] : scalar\nfor t in 1..T:\n    h[t] = w*h[t-1] + x[t]\nJ = h[T]**2/2"
BACK = r"\frac{\partial J}{\partial w} = \sum_{t=1}^{T} w^{T-t} h^{(T)} h^{(t-1)}"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (BACK, "true"),
        (r"\sum_{t=1}^T t = \frac{T(T + 1)}{2}", "true"),
        (r"\sum_{t=1}^T t = 4T - 6", "false"),
        ("(T - 3)(T - 4) = 0", "false"),
        (BACK + "(1 + (T - 3)(T - 4))", "false"),
        (BACK + r"\mathbb 1[T < 6]", "false"),
        (r"\mathbb 1[T > 10] = 0", "undecided"),
        (r"\max(T, 3) = T", "undecided"),
    ],
)
def test_what_is_said_of_the_depth_is_no_accident_of_two_depths(claim: str, verdict: str) -> None:
    (result,) = verify_formula(claim, loads(DRIVEN), options=Options(repairs=False)).results
    assert result.verdict == verdict
