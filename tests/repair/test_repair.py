"""Diagnosis by repair: one wrong formula for each kind of mistake, its key, and what it becomes."""

from __future__ import annotations

import pytest

from derive.ir.graph import ComputationGraph
from derive.judging.claim_judge import judge as judge_claim
from derive.judging.defects import DEFECTS
from derive.judging.reader import Reader
from derive.judging.verdict import Verdict
from derive.meaning.context import Context
from derive.model.load import load
from derive.model.text import loads
from derive.repair.layer_range import at_layer
from derive.repair.search import repair
from derive.repair.table import KINDS, candidates
from derive.repair.variants import MOST_WORK, Bench, Budget, balanced
from derive.repair.vocabulary import vocabulary
from derive.verification.verify import verify, verify_formula

NETWORK = loads(
    "X : (m, n_0)\nW_1 : (n_0, n_1)\nb_1 : (n_1,)\nW_2 : (n_1, n_2)\nb_2 : (n_2,)\nY : (m, n_2)\n"
    "sigma : function = sigmoid\nZ_1 = X @ W_1 + b_1\nA_1 = sigma(Z_1)\nZ_2 = A_1 @ W_2 + b_2\n"
    "L = sum((Z_2 - Y)**2)/(2*m)\n"
)


def judge(formula: str, model: str | ComputationGraph = "two_layer_scalar") -> Verdict:
    graph = load(model) if isinstance(model, str) else model
    return verify_formula(formula, graph).results[0]


SCALAR = [
    ("wrong_sign", r"\frac{\partial L}{\partial z_2} = -(a_2 - y)", r"\frac{\partial L}{\partial z_2} = (a_2 - y)"),
    ("wrong_sign", r"\frac{\partial L}{\partial z_2} = a_2 + y", r"\frac{\partial L}{\partial z_2} = a_2 - y"),
    ("extra_factor", r"\frac{\partial L}{\partial w_2} = \frac{1}{2} (a_2 - y) a_1", None),
    ("missing_factor", r"\frac{\partial L}{\partial w_1} = (a_2 - y) w_2 x", None),
    (
        "missing_factor",
        r"\frac{\partial L}{\partial a_1} = \frac{\partial L}{\partial a_2}\frac{\partial z_2}{\partial a_1}",
        None,
    ),
    ("missing_prime", r"\frac{\partial L}{\partial z_1} = (a_2 - y) w_2 \sigma(z_1)", None),
    (
        "missing_partial",
        r"\frac{\partial L}{\partial b_2} = \frac{\partial L}{\partial z_2}\frac{z_2}{b_2}",
        r"\frac{\partial L}{\partial b_2} = \frac{\partial L}{\partial z_2}\frac{\partial z_2}{\partial b_2}",
    ),
    ("wrong_operand", r"z_2 = w_2 x + b_2", r"z_2 = w_2 a_1 + b_2"),
    ("missing_brackets", r"\frac{\partial L}{\partial w_2} = a_2 - y a_1", None),
    ("wrong_index", r"a_2 = \sigma(z_1)", None),
]


@pytest.mark.parametrize(("key", "formula", "repaired"), SCALAR)
def test_one_slip_of_a_scalar_formula(key: str, formula: str, repaired: str | None) -> None:
    verdict = judge(formula)
    assert verdict.verdict == "false"
    assert key in verdict.defects, verdict.diagnosis
    assert verdict.correct_latex is not None
    assert judge(verdict.correct_latex).verdict == "true"
    if repaired is not None:
        assert "".join(verdict.correct_latex.split()) == "".join(repaired.split())


MATRIX = [
    ("transposed", r"\frac{\partial L}{\partial W_2} = A_1 \frac{\partial L}{\partial Z_2}"),
    ("operand_order", r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial Z_2} A_1^\top"),
    ("missing_factor", r"\frac{\partial L}{\partial Z_2} = Z_2 - Y"),
    ("wrong_operand", r"\frac{\partial L}{\partial Z_1} = \frac{\partial L}{\partial A_1} \odot \sigma'(A_1)"),
    ("missing_sum", r"\frac{\partial L}{\partial (b_2)_j} = \frac{\partial L}{\partial (Z_2)_{ij}}"),
    (
        "index_order",
        r"\frac{\partial L}{\partial (A_1)_{ij}} = \sum_k \frac{\partial L}{\partial (Z_2)_{ik}} (W_2)_{kj}",
    ),
    ("missing_square", r"L = \frac{1}{2m} \|Z_2 - Y\|"),
]


@pytest.mark.parametrize(("key", "formula"), MATRIX)
def test_one_slip_of_a_matrix_formula(key: str, formula: str) -> None:
    verdict = judge(formula, NETWORK)
    assert verdict.verdict == "false"
    assert key in verdict.defects, verdict.diagnosis
    assert verdict.correct_latex is not None
    assert judge(verdict.correct_latex, NETWORK).verdict == "true"


LAYERS = [
    ("index_shift", r"\delta^{(l)} = f'(z^{(l)}) \odot W^{(l)}\delta^{(l+1)}", "mlp_L_source_first"),
    (
        "sum_limit",
        r"\delta^{(l)}_i = f'(z^{(l)}_i)\sum^{n_l+1}_{j=1}\delta^{(l+1)}_{j}w^{(l+1)}_{ij}",
        "mlp_L_source_first",
    ),
    ("scope", r"\delta^{(l)}_i = -(y_i-a^{(l)}_i)f'(z^{(l)}_i)", "mlp_L_source_first"),
    ("shape_mismatch", r"\delta^{(l)}_i = f'(z^{(l)}_i)\odot (W^{(l+1)})^T\delta^{(l+1)}", "mlp_L_dest_first"),
]


@pytest.mark.parametrize(("key", "formula", "model"), LAYERS)
def test_one_slip_of_a_formula_about_layers(key: str, formula: str, model: str) -> None:
    verdict = judge(formula, model)
    assert verdict.verdict == "false"
    assert key in verdict.defects, verdict.diagnosis
    assert verdict.correct_latex is not None
    assert judge(verdict.correct_latex, model).verdict == "true"


def test_two_faults_are_both_named() -> None:
    verdict = judge(r"\frac{\partial J}{w^{(L)}_{ij}} = \delta^{(L)}_ia^{(L-1)}_i", "mlp_L_source_first")
    assert verdict.defects == ("missing_partial", "wrong_index")


def test_the_lost_path_is_named() -> None:
    formula = r"\frac{\partial C}{\partial a} = \frac{\partial C}{\partial z'}\frac{\partial z'}{\partial a}"
    verdict = judge(formula, "lee_neuron")
    assert verdict.defects == ("missing_term",)
    assert "z''" in verdict.diagnosis


def test_a_repair_never_copies_the_other_side() -> None:
    formula = r"\frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial z_2}"
    repaired = judge(formula).correct_latex
    assert repaired is not None
    left, right = repaired.split("=")
    assert left.strip() != right.strip()


def test_what_is_too_far_off_gets_no_repair() -> None:
    verdict = judge(r"\frac{\partial L}{\partial w_1} = y^3 + 7 x^2 - b_1 w_2")
    assert verdict.verdict == "false"
    assert verdict.correct_latex is None
    assert "no small repair" in verdict.diagnosis


def test_the_rest_of_the_display_stays_as_it_is() -> None:
    verdict = judge(r"a_1 = \sigma(z_1), \qquad z_2 = w_2 x + b_2")
    assert verdict.correct_latex == r"a_1 = \sigma(z_1), \qquad z_2 = w_2 a_1 + b_2"


def test_every_key_is_on_the_list() -> None:
    for formula in (row[1] for row in SCALAR):
        assert set(judge(formula).defects) <= set(DEFECTS)


def test_a_member_in_braces_is_widened_to_them() -> None:
    source = r"a = {\sigma } (z)"
    start = source.index(r"\sigma")
    assert source[slice(*balanced(source, (start, len(source))))] == r"{\sigma } (z)"


def test_a_letter_is_replaced_where_it_stands_alone() -> None:
    assert at_layer(r"\delta^{(l)}_i \log l", "l", "L") == r"\delta^{(L)}_i \log L"


LOST = [
    (
        "missing_factor",
        r"\frac{dL}{d(W_1)_{pq}} = \frac{1}{m} \sum_{s=1}^m \sum_{t=1}^{n_2} X_{sp} (W_2)_{qt} \sigma'((Z_1)_{sq})",
        r"\frac{dL}{d(W_1)_{pq}} = \frac{1}{m} \sum_{s=1}^m \sum_{t=1}^{n_2} X_{sp} ((Z_2)_{st} - Y_{st}) (W_2)_{qt}"
        r" \sigma'((Z_1)_{sq})",
    ),
    ("missing_factor", r"\frac{\partial L}{\partial A_1} = W_2^T", None),
    ("missing_term", r"Z_1 = b_1", r"Z_1 = X W_1 + b_1"),
    ("missing_term", r"(Z_1)_{pq} = (b_1)_q", r"(Z_1)_{pq} = \sum_{k=1}^{n_0} X_{pk} (W_1)_{kq} + (b_1)_q"),
]


@pytest.mark.parametrize(("key", "formula", "repaired"), LOST)
def test_what_is_lost_is_read_off_the_derivation(key: str, formula: str, repaired: str | None) -> None:
    verdict = judge(formula, NETWORK)
    assert key in verdict.defects, verdict.diagnosis
    assert verdict.correct_latex is not None
    assert judge(verdict.correct_latex, NETWORK).verdict == "true"
    if repaired is not None:
        assert "".join(verdict.correct_latex.split()) == "".join(repaired.split())


QUADRATIC = loads("A : (n, n)\nS : (n, n), symmetric\nx : (n,)\nX : (n, k)\nJ = sum(x**2)\n")


def test_a_matrix_taken_for_symmetric() -> None:
    verdict = judge(r"\frac{\partial x^\top A x}{\partial x} = 2 A x", QUADRATIC)
    assert verdict.defects == ("missing_term",)
    assert judge(r"\frac{\partial x^\top S x}{\partial x} = 2 S x", QUADRATIC).verdict == "true"
    assert judge(r"\frac{\partial x^\top S x}{\partial x} = S x", QUADRATIC).defects == ("missing_factor",)


def test_a_bracket_that_a_sum_or_a_call_lost() -> None:
    lost = judge(
        r"\frac{\partial L}{\partial (A_1)_{ij}} = \frac{1}{m} \sum_{k=1}^{n_2} (Z_2)_{ik} - Y_{ik} (W_2)_{jk}", NETWORK
    )
    assert lost.defects == ("missing_brackets",)
    assert judge(r"A_1 = \sigma(X W_1) + b_1", NETWORK).defects == ("missing_brackets",)


def test_either_of_two_places_of_an_index_may_be_wrong() -> None:
    formula = r"z^{(l)}_i = \sum_{j=1}^{n_{l-1}} W^{(l-1)}_{ji} a^{(l-1)}_j + b^{(l)}_i"
    assert judge(formula, "mlp_L_source_first").defects == ("index_shift",)


def test_scripts_that_come_out_of_a_macro_do_not_end_the_search() -> None:
    model = "u, v : (d,)\ns = u @ v\nJ = -log(sigmoid(s))\n"
    page = "```derive\n" + model + "```\n\n\\newcommand{\\T}{^{\\top}}\n\n"
    result = verify(page + r"$$ \frac{\partial J}{\partial u} = (\sigma(u\T v) - 1) u $$").results[0]
    assert result.correct_latex == r"\frac{\partial J}{\partial u} = (\sigma(u\T v) - 1) v"
    assert result.defects == ("wrong_operand",)


SCENES = [
    (r"\frac{\partial L}{\partial W_2} = 2 \frac{\partial L}{\partial A_1} A_1^T (Z_2 - Y)^2 + b_2", NETWORK),
    (r"\frac{\partial L}{\partial (W_1)_{ij}} = \sum_{k=1}^m X_{ki} \sigma(Z_{kj}) - \frac{W_1}{m}", NETWORK),
    (r"\|X\|_F = \sqrt{x^T A^{-1} x} + a_1 + a_2 + \cdots + a_n", QUADRATIC),
]


@pytest.mark.parametrize(("formula", "model"), SCENES)
def test_every_kind_of_edit_keeps_to_its_line_of_the_table(formula: str, model: ComputationGraph) -> None:
    reader = Reader(Context(model))
    _, claims = reader(formula)
    bench = Bench(reader, formula, 0, claims[0].statement, vocabulary(model), Budget(1e9))
    for member in range(bench.count):
        scene = bench.scene(member)
        made = list(candidates(scene))
        costs = [edit.cost for edit in made]
        assert costs == sorted(costs)
        for kind in KINDS:
            for edit in kind.make(scene):
                assert edit.cost >= kind.least - 1e-9, (kind, edit)
                assert edit.defect in kind.keys, (kind, edit)


FORM = loads("x : (n,)\nA : (n, n)\nL = x @ A @ x\n")
SYMMETRIC = loads("a, b : (n,)\nX : (n, n), symmetric\nL = a @ X @ b\n")
CENTRED = loads("x : (n,)\nm = x - mean(x)\nJ = sum(m**3)\n")


@pytest.mark.parametrize(
    ("formula", "model"),
    [
        (r"\frac{\partial m}{\partial x} = 1", CENTRED),
        (r"\frac{dJ}{dm} = 2 m", CENTRED),
        (r"\frac{\partial L}{\partial a} = 1", loads("a : scalar\nL = maximum(a + 1, 0)\n")),
        (r"\frac{\partial L}{\partial a} = 1", loads("a, b : scalar\nL = a*b + tanh(a)\n")),
    ],
)
def test_no_repair_puts_the_left_side_into_the_right_one(formula: str, model: ComputationGraph) -> None:
    repaired = judge(formula, model).correct_latex or "= "
    left = formula.partition(" = ")[0].replace(r"\partial ", "d")
    assert left not in repaired.partition(" = ")[2].replace(r"\partial ", "d")


def test_no_repair_takes_a_term_from_itself() -> None:
    model = loads("x, y : (n,)\nL = maximum(0, 1 - sum((x - y)**2))\n")
    result = judge(r"\frac{\partial L}{\partial x} = -2(x - y)", model)
    assert result.verdict == "false"
    assert "(x - y)" in (result.correct_latex or "(x - y)")


def test_no_repair_makes_a_column_multiply_a_matrix_from_the_left() -> None:
    result = judge(r"\frac{\partial L}{\partial x} = x^\top (A + A^\top)", FORM)
    assert result.verdict == "false"
    assert result.correct_latex == r"\frac{\partial L}{\partial x} = \left(x^\top (A + A^\top)\right)^\top"


@pytest.mark.parametrize(
    ("formula", "setting"),
    [
        (r"\frac{\partial L}{\partial X} = \frac12 (a b^\top + b a^\top)", "(G + Gᵀ)/2"),
        (r"\frac{\partial L}{\partial X} = a b^\top + b a^\top - \mathrm{diag}(a \odot b)", "G + Gᵀ - diag(G)"),
    ],
)
def test_another_meaning_of_a_derivative_by_a_symmetric_matrix_is_told(formula: str, setting: str) -> None:
    result = judge(formula, SYMMETRIC)
    assert (result.verdict, result.correct_latex) == ("false", None)
    assert setting in result.diagnosis
    assert any(setting in told for told in result.by_convention)


@pytest.mark.parametrize("right", [r"a a^\top", r"b a^\top", r"a b^\top + b a^\top", r"\frac12 (a a^\top + b b^\top)"])
def test_a_mistake_beside_a_symmetric_matrix_is_no_convention(right: str) -> None:
    result = judge(rf"\frac{{\partial L}}{{\partial X}} = {right}", SYMMETRIC)
    assert result.verdict == "false"
    assert not result.by_convention


def test_a_derivative_by_a_symmetric_matrix_states_its_convention() -> None:
    report = verify_formula(r"\frac{\partial L}{\partial X} = a b^\top", SYMMETRIC)
    assert report.results[0].verdict == "true"
    assert any("independent" in text for text in report.assumed)


@pytest.mark.parametrize("work", [20, 200])
def test_a_search_ends_by_what_it_has_looked_at_and_not_by_the_clock(work: int) -> None:
    reader = Reader(Context(CENTRED))
    layout, claims = reader(r"\frac{\partial J}{\partial x_i} = \exp(x_i) - 7 x_i \sum_j x_j^5 + \tanh(x_i)")
    found = repair(reader, layout, [judge_claim(claim) for claim in claims], seconds=1e9, work=work)
    assert found.source is None
    assert work / 2 <= len(reader._known) <= work + 50  # some are read to make variants of them
    assert work <= MOST_WORK


def test_a_one_in_the_place_of_a_derivative_becomes_that_derivative() -> None:
    for model, right in (
        ("a : scalar\nL = relu(a + 1)\n", "relu}'(a + 1)"),
        ("a : scalar\nL = tanh(2*a)\n", r"2 \tanh'(2 a)"),
        ("a : scalar\nL = maximum(0, a)\n", r"\mathbb{1}[a > 0]"),
    ):
        result = judge(r"\frac{\partial L}{\partial a} = 1", loads(model))
        assert result.verdict == "false"
        assert right in (result.correct_latex or ""), result.correct_latex


@pytest.mark.parametrize(
    ("model", "formula", "right"),
    [
        (
            "x, y : (n,)\nL = maximum(0, 1 - sum((x - y)**2))\n",
            r"\frac{\partial L}{\partial x} = -2(y-x) \mathbb 1[1 - \|x-y\|^2 > 0]",
            r"\frac{\partial L}{\partial x} = 2(y-x) \mathbb 1[1 - \|x-y\|^2 > 0]",
        ),
        (
            "x : scalar\nL = relu(x - 1)**2\n",
            r"\frac{\partial L}{\partial x} = (x - 1) \mathbb 1[x > 1]",
            r"\frac{\partial L}{\partial x} = 2 (x - 1) \mathbb 1[x > 1]",
        ),
    ],
)
def test_a_formula_is_repaired_where_its_condition_holds(model: str, formula: str, right: str) -> None:
    assert judge(formula, loads(model)).correct_latex == right
