"""From SymPy expressions to nodes: a table of classes.

SymPy has sorted the operands before we see them, so sums are put into a readable order again: positive terms first,
products before single symbols. A product with negative powers becomes a fraction.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import AppliedUndef
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

from derive.errors import ModelError, UnsupportedError
from derive.ir import build
from derive.ir.node import Node
from derive.model.combine import indicator, signed_sum
from derive.ops.record import build_call, canonical_name

if TYPE_CHECKING:
    from derive.model.symbolic import Converter

Rule = Callable[["Converter", Any, list[Node]], Node]


# --------------------------------------------------------------------------------------- scalar rules


def rule_for(expression: Any) -> tuple[list[Any], Rule]:
    """What has to be converted before an expression, and how it is converted then."""
    for kind, operands, rule in _RULES:
        if isinstance(expression, kind):
            return operands(expression), rule
    raise UnsupportedError(
        f"no counterpart for the SymPy expression {str(expression)[:80]} ({type(expression).__name__})"
    )


def _all(expression: Any) -> list[Any]:
    return list(expression.args)


def _none(_expression: Any) -> list[Any]:
    return []


def _sign(term: Any) -> tuple[bool, Any]:
    """Whether a term is subtracted, and what is."""
    coefficient = term if term.is_Number else term.args[0] if isinstance(term, sp.Mul | MatMul) else None
    negative = coefficient is not None and coefficient.is_Number and coefficient.is_negative
    return (True, -term) if negative else (False, term)


def _terms(expression: Any) -> list[tuple[bool, Any]]:
    """The terms of a sum in readable order."""
    terms = [_sign(term) for term in expression.args]
    return sorted(terms, key=lambda term: (term[0], not isinstance(term[1], sp.Mul | MatMul)))


def _sum(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    return signed_sum([(minus, arg) for (minus, _), arg in zip(_terms(expression), args, strict=True)])


def _fraction(expression: Any) -> tuple[bool, list[Any], list[Any]]:
    """Sign, factors over and under the bar of a product."""
    over: list[Any] = []
    under: list[Any] = []
    negative, positive = _sign(expression)
    for factor in positive.args if isinstance(positive, sp.Mul) else (positive,):
        if isinstance(factor, sp.Rational):
            over += [sp.Integer(factor.p)] * (factor.p != 1)
            under += [sp.Integer(factor.q)] * (factor.q != 1)
        elif isinstance(factor, sp.Pow) and factor.exp.is_Rational and factor.exp.is_negative:
            under.append(factor.base**-factor.exp)
        else:
            over.append(factor)
    return negative, over, under


def _factors(expression: Any) -> list[Any]:
    _, over, under = _fraction(expression)
    return [*over, *under]


def _product(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    negative, over, under = _fraction(expression)
    top = build.mul(*args[: len(over)]) if over else build.number(1)
    node = build.div(top, build.mul(*args[len(over) :])) if under else top
    return build.neg(node) if negative else node


def _power_operands(expression: Any) -> list[Any]:
    base, exponent = expression.as_base_exp()
    if exponent.is_Rational and exponent.is_negative:
        return [base**-exponent]
    return [base] if exponent == sp.Rational(1, 2) else [base, exponent]


def _power(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    if len(args) == 2:
        return build.power(*args)
    _, exponent = expression.as_base_exp()
    return build.call("sqrt", args[0]) if exponent == sp.Rational(1, 2) else build.div(build.number(1), args[0])


def _number(_converter: Converter, expression: Any, _args: list[Node]) -> Node:
    if not expression.is_finite:
        raise UnsupportedError(f"{expression} is not a number to compute with")
    exact = sp.Rational(str(expression))
    return build.number(Fraction(int(exact.p), int(exact.q)))


def _function(converter: Converter, expression: Any, args: list[Node]) -> Node:
    kind = type(expression)
    name = _NAMES.get(kind) or canonical_name(kind.__name__)
    if name is not None:
        return build_call(name, args, {})
    if not isinstance(expression, AppliedUndef):
        rewritten = expression.rewrite(sp.exp)
        if rewritten.has(kind):
            raise UnsupportedError(f"the function {kind.__name__} is not among the operations")
        return converter.convert(rewritten)
    converter.declare_function(kind.__name__, len(args))
    return build.call(kind.__name__, *args)


def _extreme(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    name = "maximum" if isinstance(expression, sp.Max) else "minimum"
    return reduce(lambda a, b: build.call(name, a, b), args)


def _piecewise(converter: Converter, expression: Any, _args: list[Node]) -> Node:
    """Cases by single comparisons, the last one otherwise."""
    (last, condition), *others = reversed([(piece.expr, piece.cond) for piece in expression.args])
    if condition is not sp.true:
        raise UnsupportedError(f"{str(expression)[:80]} has no last case that holds otherwise")
    node = converter.convert(last)
    for value, condition in others:
        if not isinstance(condition, sp.Lt | sp.Gt | sp.Le | sp.Ge):
            raise UnsupportedError(f"{condition} is not a comparison with < <= > >=")
        less, more = converter.convert(condition.lts), converter.convert(condition.gts)
        strict = isinstance(condition, sp.Lt | sp.Gt)
        test = indicator(less, more) if strict else indicator(more, less)
        case = converter.convert(value)
        node = build.call("where", test, case, node) if strict else build.call("where", test, node, case)
    return node


def _unknown_symbol(_converter: Converter, expression: Any, _args: list[Node]) -> Node:
    raise ModelError(f"{expression} has no value here")


# --------------------------------------------------------------------------------------- matrix rules


def _matrix_factors(expression: Any) -> tuple[bool, list[Any], list[Any]]:
    coefficient, matrices = expression.as_coeff_matrices()
    negative, positive = _sign(coefficient)
    return negative, [positive] if positive != 1 else [], list(matrices)


def _matrix_operands(expression: Any) -> list[Any]:
    _, scalars, matrices = _matrix_factors(expression)
    return [*scalars, *matrices]


def _matrix_product(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    negative, scalars, _ = _matrix_factors(expression)
    product = reduce(build.matmul, args[len(scalars) :])
    node = build.mul(args[0], product) if scalars else product
    return build.neg(node) if negative else node


def _matrix_power(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    exponent = expression.exp
    if not exponent.is_Integer or not -8 <= exponent <= 8 or exponent == 0:
        raise UnsupportedError(f"the matrix power {expression} has no counterpart")
    base = args[0] if exponent > 0 else build_call("inv", args, {})
    return reduce(build.matmul, [base] * abs(int(exponent)))


def _applied(converter: Converter, expression: Any, args: list[Node]) -> Node:
    (variable,) = expression.function.variables
    body = converter.convert(expression.function.expr, {variable: args[0]})
    return build.broadcast_to(body, args[0].shape)


def _element(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    if not (expression.i.is_Integer and expression.j.is_Integer):
        raise UnsupportedError(f"the index of {expression} is not a number")
    return build.entry(args[0], (int(expression.i), int(expression.j)))


def _explicit(_converter: Converter, expression: Any, args: list[Node]) -> Node:
    return build.array(args, expression.shape)


def _filled(value: int) -> Rule:
    return lambda converter, expression, _: build.fill(build.number(value), converter.shape(expression))


_NAMES: dict[Any, str] = {
    sp.exp: "exp",
    sp.log: "log",
    sp.Abs: "abs",
    sp.Heaviside: "step",
}

# the first class that fits counts; matrices come before scalars, since some are both
_RULES: list[tuple[Any, Callable[[Any], list[Any]], Rule]] = [
    (MatrixElement, lambda e: [e.parent], _element),
    (sp.MatrixBase, lambda e: list(e.flat()), _explicit),
    (ElementwiseApplyFunction, lambda e: [e.expr], _applied),
    (Transpose, lambda e: [e.arg], lambda _c, _e, args: build.transpose(args[0])),
    (Inverse, lambda e: [e.arg], lambda _c, _e, args: build_call("inv", args, {})),
    (Trace, lambda e: [e.arg], lambda _c, _e, args: build.trace(args[0])),
    (Determinant, lambda e: [e.arg], lambda _c, _e, args: build_call("det", args, {})),
    (HadamardProduct, _all, lambda _c, _e, args: build.mul(*args)),
    (HadamardPower, _all, lambda _c, _e, args: build.power(*args)),
    (MatAdd, lambda e: [term for _, term in _terms(e)], _sum),
    (MatMul, _matrix_operands, _matrix_product),
    (MatPow, lambda e: [e.base], _matrix_power),
    (Identity, _none, lambda converter, e, _: build.eye(converter.shape(e)[0])),
    (ZeroMatrix, _none, _filled(0)),
    (OneMatrix, _none, _filled(1)),
    (sp.Number, _none, _number),
    (type(sp.pi), _none, lambda _c, _e, _a: build.constant("pi")),
    (type(sp.E), _none, lambda _c, _e, _a: build.constant("e")),
    (sp.Add, lambda e: [term for _, term in _terms(e)], _sum),
    (sp.Mul, _factors, _product),
    (sp.Pow, _power_operands, _power),
    (sp.Max | sp.Min, _all, _extreme),
    (sp.Piecewise, _none, _piecewise),
    (sp.Heaviside, lambda e: [e.args[0]], _function),
    (sp.Function, _all, _function),
    (sp.Symbol | MatrixSymbol, _none, _unknown_symbol),
]
