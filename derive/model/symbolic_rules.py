"""From SymPy expressions to nodes: a table of classes.

SymPy has sorted the operands before we see them, so sums are put into a readable order again: positive terms first,
products before single symbols. A product with negative powers becomes a fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp
from sympy.matrices.expressions import (
    Determinant,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    OneMatrix,
    Trace,
    Transpose,
    ZeroMatrix,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.node import Node
from derive.ir.size import ONE
from derive.model.combine import signed_sum
from derive.model.symbolic_functions import (
    derivative,
    extreme,
    function,
    heaviside,
    piecewise,
    piecewise_operands,
    polygamma,
    sinc,
    substituted,
)
from derive.model.symbolic_indices import delta, entry, index_value, laid, letters_of, product, total
from derive.model.symbolic_names import Conversion, tensor
from derive.model.symbolic_parts import fraction, shown, sign, terms
from derive.ops.record import build_call

Rule = Callable[[Conversion, Any, list[Node]], Node]


# --------------------------------------------------------------------------------------- scalar rules


def rule_for(expression: Any) -> tuple[list[Any], Rule]:
    """What has to be converted before an expression, and how it is converted then."""
    for kind, operands, rule in _RULES:
        if isinstance(expression, kind):
            return operands(expression), rule
    raise UnsupportedError(
        f"no counterpart for the SymPy expression {shown(expression)} ({type(expression).__name__})",
        hint="write it with arithmetic, functions, sums and matrix products; .doit(), or .as_explicit() where sizes "
        "are numbers, may do that",
    )


def _all(expression: Any) -> list[Any]:
    return list(expression.args)


def _none(_expression: Any) -> list[Any]:
    return []


def _sum(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    return signed_sum([(minus, arg) for (minus, _), arg in zip(terms(expression), args, strict=True)])


def _factors(expression: Any) -> list[Any]:
    _, over, under = fraction(expression)
    return [*over, *under]


def _product(converter: Conversion, expression: Any, args: list[Node]) -> Node:
    negative, over, under = fraction(expression)
    parts = list(zip([*over, *under], args, strict=True))
    top, bottom = (_times(converter, expression, group) for group in (parts[: len(over)], parts[len(over) :]))
    node = top or build.number(1)
    node = node if bottom is None else build.div(node, bottom)
    return build.neg(node) if negative else node


def _times(converter: Conversion, expression: Any, parts: Sequence[tuple[Any, Node]]) -> Node | None:
    if not parts:
        return None
    if converter.indices:
        return laid(converter, parts, letters_of(converter, expression))
    return build.mul(*[node for _, node in parts])


def _power_operands(expression: Any) -> list[Any]:
    base, exponent = expression.as_base_exp()
    if exponent.is_Rational and exponent.is_negative:
        return [base**-exponent]
    return [base] if exponent == sp.Rational(1, 2) else [base, exponent]


def _power(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    if len(args) == 2:
        return build.power(*args)
    _, exponent = expression.as_base_exp()
    return build.call("sqrt", args[0]) if exponent == sp.Rational(1, 2) else build.div(build.number(1), args[0])


def _number(_converter: Conversion, expression: Any, _args: list[Node]) -> Node:
    if not expression.is_finite:
        raise UnsupportedError(f"{expression} is not a number to compute with")
    exact = sp.Rational(str(expression))
    return build.number(Fraction(int(exact.p), int(exact.q)))


# --------------------------------------------------------------------------------------- matrix rules


def _matrix_factors(expression: Any) -> tuple[bool, list[Any], list[Any]]:
    coefficient, matrices = expression.as_coeff_matrices()
    negative, positive = sign(coefficient)
    return negative, [positive] if positive != 1 else [], list(matrices)


def _matrix_operands(expression: Any) -> list[Any]:
    _, scalars, matrices = _matrix_factors(expression)
    return [*scalars, *matrices]


def _matrix_product(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    negative, scalars, _ = _matrix_factors(expression)
    product = reduce(build.matmul, args[len(scalars) :])
    node = build.mul(args[0], product) if scalars else product
    return build.neg(node) if negative else node


def _matrix_power(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    exponent = expression.exp
    if not exponent.is_Integer or not -8 <= exponent <= 8 or exponent == 0:
        raise UnsupportedError(f"the matrix power {expression} has no counterpart")
    base = args[0] if exponent > 0 else build_call("inv", args, {})
    return reduce(build.matmul, [base] * abs(int(exponent)))


def _applied(converter: Conversion, expression: Any, args: list[Node]) -> Node:
    (variable,) = expression.function.variables
    body = converter.convert(expression.function.expr, {variable: args[0]})
    return build.broadcast_to(body, args[0].shape)


def _diagonal_matrix(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    """A column or a row laid on the diagonal."""
    (line,) = args
    if len(line.shape) != 2 or ONE not in line.shape:
        raise UnsupportedError(f"{expression}: DiagMatrix takes a column or a row")
    return build.diagonal(build.entry(line, (None, 0) if line.shape[1] is ONE else (0, None)))


def _diagonal_of(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    """The diagonal as a column."""
    (matrix,) = args
    if matrix.shape[0] is not matrix.shape[1]:
        raise UnsupportedError(f"{expression}: the diagonal is taken of a square matrix")
    return build.contract([(0, 0)], (0, 1), [matrix], (matrix.shape[0], ONE))


def _explicit(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    return build.array(args, expression.shape)


def _filled(value: int) -> Rule:
    return lambda converter, expression, _: build.fill(build.number(value), converter.shape(expression))


# the first class that fits counts; matrices come before scalars, since some are both
_RULES: list[tuple[Any, Callable[[Any], list[Any]], Rule]] = [
    (MatrixElement, lambda e: [e.parent], entry),
    (sp.Indexed, lambda e: [tensor(e.base)], entry),
    (sp.Sum, _none, total),
    (sp.Product, _none, product),
    (sp.KroneckerDelta, _none, delta),
    (sp.Derivative, _none, derivative),
    (sp.Subs, lambda e: list(e.point), substituted),
    (sp.DiagMatrix, _all, _diagonal_matrix),
    (sp.DiagonalOf, _all, _diagonal_of),
    (sp.MatrixBase, lambda e: list(e.flat()), _explicit),
    (ElementwiseApplyFunction, lambda e: [e.expr], _applied),
    (Transpose, lambda e: [e.arg], lambda _c, _e, args: build.transpose(args[0])),
    (Inverse, lambda e: [e.arg], lambda _c, _e, args: build_call("inv", args, {})),
    (Trace, lambda e: [e.arg], lambda _c, _e, args: build.trace(args[0])),
    (Determinant, lambda e: [e.arg], lambda _c, _e, args: build_call("det", args, {})),
    (HadamardProduct, _all, lambda _c, _e, args: build.mul(*args)),
    (HadamardPower, _all, lambda _c, _e, args: build.power(*args)),
    (MatAdd, lambda e: [term for _, term in terms(e)], _sum),
    (MatMul, _matrix_operands, _matrix_product),
    (MatPow, lambda e: [e.base], _matrix_power),
    (Identity, _none, lambda converter, e, _: build.eye(converter.shape(e)[0])),
    (ZeroMatrix, _none, _filled(0)),
    (OneMatrix, _none, _filled(1)),
    (sp.Number, _none, _number),
    (type(sp.pi), _none, lambda _c, _e, _a: build.constant("pi")),
    (type(sp.E), _none, lambda _c, _e, _a: build.constant("e")),
    (sp.Add, lambda e: [term for _, term in terms(e)], _sum),
    (sp.Mul, _factors, _product),
    (sp.Pow, _power_operands, _power),
    (sp.Max | sp.Min, _all, extreme),
    (sp.Piecewise, piecewise_operands, piecewise),
    (sp.Heaviside, lambda e: [e.args[0]], heaviside),
    (sp.sinc, _all, sinc),
    (sp.polygamma, lambda e: [e.args[1]], polygamma),
    (sp.Function, _all, function),
    (sp.Symbol | MatrixSymbol | sp.IndexedBase, _none, index_value),
]

ENTRYWISE = frozenset((_sum, _power, function, extreme, piecewise, polygamma, heaviside, sinc))
"""The rules that take operands with the axes of the whole expression."""
INDEXED = ENTRYWISE | {entry, total, product, delta, index_value, _product, derivative, substituted}
"""The rules that may meet index letters."""
