"""What is printed is read back and judged true, in every view and style."""

from __future__ import annotations

import pytest

from derive.calculus.reverse import backprop
from derive.model.load import load
from derive.notation import Style, View, default_view, print_derivation, print_forward
from derive.verification.verify import Options, verify_formula

MODELS = (
    *("two_layer_scalar", "two_layer_batch_rows", "affine_single", "skip_connection", "logistic_regression_one"),
    *("lee_neuron_deep", "sigmoid_nodes", "softmax_ce", "google_1221"),
)
OTHER = Style(adjoint="delta", transpose="T", hadamard="odot", limits=True, order="inner")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("style", [Style(), OTHER])
def test_every_printed_formula_is_read_back_as_true(name: str, style: Style) -> None:
    graph = load(name)
    derivation = backprop(graph)
    views: tuple[View, ...] = ("matrix", "index") if default_view(graph) == "matrix" else ("scalar",)
    for view in views:
        for line in [*print_forward(graph, view, style), *print_derivation(derivation, None, view, style)]:
            (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
            assert result.verdict == "true", line.latex()


@pytest.mark.parametrize("view", ["matrix", "index"])
def test_the_recursion_of_a_family_is_read_back_as_true(view: View) -> None:
    graph = load("mlp_L_dest_first")
    assert graph.family is not None
    for window in (graph.family.interior, graph.family.last):
        for line in print_derivation(backprop(window), None, view):
            (result,) = verify_formula(line.latex(), graph, options=Options(repairs=False)).results
            assert result.verdict == "true", line.latex()
