"""One printed equation: its sides, all of them whole or all of them by entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from derive.errors import UnsupportedError
from derive.ir.node import Node
from derive.ir.size import Shape, show_shape
from derive.notation.abbreviations import Parts
from derive.notation.formula import Formula
from derive.notation.latex import latex
from derive.notation.matrix_algebra import NoMatrixForm
from derive.notation.names import Names
from derive.notation.printer import Printer
from derive.notation.printing import At
from derive.notation.style import View
from derive.notation.unicode import text

_Side = TypeVar("_Side", Formula, Formula | None)


@dataclass(frozen=True)
class Line:
    """One printed equation: `left = chain = factors = closed`, any of which may be missing, and why it holds.

    `where` defines the parts that were too large to print in place.
    """

    name: str
    left: Formula
    chain: Formula | None = None
    factors: Formula | None = None
    closed: Formula | None = None
    reason: str = ""
    shape: Shape = ()
    where: tuple[tuple[Formula, Formula], ...] = ()

    @property
    def members(self) -> list[Formula]:
        """All sides of the equation in order, each once."""
        sides = [self.left, self.chain, self.factors, self.closed]
        return list({latex(side): side for side in sides if side is not None}.values())

    def latex(self) -> str:
        """The equation on one line of LaTeX."""
        return " = ".join(latex(side) for side in self.members) + self._appendix(latex, r",\quad ")

    def unicode(self) -> str:
        """The equation on one line of a terminal."""
        return " = ".join(text(side) for side in self.members) + self._appendix(text, ",  ")

    def _appendix(self, render: Callable[[Formula], str], separator: str) -> str:
        return "".join(f"{separator}{render(name)} = {render(value)}" for name, value in self.where)


class Sides:
    """The sides of one line, all of them whole or all of them by entries."""

    def __init__(self, names: Names, view: View, shape: Shape, *, tidy: bool) -> None:
        self.names, self.view, self.shape, self.tidy = names, view, shape, tidy

    def line(
        self,
        name: str,
        left: Callable[[Printer, At], Formula],
        chain: Callable[[Printer, At], Formula | None] = lambda _printer, _at: None,
        factors: Node | None = None,
        closed: Node | None = None,
        reason: str = "",
        parts: Parts | None = None,
    ) -> Line:
        """The line; by entries where matrix notation fails one of its sides."""
        parts = parts or Parts(self.names.graph)
        near = None if factors is None else parts.cut(factors)
        far = None if closed is None else parts.cut(closed)
        for whole in (True, False) if self.view == "matrix" else (False,):
            try:
                return Line(
                    name,
                    left=self._side(left, whole),
                    chain=self._side(chain, whole),
                    factors=None if near is None else self._side(printed(near), whole),
                    closed=None if far is None else self._side(printed(far), whole),
                    reason=reason,
                    shape=self.shape,
                    where=tuple(self._definition(*pair, whole=whole) for pair in parts.definitions),
                )
            except NoMatrixForm:
                continue
        raise UnsupportedError(f"no notation for the derivative by {name}, of shape {show_shape(self.shape)}")

    def _definition(self, name: Node, value: Node, *, whole: bool) -> tuple[Formula, Formula]:
        sides = Sides(self.names, self.view, value.shape, tidy=self.tidy)
        return sides._side(printed(name), whole), sides._side(printed(value), whole)

    def _side(self, make: Callable[[Printer, At], _Side], whole: bool) -> _Side:
        printer = Printer(self.names, self.view, tidy=self.tidy)
        return make(printer, None if whole and self.shape else printer.indices(len(self.shape)))


def printed(node: Node) -> Callable[[Printer, At], Formula]:
    return lambda printer, at: printer.piece(node, at).formula
