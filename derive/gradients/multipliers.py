"""What may be wrong with one operand q of a product p∘q: a multiplier mu of q such that right - claimed is c p∘(q mu).

    mu = phi(v) - 1       phi(v) is missing
    mu = 1/phi(v) - 1     phi(v) does not belong there
    mu = 2 phi(v) - 1     phi(v) belongs where 1 - phi(v) stands
    mu = phi(q)/q - 1     phi(q) belongs where q stands
    mu = phi(v)           the whole term is missing, is too much, or has the wrong sign

v is any recorded value and phi one of the functions that local derivatives are made of; c is the factor of the term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from derive.gradients.candidate_products import ONE, TwoOperands, Values
from derive.gradients.difference import Array
from derive.gradients.local import LOCAL, missing_keys

Answer = tuple[list[str], str]
KINDS = ("missing", "extra", "complement", "function", "term")
"""The likely ones first."""
COMPLEMENTS = ("{v}", "[{v} > 0]", "sigmoid({v})")


@dataclass(frozen=True)
class Multiplier:
    """mu of one kind, made of the function phi of the value `name`."""

    kind: str
    name: str
    shown: str
    function: Callable[[Array], Array]

    def value(self, values: Values) -> Array:
        with np.errstate(all="ignore"):
            return self.of(self.function(values[self.name]), values[self.name])

    def of(self, phi: Array, v: Array) -> Array:
        """mu, where phi = phi(v) is known."""
        if self.kind == "missing":
            return np.asarray(phi - 1.0)
        if self.kind == "extra":
            return np.asarray(1.0 / phi - 1.0)
        if self.kind == "complement":
            return np.asarray(2.0 * phi - 1.0)
        return np.asarray(phi / v - 1.0 if self.kind == "function" else phi)

    def answer(self, product: TwoOperands, by_left: bool, factor: float) -> Answer:
        """The cause, if right - claimed is `factor` times the product with this operand multiplied."""
        own, term = (product.left if by_left else product.right), product.text()
        phi = self.shown.format(v=self.name)
        if self.kind == "missing":
            return missing_keys(phi), f"the factor {phi} of {own} is missing in {term}"
        if self.kind == "extra":
            return ["extra_factor"], f"the factor {phi} of {own} does not belong in {term}"
        if self.kind in ("complement", "function"):
            other = f"1-{phi}" if self.kind == "complement" else own
            stands, belongs = (other, phi) if factor > 0 else (phi, other)
            keys = ["wrong_operand", *(["negative_inputs", "positive_inputs"] if "[" in phi else [])]
            where = f" as a factor of {term}" if self.kind == "complement" else f" in {term}"
            return keys, f"{stands} stands where {belongs} belongs{where}"
        multiplied = f"{own}*{phi}"
        return of_term(product.text(multiplied, None) if by_left else product.text(None, multiplied), factor)


def of_term(text: str, factor: float) -> Answer:
    """The cause, if right - claimed is `factor` times the term `text`."""
    if abs(abs(factor) - 2.0) < 1e-6:
        return ["wrong_sign"], f"the sign of the term {text} is wrong"
    shown = text if abs(abs(factor) - 1.0) < 1e-6 else f"{abs(factor):.6g} * {text}"
    if factor > 0:
        return ["missing_term"], f"the term {shown} is missing"
    return ["extra_term", "missing_term"], f"the term {shown} does not belong there, or its opposite is missing"


class Multipliers:
    """All multipliers that an operand may have, made of the values `plain`, as tables of numbers: a row for each."""

    def __init__(self, values: Values, plain: Values) -> None:
        self.values, self.plain = values, plain
        with np.errstate(all="ignore"):
            self.all = [(m, mu) for m, mu in self._made() if _speaks(mu)]
        self._tables: dict[str, tuple[list[Multiplier], Array]] = {}

    def _made(self) -> Iterator[tuple[Multiplier, Array]]:
        for name, value in self.plain.items():
            if name == ONE or value.size < 2:
                continue
            for shown, function in LOCAL:
                phi = function(value)
                if not _speaks(phi):
                    continue
                for kind in KINDS:
                    whole = not shown.startswith("1/") or kind in ("function", "term")  # 1/v missing is v too much
                    if whole and (kind != "complement" or shown in COMPLEMENTS):
                        multiplier = Multiplier(kind, name, shown, function)
                        yield multiplier, multiplier.of(phi, value)

    def of(self, operand: str) -> tuple[list[Multiplier], Array]:
        """Those that fit this operand, and their numbers in its shape, flat."""
        if operand not in self._tables:
            shape = self.values[operand].shape
            fitting = [(m, v) for m, v in self.all if _fits(v.shape, shape) and m.name in (operand, *_unless(m))]
            table = np.array([np.broadcast_to(v, shape).ravel() for _, v in fitting])
            self._tables[operand] = [m for m, _ in fitting], table
        return self._tables[operand]


def _unless(multiplier: Multiplier) -> tuple[str, ...]:
    """A function of the operand itself belongs to that operand; every other multiplier to any."""
    return () if multiplier.kind == "function" else (multiplier.name,)


def _speaks(value: Array) -> bool:
    """Whether it is a number everywhere, and no constant."""
    return bool(np.all(np.isfinite(value)) and np.ptp(value) > 1e-6 * np.max(np.abs(value)))


def _fits(shape: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Whether the last axes agree, as in a broadcast."""
    return len(shape) <= len(full) and full[len(full) - len(shape) :] == shape
