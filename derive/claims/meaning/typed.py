r"""Plain text of programs as LaTeX, so that it is read, repaired and shown like any formula.

    A * B      A \odot B of arrays, a \cdot b with a scalar         A ** 2     A^{\odot 2} of arrays, a^{2}
    A @ B      side by side; a vector on the left is a row          A.T        A^\top
    dL/dW      \frac{dL}{dW}                                        x[i]       x_{i}
    np.f(x)    f(x)

The arithmetic is that of NumPy: which product is meant follows from the ranks of the names, as the model declares
them. Where nothing but a `*` between arrays tells a program from a formula, it stays what it is in formulas. What has
no such form is left to be read as it stands.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from derive.claims.typography.plain import Typed, is_clear, typed
from derive.errors import ClaimError
from derive.ir.graph import Graph
from derive.notation.latex import latex
from derive.notation.names import Names, default_name
from derive.notation.style import Style
from derive.ops.record import callable_names, canonical_name

_MODULES = frozenset({"np", "numpy", "jnp", "torch", "tf", "math", "F", "sp", "sympy", "linalg", "special", "nn"})
_TOTALS = frozenset({"sum", "mean", "trace", "det", "logdet", "norm", "logsumexp"})
_PRODUCTS = frozenset({"dot", "matmul"})
_DERIVATIVES = frozenset({"diff", "Derivative"})
_SPELLED = {"tr": "trace", "absolute": "abs", "ln": "log"}
_COMPARED = {ast.Lt: "<", ast.Gt: ">", ast.LtE: r"\leq", ast.GtE: r"\geq"}
SUM, PRODUCT, POWER, ATOM = range(4)


class _NoForm(Exception):
    """An expression that has no form in LaTeX; with a message if it must not be read as a formula either."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class _Piece(NamedTuple):
    """LaTeX with the rank of its value and how tightly its outermost sign binds."""

    latex: str
    rank: int
    binds: int = ATOM

    def at(self, binds: int) -> str:
        """In brackets if it binds less tightly."""
        return self.latex if self.binds >= binds else f"({self.latex})"


def as_latex(source: str, graph: Graph, *, page: bool) -> str | None:
    """The LaTeX of a claim in plain text; None for what is none. Raises ClaimError where it has no such form."""
    lines = [_line(line, graph, page=page) for line in source.splitlines() if line.strip()]
    found = [line for line in lines if line is not None]
    return " \\\\\n".join(found) if found and len(found) == len(lines) else None


def _line(source: str, graph: Graph, *, page: bool) -> str | None:
    claim = typed(source, page=page)
    if claim is None:
        return None
    printer = _Printer(claim, graph, program=is_clear(source))
    try:
        pieces = [printer.piece(member).latex for member in claim.members]
    except _NoForm as stopped:
        if stopped.message or is_clear(source):
            raise ClaimError(stopped.message or "this plain text is not read", hint="write it as LaTeX") from None
        return None
    except RecursionError:
        raise ClaimError("the formula is nested too deeply to be read") from None
    text = pieces[0]
    for relation, piece in zip(claim.relations, pieces[1:], strict=True):
        text += f" {relation} {piece}"
    return text


@dataclass
class _Printer:
    claim: Typed
    graph: Graph
    program: bool
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names(self.graph, Style())

    def piece(self, node: ast.expr) -> _Piece:
        match node:
            case ast.Name():
                return self.atom(self.claim.text(node))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.piece(operand)
                return _Piece(f"-{inner.at(PRODUCT)}", inner.rank, SUM)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.piece(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(left, op, right)
            case ast.Attribute(value=value, attr="T"):
                inner = self.piece(value)
                return _Piece(rf"{inner.at(ATOM)}^\top", inner.rank, POWER) if inner.rank > 1 else inner
            case ast.Subscript(value=ast.Name() as value, slice=index):
                return self.entry(value, index)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
                a, b = self.piece(left), self.piece(right)
                shown = f"{a.latex} {_COMPARED[type(op)]} {b.latex}"
                return _Piece(rf"\mathbb{{1}}[{shown}]", max(a.rank, b.rank), PRODUCT)
            case ast.Call(func=func, args=args, keywords=[]):
                return self.call(func, args)
            case ast.Call(func=func, args=args, keywords=[ast.keyword(arg="axis", value=axis)]):
                return self.summed(func, args, self.claim.text(axis))
        raise _NoForm

    # ----- names -----

    def atom(self, text: str) -> _Piece:
        if text[0].isdigit() or text[0] == ".":
            if not re.fullmatch(r"\d*\.?\d*", text):
                raise _NoForm
            return _Piece(text.rstrip("."), 0)
        known = self.declared(text)
        if known is not None:
            return known
        below = self.declared(text[1:]) if text[0] == "d" and len(text) > 1 else None
        if below is not None:
            return _Piece(f"d{below.latex}", below.rank)
        if text[0] == "∂" or (len(text) > 1 and not self.program):
            raise _NoForm  # letters side by side, w_2a_1: a product
        return _Piece(text if not text.isascii() else latex(default_name(text).formula), 0)

    def declared(self, text: str) -> _Piece | None:
        """A name of the model, also `W1` for W_1 and a name as the model spells it."""
        graph = self.graph
        for name in (text, graph.aliases.get(text, ""), re.sub(r"(?<=[^\W\d_])(\d+)$", r"_\1", text)):
            if name in graph:
                return _Piece(latex(self.names.formula(name)), len(graph.shape(name)))
        declaration = graph.declarations.get(text)
        if declaration is not None:
            return _Piece(latex(self.names.formula(text)), 0)
        if text in graph.size_names():
            return _Piece(latex(self.names.size(text)), 0)
        spelled = latex(default_name(text).formula)
        same = [name for name in graph.names if latex(self.names.formula(name)) == spelled]
        return _Piece(spelled, len(graph.shape(same[0]))) if len(same) == 1 else None

    def differential(self, node: ast.expr) -> _Piece | None:
        """What stands behind the d of `dL` or `dW[i, j]`, where no name is called so."""
        inner = node.value if isinstance(node, ast.Subscript) else node
        text = self.claim.text(inner)
        if len(text) < 2 or text[0] not in "d∂" or self.declared(text) is not None:
            return None
        known = self.declared(text[1:]) or _Piece(latex(default_name(text[1:]).formula), 0)
        return self.indexed(known, node.slice) if isinstance(node, ast.Subscript) else known

    def entry(self, value: ast.Name, index: ast.expr) -> _Piece:
        text = self.claim.text(value)
        whole = self.declared(f"{text}[{self.claim.text(index)}]")
        return whole if whole is not None else self.indexed(self.atom(text), index)

    def indexed(self, value: _Piece, index: ast.expr) -> _Piece:
        """An entry: indices that are letters. Numbers count from 0 in programs and from 1 in formulas."""
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        letters = [self.claim.text(part) for part in parts]
        if not all(len(letter) == 1 and letter.isalpha() for letter in letters) or len(letters) > value.rank:
            raise _NoForm("an index is a letter here: numbers count from 0 in programs and from 1 in formulas")
        base = rf"({value.latex})" if "_" in value.latex or "^" in value.latex else value.latex
        return _Piece(f"{base}_{{{''.join(letters)}}}", value.rank - len(letters))

    # ----- operators -----

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> _Piece:
        if isinstance(op, ast.Div):
            above, below = self.differential(left), self.differential(right)
            if above is not None and below is not None:
                d = r"\partial" if "∂" in self.claim.text(left) else "d"
                return _Piece(rf"\frac{{{d} {above.latex}}}{{{d} {below.latex}}}", above.rank + below.rank)
            if below is not None and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult | ast.MatMult):
                # a * dL / dw is a * (dL/dw)
                return self.binary(left.left, left.op, ast.BinOp(left.right, op, right))
        a, b = self.piece(left), self.piece(right)
        rank = max(a.rank, b.rank)
        if isinstance(op, ast.Mult | ast.Div) and a.rank and b.rank and a.rank != b.rank:
            raise _NoForm("a matrix and a vector are multiplied with @, entry by entry only by broadcasting")
        match op:
            case ast.Add():
                return _Piece(f"{a.latex} + {b.latex if b.latex[0] != '-' else b.at(PRODUCT)}", rank, SUM)
            case ast.Sub():
                return _Piece(f"{a.latex} - {b.at(PRODUCT)}", rank, SUM)
            case ast.Mult():
                sign = (r"\odot" if self.program else "*") if a.rank and b.rank else r"\cdot"
                return _Piece(f"{a.at(PRODUCT)} {sign} {b.at(POWER)}", rank, PRODUCT)
            case ast.Div():
                return _Piece(rf"\frac{{{a.latex}}}{{{b.latex}}}", rank)
            case ast.MatMult():
                turned = isinstance(right, ast.Attribute) and right.attr == "T"
                if turned and a.rank == b.rank == 1:
                    raise _NoForm("the transpose of a vector is itself in programs: write np.outer(a, b)")
                return _matmul(a, b)
            case ast.Pow():
                shown = b.latex if not a.rank else rf"\odot {b.at(POWER)}"
                return _Piece(f"{a.at(ATOM)}^{{{shown}}}", rank, POWER)
        raise _NoForm

    # ----- calls -----

    def call(self, func: ast.expr, args: list[ast.expr]) -> _Piece:
        owner, name = self.called(func)
        given = [*([owner] if owner is not None else []), *args]
        if name in _DERIVATIVES and len(given) == 2:
            of, by = self.piece(given[0]), self.piece(given[1])
            above = of.latex if of.binds == ATOM else f"({of.latex})"
            return _Piece(rf"\frac{{d {above}}}{{d {by.latex}}}", of.rank + by.rank)
        pieces = [self.piece(argument) for argument in given]
        if name in ("multiply", "power", "divide", "add", "subtract") and len(given) == 2:
            ops = {"multiply": ast.Mult, "power": ast.Pow, "divide": ast.Div, "add": ast.Add, "subtract": ast.Sub}
            return self.binary(given[0], ops[name](), given[1])
        if name in _PRODUCTS and len(pieces) == 2:
            return _matmul(*pieces)
        if name == "outer" and [piece.rank for piece in pieces] == [1, 1]:
            return _Piece(rf"{pieces[0].at(POWER)} {_row(pieces[1])}", 2, PRODUCT)
        if name in ("transpose", "t") and len(pieces) == 1 and pieces[0].rank == 2:
            return _Piece(rf"{pieces[0].at(ATOM)}^\top", 2, POWER)
        if name == "inv" and len(pieces) == 1:
            return _Piece(f"{pieces[0].at(ATOM)}^{{-1}}", 2, POWER)
        if name == "square" and len(pieces) == 1:
            return self.binary(given[0], ast.Mult(), given[0])
        if name == "sqrt" and len(pieces) == 1:
            return _Piece(rf"\sqrt{{{pieces[0].latex}}}", pieces[0].rank)
        if name == "where" and len(pieces) == 3 and isinstance(given[0], ast.Compare):
            test = pieces[0].latex.removeprefix(r"\mathbb{1}[")[:-1]
            rows = rf"{pieces[1].latex} & {test} \\ {pieces[2].latex} & \text{{otherwise}}"
            return _Piece(rf"\begin{{cases}} {rows} \end{{cases}}", max(piece.rank for piece in pieces))
        return self.function(name, pieces)

    def summed(self, func: ast.expr, args: list[ast.expr], axis: str) -> _Piece:
        """The sum over an axis of a matrix."""
        owner, name = self.called(func)
        given = [*([owner] if owner is not None else []), *args]
        inner = self.piece(given[0]) if len(given) == 1 else _Piece("", 0)
        if name != "sum" or axis not in ("0", "1") or inner.rank != 2:
            raise _NoForm("an axis is read of the sum of a matrix alone")
        rows = inner.at(ATOM if axis == "0" else PRODUCT)
        return _Piece(rf"{rows}^\top \mathbf{{1}}" if axis == "0" else rf"{rows} \mathbf{{1}}", 1, PRODUCT)

    def called(self, func: ast.expr) -> tuple[ast.expr | None, str]:
        """The object of a method, if it is no module, and the name of the function."""
        if isinstance(func, ast.Name):
            return None, self.claim.text(func)
        if not isinstance(func, ast.Attribute):
            raise _NoForm
        at: ast.expr = func.value
        while isinstance(at, ast.Attribute):
            at = at.value
        module = self.claim.text(at) in _MODULES and self.claim.text(at) not in self.graph
        return (None if module else func.value), func.attr

    def function(self, name: str, pieces: list[_Piece]) -> _Piece:
        shown = ", ".join(piece.latex for piece in pieces)
        rank = max((piece.rank for piece in pieces), default=0)
        declared = self.graph.declarations.get(name)
        if declared is not None and declared.kind in ("function", "functional"):
            return _Piece(rf"{latex(self.names.formula(name))}({shown})", rank)
        if pieces and not name.isascii():
            return _Piece(rf"{name}({shown})", rank)
        name = _SPELLED.get(name, name)
        if not pieces or (canonical_name(name) is None and name not in callable_names()):
            raise _NoForm
        if name == "diag" and len(pieces) == 1:
            rank = 3 - rank
        spelled = name.replace("_", r"\_") if "_" in name else name
        return _Piece(rf"\operatorname{{{spelled}}}({shown})", 0 if name in _TOTALS else rank)


def _row(piece: _Piece) -> str:
    return rf"{piece.at(ATOM)}^\top"


def _matmul(a: _Piece, b: _Piece) -> _Piece:
    """The product of matrices and vectors, a vector on the left being a row."""
    if a.rank > 2 or b.rank > 2:
        raise _NoForm("only matrices and vectors are multiplied with @")
    if a.rank == 1 and b.rank == 2:
        return _Piece(f"{_row(b)} {a.at(POWER)}", 1, PRODUCT)
    left = _row(a) if a.rank == 1 else a.at(POWER if r"\odot" in a.latex or r"\cdot" in a.latex else PRODUCT)
    return _Piece(f"{left} {b.at(POWER)}", max(a.rank + b.rank - 2, 0), PRODUCT)
