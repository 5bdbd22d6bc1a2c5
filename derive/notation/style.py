"""Choices of notation that do not change what a formula says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from derive.notation.formula import PARTIAL, UPRIGHT_D, Atom

View = Literal["scalar", "index", "matrix"]


@dataclass(frozen=True)
class Style:
    """How to print.

    `adjoint`: the derivative of the loss by a value inside a formula is `partial` (∂L/∂z), `delta` (δ with the indices
    of the pre-activation) or `d` (dz). `transpose`: `top` or `T`. `hadamard`: `circ` or `odot`. `derivative`: curved or
    upright d. `order`: the outer factor of a chain first (∂L/∂a ∂a/∂z) or the `inner` one (∂a/∂z ∂L/∂a). `limits`:
    whether sums carry them.
    """

    adjoint: Literal["partial", "delta", "d"] = "partial"
    transpose: Literal["top", "T"] = "top"
    hadamard: Literal["circ", "odot"] = "circ"
    derivative: Literal["partial", "d"] = "partial"
    order: Literal["outer", "inner"] = "outer"
    limits: bool = False

    @property
    def turned(self) -> Atom:
        """The superscript of a transpose."""
        return Atom(r"\top", "T") if self.transpose == "top" else Atom("T", "T")

    @property
    def circle(self) -> Atom:
        """The sign of the elementwise product."""
        return Atom(r" \circ ", " ∘ ") if self.hadamard == "circ" else Atom(r" \odot ", " ⊙ ")

    @property
    def d(self) -> Atom:
        """The sign of a derivative."""
        return PARTIAL if self.derivative == "partial" else UPRIGHT_D
