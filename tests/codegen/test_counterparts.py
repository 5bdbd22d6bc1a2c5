"""Emitted code against what a careful colleague writes by hand: the same values, and no means that are heavier."""

import numpy as np
import pytest

from benchmarks.counterparts import COUNTERPARTS
from benchmarks.written import compiled, drawn, emitted

SMALL = {"m": 5, "n": 4, "t": 3, "g": 2, "k": 3, "s": 4, "d": 3, "b": 2, "h": 2}


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_emitted_code_is_as_right_and_as_plain_as_by_hand(name):
    counterpart = COUNTERPARTS[name]
    source, values = emitted(counterpart), drawn(counterpart, SMALL)
    assert "einsum" not in source
    assert "tensordot" not in source
    value, gradients = compiled(source)(**values)
    expected, slopes = counterpart.by_hand(**values)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert gradients.keys() == slopes.keys()
    for variable, slope in slopes.items():
        assert np.shape(gradients[variable]) == np.shape(slope) == np.shape(values[variable])
        np.testing.assert_allclose(gradients[variable], slope, rtol=1e-9, atol=1e-12)
