r"""The layout that a page establishes: rows for the derivatives of scalars where its formulas need them."""

from __future__ import annotations

import pytest

from derive.judging.verdict import Report
from derive.model.text import loads
from derive.verification.verify import verify, verify_formula

FORM = "x : (n,)\nA : (n, n)\na : (n,)\nL = x @ A @ x\n"
NETWORK = (
    "x : (d,)\nW : (h, d)\nU : (k, h)\nb : (h,)\nt : (k,), one_hot\n"
    "z = W @ x + b\na = tanh(z)\ng = U @ a\np = softmax(g)\nL = -sum(t*log(p))\n"
)
LOSS = r"\frac{\partial L}{\partial %s} = %s"
JACOBIANS = (r"\frac{\partial z}{\partial x} = W", r"\frac{\partial g}{\partial a} = U")


def judged(model: str, *formulas: str) -> Report:
    return verify(f"```derive\n{model}```\n\n" + "\n\n".join(f"$$ {formula} $$" for formula in formulas))


def words(report: Report) -> list[str]:
    return [result.verdict for result in report.results]


ROWS = [
    (FORM, (LOSS % ("x", r"x^\top (A + A^\top)"), r"\frac{\partial}{\partial x} a^\top x = a^\top")),
    (FORM, (r"\frac{\partial}{\partial x} x^\top x = 2 x^\top", r"\frac{\partial a^\top x}{\partial x} = a^\top")),
    (NETWORK, (*JACOBIANS, LOSS % ("g", r"(p - t)^\top"), LOSS % ("a", r"(p - t)^\top U"))),
    (NETWORK, (JACOBIANS[0], LOSS % ("g", r"(p - t)^\top"))),
    (
        NETWORK,
        (
            LOSS % ("g", r"(p - t)^\top"),
            LOSS % ("a", r"\frac{\partial L}{\partial g} U"),
            LOSS % ("a", r"\frac{\partial L}{\partial g} \frac{\partial g}{\partial a} = (p - t)^\top U"),
            LOSS % ("z", r"\frac{\partial L}{\partial a} \,\mathrm{diag}(1 - a^2)"),
            LOSS % ("W", r"\left(\frac{\partial L}{\partial z}\right)^\top x^\top"),
            LOSS % ("b", r"\frac{\partial L}{\partial z}"),
            r"\nabla_a L = U^\top (p - t)",
            r"\nabla_a L = \left(\frac{\partial L}{\partial a}\right)^\top",
        ),
    ),
]


@pytest.mark.parametrize(("model", "formulas"), ROWS)
def test_a_page_in_rows(model: str, formulas: tuple[str, ...]) -> None:
    report = judged(model, *formulas)
    assert words(report) == ["true"] * len(formulas)
    assert any("a row" in text for text in report.assumed)


@pytest.mark.parametrize(
    "wrong",
    [
        LOSS % ("g", r"(p + t)^\top"),
        LOSS % ("a", r"(p - t)^\top U^\top"),
        LOSS % ("a", r"(t - p)^\top U"),
        LOSS % ("x", r"\frac{\partial L}{\partial z} W^\top"),
        LOSS % ("z", r"(p - t)^\top U"),
        r"\nabla_g L = (p - t)^\top",
    ],
)
def test_a_mistake_on_a_page_in_rows(wrong: str) -> None:
    report = judged(NETWORK, *JACOBIANS, LOSS % ("g", r"(p - t)^\top"), wrong)
    assert words(report) == ["true", "true", "true", "false"]
    repaired = report.results[-1].correct_latex
    if repaired is not None:  # it holds on this page
        assert words(judged(NETWORK, *JACOBIANS, LOSS % ("g", r"(p - t)^\top"), repaired))[-1] == "true"


def test_one_row_alone_is_false_and_says_under_which_convention_it_is_right() -> None:
    (result,) = verify_formula(LOSS % ("x", r"x^\top (A + A^\top)"), loads(FORM)).results
    assert result.verdict == "false"
    assert list(result.by_convention) == ["the layout were that of the numerator"]
    assert result.correct_latex == LOSS % ("x", r"\left(x^\top (A + A^\top)\right)^\top")
    (result,) = verify_formula(LOSS % ("x", r"x^\top A"), loads(FORM)).results
    assert not result.by_convention


def test_rows_beside_columns_establish_nothing() -> None:
    row, column = LOSS % ("x", r"x^\top (A + A^\top)"), LOSS % ("x", r"(A + A^\top) x")
    report = judged(FORM, row, r"\frac{\partial}{\partial x} x^\top x = 2 x^\top", column)
    assert words(report) == ["false", "false", "true"]
    assert not report.assumed


def test_columns_beside_jacobians_in_numerator_layout_stay_columns() -> None:
    column, row = LOSS % ("a", r"U^\top (p - t)"), LOSS % ("a", r"(p - t)^\top U")
    assert words(judged(NETWORK, *JACOBIANS, column, row)) == ["true", "true", "true", "false"]


def test_rows_do_not_go_with_jacobians_in_denominator_layout() -> None:
    turned = (r"\frac{\partial z}{\partial x} = W^\top", r"\frac{\partial g}{\partial a} = U^\top")
    assert words(judged(NETWORK, *turned, LOSS % ("g", r"(p - t)^\top"))) == ["ambiguous", "ambiguous", "false"]
