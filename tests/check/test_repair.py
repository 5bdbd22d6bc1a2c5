"""Diagnosis by repair: one wrong formula for each kind of mistake, its key, and what it becomes."""

from __future__ import annotations

import pytest

from derive.check.defects import DEFECTS
from derive.check.formulas.repair.bench import balanced
from derive.check.formulas.repair.scope import at_layer
from derive.check.formulas.verify import verify_formula
from derive.check.verdict import Verdict
from derive.ir.graph import Graph
from derive.model.load import load
from derive.model.text import loads

NETWORK = loads(
    "X : (m, n_0)\nW_1 : (n_0, n_1)\nb_1 : (n_1,)\nW_2 : (n_1, n_2)\nb_2 : (n_2,)\nY : (m, n_2)\n"
    "sigma : function = sigmoid\nZ_1 = X @ W_1 + b_1\nA_1 = sigma(Z_1)\nZ_2 = A_1 @ W_2 + b_2\n"
    "L = sum((Z_2 - Y)**2)/(2*m)\n"
)


def judge(formula: str, model: str | Graph = "two_layer_scalar") -> Verdict:
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
