"""Listings in which names change: in loops, conditions, `with` and `try`, in place, by functions, under other names.

The verdicts were written before any of them was run, but for the last group.
"""

# ruff: noqa: E501 (a listing is a line)

from __future__ import annotations

import pytest

from derive.verification.verify import Options, verify

N = "```derive\nx, w, b, y : scalar\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2/2\n```\n"
B = "```derive\nm : size\nX : (m,)\nY : (m,)\nw : scalar\nb : scalar\nA = w*X + b\nL = sum((A - Y)**2)/m\n```\n"
M = "```derive\nX : (m, n)\nW : (n, k)\nY : (m, k)\nZ = X @ W\nL = sum((Z - Y)**2)/2\n```\n"
R = "```derive\nx, w, b, y : scalar\nz = w*x + b\na = relu(z)\nL = (a - y)**2/2\n```\n"
P = "import numpy as np\nx, y, w, b = 1.5, 0.25, 0.8, -0.2\n"
F = "z = w*x + b\na = 1 / (1 + np.exp(-z))\ndz = (a - y) * a * (1 - a)\n"
D = "import numpy as np\nX = np.array([1., 2., 4.]); Y = np.array([0., 1., 1.5])\nw = 0.5\nb = 0.25\nm = 3\n"
E = "import numpy as np\nrng = np.random.default_rng(1)\nX = rng.normal(size=(4, 3)); W = rng.normal(size=(3, 2)); Y = rng.normal(size=(4, 2))\nZ = X @ W\n"
V = "```derive\nz, y : (n,)\na = relu(z)\nL = sum((a - y)**2)/2\n```\n"
Q = "import numpy as np\nz = np.array([1.0, -2.0, 0.5, -0.3]); y = np.array([0.2, 0.1, -1.0, 0.4])\n"
DZ = E + "dZ = Z - Y\n"

RIGHT = {
    "a generator": (
        B,
        D
        + "dw = sum(2*(w*s + b - t)*s for s, t in zip(X, Y)) / m\ndb = sum(2*(w*s + b - t) for s, t in zip(X, Y)) / m\n",
    ),
    "an early return": (
        B,
        D
        + "def slope(w, b):\n    if len(X) == 0:\n        return 0.0\n    g = 0.0\n    for s, t in zip(X, Y):\n        g += 2*(w*s + b - t)*s\n    return g / len(X)\ndw = slope(w, b)\n",
    ),
    "a condition": (
        V,
        Q
        + "da_dz = np.zeros(4)\nfor i in range(4):\n    if z[i] > 0:\n        da_dz[i] = 1.0\n    else:\n        da_dz[i] = 0.0\ndz = (np.maximum(z, 0) - y)*da_dz\n",
    ),
    "a try": (N, P + F + "try:\n    dw = dz*x\nexcept ZeroDivisionError:\n    dw = 0.0\nfinally:\n    db = dz\n"),
    "into a place": (M, E + "dW = np.zeros_like(W)\nnp.matmul(X.T, Z - Y, out=dW)\n"),
    "in a with": (
        N,
        P
        + "with np.errstate(over='ignore'):\n    z = w*x + b\n    a = 1/(1 + np.exp(-z))\n    dz = (a - y)*a*(1 - a)\n    dw = dz*x\n",
    ),
    "a while": (B, D + "i, dw = 0, 0.0\nwhile i < m:\n    dw = dw + 2*(w*X[i] + b - Y[i])*X[i]/m\n    i += 1\n"),
    "column by column": (
        M,
        E
        + "dW = np.zeros((3, 2))\nfor i in range(4):\n    for j in range(2):\n        dW[:, j] += X[i] * (Z[i, j] - Y[i, j])\n",
    ),
    "an update of a dict": (N, P + F + "grads = {}\ngrads.update(w=dz, b=dz)\ngrads['w'] = grads['w'] * x\n"),
    "a list that grows": (
        B,
        D + "parts = []\nfor i in range(m):\n    parts.append(2*(w*X[i] + b - Y[i])*X[i])\ndw = np.mean(parts)\n",
    ),
}
WRONG = {
    "doubled in a condition": (N, P + F + "dw = dz*x\nif abs(dw) > 0:\n    dw = dw + dw\n"),
    "changed by a function": (M, E + "dW = X.T @ (Z - Y)\ndef halve(v):\n    v *= 0.5\nhalve(dW)\n"),
    "changed under another name": (M, E + "dW = X.T @ (Z - Y)\ng = dW\ng += 1.0\n"),
    "a sum for a mean": (B, D + "dw = sum(2*(w*s + b - t)*s for s, t in zip(X, Y))\n"),
    "doubled at last": (N, P + F + "try:\n    dw = dz*x\nfinally:\n    dw = 2*dz*x\n"),
    "turned in a with": (N, P + F + "dw = dz*x\nwith np.errstate(all='ignore'):\n    dw = -dw\n"),
    "returned too early": (
        B,
        D
        + "def slope(w, b):\n    g = 0.0\n    for s, t in zip(X, Y):\n        g += 2*(w*s + b - t)*s\n        return g / m\ndw = slope(w, b)\n",
    ),
    "into the same place": (M, E + "dW = X.T @ (Z - Y)\nnp.multiply(dW, 2.0, out=dW)\n"),
    "a dict in place": (N, P + F + "grads = {'w': dz*x, 'b': dz}\nfor key in grads:\n    grads[key] *= 2\n"),
    "two names for one": (N, P + F + "dw = dz*x\ndL_dw = 2*dz*x\n"),
}
UNJUDGED = {
    "complex": (N, P + F + "dw = dz*x + 1j\ndb = dz\n"),
    "text": (N, P + F + "dw = str(2*dz*x)\ndb = dz\n"),
    "nothing": (N, P + F + "dw = None if dz else 1\ndb = dz\n"),
    "a pair": (N, P + F + "dw = (2*dz*x, 1.5)\ndb = dz\n"),
    "a fraction": (N, P + F + "from fractions import Fraction\ndw = Fraction(2*dz*x)\ndb = dz\n"),
    "a generator": (B, D + "dw = (2*(w*s + b - t)*s for s, t in zip(X, Y))\nA = w*X + b\n"),
    "too many numbers": (
        M,
        DZ.replace("(4, 3)", "(4, 200)").replace("(3, 2)", "(200, 70)").replace("(4, 2)", "(4, 70)")
        + "dW = 2*X.T @ dZ\nL = np.sum(dZ**2)/2\n",
    ),
    "zero by its data": (M, DZ.replace("rng.normal(size=(4, 3))", "np.zeros((4, 3))") + "dW = 5*X.T @ dZ\n"),
    "one side of a condition": (R, P + "z = w*x + b\na = max(z, 0)\ndz = a - y\ndw = dz*x\n"),
    "the other side": (R, P.replace("-0.2", "-2.0") + "z = w*x + b\na = 0.0*z\n"),
    "moved in between": (
        N,
        P + "z = w*x + b\nx = 3.0\na = 1 / (1 + np.exp(-z))\ndz = (a - y) * a * (1 - a)\ndw = dz*x\n",
    ),
}
FURTHER = {
    "a dict beside a name": (N, P + F + "dw = dz*x\ngrads = {'w': 3*dz*x}\n", "false"),
    "three names for one": (N, P + F + "dw = dz*x\ngrad_w = dz*x\nw_grad = 2*dz\n", "false"),
    "a pattern": (N, P + F + "dw = dz*x\nmatch 2*dz:\n    case db:\n        pass\n", "false"),
    "a list of numbers": (M, DZ + "dW = (2 * X.T @ dZ).tolist()\n", "false"),
    "a right list of numbers": (M, DZ + "dW = (X.T @ dZ).tolist()\n", "true"),
    "a long double": (N, P + F + "dw = np.longdouble(2*dz*x)\ndb = dz\n", "false"),
    "a right long double": (N, P + F + "dw = np.longdouble(dz*x)\ndb = dz\n", "true"),
    "a sample beside the batch": (M, E + "for z in Z:\n    pass\ndZ = Z - Y\n", "true"),
    "a function on one side of a condition": (
        R,
        "import numpy as np\ndef grads(x, y, w, b):\n    z = w*x + b\n    a = max(z, 0)\n    dz = a - y\n    return {'w': dz*x}\n",
        "false",
    ),
    "a function on both sides of it": (
        R,
        "import numpy as np\ndef grads(x, y, w, b):\n    z = w*x + b\n    a = max(z, 0)\n    dz = (a - y) * (z > 0)\n    return {'w': dz*x}\n",
        "true",
    ),
}
CASES = {
    **{f"{name}, right": (*case, "true") for name, case in RIGHT.items()},
    **{f"{name}, wrong": (*case, "false") for name, case in WRONG.items()},
    **{f"{name}, not judged": (*case, "undecided") for name, case in UNJUDGED.items()},
    **FURTHER,
}


@pytest.mark.parametrize(("model", "code", "word"), CASES.values(), ids=CASES)
def test_what_is_judged(model: str, code: str, word: str) -> None:
    verdict = verify(f"{model}\n```python\n{code}```\n", options=Options(run_code=True, repairs=False)).results[0]
    assert verdict.verdict == word, verdict.diagnosis
    if word == "undecided":
        assert "was not judged" in verdict.diagnosis or "was met, never" in verdict.diagnosis
