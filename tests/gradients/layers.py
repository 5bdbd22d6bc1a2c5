"""Twelve layers with right backward passes, each in the three styles in which layers are written.

A layer is one forward and one backward function of (inputs, parameters); `styled` dresses it as an object with `W`
and `dW`, as an object with `params` and `grads`, or as two functions with a cache. Faults are planted between the
backward function and its dress (see faults.py), so that every style carries every fault.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, Any]
Backward = Callable[[tuple[Any, ...], Any], tuple[Arrays, Arrays]]
STYLES = ("attributes", "containers", "functions")


@dataclass(frozen=True)
class Layer:
    """forward(inputs, params) -> (outputs, cache); backward(upstreams, cache) -> (d inputs, d params)."""

    name: str
    inputs: tuple[str, ...]
    forward: Callable[[Arrays, Arrays], tuple[tuple[Any, ...], Any]]
    backward: Backward
    draw: Callable[[np.random.Generator], tuple[Arrays, Arrays]]


# ----- dense, activations -----


def dense_forward(i: Arrays, p: Arrays) -> Any:
    return (i["x"] @ p["W"] + p["b"],), (i["x"], p["W"])


def dense_backward(u: Any, cache: Any) -> Any:
    x, W = cache
    return {"x": u[0] @ W.T}, {"W": x.T @ u[0], "b": u[0].sum(axis=0)}


def draw_dense(n: int, k: int) -> Any:
    return lambda rng: ({"x": rng.normal(size=(5, n))}, {"W": rng.normal(size=(n, k)), "b": rng.normal(size=k)})


def sigmoid(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_forward(i: Arrays, p: Arrays) -> Any:
    a = sigmoid(i["x"])
    return (a,), a


def sigmoid_backward(u: Any, a: Any) -> Any:
    return {"x": u[0] * a * (1 - a)}, {}


def relu_forward(i: Arrays, p: Arrays) -> Any:
    return (np.maximum(i["x"], 0),), i["x"]


def relu_backward(u: Any, x: Any) -> Any:
    return {"x": u[0] * (x > 0)}, {}


def neuron_forward(i: Arrays, p: Arrays) -> Any:
    """A dense layer and its sigmoid in one: the local derivative stands inside a matrix product."""
    a = sigmoid(i["x"] @ p["W"] + p["b"])
    return (a,), (i["x"], p["W"], a)


def neuron_backward(u: Any, cache: Any) -> Any:
    x, W, a = cache
    return dense_backward((u[0] * a * (1 - a),), (x, W))


# ----- softmax with cross entropy -----


def softmax(z: Any, axis: int = -1) -> Any:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def cross_entropy_forward(i: Arrays, p: Arrays) -> Any:
    m = len(i["t"])
    q = softmax(i["x"])
    return (-np.log(q[np.arange(m), i["t"]]).sum() / m,), (q, i["t"])


def cross_entropy_backward(u: Any, cache: Any) -> Any:
    q, t = cache
    dx = q.copy()
    dx[np.arange(len(t)), t] -= 1
    return {"x": u[0] * dx / len(t)}, {}


def softmax_forward(i: Arrays, p: Arrays) -> Any:
    q = softmax(i["x"])
    return (q,), q


def softmax_backward(u: Any, q: Any) -> Any:
    return {"x": q * (u[0] - (u[0] * q).sum(axis=-1, keepdims=True))}, {}


# ----- normalisations -----


def norm_forward(axis: int) -> Any:
    def forward(i: Arrays, p: Arrays) -> Any:
        x = i["x"]
        centred = x - x.mean(axis=axis, keepdims=True)
        inverse = 1.0 / np.sqrt((centred**2).mean(axis=axis, keepdims=True) + 1e-5)
        xhat = centred * inverse
        return (p["gamma"] * xhat + p["beta"],), (xhat, inverse, p["gamma"])

    return forward


def norm_backward(axis: int) -> Any:
    def backward(u: Any, cache: Any) -> Any:
        xhat, inverse, gamma = cache
        g = u[0] * gamma
        mean, along = g.mean(axis=axis, keepdims=True), (g * xhat).mean(axis=axis, keepdims=True)
        dx = inverse * (g - mean - xhat * along)
        return {"x": dx}, {"gamma": (u[0] * xhat).sum(axis=0), "beta": u[0].sum(axis=0)}

    return backward


def draw_norm(m: int, n: int) -> Any:
    return lambda rng: (
        {"x": 2.0 * rng.normal(size=(m, n)) + 0.5},
        {"gamma": rng.normal(size=n) + 1.0, "beta": rng.normal(size=n)},
    )


# ----- convolution, pooling, dropout -----


def conv_forward(i: Arrays, p: Arrays) -> Any:
    """Stride 1, padding 1, a 3 by 3 kernel."""
    x, w = i["x"], p["W"]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    h, v = x.shape[2:]
    out = p["b"][None, :, None, None]
    for r in range(3):
        for s in range(3):
            out = out + np.einsum("nchv,fc->nfhv", padded[:, :, r : r + h, s : s + v], w[:, :, r, s])
    return (out,), (padded, w, (h, v))


def conv_backward(u: Any, cache: Any) -> Any:
    padded, w, (h, v) = cache
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for r in range(3):
        for s in range(3):
            dw[:, :, r, s] = np.einsum("nfhv,nchv->fc", u[0], padded[:, :, r : r + h, s : s + v])
            dpadded[:, :, r : r + h, s : s + v] += np.einsum("nfhv,fc->nchv", u[0], w[:, :, r, s])
    return {"x": dpadded[:, :, 1:-1, 1:-1]}, {"W": dw, "b": u[0].sum(axis=(0, 2, 3))}


def pool_forward(i: Arrays, p: Arrays) -> Any:
    x = i["x"]
    n, c, h, v = x.shape
    blocks = x.reshape(n, c, h // 2, 2, v // 2, 2)
    out = blocks.max(axis=(3, 5))
    return (out,), (blocks == out[:, :, :, None, :, None], x.shape)


def pool_backward(u: Any, cache: Any) -> Any:
    mask, shape = cache
    return {"x": (mask * u[0][:, :, :, None, :, None]).reshape(shape)}, {}


def dropout_forward(i: Arrays, p: Arrays) -> Any:
    return (i["x"] * i["mask"] / 0.75,), i["mask"]


def dropout_backward(u: Any, mask: Any) -> Any:
    return {"x": u[0] * mask / 0.75}, {}


# ----- LSTM cell, embedding, attention -----


def lstm_forward(i: Arrays, p: Arrays) -> Any:
    z = i["x"] @ p["Wx"] + i["h"] @ p["Wh"] + p["b"]
    n = i["h"].shape[1]
    a, f, o, g = sigmoid(z[:, :n]), sigmoid(z[:, n : 2 * n]), sigmoid(z[:, 2 * n : 3 * n]), np.tanh(z[:, 3 * n :])
    c = f * i["c"] + a * g
    t = np.tanh(c)
    return (o * t, c), (i, p, a, f, o, g, t)


def lstm_backward(u: Any, cache: Any) -> Any:
    i, p, a, f, o, g, t = cache
    dh, dc = u
    dc = dc + dh * o * (1 - t**2)
    gates = [dc * g * a * (1 - a), dc * i["c"] * f * (1 - f), dh * t * o * (1 - o), dc * a * (1 - g**2)]
    dz = np.concatenate(gates, axis=1)
    inputs = {"x": dz @ p["Wx"].T, "h": dz @ p["Wh"].T, "c": dc * f}
    return inputs, {"Wx": i["x"].T @ dz, "Wh": i["h"].T @ dz, "b": dz.sum(axis=0)}


def draw_lstm(rng: np.random.Generator) -> Any:
    inputs = {"x": rng.normal(size=(3, 4)), "h": rng.normal(size=(3, 5)), "c": rng.normal(size=(3, 5))}
    return inputs, {
        "Wx": 0.5 * rng.normal(size=(4, 20)),
        "Wh": 0.5 * rng.normal(size=(5, 20)),
        "b": 0.5 * rng.normal(size=20),
    }


def embedding_forward(i: Arrays, p: Arrays) -> Any:
    return (p["W"][i["index"]],), (i["index"], p["W"])


def embedding_backward(u: Any, cache: Any) -> Any:
    index, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, index, u[0])
    return {}, {"W": dW}


def attention_forward(i: Arrays, p: Arrays) -> Any:
    x = i["x"]
    q, k, v = x @ p["Wq"], x @ p["Wk"], x @ p["Wv"]
    root = float(np.sqrt(q.shape[1]))
    a = softmax(q @ k.T / root)
    return (a @ v,), (x, p, q, k, v, a, root)


def attention_backward(u: Any, cache: Any) -> Any:
    x, p, q, k, v, a, root = cache
    dv = a.T @ u[0]
    da = u[0] @ v.T
    ds = a * (da - (da * a).sum(axis=1, keepdims=True)) / root
    dq, dk = ds @ k, ds.T @ q
    dx = dq @ p["Wq"].T + dk @ p["Wk"].T + dv @ p["Wv"].T
    return {"x": dx}, {"Wq": x.T @ dq, "Wk": x.T @ dk, "Wv": x.T @ dv}


def draw_attention(rng: np.random.Generator) -> Any:
    return {"x": rng.normal(size=(5, 4))}, {
        "Wq": 0.7 * rng.normal(size=(4, 3)),
        "Wk": 0.7 * rng.normal(size=(4, 3)),
        "Wv": 0.7 * rng.normal(size=(4, 4)),
    }


def only_x(*shape: int) -> Any:
    return lambda rng: ({"x": rng.normal(size=shape)}, {})


def draw_conv(rng: np.random.Generator) -> Any:
    return {"x": rng.normal(size=(2, 2, 4, 5))}, {"W": rng.normal(size=(3, 2, 3, 3)), "b": rng.normal(size=3)}


def draw_dropout(rng: np.random.Generator) -> Any:
    return {"x": rng.normal(size=(4, 6)), "mask": rng.random((4, 6)) < 0.75}, {}


def draw_embedding(rng: np.random.Generator) -> Any:
    return {"index": np.array([1, 4, 4, 0, 6, 1])}, {"W": rng.normal(size=(8, 5))}


def draw_cross_entropy(rng: np.random.Generator) -> Any:
    return {"x": rng.normal(size=(6, 4)), "t": np.array([0, 3, 1, 1, 2, 0])}, {}


TWELVE = {
    layer.name: layer
    for layer in [
        Layer("dense", ("x",), dense_forward, dense_backward, draw_dense(4, 3)),
        Layer("sigmoid", ("x",), sigmoid_forward, sigmoid_backward, only_x(4, 5)),
        Layer("relu", ("x",), relu_forward, relu_backward, only_x(4, 5)),
        Layer("cross_entropy", ("x", "t"), cross_entropy_forward, cross_entropy_backward, draw_cross_entropy),
        Layer("batch_norm", ("x",), norm_forward(0), norm_backward(0), draw_norm(7, 4)),
        Layer("layer_norm", ("x",), norm_forward(-1), norm_backward(-1), draw_norm(5, 6)),
        Layer("conv", ("x",), conv_forward, conv_backward, draw_conv),
        Layer("max_pool", ("x",), pool_forward, pool_backward, only_x(2, 2, 4, 6)),
        Layer("dropout", ("x", "mask"), dropout_forward, dropout_backward, draw_dropout),
        Layer("lstm", ("x", "h", "c"), lstm_forward, lstm_backward, draw_lstm),
        Layer("embedding", ("index",), embedding_forward, embedding_backward, draw_embedding),
        Layer("attention", ("x",), attention_forward, attention_backward, draw_attention),
    ]
}
FURTHER = {
    layer.name: layer
    for layer in [
        Layer("square", ("x",), dense_forward, dense_backward, draw_dense(4, 4)),
        Layer("wide", ("x",), dense_forward, dense_backward, draw_dense(40, 30)),
        Layer("neuron", ("x",), neuron_forward, neuron_backward, draw_dense(4, 3)),
        Layer("softmax", ("x",), softmax_forward, softmax_backward, only_x(5, 4)),
    ]
}
ALL = {**TWELVE, **FURTHER}


# ----- scale and dress -----


def scaled(layer: Layer, scale: float) -> Layer:
    """The same layer in other units: its outputs and gradients are `scale` times as large."""

    def forward(i: Arrays, p: Arrays) -> Any:
        outputs, cache = layer.forward(i, p)
        return tuple(y * scale for y in outputs), cache

    def backward(u: Any, cache: Any) -> Any:
        return layer.backward(tuple(v * scale for v in u), cache)

    return Layer(layer.name, layer.inputs, forward, backward, layer.draw)


def drawn(layer: Layer, seed: int, dtype: Any = np.float64) -> tuple[Arrays, Arrays]:
    """Inputs and parameters of a layer in the wanted precision."""
    inputs, parameters = layer.draw(np.random.default_rng(seed))

    def cast(value: Any) -> Any:
        return value.astype(dtype) if value.dtype.kind == "f" else value

    return {k: cast(v) for k, v in inputs.items()}, {k: cast(v) for k, v in parameters.items()}


def styled(layer: Layer, style: str, inputs: Arrays, parameters: Arrays) -> tuple[Any, tuple[Any, ...]]:
    """The layer dressed in one style, and what `check_layer` takes as its inputs."""
    given = tuple(inputs[name] for name in layer.inputs)
    if style == "functions":
        return _functions(layer, list(parameters)), (*given, *parameters.values())
    kind = _with_attributes(layer) if style == "attributes" else _with_containers(layer)
    return kind({k: v.copy() for k, v in parameters.items()}), given


def _signature(names: list[str]) -> inspect.Signature:
    return inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names])


def _single(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else values


def _functions(layer: Layer, parameters: list[str]) -> Any:
    def forward(*args: Any) -> Any:
        named = dict(zip([*layer.inputs, *parameters], args, strict=True))
        outputs, cache = layer.forward(named, named)
        return (*outputs, (cache,))

    def backward(*args: Any) -> Any:
        d_inputs, d_parameters = layer.backward(args[:-1], args[-1][0])
        gradients = {**d_inputs, **d_parameters}
        return _single(tuple(gradients[n] for n in [*layer.inputs, *parameters] if n in gradients))

    forward.__signature__ = _signature([*layer.inputs, *parameters])  # type: ignore[attr-defined]
    count = 2 if layer.name == "lstm" else 1
    backward.__signature__ = _signature([*[f"dout{k}" for k in range(count)], "cache"])  # type: ignore[attr-defined]
    return forward, backward


class _Object:
    """What both object styles share."""

    layer: Layer

    def _held(self) -> Arrays:
        raise NotImplementedError

    def _keep(self, gradients: Arrays) -> None:
        raise NotImplementedError

    def _forward(self, *args: Any) -> Any:
        outputs, self.cache = self.layer.forward(dict(zip(self.layer.inputs, args, strict=True)), self._held())
        return _single(outputs)

    def backward(self, *upstream: Any) -> Any:
        d_inputs, d_parameters = self.layer.backward(upstream, self.cache)
        self._keep(d_parameters)
        return _single(tuple(d_inputs[n] for n in self.layer.inputs if n in d_inputs)) if d_inputs else None


def _finish(kind: type, layer: Layer) -> type:
    def forward(self: Any, *args: Any) -> Any:
        return self._forward(*args)

    forward.__signature__ = _signature(["self", *layer.inputs])  # type: ignore[attr-defined]
    return type(kind.__name__, (kind,), {"forward": forward, "layer": layer})


def _with_attributes(layer: Layer) -> type:
    class Attributes(_Object):
        def __init__(self, parameters: Arrays) -> None:
            self.names = list(parameters)
            for name, value in parameters.items():
                setattr(self, name, value)

        def _held(self) -> Arrays:
            return {name: getattr(self, name) for name in self.names}

        def _keep(self, gradients: Arrays) -> None:
            for name, value in gradients.items():
                setattr(self, f"d{name}", value)

    return _finish(Attributes, layer)


def _with_containers(layer: Layer) -> type:
    class Containers(_Object):
        def __init__(self, parameters: Arrays) -> None:
            self.params = parameters
            self.grads = {name: np.zeros_like(value) for name, value in parameters.items()}

        def _held(self) -> Arrays:
            return self.params

        def _keep(self, gradients: Arrays) -> None:
            self.grads.update(gradients)

    return _finish(Containers, layer)
