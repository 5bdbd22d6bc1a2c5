"""Each command on good input: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from derive.equality.proof import laws
from derive.gradients.model_report import ModelReport
from derive.model import gallery

NEURON = "# A neuron\nx, w, b, y : scalar\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2\n"


def test_help_and_version(derive) -> None:
    shown = derive("--help")
    assert shown.code == 0
    for command in ("demo", "list", "show", "latex", "code", "eval", "check", "doctor"):
        assert command in shown.out
        assert derive(command, "--help").code == 0
    assert "0.1.0" in derive("--version").out


def test_list(derive) -> None:
    shown = derive("list")
    assert all(name in shown.out for name in gallery())
    found = derive("list", "SOFTMAX").out
    assert "softmax_ce" in found
    assert "node_exp" not in found
    nothing = derive("list", "qqq")
    assert (nothing.code, nothing.out) == (0, "")
    assert "qqq" in nothing.err


def test_list_of_the_operations(derive) -> None:
    shown = derive("list", "--operations").out
    assert "softmax(x, axis=-1)" in shown
    assert "tanh'(u) = 1 − (tanh(u))²" in shown
    assert "kron" in derive("list", "--operations", "kron").err


def test_show_of_a_hessian(derive) -> None:
    shown = derive("show", "-", "--hessian", "w,b", stdin=NEURON)
    assert shown.code == 0
    assert shown.out.startswith("∂²L/(∂w ∂b) = ")
    wrong = derive("show", "-", "--hessian", "w,q", stdin=NEURON)
    assert wrong.code == 2
    assert "'q'" in wrong.err


LAYER = "# A layer\nX : (m, n)\nw : (n,)\nz = X @ w\np = tanh(z)\nL = sum(p**2)\n"
ASKED = {
    "--hessian": ["w"],
    "--hvp": ["w"],
    "--directional": ["w"],
    "--jacobian": ["z,w"],
    "--jvp": ["z,X,w"],
    "--vjp": ["z,w"],
    "--gauss-newton": ["w", "--through", "p"],
    "--fisher": ["w", "--distribution", "normal(mean=p)"],
}


@pytest.mark.parametrize("option", ASKED)
def test_derivatives_of_higher_order_are_shown_set_and_emitted(derive, option: str) -> None:
    for command, begins in (("show", "∂∑v"), ("latex", r"\begin{align*}"), ("code", '"""A layer.')):
        made = derive(command, "-", option, *ASKED[option], stdin=LAYER)
        assert made.code == 0
        assert made.out.startswith(begins if command != "show" else tuple(begins))
    namespace: dict[str, Any] = {}
    exec(made.out, namespace)  # noqa: S102  what derive itself has written
    assert any(callable(value) for name, value in namespace.items() if not name.startswith("_"))


def test_several_derivatives_are_functions_of_one_module(derive) -> None:
    made = derive("code", "-", "--hessian", "w", "--hessian", "w,X", "--hvp", "w,X", stdin=LAYER).out
    functions = [line[4:].partition("(")[0] for line in made.splitlines() if line.startswith("def ")]
    products = ["hessian_vector_product_w", "hessian_vector_product_X"]
    assert [name for name in functions if "_" in name] == ["hessian_w_w", "hessian_w_X", *products]


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--jacobian", "z"], "it takes P,Q"),
        (["--gauss-newton", "w"], "--through z"),
        (["--through", "z"], "--gauss-newton"),
        (["--fisher", "w"], "--distribution"),
        (["--fisher", "w", "--distribution", "normal(p)"], "normal(mean=...)"),
        (["--hessian", "w", "--loss", "z"], "jacobian"),
        (["--hvp", "v"], "the names are"),
    ],
)
def test_options_that_do_not_fit_say_what_does(derive, arguments: list[str], remedy: str) -> None:
    wrong = derive("show", "-", *arguments, stdin=LAYER)
    assert wrong.code == 2
    assert remedy in wrong.err


def test_show(derive) -> None:
    shown = derive("show", "-", stdin=NEURON)
    assert shown.code == 0
    assert shown.out.startswith("A neuron\n")
    assert "∂L/∂w = ∂L/∂a · ∂a/∂z · ∂z/∂w" in shown.out
    one = derive("show", "two_layer_batch_rows", "--wrt", "W_2", "--transpose", "T", "--hadamard", "odot").out
    assert "∂L/∂W₂" in one
    assert "∂L/∂W₁" not in one
    assert "∑" in derive("show", "two_layer_batch_rows", "--wrt", "W_2", "--view", "index").out
    assert "δ" in derive("show", "two_layer_batch_rows", "--delta").out


def test_show_of_a_family_and_of_an_instance(derive) -> None:
    assert "δ⁽ˡ⁺¹⁾" in derive("show", "mlp_L_dest_first").out
    assert "W⁽³⁾" in derive("show", "mlp_L_dest_first", "--layers", "3").out
    one = derive("show", "mlp_L_dest_first", "--wrt", "W[l],b[L]").out
    assert "W⁽ˡ⁾" in one
    assert "b⁽ᴸ⁾" in one
    assert "b⁽ˡ⁾ =" not in one


def test_warnings_are_talk(derive) -> None:
    shown = derive("show", "-", stdin="x, unused : scalar\nL = x**2\n")
    assert "unused" in shown.err
    assert shown.code == 0


def test_latex(derive, tmp_path: Path) -> None:
    text = derive("latex", "two_layer_batch_rows").out
    assert r"\frac{1}{m}" in text
    assert r"A_1^\top" in text
    assert r"\documentclass" not in text
    assert r"\documentclass" in derive("latex", "two_layer_batch_rows", "--standalone").out
    assert r"A_1^T" in derive("latex", "two_layer_batch_rows", "--transpose", "T").out
    assert r"\mathrm{d}" in derive("latex", "two_layer_scalar", "--derivative", "d").out
    written = derive("latex", "two_layer_scalar", "-o", "out")
    assert (written.code, written.out) == (0, "")
    assert (tmp_path / "out" / "two_layer_scalar.tex").exists()


def test_code_runs(derive, tmp_path: Path) -> None:
    text = derive("code", "two_layer_scalar", "--wrt", "w_1").out
    assert "def value_and_gradient(" in text
    assert derive("code", "-", "-o", "neuron.py", stdin=NEURON).code == 0
    function = runpy.run_path(str(tmp_path / "neuron.py"))["value_and_gradient"]
    value, gradients = function(*map(np.asarray, (1.0, 2.0, 0.1, 0.5)))
    assert value == pytest.approx((1 / (1 + np.exp(-2.1)) - 0.5) ** 2)
    assert set(gradients) == {"x", "w", "b", "y"}
    assert "W_3" in derive("code", "mlp_L_dest_first", "--layers", "3").out


def test_eval(derive, tmp_path: Path) -> None:
    values = {"x": 0.7, "w_1": 0.9, "b_1": -0.2, "w_2": -1.3, "b_2": 0.4, "y": 0.3}
    (tmp_path / "v.json").write_text(json.dumps(values))
    shown = derive("eval", "two_layer_scalar", "v.json", "--digits", "12").out
    for number in ("0.43", "0.605873668432", "0.404286570515", "0.634286281249", "-0.0226614297832", "0.0631844870459"):
        assert number in shown
    stepped = derive("eval", "two_layer_scalar", "v.json", "--step", "0.5").out
    assert "update with step 0.5" in stepped
    before, after = stepped.splitlines()[-1].removeprefix("L before ").split(", after ")
    assert float(after) < float(before)
    update = stepped.partition("update")[2]
    assert "w_1" in update
    assert "  x " not in update
    assert (
        "  x " in derive("eval", "two_layer_scalar", "v.json", "--step", "0.5", "--wrt", "x").out.partition("update")[2]
    )


def test_eval_of_arrays(derive) -> None:
    values = '{"X": [[1, 2], [3, 4], [5, 6]], "w": [1, -1], "b": 0.5, "y": [0.2, 0.1, 0.9]}'
    model = "X : (m, n)\nw : (n,)\nb : scalar\ny : (m,)\nr = X @ w + b - y\nL = mean(r**2)\n"
    (Path.cwd() / "m.derive").write_text(model)
    shown = derive("eval", "m.derive", "-", stdin=values)
    assert shown.code == 0
    assert "[-0.7, -0.6, -1.4]" in shown.out


@pytest.mark.parametrize("digits", [400, 5000])
def test_eval_of_an_integer_that_no_float_holds(derive, digits: int) -> None:
    (Path.cwd() / "m.derive").write_text("x : scalar\nL = x**2\n")
    refused = derive("eval", "m.derive", "-", stdin=f'{{"x": {"9" * digits}}}')
    assert refused.code == 2
    assert f"an integer of {digits} digits" in refused.err


def test_check(derive) -> None:
    shown = derive("check", "two_layer_scalar", "--points", "4")
    assert shown.code == 0
    assert "check of two_layer_scalar: true" in shown.out
    assert "4 points" in shown.out
    report = json.loads(derive("check", "two_layer_scalar", "--format", "json").out)
    assert report["verdict"] == "true"
    assert {g["wrt"] for g in report["gradients"]} >= {"w_1", "b_2"}


@pytest.mark.parametrize(("verdict", "code"), [("true", 0), ("false", 1), ("undecided", 3)])
def test_exit_codes_of_check(derive, monkeypatch: pytest.MonkeyPatch, verdict: str, code: int) -> None:
    monkeypatch.setattr("derive.api.model_check.check", lambda *_args, **_options: ModelReport("m", "L", verdict))
    assert derive("check", "node_exp").code == code


def test_an_undecided_check(derive) -> None:
    assert derive("check", "-", stdin="x : scalar\nL = log(-1 - x**2)\n").code == 3


def test_hand_written_gradients(derive, tmp_path: Path) -> None:
    (tmp_path / "m.derive").write_text("x, w : scalar\nL = (w*x)**2\n")
    (tmp_path / "hand.py").write_text(
        "def right(x, w): return {'w': 2*w*x*x}\ndef wrong(x, w): return {'w': w*x*x}\nnumber = 3\n"
    )
    assert derive("check", "m.derive", "--against", "hand.py:right").code == 0
    refuted = derive("check", "m.derive", "--against", "hand.py:wrong")
    assert refuted.code == 1
    assert "∂L/∂w =" in refuted.out
    assert "def value_and_gradient(x, w):" in refuted.out
    assert (
        json.loads(derive("check", "m.derive", "--against", "hand.py:wrong", "--format", "json").out)["verdict"]
        == "false"
    )
    for place in ("hand.py", "hand.py:number", "hand.py:rigt", "none.py:right"):
        assert derive("check", "m.derive", "--against", place).code == 2


def test_demo(derive, tmp_path: Path) -> None:
    shown = derive("demo")
    assert shown.code == 0
    assert "∂L/∂w₁" in shown.out
    assert "A₁ᵀ (A₂ − Y)" in shown.out
    assert shown.out.count(": true") >= 2
    names = {path.name for path in (tmp_path / "derive_demo").iterdir()}
    assert {"two_layer_batch_rows.tex", "two_layer_batch_rows.py", "two_layer_scalar.tex"} <= names
    assert all(f"derive_demo/{name}" in shown.out for name in names)
    again = derive("demo")
    assert (again.code, again.out) == (0, shown.out)
    (tmp_path / "derive_demo" / "two_layer_scalar.py").write_text("mine\n")
    refused = derive("demo")
    assert refused.code == 2
    assert "--force" in refused.err
    assert derive("demo", "--force").code == 0


def test_doctor(derive) -> None:
    shown = derive("doctor")
    assert shown.code == 0
    for word in ("sympy", "numpy", "gallery", "Python"):
        assert word in shown.out
    for limit in ("memory", "processor", "files", "processes", "calls", "accidents"):
        assert re.search(rf"{limit}\s.*\b(holds|does not hold)", shown.out)


def test_doctor_shows_the_laws_of_proofs(derive) -> None:
    shown = derive("doctor", "--rules")
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 100
    for law in laws():
        (line,) = [line for line in shown.out.splitlines() if line.startswith(f"  {law.name}  ")]
        assert law.pattern in line
        assert line.endswith(law.condition or law.pattern)
    assert re.search(r"root of a product +√\(xy\) = √x √y, .* +x > 0", shown.out)


def test_doctor_says_what_does_not_hold(derive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derive.cli.commands.doctor.limits", lambda: {"memory": True})
    shown = derive("doctor").out
    assert re.search(r"calls\s.*does not hold", shown)
    assert "without the filter" in shown
