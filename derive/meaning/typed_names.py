r"""The names of a claim in plain text, as LaTeX: those of the model, and those that programs give derivatives.

dW, grad_W, W_grad, W.grad      the derivative of the loss by W, where no name of the model is called so
dL_dw, dLdw                     that of L by w
X.shape[0], len(X)              a size of the model
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from derive.ir.graph import ComputationGraph
from derive.ir.size import Shape
from derive.notation.latex import latex
from derive.notation.names import Names, default_name
from derive.notation.style import Style
from derive.typography.typed_claims import Typed

SUM, PRODUCT, POWER, ATOM = range(4)
_CONSTANTS = {"M_PI": r"\pi", "M_E": "e", "M_LN2": r"\log 2", "M_LN10": r"\log 10", "M_SQRT2": r"\sqrt{2}"}
"""Of C, where tables of derivatives are written in it."""
_MARKED = re.compile(r"(?:grad|gradient|nabla)_(?P<a>\w+)|(?P<b>\w+)_grad")


class NoForm(Exception):
    """An expression that has no form in LaTeX; with a message if it must not be read as a formula either."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class TypedLatex(NamedTuple):
    """LaTeX with the rank of its value and how tightly its outermost sign binds."""

    latex: str
    rank: int
    binds: int = ATOM

    def at(self, binds: int) -> str:
        """In brackets if it binds less tightly."""
        return self.latex if self.binds >= binds else f"({self.latex})"


@dataclass
class Atoms:
    """The names and numbers of a claim. `dialect`: how products of arrays are written in it."""

    claim: Typed
    graph: ComputationGraph
    dialect: str
    names: Names = field(init=False)
    d: str = field(init=False)
    """The sign of a derivative. In a program `dW` is one name, no product with a `d` of the model."""
    arrays: list[Shape] = field(default_factory=list, init=False)
    """The shapes of the arrays that were met."""

    def __post_init__(self) -> None:
        self.names = Names(self.graph, Style())
        self.d = "d" if not self.dialect or self.declared("d") is None else r"\partial"

    def atom(self, text: str) -> TypedLatex:
        if text[0].isdigit() or text[0] == ".":
            if not re.fullmatch(r"\d*\.?\d*", text):
                raise NoForm
            return TypedLatex(text.rstrip("."), 0)
        known = self.declared(text)
        if known is not None:
            return known
        below = self.declared(text[1:]) if text[0] == "d" and len(text) > 1 else None
        if below is not None:
            return TypedLatex(f"d{below.latex}", below.rank) if self.d == "d" else self.of_loss(below)
        marked = self.derivative(text)
        if marked is not None:
            return marked
        if text in _CONSTANTS:
            return self.constant(_CONSTANTS[text])
        if text[0] == "∂" or (len(text) > 1 and not self.dialect):
            raise NoForm  # letters side by side, w_2a_1: a product
        return TypedLatex(text if not text.isascii() else latex(default_name(text).formula), 0)

    def constant(self, spelled: str) -> TypedLatex:
        """A number by its name in libraries, if the model calls nothing else so."""
        if self.declared(spelled.removeprefix("\\")) is not None:
            raise NoForm(f"{spelled} is a name of the model, and no constant")
        return TypedLatex(spelled, 0, PRODUCT if " " in spelled else ATOM)

    def derivative(self, text: str) -> TypedLatex | None:
        """What programs call a derivative: `dL_dw`, `dLdw`, `grad_w`, `w_grad`."""
        for cut in re.finditer(r"(?<=\w)_?d(?=\w)", text) if text[0] == "d" else ():
            of, by = self.value(text[1 : cut.start()]), self.value(text[cut.end() :])
            if of is not None and by is not None:
                return self.over(of, by)
        marked = _MARKED.fullmatch(text)
        by = self.value(marked["a"] or marked["b"]) if marked is not None else None
        return self.of_loss(by) if by is not None else None

    def value(self, text: str) -> TypedLatex | None:
        """A name of the model that is no size and no function."""
        declared = self.graph.declarations.get(text)
        counts = text in self.graph.size_names() or (declared is not None and declared.kind in ("size", "function"))
        return None if counts else self.declared(text)

    def of_loss(self, by: TypedLatex) -> TypedLatex:
        """The derivative of the loss."""
        loss = self.declared(self.graph.loss or "")
        if loss is None:
            raise NoForm("the model names no loss")
        return self.over(loss, by)

    def over(self, of: TypedLatex, by: TypedLatex) -> TypedLatex:
        """The derivative of one by the other."""
        above = of.latex if of.binds == ATOM else f"({of.latex})"
        return TypedLatex(rf"\frac{{{self.d} {above}}}{{{self.d} {by.latex}}}", of.rank + by.rank)

    def size(self, node: ast.expr, axis: str) -> TypedLatex:
        """A size of an array of the model: `X.shape[0]`, `len(X)`."""
        name = self.claim.text(node)
        shape = self.graph.shape(name) if name in self.graph else ()
        if not axis.isdigit() or int(axis) >= len(shape):
            raise NoForm("a size is that of an axis of a name of the model")
        size = str(shape[int(axis)])
        return TypedLatex(latex(self.names.size(size)) if size in self.graph.size_names() else f"({size})", 0)

    def declared(self, text: str) -> TypedLatex | None:
        """A name of the model, also `W1` for W_1 and a name as the model spells it."""
        graph = self.graph
        for name in (text, graph.aliases.get(text, ""), re.sub(r"(?<=[^\W\d_])(\d+)$", r"_\1", text)):
            if name in graph:
                self.arrays += [shape] if (shape := graph.shape(name)) else []
                return TypedLatex(latex(self.names.formula(name)), len(shape))
        declaration = graph.declarations.get(text)
        if declaration is not None:
            return TypedLatex(latex(self.names.formula(text)), 0)
        if text in graph.size_names():
            return TypedLatex(latex(self.names.size(text)), 0)
        spelled = latex(default_name(text).formula)
        same = [name for name in graph.names if latex(self.names.formula(name)) == spelled]
        return TypedLatex(spelled, len(graph.shape(same[0]))) if len(same) == 1 else None

    def differential(self, node: ast.expr) -> TypedLatex | None:
        """What stands behind the d of `dL` or `dW[i, j]`, where no name is called so."""
        inner = node.value if isinstance(node, ast.Subscript) else node
        text = self.claim.text(inner)
        if len(text) < 2 or text[0] not in "d∂" or self.declared(text) is not None:
            return None
        known = self.declared(text[1:]) or TypedLatex(latex(default_name(text[1:]).formula), 0)
        return self.indexed(known, node.slice) if isinstance(node, ast.Subscript) else known

    def entry(self, value: ast.Name, index: ast.expr) -> TypedLatex:
        text = self.claim.text(value)
        whole = self.declared(f"{text}[{self.claim.text(index)}]")
        return whole if whole is not None else self.indexed(self.atom(text), index)

    def indexed(self, value: TypedLatex, index: ast.expr) -> TypedLatex:
        """An entry: indices that are letters. Numbers count from 0 in programs and from 1 in formulas."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        letters = [self.claim.text(part) for part in parts]
        if not all(len(letter) == 1 and letter.isalpha() for letter in letters) or len(letters) > value.rank:
            raise NoForm("an index is a letter here: numbers count from 0 in programs and from 1 in formulas")
        base = rf"({value.latex})" if "_" in value.latex or "^" in value.latex else value.latex
        return TypedLatex(f"{base}_{{{''.join(letters)}}}", value.rank - len(letters))
