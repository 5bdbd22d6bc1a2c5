"""Stand-ins for functions of which nothing is known.

    f(u, v, ...)   =  a + c.u + sum over k of a_k sin(w_k . u + p_k)                     elementwise
    C(X, Y, ...)   =  sum over k of a_k sin(<w_k, (X, Y, ...)> + p_k)                     of whole tensors

Analytic, with every derivative exact, different for each name and each point; the frequencies are unrelated, so that no
law of low order such as f' = 1 - f^2 or f'' = -f holds, and a constant and slopes of either sign leave no stand-in
positive, monotone or convex at all points.
"""

from __future__ import annotations

import random
import zlib
from fractions import Fraction
from typing import Any

import numpy as np

from derive.ir import build
from derive.ir.graph import Declaration
from derive.ir.size import size_of
from derive.ops.digits import Digits
from derive.ops.evaluate import Evaluator, Implementation
from derive.ops.floats import Floats

Array = Any
WAVES = 3
FUNCTIONAL_WAVES = 6


def implementation(declaration: Declaration, backend: Floats | Digits, *, seed: str = "") -> Implementation:
    """What stands for a declared function or functional in a probe; another `seed` draws another one."""
    if declaration.kind == "functional":
        return _Functional(declaration.name, backend, seed)
    if declaration.definition is not None:
        return _Registered(declaration.definition, backend)
    return _Elementwise(declaration.name, backend, seed)


class _Registered:
    """A declared function that is a registered one under another name."""

    def __init__(self, name: str, backend: Floats | Digits) -> None:
        self.name, self.backend = name, backend

    def __call__(self, orders: tuple[int, ...], *args: Array) -> Array:
        arrays = {f"u{k}": np.asarray(arg) for k, arg in enumerate(args)}
        letters = [build.ref(name, tuple(size_of(n) for n in array.shape)) for name, array in arrays.items()]
        return Evaluator(arrays, {}, backend=self.backend).value(build.call(self.name, *letters, orders=orders))


class _Waves:
    def __init__(self, name: str, backend: Floats | Digits, seed: str) -> None:
        self.backend = backend
        self.seed = zlib.crc32(f"{name}{seed}".encode())

    def numbers(self, *key: int) -> random.Random:
        return random.Random(f"{self.seed} {key}")

    def number(self, rng: random.Random, low: int, high: int) -> Array:
        return self.backend.number(Fraction(rng.randint(low, high), 100))

    def signed(self, rng: random.Random, low: int, high: int) -> Array:
        return self.number(rng, low, high) * rng.choice((-1, 1))

    def wave(self, angle: Array, order: int) -> Array:
        """The derivative of the sine of that order."""
        value = self.backend.function("cos" if order % 2 else "sin", angle)
        return -value if order % 4 >= 2 else value


class _Elementwise(_Waves):
    def __call__(self, orders: tuple[int, ...], *args: Array) -> Array:
        total = sum(orders)
        rng = self.numbers(len(args))
        result: Array = self.backend.number(0) + 0 * args[0]
        for _ in range(WAVES):
            factor, angle = self.number(rng, 30, 90), self.number(rng, 10, 120)
            for order, arg in zip(orders, args, strict=True):
                frequency = self.number(rng, 40, 160)
                angle = angle + frequency * arg
                factor = factor * frequency**order
            result = result + factor * self.wave(angle, total)
        constant, slopes = self.signed(rng, 20, 150), [self.signed(rng, 20, 80) for _ in args]
        if not total:
            return result + constant + sum(s * u for s, u in zip(slopes, args, strict=True))
        return result + slopes[orders.index(1)] if total == 1 else result


class _Functional(_Waves):
    def __call__(self, wrt: tuple[int, ...], *args: Array) -> Array:
        shape = tuple(n for k in wrt for n in np.shape(args[k]))
        result: Array = np.zeros(shape) + self.backend.number(0)
        for k in range(FUNCTIONAL_WAVES):
            rng = self.numbers(k)
            factor, angle = self.number(rng, 30, 90), self.number(rng, 10, 120)
            weights = [self._weights(k, n, np.shape(arg)) for n, arg in enumerate(args)]
            for weight, arg in zip(weights, args, strict=True):
                angle = angle + np.asarray(weight * arg).sum()
            product: Array = factor * self.wave(angle, len(wrt))
            for n in wrt:
                product = np.multiply.outer(product, weights[n])
            result = result + product
        return np.asarray(result)

    def _weights(self, wave: int, place: int, shape: tuple[int, ...]) -> Array:
        rng = self.numbers(wave, place, *shape)
        values = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            values[index] = Fraction(rng.choice((-1, 1)) * rng.randint(20, 120), 100)
        return self.backend.array(values)
