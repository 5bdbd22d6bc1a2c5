"""Pages of NumPy listings: before each stands its verdict, and the keys of which one has to name its defect.

`<!-- A2 false: operand_order|transposed -->` is written by hand from the listing and the model of its page alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from derive.listings.comments import without_prompts
from derive.listings.earlier import context_for
from derive.verification.verify import Options, verify

PAGES = sorted((Path(__file__).parent / "listings").glob("*.md"))
MARK = re.compile(r"<!-- (\w+) (\w+)(?:: (\S+))? -->")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_listings(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    marks = MARK.findall(page)
    results = verify(page, options=Options(run_code=True)).results
    assert len(marks) == len(results)
    missed = []
    for (tag, word, keys), verdict in zip(marks, results, strict=True):
        unnamed = keys and not set(keys.split("|")) & set(verdict.defects)
        if verdict.verdict != word or unnamed:
            missed.append(f"{tag}: {verdict.verdict} {verdict.defects} {verdict.diagnosis}")
    assert not missed, "\n".join(missed)


def test_what_is_repaired_is_right() -> None:
    page = PAGES[0].read_text(encoding="utf-8")
    fence = re.search(r"```derive\n.*?```\n", page, re.S)
    assert fence is not None
    repaired = [v.correct_code for v in verify(page, options=Options(run_code=True)).results if v.correct_code]
    assert len(repaired) >= 5
    again = fence[0] + "".join(f"\n```python\n{code}\n```\n" for code in repaired)
    assert {v.verdict for v in verify(again, options=Options(run_code=True)).results} == {"true"}


def test_a_layer_does_not_find_the_numbers_of_a_script() -> None:
    script = "b = np.zeros(3)\ndef double(x):\n    return 2 * x\n"
    layer = "class Layer:\n    def forward(self, x):\n        return double(x) + b\n"
    assert context_for(layer, [script]) == "def double(x):\n    return 2 * x"
    assert "b = np.zeros(3)" in context_for("print(b + 1)", [script])


def test_a_session_becomes_a_script() -> None:
    session = ">>> x = 1.5\n>>> for k in range(2):\n...     x += k\n...\n>>> x\n2.5"
    assert without_prompts(session) == "x = 1.5\nfor k in range(2):\n    x += k\n\nx  # 2.5\n"
    assert without_prompts("x = 1") == "x = 1"


REGRESSION = """```derive
X : (m, n)
W : (n, k)
b : (k,)
Y : (m, k)
Z = X @ W + b
A = sigmoid(Z)
L = -sum(Y*log(A) + (1 - Y)*log(1 - A))/m
```

```python
import numpy as np
"""


def test_a_backward_pass_from_the_targets_is_no_layer() -> None:
    listing = (
        "def forward(X, W, b):\n    Z = X @ W + b\n    A = 1/(1 + np.exp(-Z))\n    return A, (X, Z, A)\n"
        "def backward(cache, Y):\n    X, Z, A = cache\n    dZ = (A - Y)/X.shape[0]\n    return X.T @ dZ, dZ.sum(0)\n"
    )
    (result,) = verify(f"{REGRESSION}{listing}```\n", options=Options(run_code=True, repairs=False)).results
    assert (result.verdict, "backward was not judged" in result.diagnosis) == ("undecided", True)


@pytest.mark.parametrize(("reduced", "word"), [("sum", "true"), ("mean", "false")])
def test_sizes_of_a_layer_by_one_letter(reduced: str, word: str) -> None:
    listing = (
        "class Linear:\n    def __init__(self, n, k):\n        self.W = np.random.randn(n, k); self.b = np.zeros(k)\n"
        "    def forward(self, X):\n        self.X = X\n        return X @ self.W + self.b\n"
        f"    def backward(self, dZ):\n        self.dW = self.X.T @ dZ\n        self.db = dZ.{reduced}(axis=0)\n"
        "        return dZ @ self.W.T\n"
    )
    (result,) = verify(f"{REGRESSION}{listing}```\n", options=Options(run_code=True, repairs=False)).results
    assert result.verdict == word


NEURON = """```derive
x, w, b, y : scalar
z = w*x + b
a = sigmoid(z)
L = (a - y)**2/2
```

```python
import numpy as np
x, y, w, b = 1.5, 0.25, 0.8, -0.2
z = w * x + b
a = 1 / (1 + np.exp(-z))
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dL_dw = 5.0", "dL_dw was not judged"),
        ("dL_dw, rest = 5.0, 6.0", "dL_dw was not judged"),
        ("grads = [2*(a - y)*a*(1 - a)*x]", "grads was not judged"),
        ("class Net: pass\nnet = Net()\nnet.dw = 2*(a - y)*a*(1 - a)*x", "net.dw was not judged"),
    ],
)
def test_gradients_that_are_compared_with_nothing(line: str, told: str) -> None:
    (result,) = verify(f"{NEURON}{line}\n```\n", options=Options(run_code=True, repairs=False)).results
    assert (result.verdict, told in result.diagnosis) == ("undecided", True)
