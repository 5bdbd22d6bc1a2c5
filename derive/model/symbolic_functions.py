"""Functions of SymPy as operations: known ones, unknown ones and their derivatives, and cases."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions import MatrixExpr

from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.node import Node
from derive.model.combine import indicator
from derive.model.symbolic_names import Conversion
from derive.model.symbolic_parts import shown
from derive.ops.record import build_call, canonical_name, is_callable, plain_arguments
from derive.ops.sympy_bridge import FUNCTIONS, formal_function

_BESSEL = {0: "i0", 1: "i1"}
_BY_DEFINITION: dict[Any, Callable[..., Any]] = {
    sp.coth: lambda u: 1 / sp.tanh(u),
    sp.sech: lambda u: 1 / sp.cosh(u),
    sp.csch: lambda u: 1 / sp.sinh(u),
    sp.acot: lambda u: sp.atan(1 / u),
    sp.asec: lambda u: sp.acos(1 / u),
    sp.acsc: lambda u: sp.asin(1 / u),
    sp.acoth: lambda u: sp.atanh(1 / u),
    sp.asech: lambda u: sp.acosh(1 / u),
    sp.acsch: lambda u: sp.asinh(1 / u),
    sp.erf2: lambda u, v: sp.erf(v) - sp.erf(u),
    sp.erfcinv: lambda u: sp.erfinv(1 - u),
    sp.frac: lambda u: u - sp.floor(u),
    sp.Mod: lambda u, v: u - v * sp.floor(u / v),
    sp.re: lambda u: u,
    sp.conjugate: lambda u: u,
    sp.im: lambda _u: sp.Integer(0),
    sp.beta: lambda u, v: sp.gamma(u) * sp.gamma(v) / sp.gamma(u + v),
    sp.factorial: lambda u: sp.gamma(u + 1),
    sp.besseli: lambda order, u: formal_function(_BESSEL.get(order, "iv"))(*(u,) if order in _BESSEL else (order, u)),
    sp.lowergamma: lambda order, u: formal_function("gammainc")(order, u) * sp.gamma(order),
    sp.uppergamma: lambda order, u: formal_function("gammaincc")(order, u) * sp.gamma(order),
    sp.binomial: lambda u, v: sp.gamma(u + 1) / (sp.gamma(v + 1) * sp.gamma(u - v + 1)),
}
"""Functions that are written with others; every value of a model is a real number."""


def function(converter: Conversion, expression: Any, args: list[Node]) -> Node:
    kind = type(expression)
    if kind in _BY_DEFINITION:
        return converter.convert(_BY_DEFINITION[kind](*expression.args))
    name = FUNCTIONS.get(kind) or canonical_name(kind.__name__)
    if name is not None:
        return build_call(name, args, {})
    if isinstance(expression, AppliedUndef):
        return _unknown(converter, expression, args)
    if is_callable(kind.__name__) and not plain_arguments(kind.__name__):
        return build_call(kind.__name__, args, {})
    rewritten = expression.rewrite(sp.exp)
    if rewritten.has(kind) or rewritten.has(sp.I):
        raise UnsupportedError(
            f"the function {kind.__name__} of {shown(expression)} is not among the operations",
            hint="write it with functions that are, or take an unknown one, sympy.Function('f')",
        )
    return converter.convert(rewritten)


def _unknown(converter: Conversion, expression: Any, args: list[Node], orders: tuple[int, ...] = ()) -> Node:
    """A generic function of numbers, entry by entry; of matrices one number, as SymPy sees it."""
    name = type(expression).__name__
    matrices = any(isinstance(arg, MatrixExpr | sp.MatrixBase) for arg in expression.args)
    converter.declare_function(name, len(args), "functional" if matrices else "function")
    if matrices:
        return build.functional(name, *args)
    return build.call(name, *args, orders=orders or None)


def heaviside(_converter: Conversion, _expression: Any, args: list[Node]) -> Node:
    return build.call("step", *args)


def sinc(_converter: Conversion, _expression: Any, args: list[Node]) -> Node:
    """SymPy's sin(u)/u by NumPy's sin(pi u)/(pi u)."""
    return build.call("sinc", build.div(args[0], build.constant("pi")))


def polygamma(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    order = expression.args[0]
    if not order.is_Integer or order < 0:
        raise UnsupportedError(f"{expression}: the order of a polygamma function is a whole number")
    return build.call("digamma", *args, orders=(int(order),))


def derivative(converter: Conversion, expression: Any, _args: list[Node]) -> Node:
    """`f'` of an unknown function of symbols; everything else is differentiated by SymPy first."""
    inner = expression.expr
    symbols = [symbol for symbol, _ in expression.variable_count]
    defined = sorted(str(s) for s in inner.free_symbols if s in converter.defined)
    if defined:
        raise UnsupportedError(
            f"{expression} is a derivative of {', '.join(defined)}, which the model defines",
            hint="write the expression in its place, or take the derivative with g.jacobian",
        )
    if isinstance(inner, AppliedUndef) and len(set(inner.args)) == len(inner.args) and set(symbols) <= set(inner.args):
        counts = dict(expression.variable_count)
        args = [converter.convert(arg) for arg in inner.args]
        return _unknown(converter, inner, args, tuple(int(counts.get(arg, 0)) for arg in inner.args))
    done = expression.replace(sp.re, lambda u: u).replace(sp.im, lambda _u: sp.Integer(0)).doit()
    if done == expression:
        raise UnsupportedError(f"{expression} cannot be differentiated", hint="write its derivative out")
    return converter.convert(done)


def substituted(converter: Conversion, expression: Any, args: list[Node]) -> Node:
    return converter.convert(expression.expr, dict(zip(expression.variables, args, strict=True)))


def extreme(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    name = "maximum" if isinstance(expression, sp.Max) else "minimum"
    return reduce(lambda a, b: build.call(name, a, b), args)


def piecewise(_converter: Conversion, expression: Any, args: list[Node]) -> Node:
    """Cases from the last one, which holds otherwise, to the first."""
    values = dict(zip(piecewise_operands(expression), args, strict=True))
    pieces = [(piece.expr, piece.cond) for piece in expression.args]
    last, condition = pieces.pop()
    if condition is not sp.true:
        raise UnsupportedError(
            f"{shown(expression)} has no last case that holds otherwise", hint="end it with the case (value, True)"
        )
    node: Node = values[last]
    for value, condition in reversed(pieces):
        if isinstance(condition, sp.Le | sp.Ge):  # a >= b is not a < b: one comparison, so that the cases are its sides
            node = build.call("where", indicator(values[condition.gts], values[condition.lts]), node, values[value])
        else:
            node = build.call("where", _truth(condition, values), values[value], node)
    return node


def _truth(condition: Any, values: dict[Any, Node]) -> Node:
    """1 where a condition holds, 0 elsewhere."""
    one = build.number(1)
    match condition:
        case sp.Lt() | sp.Gt():
            return indicator(values[condition.lts], values[condition.gts])
        case sp.Le() | sp.Ge():
            return build.sub(one, indicator(values[condition.gts], values[condition.lts]))
        case sp.Eq():
            sides = [values[condition.lhs], values[condition.rhs]]
            return build.mul(*[build.sub(one, indicator(a, b)) for a, b in (sides, sides[::-1])])
        case sp.Ne():
            return build.sub(one, _truth(sp.Eq(condition.lhs, condition.rhs), values))
        case sp.Not():
            return build.sub(one, _truth(condition.args[0], values))
        case sp.And():
            return build.mul(*[_truth(part, values) for part in condition.args])
        case sp.Or():
            none = [build.sub(one, _truth(part, values)) for part in condition.args]
            return build.sub(one, build.mul(*none))
    raise UnsupportedError(f"the condition {condition} is no comparison", hint="use < <= > >= == != with And, Or, Not")


def piecewise_operands(expression: Any) -> list[Any]:
    compared = [
        side for piece in expression.args for atom in sorted(_relations(piece.cond), key=str) for side in atom.args
    ]
    return list(dict.fromkeys([*(piece.expr for piece in expression.args), *compared]))


def _relations(condition: Any) -> Any:
    return condition.atoms(sp.core.relational.Relational)
