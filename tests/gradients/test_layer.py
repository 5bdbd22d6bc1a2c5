"""Right layers are accepted: twelve layers, three styles, two precisions, none refused."""

from __future__ import annotations

import numpy as np
import pytest

from derive.gradients.layer import check_layer
from tests.gradients.layers import ALL, STYLES, TWELVE, drawn, scaled, styled


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", TWELVE)
def test_right_layers_are_not_refused(name, style, dtype):
    layer = TWELVE[name]
    inputs, parameters = drawn(layer, 1, dtype)
    dressed, given = styled(layer, style, inputs, parameters)
    report = check_layer(dressed, *given)
    assert report.verdict == "true", str(report)
    expected = {n for n, v in inputs.items() if v.dtype.kind == "f"} | set(parameters)
    assert {group.name for group in report.groups} == expected


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1e4, 1e8])
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", ALL)
def test_right_layers_are_not_refused_at_any_scale(name, dtype, scale):
    layer = scaled(ALL[name], scale)
    dressed, given = styled(layer, "functions", *drawn(layer, 2, dtype))
    report = check_layer(dressed, *given)
    assert report.verdict == "true", str(report)
