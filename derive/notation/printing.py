"""What those who print one kind of node know of the printer that they are a part of.

`At` says how a tensor is meant: None for the whole array, or one index for each axis for an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ir.size import Size
from derive.notation.formula import Formula
from derive.notation.names import Names
from derive.notation.pieces import Piece
from derive.notation.style import Style

At: TypeAlias = tuple[Formula, ...] | None
Signed: TypeAlias = tuple[bool, Piece]
Made = TypeVar("Made")


class Printing(Protocol):
    """The printer of one formula, `derive.notation.printer.Printer`."""

    names: Names
    graph: ComputationGraph
    style: Style
    matrices: bool
    tidy: bool

    def index(self) -> Formula:
        """An index letter that the formula does not have yet."""

    def over(self, size: Size) -> Formula:
        """What stands for the entries of an axis that is summed or compared."""

    def subscript(self, at: tuple[Formula, ...], name: str = "") -> Formula:
        """Indices side by side."""

    def sum_sign(self, index: Formula, size: Size, body: Formula | None = None) -> Formula:
        """A sum sign over one index."""

    def piece(self, node: Node, at: At) -> Piece:
        """The formula of a node or of one entry of it."""

    def signed(self, node: Node, at: At) -> Signed:
        """A sign and the rest."""

    def operand(self, node: Node, at: At) -> Piece:
        """An operand; a scalar that the author let broadcast stays one."""

    def beside(self, operands: tuple[Node, ...], at: At, make: Callable[[Node], Made]) -> list[Made]:
        """Operands of one shape, each of which may use the indices that another one has bound."""

    def spreading(self, fits: bool, make: Callable[[], Made]) -> Made:
        """What is made where a number in the place of an array has a meaning too, or where it has none."""
