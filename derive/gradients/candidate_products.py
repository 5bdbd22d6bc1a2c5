"""Values that a gradient may be a sum of: products of two arrays with a given shape, and single rows of one.

    p.T @ q,  p*q,  (p*q).sum(axis=0),  outer(p, q),  einsum('ijk,jk->i', p, q),  q.sum(axis=0),  q[-1]

An axis of p may be paired with an axis of q of equal size; of the axes that are then left some, in any order, are
those of the result, and the others are summed. What is summed must be paired, but for the sum of a single array.
A product is linear in each of its operands, so its adjoint turns a weighting of the result into one of the operand.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from derive.gradients.difference import Array

Values = Mapping[str, Array]
LETTERS = "ijklmnop"
ONE = "1"
"""The name under which the number 1 is among the values."""
MOST_AXES = 3


class Summand(Protocol):
    """Something that has a value at every point."""

    def value(self, values: Values) -> Array:
        """From the named values of a point."""

    def text(self) -> str:
        """As one writes it in NumPy."""

    @property
    def operands(self) -> frozenset[str]:
        """The names it uses."""


@dataclass(frozen=True)
class TwoOperands:
    """`left` and `right` name the operands; `p`, `q`, `out` are the letters of their axes and of the result's."""

    left: str
    right: str
    p: str
    q: str
    out: str

    @property
    def operands(self) -> frozenset[str]:
        return frozenset({self.left, self.right} - {ONE})

    @property
    def summed(self) -> set[str]:
        """The letters that are summed."""
        return (set(self.p) | set(self.q)) - set(self.out)

    def value(self, values: Values) -> Array:
        return np.asarray(np.einsum(f"{self.p},{self.q}->{self.out}", values[self.left], values[self.right]))

    def adjoint(self, weights: Array, values: Values, by_left: bool) -> Array:
        """The array A with `sum(weights * product) = sum(A * operand)`."""
        own, others, other = (self.p, self.q, self.right) if by_left else (self.q, self.p, self.left)
        kept = "".join(letter for letter in own if letter in self.out + others)
        found = np.einsum(f"{self.out},{others}->{kept}", weights, values[other])
        return np.asarray(found[tuple(slice(None) if letter in kept else None for letter in own)])

    def text(self, left: str | None = None, right: str | None = None) -> str:
        """The product, with these texts for the operands."""
        left, right = _bracketed(left or self.left), _bracketed(right or self.right)
        if self.left == ONE:
            return _summed(right, self.q, self.out)
        if not self.summed and (set(self.p) & set(self.q) or not self.p or not self.q):
            return f"{left}*{right}"
        if len(self.p) == len(self.q) == len(self.out) == 2 and len(self.summed) == 1:
            first, second = (left, self.p), (right, self.q)
            if self.out[0] not in self.p:
                first, second = second, first
            turned = (first[1][0] != self.out[0], second[1][1] != self.out[1])
            return f"{first[0]}{'.T' * turned[0]} @ {second[0]}{'.T' * turned[1]}"
        if len(self.p + self.q) == 3 and len(self.out) == len(self.summed) == 1:
            (matrix, axes), (vector, _) = sorted(((left, self.p), (right, self.q)), key=lambda side: -len(side[1]))
            return f"{matrix}{'.T' * (axes[0] != self.out)} @ {vector}"
        if len(self.p) == len(self.q) == 1 and not self.summed:
            return f"outer({left}, {right})" if self.out == self.p + self.q else f"outer({right}, {left})"
        if self.p == self.q:
            return _summed(f"({left}*{right})", self.p, self.out)
        return f"einsum('{self.p},{self.q}->{self.out}', {left}, {right})"


def _summed(text: str, letters: str, out: str) -> str:
    over = [k for k, letter in enumerate(letters) if letter not in out]
    if not over:
        return text
    return f"{text}.sum({'' if len(over) == len(letters) else f'axis={over[0] if len(over) == 1 else tuple(over)}'})"


def _bracketed(text: str) -> str:
    return f"({text})" if any(sign in text for sign in "*/+- ") and not text.startswith("(") else text


@dataclass(frozen=True)
class EndSlice:
    """The first or the last of an array along an axis, which may stand where its sum belongs."""

    name: str
    axis: int
    index: int

    @property
    def operands(self) -> frozenset[str]:
        return frozenset({self.name})

    def value(self, values: Values) -> Array:
        return np.asarray(values[self.name].take(self.index, axis=self.axis))

    def text(self) -> str:
        return f"{self.name}[{':, ' * self.axis}{self.index}]"


def products(values: Values, shape: tuple[int, ...], old: Values | None = None) -> Iterator[TwoOperands]:
    """Every product of two of these arrays, or sum of one, of this shape; of those `old` ones exactly one if given."""
    arrays = {name: value for name, value in values.items() if value.ndim <= MOST_AXES and name != ONE}
    for name, value in arrays.items() if not old else ():
        letters = LETTERS[: value.ndim]
        for out in _results(letters, dict(zip(letters, value.shape, strict=True)), shape, set(letters)):
            yield TwoOperands(ONE, name, "", letters, out)
    for left, right in itertools.combinations_with_replacement(arrays, 2):
        if old and (left in old) == (right in old):
            continue
        p, q = arrays[left], arrays[right]
        letters = LETTERS[: p.ndim]
        for second in _pairings(p.shape, q.shape):
            sizes = dict(zip(letters + second, p.shape + q.shape, strict=True))
            for out in _results(letters + second, sizes, shape, set(letters) & set(second)):
                yield TwoOperands(left, right, letters, second, out)


def rows(values: Values, shape: tuple[int, ...]) -> Iterator[EndSlice]:
    """Every first or last row of this shape."""
    for name, value in values.items():
        for axis, size in enumerate(value.shape):
            if size > 1 and value.shape[:axis] + value.shape[axis + 1 :] == shape:
                yield from (EndSlice(name, axis, 0), EndSlice(name, axis, -1))


def _pairings(p: tuple[int, ...], q: tuple[int, ...]) -> Iterator[str]:
    """The letters of q: each those of an axis of p of the same size, or new ones."""
    choices = [[k for k, size in enumerate(p) if size == n] + [len(p) + axis] for axis, n in enumerate(q)]
    for chosen in itertools.product(*choices):
        if len(set(chosen)) == len(chosen):
            yield "".join(LETTERS[k] for k in chosen)


def _results(letters: str, sizes: dict[str, int], shape: tuple[int, ...], may_sum: set[str]) -> Iterator[str]:
    distinct = list(dict.fromkeys(letters))
    for out in itertools.permutations(distinct, len(shape)):
        if tuple(sizes[letter] for letter in out) == shape and set(distinct) - set(out) <= may_sum:
            yield "".join(out)
