"""Pages: models at their places, definitions, directives, conflicts, neighbours; and whatever else a page may be."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path

import pytest

from derive.errors import ClaimError, ModelError
from derive.model.load import load
from derive.model.text import loads
from derive.typography.typed_claims import undelimited
from derive.verification.verify import Options, verify, verify_formula

MODEL = "<!-- derive: model=two_layer_scalar -->\n"
WRONG = r"$$ \frac{\partial L}{\partial w_2} = 2 (a_2 - y) a_1 \tag{w} $$"
RIGHT = r"$$ \frac{\partial L}{\partial b_2} = a_2 - y \tag{b} $$"


def test_each_formula_is_judged_with_the_model_before_it() -> None:
    fence = "```derive\nx : scalar\nf : function\ny = f(x)\n```\n"
    page = f"{MODEL}\n{RIGHT}\n\n{fence}\n$$ \\frac{{dy}}{{dx}} = f'(x) \\tag{{f}} $$\n"
    report = verify(page)
    assert [(result.tag, result.verdict) for result in report] == [("b", "true"), ("f", "true")]
    assert report.model == "two_layer_scalar, line 5"


def test_the_model_that_is_given_holds_where_the_page_names_none() -> None:
    assert verify(RIGHT, model=load("two_layer_scalar"))["b"].verdict == "true"


def test_a_model_beside_the_page(tmp_path: Path) -> None:
    (tmp_path / "net.derive").write_text("x : scalar\ny = x**2\n")
    report = verify("<!-- derive: model=net.derive -->\n$$ \\frac{dy}{dx} = 2 x $$\n", folder=tmp_path)
    assert report.results[0].verdict == "true"


def test_a_model_that_is_not_accepted_is_an_error_at_its_line() -> None:
    with pytest.raises(ModelError) as caught:
        verify("text\n\n```derive\nx : scalar\ny = q\n```\n\n$$ y = x $$\n", page="notes.md")
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.file) == (5, "notes.md")
    with pytest.raises(ModelError, match="no model"):
        verify("<!-- derive: model=nowhere -->\n$$ y = x $$\n")


def test_skip_and_expect() -> None:
    expected = "<!-- derive: expect=false -->"
    page = f"{MODEL}<!-- derive: skip -->\n{WRONG}\n\n{expected}\n{WRONG}\n\n{expected}\n{RIGHT}\n"
    report = verify(page)
    assert [(result.tag, result.expected, result.as_expected) for result in report] == [
        ("w", "false", True),
        ("b", "false", False),
    ]
    assert report.exit_code == 1


def test_exit_codes() -> None:
    assert verify(MODEL + RIGHT).exit_code == 0
    assert verify(MODEL + WRONG).exit_code == 1
    assert verify(MODEL + "$$ a_2 = q + 1 + q $$").exit_code == 3
    assert verify("no formula").exit_code == 0


def test_definitions_hold_for_what_follows() -> None:
    page = MODEL + "$$ d_2 = a_2 - y \\tag{1} $$\n\n$$ \\frac{\\partial L}{\\partial w_2} = d_2 a_1 \\tag{2} $$\n"
    report = verify(page)
    assert report["1"].verdict == "definition"
    assert report["2"].verdict == "true"


def test_the_pages_own_forward_formulas_are_checked() -> None:
    report = verify(MODEL + "$$ z_2 = w_2 x + b_2 \\tag{F3} $$\n")
    assert report["F3"].defects == ("wrong_operand",)
    assert report["F3"].correct_latex == "z_2 = w_2 a_1 + b_2"


def test_neighbours_that_share_a_fault_name_each_other() -> None:
    page = MODEL + "$$ z_2 = w_2 x + b_2 \\tag{F3} $$\n\nand again\n\n$$ z_2 = b_2 + w_2 x \\tag{F8} $$\n"
    report = verify(page)
    assert "(F8)" in report["F3"].diagnosis
    assert "(F3)" in report["F8"].diagnosis


def test_a_formula_that_cannot_be_read_stops_nothing() -> None:
    page = MODEL + "$$ \\frac{a}{ $$\n\n" + RIGHT
    report = verify(page)
    assert [result.verdict for result in report] == ["unread", "true"]
    assert report.results[0].diagnosis


def test_what_was_assumed_is_listed() -> None:
    page = "<!-- derive: model=mlp_L_source_first -->\n$$ \\delta^{(L)} = -(y-a^{(L)})\\odot f'(z^{(L)}) $$\n"
    assert any("delta" in assumed for assumed in verify(page).assumed)


def test_latex_pages() -> None:
    page = (
        "\\documentclass{article}\n\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}\n"
        "% derive: model=two_layer_scalar\n\\begin{document}\n\\begin{align}\n\\pd{L}{z_2} &= a_2 - y \\label{a}\\\\\n"
        "\\pd{L}{w_2} &= (a_2 - y) x\n\\end{align}\n\\end{document}\n"
    )
    report = verify(page)
    verdict = report.results[0]
    assert verdict.verdict == "false"
    assert [part.verdict for part in verdict.parts] == ["true", "false"]


def test_the_json_of_a_report() -> None:
    data = json.loads(verify(MODEL + WRONG, page="p.md").to_json())
    assert list(data) == ["schema", "page", "model", "conflicts", "assumed", "results"]
    assert list(data["results"][0]) == [
        "tag", "line", "kind", "latex", "reading", "verdict", "evidence", "links", "parts", "defects", "diagnosis",
        "correct_latex", "counterexample", "by_convention", "span", "expected",
    ]  # fmt: skip
    result = data["results"][0]
    assert (result["tag"], result["line"], result["verdict"], result["defects"]) == ("w", 2, "false", ["extra_factor"])
    assert set(result["counterexample"]) == {"inputs", "left", "right"}


def test_reports_are_plain_data() -> None:
    report = verify(MODEL + WRONG)
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()
    with pytest.raises(KeyError):
        report["nothing"]


def test_code_is_run_only_if_asked() -> None:
    page = "<!-- derive: model=affine_single -->\n```python\nX = np.ones(2)\nX.shape  # (2,)\n```\n"
    assert verify(page).results[0].verdict == "undecided"
    assert verify(page, options=Options(run_code=True)).results[0].verdict == "true"


HARMFUL = [
    "while True:\n    pass",
    "import os\nos._exit(0)",
    "raise SystemExit",
    "open('harm.txt', 'w').write('x')",
    "import os\nos.remove('harm.txt')",
    "import subprocess\nsubprocess.run(['ls'])",
    "x = [0]\nwhile True:\n    x = x * 2",
    "print('x' * 10**9)",
]


@pytest.mark.parametrize("code", HARMFUL)
def test_harmful_code_is_stopped(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("derive.listings.process.SECONDS", 3.0)
    keep = tmp_path / "harm.txt"
    keep.write_text("mine")
    report = verify(f"{MODEL}```python\n{code}\n```\n\n{RIGHT}\n", options=Options(run_code=True))
    assert report.results[0].verdict == "undecided"
    assert report["b"].verdict == "true"
    assert keep.read_text() == "mine"


def test_delimiters_around_a_formula() -> None:
    for text in ("$a = b$", "$$a = b$$", r"\[a = b\]", r"\(a = b\)", " a = b "):
        assert undelimited(text) == "a = b"
    assert undelimited("$") == "$"


def test_binary_and_huge_pages_are_refused() -> None:
    with pytest.raises(ClaimError):
        verify(b"\x00\x01\x02")
    with pytest.raises(ClaimError):
        verify(b"x" * 50_000_000)


@pytest.mark.parametrize(
    "formula",
    ["{" * 100_000, r"\frac" * 1000, "(" * 5000 + "x", "x" + "_x" * 3000, r"\left" * 100, "=" * 50,
     "\ud7ff\u0000", r"\begin{pmatrix}", "a_{b_{c_{d"],
)  # fmt: skip
def test_strange_formulas_are_unread(formula: str) -> None:
    report = verify_formula(formula, load("two_layer_scalar"))
    assert report.results[0].verdict in ("unread", "false", "undecided")


def test_mutated_formulas_are_never_true_by_accident_of_reading() -> None:
    """Random edits of a right formula: no crash, and nothing that differs in value is true."""
    source = r"\frac{\partial L}{\partial w_1} = (a_2 - y) w_2 \sigma'(z_1) x"
    rng = random.Random(5)
    model = load("two_layer_scalar")
    alphabet = r"{}()_^'\=+-123 axyzwL"
    for _ in range(150):
        at = rng.randrange(len(source))
        made = source[:at] + rng.choice(alphabet) + source[at + rng.choice((0, 1, 2)) :]
        verdict = verify_formula(made, model, options=Options(repairs=False)).results[0]
        if verdict.verdict == "true":
            squeezed = made.replace(" ", "").replace("{}", "")
            assert len(squeezed) >= len(source.replace(" ", "")) - 3, made


def test_what_would_be_right_under_another_convention() -> None:
    formula = r"\frac{\partial L}{\partial Z_2} = A_2 - Y"
    verdict = verify_formula(formula, load("two_layer_batch_rows")).results[0]
    assert (verdict.verdict, verdict.defects) == ("false", ("missing_factor",))
    assert verdict.by_convention == {"the loss were the sum over m": formula}
    jacobian = verify_formula(r"\frac{\partial y}{\partial x} = W", loads("x : (n,)\nW : (k, n)\ny = W @ x\n")).results[
        0
    ]
    assert jacobian.verdict == "ambiguous"
    assert list(jacobian.by_convention) == ["the layout were that of the numerator"]


def test_a_report_prints_a_line_for_each_formula() -> None:
    page = MODEL + "$$ z_2 = w_2 a_1 + b_2 \\tag{1} $$\n\n$$ z_2 = w_2 x + b_2 $$\n\n$$ z_2 = \\zeta $$\n"
    assert str(verify(page)).splitlines() == [
        "(1)  true [proved]",
        "line 4  false: x stands where a_1 belongs; correct: z_2 = w_2 a_1 + b_2",
        "line 6  unread: cannot be read: expected a declared name, not \\zeta",
    ]
    assert str(verify("no formula")) == "no formulas"


def test_a_conflict_of_scales_is_about_one_model_and_one_of_its_sizes() -> None:
    fence = "```derive\nw, y : (n,)\nJ = sum((w - y)**2)/(2*n)\n```\n"
    half = r"$$ J = \frac{1}{n} \|w - y\|^2 $$" + "\n\n"
    right = r"$$ \frac{\partial J}{\partial w} = \frac{1}{n} (w - y) \tag{a} $$" + "\n\n"
    whole = r"$$ \frac{\partial J}{\partial w} = w - y \tag{b} $$" + "\n\n"
    other = (
        "```derive\nr, u : (n,)\nE = sum((r - u)**2)/2\n```\n" + r"$$ \frac{\partial E}{\partial u} = u - r $$" + "\n"
    )
    assert verify(fence + half + right + other).conflicts == ()
    (conflict,) = verify(fence + whole + right + other).conflicts
    assert conflict["settings"] == {"one sample": ["b"], "mean": ["a"]}
