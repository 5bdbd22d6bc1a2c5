"""Functions that are definitions: their branches are seen, their values are judged, their code is stable."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import sympy as sp

import derive
from derive.errors import ModelError, UnsupportedError
from derive.model import loads
from derive.verification.verify import Options, verify_formula

MODEL = "z, b : scalar\np : scalar, in (0, 1)\na = {}\nL = a*b\n"


@pytest.mark.parametrize(
    ("function", "slope", "verdict"),
    [
        ("elu(z)", r"\mathbb{1}[z > 0] + (1 - \mathbb{1}[z > 0]) e^z", "true"),
        ("elu(z)", "e^z", "false"),
        ("hardswish(z)", r"\frac{2z + 3}{6}", "false"),
        ("relu6(z)", r"\mathbb{1}[z > 0]", "false"),
        ("hardshrink(z)", "0", "false"),
        ("threshold(z, 20, 0)", "0", "false"),
        ("threshold(z, 20, 0)", r"\mathbb{1}[z > 20]", "true"),
        ("clip(z, -1, 5)", "1", "false"),
        ("gelu_tanh(z)", r"\mathrm{gelu}'(z)", "false"),
        ("softsign(z)", r"\frac{1}{(1 + |z|)^2}", "true"),
        ("softsign(z)", r"\frac{1}{(1 + z)^2}", "false"),
        ("log_ndtr(z)", r"\frac{e^{-z^2/2}}{\sqrt{2\pi}\, \mathrm{ndtr}(z)}", "true"),
        ("logaddexp(z, b)", r"\frac{e^z}{e^z + e^b}", "true"),
        ("hypot(z, b)", r"\frac{z}{\sqrt{z^2 + b^2}}", "true"),
    ],
)
def test_a_branch_that_is_hidden_in_a_definition_is_met(function: str, slope: str, verdict: str) -> None:
    claim = rf"\frac{{\partial a}}{{\partial z}} = {slope}"
    (result,) = verify_formula(claim, loads(MODEL.format(function)), options=Options(repairs=False)).results
    assert result.verdict == verdict


@pytest.mark.parametrize(
    ("line", "formula", "verdict"),
    [
        ("relu6(z)", r"\mathrm{relu6}(z)", "true"),
        ("relu6(z)", r"\min(\max(z, 0), 6)", "true"),
        ("log2(p)", r"\mathrm{log2}(p)", "true"),
        ("elu(z)", r"\mathrm{elu}(z)", "true"),
        ("elu(z, 2)", r"\mathrm{elu}(z)", "false"),
        ("relu(6)*z", r"\mathrm{relu6}(z)", "false"),
    ],
)
def test_a_word_with_digits_is_one_word_and_parameters_may_be_left_out(line: str, formula: str, verdict: str) -> None:
    graph = loads(MODEL.format(line))
    (result,) = verify_formula(f"a = {formula}", graph, options=Options(repairs=False)).results
    assert result.verdict == verdict


def test_code_that_calls_scipy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = derive.loads("x : (n,)\nspecial : scalar\nL = sum(i0(x)) * special\n").backprop()
    assert "It needs SciPy for i0, i1." in derivation.source()
    value, _ = derivation.lambdify()(x=np.zeros(2), special=3.0)
    assert value == 6.0
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(UnsupportedError, match="SciPy, which is not installed") as caught:
        derivation.lambdify()
    assert caught.value.hint == "pip install scipy"


def test_a_derivative_without_a_formula_is_refused_where_it_is_asked_for() -> None:
    derivation = derive.loads("a : scalar\nx : (n,), positive\nL = sum(gammainc(a, x))\n").backprop()
    assert set(derivation.lambdify(wrt="x")(a=2.0, x=np.ones(3))[1]) == {"x"}
    with pytest.raises(UnsupportedError, match="no code for the derivative of gammainc"):
        derivation.lambdify(wrt="a")


@pytest.mark.parametrize("order", [0, 1, 2])
def test_bessel_functions_of_sympy_come_back_as_they_were(order: int) -> None:
    x, y = sp.symbols("x y")
    graph = derive.Graph.from_sympy({y: sp.besseli(order, x)}, name="bessel")
    assert sp.simplify(graph.backprop("y")["x"].sympy() - sp.diff(sp.besseli(order, x), x)) == 0


def test_a_generic_function_with_the_name_of_another_operation_is_refused() -> None:
    with pytest.raises(ModelError, match="elu is the name of an operation") as caught:
        loads("elu : function\nx : scalar\nL = elu(x)\n")
    assert caught.value.span is not None
    assert loads("g : function\nx : scalar\nL = g(x)\n").loss == "L"
