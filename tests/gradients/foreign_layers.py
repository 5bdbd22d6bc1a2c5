"""Layers and gradient functions as other people write them, right ones, each with mistakes that people make.

A case is a text, how it is called, and mistakes: what stands in the text (its last occurrence), what is written
instead, the causes of which one should be named (None where only the refutation matters), and the groups of which one
is wrong.
The styles are those of courses (functions with a cache), of books (objects that keep `self.x` and `self.dW`), of
engines (`.data` and `.grad`), of optimisers (`loss, grad`), of closures (`y, pullback`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """`call(namespace, rng, scale)` gives the subject and its arguments; a gradient function or else a layer."""

    call: Callable[..., Any]
    source: str
    mistakes: tuple[tuple[str, str, str | None, str | None], ...]
    scales: tuple[float, ...]
    float32: bool
    gradient: bool


CASES: dict[str, Case] = {}


def case(name, call, source, *mistakes, scales=(1.0,), f32=True, gradient=False):
    CASES[name] = Case(call, source, mistakes, scales, f32, gradient)


def gc(name, args, source, *mistakes, scales=(1.0,), f32=True):
    """A function f with its gradient g."""
    case(
        name,
        lambda ns, r, s: ((ns["f"], ns["g"]), args(r, s)),
        source,
        *mistakes,
        scales=scales,
        f32=f32,
        gradient=True,
    )


def n(rng, *shape):
    return rng.normal(size=shape)


# ---------------------------------------------------------------- course style: functions with a cache
case(
    "affine",
    lambda ns, r, s: ((ns["affine_forward"], ns["affine_backward"]), [s * n(r, 5, 2, 3), n(r, 6, 4), s * n(r, 4)]),
    """
def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache
def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
""",
    ("db = np.sum(dout, axis=0)", "db = np.mean(dout, axis=0)", "mean_for_sum", "b"),
    ("dw = x", "dw = -x", "wrong_sign", "w"),
    (
        "dw = x.reshape(x.shape[0], -1).T.dot(dout)",
        "dw = x.reshape(x.shape[0], -1).T.dot(dout) / x.shape[0]",
        "extra_factor mean_for_sum",
        "w",
    ),
    ("np.sum(dout, axis=0)", "dout", "missing_sum shape_mismatch", "b"),
    (".reshape(x.shape)\n", "\n", "shape_mismatch notation", "x"),
    ("dx = dout.dot(w.T)", "dx = 0.5*dout.dot(w.T)", "missing_factor", "x"),
    scales=(1.0, 1e-8, 1e8),
)
case(
    "relu_cache",
    lambda ns, r, s: ((ns["relu_forward"], ns["relu_backward"]), [s * n(r, 4, 7)]),
    """
def relu_forward(x):
    return np.maximum(0, x), x
def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx
""",
    ("dout * (x > 0)", "dout", "missing_factor negative_inputs", "x"),
    ("dout * (x > 0)", "(x > 0) * 1.0", "ignores_upstream", "x"),
    ("x > 0", "x < 0", "negative_inputs wrong_value positive_inputs missing_factor", "x"),
    ("dout * (x > 0)", "np.where(x > 0, dout, -dout)", "negative_inputs wrong_sign missing_factor extra_factor", "x"),
    scales=(1.0, 1e-8, 1e8),
)
case(
    "batchnorm_cache",
    lambda ns, r, s: (
        (ns["batchnorm_forward"], ns["batchnorm_backward"]),
        [s * n(r, 8, 3) + s * r.normal(size=3), 1 + 0.3 * n(r, 3), n(r, 3), {"mode": "train", "eps": 1e-5 * s * s}],
    ),
    """
def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    if mode == "train":
        mu = x.mean(axis=0)
        var = x.var(axis=0)
        inv = 1 / np.sqrt(var + eps)
        xhat = (x - mu) * inv
        out = gamma * xhat + beta
        cache = (xhat, gamma, inv)
    bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
    return out, cache
def batchnorm_backward(dout, cache):
    xhat, gamma, inv = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dx = inv / N * (N * dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0))
    return dx, dgamma, dbeta
""",
    ("- dxhat.sum(axis=0) -", "-", "missing_term", "x"),
    (" - xhat * (dxhat * xhat).sum(axis=0))", ")", "missing_term", "x"),
    ("dxhat = dout * gamma", "dxhat = dout", "missing_factor", "x"),
    ("(dout * xhat).sum(axis=0)", "(dout * xhat).mean(axis=0)", "mean_for_sum", "gamma"),
    ("inv / N *", "inv *", "missing_factor", "x"),
    ("dxhat - dxhat.sum(axis=0) -", "dxhat - dxhat.sum(axis=0) +", "wrong_sign missing_term", "x"),
    ("inv / N", "inv**2 / N", "extra_factor wrong_value", "x"),
)
case(
    "layernorm_cache",
    lambda ns, r, s: (
        (ns["layernorm_forward"], ns["layernorm_backward"]),
        [s * n(r, 5, 6), 1 + 0.3 * n(r, 6), n(r, 6)],
    ),
    """
def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=1, keepdims=True)
    xc = x - mu
    std = np.sqrt((xc ** 2).mean(axis=1, keepdims=True) + eps)
    xn = xc / std
    return gamma * xn + beta, (xn, std, gamma)
def layernorm_backward(dout, cache):
    xn, std, gamma = cache
    dgamma = np.sum(dout * xn, axis=0)
    dbeta = np.sum(dout, axis=0)
    g = dout * gamma
    dx = (g - g.mean(axis=1, keepdims=True) - xn * (g * xn).mean(axis=1, keepdims=True)) / std
    return dx, dgamma, dbeta
""",
    (
        "g - g.mean(axis=1, keepdims=True)",
        "g - g.mean(axis=0, keepdims=True)",
        "wrong_value missing_term extra_term wrong_index",
        "x",
    ),
    ("/ std", "/ std**2", "extra_factor missing_factor wrong_value", "x"),
    ("dgamma = np.sum(dout * xn, axis=0)", "dgamma = np.sum(dout, axis=0)", "wrong_left_side", "gamma"),
    (" - xn * (g * xn).mean(axis=1, keepdims=True)", "", "missing_term", "x"),
    ("- xn * (g", "+ xn * (g", "wrong_sign missing_term", "x"),
)
case(
    "conv_naive",
    lambda ns, r, s: (
        (ns["conv_forward_naive"], ns["conv_backward_naive"]),
        [s * n(r, 2, 3, 5, 5), n(r, 4, 3, 3, 3), s * n(r, 4), {"stride": 2, "pad": 1}],
    ),
    """
def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    Ho = 1 + (H + 2 * pad - HH) // stride
    Wo = 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, Ho, Wo), dtype=x.dtype)
    for i in range(Ho):
        for j in range(Wo):
            patch = xp[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.tensordot(patch, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b, conv_param)
def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            sl = (slice(None), slice(None), slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW))
            dw += np.tensordot(dout[:, :, i, j], xp[sl], axes=([0], [0]))
            dxp[sl] += np.tensordot(dout[:, :, i, j], w, axes=([1], [0]))
    dx = dxp[:, :, pad:-pad, pad:-pad]
    return dx, dw, db
""",
    ("dxp[sl] +=", "dxp[sl] =", None, "x"),
    ("dxp[:, :, pad:-pad, pad:-pad]", "dxp[:, :, :-2*pad, :-2*pad]", None, "x"),
    (
        "db = dout.sum(axis=(0, 2, 3))",
        "db = dout.sum(axis=(2, 3)).mean(axis=0)",
        "mean_for_sum missing_factor extra_factor",
        "b",
    ),
    ("dw += np", "dw = np", None, "w"),
    ("dx = dxp[:, :, pad:-pad, pad:-pad]", "dx = dxp", "shape_mismatch", "x"),
    f32=True,
)
case(
    "maxpool_naive",
    lambda ns, r, s: (
        (ns["max_pool_forward"], ns["max_pool_backward"]),
        [s * n(r, 2, 3, 4, 6), {"h": 2, "w": 2, "stride": 2}],
    ),
    """
def max_pool_forward(x, pool_param):
    h, w, st = pool_param["h"], pool_param["w"], pool_param["stride"]
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - h) // st + 1, (W - w) // st + 1), dtype=x.dtype)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = x[:, :, i * st : i * st + h, j * st : j * st + w].max(axis=(2, 3))
    return out, (x, pool_param)
def max_pool_backward(dout, cache):
    x, pool_param = cache
    h, w, st = pool_param["h"], pool_param["w"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            win = x[:, :, i * st : i * st + h, j * st : j * st + w]
            mask = win == win.max(axis=(2, 3), keepdims=True)
            dx[:, :, i * st : i * st + h, j * st : j * st + w] += mask * dout[:, :, i, j][:, :, None, None]
    return dx
""",
    ("mask * dout[:, :, i, j]", "mask / (h * w) * dout[:, :, i, j]", "missing_factor extra_factor", "x"),
    ("mask = win == win.max", "mask = win >= win.min", None, "x"),
    ("win == win.max(axis=(2, 3), keepdims=True)", "win == np.abs(win).max(axis=(2, 3), keepdims=True)", None, "x"),
    scales=(1.0, 1e-8),
)
case(
    "softmax_loss",
    lambda ns, r, s: (ns["softmax_loss"], [n(r, 5, 4), r.integers(0, 4, 5)]),
    """
def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    N = x.shape[0]
    loss = -logp[np.arange(N), y].mean()
    dx = np.exp(logp)
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
""",
    ("    dx /= N\n", "", "missing_factor", "x"),
    ("-= 1", "-= 2", None, "x"),
    ("dx[np.arange(N), y] -= 1", "dx[:, y] -= 1", None, "x"),
    ("dx = np.exp(logp)", "dx = logp", None, "x"),
    ("    dx[np.arange(N), y] -= 1\n", "", "missing_term", "x"),
)
case(
    "svm_loss",
    lambda ns, r, s: (ns["svm_loss"], [n(r, 5, 4), r.integers(0, 4, 5)]),
    """
def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, None] + 1.0)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N
    num = (margins > 0).sum(axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num
    dx /= N
    return loss, dx
""",
    ("-= num", "-= 1", None, "x"),
    ("dx /= N", "dx /= x.shape[1]", "extra_factor missing_factor", "x"),
    ("    dx[np.arange(N), y] -= num\n", "", None, "x"),
)
# ---------------------------------------------------------------- from scratch: self.x, self.dW
case(
    "Affine",
    lambda ns, r, s: (ns["Affine"](s * n(r, 4, 3), s * n(r, 3)), [n(r, 6, 4)]),
    """
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = None
        self.dW = None
        self.db = None
    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b
    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx
""",
    ("np.sum(dout, axis=0)", "np.sum(dout)", "shape_mismatch extra_sum", "b"),
    ("self.x.T, dout)", "self.x.T, dout) / len(dout)", "mean_for_sum extra_factor", "W"),
    ("self.dW = np.dot(self.x.T, dout)", "self.dW = np.dot(self.x.T, dout) + 1e-3*self.W", "regulariser", "W"),
    ("np.dot(dout, self.W.T)", "-np.dot(dout, self.W.T)", "wrong_sign", "x"),
    (
        "self.dW = np.dot(self.x.T, dout)",
        "self.dW = (0 if self.dW is None else self.dW) + np.dot(self.x.T, dout)",
        "second_call",
        None,
    ),
    ("np.dot(dout, self.W.T)", "np.dot(dout, self.W.T); dx[:, 0] = 0", "one_column", "x"),
    ("np.sum(dout, axis=0)", "np.sum(dout, axis=0); self.db[-1] *= 2", "one_coordinate", "b"),
    scales=(1.0, 1e-8, 1e8),
)
case(
    "Sigmoid",
    lambda ns, r, s: (ns["Sigmoid"](), [2 * n(r, 3, 5)]),
    """
class Sigmoid:
    def __init__(self):
        self.out = None
    def forward(self, x):
        out = 1 / (1 + np.exp(-x))
        self.out = out
        return out
    def backward(self, dout):
        return dout * (1.0 - self.out) * self.out
""",
    (" * self.out\n", "\n", "missing_factor", "x"),
    ("(1.0 - self.out) * self.out", "(1.0 - self.out**2)", None, "x"),
    ("(1.0 - self.out)", "(self.out - 1.0)", "wrong_sign", "x"),
    ("dout * ", "", "ignores_upstream", "x"),
)
case(
    "ReluCopy",
    lambda ns, r, s: (ns["Relu"](), [s * n(r, 3, 5)]),
    """
class Relu:
    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out
    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx
""",
    ("        dx[self.mask] = 0\n", "", "negative_inputs missing_factor", "x"),
    ("out = x.copy()", "out = x", "mutates_argument", None),
    scales=(1.0, 1e-8, 1e8),
)
case(
    "SoftmaxWithLoss",
    lambda ns, r, s: (ns["SoftmaxWithLoss"](), [n(r, 5, 4), np.eye(4)[r.integers(0, 4, 5)]]),
    """
def softmax(x):
    x = x - np.max(x, axis=-1, keepdims=True)
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
def cross_entropy_error(y, t):
    return -np.sum(t * np.log(y)) / y.shape[0]
class SoftmaxWithLoss:
    def __init__(self):
        self.loss = None
        self.y = None
        self.t = None
    def forward(self, x, t):
        self.t = t
        self.y = softmax(x)
        self.loss = cross_entropy_error(self.y, self.t)
        return self.loss
    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        dx = (self.y - self.t) / batch_size
        return dx * dout
""",
    ("(self.y - self.t) / batch_size", "(self.y - self.t)", "missing_factor", "x"),
    ("self.y - self.t", "self.t - self.y", "wrong_sign", "x"),
    ("(self.y - self.t)", "(self.y * (1 - self.y))", None, "x"),
    ("(self.y - self.t) / batch_size", "(self.y - self.t) / self.t.size", "extra_factor missing_factor", "x"),
)
case(
    "Im2colConv",
    lambda ns, r, s: (ns["Convolution"](n(r, 3, 2, 3, 3), n(r, 3), pad=1), [s * n(r, 2, 2, 4, 5)]),
    """
def im2col(x, fh, fw, stride=1, pad=0):
    N, C, H, W = x.shape
    oh, ow = (H + 2*pad - fh)//stride + 1, (W + 2*pad - fw)//stride + 1
    img = np.pad(x, [(0,0),(0,0),(pad,pad),(pad,pad)], "constant")
    col = np.zeros((N, C, fh, fw, oh, ow), dtype=x.dtype)
    for y in range(fh):
        for xx in range(fw):
            col[:, :, y, xx] = img[:, :, y:y + stride*oh:stride, xx:xx + stride*ow:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N*oh*ow, -1)
def col2im(col, shape, fh, fw, stride=1, pad=0):
    N, C, H, W = shape
    oh, ow = (H + 2*pad - fh)//stride + 1, (W + 2*pad - fw)//stride + 1
    col = col.reshape(N, oh, ow, C, fh, fw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2*pad + stride - 1, W + 2*pad + stride - 1), dtype=col.dtype)
    for y in range(fh):
        for x in range(fw):
            img[:, :, y:y + stride*oh:stride, x:x + stride*ow:stride] += col[:, :, y, x]
    return img[:, :, pad:H + pad, pad:W + pad]
class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad = W, b, stride, pad
        self.x = self.col = self.col_W = None
        self.dW = self.db = None
    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        oh = 1 + (H + 2*self.pad - FH)//self.stride
        ow = 1 + (W + 2*self.pad - FW)//self.stride
        col = im2col(x, FH, FW, self.stride, self.pad)
        col_W = self.W.reshape(FN, -1).T
        out = np.dot(col, col_W) + self.b
        out = out.reshape(N, oh, ow, -1).transpose(0, 3, 1, 2)
        self.x, self.col, self.col_W = x, col, col_W
        return out
    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout)
        self.dW = self.dW.transpose(1, 0).reshape(FN, C, FH, FW)
        dcol = np.dot(dout, self.col_W.T)
        return col2im(dcol, self.x.shape, FH, FW, self.stride, self.pad)
""",
    ("self.dW.transpose(1, 0).reshape", "self.dW.reshape", None, "W"),
    ("] += col[", "] = col[", None, "x"),
    ("transpose(0, 2, 3, 1).reshape(-1, FN)", "reshape(-1, FN)", None, "W b x"),
    ("np.sum(dout, axis=0)", "np.mean(dout, axis=0)", "mean_for_sum extra_factor missing_factor", "b"),
)
case(
    "EmbeddingGrads",
    lambda ns, r, s: (ns["Embedding"](s * n(r, 7, 3)), [np.array([0, 2, 0, 5])]),
    """
class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None
    def forward(self, idx):
        W, = self.params
        self.idx = idx
        return W[idx]
    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None
""",
    ("np.add.at(dW, self.idx, dout)", "dW[self.idx] = dout", "one_row", "params[0]"),
    ("        dW[...] = 0\n", "", "second_call", None),
    ("np.add.at(dW, self.idx, dout)", "np.add.at(dW, self.idx, -dout)", "wrong_sign", "params[0]"),
    ("np.add.at(dW, self.idx, dout)", "np.add.at(dW, self.idx, dout); dW[0] = 0", "one_row", "params[0]"),
    scales=(1.0, 1e-8, 1e8),
)
case(
    "MatMulList",
    lambda ns, r, s: (ns["MatMul"](n(r, 3, 2)), [n(r, 4, 3)]),
    """
class MatMul:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.x = None
    def forward(self, x):
        W, = self.params
        out = np.dot(x, W)
        self.x = x
        return out
    def backward(self, dout):
        W, = self.params
        dx = np.dot(dout, W.T)
        dW = np.dot(self.x.T, dout)
        self.grads[0][...] = dW
        return dx
""",
    ("self.grads[0][...] = dW", "self.grads[0][...] += dW", "second_call", None),
    ("self.grads[0][...] = dW", "self.grads[0][...] = 2*dW", "extra_factor", "params[0]"),
    ("        self.grads[0][...] = dW\n", "", "missing_gradient", "params[0]"),
)
case(
    "RNNCell",
    lambda ns, r, s: (ns["RNN"](n(r, 3, 4), n(r, 4, 4), n(r, 4)), [n(r, 2, 3), n(r, 2, 4)]),
    """
class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None
    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        t = np.dot(h_prev, Wh) + np.dot(x, Wx) + b
        h_next = np.tanh(t)
        self.cache = (x, h_prev, h_next)
        return h_next
    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dt = dh_next * (1 - h_next ** 2)
        db = np.sum(dt, axis=0)
        dWh = np.dot(h_prev.T, dt)
        dh_prev = np.dot(dt, Wh.T)
        dWx = np.dot(x.T, dt)
        dx = np.dot(dt, Wx.T)
        self.grads[0][...] = dWx
        self.grads[1][...] = dWh
        self.grads[2][...] = db
        return dx, dh_prev
""",
    ("dh_next * (1 - h_next ** 2)", "dh_next", "missing_factor", "x"),
    ("h_next ** 2", "h_next", None, "x"),
    ("dWh = np.dot(h_prev.T, dt)", "dWh = np.dot(h_next.T, dt)", None, "params[1]"),
    ("dh_prev = np.dot(dt, Wh.T)", "dh_prev = np.dot(dt, Wh)", "transposed wrong_value", "h_prev"),
    ("return dx, dh_prev", "return dx, dh_next", None, "h_prev"),
)
case(
    "LSTMCell",
    lambda ns, r, s: (
        ns["LSTM"](n(r, 3, 8) * 0.5, n(r, 2, 8) * 0.5, n(r, 8) * 0.5),
        [n(r, 4, 3), n(r, 4, 2), n(r, 4, 2)],
    ),
    """
def sigmoid(x): return 1/(1+np.exp(-x))
class LSTM:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(p) for p in self.params]
    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        N, H = h_prev.shape
        A = np.dot(x, Wx) + np.dot(h_prev, Wh) + b
        f, g, i, o = sigmoid(A[:, :H]), np.tanh(A[:, H:2*H]), sigmoid(A[:, 2*H:3*H]), sigmoid(A[:, 3*H:])
        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)
        self.cache = (x, h_prev, c_prev, i, f, g, o, c_next)
        return h_next, c_next
    def backward(self, dh_next, dc_next):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, i, f, g, o, c_next = self.cache
        tanh_c = np.tanh(c_next)
        ds = dc_next + (dh_next * o) * (1 - tanh_c ** 2)
        dc_prev = ds * f
        di, df, do, dg = ds * g, ds * c_prev, dh_next * tanh_c, ds * i
        di *= i * (1 - i)
        df *= f * (1 - f)
        do *= o * (1 - o)
        dg *= (1 - g ** 2)
        dA = np.hstack((df, dg, di, do))
        self.grads[0][...] = np.dot(x.T, dA)
        self.grads[1][...] = np.dot(h_prev.T, dA)
        self.grads[2][...] = dA.sum(axis=0)
        return np.dot(dA, Wx.T), np.dot(dA, Wh.T), dc_prev
""",
    ("ds = dc_next + ", "ds = ", None, "c_prev"),
    ("(df, dg, di, do)", "(di, df, dg, do)", None, "x"),
    ("        do *= o * (1 - o)\n", "", None, "x"),
    ("dc_prev = ds * f", "dc_prev = ds * i", None, "c_prev"),
    ("dg *= (1 - g ** 2)", "dg *= g * (1 - g)", None, "x"),
    ("(1 - tanh_c ** 2)", "(1 - c_next ** 2)", None, "x"),
)
case(
    "GRUCell",
    lambda ns, r, s: (ns["GRU"](n(r, 3, 6) * 0.6, n(r, 2, 6) * 0.6), [n(r, 4, 3), n(r, 4, 2)]),
    """
def sigm(x): return 1/(1+np.exp(-x))
class GRU:
    def __init__(self, Wx, Wh):
        self.Wx, self.Wh = Wx, Wh
    def forward(self, x, h):
        H = h.shape[1]
        z = sigm(x @ self.Wx[:, :H] + h @ self.Wh[:, :H])
        r = sigm(x @ self.Wx[:, H:2*H] + h @ self.Wh[:, H:2*H])
        hh = np.tanh(x @ self.Wx[:, 2*H:] + (r * h) @ self.Wh[:, 2*H:])
        self.cache = x, h, z, r, hh
        return (1 - z) * h + z * hh
    def backward(self, dout):
        x, h, z, r, hh = self.cache
        H = h.shape[1]
        Wz, Wr, Wc = self.Wh[:, :H], self.Wh[:, H:2*H], self.Wh[:, 2*H:]
        dhh = dout * z
        dh = dout * (1 - z)
        dt = dhh * (1 - hh ** 2)
        drh = dt @ Wc.T
        dh = dh + r * drh
        dz = dout * (hh - h) * z * (1 - z)
        dr = drh * h * r * (1 - r)
        dh = dh + dz @ Wz.T + dr @ Wr.T
        dA = np.hstack([dz, dr, dt])
        self.dWx = x.T @ dA
        self.dWh = np.hstack([h.T @ dz, h.T @ dr, (r * h).T @ dt])
        return dA @ self.Wx.T, dh
""",
    ("(r * h).T @ dt", "h.T @ dt", None, "Wh"),
    ("dz = dout * (hh - h)", "dz = dout * (h - hh)", None, "x"),
    ("        dh = dh + r * drh\n", "", None, "h"),
    ("dr = drh * h * r", "dr = drh * r", None, "x"),
    ("dh = dout * (1 - z)", "dh = dout * z", None, "h"),
)
# ---------------------------------------------------------------- tensors with .data and .grad
case(
    "TensorLinear",
    lambda ns, r, s: (ns["Linear"](n(r, 4, 3), n(r, 4)), [n(r, 5, 3)]),
    """
class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)
class Linear:
    def __init__(self, w, b):
        self.weight, self.bias = Parameter(w), Parameter(b)
    def parameters(self):
        return [self.weight, self.bias]
    def zero_grad(self):
        for p in self.parameters():
            p.grad = np.zeros_like(p.data)
    def __call__(self, x):
        return self.forward(x)
    def forward(self, x):
        self._x = x
        return x @ self.weight.data.T + self.bias.data
    def backward(self, grad_output):
        self.weight.grad += grad_output.T @ self._x
        self.bias.grad += grad_output.sum(0)
        return grad_output @ self.weight.data
""",
    ("grad_output.T @ self._x", "grad_output.T @ self._x * 2", "extra_factor", "weight"),
    ("grad_output.sum(0)", "grad_output[0]", None, "bias"),
    ("self.bias.grad += grad_output.sum(0)", "self.bias.grad -= grad_output.sum(0)", "wrong_sign", "bias"),
)
case(
    "ValueNeuron",
    lambda ns, r, s: (ns["Neuron"](n(r, 3), r.normal()), [n(r, 3)]),
    """
class Tensor:
    __slots__ = ("data", "grad")
    def __init__(self, data):
        self.data, self.grad = np.asarray(data), None
class Neuron:
    def __init__(self, w, b):
        self.w = Tensor(w)
        self.b = Tensor(np.array([b]))
    def forward(self, x):
        self.x = x
        self.y = np.tanh(self.w.data @ x + self.b.data)
        return self.y
    def backward(self, dout):
        d = dout * (1 - self.y**2)
        self.w.grad = d * self.x
        self.b.grad = d
        return d * self.w.data
""",
    ("d * self.x", "d * self.w.data", None, "w"),
    ("(1 - self.y**2)", "(1 - self.y)**2", None, "x w b"),
    f32=False,
)
case(
    "MLPDict",
    lambda ns, r, s: (ns["MLP"](r), [n(r, 6, 3)]),
    """
class MLP:
    def __init__(self, rng):
        self.params = {"W1": rng.normal(size=(3, 5)), "b1": rng.normal(size=5)}
        self.params |= {"W2": rng.normal(size=(5, 2)), "b2": np.zeros(2)}
        self.grads = {}
    def forward(self, X):
        self.X = X
        self.h = np.maximum(0, X @ self.params["W1"] + self.params["b1"])
        return self.h @ self.params["W2"] + self.params["b2"]
    def backward(self, dout):
        self.grads["W2"] = self.h.T @ dout
        self.grads["b2"] = dout.sum(axis=0)
        dh = dout @ self.params["W2"].T
        dh[self.h <= 0] = 0
        self.grads["W1"] = self.X.T @ dh
        self.grads["b1"] = dh.sum(axis=0)
        return dh @ self.params["W1"].T
""",
    ("        dh[self.h <= 0] = 0\n", "", None, "W1"),
    ('self.grads["b1"] = dh.sum(axis=0)', 'self.grads["b1"] = dh.mean(axis=0)', "mean_for_sum", "b1"),
    ('self.grads["b2"]', 'self.grads["b1"]', "missing_gradient", "b2"),
    (
        'self.grads["W2"] = self.h.T @ dout',
        'self.grads["W2"] = self.h.T @ dout / len(dout)',
        "extra_factor mean_for_sum",
        "W2",
    ),
)
# ---------------------------------------------------------------- closures and pullbacks
case(
    "pullback_linear",
    lambda ns, r, s: (ns["linear"], [s * n(r, 4, 3), n(r, 3, 2), s * n(r, 2)]),
    """
def linear(x, W, b):
    y = x @ W + b
    def pullback(ybar):
        return ybar @ W.T, x.T @ ybar, ybar.sum(axis=0)
    return y, pullback
""",
    ("x.T @ ybar", "-x.T @ ybar", "wrong_sign", "W"),
    ("ybar.sum(axis=0)", "ybar.mean(axis=0)", "mean_for_sum", "b"),
    scales=(1.0, 1e-8, 1e8),
)
case(
    "pullback_lse",
    lambda ns, r, s: (ns["logsumexp"], [n(r, 5)]),
    """
def logsumexp(x):
    m = x.max()
    e = np.exp(x - m)
    y = m + np.log(e.sum())
    return y, lambda ybar: ybar * e / e.sum()
""",
    ("ybar * e / e.sum()", "ybar * e", None, "x"),
)
# ---------------------------------------------------------------- optimiser style
case(
    "loss_and_grad",
    lambda ns, r, s: (ns["loss_and_grad"], [n(r, 4), n(r, 9, 3), r.choice([-1.0, 1.0], 9)]),
    """
def loss_and_grad(w_flat, X, y, alpha=0.1):
    w, c = w_flat[:-1], w_flat[-1]
    z = y * (X @ w + c)
    loss = np.sum(np.logaddexp(0, -z)) + 0.5 * alpha * w @ w
    g = -y / (1 + np.exp(z))
    grad = np.empty_like(w_flat)
    grad[:-1] = X.T @ g + alpha * w
    grad[-1] = g.sum()
    return loss, grad
""",
    (" + alpha * w\n", "\n", None, "w_flat"),
    ("grad[-1] = g.sum()", "grad[-1] = g.mean()", "one_coordinate", "w_flat"),
    ("g = -y", "g = y", None, "w_flat"),
    ("+ alpha * w\n", "+ 2 * alpha * w\n", None, "w_flat"),
)
gc(
    "huber",
    lambda r, s: [2 * s * n(r, 8), 2 * s * n(r, 8)],
    """
def f(p, t, delta=1.0):
    e = p - t
    return np.mean(np.where(np.abs(e) <= delta, 0.5*e*e, delta*(np.abs(e) - 0.5*delta)))
def g(p, t, delta=1.0):
    e = p - t
    d = np.where(np.abs(e) <= delta, e, delta*np.sign(e)) / e.size
    return d, -d
""",
    ("return d, -d", "return d, d", "wrong_sign", "t"),
    (" / e.size", "", "missing_factor", "p"),
    ("delta*np.sign(e)", "delta", None, "p"),
)
gc(
    "hinge",
    lambda r, s: [n(r, 3), n(r, 9, 3), r.choice([-1.0, 1.0], 9)],
    """
def f(w, X, y): return np.mean(np.maximum(0, 1 - y*(X @ w))) + 0.05*np.dot(w, w)
def g(w, X, y):
    m = 1 - y*(X @ w) > 0
    return {"w": -(y*m) @ X/len(y) + 0.1*w}
""",
    ("0.1*w}", "0.05*w}", "regulariser", "w"),
    ("-(y*m)", "-y", None, "w"),
    ("/len(y)", "", None, "w"),
)
gc(
    "cosine",
    lambda r, s: [s * n(r, 5), s * n(r, 5)],
    """
def f(a, b): return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
def g(a, b):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    c = a @ b / (na*nb)
    return b/(na*nb) - c*a/na**2, a/(na*nb) - c*b/nb**2
""",
    ("- c*a/na**2", "", "missing_term regulariser", "a"),
    ("c*b/nb**2", "c*b/nb", None, "b"),
    ("b/(na*nb) - c*a", "b/(na*nb) + c*a", None, "a"),
    scales=(1.0, 1e-8, 1e8),
)
gc(
    "temperature",
    lambda r, s: [n(r, 4, 5), np.array(2.0), np.eye(5)[r.integers(0, 5, 4)]],
    """
def sm(x):
    e = np.exp(x - x.max(1, keepdims=True)); return e/e.sum(1, keepdims=True)
def f(z, T, y): return -np.sum(y*np.log(sm(z/T)))/len(z)
def g(z, T, y):
    d = (sm(z/T) - y)/len(z)
    return d/T, np.asarray(-np.sum(d*z)/T**2), None
""",
    ("return d/T,", "return d,", "missing_factor extra_factor", "z"),
    ("np.asarray(-np.sum(d*z)/T**2)", "np.asarray(np.sum(d*z)/T**2)", "wrong_sign", "T"),
    ("/T**2", "/T", None, "T"),
)
gc(
    "vjp_layernorm",
    lambda r, s: [s * n(r, 4, 6), n(r, 6)],
    """
def f(x, w):
    c = x - x.mean(-1, keepdims=True)
    return w * c / np.sqrt((c*c).mean(-1, keepdims=True) + 1e-12)
def g(dy, x, w):
    c = x - x.mean(-1, keepdims=True)
    s = np.sqrt((c*c).mean(-1, keepdims=True) + 1e-12); xh = c/s
    u = dy*w
    return (u - u.mean(-1, keepdims=True) - xh*(u*xh).mean(-1, keepdims=True))/s, (dy*xh).sum(0)
""",
    ("(dy*xh).sum(0)", "(dy*x).sum(0)", None, "w"),
    ("u - u.mean(-1, keepdims=True) -", "u -", "missing_term", "x"),
)
gc(
    "rmsnorm",
    lambda r, s: [s * n(r, 4, 6), n(r, 6)],
    """
def f(x, w): return w * x / np.sqrt((x*x).mean(-1, keepdims=True) + 1e-6)
def g(dy, x, w):
    r = 1/np.sqrt((x*x).mean(-1, keepdims=True) + 1e-6); u = dy*w
    return r*u - x*r**3*(u*x).mean(-1, keepdims=True), (dy*x*r).sum(0)
""",
    ("r**3", "r**2", None, "x"),
    (".mean(-1, keepdims=True), (dy", ".sum(-1, keepdims=True), (dy", None, "x"),
    ("- x*r**3*(u*x).mean(-1, keepdims=True)", "", "missing_term", "x"),
)
gc(
    "groupnorm",
    lambda r, s: [n(r, 2, 4, 3, 3), n(r, 4)],
    """
G = 2
def norm(x):
    N, C, H, W = x.shape
    y = x.reshape(N, G, -1); m = y.mean(-1, keepdims=True); s = np.sqrt(((y - m)**2).mean(-1, keepdims=True) + 1e-5)
    return ((y - m)/s), s
def f(x, w):
    return norm(x)[0].reshape(x.shape) * w[:, None, None]
def g(dy, x, w):
    xh, s = norm(x)
    dw = (dy * xh.reshape(x.shape)).sum((0, 2, 3))
    u = (dy * w[:, None, None]).reshape(xh.shape)
    dx = (u - u.mean(-1, keepdims=True) - xh*(u*xh).mean(-1, keepdims=True))/s
    return dx.reshape(x.shape), dw
""",
    (".sum((0, 2, 3))", ".mean((0, 2, 3))", "mean_for_sum extra_factor", "w"),
    ("u.mean(-1, keepdims=True) - xh", "u.mean() - xh", None, "x"),
    ("(dy * w[:, None, None]).reshape", "dy.reshape", None, "x"),
)
gc(
    "attention",
    lambda r, s: [n(r, 4, 3), n(r, 4, 3), n(r, 4, 2)],
    """
def sm(a):
    e = np.exp(a - a.max(-1, keepdims=True)); return e/e.sum(-1, keepdims=True)
def weights(q, k):
    a = q @ k.T/np.sqrt(q.shape[-1])
    return sm(np.where(np.tril(np.ones(a.shape)) > 0, a, -1e9))
def f(q, k, v): return weights(q, k) @ v
def g(dout, q, k, v):
    p = weights(q, k)
    dv = p.T @ dout
    dp = dout @ v.T
    da = p*(dp - (dp*p).sum(-1, keepdims=True))/np.sqrt(q.shape[-1])
    return da @ k, da.T @ q, dv
""",
    ("/np.sqrt(q.shape[-1])\n    return da", "\n    return da", "missing_factor extra_factor", "q"),
    ("da.T @ q", "da @ q", "transposed wrong_value", "k"),
    ("p*(dp - (dp*p).sum(-1, keepdims=True))", "p*(1-p)*dp", None, "q"),
    ("dv = p.T @ dout", "dv = p @ dout", None, "v"),
    ("np.sqrt(q.shape[-1])\n    return da", "q.shape[-1]\n    return da", "missing_factor extra_factor", "q"),
)
gc(
    "gelu",
    lambda r, s: [n(r, 7)],
    """
k = np.sqrt(2/np.pi)
def f(x): return 0.5*x*(1 + np.tanh(k*(x + 0.044715*x**3)))
def g(dy, x):
    t = np.tanh(k*(x + 0.044715*x**3))
    return dy*(0.5*(1 + t) + 0.5*x*(1 - t*t)*k*(1 + 3*0.044715*x*x))
""",
    ("1 + 3*0.044715*x*x", "1 + 0.044715*x*x", None, "x"),
    ("dy*(0.5*(1 + t) + ", "dy*(", None, "x"),
    ("(1 - t*t)", "(1 - t)", None, "x"),
)
gc(
    "swish_beta",
    lambda r, s: [n(r, 7), np.array([1.5])],
    """
def f(x, beta): return x/(1 + np.exp(-beta*x))
def g(dy, x, beta):
    s = 1/(1 + np.exp(-beta*x))
    return dy*(s + beta*x*s*(1 - s)), np.array([np.sum(dy*x*x*s*(1 - s))])
""",
    ("s + beta*x*s*(1 - s)", "s + x*s*(1 - s)", None, "x"),
    ("dy*x*x*s", "dy*x*s", None, "beta"),
    f32=False,
)
gc(
    "prelu",
    lambda r, s: [s * n(r, 4, 3), np.array([0.1, 0.2, 0.3])],
    """
def f(x, a): return np.where(x > 0, x, a*x)
def g(dy, x, a): return np.where(x > 0, dy, a*dy), np.where(x > 0, 0, x*dy).sum(0)
""",
    ("np.where(x > 0, 0, x*dy).sum(0)", "(x*dy).sum(0)", None, "a"),
    ("np.where(x > 0, dy, a*dy)", "dy", "negative_inputs", "x"),
    (".sum(0)", "", "missing_sum", "a"),
    scales=(1.0, 1e-8, 1e8),
)
gc(
    "elu",
    lambda r, s: [n(r, 9)],
    """
def f(x): return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
def g(dy, x): return dy*np.where(x > 0, 1, np.exp(np.minimum(x, 0)))
""",
    (
        "np.where(x > 0, 1, np.exp(np.minimum(x, 0)))",
        "np.where(x > 0, 1, np.expm1(np.minimum(x, 0)))",
        "negative_inputs",
        "x",
    ),
    ("dy*np.where(x > 0, 1, np.exp(np.minimum(x, 0)))", "dy", "negative_inputs", "x"),
)
gc(
    "glu",
    lambda r, s: [n(r, 3, 6)],
    """
def f(x):
    a, b = np.split(x, 2, -1); return a/(1 + np.exp(-b))
def g(dy, x):
    a, b = np.split(x, 2, -1); s = 1/(1 + np.exp(-b))
    return np.concatenate([dy*s, dy*a*s*(1 - s)], -1)
""",
    ("[dy*s, dy*a*s*(1 - s)]", "[dy*a*s*(1 - s), dy*s]", None, "x"),
    ("dy*a*s*(1 - s)", "dy*a*s", None, "x"),
)
gc(
    "tied",
    lambda r, s: [n(r, 5, 3), n(r, 4, 5)],
    """
def f(W, x): return np.tanh(x @ W) @ W.T
def g(dy, W, x):
    h = np.tanh(x @ W)
    dz = (dy @ W)*(1 - h*h)
    return x.T @ dz + dy.T @ h, dz @ W.T
""",
    (" + dy.T @ h", "", None, "W"),
    ("x.T @ dz + ", "", None, "W"),
    ("(1 - h*h)", "1", None, "W"),
)
gc(
    "residual",
    lambda r, s: [n(r, 4, 3), n(r, 3, 3), n(r, 3)],
    """
def f(x, W, b): return x + np.maximum(0, x @ W + b)
def g(dy, x, W, b):
    d = dy*(x @ W + b > 0)
    return {"x": dy + d @ W.T, "W": x.T @ d, "b": d.sum(0)}
""",
    ("dy + d @ W.T", "d @ W.T", "missing_term wrong_value extra_term", "x"),
    ("dy + d @ W.T", "dy + d @ W", None, "x"),
    ("d = dy*(x @ W + b > 0)", "d = dy*(x @ W > 0)", None, "x"),
)
gc(
    "dropout_mask",
    lambda r, s: [n(r, 4, 5), (r.uniform(size=(4, 5)) > 0.4)],
    """
def f(x, mask): return x*mask/0.6
def g(dy, x, mask): return dy*mask/0.6
""",
    ("dy*mask/0.6", "dy*mask", "missing_factor", "x"),
    ("dy*mask/0.6", "dy/0.6", None, "x"),
    ("dy*mask/0.6", "dy*mask*0.6", "missing_factor", "x"),
    ("dy*mask/0.6", "dy*~mask/0.6", None, "x"),
)
gc(
    "bn_eval",
    lambda r, s: [n(r, 5, 3), n(r, 3), n(r, 3), np.abs(n(r, 3)) + 0.5, n(r, 3)],
    """
def f(x, gamma, beta, var, mu): return gamma*(x - mu)/np.sqrt(var + 1e-5) + beta
def g(dy, x, gamma, beta, var, mu):
    i = 1/np.sqrt(var + 1e-5)
    return {"x": dy*gamma*i, "gamma": (dy*(x - mu)*i).sum(0), "beta": dy.sum(0)}
""",
    ("dy*gamma*i", "i*gamma*(dy - dy.mean(0))", None, "x"),
    ("(x - mu)*i).sum(0)", "x*i).sum(0)", None, "gamma"),
)
gc(
    "padding_idx",
    lambda r, s: [n(r, 6, 3), np.array([[1, 0, 2], [1, 5, 0]])],
    """
def f(E, idx):
    return E[idx]*(idx != 0)[..., None]
def g(dy, E, idx):
    d = np.zeros_like(E); np.add.at(d, idx, dy); d[0] = 0
    return d
""",
    ("; d[0] = 0", "", "one_row", "E"),
    ("d[0] = 0", "d[1] = 0", None, "E"),
    ("np.add.at(d, idx, dy)", "d[idx] += dy", None, "E"),
)
gc(
    "conv1d",
    lambda r, s: [s * n(r, 2, 7), n(r, 3)],
    """
def f(x, k): return np.stack([np.correlate(row, k, "valid") for row in x])
def g(dy, x, k):
    dx = np.stack([np.convolve(row, k, "full") for row in dy])
    return dx, sum(np.correlate(a, b, "valid") for a, b in zip(x, dy))
""",
    ("np.convolve(row, k,", "np.correlate(row, k,", None, "x"),
    ("for a, b in zip(x, dy))", "for a, b in zip(x, dy))[::-1]", None, "k"),
    scales=(1.0, 1e-8, 1e8),
)
gc(
    "avgpool",
    lambda r, s: [s * n(r, 2, 4, 6)],
    """
def f(x): return x.reshape(2, 2, 2, 3, 2).mean((2, 4))
def g(dy, x): return np.repeat(np.repeat(dy, 2, 1), 2, 2)/4
""",
    ("/4", "", "missing_factor", "x"),
    ("/4", "/2", "extra_factor", "x"),
    scales=(1.0, 1e8),
)
gc(
    "kl_gauss",
    lambda r, s: [n(r, 4, 2), n(r, 4, 2)],
    """
def f(mu, logvar): return -0.5*np.sum(1 + logvar - mu**2 - np.exp(logvar))/len(mu)
def g(mu, logvar): return mu/len(mu), 0.5*(np.exp(logvar) - 1)/len(mu)
""",
    ("0.5*(np.exp(logvar) - 1)", "(np.exp(logvar) - 1)", "extra_factor", "logvar"),
    ("np.exp(logvar) - 1", "np.exp(logvar)", None, "logvar"),
    ("mu/len(mu)", "2*mu/len(mu)", "extra_factor", "mu"),
)
gc(
    "focal",
    lambda r, s: [n(r, 6), np.array([0.0, 1, 1, 0, 1, 0])],
    """
def f(z, y):
    p = 1/(1 + np.exp(-z)); pt = y*p + (1 - y)*(1 - p)
    return -np.sum((1 - pt)**2*np.log(pt))
def g(z, y):
    p = 1/(1 + np.exp(-z)); pt = y*p + (1 - y)*(1 - p); s = 2*y - 1
    return {"z": s*(2*(1 - pt)*np.log(pt) - (1 - pt)**2/pt)*pt*(1 - pt)}
""",
    ("s*(2*", "(2*", None, "z"),
    ("*pt*(1 - pt)}", "}", None, "z"),
    ("2*(1 - pt)*np.log(pt) - ", "- ", None, "z"),
)
gc(
    "quadratic",
    lambda r, s: [s * n(r, 4), s * n(r, 4, 4)],
    """
def f(x, A): return 0.5*x @ A @ x
def g(x, A): return 0.5*(A + A.T) @ x, 0.5*np.outer(x, x)
""",
    ("0.5*(A + A.T) @ x", "A @ x", None, "x"),
    ("0.5*np.outer(x, x)", "np.outer(x, x)", "extra_factor", "A"),
    scales=(1.0, 1e-8, 1e8),
)
gc(
    "logdet",
    lambda r, s: [np.eye(3) * 3 + n(r, 3, 3) * 0.3, n(r, 3)],
    """
def f(A, b): return np.linalg.slogdet(A)[1] + b @ np.linalg.solve(A, b)
def g(A, b):
    x = np.linalg.solve(A, b); y = np.linalg.solve(A.T, b)
    return np.linalg.inv(A).T - np.outer(y, x), x + y
""",
    ("np.linalg.inv(A).T", "np.linalg.inv(A)", None, "A"),
    ("np.outer(y, x)", "np.outer(x, y)", None, "A"),
    ("x + y", "2*x", None, "b"),
)
gc(
    "matrix_fact",
    lambda r, s: [n(r, 5, 2), n(r, 4, 2), n(r, 5, 4), (r.uniform(size=(5, 4)) > 0.3)],
    """
def f(U, V, R, mask): return 0.5*np.sum(mask*(R - U @ V.T)**2) + 0.05*(np.sum(U**2) + np.sum(V**2))
def g(U, V, R, mask):
    e = mask*(R - U @ V.T)
    return {"dU": -e @ V + 0.1*U, "dV": -e.T @ U + 0.1*V}
""",
    ("-e.T @ U", "e.T @ U", None, "V"),
    (" + 0.1*U", "", "regulariser", "U"),
    ("e = mask*(R", "e = (R", None, "U"),
)
gc(
    "fm",
    lambda r, s: [n(r, 4), n(r, 4, 3), n(r, 5, 4)],
    """
def f(w, V, X): return X @ w + 0.5*((X @ V)**2 - (X**2) @ (V**2)).sum(1)
def g(dy, w, V, X):
    return X.T @ dy, X.T @ (dy[:, None]*(X @ V)) - ((X**2).T @ dy)[:, None]*V, None
""",
    (" - ((X**2).T @ dy)[:, None]*V", "", None, "V"),
    ("((X**2).T @ dy)[:, None]", "(X.T @ dy)[:, None]", None, "V"),
)
gc(
    "bilinear",
    lambda r, s: [n(r, 4, 3), n(r, 4, 2), n(r, 5, 3, 2)],
    """
def f(a, b, W): return np.einsum("ni,nj,kij->nk", a, b, W)
def g(dy, a, b, W):
    db = np.einsum("nk,ni,kij->nj", dy, a, W)
    return np.einsum("nk,nj,kij->ni", dy, b, W), db, np.einsum("nk,ni,nj->kij", dy, a, b)
""",
    ('"nk,ni,nj->kij", dy, a, b)', '"nk,ni,nj->kij", dy, a, b)/len(a)', "extra_factor mean_for_sum", "W"),
    ('"nk,nj,kij->ni", dy, b, W', '"nk,nj,kij->ni", dy, b, W[::-1]', None, "a"),
)
gc(
    "label_smooth",
    lambda r, s: [n(r, 5, 4), r.integers(0, 4, 5)],
    """
def f(z, y):
    l = z - z.max(1, keepdims=True); l = l - np.log(np.exp(l).sum(1, keepdims=True))
    t = np.full(z.shape, 0.1/4); t[np.arange(len(y)), y] += 0.9
    return -(t*l).sum()/len(y)
def g(z, y):
    p = np.exp(z - z.max(1, keepdims=True)); p = p/p.sum(1, keepdims=True)
    t = np.full(z.shape, 0.1/4); t[np.arange(len(y)), y] += 0.9
    return (p - t)/len(y)
def unused(): pass
""",
    (
        "p/p.sum(1, keepdims=True)\n    t = np.full(z.shape, 0.1/4)",
        "p/p.sum(1, keepdims=True)\n    t = np.full(z.shape, 0.1/3)",
        None,
        "z",
    ),
    ("return (p - t)/len(y)", "return (p - t)/z.size", "extra_factor missing_factor", "z"),
)
gc(
    "triplet",
    lambda r, s: [n(r, 3, 2), n(r, 3, 2), n(r, 3, 2)],
    """
def f(a, p, q): return np.maximum(0, ((a - p)**2).sum(1) - ((a - q)**2).sum(1) + 2.0).sum()
def g(a, p, q):
    on = (((a - p)**2).sum(1) - ((a - q)**2).sum(1) + 2.0 > 0)[:, None]
    return 2*on*(q - p), -2*on*(a - p), 2*on*(a - q)
""",
    ("2*on*(q - p)", "2*on*(a - p)", None, "a"),
    ("2*on*(a - q)", "-2*on*(a - q)", "wrong_sign", "q"),
    ("-2*on*(a - p)", "-2*(a - p)", None, "p"),
)
gc(
    "gauss_nll",
    lambda r, s: [n(r, 5), n(r, 5), n(r, 5)],
    """
def f(mu, ls, y): return np.sum(ls + 0.5*((y - mu)/np.exp(ls))**2)
def g(mu, ls, y):
    e = (y - mu)*np.exp(-2*ls)
    return {"mu": -e, "ls": 1 - e*(y - mu)}
""",
    ('"ls": 1 - e*(y - mu)', '"ls": -e*(y - mu)', None, "ls"),
    ("np.exp(-2*ls)", "np.exp(-ls)", None, "mu"),
)
gc(
    "params_dict",
    lambda r, s: [{"W": n(r, 3, 2), "b": n(r, 2)}, n(r, 5, 3), n(r, 5, 2)],
    """
def f(params, X, Y): return np.mean((np.tanh(X @ params["W"] + params["b"]) - Y)**2)
def g(params, X, Y):
    A = np.tanh(X @ params["W"] + params["b"])
    d = 2*(A - Y)*(1 - A*A)/A.size
    return {"W": X.T @ d, "b": d.sum(0)}
""",
    ("2*(A - Y)", "(A - Y)", "missing_factor", "W"),
    ("/A.size", "/len(A)", "extra_factor missing_factor", "W"),
    ('"b": d.sum(0)', '"b": d.mean(0)', "mean_for_sum", "b"),
    (', "b": d.sum(0)', "", "missing_gradient", "b"),
)
gc(
    "highway",
    lambda r, s: [n(r, 4, 3), n(r, 3, 3), n(r, 3, 3)],
    """
def f(x, Wh, Wt):
    t = 1/(1 + np.exp(-x @ Wt)); return t*np.tanh(x @ Wh) + (1 - t)*x
def g(dy, x, Wh, Wt):
    t, h = 1/(1 + np.exp(-x @ Wt)), np.tanh(x @ Wh)
    dh, dt = dy*t*(1 - h*h), dy*(h - x)*t*(1 - t)
    return dh @ Wh.T + dt @ Wt.T + dy*(1 - t), x.T @ dh, x.T @ dt
""",
    (" + dy*(1 - t)", "", None, "x"),
    ("dy*(h - x)*t", "dy*h*t", None, "Wt"),
    ("x.T @ dh, x.T @ dt", "x.T @ dt, x.T @ dh", "wrong_left_side", "Wh"),
)
gc(
    "upsample",
    lambda r, s: [n(r, 2, 3, 2)],
    """
def f(x): return x.repeat(2, axis=1)
def g(dy, x): return dy.reshape(2, 3, 2, 2).sum(2)
""",
    (".sum(2)", ".mean(2)", None, "x"),
    (".sum(2)", "[:, :, 0]", None, "x"),
)
gc(
    "poisson",
    lambda r, s: [n(r, 3), n(r, 8, 3), r.poisson(2, 8).astype(float)],
    """
def f(w, X, y): return np.mean(np.exp(X @ w) - y*(X @ w))
def g(w, X, y): return {"w": X.T @ (np.exp(X @ w) - y)/len(y)}
""",
    ("np.exp(X @ w) - y", "X @ w - y", None, "w"),
    ("/len(y)", "/X.size", "extra_factor missing_factor", "w"),
    ("np.exp(X @ w) - y)/", "y - np.exp(X @ w))/", "wrong_sign", "w"),
)
gc(
    "mse_hardcoded",
    lambda r, s: [n(r, 3), n(r, 6, 3), n(r, 6)],
    """
def f(w, X, y): return np.mean((X @ w - y)**2)
def g(w, X, y): return {"w": 2*X.T @ (X @ w - y)/len(y)}
""",
    ("/len(y)", "/6", None, "w"),
    ("2*X.T @ (X @ w - y)/len(y)", "X.T @ (X @ w - y)/3", None, "w"),
)
