"""Random expressions with their text, their shape and what they compute: leaves and elementwise operations."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np

from benchmarks.searches.oracle import OF_POSITIVE, UNARY, kinked, margins, sigmoid, softplus

Values = Mapping[str, Any]
Run = Callable[[Values], Any]
Shape = tuple["str | int", ...]
Kinds = list[tuple[Callable[[int], "Term | None"], float]]

SIZES = {"m": 4, "n": 3, "k": 2, "p": 5}


@dataclass(frozen=True)
class Term:
    """An expression: its text, its shape in the names of the sizes, and what it computes."""

    text: str
    shape: Shape
    run: Run
    atomic: bool = False

    @property
    def operand(self) -> str:
        """The text as an operand of anything."""
        return self.text if self.atomic else f"({self.text})"


def called(text: str, shape: Shape, run: Run) -> Term:
    """A call, which is an operand as it is."""
    return Term(text, shape, run, atomic=True)


def shown(shape: Shape) -> str:
    """A shape as model text."""
    if not shape:
        return "scalar"
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def lengths(shape: Shape) -> tuple[int, ...]:
    """A shape in numbers."""
    return tuple(SIZES[size] if isinstance(size, str) else size for size in shape)


def joint(*shapes: Shape) -> Shape | None:
    """The shape that arrays broadcast to; None if they do not."""
    rank = max(map(len, shapes))
    found: list[str | int] = []
    for axis in range(rank):
        sizes = {shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0} - {1}
        if len(sizes) > 1:
            return None
        found.append(sizes.pop() if sizes else 1)
    return tuple(found)


SOME: tuple[str | int, ...] = ("m", "n", "k", "p", 2, 3)


class Terms:
    """Draws expressions of the values in `pool`; `sizes` are those that arrays are made with."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.pool: list[Term] = []
        self.sizes: list[str | int] = [*rng.sample(SOME, 2), 1]

    def kinds(self) -> Kinds:
        """What an expression may be, and how often it is."""
        return [
            *((self._unary, 5), (self._of_positive, 2), (self._arithmetic, 8)),
            *((self._chosen, 1.5), (self._power, 2), (self._masked, 0.7)),
        ]

    def leaf(self) -> Term:
        """A value from above, a number, or a small constant array."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.86:
            return rng.choice(self.pool if rng.random() < 0.5 else self.pool[-6:])
        if kind < 0.94:
            text = rng.choice(["2", "3", "0.5", "1", "-1", "1/3", "1.5", "0", "pi"])
            value = {"pi": math.pi, "1/3": 1 / 3}.get(text)
            number = np.float64(text if value is None else value)
            return Term(text, (), lambda _: number, atomic=text.isidentifier() or text.replace(".", "").isdigit())
        size = rng.choice(self.sizes)
        (length,) = lengths((size,))
        if kind < 0.96:
            return Term(f"ones({size})", (size,), lambda _: np.ones(length), atomic=True)
        if kind < 0.98:
            return Term(f"eye({size})", (size, size), lambda _: np.eye(length), atomic=True)
        entries = [round(rng.uniform(-2, 2), 1) for _ in range(3)]
        return Term(f"[{', '.join(map(str, entries))}]", (3,), lambda _: np.array(entries), atomic=True)

    def term(self, depth: int) -> Term:
        """A random expression."""
        if depth <= 0:
            return self.leaf()
        kinds = self.kinds()
        while True:
            make = self.rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
            found = make(depth - 1)
            if found is not None and len(found.shape) <= 3:
                return found

    def _unary(self, depth: int) -> Term:
        a = self.term(depth)
        if self.rng.random() < 0.12:
            return Term(f"-{a.operand}", a.shape, lambda v: -a.run(v))
        if self.rng.random() < 0.06:
            slope = self.rng.choice(["0.1", "0.25"])
            run = kinked(lambda x: anp.where(x > 0, x, float(slope) * x))
            return called(f"leaky_relu({a.text}, {slope})", a.shape, lambda v: run(a.run(v)))
        name, function = self.rng.choice(UNARY)
        return called(f"{name}({a.text})", a.shape, lambda v: function(a.run(v)))

    def positive(self, depth: int) -> Term:
        """An expression that is positive by its form."""
        rng, a = self.rng, self.term(depth)
        match rng.randrange(5):
            case 0:
                return Term(f"1 + {a.operand}**2", a.shape, lambda v: 1 + a.run(v) ** 2)
            case 1:
                return called(f"exp({a.text})", a.shape, lambda v: anp.exp(a.run(v)))
            case 2:
                return called(f"sigmoid({a.text})", a.shape, lambda v: sigmoid(a.run(v)))
            case 3:
                return Term(f"softplus({a.text}) + 0.1", a.shape, lambda v: softplus(a.run(v)) + 0.1)
        return Term(f"abs({a.text}) + 0.2", a.shape, lambda v: kinked(anp.abs)(a.run(v)) + 0.2)

    def _of_positive(self, depth: int) -> Term:
        a = self.positive(depth)
        name, function = self.rng.choice(OF_POSITIVE)
        return called(f"{name}({a.text})", a.shape, lambda v: function(a.run(v)))

    def _arithmetic(self, depth: int) -> Term | None:
        op = self.rng.choice(["+", "+", "-", "-", "*", "*", "*", "/"])
        a = self.term(depth)
        b = self.positive(depth) if op == "/" and self.rng.random() < 0.7 else self.term(depth)
        shape = joint(a.shape, b.shape)
        if shape is None:
            return None
        if self.rng.random() < 0.08 and isinstance(self.sizes[0], str) and not b.shape:
            size = self.sizes[0]
            return Term(f"{a.operand} / {size}", a.shape, lambda v: a.run(v) / SIZES[size])

        def run(v: Values) -> Any:
            left, right = a.run(v), b.run(v)
            if op == "/":
                margins.watch(right)
                return left / right
            return left + right if op == "+" else left - right if op == "-" else left * right

        left = a.text if op in "+-" and not a.text.startswith("-") else a.operand
        return Term(f"{left} {op} {b.operand}", shape, run)

    def _chosen(self, depth: int) -> Term | None:
        a, b = self.term(depth), self.term(depth)
        shape = joint(a.shape, b.shape)
        if shape is None:
            return None
        kind = self.rng.choice(["maximum", "minimum", "where"])
        if kind != "where":
            function = anp.maximum if kind == "maximum" else anp.minimum

            def extreme(v: Values) -> Any:
                left, right = a.run(v), b.run(v)
                margins.watch(left - right)
                return function(left, right)

            return called(f"{kind}({a.text}, {b.text})", shape, extreme)
        c, d = self.term(depth), self.leaf()
        shape_of_all = joint(shape, c.shape, d.shape)
        if shape_of_all is None:
            return None
        sign = self.rng.choice([">", "<", ">=", "<="])

        def choice(v: Values) -> Any:
            left, right = c.run(v), d.run(v)
            margins.watch(left - right)
            holds = left > right if sign[0] == ">" else left < right
            whole = np.zeros(lengths(shape_of_all))  # autograd's where does not undo broadcasting
            return anp.where(holds, a.run(v) + whole, b.run(v) + whole)

        return called(f"where({c.text} {sign} {d.text}, {a.text}, {b.text})", shape_of_all, choice)

    def _masked(self, depth: int) -> Term | None:
        """A function kept to its domain by a condition."""
        a = self.term(depth)
        name, function = self.rng.choice([("sqrt", anp.sqrt), ("log", anp.log)])
        other = self.rng.choice(["0", "1", "-0.5"])

        def run(v: Values) -> Any:
            value = a.run(v)
            margins.watch(value)
            inside = anp.where(value > 0, value, 1.0)
            return anp.where(value > 0, function(inside), float(other))

        return called(f"where({a.text} > 0, {name}({a.text}), {other})", a.shape, run)

    def _power(self, depth: int) -> Term | None:
        kind = self.rng.choice(["2", "2", "2", "3", "0.5", "-1", "-2", "1.5", "term"])
        if kind == "term":
            a, b = self.positive(depth), self.leaf()
            shape = joint(a.shape, b.shape)
            if shape is None:
                return None
            return Term(f"{a.operand}**{b.operand}", shape, lambda v: a.run(v) ** b.run(v))
        number = float(kind)
        whole = number == int(number)
        a = self.term(depth) if whole and number > 0 else self.positive(depth)
        exponent = int(number) if whole else number
        if self.rng.random() < 0.15:
            name = self.rng.choice(["power", "pow"])
            return called(f"{name}({a.text}, {kind})", a.shape, lambda v: a.run(v) ** float(exponent))

        def run(v: Values) -> Any:
            base = a.run(v)
            if not whole or number < 0:
                margins.watch(base)
            return base ** float(exponent)

        return Term(f"{a.operand}**{kind if number > 0 else f'({kind})'}", a.shape, run)
