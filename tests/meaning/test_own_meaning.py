r"""Names with a meaning of their own that a page defines: e, \pi, \sigma(u), \delta, dz, I, marks of derivatives."""

from __future__ import annotations

import pytest

from derive.judging.verdict import Report
from derive.verification.verify import Options, verify

NEURON = "x, y, w, b : scalar\nalpha : symbol, positive\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2\n"
VECTORS = "x : (n,)\nW : (k, n)\nb, y, v : (k,)\nz = W @ x + b\na = tanh(z)\nL = sum((a - y)**2)/2\n"
BATCH = "X : (m, n)\nW : (n, k)\nb : (k,)\nY : (m, k)\nZ = X @ W + b\nA = sigmoid(Z)\nL = sum((A - Y)**2)/(2*m)\n"
TWO = (
    "x : (n,)\nW_1 : (h, n)\nb_1 : (h,)\nW_2 : (k, h)\nb_2 : (k,)\ny : (k,)\n"
    "z_1 = W_1 @ x + b_1\na_1 = tanh(z_1)\nz_2 = W_2 @ a_1 + b_2\nL = sum((z_2 - y)**2)/2\n"
)
LAYERS = (
    "x : (n[1],)\ny : (n[L],)\nW[l] : (n[l], n[l-1])\nb[l] : (n[l],)\nf : function\na[1] = x\nfor l in 2..L:\n"
    "    z[l] = W[l] @ a[l-1] + b[l]\n    a[l] = f(z[l])\nJ = 1/2*sum((y - a[L])**2)\n"
)
SIZE = "Q, K : (n, d)\nT : (n, n)\nS = Q @ K.T / sqrt(d)\nL = sum(tanh(S)*T)\n"


def report(model: str, text: str) -> Report:
    return verify(f"```derive\n{model}```\n\n{text}", options=Options(repairs=False))


def words(model: str, *formulas: str) -> list[str]:
    text = "".join(f"$$ {formula} $$\n\n" for formula in formulas)
    return [result.verdict for result in report(model, text).results]


@pytest.mark.parametrize(
    ("model", "stated", "right", "wrong"),
    [
        (NEURON, r"e = a - y", r"\frac{\partial L}{\partial a} = e", r"\ln e = 1"),
        (NEURON, r"e = a - y", r"L = \frac12 e^2", r"a = \frac{1}{1 + e^{-z}}"),
        (NEURON, r"e = a - y", r"\exp(e) = \exp(a - y)", r"\exp(e) = e^e"),
        (NEURON, r"\pi = a - y", r"\frac{\partial L}{\partial a} = \pi", r"\cos \pi = -1"),
        (NEURON, r"\sigma(u) = \tanh u", r"\sigma'(u) = 1 - \sigma(u)^2", r"a = \sigma(z)"),
        (NEURON, r"\sigma = a(1 - a)", r"\frac{\partial a}{\partial z} = \sigma", r"a = \sigma"),
        (NEURON, r"\operatorname{relu}(u) := u^2", r"\operatorname{relu}(-2) = 4", r"\operatorname{relu}(-2) = 0"),
        (NEURON, r"d = a - y", r"\frac{\partial L}{\partial a} = d", r"\frac{\partial L}{\partial a} = -d"),
        (NEURON, r"R = a - y", r"\frac{\partial L}{\partial a} = R", r"\frac{\partial L}{\partial a} = -R"),
        (NEURON, r"T = a - y", r"\frac{\partial L}{\partial a} = T", r"x^T = x"),
        (NEURON, r"\mathbb 1 := a - y", r"\frac{\partial L}{\partial a} = \mathbb 1", r"\mathbb 1 x = x"),
        (
            NEURON,
            r"dz := a - y",
            r"\frac{\partial L}{\partial z} = dz\, a(1 - a)",
            r"\frac{\partial L}{\partial w} = dz\, x",
        ),
        (NEURON, r"\text{Let } dw = -(a - y)a(1 - a)x", r"w := w + \alpha\, dw", r"w := w - \alpha\, dw"),
        (
            NEURON,
            r"\text{Define } L_z := x",
            r"\frac{\partial z}{\partial w} = L_z",
            r"\frac{\partial L}{\partial z} = L_z",
        ),
        (NEURON, r"Z := a - y", r"\frac{\partial L}{\partial a} = Z", r"Z = w x + b"),
        (VECTORS, r"I = a - y", r"\frac{\partial L}{\partial a} = I", r"I z = z"),
        (
            VECTORS,
            r"\delta_j = (a_j - y_j) v_j",
            r"\delta_1 = v_1 (a_1 - y_1)",
            r"\frac{\partial L}{\partial b_j} = \delta_j",
        ),
        (
            VECTORS,
            r"\delta_j := \frac{\partial L}{\partial a_j}",
            r"\delta_i = a_i - y_i",
            r"\frac{\partial L}{\partial b_j} = \delta_j",
        ),
        (
            BATCH,
            r"\delta = m \frac{\partial L}{\partial Z}",
            r"\frac{\partial L}{\partial b_j} = \frac1m \sum_i \delta_{ij}",
            r"\frac{\partial L}{\partial b_j} = \sum_i \delta_{ij}",
        ),
        (
            LAYERS,
            r"\delta^{(l)} := \frac{\partial J}{\partial a^{(l)}}",
            r"\frac{\partial J}{\partial a^{(l)}} = \delta^{(l)}",
            r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)}",
        ),
        (
            LAYERS,
            r"e^{(l)} = \frac{\partial J}{\partial a^{(l)}}",
            r"\frac{\partial J}{\partial z^{(l)}} = e^{(l)} \odot f'(z^{(l)})",
            r"\frac{\partial J}{\partial b^{(l)}} = e^{(l)}",
        ),
    ],
)
def test_the_definition_of_the_page_holds(model: str, stated: str, right: str, wrong: str) -> None:
    assert words(model, stated, right, wrong) == ["definition", "true", "false"]


@pytest.mark.parametrize("said", [r"\delta \triangleq a - y", r"\delta \coloneqq a - y", r"a - y =: \delta"])
def test_every_sign_of_a_definition(said: str) -> None:
    assert words(NEURON, said, r"\frac{\partial L}{\partial a} = \delta") == ["definition", "true"]


def test_a_relation_or_another_font_defines_nothing() -> None:
    assert words(NEURON, r"\delta \le 1", r"\frac{\partial L}{\partial b} = \delta") == ["unread", "true"]
    assert words(NEURON, r"E = a - y", r"\mathbb{E}[x] = (a - y) x") == ["definition", "unread"]


def test_the_reading_shows_the_definition() -> None:
    _, used = report(NEURON, "$$ e = a - y $$\n\n$$ \\frac{\\partial L}{\\partial a} = e $$\n").results
    assert used.reading.endswith("[under e = a - y]")


@pytest.mark.parametrize(
    ("model", "formulas", "expected"),
    [
        (
            VECTORS,
            [r"\delta_j = (a_j - y_j)(1 - a_j^2)", r"\frac{\partial L}{\partial b_j} = \delta_j"],
            ["true", "true"],
        ),
        (NEURON, [r"\sigma(u) = \frac{1}{1 + e^{-u}}", r"a = \sigma(z)"], ["true", "true"]),
        (
            NEURON,
            [r"\sigma(u) = \frac{1}{1 + e^{-u}}", r"\sigma(u) := u^2", r"a = \sigma(z)"],
            ["true", "false", "true"],
        ),
        (NEURON, [r"\tanh(u) = u^2", r"\tanh(0) = 0"], ["false", "true"]),
        (NEURON, [r"\pi \approx 3.15"], ["false"]),
        (NEURON, [r"\pi = 3.15"], ["false"]),
        (NEURON, [r"e_1 = 3", r"I = 3"], ["definition", "definition"]),
        (VECTORS, [r"\mathbf 1 = 1"], ["false"]),
    ],
)
def test_what_states_the_own_meaning_is_a_claim(model: str, formulas: list[str], expected: list[str]) -> None:
    assert words(model, *formulas) == expected


def test_a_delta_that_is_not_the_derivative_is_told_and_leaves_the_page_open() -> None:
    found = report(VECTORS, "$$ \\delta_j = (a_j - y_j) v_j $$\n")
    assert found.results[0].verdict == "definition"
    assert "∂L/∂z[j]" in found.results[0].diagnosis
    assert found.exit_code == 3
    assert report(VECTORS, "$$ \\delta_j := (a_j - y_j) v_j $$\n").exit_code == 0


def test_a_delta_that_the_page_has_used_rightly_is_claimed() -> None:
    right, wrong = r"\delta_j = \frac{\partial L}{\partial z_j}", r"\delta_j = y_j - a_j"
    assert words(VECTORS, right, wrong, r"\frac{\partial L}{\partial b_j} = \delta_j") == ["true", "false", "true"]


def test_only_the_first_link_defines() -> None:
    stated = r"\delta_j = \frac{\partial L}{\partial a_j} = a_j + y_j"
    assert words(VECTORS, stated, r"\frac{\partial L}{\partial a_j} = \delta_j") == ["false", "true"]


def test_a_delta_made_of_one_of_the_page_is_one_of_the_page() -> None:
    assert words(
        TWO,
        r"\delta_2 = y - z_2",
        r"\delta_1 = (W_2^T \delta_2) \odot (1 - a_1 \odot a_1)",
        r"\frac{\partial L}{\partial W_1} = \delta_1 x^T",
        r"\frac{\partial L}{\partial W_1} = -\delta_1 x^T",
    ) == ["definition", "definition", "false", "true"]


def test_another_layer_does_not_fall_back() -> None:
    assert words(LAYERS, r"\delta^{(L)} = y - a^{(L)}", r"\frac{\partial J}{\partial b^{(l)}} = \delta^{(l)}") == [
        "definition",
        "unread",
    ]


def test_kroneckers_delta_stays() -> None:
    slope = r"\frac{\partial a_i}{\partial z_j} = \delta_{ij}(1 - a_i^2)"
    assert words(VECTORS, r"\delta_i = a_i - y_i", slope) == ["definition", "true"]


@pytest.mark.parametrize(
    "stated",
    [
        r"e = a - q",
        r"e = \frac{a - y",
        r"\text{If } x > 0, \text{ then } e = a - y",
        r"\text{approximately } e = a - y",
    ],
)
def test_what_is_not_understood_is_not_replaced_by_the_own_meaning(stated: str) -> None:
    assert words(NEURON, stated, r"\ln e = 1", r"e^{-z} = \frac1a - 1") == ["unread"] * 3


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"L_w = 7", "false"),
        (r"\bar w = 7", "false"),
        (r"\dot w = 7", "false"),
        (r"\delta_w = 7", "false"),
        (r"dw = 7", "false"),
        (r"\bar w = (a - y)a(1 - a)x", "true"),
        (r"L_w = (a - y)a(1 - a)x", "true"),
        (r"\hat w = 7", "definition"),
        (r"\bar q = 7", "definition"),
    ],
)
def test_the_mark_of_a_derivative_is_a_claim(formula: str, expected: str) -> None:
    assert words(NEURON, formula) == [expected]


def test_a_mark_that_was_shown_holds_for_other_variables() -> None:
    shown = r"\bar a = a - y", r"\bar z = \bar a\, a(1 - a)", r"\bar b = \bar z", r"\bar w = \bar z"
    assert words(NEURON, *shown) == ["true", "true", "true", "false"]
    assert words(NEURON, r"\frac{\partial L}{\partial b} = \bar z") == ["unread"]


def test_a_mean_is_no_derivative() -> None:
    centred = r"\sum_i (x_i - \bar x) = 0"
    assert words(VECTORS, r"\bar x = \frac1n \sum_i x_i", centred) == ["definition", "true"]
    assert words(NEURON, r"\bar x = 2x", r"\bar x - x = x") == ["ambiguous", "ambiguous"]


def test_a_second_definition_is_a_finding_and_leaves_both() -> None:
    used = r"\frac{\partial L}{\partial a} = e"
    assert words(NEURON, r"e := a - y", r"e := y - a", used, "e^2 = 2L") == ["definition", "false", "ambiguous", "true"]
    assert words(NEURON, r"e = a - y", r"z = 3x", used) == ["definition", "false", "true"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (r"\frac{\partial L}{\partial b} = \delta, \quad \text{where } \delta = a - y", "false"),
        (r"\frac{\partial L}{\partial a} = \delta, \quad \text{where } \delta := a - y", "true"),
        (r"L = \frac12 e^2, \qquad e = a - y", "true"),
        (r"\begin{aligned} \pi &= a - y \\ \frac{\partial L}{\partial a} &= \pi \end{aligned}", "true"),
        (r"\frac{\partial L}{\partial w} = dz\, x \quad \text{where } dz = a - y", "false"),
        (r"\text{Let } z = 3", "unread"),
    ],
)
def test_a_definition_holds_in_its_display(formula: str, expected: str) -> None:
    assert words(NEURON, formula) == [expected]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [(r"dQ = \frac{1}{\sqrt d} dS\, K", "ambiguous"), (r"dQ = \frac{2}{\sqrt d} dS\, K", "false")],
)
def test_a_declared_d_leaves_a_product_and_a_derivative(formula: str, expected: str) -> None:
    (found,) = report(SIZE, f"$$ {formula} $$\n").results
    assert found.verdict == expected


def test_an_entry_of_a_matrix_is_not_one_of_a_member_of_a_family() -> None:
    model = "K_0 : (n, n), constant\ns : scalar\nK = s*K_0\nL = sum(K*K)/2\n"
    assert words(model, r"\frac{\partial L}{\partial K_{ij}} = K_{ij}") == ["true"]
