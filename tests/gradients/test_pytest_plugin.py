"""In a project of its own, the fixture turns a wrong layer into a readable failure."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from derive.testing import assert_gradient

PROJECT = """
import numpy as np


class Dense:
    def __init__(self, n, k):
        rng = np.random.default_rng(0)
        self.W, self.b = rng.normal(size=(n, k)), rng.normal(size=k)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.mean(axis=0)
        return dout @ self.W.T


def test_dense(gradient_check):
    gradient_check(Dense(4, 3), np.random.default_rng(1).normal(size=(6, 4)))
"""


def test_an_outside_project_gets_a_readable_failure(tmp_path):
    (tmp_path / "test_dense.py").write_text(PROJECT)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_dense.py"]
    names = [entry.value for entry in importlib.metadata.entry_points(group="pytest11")]
    if "derive.pytest_plugin" not in names:
        command[3:3] = ["-p", "derive.pytest_plugin"]
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "a mean is taken where a sum is needed" in result.stdout
    assert "b" in result.stdout
    assert not re.search(r"\bderive/\w+", result.stdout), "the failure shows the test, not the tool"
    shown = [_steady(line) for line in result.stdout.splitlines()]
    for line in _readme_message():
        assert _steady(line) in shown


def _readme_message() -> list[str]:
    """The message of the failure, as the README has it."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    lines = text.partition("```text\nE ")[2].partition("```")[0].splitlines()
    assert len(lines) >= 5
    return ["E " + lines[0], *lines[1:]]


def _steady(line: str) -> str:
    """Rounding differs from machine to machine."""
    return re.sub(r"\d\.\de-\d+", "~", line).rstrip()


def test_assert_gradient_of_a_function():
    x = np.array([1.0, -2.0, 3.0])
    assert assert_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, x).verdict == "true"
    with pytest.raises(AssertionError, match="1/2"):
        assert_gradient(lambda x: np.sum(x**2), lambda x: x, x)


def test_undecided_fails_unless_lenient():
    rng = np.random.default_rng(0)
    x = np.ones(3)
    with pytest.raises(AssertionError, match="different values for the same input"):
        assert_gradient(lambda x: np.sum(x * rng.random(3)), lambda x: x, x)
    assert assert_gradient(lambda x: np.sum(x * rng.random(3)), lambda x: x, x, lenient=True).verdict == "undecided"
