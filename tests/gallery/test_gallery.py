"""The gallery: every model loads, and has the graph, the shapes and the values of the source it is named after."""

import ast
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import source
from derive.ir.graph import ComputationGraph
from derive.model import gallery, gallery_text, instance, load, loads, warnings
from derive.ops.evaluate import Evaluator

EXPECTED = json.loads((Path(__file__).parent.parent / "textbook" / "expected.json").read_text(encoding="utf-8"))
FIXTURES = {fixture["model"]: fixture for fixture in EXPECTED["fixtures"]}
FUNCTIONS = {"logistic": "sigmoid", "tanh": "tanh"}


@pytest.mark.parametrize("name", gallery())
def test_a_gallery_model_loads(name):
    graph = load(name)
    assert graph.title == gallery()[name]
    assert graph.loss is not None
    assert graph.shape(graph.loss) == ()
    assert warnings(graph) == []
    assert gallery_text(name).isprintable() or "\n" in gallery_text(name)


@pytest.mark.parametrize("name", EXPECTED["models"])
def test_every_model_of_the_sources_is_there(name):
    assert name in gallery()


def _values(inputs: dict, graph: ComputationGraph) -> tuple[dict, dict]:
    values = {name: value for name, value in inputs.items() if name in graph.inputs}
    sizes = {name: value for name, value in inputs.items() if name not in graph.inputs}
    for name, value in values.items():
        for size, number in zip(graph.shape(name), np.shape(value), strict=True):
            if size.number is None:
                sizes[str(size)] = number
    return values, sizes


def _check_forward(graph: ComputationGraph, fixture: dict) -> None:
    values, sizes = _values(fixture["inputs"], graph)
    found = Evaluator(values, sizes).run(graph).values
    for name, expected in fixture["forward"].items():
        assert np.shape(found[name]) == np.shape(expected), name
        assert np.allclose(np.asarray(found[name], dtype=float), expected, rtol=1e-10, atol=1e-10), name


def _as_text(fixture: dict) -> str:
    """A fixture as model text: sizes are numbers that no array holds."""
    lines = []
    for name, value in fixture["inputs"].items():
        shape = np.shape(value)
        is_size = isinstance(value, int) and name in "mnNK"
        lines.append(f"{name} : " + ("size" if is_size else str(shape) if shape else "scalar"))
    lines += [f"{f} : function = {FUNCTIONS[what]}" for f, what in fixture["functions"].items() if what in FUNCTIONS]
    return "\n".join([*lines, *fixture["graph"]])


@pytest.mark.parametrize("name", FIXTURES)
def test_fixtures_as_model_text(name):
    fixture = FIXTURES[name]
    graph = loads(_as_text(fixture), name=name)
    assert graph.loss == fixture["loss"]
    _check_forward(graph, fixture)


@pytest.mark.parametrize("name", FIXTURES)
def test_gradients_of_the_fixtures(name):
    fixture = FIXTURES[name]
    graph = loads(_as_text(fixture), name=name)
    derivation = backprop(graph)
    values, sizes = _values(fixture["inputs"], graph)
    evaluator = Evaluator(values, sizes).run(derivation.gradient)
    for wrt, expected in fixture["gradient"].items():
        found = np.asarray(evaluator.value(derivation.steps[wrt].total), dtype=float)
        assert np.allclose(found, expected, rtol=1e-10, atol=1e-10), wrt


@pytest.mark.parametrize("name", gallery())
def test_every_gallery_model_is_derived(name):
    graph = load(name)
    family = graph.family
    for window in [graph] if family is None else [graph, family.first, family.interior, instance(graph, 4)]:
        steps = backprop(window).steps
        assert set(steps) == set(window.names)
        for step in steps.values():
            assert step.total.shape == window.shape(step.name)


@pytest.mark.parametrize("name", gallery())
def test_every_name_of_a_gallery_model_has_code_of_its_own(name):
    derivation = backprop(load(name))
    for wrt in derivation.steps:
        ast.parse(source(derivation, [wrt]))


def test_graphs_are_pickled_and_compared():
    for name in ("two_layer_batch_rows", "mlp_L_dest_first"):
        assert pickle.loads(pickle.dumps(load(name))) == load(name)


# fixtures whose inputs are those of the gallery model, with the loss of the source
SAME = [name for name in FIXTURES if name in gallery() and set(FIXTURES[name]["inputs"]) >= set(load(name).inputs)]


def test_most_fixtures_fit_their_gallery_model():
    assert len(SAME) >= 8


@pytest.mark.parametrize("name", SAME)
def test_gallery_models_have_the_values_of_their_fixture(name):
    fixture = FIXTURES[name]
    graph = load(name)
    generic = {n for n, d in graph.functions.items() if d.definition is None}
    if generic:
        text = gallery_text(name)
        functionals = [n for n in generic if graph.declarations[n].kind == "functional"]
        if functionals:  # the source says "any loss": compare what comes before it
            fixture = {**fixture, "forward": {n: v for n, v in fixture["forward"].items() if n not in functionals}}
            bindings = {n: b for n, b in graph.bindings.items() if n not in functionals}
            graph = ComputationGraph(graph.name, graph.declarations, bindings)
        for function in generic - set(functionals):
            text = text.replace(f"{function}  : function", f"{function} : function = {FUNCTIONS['tanh']}")
            graph = loads(text)
    _check_forward(graph, fixture)


def test_the_numbers_of_the_2222_network():
    graph = load("lee_example_2222")
    for x, y in (([1.0, -1.0], [0.62, 0.83]), ([0.0, 0.0], [0.51, 0.85])):
        found = Evaluator({"x": x, "t": [1.0, 0.0]}, {}).run(graph).values
        assert np.array_equal(np.round(found["y"].astype(float), 2), y)


def test_index_orders_of_the_perceptrons():
    source, dest = load("mlp_332_source_first"), load("mlp_332_dest_first")
    assert source.ancestors("z2_1") >= {"w2_11", "w2_21", "w2_31"}
    assert dest.ancestors("z2_1") >= {"w2_11", "w2_12", "w2_13"}
    assert source.latex("w3_31") == "w^{(3)}_{31}"
    assert str(instance(load("mlp_L_source_first"), 3).shape("W[3]")) == "(n[2], n[3])"
    assert str(instance(load("mlp_L_dest_first"), 3).shape("W[3]")) == "(n[3], n[2])"
