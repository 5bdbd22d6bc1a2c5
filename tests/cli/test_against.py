"""`derive check MODEL --against FILE.py:NAME`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MODEL = "x : (m, n)\nw : (n,)\ny : (m,)\nr = x @ w - y\nL = sum(r**2) / 2\n"
CODE = """
import numpy as np

def right(x, w, y):
    r = x @ w - y
    return r @ r / 2, {"w": x.T @ r, "x": np.outer(r, w)}

def wrong(x, w, y):
    r = x @ w - y
    return r @ r / 2, {"w": -x.T @ r, "x": np.outer(r, w)}

def other_value(x, w, y):
    return right(x, w, y)[0] * 2, right(x, w, y)[1]

def raising(x, w, y):
    return {"w": undefined @ w}

def never(x, w, y):
    while True:
        pass

class Loss:
    def __init__(self):
        self.w = np.ones(3)

    def forward(self, x, y):
        self.x, self.r = x, x @ self.w - y
        return self.r @ self.r / 2

    def backward(self):
        self.dw = self.x.T @ self.r

def forward(x, w, y):
    return right(x, w, y)[0], (x, w, y)

def backward(cache):
    gradients = right(*cache)[1]
    return gradients["x"], gradients["w"], None

pair = (forward, backward)
number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.derive").write_text(MODEL)
    (tmp_path / "hand.py").write_text(CODE)
    (tmp_path / "syntax.py").write_text("def f(x:\n")
    (tmp_path / "failing.py").write_text("import numpy as np\n\nvalue = 1 / 0\n")
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["right", "Loss", "pair"])
def test_right(derive, name: str) -> None:
    result = derive("check", "m.derive", "--against", f"hand.py:{name}")
    assert result.code == 0, result.out + result.err
    assert "derived  ∂L/∂w =" in result.out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrong", "the sign is wrong"),
        ("wrong", "dw = x.T @ r"),
        ("other_value", "the value is"),
        ("raising", "raised NameError: name 'undefined' is not defined (hand.py:16)"),
    ],
)
def test_wrong(derive, name: str, text: str) -> None:
    result = derive("check", "m.derive", "--against", f"hand.py:{name}")
    assert result.code == 1
    assert text in result.out


@pytest.mark.usefixtures("folder")
def test_json(derive) -> None:
    result = derive("check", "m.derive", "--against", "hand.py:wrong", "--format", "json")
    data = json.loads(result.out)
    assert result.code == 1
    assert data["verdict"] == "false"
    assert data["defects"] == ["wrong_sign"]
    group = next(g for g in data["groups"] if g["name"] == "w")
    assert group["latex"].startswith(r"\frac{\partial L}{\partial w}")
    assert {"claimed", "derived", "coordinate", "difference"} == set(group["beside"])
    assert "def value_and_gradient" in data["correction"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("hand.py:number", "no function"),
        ("hand.py:rigth", "did you mean right"),
        ("hand.py", "--against FILE.py:NAME"),
        ("none.py:f", "no file"),
        ("syntax.py:f", "syntax.py:1"),
        ("failing.py:f", "failing.py:3"),
    ],
)
def test_unusable(derive, place: str, text: str) -> None:
    result = derive("check", "m.derive", "--against", place)
    assert result.code == 2
    assert text in result.err
    assert "Traceback" not in result.err


def test_the_help_says_whose_rights_the_code_has(derive) -> None:
    assert "with your rights" in " ".join(derive("check", "--help").out.split())
