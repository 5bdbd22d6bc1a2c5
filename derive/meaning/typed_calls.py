r"""Calls of functions in a claim in plain text, of NumPy, SymPy and their like, as LaTeX.

np.f(x), f(x)             f(x)                        np.where(c, a, b)     cases
np.dot, np.matmul, @      side by side                np.outer(a, b)        a b^\top
np.sum(A, axis=0)         A^\top \mathbf 1            np.clip(z, 0, None)   max(z, 0)
diff(L, w), L.diff(w), Derivative(L, w, 2)            \frac{d L}{d w}, \frac{d^2 L}{d w^2}
Trace(A), HadamardProduct(A, B), Transpose(A)         as NumPy's
"""

from __future__ import annotations

import ast
from abc import abstractmethod

from derive.meaning.typed_conditions import condition_of, is_indicator
from derive.meaning.typed_names import ATOM, POWER, PRODUCT, SUM, Atoms, NoForm, TypedLatex
from derive.notation.latex import latex
from derive.ops.record import callable_names, canonical_name

_MODULES = frozenset(
    {"np", "numpy", "jnp", "jax", "torch", "tf", "math", "F", "sp", "sympy", "scipy", "linalg", "special", "nn"}
)
_TOTALS = frozenset({"sum", "mean", "trace", "det", "logdet", "norm", "logsumexp"})
_DERIVATIVES = frozenset({"diff", "Derivative", "grad", "gradient"})
_SPELLED = {
    "tr": "trace", "Trace": "trace", "absolute": "abs", "Abs": "abs", "ln": "log", "Determinant": "det",
    "Transpose": "transpose", "t": "transpose", "Inverse": "inv", "HadamardProduct": "multiply", "MatMul": "matmul",
    "hadamard_product": "multiply", "Mul": "multiply", "Add": "add", "MatAdd": "add", "Pow": "power", "pow": "power",
    "MatPow": "matrix_power", "dot": "matmul", "vdot": "matmul", "inner": "matmul", "mm": "matmul", "mv": "matmul",
    "Identity": "eye", "true_divide": "divide", "Max": "maximum", "Min": "minimum", "sgn": "sign", "div": "divide",
    "mul": "multiply", "sub": "subtract", "ger": "outer", "neg": "negative",
}  # fmt: skip
_OPERATORS = {"multiply": ast.Mult, "power": ast.Pow, "divide": ast.Div, "add": ast.Add, "subtract": ast.Sub}
_BASES = {"log2": "2", "log10": "10"}
_CASTS = frozenset({"astype", "float", "double", "copy"})


class Calls(Atoms):
    """The calls of a claim; how operators are written is said elsewhere."""

    @abstractmethod
    def piece(self, node: ast.expr) -> TypedLatex:
        """Any expression."""

    @abstractmethod
    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr, *, by_entry: bool = False) -> TypedLatex:
        """Two operands of an operator."""

    def call(self, func: ast.expr, args: list[ast.expr]) -> TypedLatex:
        """A function, or a method of its first argument."""
        owner, name = self.called(func)
        given = [*([owner] if owner is not None else []), *args]
        if name in _CASTS and owner is not None:
            return self.piece(owner)
        if name in _DERIVATIVES and len(given) > 1:
            return self.differentiated(given[0], given[1:])
        if name.startswith("grad_") and len(given) == 1:
            return self.over(self.piece(given[0]), self.atom(name[5:]))
        if name == "len" and len(given) == 1:
            return self.size(given[0], "0")
        name = _SPELLED.get(name, name)
        if name.startswith("special_") and name.removeprefix("special_") in callable_names():
            name = name.removeprefix("special_")  # of PyTorch
        if name == "sum" and len(given) == 2:
            return self.summed(func, args[:-1], self.claim.text(args[-1]))
        if name == "clip" and len(given) in (2, 3):
            return self.clipped(given)
        if name in _OPERATORS and len(given) == 2:
            return self.binary(given[0], _OPERATORS[name](), given[1], by_entry=name == "multiply")
        if name == "square" and len(given) == 1:
            return self.binary(given[0], ast.Mult(), given[0], by_entry=True)
        pieces = [self.piece(argument) for argument in given]
        special = self.special(name, pieces)
        return special if special is not None else self.function(name, pieces)

    def special(self, name: str, pieces: list[TypedLatex]) -> TypedLatex | None:
        """What is written with signs, not as a function."""
        ranks = [piece.rank for piece in pieces]
        match name, pieces:
            case "matmul", [a, b]:
                return matmul(a, b)
            case "outer", [a, b] if ranks == [1, 1]:
                return TypedLatex(rf"{a.at(POWER)} {row(b)}", 2, PRODUCT)
            case "transpose", [a]:
                return TypedLatex(rf"{a.at(ATOM)}^\top", 2, POWER) if a.rank == 2 else a
            case (("inv" | "solve"), [a, *right]) if len(right) == (name == "solve"):
                inverse = TypedLatex(f"{a.at(ATOM)}^{{-1}}", 2, POWER)
                return matmul(inverse, *right) if right else inverse
            case "matrix_power", [a, n]:
                return TypedLatex(f"{a.at(ATOM)}^{{{n.latex}}}", 2, POWER)
            case "eye", [a] if "I" not in self.graph:
                return TypedLatex(f"I_{{{a.latex}}}", 2)
            case "sqrt", [a]:
                return TypedLatex(rf"\sqrt{{{a.latex}}}", a.rank)
            case "negative", [a]:
                return TypedLatex(f"-{a.at(PRODUCT)}", a.rank, SUM)
            case "zeros_like", [a]:
                return TypedLatex("0", a.rank)
            case "log", [a, b]:
                return TypedLatex(rf"\log_{{{b.latex}}}({a.latex})", a.rank)
            case (("log2" | "log10"), [a]):
                return TypedLatex(rf"\log_{{{_BASES[name]}}}({a.latex})", a.rank)
            case "heaviside", [a, b] if b.latex in ("0", "1"):
                return TypedLatex(
                    rf"\mathbb{{1}}[{a.latex} {'>' if b.latex == '0' else chr(92) + 'geq'} 0]", a.rank, PRODUCT
                )
            case "where", [test, a, b] if is_indicator(test):
                rows = rf"{a.latex} & {condition_of(test)} \\ {b.latex} & \text{{otherwise}}"
                return TypedLatex(rf"\begin{{cases}} {rows} \end{{cases}}", max(ranks))
        return None

    def differentiated(self, of: ast.expr, by: list[ast.expr]) -> TypedLatex:
        """`diff(L, w)`, `diff(L, w, 2)`, `diff(L, v, w)`."""
        above, variables = self.piece(of), [self.piece(by[0])]
        for node in by[1:]:
            text = self.claim.text(node)
            variables += [variables[-1]] * (int(text) - 1) if text.isdigit() and len(text) == 1 else [self.piece(node)]
        if len(variables) == 1:
            return self.over(above, variables[0])
        shown = above.latex if above.binds == ATOM else f"({above.latex})"
        same = len({one.latex for one in variables}) == 1
        d = self.d
        below = f"{d} {variables[0].latex}^{len(variables)}" if same else " ".join(f"{d} {v.latex}" for v in variables)
        if same and not variables[0].latex.isalnum():
            raise NoForm("a derivative of higher order is read by a letter")
        return TypedLatex(
            rf"\frac{{{d}^{len(variables)} {shown}}}{{{below}}}", above.rank + sum(v.rank for v in variables)
        )

    def clipped(self, given: list[ast.expr]) -> TypedLatex:
        """Between a lower and an upper number, either of which may be None."""
        value = self.piece(given[0])
        shown = value.latex
        for bound, name in zip(given[1:], ("maximum", "minimum"), strict=False):
            if self.claim.text(bound) != "None":
                shown = rf"\operatorname{{{name}}}({shown}, {self.piece(bound).latex})"
        return TypedLatex(shown, value.rank, value.binds if shown == value.latex else ATOM)

    def summed(self, func: ast.expr, args: list[ast.expr], axis: str) -> TypedLatex:
        """The sum over an axis of a matrix, or of all that a vector has."""
        owner, name = self.called(func)
        given = [*([owner] if owner is not None else []), *args]
        inner = self.piece(given[0]) if len(given) == 1 else TypedLatex("", 0)
        if name == "sum" and inner.rank == 1 and axis == "0":
            return self.function(name, [inner])
        if name != "sum" or axis not in ("0", "1") or inner.rank != 2:
            raise NoForm("an axis is read of the sum of a matrix or vector alone")
        rows = inner.at(ATOM) if axis == "0" else factor(inner)
        return TypedLatex(rf"{rows}^\top \mathbf{{1}}" if axis == "0" else rf"{rows} \mathbf{{1}}", 1, PRODUCT)

    def called(self, func: ast.expr) -> tuple[ast.expr | None, str]:
        """The object of a method, if it is no module, and the name of the function."""
        if isinstance(func, ast.Name):
            return None, self.claim.text(func)
        if not isinstance(func, ast.Attribute):
            raise NoForm
        at: ast.expr = func.value
        while isinstance(at, ast.Attribute):
            at = at.value
        return (None if self.is_module(at) else func.value), func.attr

    def is_module(self, node: ast.expr) -> bool:
        """Whether a name is that of a library, and not of the model."""
        return self.claim.text(node) in _MODULES and self.claim.text(node) not in self.graph

    def function(self, name: str, pieces: list[TypedLatex]) -> TypedLatex:
        shown = ", ".join(piece.latex for piece in pieces)
        rank = max((piece.rank for piece in pieces), default=0)
        declared = self.graph.declarations.get(name)
        if declared is not None and declared.kind in ("function", "functional"):
            return TypedLatex(rf"{latex(self.names.formula(name))}({shown})", rank)
        if pieces and not name.isascii():
            return TypedLatex(rf"{name}({shown})", rank)
        if not pieces or (canonical_name(name) is None and name not in callable_names()):
            raise NoForm
        if name == "diag" and len(pieces) == 1:
            rank = 3 - rank
        spelled = name.replace("_", r"\_") if "_" in name else name
        return TypedLatex(rf"\operatorname{{{spelled}}}({shown})", 0 if name in _TOTALS else rank)


def row(piece: TypedLatex) -> str:
    """A vector as a row."""
    return rf"{piece.at(ATOM)}^\top"


def factor(piece: TypedLatex) -> str:
    """The left factor of a product without a sign, which binds more tightly than one with a sign."""
    signed = any(sign in piece.latex for sign in (r"\odot", r"\cdot", "*"))
    return piece.at(POWER if signed else PRODUCT)


def matmul(a: TypedLatex, b: TypedLatex) -> TypedLatex:
    """The product of matrices and vectors, a vector on the left being a row."""
    if a.rank > 2 or b.rank > 2:
        raise NoForm("only matrices and vectors are multiplied with @")
    if a.rank == 1 and b.rank == 2:
        return TypedLatex(f"{row(b)} {a.at(POWER)}", 1, PRODUCT)
    left = row(a) if a.rank == 1 else factor(a)
    return TypedLatex(f"{left} {b.at(POWER)}", max(a.rank + b.rank - 2, 0), PRODUCT)
