"""The textbook systems: emitted values and gradients against independent numbers, through model text."""

import json
from pathlib import Path

import numpy as np
import pytest

from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.model import loads

FIXTURES = json.loads((Path(__file__).parents[1] / "textbook" / "expected.json").read_text("utf-8"))["fixtures"]


def model_text(fixture):
    """Model text from a fixture's own graph, functions and inputs: one size name for each distinct length."""
    text = "\n".join(fixture["graph"])
    lines = []
    for name, value in fixture["inputs"].items():
        shape = np.shape(value)
        if isinstance(value, int) and f"1/{name}" in text:
            lines.append(f"{name} : size")
        else:
            lines.append(f"{name} : " + (f"({', '.join(map(str, shape))},)" if shape else "scalar"))
    known = {"logistic": "sigmoid", "tanh": "tanh"}
    for name, meaning in fixture["functions"].items():
        if meaning in known:
            lines.append(f"{name} : function = {known[meaning]}")
    return "\n".join([*lines, *fixture["graph"]])


def identifier(fixture):
    return fixture["model"]


@pytest.mark.parametrize("fixture", FIXTURES, ids=identifier)
def test_values_and_gradients_agree_to_ten_digits(fixture):
    graph = loads(model_text(fixture))
    names = list(fixture["gradient"])
    value, gradient = lambdify(backprop(graph, fixture["loss"]), wrt=names)(**fixture["inputs"])
    assert value == pytest.approx(fixture["forward"][fixture["loss"]], rel=1e-10)
    for name in names:
        expected = np.array(fixture["gradient"][name])
        assert np.shape(gradient[name]) == expected.shape
        np.testing.assert_allclose(gradient[name], expected, rtol=1e-9, atol=1e-10, err_msg=name)
