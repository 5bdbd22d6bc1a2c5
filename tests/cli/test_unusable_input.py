"""Bad input: one clear message with its place, exit code 2, nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ("show", "latex", "code", "check")

# model text, a part of the message, the place
MODELS = {
    "unknown name": ("x : scalar\ny = 2*xx + 1\n", "unknown name 'xx'", "2:7", "did you mean x?"),
    "unknown function": ("x : scalar\ny = sigmoyd(x)\n", "unknown function 'sigmoyd'", "2:5", "sigmoid"),
    "shapes of a product": ("X : (m, n)\nW : (k, p)\nZ = X @ W\n", "(m, n) @ (k, p)", "3:5", "axis"),
    "shapes of a sum": ("X : (m, n)\nb : (k,)\nZ = X + b\n", "(m, n) and (k,)", "3:5", "axis -1"),
    "a cycle": ("x : scalar\na = b + x\nb = a*2\n", "a -> b -> a", "2:5", "depend on itself"),
    "a redefinition": ("x : scalar\na = x\na = 2*x\n", "already defined on line 2", "3:1", "another one"),
    "a declared name bound": ("x : scalar\nx = 2\n", "already declared on line 1", "2:1", ""),
    "a loss that is no scalar": ("x : (n,)\ny = 2*x\n", "shape (n,)", "2:1", "jacobian"),
    "an empty file": ("", "empty", "1:1", "scalar"),
    "comments only": ("# nothing here\n", "empty", "1:1", ""),
    "a missing operand": ("x : scalar\ny = x +\n", "ends after '+'", "2:", ""),
    "an open bracket": ("x : scalar\ny = (x\n", "'(' is never closed", "2:5", ""),
    "import": ('x : scalar\ny = __import__("os")\n', "", "2:", ""),
    "an attribute": ("x : scalar\ny = x.__class__\n", "__class__", "2:5", ".T"),
    "a lambda": ("x : scalar\ny = (lambda: x)()\n", "", "2:", ""),
    "a comprehension": ("x : scalar\ny = sum([x for i in x])\n", "'for'", "2:", ""),
    "a call of a builtin": ("x : scalar\ny = open(x)\n", "unknown function 'open'", "2:5", ""),
    "200,000 signs": ("x : scalar\ny = " + "-" * 200_000 + "x\n", "characters", "2:", "split"),
    "200,000 brackets": ("x : scalar\ny = " + "(" * 200_000 + "x" + ")" * 200_000, "characters", "2:", ""),
    "200 brackets": ("x : scalar\ny = " + "(" * 200 + "x" + ")" * 200, "nested", "2:", ""),
    "50,000 signs": ("x : scalar\ny = " + "-" * 50_000 + "x\n", "signs", "2:", ""),
}


@pytest.mark.parametrize("case", MODELS)
def test_bad_models(derive, tmp_path: Path, case: str) -> None:
    text, message, place, hint = MODELS[case]
    (tmp_path / "m.derive").write_text(text)
    for command in COMMANDS:
        result = derive(command, "m.derive")
        assert result.code == 2
        assert result.out == ""
        assert message in result.err
        assert f"m.derive:{place}" in result.err
        assert hint in result.err
        assert max(map(len, result.err.splitlines())) < 200
    caret = [line for line in result.err.splitlines() if set(line) <= {" ", "^"} and "^" in line]
    assert len(caret) == (0 if message == "empty" else 1)


def test_standard_input_is_named(derive) -> None:
    result = derive("show", "-", stdin="x : scalar\ny = q\n")
    assert result.code == 2
    assert "<stdin>:2:5" in result.err


def test_binary_and_large_files(derive, tmp_path: Path) -> None:
    (tmp_path / "binary.derive").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "nul.derive").write_bytes(b"x : scalar\ny = x\x00\n")
    (tmp_path / "large.derive").write_bytes(b"x : scalar\n" * 1_000_000)
    for name, message in (("binary", "not UTF-8"), ("nul", "not text"), ("large", "too large")):
        result = derive("show", f"{name}.derive")
        assert result.code == 2
        assert message in result.err
        assert f"{name}.derive:" in result.err
    assert derive("show", "-", stdin=b"\xff\xfe").code == 2


def test_long_models_are_read(derive, tmp_path: Path) -> None:
    lines = [f"z_{k + 1} = tanh(z_{k})" for k in range(10_000)]
    (tmp_path / "long.derive").write_text("\n".join(["x : scalar", "z_0 = x", *lines, "y = z_10000 + oops"]))
    result = derive("show", "long.derive")
    assert result.code == 2
    assert "long.derive:10003:" in result.err


def test_models_that_do_not_exist(derive, tmp_path: Path) -> None:
    result = derive("show", "two_layer_scaler")
    assert result.code == 2
    assert "two_layer_scalar" in result.err
    assert derive("show", tmp_path).code == 2
    assert derive("show", "m.py").code == 2
    assert derive("show", "m.py:g").code == 2
    assert derive("show", "").code == 2


def test_python_files_that_fail(derive, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("import derive\nx = 1\nraise ValueError('no')\n")
    assert "ValueError: no" in derive("show", "m.py:g").err
    (tmp_path / "n.py").write_text("import derive\ngraph = derive.load('node_exp')\nother = 1\n")
    assert "did you mean graph" in derive("show", "n.py:grap").err
    assert "int" in derive("show", "n.py:other").err
    assert derive("show", "n.py:graph").code == 0


def test_wrong_commands_and_options(derive) -> None:
    result = derive("shwo", "node_exp")
    assert result.code == 2
    assert "did you mean show?" in result.err
    assert derive("show").code == 2
    assert derive("show", "node_exp", "--vew", "matrix").code == 2
    assert derive("show", "node_exp", "--view", "matrx").code == 2
    assert derive("check", "node_exp", "--points", "0").code == 2
    assert derive("check", "node_exp", "--points", "many").code == 2
    assert derive("check", "node_exp", "--loss", "q").code == 2
    assert derive("latex", "--all").code == 2
    assert derive("latex").code == 2
    assert derive("code", "mlp_L_dest_first").code == 2
    assert derive("code", "mlp_L_dest_first", "--layers", "0").code == 2
    assert derive("code", "node_exp", "--layers", "3").code == 2


def test_unknown_names_after_wrt(derive) -> None:
    result = derive("show", "two_layer_scalar", "--wrt", "w_1,w_9")
    assert result.code == 2
    assert "'w_9'" in result.err
    assert "did you mean" in result.err
    assert derive("show", "two_layer_scalar", "--wrt", ",").code == 2
    assert derive("show", "mlp_L_dest_first", "--wrt", "W[q]").code == 2
    assert derive("code", "two_layer_scalar", "--wrt", "w_9").code == 2


VALUES = {
    "not JSON": ('{"x": 1,}', "not JSON"),
    "no object": ("[1, 2]", "not an object"),
    "empty": ("", "not JSON"),
    "a missing input": ("{}", "no value for x"),
    "an unknown input": ('{"x": 1, "q": 2}', "'q' is not an input"),
    "a binding": ('{"x": 1, "y": 2}', "'y' is computed"),
    "a string": ('{"x": "1"}', "x is not a number"),
    "null": ('{"x": null}', "x is not a number"),
    "a wrong rank": ('{"x": [1]}', "declared scalar"),
    "ragged rows": ('{"x": [[1], [1, 2]]}', "differ in length"),
    "deep nesting": ("[" * 100_000, ""),
}


@pytest.mark.parametrize("case", VALUES)
def test_bad_values(derive, tmp_path: Path, case: str) -> None:
    text, message = VALUES[case]
    (tmp_path / "v.json").write_text(text)
    result = derive("eval", "node_exp", "v.json")
    assert result.code == 2
    assert result.out == ""
    assert message in result.err


def test_values_whose_sizes_differ(derive) -> None:
    values = '{"X": [[1, 2]], "w": [1, 2, 3], "lambda": 0.1, "y": [1]}'
    result = derive("eval", "linear_regression", "-", stdin=values)
    assert result.code == 2
    assert "input w is declared (n,), but has shape (3,)" in result.err


def test_functions_without_numbers(derive) -> None:
    result = derive("eval", "affine_batch", "-", stdin="{}")
    assert result.code == 2
    assert "L may be any function" in result.err


def test_values_that_cannot_be_read(derive, tmp_path: Path) -> None:
    assert "No such file" in derive("eval", "node_exp", "missing.json").err
    assert derive("eval", "node_exp", tmp_path).code == 2
    assert derive("eval", "node_exp", "-", stdin=b"\xff").code == 2
    assert derive("eval", "lee_chain_1", "-", stdin='{"x": 1}').code == 2  # nobody says what g is


def test_nothing_of_a_model_is_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("here")
    (tmp_path / "m.derive").write_text(f"x : scalar\ny = __import__('os').remove('{victim}')\n")
    done = subprocess.run(
        [sys.executable, "-m", "derive", "show", str(tmp_path / "m.derive")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert victim.read_text() == "here"
