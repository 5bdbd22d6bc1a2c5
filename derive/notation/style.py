"""Choices of notation that do not change what a formula says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from derive.notation.formula import PARTIAL, UPRIGHT_D, Glyph

View = Literal["scalar", "index", "matrix"]

# The signs that may be chosen, the default first. A sign more is a line more: the command line asks this page.
TRANSPOSES = {"top": Glyph(r"\top", "T"), "T": Glyph("T", "T")}
PRODUCTS = {"circ": Glyph(r" \circ ", " ∘ "), "odot": Glyph(r" \odot ", " ⊙ ")}
DERIVATIVES = {"partial": PARTIAL, "d": UPRIGHT_D}


def choice(help: str, names: Iterable[str]) -> str:
    """A field that has one of these values, the first if nothing is said."""
    made: str = field(default=next(iter(names)), metadata={"help": help, "choices": names})
    return made


@dataclass(frozen=True)
class Style:
    """How to print.

    `adjoint`: the derivative of the loss by a value inside a formula is `partial` (∂L/∂z), `delta` (δ with the indices
    of the pre-activation) or `d` (dz). `transpose`: `top` or `T`. `hadamard`: `circ` or `odot`. `derivative`: curved or
    upright d. `order`: the outer factor of a chain first (∂L/∂a ∂a/∂z) or the `inner` one (∂a/∂z ∂L/∂a). `limits`:
    whether sums carry them.
    """

    adjoint: str = choice("Write ∂L/∂z, δ or dz.", ("partial", "delta", "d"))
    transpose: str = choice("The sign of a transpose.", TRANSPOSES)
    hadamard: str = choice("The elementwise product.", PRODUCTS)
    derivative: str = choice("The sign of a derivative.", DERIVATIVES)
    order: str = choice("Which factor of a chain comes first.", ("outer", "inner"))
    limits: bool = field(default=False, metadata={"help": "Write the limits of sums."})

    @property
    def turned(self) -> Glyph:
        """The superscript of a transpose."""
        return TRANSPOSES[self.transpose]

    @property
    def circle(self) -> Glyph:
        """The sign of the elementwise product."""
        return PRODUCTS[self.hadamard]

    @property
    def d(self) -> Glyph:
        """The sign of a derivative."""
        return DERIVATIVES[self.derivative]
