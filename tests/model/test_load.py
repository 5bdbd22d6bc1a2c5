"""Models by name and from files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from derive.errors import ModelError
from derive.model import gallery, load, loads


def test_a_gallery_model():
    graph = load("two_layer_scalar")
    assert (graph.name, graph.loss) == ("two_layer_scalar", "L")


def test_a_file(tmp_path):
    path = tmp_path / "mine.derive"
    path.write_bytes("\ufeff# Mine.\r\nx : scalar\r\ny = x**2\r\n".encode())
    graph = load(path)
    assert (graph.name, graph.title, graph.loss) == ("mine", "Mine.", "y")


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("x : scalar\ny = z")
    with pytest.raises(ModelError) as caught:
        load(str(path))
    assert caught.value.span.file == str(path)


def test_a_misspelled_name():
    with pytest.raises(ModelError) as caught:
        load("two_layer_scaler")
    assert "two_layer_scalar" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        (b"x : scalar\ny = \x00", "not text"),
        (b"x : scalar\n" * 1_000_000, "too large"),
        ("x : scalar".encode("utf-16"), "not UTF-8"),
    ],
)
def test_files_that_are_no_models(tmp_path, data, words):
    path = tmp_path / "model.derive"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=words) as caught:
        load(path)
    assert caught.value.span.file == str(path)


def test_a_folder(tmp_path):
    with pytest.raises(ModelError, match="folder"):
        load(tmp_path)


def test_a_name_that_no_file_system_takes():
    with pytest.raises(ModelError):
        load("x" * 5000)
    with pytest.raises(ModelError):
        load("a\0b")


def test_python_is_never_run(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("raise SystemExit(7)")
    for name in (str(path), f"{path}:g"):
        with pytest.raises(ModelError, match="Python"):
            load(name)


def test_the_gallery_is_listed_without_sympy():
    code = "import sys, derive.model as m; m.gallery(); m.load('mlp_L_dest_first'); sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_examples_of_the_manual_are_models():
    manual = (Path(__file__).parents[2] / "docs" / "model_text.md").read_text(encoding="utf-8")
    models = [loads(block) for block in re.findall(r"^```\n(.*?)^```", manual, re.DOTALL | re.MULTILINE)]
    assert [graph.loss for graph in models] == ["L", "J"]
    assert models[0].title == "One layer, one sample per row, mean squared error"


def test_every_model_has_a_title():
    assert len(gallery()) >= 28
    assert all(title for title in gallery().values())
