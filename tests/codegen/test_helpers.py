"""Functions that emitted modules bring along."""

from __future__ import annotations

import math
import runpy
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from derive.codegen.helpers import HELPERS


@pytest.fixture
def erf(tmp_path: Path) -> Any:
    file = tmp_path / "helpers.py"
    file.write_text("import numpy as np\n\n" + textwrap.dedent(HELPERS["erf"]), encoding="utf-8")
    return runpy.run_path(str(file))["erf"]


def test_the_error_function_is_right_to_the_last_places(erf: Any) -> None:
    x = np.concatenate([np.linspace(-8, 8, 4001), [0.46875, 1e-300, -1e-20, 1e300, np.inf, -np.inf]])
    right = np.array([math.erf(value) for value in x])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(erf(x), right, rtol=1e-15, atol=0)
    assert np.isnan(erf(np.nan))


def test_the_error_function_keeps_the_type_and_the_shape(erf: Any) -> None:
    assert erf(np.ones((2, 3), dtype=np.float32)).dtype == np.float32
    assert erf(np.ones((2, 3), dtype=np.float32)).shape == (2, 3)
    assert erf(np.zeros((0, 2))).shape == (0, 2)
    assert erf(2) == pytest.approx(math.erf(2), rel=1e-15)


def test_a_complex_step_passes_through_the_error_function(erf: Any) -> None:
    x = np.linspace(-5, 5, 1001)
    slope = erf(x + 1e-20j).imag / 1e-20
    np.testing.assert_allclose(slope, 2 / math.sqrt(math.pi) * np.exp(-(x**2)), rtol=0, atol=1e-15)


def test_the_complementary_error_function_has_its_relative_precision(tmp_path: Path) -> None:
    file = tmp_path / "helpers.py"
    file.write_text("import numpy as np\n\n" + textwrap.dedent(HELPERS["erfc"]), encoding="utf-8")
    erfc = runpy.run_path(str(file))["erfc"]
    x = np.concatenate([np.linspace(-8, 26, 2001), [0.46875, 4.0, 1e-300, -1e-20, 40.0, 1e300, np.inf, -np.inf]])
    right = np.array([math.erfc(value) for value in x])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = erfc(x)
    np.testing.assert_allclose(found, right, rtol=2e-13, atol=1e-300)
    assert np.isnan(erfc(np.nan))
    assert erfc(np.ones((2, 3), dtype=np.float32)).dtype == np.float32
    slope = erfc(np.linspace(-5, 5, 101) + 1e-20j).imag / 1e-20
    np.testing.assert_allclose(slope, -2 / math.sqrt(math.pi) * np.exp(-(np.linspace(-5, 5, 101) ** 2)), atol=1e-14)
