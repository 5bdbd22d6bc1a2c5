"""Arrays of other libraries: nothing is imported that the caller has not imported."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from derive.gradients.foreign import inward, library_of, loaded, plain
from derive.gradients.libraries import exchanged, leaves

CHECK = """
import sys
import numpy as np
from derive import check_gradient, check_layer
pair = (lambda x: (np.tanh(x), np.tanh(x))), (lambda dy, a: dy * (1 - a**2))
print(check_layer(pair, np.ones((2, 3))).verdict)
print(check_gradient(lambda x: float(np.sum(x**2)), lambda x: 2 * x, np.ones(3)).verdict)
print([name for name in ("torch", "jax") if name in sys.modules])
"""


def test_a_check_imports_no_library() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["true", "true", "[]"]


def test_a_library_that_is_half_imported_has_no_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "jax"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    assert loaded() == []
    assert library_of([np.ones(3), "text"]) is None
    assert plain(test_a_check_imports_no_library) is test_a_check_imports_no_library


def test_containers() -> None:
    x = np.ones(2)
    value = {"w": [x, 3], "b": (x, None)}
    assert [path for path, _ in leaves(value)] == [("w", 0), ("w", 1), ("b", 0), ("b", 1)]
    assert inward(value)["w"][0] is x
    assert exchanged(value, lambda leaf, path: path[-1]) == {"w": [0, 1], "b": (0, 1)}
