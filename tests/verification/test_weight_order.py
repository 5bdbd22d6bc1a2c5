"""The order of weight indices: read off a model, exchanged in it, and found to be in conflict on a page."""

from __future__ import annotations

import pytest

from derive.model.load import load
from derive.model.text import loads
from derive.verification.verify import verify
from derive.verification.weight_order import exchanged, explicit_orders, order_of

NEURONS = """x_1, x_2, x_3, v_12, v_21 : scalar
w_11, w_12, w_21, w_22, w_31, w_32 : scalar
z_1 = w_11*x_1 + w_21*x_2 + w_31*x_3
z_2 = w_12*x_1 + w_22*x_2 + w_32*x_3
L = z_1*z_2 + v_12*v_21
"""


@pytest.mark.parametrize(
    ("model", "name", "order"),
    [
        ("mlp_L_source_first", "W[l]", "source_first"),
        ("mlp_L_dest_first", "W[l]", "dest_first"),
        ("two_layer_batch_rows", "W_1", "source_first"),
        ("two_layer_batch_cols", "W_1", "dest_first"),
        ("two_layer_batch_rows", "Y", None),
    ],
)
def test_a_matrix_has_the_order_of_its_products(model: str, name: str, order: str | None) -> None:
    assert order_of(load(model), name) == order


@pytest.mark.parametrize("order", ["source_first", "dest_first"])
def test_explicit_weights_have_the_order_of_their_sums(order: str) -> None:
    assert explicit_orders(load(f"mlp_332_{order}")) == {"w2_": order, "w3_": order}


def test_letters_that_are_no_weights_have_no_order() -> None:
    assert explicit_orders(loads(NEURONS)) == {"w_": "source_first"}


def test_the_exchanged_model_computes_the_same_of_weights_named_the_other_way() -> None:
    twin = exchanged(load("mlp_332_source_first"))
    assert twin is not None
    graph, order = twin
    assert order == "source_first"
    assert explicit_orders(graph) == {"w2_": "dest_first", "w3_": "dest_first"}
    other = load("mlp_332_dest_first")
    assert {graph.latex(name) for name in graph.inputs} == {other.latex(name) for name in other.inputs}
    again = exchanged(graph)
    assert again is not None
    assert again[0].bindings == load("mlp_332_source_first").bindings


PAGE = f"""```derive
{NEURONS}```
$$ z_2 = w_{{12}} x_1 + w_{{22}} x_2 + w_{{32}} x_3 \\tag{{1}} $$
$$ \\frac{{\\partial z_2}}{{\\partial w_{{12}}}} = x_1 \\tag{{2}} $$
$$ \\frac{{\\partial z_2}}{{\\partial w_{{22}}}} = x_2 \\tag{{3}} $$
"""


def test_formulas_that_hold_in_one_order_are_in_conflict_with_those_that_hold_in_the_other() -> None:
    page = PAGE + "$$ \\frac{\\partial z_2}{\\partial w_{21}} = x_1 \\tag{4} $$\n"
    (conflict,) = verify(page).conflicts
    assert conflict["convention"] == "order of weight indices"
    assert conflict["settings"] == {"source_first": ["1", "2"], "dest_first": ["4"]}


def test_formulas_of_one_order_are_in_no_conflict() -> None:
    assert not verify(PAGE).conflicts
    wrong = "$$ \\frac{\\partial z_2}{\\partial w_{12}} = x_2 \\tag{4} $$\n"
    assert not verify(PAGE + wrong).conflicts
