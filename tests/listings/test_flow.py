"""Names that change while a script runs: judged by what holds at the end, or told as not judged."""

from __future__ import annotations

import pytest

from derive.verification.verify import Options, verify

NEURON = """```derive
x, w, b, y : scalar
z = w*x + b
a = sigmoid(z)
L = (a - y)**2/2
```
"""
BATCH = """```derive
m : size
X : (m,)
Y : (m,)
w : scalar
b : scalar
A = w*X + b
L = sum((A - Y)**2)/m
```
"""
POINT = "import numpy as np\nx, y, w, b = 1.5, 0.25, 0.8, -0.2\n"
PASS = "z = w*x + b\na = 1 / (1 + np.exp(-z))\ndz = (a - y) * a * (1 - a)\n"
DATA = "import numpy as np\nX = np.array([1., 2., 4.]); Y = np.array([0., 1., 1.5])\nw = 0.5\nb = 0.25\nm = 3\n"
TERM = "2 * (w*X[i] + b - Y[i]) * X[i]"
STEP = "w = w - 0.1*dw\nb -= 0.1*db\n"

CASES = {
    "doubled": (NEURON, f"{POINT}{PASS}dw = dz*x\ndw = 2*dw\n", "false"),
    "doubled in place": (NEURON, f"{POINT}{PASS}dw = dz*x\ndw *= 2\n", "false"),
    "by and by": (NEURON, f"{POINT}{PASS}dw = dz\ndw = dw * x\n", "true"),
    "then a step": (NEURON, f"{POINT}{PASS}dw = dz*x\ndb = dz\n{STEP}", "true"),
    "wrong, then a step": (NEURON, f"{POINT}{PASS}dw = dz\ndb = dz\n{STEP}", "false"),
    "a step, then again": (NEURON, f"{POINT}{PASS}dw = dz*x\ndb = dz\n{STEP}{PASS}dw = dz*x\ndb = dz\n", "true"),
    "a step, then wrong": (NEURON, f"{POINT}{PASS}dw = dz*x\ndb = dz\n{STEP}{PASS}dw = dz\ndb = dz\n", "false"),
    "from before the step": (NEURON, f"{POINT}{PASS}dw = dz*x\nw = w - dw\ndb = dz\n", "undecided"),
    "a loop of steps": (NEURON, f"{POINT}dw = 0.0\nfor k in range(3):\n    dw = 3*w\n    w -= dw\n", "undecided"),
    "a step in a function": (
        NEURON, f"{POINT}{PASS}dw = dz*x\ndef step():\n    global w\n    w -= dw\nstep()\ndb = dz\n", "undecided",
    ),
    "a sum without 1/m": (BATCH, f"{DATA}dw = 0.0\nfor i in range(m):\n    dw += {TERM}\n", "false"),
    "a mean": (BATCH, f"{DATA}dw = 0.0\nfor i in range(m):\n    dw += {TERM}\ndw /= m\n", "true"),
    "a sum in a dict": (BATCH, f"{DATA}grads = {{'w': 0.0}}\nfor i in range(m):\n    grads['w'] += {TERM}\n", "false"),
    "a mean in a dict": (
        BATCH, f"{DATA}grads = {{'w': 0.0}}\nfor i in range(m):\n    grads['w'] += {TERM}/m\n", "true",
    ),
    "changed without a name": (
        NEURON, f"{POINT}{PASS}dw = np.array(dz*x)\nw = w - 0.1*dw\nall = [dw]\nall[0][...] = 2*dw\n", "undecided",
    ),
    "changed by a method": (NEURON, f"{POINT}{PASS}dw = np.array(dz*x)\nw = w - 0.1*dw\ndw.fill(2.0)\n", "undecided"),
    "samples in a loop": (
        NEURON, f"{POINT}dw = 0.0\nfor x, y in [(1.0, 0.5), (2.0, 0.0)]:\n    dw += w * x\ndw = dw / 2\n", "undecided",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "code", "word"), CASES.values(), ids=CASES)
def test_what_holds_at_the_end(model: str, code: str, word: str) -> None:
    page = f"{model}\n```python\n{code}```\n"
    verdict = verify(page, options=Options(run_code=True, repairs=False)).results[0]
    assert verdict.verdict == word, verdict.diagnosis
    if word == "undecided":
        assert "changes while the listing runs" in verdict.diagnosis


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("dw = dz*x\ndb = dz\nw = w - 0.1*dw\n", "true"),
        ("dw = dz\nw = w - 0.1*dw\n", "false"),
        ("dw = dz*x\nw = w - 0.1*dw\ndb = dz\n", "undecided"),
        (f"dw = dz*x\nw = w - 0.1*dw\n{PASS}dw = dz*x\n", "true"),
    ],
)
def test_a_script_that_goes_on(code: str, word: str) -> None:
    page = f"{NEURON}\n```python\n{POINT}{PASS}```\n\n```python\n{code}```\n"
    verdict = verify(page, options=Options(run_code=True, repairs=False)).results[1]
    assert verdict.verdict == word, verdict.diagnosis
