r"""Plain text of programs as LaTeX, so that it is read, repaired and shown like any formula.

    A * B      A \odot B of arrays, a \cdot b with a scalar         A ** 2     A^{\odot 2} of arrays, a^{2}
    A @ B      side by side; a vector on the left is a row          A.T        A^\top
    dL/dW      \frac{dL}{dW}                                        x[i]       x_{i}
    np.f(x)    f(x)                                                 Eq(a, b)   a = b

The arithmetic is that of NumPy: which product is meant follows from the ranks of the names, as the model declares
them. In SymPy's words for matrices `A * B` is the matrix product, and where only derivatives are written as SymPy does
it may be either. Where nothing but a `*` between arrays tells a program from a formula, it stays what it is in
formulas. What has no such form is left to be read as it stands.
"""

from __future__ import annotations

import ast
from itertools import chain

from derive.errors import ClaimError
from derive.ir.graph import ComputationGraph
from derive.meaning.single_entries import is_single
from derive.meaning.typed_calls import Calls, matmul
from derive.meaning.typed_conditions import both, either, indicator
from derive.meaning.typed_names import ATOM, POWER, PRODUCT, SUM, NoForm, TypedLatex
from derive.typography.typed_claims import dialect, is_clear, typed

_COMPARED = {ast.Lt: "<", ast.Gt: ">", ast.LtE: r"\leq", ast.GtE: r"\geq"}


def as_latex(source: str, graph: ComputationGraph, *, page: bool) -> str | None:
    """The LaTeX of a claim in plain text; None for what is none. Raises ClaimError where it has no such form."""
    lines = [_line(line, graph, page=page) for line in source.splitlines() if line.strip()]
    found = [line for line in lines if line is not None]
    return " \\\\\n".join(found) if found and len(found) == len(lines) else None


def _line(source: str, graph: ComputationGraph, *, page: bool) -> str | None:
    claim = typed(source, page=page)
    if claim is None:
        return None
    printer = _Printer(claim, graph, dialect(source))
    try:
        found = [printer.piece(member) for member in chain(*map(printer.sides, claim.members))]
        single = all(is_single(shape) for shape in printer.arrays)
        pieces = [piece.latex for piece in found] if single else _broadcast(found)
    except NoForm as stopped:
        if stopped.message or is_clear(source):
            raise ClaimError(stopped.message or "this plain text is not read", hint="write it as LaTeX") from None
        return None
    except RecursionError:
        raise ClaimError("the formula is nested too deeply to be read") from None
    text = pieces[0]
    relations = claim.relations or ("=",) * (len(pieces) - 1)  # those of Eq(a, b)
    for relation, piece in zip(relations, pieces[1:], strict=True):
        text += f" {relation} {piece}"
    return text


def _broadcast(members: list[TypedLatex]) -> list[str]:
    """The members; a number other than 0 beside vectors is said of every entry, as programs compare them."""
    ranks = {piece.rank for piece in members if not _is_numeral(piece)}
    if not any(map(_is_numeral, members)) or ranks <= {0}:
        return [piece.latex for piece in members]
    if ranks != {1}:
        raise NoForm("an array is compared with an array of its shape")
    return [rf"{piece.latex} \mathbf{{1}}" if _is_numeral(piece) else piece.latex for piece in members]


def _is_numeral(piece: TypedLatex) -> bool:
    text = piece.latex.removeprefix("-")
    return not text.strip("0123456789.") and text.strip("0.") != ""


class _Printer(Calls):
    """The expressions of a claim as LaTeX."""

    def sides(self, member: ast.expr) -> list[ast.expr]:
        """The two sides of `Eq(a, b)`, if that is the whole claim."""
        if isinstance(member, ast.Call) and len(member.args) == 2 and len(self.claim.members) == 1:
            return member.args if self.called(member.func)[1] == "Eq" else [member]
        return [member]

    def piece(self, node: ast.expr) -> TypedLatex:
        match node:
            case ast.Name():
                return self.atom(self.claim.text(node))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.piece(operand)
                return TypedLatex(f"-{inner.at(PRODUCT)}", inner.rank, SUM)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.piece(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(left, op, right)
            case ast.Attribute(value=ast.Name() as value, attr=("pi" | "e") as name) if self.is_module(value):
                return self.constant(r"\pi" if name == "pi" else "e")
            case ast.Attribute(value=ast.Name() as value, attr="grad"):
                return self.of_loss(self.atom(self.claim.text(value)))
            case ast.Subscript(value=ast.Attribute(value=value, attr="shape"), slice=axis):
                return self.size(value, self.claim.text(axis))
            case ast.Attribute(value=value, attr="T" | "mT"):
                inner = self.piece(value)
                return TypedLatex(rf"{inner.at(ATOM)}^\top", inner.rank, POWER) if inner.rank > 1 else inner
            case ast.Subscript(value=ast.Name() as value, slice=index):
                return self.entry(value, index)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
                a, b = self.piece(left), self.piece(right)
                shown = f"{a.latex} {_COMPARED[type(op)]} {b.latex}"
                return TypedLatex(indicator(shown), max(a.rank, b.rank), PRODUCT)
            case ast.Call(func=func, args=args, keywords=[]):
                return self.call(func, args)
            case ast.Call(func=func, args=args, keywords=[ast.keyword(arg="axis", value=axis)]):
                return self.summed(func, args, self.claim.text(axis))
            case ast.Call():
                raise NoForm("no option of a call is read but axis=0 or axis=1 of a sum")
        raise NoForm

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr, *, by_entry: bool = False) -> TypedLatex:
        """Two operands of an operator; `by_entry`: the product is one of entries in every dialect."""
        derived = self.derivative_of(left, op, right) if isinstance(op, ast.Div) else None
        if derived is not None:
            return derived
        a, b = self.piece(left), self.piece(right)
        rank = max(a.rank, b.rank)
        if isinstance(op, ast.BitAnd | ast.BitOr):
            return both(a, b) if isinstance(op, ast.BitAnd) else either(a, b)
        if isinstance(op, ast.Mult) and self.dialect == "matrices" and a.rank == 2 and b.rank and not by_entry:
            return matmul(a, b)
        if isinstance(op, ast.Mult | ast.Div) and a.rank and b.rank and a.rank != b.rank:
            raise NoForm("a matrix and a vector are multiplied with @, entry by entry only by broadcasting")
        match op:
            case ast.Add():
                return TypedLatex(f"{a.latex} + {b.latex if b.latex[0] != '-' else b.at(PRODUCT)}", rank, SUM)
            case ast.Sub():
                return TypedLatex(f"{a.latex} - {b.at(PRODUCT)}", rank, SUM)
            case ast.Mult():
                return TypedLatex(f"{a.at(PRODUCT)} {self.sign(a, b, by_entry)} {b.at(POWER)}", rank, PRODUCT)
            case ast.Div():
                return TypedLatex(rf"\frac{{{a.latex}}}{{{b.latex}}}", rank)
            case ast.MatMult():
                turned = isinstance(right, ast.Attribute) and right.attr == "T"
                if turned and a.rank == b.rank == 1:
                    raise NoForm("the transpose of a vector is itself in programs: write np.outer(a, b)")
                return matmul(a, b)
            case ast.Pow():
                return TypedLatex(f"{a.at(ATOM)}^{{{self.exponent(a, b)}}}", rank, POWER)
        raise NoForm

    def exponent(self, a: TypedLatex, b: TypedLatex) -> str:
        """An exponent: of arrays entry by entry, but for SymPy's matrices."""
        if a.rank == 2 and self.dialect == "either":
            raise NoForm("a power of a matrix is written A @ A, or np.power(A, 2) entry by entry")
        whole = not a.rank or (a.rank == 2 and self.dialect == "matrices")
        return b.latex if whole else rf"\odot {b.at(POWER)}"

    def sign(self, a: TypedLatex, b: TypedLatex, by_entry: bool) -> str:
        """The sign of a product: of arrays entry by entry, but where `*` may also be the matrix product."""
        if not a.rank or not b.rank:
            return r"\cdot"
        open_ = self.dialect == "" or (self.dialect == "either" and a.rank == b.rank == 2)
        return "*" if open_ and not by_entry else r"\odot"

    def derivative_of(self, left: ast.expr, op: ast.operator, right: ast.expr) -> TypedLatex | None:
        """A quotient that is a derivative, `dL/dw`, `a*dL/dw` or an operator before what it takes, `d/dw(...)`."""
        sign = self.claim.text(left)
        if sign in ("d", "∂") and self.declared(sign) is None and isinstance(right, ast.Call) and len(right.args) == 1:
            by = self.differential(right.func)
            return None if by is None else self.over(self.piece(right.args[0]), by)
        above = self.differential(left)
        if above is not None and isinstance(right, ast.Attribute) and self.differential(right.value) is not None:
            if above.rank or right.attr not in ("T", "mT"):
                raise NoForm("a derivative is transposed in brackets, (da/dS).T")
            inner = self.binary(left, op, right.value)  # of a scalar: that by S.T is that by S, turned
            return TypedLatex(rf"{inner.latex}^\top", inner.rank, POWER) if inner.rank > 1 else inner
        below = self.differential(right)
        if above is not None and below is not None:
            d = r"\partial" if "∂" in self.claim.text(left) else self.d
            return TypedLatex(rf"\frac{{{d} {above.latex}}}{{{d} {below.latex}}}", above.rank + below.rank)
        if below is not None and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult | ast.MatMult):
            return self.binary(left.left, left.op, ast.BinOp(left.right, op, right))  # a * dL / dw is a * (dL/dw)
        return None
