"""Edits of a backward pass: what is tried, what is put back, and what is left alone."""

from __future__ import annotations

import ast
import inspect
import textwrap

import numpy as np

from derive import check_gradient
from derive.gradients.edits import edits
from derive.judging.defects import DEFECTS

X = np.random.default_rng(1).normal(size=(4, 3))


def value(x):
    return np.sum(np.log(np.cosh(x)) * np.arange(12.0).reshape(4, 3))


def wrong(x):
    weights = np.arange(12.0).reshape(4, 3)
    slope = np.tanh(x) + x
    return weights * slope


def opens(x):
    if x is None:
        open("nothing").close()
    weights = np.arange(12.0).reshape(4, 3)
    return weights * (np.tanh(x) + x)


def tree() -> ast.FunctionDef:
    found = ast.parse(textwrap.dedent(inspect.getsource(wrong))).body[0]
    assert isinstance(found, ast.FunctionDef)
    return found


def test_all_keys_are_known_and_the_tree_is_put_back() -> None:
    function = tree()
    before = ast.dump(function)
    made = list(edits(function, ["x", "slope"], "np"))
    assert len(made) > 200
    assert {key for edit in made for key in edit.keys} <= set(DEFECTS)
    assert ast.dump(function) == before


def test_the_line_is_named_and_the_code_is_put_back() -> None:
    code = wrong.__code__
    report = check_gradient(value, wrong, X)
    assert report.defects[0] == "extra_term"
    line = inspect.getsourcelines(wrong)[1] + 2
    assert f"line {line}" in report.diagnosis or "does not belong" in report.diagnosis
    assert wrong.__code__ is code


def test_what_opens_files_is_not_edited() -> None:
    assert "stands where" not in check_gradient(value, opens, X).diagnosis
