"""What to write in place of functions of NumPy, SciPy and PyTorch that are no operations.

In the order of what is known of a name: an operation that is spelled a little otherwise (`logsoftmax`, `BatchNorm1d`),
what its meaning is written as, an operation with a name that is near.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import SequenceMatcher

from derive.errors import did_you_mean
from derive.ops.record import callable_names

NEAR = 0.68  # how like the nearest name has to be: `norm` is not what `batchnorm` means
MODULES = frozenset(("np", "numpy", "jnp", "jax", "math", "scipy", "torch", "tf"))
OPTIONS = {"dim": "axis", "dims": "axis", "keepdim": "keepdims"}
"""Options by the names of PyTorch."""

_REMEDIES: dict[tuple[str, ...], str] = {
    ("add",): "write x + y",
    ("subtract",): "write x - y",
    ("multiply",): "write x * y",
    ("divide", "true_divide"): "write x / y",
    ("negative",): "write -x",
    ("std",): "write sqrt(var(x))",
    ("prod",): "write exp(sum(log(x))) for positive entries, or the factors as a product",
    ("reshape", "ravel", "flatten", "squeeze", "expand_dims", "view"): (
        "arrays keep their axes: declare the input with the axes that it has afterwards"
    ),
    ("concatenate", "concat", "hstack", "vstack", "stack", "cat"): (
        "split the weights: X @ W_x + H @ W_h is concatenate([X, H]) @ W"
    ),
    ("conv", "convolve", "correlate"): (
        "declare the windows of the input as rows of a matrix: P : (p, k), and write P @ w"
    ),
    ("kron",): "outer(a, b) has the same products, with an axis for each factor",
    ("einsum", "tensordot"): "write the contraction with @, *, sum(x, axis=...) and transpose(x, axes)",
    ("cumsum",): "declare T : (n, n), constant (ones on and below the diagonal), and write T @ x",
    ("pinv",): "of a matrix with independent columns, write inv(A.T @ A) @ A.T",
    ("dropout",): "declare the mask, M : (m, n), constant, and write M * X",
    ("one_hot",): "declare the result: Y : (m, k), one_hot(axis=1)",
    ("gather", "take", "embedding"): "declare the choice, S : (t, v), one_hot(axis=1), and write S @ E",
    ("argmax", "argmin", "argsort", "sort"): "it has no derivative: declare what it gives as a constant",
    ("maxpool", "avgpool"): (
        "declare the windows of the input as an axis: P : (p, k), and write max(P, axis=1) or mean(P, axis=1)"
    ),
    ("batchnorm",): "write (X - mean(X, axis=0)) / sqrt(var(X, axis=0) + 1e-5)",
    ("layernorm", "instancenorm"): (
        "write (X - mean(X, axis=1, keepdims=True)) / sqrt(var(X, axis=1, keepdims=True) + 1e-5)"
    ),
    ("rmsnorm",): "write X / sqrt(mean(X**2, axis=1, keepdims=True) + 1e-5)",
    ("normalize", "normalise"): "write x / norm(x)",
    ("average", "avg"): "write mean(x)",
    ("mm", "bmm", "mv", "multidot"): "write A @ B",
    ("linear", "dense"): "write X @ W + b",
    ("attention", "scaleddotproductattention"): "write softmax(Q @ K.T / sqrt(d)) @ V, with d : size",
    ("lstm", "gru", "rnn"): "write its lines for every step: for t in 1..T:, and h[t] = tanh(W @ h[t-1]) below it",
    ("kl",): "write sum(p * log(p / q))",
    ("hinge", "hingeloss"): "write mean(maximum(0, 1 - y*s))",
    ("inverse",): "write inv(A)",
    ("exponential",): "write exp(x)",
}
_BY_NAME = {name.replace("_", ""): text for names, text in _REMEDIES.items() for name in names}


def remedy(name: str, declared: Collection[str] = ()) -> str | None:
    """What to write for a function that is no operation, or None; `declared` are functions of the model."""
    bare = _squeezed(name)
    known = [*callable_names(), *declared]
    alike = sorted((other for other in known if _squeezed(other) == bare), key=len)
    if alike:
        return _named(f"did you mean {alike[0]}?", alike[0])
    return _BY_NAME.get(bare) or _nearest(name, known)


def without_module(name: str, value: str | None) -> str:
    """What to write for `np.exp(x)`, or for `x.sum()`, a method of a `value`."""
    if value is not None and _squeezed(name) in ("t", "transpose"):
        return f"write {value}.T"
    spelled = next((other for other in callable_names() if _squeezed(other) == _squeezed(name)), None)
    if spelled is None:
        return remedy(name) or "write f(x), with the name of a function"
    return f"write {spelled}({value or '...'})"


def _squeezed(name: str) -> str:
    """A name without capitals, underscores and the number of its dimensions."""
    return re.sub(r"(?<=.)[123]d$", "", name.lower().replace("_", ""))


def _nearest(name: str, known: Collection[str]) -> str | None:
    """The nearest names, and how to learn more of one that is an operation."""
    hint = did_you_mean(name, known)
    if hint is None:
        return None
    first = hint.removeprefix("did you mean ").rstrip("?").partition(" ")[0]
    return _named(hint, first) if SequenceMatcher(None, first, name).ratio() >= NEAR else None


def _named(hint: str, name: str) -> str:
    return f"{hint} `derive ops {name}` tells how it is called" if name in callable_names() else hint
