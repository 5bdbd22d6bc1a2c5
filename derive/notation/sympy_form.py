r"""Nodes as SymPy.

    scalar          an expression in symbols; a registered function is what its record says, sigma(z) is 1/(1 + e^{-z})
    tensor          a matrix expression (MatMul, HadamardProduct, ...) where there is one, a vector as a column
    anything else   the entry at i, j, ... as a sum over IndexedBase entries

SymPy orders and combines operands as it likes; only the value is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, cast

import sympy as sp

from derive.errors import UnsupportedError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ir.size import Shape, Size
from derive.notation.flattening import flatten
from derive.notation.matrix_algebra import (
    Circle,
    Diagonal,
    Identity,
    Leaf,
    MatrixProduct,
    NoMatrixForm,
    Ones,
    RowSum,
    Term,
    Trace,
    Turned,
)
from derive.notation.names import Names
from derive.notation.printer import primed
from derive.notation.solve import Solved, solve
from derive.notation.style import Style
from derive.ops.primitive import scalar_of
from derive.ops.record import elementwise, tensor
from derive.ops.sympy_bridge import NATIVE, Y, derivative, letter

At = tuple[Any, ...] | None


def to_sympy(node: Node, graph: ComputationGraph, view: str = "matrix") -> Any:
    """The value of a node as SymPy: an expression, a matrix expression, or the entry at the first index letters.

    `view="index"` asks for the entry in any case. Raises UnsupportedError for an operation without a counterpart.
    """
    writer = _Writer(graph)
    try:
        if node.shape and view != "index" and len(node.shape) <= 2:
            try:
                return writer.whole(node)
            except NoMatrixForm:
                writer = _Writer(graph)  # the first letters again
        return writer.entry(node, tuple(writer.index() for _ in node.shape))
    except RecursionError:
        raise UnsupportedError("the expression is nested too deeply for SymPy") from None


def equation_latex(equation: Any) -> str:
    """A SymPy equation as LaTeX. UnsupportedError for what is none."""
    if not isinstance(equation, sp.Equality):
        raise UnsupportedError(
            f"{equation!r} is a {type(equation).__name__}, not a formula",
            hint="give text, or an equation Eq(left, right); Eq(left, right, evaluate=False) stays one",
        )
    return str(sp.latex(equation))


@dataclass
class _Writer:
    graph: ComputationGraph

    def __post_init__(self) -> None:
        self.letters = primed(Names(self.graph, Style()).index_letters)
        self.known: dict[tuple[Node, At], Any] = {}

    def index(self) -> Any:
        """A fresh index, counted from 0."""
        return sp.Symbol(next(self.letters), integer=True)

    def size(self, size: Size) -> Any:
        """A size as a polynomial in integer symbols."""
        terms = [
            sp.Mul(c, *[sp.Symbol(name, integer=True, positive=True) ** k for name, k in monomial])
            for monomial, c in size.terms
        ]
        return sp.Add(*terms)

    # -------------------------------------------------------------------------------------------- entries

    def entry(self, node: Node, at: tuple[Any, ...]) -> Any:
        """One entry, with operands first so that a deep expression is no deep recursion."""
        if at:
            return self._entry(node, at)
        for below in topological(node):
            if not below.shape:
                self._entry(below, ())
        return self._entry(node, ())

    def _entry(self, node: Node, at: tuple[Any, ...]) -> Any:
        key = (node, at)
        if key not in self.known:
            self.known[key] = self._one(node, at)
        return self.known[key]

    def _one(self, node: Node, at: tuple[Any, ...]) -> Any:
        args = node.args
        match node.op:
            case "ref":
                return self.symbol(node.name) if not at else sp.IndexedBase(node.name, shape=self.shape(node.shape))[at]
            case "number":
                return sp.Rational(node.value.numerator, node.value.denominator)
            case "constant":
                return sp.pi if node.name == "pi" else sp.E
            case "size":
                return self.size(node.size)
            case "add":
                return sp.Add(*[self._entry(arg, at) for arg in args])
            case "neg":
                return -self._entry(args[0], at)
            case "div":
                return self._entry(args[0], at) / self._entry(args[1], at)
            case "pow":
                return self._entry(args[0], at) ** self._entry(args[1], at)
            case "call":
                return self.call(node, [self._entry(arg, at) for arg in args])
            case "contract":
                return self.sum(node, at)
        return self.other(node, at)

    def other(self, node: Node, at: tuple[Any, ...]) -> Any:
        """Functionals, explicit entries, and composite operations by their definitions."""
        if node.op == "functional":
            return self.functional(node)
        if node.op == "entry":
            rest = iter(at)
            positions = cast("tuple[int | None, ...]", node.attribute)
            return self._entry(node.args[0], tuple(next(rest) if p is None else sp.Integer(p) for p in positions))
        if node.op == "array" and not any(index.free_symbols for index in at):
            columns = cast(int, node.shape[-1].number) if len(at) == 2 else 1
            place = reduce(lambda total, index: total * columns + int(index), at, 0)
            return self._entry(node.args[place], ())
        if node.op == "placed":
            places = list(zip(cast("tuple[int | None, ...]", node.attribute), at, strict=True))
            here = [sp.KroneckerDelta(index, place) for place, index in places if place is not None]
            return sp.Mul(*here, self._entry(node.args[0], tuple(index for place, index in places if place is None)))
        definition = None if node.op == "array" else tensor(node.op).definition
        if definition is None:
            raise UnsupportedError(f"the operation {node.op} has no counterpart in SymPy")
        return self._entry(definition(node), at)

    def symbol(self, name: str) -> Any:
        """A scalar by name, positive if it is declared so."""
        declared = self.graph.declarations.get(name)
        return sp.Symbol(name, positive=True) if declared is not None and declared.fact("positive") else sp.Symbol(name)

    def sum(self, node: Node, at: tuple[Any, ...]) -> Any:
        """A contraction as a product under sums."""
        flat = flatten(node)
        index: dict[int, Any] = {}
        factors: list[Any] = [-1] if flat.minus else []
        for label, given in zip(flat.out, at, strict=True):
            if label in index:
                factors.append(sp.KroneckerDelta(index[label], given))
            index.setdefault(label, given)
        summed = flat.summed()
        index.update((label, self.index()) for label in summed)
        factors += [self._entry(factor, tuple(index[k] for k in labels)) for labels, factor in flat.factors]
        product = sp.Mul(*factors)
        limits = [(index[label], 0, self.size(flat.sizes[label]) - 1) for label in summed]
        return sp.Sum(product, *limits) if limits else product

    def call(self, node: Node, args: list[Any]) -> Any:
        """A function of entries; an unknown one as an applied undefined function."""
        record = elementwise(node.name)
        if record is None:
            formal = [sp.Dummy() for _ in args]
            applied = sp.Function(node.name)(*formal)
            orders = [(letter_, k) for letter_, k in zip(formal, node.orders, strict=True) if k]
            value = sp.diff(applied, *orders) if orders else applied
            return value.subs(dict(zip(formal, args, strict=True)))
        if node.name == "where" and not any(node.orders) and (test := _test(args[0])) is not None:
            return sp.Piecewise((args[1], test), (args[2], True))
        letters = {letter(k): arg for k, arg in enumerate(args)}
        output = NATIVE.get(node.name, record.expression)(*args)
        if any(node.orders):
            output = derivative(node.name, node.orders).xreplace({**letters, Y: output})
        return _written_out(output)

    def functional(self, node: Node) -> Any:
        """An opaque function of whole tensors, or its derivative by scalar arguments."""
        if any(arg.shape for arg in node.args) and node.orders:
            raise UnsupportedError(f"the derivative of {node.name} by a tensor has no counterpart in SymPy")
        args = [self._entry(arg, ()) if not arg.shape else self.whole(arg) for arg in node.args]
        formal = [sp.Dummy() for _ in args]
        applied = sp.Function(node.name)(*formal)
        value = sp.diff(applied, *[formal[k] for k in node.orders]) if node.orders else applied
        return value.subs(dict(zip(formal, args, strict=True)))

    def shape(self, shape: Shape) -> tuple[Any, ...]:
        """A shape in SymPy's sizes."""
        return tuple(self.size(size) for size in shape)

    # --------------------------------------------------------------------------------------------- wholes

    def whole(self, node: Node) -> Any:
        """A matrix expression; raises NoMatrixForm if there is none."""
        if not node.shape:
            return self.entry(node, ())
        rows, columns = (*self.shape(node.shape), sp.Integer(1))[:2]
        if scalar_of(node) is not node:
            return self.whole(scalar_of(node)) * sp.OneMatrix(rows, columns)
        match node.op:
            case "ref":
                return sp.MatrixSymbol(node.name, rows, columns)
            case "add":
                return reduce(add, [self.whole(arg) for arg in node.args])
            case "neg":
                return -self.whole(node.args[0])
            case "contract":
                made = self.product(solve(flatten(node)), minus=flatten(node).minus)
                # an array of one entry may have been solved for that entry
                return made if getattr(made, "is_Matrix", False) else made * sp.OneMatrix(1, 1)
            case "inv":
                return sp.Inverse(self.whole(node.args[0]))
            case "div":
                scalar = scalar_of(node.args[1])
                if not scalar.shape:
                    return self.whole(node.args[0]) / self._entry(scalar, ())
        return self.mapped(node)

    def mapped(self, node: Node) -> Any:
        """A function of one tensor, entry by entry."""
        tensors = [arg for arg in node.args if scalar_of(arg).shape]
        if node.op not in ("pow", "call", "div") or len(set(tensors)) != 1:
            raise NoMatrixForm
        (inner,) = set(tensors)
        x = sp.Dummy("x")
        args = [x if arg is inner else self.entry(scalar_of(arg), ()) for arg in node.args]
        if node.op == "call":
            value = self.call(node, args)
        else:
            value = args[0] ** args[1] if node.op == "pow" else args[0] / args[1]
        return self.whole(inner).applyfunc(sp.Lambda(x, value))

    def product(self, solved: Solved, *, minus: bool) -> Any:
        """Scalars times a term."""
        scalars = [self.scalar(term) for term in solved.scalars]
        coefficient = sp.Mul(-1 if minus else 1, *scalars)
        return coefficient if solved.term is None else coefficient * self.term(solved.term)

    def scalar(self, term: Term) -> Any:
        """A term without axes."""
        if isinstance(term, Leaf):
            return self.entry(term.node, ())
        value = self.term(term)
        return value if isinstance(term, Trace) else value[0, 0]

    def term(self, term: Term) -> Any:
        """A term of matrix algebra."""
        make: Mapping[type[Term], Callable[[Any], Any]] = {
            Turned: lambda t: sp.Transpose(self.term(t.term)).doit(deep=False),
            MatrixProduct: lambda t: sp.MatMul(*[self.term(factor) for factor in t.factors]).doit(deep=False),
            Circle: lambda t: sp.HadamardProduct(*[self.term(factor) for factor in t.factors]),
            Diagonal: lambda t: (sp.DiagonalOf if t.of_matrix else sp.DiagMatrix)(self.term(t.term)),
            Trace: lambda t: sp.Trace(self.term(t.term)),
            Ones: lambda t: sp.OneMatrix(self.size(t.size), 1),
            Identity: lambda t: sp.Identity(self.size(t.size)),
            RowSum: lambda t: sp.Transpose(self.term(t.term)).doit(deep=False) * sp.OneMatrix(self.size(t.size), 1),
            Leaf: lambda t: self.whole(t.node),
        }
        return make[type(term)](term)


def _test(condition: Any) -> Any:
    """The comparison that an indicator stands for, or None: a product with it has no value where one case has none."""
    if isinstance(condition, sp.Heaviside):
        return condition.args[0] > 0
    opposite = 1 - condition
    return opposite.args[0] <= 0 if isinstance(opposite, sp.Heaviside) else None


def _written_out(expression: Any) -> Any:
    """Registered functions inside a record's expression, by their own expressions."""
    while True:
        inner = {}
        for applied in expression.atoms(sp.Function):
            record = elementwise(getattr(applied, "derive_name", ""))
            if record is not None:
                inner[applied] = NATIVE.get(record.name, record.expression)(*applied.args)
        if not inner:
            return expression
        expression = expression.xreplace(inner)
