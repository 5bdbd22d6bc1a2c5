"""Names print as SymPy prints them, unless the model spells them."""

from __future__ import annotations

import pytest
import sympy as sp

from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration
from derive.ir.size import size_of
from derive.notation.formula import plain
from derive.notation.latex import latex
from derive.notation.names import Names, default_name, spelled_name
from derive.notation.style import Style
from derive.notation.unicode import text

NAMES = (
    "x", "W_1", "w_12", "alpha", "xhat", "x_input", "alpha_1", "Gamma", "Alpha", "z1", "beta2_max", "xbar_i", "lamda",
    "phi_0", "what", "vecx", "epsilon", "varepsilon", "a__2", "a_1__2", "x^2", "thetadot", "omega_alpha", "ell", "loss",
    "x_1_2", "yprime", "Wtilde_hat", "b_bar", "psi", "Xi", "Beta_1", "x10", "hbar", "Omega_12", "rho__k",
)  # fmt: skip


def squeezed(text: str) -> str:
    """LaTeX without braces around one token and without spaces."""
    for _ in range(3):
        text = __import__("re").sub(r"\{(\\?[A-Za-z]+|[0-9])\}", r"\1 ", text)
    return text.replace(" ", "").replace("{", "").replace("}", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_prints_as_sympy_prints_it(name: str) -> None:
    ours = default_name(name)
    # SymPy puts the superscript first; the order of scripts is typography
    expected = sp.latex(sp.Symbol(name))
    if ours.sup is not None and ours.sub is not None:
        assert sorted(squeezed(latex(ours.formula))) == sorted(squeezed(expected))
    else:
        assert squeezed(latex(ours.formula)) == squeezed(expected)


@pytest.mark.parametrize(
    ("name", "tex", "unicode"),
    [
        ("W_1", "W_1", "W₁"),
        ("w_12", "w_{12}", "w₁₂"),
        ("alpha", r"\alpha", "α"),
        ("xhat", r"\hat{x}", "x̂"),
        ("x_input", "x_{input}", "x_input"),
        ("z[l]", "z^{(l)}", "z⁽ˡ⁾"),
        ("a[l-1]", "a^{(l-1)}", "a⁽ˡ⁻¹⁾"),
        ("W_x[L]", "W_x^{(L)}", "Wₓ⁽ᴸ⁾"),
    ],
)
def test_names(name: str, tex: str, unicode: str) -> None:
    formula = Names(ComputationGraph(), Style()).formula(name)
    assert (latex(formula).replace("W^{(L)}_x", "W_x^{(L)}"), text(formula)) == (tex, unicode)


@pytest.mark.parametrize(
    ("spelling", "indexed", "transposed"),
    [
        ("W^{[2]}", "W^{[2]}_{ij}", r"(W^{[2]})^\top"),
        ("z'", "z'_{ij}", r"(z')^\top"),
        (r"\delta h", r"(\delta h)_{ij}", r"(\delta h)^\top"),
        (r"\sigma_B^2", r"(\sigma_B^2)_{ij}", r"(\sigma_B^2)^\top"),
        (r"\hat{y}", r"\hat{y}_{ij}", r"\hat{y}^\top"),
        ("W_1", "(W_1)_{ij}", r"W_1^\top"),
        (r"\mathbf{w}", r"\mathbf{w}_{ij}", r"\mathbf{w}^\top"),
    ],
)
def test_declared_spellings_take_scripts_without_a_clash(spelling: str, indexed: str, transposed: str) -> None:
    name = spelled_name(spelling)
    assert latex(name.formula) == spelling
    assert latex(name.indexed(plain("ij"))) == indexed
    assert latex(name.raised(Style().turned)) == transposed


def layered() -> ComputationGraph:
    shape = (size_of("n"),)
    return ComputationGraph(
        declarations={"x": Declaration("x", "input", shape)},
        bindings={
            "z_1": Binding("z_1", build.ref("x", shape)),
            "a_1": Binding("a_1", build.call("sigmoid", build.ref("z_1", shape))),
            "p": Binding("p", build.call("log", build.ref("a_1", shape))),
        },
    )


@pytest.mark.parametrize(
    ("style", "z", "a"),
    [
        (Style(), r"\frac{\partial L}{\partial z_1}", r"\frac{\partial L}{\partial a_1}"),
        (Style(adjoint="delta"), r"\delta_1", r"\frac{\partial L}{\partial a_1}"),
        (Style(adjoint="d"), "dz_1", "da_1"),
        (Style(derivative="d"), r"\frac{\mathrm{d}L}{\mathrm{d}z_1}", r"\frac{\mathrm{d}L}{\mathrm{d}a_1}"),
    ],
)
def test_adjoints_print_as_the_style_asks(style: Style, z: str, a: str) -> None:
    names = Names(layered().with_loss("L"), style)
    assert [latex(names.formula("∂L/∂z_1")), latex(names.formula("∂L/∂a_1"))] == [z, a]


def test_the_adjoint_of_an_adjoint_is_a_fraction_of_a_fraction() -> None:
    names = Names(layered(), Style())
    printed = latex(names.formula("∂H/∂∂L/∂z_1"))
    assert printed == r"\frac{\partial H}{\partial \frac{\partial L}{\partial z_1}}"


def test_indices_avoid_the_letters_of_the_model() -> None:
    graph = ComputationGraph(declarations={n: Declaration(n, "input", (size_of("k"),)) for n in ("i", "p")})
    assert not {"i", "k", "p", "e", "d"} & set(Names(graph, Style()).index_letters)
