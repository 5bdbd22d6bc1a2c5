"""Judging: readings, ways, cases and links to one verdict; no false proofs."""

from __future__ import annotations

import pytest

from derive.ir.graph import ComputationGraph
from derive.judging.verdict import Verdict, weakest, worst
from derive.model.load import load
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

QUICK = Options(repairs=False)


def judge(formula: str, model: str | ComputationGraph, options: Options = QUICK) -> Verdict:
    graph = load(model) if isinstance(model, str) else model
    return verify_formula(formula, graph, options=options).results[0]


MATRICES = loads(
    """
    X : (m, n)
    W : (n, n)
    A, U : (n, k)
    Y : (m, n)
    f : function
    Z = X @ W
    L = sum((f(Z) - Y)**2)/2
    """.replace("\n    ", "\n")
)


def test_every_link_is_judged_by_itself() -> None:
    verdict = judge(
        r"\frac{\partial L}{\partial w_2} = (a_2 - y) a_1 = 2 (a_2 - y) a_1 = 2 a_1 (a_2 - y)", "two_layer_scalar"
    )
    assert verdict.verdict == "false"
    assert verdict.links == ("true", "false", "true")


def test_the_first_broken_link_has_small_numbers() -> None:
    verdict = judge(r"\frac{\partial L}{\partial z_2} = y - a_2", "two_layer_scalar")
    assert verdict.counterexample is not None
    assert verdict.counterexample.left != verdict.counterexample.right
    assert set(verdict.counterexample.inputs) <= {"x", "y", "w_1", "b_1", "w_2", "b_2"}


@pytest.mark.parametrize(
    "formula",
    [
        r"\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Z} W",  # W for its transpose
        r"\frac{\partial L}{\partial X} = W^\top \frac{\partial L}{\partial Z}",
        r"Z = W X",
        r"Z_{ij} = \sum_k X_{ik} W_{jk}",
        r"U^\top A = A^\top U",
        r"\frac{\partial L}{\partial Z} = (f(Z) - Y) \odot f(Z)",  # f for f'
        r"\frac{\partial L}{\partial Z} = (f(Z) - Y) \odot (1 - f(Z)^2)",  # a law that only tanh has
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial Z} X^\top",
        r"\frac{\partial L}{\partial Z} = Y - f(Z)",
    ],
)
def test_what_is_no_equation_is_not_proved(formula: str) -> None:
    assert judge(formula, MATRICES).verdict in ("false", "unread")


def test_a_partial_off_the_path_is_zero() -> None:
    formula = (
        r"\frac{\partial J}{\partial w^{(3)}_{12}} = \frac{\partial J}{\partial a^{(3)}_2}"
        r"\frac{\partial a^{(3)}_2}{\partial z^{(3)}_2}\frac{\partial z^{(3)}_1}{\partial w^{(3)}_{12}}"
    )
    assert judge(formula, "mlp_332_source_first").verdict == "false"


def test_a_sum_beyond_its_axis_has_no_value() -> None:
    formula = r"\delta^{(l)}_i = f'(z^{(l)}_i)\sum^{n_l+1}_{j=1}\delta^{(l+1)}_{j}w^{(l+1)}_{ji}"
    assert judge(formula, "mlp_L_dest_first").verdict == "false"


def test_the_skip_path_is_a_sum_of_direct_factors() -> None:
    graph = loads("s : scalar\ng, h : function\nk : function(2)\nx = g(s)\ny = h(x)\nz = k(x, y)\n")
    formula = r"\frac{dz}{dx} = \frac{\partial z}{\partial x} + \frac{\partial z}{\partial y}\frac{dy}{dx}"
    assert judge(formula, graph).verdict == "true"


def test_proofs_hold_for_all_sizes() -> None:
    verdict = judge(r"\frac{\partial L}{\partial W} = X^\top ((f(Z) - Y) \odot f'(Z))", MATRICES)
    assert (verdict.verdict, verdict.evidence) == ("true", "proved")


def test_an_unknown_letter_is_unread_and_placed() -> None:
    formula = r"\frac{\partial L}{\partial z_2} = q - y"
    verdict = judge(formula, "two_layer_scalar")
    assert verdict.verdict == "unread"
    assert formula[slice(*verdict.span)] == "q"


def test_a_token_that_may_hide_a_term_is_ambiguous() -> None:
    verdict = judge(r"\frac{\partial L}{\partial z_2} =?+ a_2 - y", "two_layer_scalar")
    assert verdict.verdict == "ambiguous"


def test_an_expression_is_true_if_it_is_a_derivative() -> None:
    verdict = judge(r"(a_2 - y) w_2", "two_layer_scalar")
    assert verdict.verdict == "true"
    assert "∂L/∂a_1" in verdict.diagnosis
    assert judge(r"(a_2 - y) w_2 x y", "two_layer_scalar").verdict == "undecided"


def test_numerals_are_rounded() -> None:
    graph = loads("x : scalar\ny = 2*x\n")
    assert judge(r"\frac{2}{3} = 0.67", graph).verdict == "true"
    assert judge(r"\frac{2}{3} = 0.66", graph).verdict == "false"


def test_the_worst_part_is_the_verdict() -> None:
    verdict = judge(r"a_1 = \sigma(z_1), \qquad a_2 = \sigma(z_1)", "two_layer_scalar")
    assert verdict.verdict == "false"
    assert [part.verdict for part in verdict.parts] == ["true", "false"]


def test_a_formula_without_a_model_may_speak_of_numbers_only() -> None:
    assert verify_formula("1 + 1 = 2").results[0].verdict == "true"
    verdict = verify_formula("a = b").results[0]
    assert verdict.verdict in ("unread", "definition")


def test_only_proofs_count_if_asked() -> None:
    options = Options(level="proved", repairs=False)
    assert judge(r"\frac{\partial L}{\partial z_2} = a_2 - y", "two_layer_scalar", options).evidence == "proved"


def test_the_order_of_verdicts_and_of_evidence() -> None:
    assert worst(["true", "undecided", "false", "unread"]) == "false"
    assert worst([]) == "true"
    assert weakest(["proved", "probed", "proved-at-sizes"]) == "probed"
    assert weakest(["proved", None]) is None
