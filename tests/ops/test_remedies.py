"""Plausible mistakes: the error says what to write, and what it says to write is read."""

from __future__ import annotations

import pytest

from derive.errors import ModelError
from derive.model.text import loads

GIVEN = "X : (m, n)\nx : (n,)\nA : (n, n), invertible\ny : (n,), in {-1, 1}\np, q : (n,), positive\n"

# what is typed, a part of the hint, and a model in which the hint was followed
FOLLOWED = {
    "an underscore left out": ("z = logsoftmax(x)", "did you mean log_softmax?", "z = log_softmax(x)"),
    "capitals": ("z = ReLU(x)", "did you mean relu?", "z = relu(x)"),
    "two underscores": ("z = crossentropy(p, q)", "did you mean cross_entropy?", "z = cross_entropy(p, q)"),
    "a letter": ("z = sigmoyd(x)", "did you mean sigmoid", "z = sigmoid(x)"),
    "another spelling": ("z = arctg(x)", "did you mean arctan", "z = arctan(x)"),
    "a module": ("z = np.exp(x)", "write exp(...)", "z = exp(x)"),
    "a module in a module": ("z = np.linalg.inv(A)", "write inv(...)", "z = inv(A)"),
    "a module of layers": ("z = nn.ReLU()(x)", "write relu(...)", "z = relu(x)"),
    "a method": ("z = X.sum()", "write sum(X)", "z = sum(X)"),
    "a method of another name": ("z = A.inverse()", "write inv(A)", "z = inv(A)"),
    "a transpose": ("z = X.t()", "write X.T", "z = X.T"),
    "a constant": ("z = x*np.pi", "write pi", "z = x*pi"),
    "an option": ("z = softmax(X, dim=1)", "write axis= for dim=", "z = softmax(X, axis=1)"),
    "a flag": ("z = sum(X, axis=1, keepdim=True)", "write keepdims=", "z = sum(X, axis=1, keepdims=True)"),
    "batchnorm": (
        "z = BatchNorm1d(X)",
        "write (X - mean(X, axis=0)) / sqrt(var(X, axis=0) + 1e-5)",
        "z = (X - mean(X, axis=0)) / sqrt(var(X, axis=0) + 1e-5)",
    ),
    "layernorm": (
        "z = layer_norm(X)",
        "write (X - mean(X, axis=1, keepdims=True)) / sqrt(var(X, axis=1, keepdims=True) + 1e-5)",
        "z = (X - mean(X, axis=1, keepdims=True)) / sqrt(var(X, axis=1, keepdims=True) + 1e-5)",
    ),
    "normalize": ("z = normalize(x)", "write x / norm(x)", "z = x / norm(x)"),
    "dropout": ("z = dropout(X)", "M : (m, n), constant, and write M * X", "M : (m, n), constant\nz = M * X"),
    "conv2d": ("z = conv2d(X, A)", "P : (p, k), and write P @ w", "P : (t, k)\nw : (k,)\nz = P @ w"),
    "max_pool2d": ("z = max_pool2d(X)", "max(P, axis=1)", "P : (t, k)\nz = max(P, axis=1)"),
    "argmax": ("z = argmax(x)", "as a constant", "k : (n,), constant\nz = k * x"),
    "one_hot": ("z = onehot(x)", "one_hot(axis=1)", "Y : (m, k), one_hot(axis=1)\nz = sum(Y)"),
    "attention": (
        "z = attention(X, X, X)",
        "write softmax(Q @ K.T / sqrt(d)) @ V",
        "Q, K, V : (t, d)\nz = softmax(Q @ K.T / sqrt(d)) @ V",
    ),
    "kl": ("z = kl(p, q)", "write sum(p * log(p / q))", "z = sum(p * log(p / q))"),
    "hinge": ("z = hinge_loss(x, y)", "write mean(maximum(0, 1 - y*s))", "z = mean(maximum(0, 1 - y*x))"),
    "std": ("z = std(x)", "write sqrt(var(x))", "z = sqrt(var(x))"),
    "mm": ("z = mm(X, A)", "write A @ B", "z = X @ A"),
    "rnn": ("z = lstm(x)", "for t in 1..T:", "h[0] : (n,)\nfor t in 1..T:\n    h[t] = tanh(A @ h[t-1])\nz = sum(h[T])"),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_hint_leads_to_a_model(name: str) -> None:
    typed, hint, followed = FOLLOWED[name]
    with pytest.raises(ModelError) as caught:
        loads(f"{GIVEN}{typed}\n")
    assert hint in (caught.value.hint or "")
    assert caught.value.span is not None
    assert loads(f"{GIVEN}{followed}\n").bindings


def test_what_is_near_by_its_letters_alone_is_no_hint() -> None:
    for typed in ("attribute_norm(x)", "constant_q(x)"):
        with pytest.raises(ModelError) as caught:
            loads(f"{GIVEN}z = {typed}\n")
        assert "did you mean" not in (caught.value.hint or "")
