"""What to write in place of NumPy's and SciPy's functions that are no operations, where it can be written at all."""

from __future__ import annotations

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
    ("concatenate", "hstack", "vstack", "stack", "cat"): (
        "split the weights: X @ W_x + H @ W_h is concatenate([X, H]) @ W"
    ),
    ("conv", "convolve", "conv1d", "conv2d", "correlate"): (
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
}
_BY_NAME = {name: text for names, text in _REMEDIES.items() for name in names}


def remedy(name: str) -> str | None:
    """What to write for a function that is no operation, or None."""
    return _BY_NAME.get(name)
