"""Planted faults: wrong backward passes of the layers in layers.py, each with the cause and the place to be named.

A fault changes what the right backward function returns, or computes it from something else. `causes` are the keys
of which the diagnosis must name one; `place` is what must be located: the wrong group, and the coordinate, row or
column where the fault has one. Scales run from 1e-8 to 1e8.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.gradients.layers import ALL, TWELVE, Arrays, Layer, scaled, sigmoid

Change = Callable[[Arrays, tuple[Any, ...], Any], Arrays]
SCALES = (1.0, 1e-8, 1e8, 1e-4, 1e4)


@dataclass(frozen=True)
class Fault:
    """A wrong layer: `layer` already carries the fault."""

    label: str
    kind: str
    layer: Layer
    causes: tuple[str, ...]
    group: str
    """The group that is wrong (the first of them)."""
    place: dict[str, list[int]] | None = None
    style: str = "attributes"
    scale: float = 1.0
    upstream: float = 1.0
    stateful: str = ""
    """A fault that shows at the second call only: `adds` or `stale`."""


def planted(layer: Layer, change: Change) -> Layer:
    """The layer with `change(gradients, upstreams, cache)` between its backward function and its caller."""

    def backward(u: Any, cache: Any) -> Any:
        d_inputs, d_parameters = layer.backward(u, cache)
        both = change({**d_inputs, **d_parameters}, u, cache)
        return {k: both[k] for k in d_inputs if k in both}, {k: both[k] for k in d_parameters if k in both}

    return replace(layer, backward=backward)


def rewritten(layer: Layer, backward: Any) -> Layer:
    return replace(layer, backward=backward)


def on(group: str, function: Callable[[Any], Any]) -> Change:
    """Change one group."""

    def change(g: Arrays, u: Any, cache: Any) -> Arrays:
        return {**g, group: function(g[group])}

    return change


def everywhere(function: Callable[[Any], Any]) -> Change:
    return lambda g, u, cache: {name: function(value) for name, value in g.items()}


def put(index: Any, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change the entries at `index` only."""

    def change(value: Any) -> Any:
        value = value.copy()
        value[index] = function(value[index])
        return value

    return change


GROUPS = {
    "dense": ["W", "b", "x"],
    "sigmoid": ["x"],
    "relu": ["x"],
    "cross_entropy": ["x"],
    "batch_norm": ["gamma", "beta", "x"],
    "layer_norm": ["x", "gamma", "beta"],
    "conv": ["W", "x", "b"],
    "max_pool": ["x"],
    "dropout": ["x"],
    "lstm": ["Wx", "Wh", "h", "c", "b"],
    "embedding": ["W"],
    "attention": ["Wq", "Wk", "x", "Wv"],
}
BATCH = {"dense": 5, "sigmoid": 4, "relu": 4, "cross_entropy": 6, "batch_norm": 7, "layer_norm": 5}
BATCH |= {"conv": 2, "max_pool": 2, "dropout": 4, "lstm": 3, "embedding": 6, "attention": 5}
FACTOR = ("extra_factor", "missing_factor", "mean_for_sum")


def generic() -> Iterator[Fault]:
    """Constant factors and signs, whole and by group, one row, one column, one coordinate, in all twelve layers."""
    for name, layer in TWELVE.items():
        groups = itertools.cycle(GROUPS[name])
        m = BATCH[name]
        for text, factor in (("2", 2.0), ("1/2", 0.5), (f"{m}", float(m)), (f"1/{m}", 1.0 / m)):
            group = next(groups)
            change = on(group, lambda g, k=factor: g * k)
            yield Fault(f"{name}: {group} times {text}", "factor", planted(layer, change), FACTOR, group)
        yield Fault(
            f"{name}: all signs", "sign", planted(layer, everywhere(lambda g: -g)), ("wrong_sign",), GROUPS[name][0]
        )
        if len(GROUPS[name]) > 1:
            group = next(groups)
            yield Fault(
                f"{name}: sign of {group}", "sign", planted(layer, on(group, lambda g: -g)), ("wrong_sign",), group
            )
        group = next(g for g in GROUPS[name] if g not in ("b", "beta", "gamma"))
        row = {"axis 0": [1]}
        change = on(group, put(1, lambda g: 0.0 * g))
        yield Fault(f"{name}: row 1 of {group} is zero", "row", planted(layer, change), ("one_row",), group, row)
        change = on(group, put((slice(None), 1), lambda g: -g))
        column = {"axis 1": [1]}
        yield Fault(
            f"{name}: sign of column 1 of {group}", "row", planted(layer, change), ("one_column",), group, column
        )
        zeros = (0,) * (4 if name in ("conv", "max_pool") else 2)
        place = {"coordinates": [list(zeros)]}
        change = on(
            group, lambda g, zeros=zeros: g + 0.3 * np.max(np.abs(g)) * (np.arange(g.size).reshape(g.shape) == 0)
        )
        yield Fault(
            f"{name}: coordinate 0 of {group}", "coordinate", planted(layer, change), ("one_coordinate",), group, place
        )


# ----- faults that belong to a layer -----


def bare_sum(axis: int) -> Any:
    """Normalisation: one term of dx forgotten or with the wrong sign."""

    def with_terms(mean_sign: float, along_sign: float) -> Any:
        def backward(u: Any, cache: Any) -> Any:
            xhat, inverse, gamma = cache
            g = u[0] * gamma
            mean, along = g.mean(axis=axis, keepdims=True), (g * xhat).mean(axis=axis, keepdims=True)
            dx = inverse * (g + mean_sign * mean + along_sign * xhat * along)
            return {"x": dx}, {"gamma": (u[0] * xhat).sum(axis=0), "beta": u[0].sum(axis=0)}

        return backward

    return with_terms


DENSE, SQUARE, WIDE, NEURON = ALL["dense"], ALL["square"], ALL["wide"], ALL["neuron"]
SIGMOID, RELU, SOFTMAX = ALL["sigmoid"], ALL["relu"], ALL["softmax"]
LOCAL = ("missing_factor", "missing_prime")


def terms() -> Iterator[Fault]:
    """A sign or a term inside a sum."""
    for name, axis in (("batch_norm", 0), ("layer_norm", -1)):
        terms = bare_sum(axis)
        for text, signs in (
            ("sign of the mean term", (1.0, -1.0)),
            ("sign of the xhat term", (-1.0, 1.0)),
            ("without the mean term", (0.0, -1.0)),
            ("without the xhat term", (-1.0, 0.0)),
        ):
            kind = "sign of a term" if "sign" in text else "term"
            key = ("wrong_sign",) if "sign" in text else ("missing_term",)
            yield Fault(f"{name}: {text}", kind, rewritten(ALL[name], terms(*signs)), key, "x")

    def softmax_plus(u: Any, q: Any) -> Any:
        return {"x": q * (u[0] + (u[0] * q).sum(axis=-1, keepdims=True))}, {}

    def softmax_diagonal(u: Any, q: Any) -> Any:
        return {"x": q * u[0]}, {}

    def softmax_elementwise(u: Any, q: Any) -> Any:
        return {"x": q * (1 - q) * u[0]}, {}

    yield Fault("softmax: sign of the sum", "sign of a term", rewritten(SOFTMAX, softmax_plus), ("wrong_sign",), "x")
    yield Fault("softmax: without the sum", "term", rewritten(SOFTMAX, softmax_diagonal), ("missing_term",), "x")
    yield Fault(
        "softmax: only the diagonal of the Jacobian",
        "term",
        rewritten(SOFTMAX, softmax_elementwise),
        ("missing_term", "extra_term", "wrong_operand"),
        "x",
    )

    def cross_entropy_plus(u: Any, cache: Any) -> Any:
        q, t = cache
        dx = q.copy()
        dx[np.arange(len(t)), t] += 1
        return {"x": u[0] * dx / len(t)}, {}

    entropy = ALL["cross_entropy"]
    yield Fault(
        "cross entropy: sign of the label term",
        "sign of a term",
        rewritten(entropy, cross_entropy_plus),
        ("wrong_sign", "missing_term"),
        "x",
    )


def transpositions() -> Iterator[Fault]:
    """Transposed."""
    for scale_index in range(3):
        yield Fault(
            f"square: W transposed ({scale_index})",
            "transposed",
            planted(SQUARE, on("W", np.transpose)),
            ("transposed",),
            "W",
        )
    yield Fault(
        "square: W transposed and negative",
        "transposed",
        planted(SQUARE, on("W", lambda g: -g.T)),
        ("transposed",),
        "W",
    )
    yield Fault("dense: W transposed", "transposed", planted(DENSE, on("W", np.transpose)), ("transposed",), "W")
    yield Fault(
        "attention: Wv transposed",
        "transposed",
        planted(ALL["attention"], on("Wv", np.transpose)),
        ("transposed",),
        "Wv",
    )
    yield Fault(
        "conv: kernel axes exchanged",
        "transposed",
        planted(ALL["conv"], on("W", lambda g: g.transpose(0, 1, 3, 2))),
        ("transposed",),
        "W",
    )
    yield Fault(
        "square: x from W instead of its transpose",
        "transposed",
        rewritten(SQUARE, lambda u, c: ({"x": u[0] @ c[1]}, {"W": c[0].T @ u[0], "b": u[0].sum(axis=0)})),
        ("wrong_value", "transposed", "wrong_operand"),
        "x",
    )


def sums() -> Iterator[Fault]:
    """A sum over an axis, a mean."""
    for name, group in (
        ("dense", "b"),
        ("neuron", "b"),
        ("square", "b"),
        ("batch_norm", "beta"),
        ("layer_norm", "beta"),
    ):
        layer = ALL[name]
        if name == "neuron":

            def change(g: Arrays, u: Any, cache: Any) -> Arrays:
                return {**g, "b": u[0] * cache[2] * (1 - cache[2])}
        else:

            def change(g: Arrays, u: Any, cache: Any, group: str = group) -> Arrays:
                return {**g, group: u[0].copy()}

        yield Fault(f"{name}: {group} not summed", "sum", planted(layer, change), ("missing_sum",), group)
        m = 7 if name == "batch_norm" else 5
        yield Fault(
            f"{name}: mean for sum in {group}",
            "mean",
            planted(layer, on(group, lambda g, m=m: g / m)),
            ("mean_for_sum",),
            group,
        )
    yield Fault(
        "dense: b summed with an axis too many",
        "sum",
        planted(DENSE, on("b", lambda g: g[None, :])),
        ("shape_mismatch",),
        "b",
    )
    yield Fault(
        "conv: b not summed over the batch",
        "sum",
        planted(ALL["conv"], lambda g, u, c: {**g, "b": u[0].sum(axis=(2, 3))}),
        ("missing_sum",),
        "b",
    )
    yield Fault(
        "lstm: mean for sum in b", "mean", planted(ALL["lstm"], on("b", lambda g: g / 3)), ("mean_for_sum",), "b"
    )


def local_derivatives() -> Iterator[Fault]:
    """Local derivatives."""
    yield Fault(
        "sigmoid: no local derivative", "local", rewritten(SIGMOID, lambda u, a: ({"x": u[0].copy()}, {})), LOCAL, "x"
    )
    yield Fault("sigmoid: a for a(1-a)", "local", rewritten(SIGMOID, lambda u, a: ({"x": u[0] * a}, {})), LOCAL, "x")
    yield Fault(
        "sigmoid: 1-a for a(1-a)", "local", rewritten(SIGMOID, lambda u, a: ({"x": u[0] * (1 - a)}, {})), LOCAL, "x"
    )
    yield Fault(
        "sigmoid: derivative applied to its own value",
        "local",
        rewritten(SIGMOID, lambda u, a: ({"x": u[0] * sigmoid(a) * (1 - sigmoid(a))}, {})),
        ("wrong_value", "wrong_operand", *LOCAL),
        "x",
    )
    yield Fault(
        "sigmoid: derivative twice",
        "local",
        rewritten(SIGMOID, lambda u, a: ({"x": u[0] * (a * (1 - a)) ** 2}, {})),
        ("extra_factor",),
        "x",
    )
    yield Fault(
        "relu: no local derivative",
        "local",
        rewritten(RELU, lambda u, x: ({"x": u[0].copy()}, {})),
        ("negative_inputs", *LOCAL),
        "x",
    )
    yield Fault(
        "relu: times its value",
        "local",
        rewritten(RELU, lambda u, x: ({"x": u[0] * np.maximum(x, 0)}, {})),
        ("extra_factor",),
        "x",
    )
    yield Fault(
        "neuron: no local derivative",
        "local",
        rewritten(NEURON, lambda u, c: ({"x": u[0] @ c[1].T}, {"W": c[0].T @ u[0], "b": u[0].sum(axis=0)})),
        LOCAL,
        "x",
    )

    def neuron_half(u: Any, c: Any) -> Any:
        d = u[0] * c[2]
        return {"x": d @ c[1].T}, {"W": c[0].T @ d, "b": d.sum(axis=0)}

    yield Fault("neuron: a for a(1-a)", "local", rewritten(NEURON, neuron_half), LOCAL, "x")
    yield Fault(
        "dropout: mask forgotten",
        "local",
        rewritten(ALL["dropout"], lambda u, mask: ({"x": u[0] / 0.75}, {})),
        ("missing_factor", "missing_prime"),
        "x",
    )
    yield Fault(
        "dropout: not divided by the keep probability",
        "factor",
        planted(ALL["dropout"], on("x", lambda g: g * 0.75)),
        ("missing_factor",),
        "x",
    )
    yield Fault(
        "attention: not divided by the root",
        "factor",
        planted(ALL["attention"], on("Wq", lambda g: g * np.sqrt(3.0))),
        ("extra_factor",),
        "Wq",
    )


def negative_inputs() -> Iterator[Fault]:
    """Only negative inputs."""
    yield Fault(
        "relu: leaks",
        "negative",
        rewritten(RELU, lambda u, x: ({"x": u[0] * np.where(x > 0, 1.0, 0.1)}, {})),
        ("negative_inputs",),
        "x",
    )
    yield Fault(
        "sigmoid: cut at zero",
        "negative",
        rewritten(SIGMOID, lambda u, a: ({"x": u[0] * np.where(a > 0.5, a * (1 - a), 0.0)}, {})),
        ("negative_inputs", "missing_factor"),
        "x",
    )
    for name in ("dense", "conv", "attention", "embedding"):
        group = "W" if name != "attention" else "Wv"

        def negative(g: Arrays, u: Any, cache: Any, group: str = group, name: str = name) -> Arrays:
            value = cache[1] if name != "attention" else cache[1][group]
            return {**g, group: np.where(value < 0, -g[group], g[group])}

        if name != "embedding":
            yield Fault(
                f"{name}: sign of {group} where it is negative",
                "negative",
                planted(ALL[name], negative),
                ("negative_inputs", "extra_factor", "missing_factor"),
                group,
            )


def second_calls() -> Iterator[Fault]:
    """The second call."""
    for name, group in (
        ("dense", "W"),
        ("conv", "b"),
        ("embedding", "W"),
        ("lstm", "Wx"),
        ("attention", "Wk"),
        ("layer_norm", "gamma"),
    ):
        for style in ("attributes", "containers"):
            yield Fault(
                f"{name}: adds to {group} ({style})",
                "second call",
                ALL[name],
                ("second_call",),
                group,
                style=style,
                stateful="adds",
            )
    for name in ("sigmoid", "relu", "max_pool", "dense"):
        yield Fault(f"{name}: keeps the first cache", "second call", ALL[name], ("second_call",), "x", stateful="stale")


def other_arguments() -> Iterator[Fault]:
    """The gradient of something else."""
    swap = [
        ("batch_norm", "gamma", "beta"),
        ("layer_norm", "gamma", "beta"),
        ("attention", "Wq", "Wk"),
        ("lstm", "h", "c"),
    ]
    for name, first, second in swap:

        def exchanged(g: Arrays, u: Any, cache: Any, first: str = first, second: str = second) -> Arrays:
            return {**g, first: g[second], second: g[first]}

        def twice(g: Arrays, u: Any, cache: Any, first: str = first, second: str = second) -> Arrays:
            return {**g, first: g[second]}

        yield Fault(
            f"{name}: {first} and {second} exchanged",
            "argument",
            planted(ALL[name], exchanged),
            ("wrong_left_side",),
            first,
        )
        yield Fault(f"{name}: {second} for {first}", "argument", planted(ALL[name], twice), ("wrong_left_side",), first)


def regularisers() -> Iterator[Fault]:
    """A regulariser."""
    for name, group, rate in (("dense", "W", 0.01), ("conv", "W", 0.1), ("embedding", "W", 1e-3), ("wide", "W", 0.05)):

        def decay(g: Arrays, u: Any, cache: Any, group: str = group, rate: float = rate) -> Arrays:
            return {**g, group: g[group] + rate * np.max(np.abs(g[group])) * cache[1]}

        yield Fault(
            f"{name}: weight decay in {group}", "regulariser", planted(ALL[name], decay), ("regulariser",), group
        )


def places() -> Iterator[Fault]:
    """Large layers: the place is found by bisection."""
    spots = {
        "row 17": ((17,), ("one_row",), {"axis 0": [17]}),
        "column 23": ((slice(None), 23), ("one_column",), {"axis 1": [23]}),
        "coordinate": ((31, 7), ("one_coordinate",), {"axis 0": [31], "axis 1": [7]}),
    }
    for text, (index, key, place) in spots.items():
        yield Fault(
            f"wide: {text} of W", "place", planted(WIDE, on("W", put(index, lambda g: 1.5 * g))), key, "W", place
        )
    yield Fault("wide: W times 2", "factor", planted(WIDE, on("W", lambda g: 2 * g)), FACTOR, "W")
    yield Fault(
        "wide: W over m", "factor", planted(WIDE, on("W", lambda g: g / 5)), ("extra_factor", "mean_for_sum"), "W"
    )


def nothing() -> Iterator[Fault]:
    """Nothing there."""
    yield Fault("dense: b is zero", "zero", planted(DENSE, on("b", np.zeros_like)), ("missing_gradient",), "b")
    yield Fault(
        "dense: upstream not used",
        "upstream",
        rewritten(
            DENSE,
            lambda u, c: (
                {"x": np.ones_like(u[0]) @ c[1].T},
                {"W": c[0].T @ np.ones_like(u[0]), "b": np.ones_like(u[0]).sum(axis=0)},
            ),
        ),
        ("ignores_upstream",),
        "x",
    )

    def overwriting(u: Any, cache: Any) -> Any:
        index, W = cache
        dW = np.zeros_like(W)
        dW[index] = u[0]
        return {}, {"W": dW}

    yield Fault(
        "embedding: repeated indices overwrite",
        "sum",
        rewritten(ALL["embedding"], overwriting),
        ("missing_sum", "one_row"),
        "W",
        {"axis 0": [1, 4]},
    )


FAMILIES = [
    generic,
    terms,
    transpositions,
    sums,
    local_derivatives,
    negative_inputs,
    second_calls,
    other_arguments,
    regularisers,
    places,
    nothing,
]


def every_fault() -> list[Fault]:
    """All faults, each at its own scale and, where the fault does not fix one, in its own style."""
    faults = []
    styles = itertools.cycle(("attributes", "containers", "functions"))
    for number, fault in enumerate([fault for family in FAMILIES for fault in family()]):
        scale = SCALES[number % len(SCALES)]
        style = fault.style if fault.stateful else next(styles)
        outside = fault.kind in ("local", "negative", "term", "sign of a term") and fault.group == "x"
        layer = fault.layer if outside else scaled(fault.layer, scale)
        upstream = scale if outside and "cross entropy" not in fault.label else 1.0
        faults.append(
            replace(
                fault, layer=layer, scale=scale, upstream=upstream, style=style, label=f"{fault.label} (at {scale:g})"
            )
        )
    return faults
