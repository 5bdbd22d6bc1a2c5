r"""Arrays of one entry: `x^\top A x` of matrices of one column is a matrix of one row and one column, and a number.

    c \, x^\top A x, \quad e^{x^\top A x}, \quad (b^\top x)\, b, \quad \frac{\partial (x^\top A x)}{\partial x}

It stays a matrix where that has a meaning, `(x^\top b)^\top`, and is its entry where only a number has.
"""

from __future__ import annotations

from dataclasses import replace

from derive.ir import build
from derive.ir.size import ONE, Shape
from derive.meaning.claim import Denotation


def is_single(shape: Shape) -> bool:
    """Whether an array of this shape has axes, and one entry."""
    return bool(shape) and all(size is ONE for size in shape)


def only_entry(value: Denotation) -> Denotation:
    """The entry of an array that has but one; any other value as it is."""
    if not is_single(value.shape):
        return value
    node = build.entry(value.node, (*(None for _ in value.letters), *(0 for _ in value.shape)))
    return replace(value, node=node, row=False, column=False, chain=None)
