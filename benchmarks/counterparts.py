"""The layers and likelihoods of the field as a careful colleague writes them: value and all gradients by hand in NumPy.

A layer has the upstream gradient as `upstream`, its value is that of sum(upstream * output). Layer by layer the model
text stands beside the function. `benchmarks.written` times both and sets their texts side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log, pi, sqrt
from typing import Any

import numpy as np

Result = tuple[Any, dict[str, Any]]
COLUMNS = """
x        : (n, m)
gamma    : (n, 1)
beta     : (n, 1)
eps      : scalar, positive, constant
upstream : (n, m), constant
mu       = mean(x, axis=0)
v        = mean((x - mu)**2, axis=0)
xhat     = (x - mu) / sqrt(v + eps)
L        = sum(upstream * (gamma*xhat + beta))
"""
ROWS = """
x        : (m, n)
gamma    : (n,)
beta     : (n,)
eps      : scalar, positive, constant
upstream : (m, n), constant
mu       = mean(x, axis=1, keepdims=True)
v        = mean((x - mu)**2, axis=1, keepdims=True)
xhat     = (x - mu) / sqrt(v + eps)
L        = sum(upstream * (gamma*xhat + beta))
"""
BATCH = ROWS.replace("axis=1, keepdims=True", "axis=0")
TOKENS = ROWS.replace("(m, n)", "(m, t, n)").replace("axis=1", "axis=2")
GROUPS = """
x        : (m, g, k, s)
gamma    : (g, k, 1)
beta     : (g, k, 1)
eps      : scalar, positive, constant
upstream : (m, g, k, s), constant
mu       = mean(x, axis=(2, 3), keepdims=True)
v        = mean((x - mu)**2, axis=(2, 3), keepdims=True)
xhat     = (x - mu) / sqrt(v + eps)
L        = sum(upstream * (gamma*xhat + beta))
"""
ROOT = """
x        : (m, n)
gamma    : (n,)
eps      : scalar, positive, constant
upstream : (m, n), constant
r        = sqrt(mean(x**2, axis=1, keepdims=True) + eps)
L        = sum(upstream * (gamma * (x/r)))
"""
ATTENTION = """
X        : (t, n)
W_Q      : (n, d)
W_K      : (n, d)
W_V      : (n, d)
upstream : (t, d), constant
Q        = X @ W_Q
K        = X @ W_K
V        = X @ W_V
P        = softmax(Q @ K.T / sqrt(d), axis=1)
L        = sum(upstream * (P @ V))
"""
BATCHED = """
Q        : (b, h, t, d)
K        : (b, h, t, d)
V        : (b, h, t, d)
upstream : (b, h, t, d), constant
P        = softmax(Q @ transpose(K, (0, 1, 3, 2)) / sqrt(d), axis=3)
L        = sum(upstream * (P @ V))
"""
GATE = "W_{0} : (n, k)\nU_{0} : (k, k)\nb_{0} : (k,)\n"
LSTM = (
    "x : (m, n)\nh : (m, k)\nc : (m, k)\n"
    + "".join(map(GATE.format, "ifog"))
    + """
upstream : (m, k), constant
i        = sigmoid(x @ W_i + h @ U_i + b_i)
f        = sigmoid(x @ W_f + h @ U_f + b_f)
o        = sigmoid(x @ W_o + h @ U_o + b_o)
g        = tanh(x @ W_g + h @ U_g + b_g)
c_next   = f*c + i*g
s        = tanh(c_next)
L        = sum(upstream * (o*s))
"""
)
GRU = (
    "x : (m, n)\nh : (m, k)\n"
    + "".join(map(GATE.format, "rzg"))
    + """
upstream : (m, k), constant
r        = sigmoid(x @ W_r + h @ U_r + b_r)
z        = sigmoid(x @ W_z + h @ U_z + b_z)
q        = r * h
g        = tanh(x @ W_g + q @ U_g + b_g)
L        = sum(upstream * ((1 - z)*g + z*h))
"""
)
RIDGE = """
X   : (m, n)
y   : (m,)
w   : (n,)
lam : scalar, positive
L   = sum((X @ w - y)**2) / (2*m) + lam/2 * sum(w**2)
"""
SOFTMAX = """
X : (m, n), constant
W : (n, k)
b : (k,)
Y : (m, k), one_hot(axis=1)
Z = X @ W + b
P = softmax(Z, axis=1)
L = -sum(Y * log(P)) / m
"""
GAUSSIAN = """
X     : (m, n)
mu    : (n,)
Sigma : (n, n), symmetric, positive_definite
D     = X - mu
L     = m*n/2*log(2*pi) + m/2*log(det(Sigma)) + 1/2*sum((D @ inv(Sigma)) * D)
"""
PROCESS = """
D2    : (n, n), symmetric, constant
y     : (n,)
ell   : scalar, positive
amp   : scalar, positive
noise : scalar, positive
K     = amp*exp(-D2/(2*ell**2)) + noise*eye(n)
L     = 1/2*y @ inv(K) @ y + 1/2*log(det(K)) + n/2*log(2*pi)
"""


def columns_by_hand(x: Any, gamma: Any, beta: Any, eps: Any, upstream: Any) -> Result:
    c = x - x.mean(axis=0)
    r = np.sqrt((c**2).mean(axis=0) + eps)
    xhat = c / r
    L = (upstream * (gamma * xhat + beta)).sum()
    dxhat = upstream * gamma
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / r
    dgamma = (upstream * xhat).sum(axis=1, keepdims=True)
    return L, {"x": dx, "gamma": dgamma, "beta": upstream.sum(axis=1, keepdims=True)}


def rows_by_hand(x: Any, gamma: Any, beta: Any, eps: Any, upstream: Any) -> Result:
    c = x - x.mean(axis=1, keepdims=True)
    r = np.sqrt((c**2).mean(axis=1, keepdims=True) + eps)
    xhat = c / r
    L = (upstream * (gamma * xhat + beta)).sum()
    dxhat = upstream * gamma
    dx = (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * (dxhat * xhat).mean(axis=1, keepdims=True)) / r
    return L, {"x": dx, "gamma": (upstream * xhat).sum(axis=0), "beta": upstream.sum(axis=0)}


def tokens_by_hand(x: Any, gamma: Any, beta: Any, eps: Any, upstream: Any) -> Result:
    c = x - x.mean(axis=2, keepdims=True)
    r = np.sqrt((c**2).mean(axis=2, keepdims=True) + eps)
    xhat = c / r
    L = (upstream * (gamma * xhat + beta)).sum()
    dxhat = upstream * gamma
    dx = (dxhat - dxhat.mean(axis=2, keepdims=True) - xhat * (dxhat * xhat).mean(axis=2, keepdims=True)) / r
    return L, {"x": dx, "gamma": (upstream * xhat).sum(axis=(0, 1)), "beta": upstream.sum(axis=(0, 1))}


def batch_by_hand(x: Any, gamma: Any, beta: Any, eps: Any, upstream: Any) -> Result:
    m = len(x)
    c = x - x.mean(axis=0)
    r = np.sqrt((c**2).mean(axis=0) + eps)
    xhat = c / r
    L = (upstream * (gamma * xhat + beta)).sum()
    dgamma = (upstream * xhat).sum(axis=0)
    dbeta = upstream.sum(axis=0)
    dx = gamma / r * (upstream - (dbeta + xhat * dgamma) / m)
    return L, {"x": dx, "gamma": dgamma, "beta": dbeta}


def groups_by_hand(x: Any, gamma: Any, beta: Any, eps: Any, upstream: Any) -> Result:
    c = x - x.mean(axis=(2, 3), keepdims=True)
    r = np.sqrt((c**2).mean(axis=(2, 3), keepdims=True) + eps)
    xhat = c / r
    L = (upstream * (gamma * xhat + beta)).sum()
    dxhat = upstream * gamma
    means = dxhat.mean(axis=(2, 3), keepdims=True) + xhat * (dxhat * xhat).mean(axis=(2, 3), keepdims=True)
    dgamma = (upstream * xhat).sum(axis=(0, 3))[:, :, None]
    return L, {"x": (dxhat - means) / r, "gamma": dgamma, "beta": upstream.sum(axis=(0, 3))[:, :, None]}


def root_by_hand(x: Any, gamma: Any, eps: Any, upstream: Any) -> Result:
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    xhat = x / r
    dxhat = upstream * gamma
    product = dxhat * xhat
    dx = (dxhat - xhat * product.mean(axis=1, keepdims=True)) / r
    return product.sum(), {"x": dx, "gamma": (upstream * xhat).sum(axis=0)}


def attention_by_hand(X: Any, W_Q: Any, W_K: Any, W_V: Any, upstream: Any) -> Result:
    scale = 1 / sqrt(W_Q.shape[1])
    Q, K, V = X @ W_Q, X @ W_K, X @ W_V
    P = softmax(Q @ K.T * scale)
    L = (upstream * (P @ V)).sum()
    dV = P.T @ upstream
    dP = upstream @ V.T
    dS = P * (dP - (dP * P).sum(axis=1, keepdims=True)) * scale
    dQ, dK = dS @ K, dS.T @ Q
    dX = dQ @ W_Q.T + dK @ W_K.T + dV @ W_V.T
    return L, {"X": dX, "W_Q": X.T @ dQ, "W_K": X.T @ dK, "W_V": X.T @ dV}


def batched_by_hand(Q: Any, K: Any, V: Any, upstream: Any) -> Result:
    scale = 1 / sqrt(Q.shape[3])
    P = softmax(Q @ K.swapaxes(-1, -2) * scale)
    L = (upstream * (P @ V)).sum()
    dP = upstream @ V.swapaxes(-1, -2)
    dS = P * (dP - (dP * P).sum(axis=3, keepdims=True)) * scale
    return L, {"Q": dS @ K, "K": dS.swapaxes(-1, -2) @ Q, "V": P.swapaxes(-1, -2) @ upstream}


def lstm_by_hand(x: Any, h: Any, c: Any, upstream: Any, **p: Any) -> Result:
    i, f, o = (1 / (1 + np.exp(-(x @ p["W_" + q] + h @ p["U_" + q] + p["b_" + q]))) for q in "ifo")
    g = np.tanh(x @ p["W_g"] + h @ p["U_g"] + p["b_g"])
    s = np.tanh(f * c + i * g)
    L = (upstream * (o * s)).sum()
    dc_next = upstream * o * (1 - s**2)
    d = {
        "i": dc_next * g * i * (1 - i),
        "f": dc_next * c * f * (1 - f),
        "o": upstream * s * o * (1 - o),
        "g": dc_next * i * (1 - g**2),
    }
    gradients = {"c": dc_next * f}
    gradients["x"] = d["i"] @ p["W_i"].T + d["f"] @ p["W_f"].T + d["o"] @ p["W_o"].T + d["g"] @ p["W_g"].T
    gradients["h"] = d["i"] @ p["U_i"].T + d["f"] @ p["U_f"].T + d["o"] @ p["U_o"].T + d["g"] @ p["U_g"].T
    for q, dz in d.items():
        gradients |= {"W_" + q: x.T @ dz, "U_" + q: h.T @ dz, "b_" + q: dz.sum(axis=0)}
    return L, gradients


def gru_by_hand(x: Any, h: Any, upstream: Any, **p: Any) -> Result:
    r, z = (1 / (1 + np.exp(-(x @ p["W_" + q] + h @ p["U_" + q] + p["b_" + q]))) for q in "rz")
    q = r * h
    g = np.tanh(x @ p["W_g"] + q @ p["U_g"] + p["b_g"])
    L = (upstream * ((1 - z) * g + z * h)).sum()
    dg = upstream * (1 - z) * (1 - g**2)
    dz = upstream * (h - g) * z * (1 - z)
    dq = dg @ p["U_g"].T
    dr = dq * h * r * (1 - r)
    gradients = {
        "x": dr @ p["W_r"].T + dz @ p["W_z"].T + dg @ p["W_g"].T,
        "h": upstream * z + dq * r + dr @ p["U_r"].T + dz @ p["U_z"].T,
    }
    for name, state, d in (("r", h, dr), ("z", h, dz), ("g", q, dg)):
        gradients |= {"W_" + name: x.T @ d, "U_" + name: state.T @ d, "b_" + name: d.sum(axis=0)}
    return L, gradients


def ridge_by_hand(X: Any, y: Any, w: Any, lam: Any) -> Result:
    m = len(X)
    r = X @ w - y
    square = w @ w
    L = r @ r / (2 * m) + lam / 2 * square
    dr = r / m
    return L, {"X": np.outer(dr, w), "y": -dr, "w": X.T @ dr + lam * w, "lam": square / 2}


def softmax_by_hand(X: Any, W: Any, b: Any, Y: Any) -> Result:
    m = len(X)
    Z = X @ W + b
    Z = Z - Z.max(axis=1, keepdims=True)
    e = np.exp(Z)
    total = e.sum(axis=1, keepdims=True)
    L = -(Y * (Z - np.log(total))).sum() / m
    dZ = (e / total - Y) / m
    return L, {"W": X.T @ dZ, "b": dZ.sum(axis=0)}


def gaussian_by_hand(X: Any, mu: Any, Sigma: Any) -> Result:
    m, n = X.shape
    D = X - mu
    inverse = np.linalg.inv(Sigma)
    S = D @ inverse
    L = m * n / 2 * log(2 * pi) + m / 2 * np.linalg.slogdet(Sigma)[1] + (S * D).sum() / 2
    return L, {"X": S, "mu": -S.sum(axis=0), "Sigma": m / 2 * inverse - S.T @ S / 2}


def process_by_hand(D2: Any, y: Any, ell: Any, amp: Any, noise: Any) -> Result:
    n = len(y)
    E = np.exp(-D2 / (2 * ell**2))
    K = amp * E + noise * np.eye(n)
    inverse = np.linalg.inv(K)
    alpha = inverse @ y
    L = y @ alpha / 2 + np.linalg.slogdet(K)[1] / 2 + n / 2 * log(2 * pi)
    dK = (inverse - np.outer(alpha, alpha)) / 2
    dE = dK * E
    return L, {
        "y": alpha,
        "ell": amp * (dE * D2).sum() / ell**3,
        "amp": dE.sum(),
        "noise": np.trace(dK),
    }


def softmax(z: Any) -> Any:
    """Along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Counterpart:
    """A model, the same by hand, and sizes to time them at, of arrays that the allocator keeps."""

    text: str
    by_hand: Callable[..., Result]
    sizes: Mapping[str, int]


COUNTERPARTS: Mapping[str, Counterpart] = {
    "layer norm, features in rows": Counterpart(COLUMNS, columns_by_hand, {"n": 64, "m": 128}),
    "layer norm": Counterpart(ROWS, rows_by_hand, {"m": 128, "n": 64}),
    "layer norm of tokens": Counterpart(TOKENS, tokens_by_hand, {"m": 4, "t": 32, "n": 64}),
    "batch norm": Counterpart(BATCH, batch_by_hand, {"m": 128, "n": 64}),
    "group norm": Counterpart(GROUPS, groups_by_hand, {"m": 8, "g": 4, "k": 8, "s": 64}),
    "RMS norm": Counterpart(ROOT, root_by_hand, {"m": 128, "n": 64}),
    "attention": Counterpart(ATTENTION, attention_by_hand, {"t": 64, "n": 64, "d": 32}),
    "attention, batches and heads": Counterpart(BATCHED, batched_by_hand, {"b": 4, "h": 4, "t": 32, "d": 32}),
    "LSTM cell": Counterpart(LSTM, lstm_by_hand, {"m": 64, "n": 64, "k": 64}),
    "GRU cell": Counterpart(GRU, gru_by_hand, {"m": 64, "n": 64, "k": 64}),
    "ridge": Counterpart(RIDGE, ridge_by_hand, {"m": 500, "n": 100}),
    "softmax regression": Counterpart(SOFTMAX, softmax_by_hand, {"m": 256, "n": 64, "k": 10}),
    "Gaussian likelihood": Counterpart(GAUSSIAN, gaussian_by_hand, {"m": 500, "n": 30}),
    "GP likelihood": Counterpart(PROCESS, process_by_hand, {"n": 150}),
}
