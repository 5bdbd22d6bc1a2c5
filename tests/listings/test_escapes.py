"""No block reaches its verdict, the file system or the machine: escapes and floods, none of which is true."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derive.listings.escapes import reaches
from derive.listings.process import limits
from derive.verification.verify import Options, verify
from tests.listings.escapes import CALLED, ENDLESS, FORGED, LAYER, REFUSED, SCRIPT

MODEL = "```derive\nx, w, b, y : scalar\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2\n```\n\n"
RIGHT = SCRIPT.replace("2 * (a", "(a")
BLOCKS = [
    *((f"{name}, script", f"import numpy as np\n{code}\n{SCRIPT}") for name, code in FORGED.items()),
    *((f"{name}, layer", f"import numpy as np\n{code}\n{LAYER}") for name, code in FORGED.items()),
    *((f"{name}, refused", f"import numpy as np\n{code}\n{SCRIPT}") for name, code in REFUSED.items()),
    *((f"{name}, endless", f"import numpy as np\n{code}\n{SCRIPT}") for name, code in ENDLESS.items()),
    *(
        (
            f"{name}, called",
            f"import numpy as np\nclass Sigmoid:\n    {code}\n\n    def backward(self, d):\n        return d\n",
        )
        for name, code in CALLED.items()
    ),
]


def _judged(code: str) -> tuple[str, str, float]:
    started = time.monotonic()
    verdict = verify(f"{MODEL}```python\n{code}\n```\n", options=Options(run_code=True, repairs=False)).results[0]
    return verdict.verdict, verdict.diagnosis, time.monotonic() - started


def test_the_listings_without_escapes() -> None:
    assert _judged(RIGHT)[0] == "true"
    assert _judged(SCRIPT)[0] == "false"
    assert _judged(f"import numpy as np\n{LAYER}")[0] == "false"


@pytest.mark.parametrize(("name", "code"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_escapes(name: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("mine")
    os.utime(page, (1e9, 1e9))
    before = page.stat()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("derive.listings.process.SECONDS", 3.0)
    word, said, seconds = _judged(f"PAGE = {str(page)!r}\n{code}")
    assert word in ("false", "undecided"), said
    assert "internal error" not in said
    assert seconds < 20
    assert os.listdir(tmp_path) == ["page.md"]
    after = page.stat()
    assert (after.st_mtime, after.st_mode, after.st_size, page.read_text()) == (1e9, before.st_mode, 4, "mine")
    assert not Path("/dev/shm/derive_harm").exists()
    if name.endswith(("refused", "called")) and name not in ("open, refused", "fork bomb, refused"):
        assert word == "undecided" or name.endswith("called"), said


@pytest.mark.parametrize(
    "code",
    [
        "import sys", "import os.path", "from math import *", "import numpy.testing", "np.exp = np.cos", "g = getattr",
        "m = np", "f(np)", "getattr(f, 'a' + 'b')", "getattr(f, '__globals__')", "f.__globals__", "f.__dict__",
        "x = ().__class__.__base__", "exec('x')", "e = eval", "np.f2py.os", "np.random._pickle", "random._os",
        "del np.exp", "from numpy import os", "from copy import __dict__", "print(__builtins__)",
        "class A:\n    __array_interface__ = {}", "class A:\n    def __reduce__(self):\n        pass",
        "import typing\nc = typing.collections\ns = c._sys", "from typing import collections\ncollections._sys",
        "import enum\nenum.bltns", "x.getattr(y, 'z')", "match f:\n    case object(__globals__=g):\n        pass",
        "M = np.ma.core.np", "from numpy.ma.core import np as M",
        "import dataclasses\ndataclasses.make_dataclass('A', [])",
        "A = type(B)('A', (), {})", "A = b.__class__('A', (), {})", "class T(type):\n    pass",
        "import abc\nabc.ABCMeta",
        "import functools\nfunctools.update_wrapper(f, g)", "layer._hidden", "from functools import update_wrapper",
        "derive_shown_0 = 1", "A = type('A', (), {})", "from typing import get_type_hints",
    ],
)  # fmt: skip
def test_what_reaches_into_the_interpreter(code: str) -> None:
    assert reaches(ast.parse(f"import random\n{code}")) is not None


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nfrom math import exp\nfrom numpy.linalg import norm\nimport matplotlib.pyplot as plt",
        "np.random.seed(0)\nx = np.linalg.inv(np.eye(2)).T", "class A(B):\n    def __init__(self):\n"
        "        super().__init__()\n        self.W = self.__class__.__name__", "getattr(self, 'W')",
        "layer.W -= 0.1 * layer.dW\nparams['W'] = 1", "self._cache = self.input", "type(x)(y)",
        "super().__init__(a, b, c)", "if __name__ == '__main__':\n    pass",
    ],
)  # fmt: skip
def test_what_computes_only(code: str) -> None:
    assert reaches(ast.parse(code)) is None


def test_what_is_beyond_the_limits_is_not_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derive.listings.process.SECONDS", 2.0)
    page = f"{MODEL}```python\n{ENDLESS['loop']}\n{SCRIPT}\n```\n"
    started = time.monotonic()
    assert verify(page, options=Options(run_code=True)).results[0].verdict == "undecided"
    assert time.monotonic() - started < 8


def test_the_judge_stays_small() -> None:
    """Floods of the pipe, of names and of text: the process that judges has its size in the end."""
    keep = ("prints to all", "a huge answer", "many names", "a huge text", "a long name", "prints")
    code = (
        "import resource, sys; sys.path.insert(0, '.')\n"
        "from tests.listings.test_escapes import _judged, SCRIPT; from tests.listings.escapes import ENDLESS\n"
        "import derive.listings.process as process; process.SECONDS = 2.0\n"
        f"print([_judged('import numpy as np\\n' + ENDLESS[k] + '\\n' + SCRIPT)[0] for k in {keep!r}])\n"
        # the largest size that the system tells begins with that of the process that started this one
        "from pathlib import Path; status = Path('/proc/self/status')\n"
        "rows = status.read_text().splitlines() if status.exists() else []\n"
        "own = [row.split()[1] for row in rows if row.startswith('VmHWM')]\n"
        "print(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    words, size = done.stdout.splitlines()
    assert "'true'" not in words
    assert int(size) * (1 if sys.platform == "darwin" else 1024) < 300e6


def test_what_holds_here_is_known() -> None:
    held = limits()
    assert held["accidents"]
    if sys.platform == "linux":
        assert held["memory"]
        assert held["files"]
        assert held["calls"]
