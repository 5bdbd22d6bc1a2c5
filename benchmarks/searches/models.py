"""Random models: model text, and the same computation for an independent automatic differentiation (`autograd`).

A model has a few inputs of ranks 0 to 3 over a small pool of sizes (named ones, whole numbers, 1), and lines that are
random expressions of what is above them: every operation a model may call, NumPy's broadcasting, axes and keepdims.
A line is drawn again where its value is large, not finite, or near a kink or pole: what is compared afterwards is well
defined and well conditioned.
"""

from __future__ import annotations

import math
import random
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from benchmarks.searches.array_terms import ArrayTerms
from benchmarks.searches.expressions import SIZES, Shape, Term, Values, called, lengths, shown
from benchmarks.searches.oracle import log_sum_exp, margins, root_of_squares

LARGEST = 25.0
NEAREST = 2e-3  # to a kink, a pole or the end of a domain


@dataclass
class Model:
    """A model: inputs by name, lines in order, and values of the inputs at which everything is well defined."""

    inputs: dict[str, Shape] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, Term]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The model as model text."""
        declared = [f"{n} : {shown(s)}{self.facts.get(n, '')}" for n, s in self.inputs.items()]
        mentioned = re.findall(r"\w+", " ".join(term.text for _, term in self.lines))
        on_axes = {size for shape in self.inputs.values() for size in shape}
        declared += [f"{size} : size" for size in SIZES if size in mentioned and size not in on_axes]
        return "\n".join([*declared, *(f"{name} = {term.text}" for name, term in self.lines)]) + "\n"

    @property
    def differentiable(self) -> list[str]:
        """The inputs a gradient is taken by."""
        return [name for name in self.inputs if "constant" not in self.facts.get(name, "")]

    @property
    def bindings(self) -> list[str]:
        """The names of the lines but the last, which is the loss."""
        return [name for name, _ in self.lines[:-1]]

    def run(self, inputs: Values, added: Values | None = None) -> dict[str, Any]:
        """Every value; `added` is added to bindings, so that a slope by it is the total derivative by the binding."""
        values = dict(inputs)
        for name, term in self.lines:
            value = term.run(values)
            values[name] = value + added[name] if added and name in added else value
        return values

    def gradients(self) -> tuple[float, dict[str, Any]]:
        """The loss, and its gradient by every input and binding."""
        loss = self.lines[-1][0]
        inputs = {name: np.asarray(value, dtype=float) for name, value in self.values.items()}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            plain = self.run(self.values)
            zeros = {name: np.zeros(np.shape(plain[name])) for name in self.bindings}
            found = autograd.grad(lambda leaves: self.run(leaves[0], leaves[1])[loss])((inputs, zeros))
        gradients = {**found[0], **found[1]}
        assert all(np.shape(slope) == np.shape(plain[name]) for name, slope in gradients.items()), self.text
        return float(plain[loss]), gradients


class Maker(ArrayTerms):
    """Draws one model."""

    def __init__(self, rng: random.Random, lines: tuple[int, int], largest_rank: int) -> None:
        super().__init__(rng)
        self.model = Model()
        self.draw = np.random.default_rng(rng.randrange(2**32))
        self.largest_rank = largest_rank
        self.count = rng.randint(*lines)

    def make(self) -> Model:
        """The model."""
        rng = self.rng
        for k in range(rng.randint(2, max(2, min(6, self.count - 2)))):
            self._declare(f"x{k}" if rng.random() < 0.5 else "ABCDEFG"[k])
        while len(self.model.inputs) + len(self.model.lines) < self.count - 1:
            # every value is used again sometimes, the last ones more often
            term = self._redrawn(lambda: self.term(rng.choice([1, 1, 2, 3])))
            self._bind(f"v{len(self.model.lines)}", term)
        self._bind("L", self._redrawn(self._loss))
        return self.model

    def _declare(self, name: str) -> None:
        rng, model = self.rng, self.model
        rank = rng.choices(range(self.largest_rank + 1), [2, 3, 4, 1.5][: self.largest_rank + 1])[0]
        shape = tuple(rng.choices(self.sizes, [4, 4, 1])[0] for _ in range(rank))
        fact = rng.choices(["", ", positive", ", constant"], [8, 1.5, 0.7])[0]
        if fact == ", constant" and not model.differentiable:
            fact = ""
        value = self.draw.normal(size=lengths(shape))
        model.inputs[name], model.facts[name] = shape, fact
        model.values[name] = np.abs(value) + 0.3 if "positive" in fact else value
        self.pool.append(Term(name, shape, lambda values: values[name], atomic=True))

    def _bind(self, name: str, term: Term) -> None:
        self.model.lines.append((name, term))
        self.pool.append(Term(name, term.shape, lambda values: values[name], atomic=True))

    def _redrawn(self, make: Callable[[], Term]) -> Term:
        """A term whose value here is moderate and away from kinks."""
        before = self.model.run(self.model.values)
        while True:
            term = make()
            margins.least = math.inf
            with np.errstate(all="ignore"):
                try:
                    value = np.asarray(term.run(before))
                except np.linalg.LinAlgError:
                    continue
            if value.shape != lengths(term.shape):
                raise AssertionError(f"the oracle gives {value.shape} for {term.text} of shape {term.shape}")
            if np.all(np.isfinite(value)) and np.max(np.abs(value)) < LARGEST and margins.least > NEAREST:
                return term

    def _loss(self) -> Term:
        """A scalar made of one to three of the last values."""
        parts = [
            self._scalar(term) for term in self.rng.sample(self.pool[-5:], min(len(self.pool), self.rng.randint(1, 3)))
        ]
        signs = [self.rng.choice("+-") for _ in parts]
        text = " ".join(f"{sign} {part.operand}" for sign, part in zip(signs, parts, strict=True))

        def run(v: Values) -> Any:
            return sum((1 if s == "+" else -1) * part.run(v) for s, part in zip(signs, parts, strict=True))

        return Term(text.removeprefix("+ "), (), run)

    def _scalar(self, a: Term) -> Term:
        if not a.shape:
            kind = self.rng.randrange(3)
            if kind == 0:
                return Term(f"{a.operand}**2", (), lambda v: a.run(v) ** 2)
            return a if kind == 1 else called(f"sin({a.text})", (), lambda v: anp.sin(a.run(v)))
        match self.rng.randrange(6):
            case 0 | 1:
                return called(f"sum({a.text})", (), lambda v: anp.sum(a.run(v)))
            case 2:
                return called(f"mean({a.operand}**2)", (), lambda v: anp.mean(a.run(v) ** 2))
            case 3:
                return called(f"norm({a.text})", (), lambda v: root_of_squares(a.run(v), None, False))
            case 4:
                return Term(f"0.5*sum({a.operand}**2)", (), lambda v: 0.5 * anp.sum(a.run(v) ** 2))
        return called(f"logsumexp({a.text})", (), lambda v: log_sum_exp(a.run(v), None, False))


def random_model(seed: int, *, lines: tuple[int, int] = (5, 40), largest_rank: int = 3) -> Model:
    """The model of a seed."""
    return Maker(random.Random(seed), lines, largest_rank).make()
