"""Scalar mathematics between SymPy expressions and nodes, and the derivatives of elementwise functions.

A formal expression is written in letters `u0, u1, ...` (operands) and `y` (the output). `template(name, orders)` is
the derivative of a registered function as a node over the refs `u0, u1, ..., y`; `expand(node)` puts operands in.
Registered functions occur inside SymPy expressions as formal functions that know their derivative, so that
`silu = u*sigmoid(u)` differentiates to sigmoids and never to overflowing exponentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache, reduce
from typing import Any

import sympy as sp

from derive.errors import UnsupportedError
from derive.ir import build
from derive.ir.node import Node, as_number, rewrite, with_args
from derive.ops.record import Elementwise, canonical_name, elementwise

Y = sp.Symbol("y")
MOST_PARTS = 1000
"""Of a fraction p/q that is written as one; with more parts it is a decimal."""


def letter(k: int) -> sp.Symbol:
    """The formal letter of operand k."""
    return sp.Symbol(f"u{k}")


@cache
def formal_function(name: str) -> Any:
    """A SymPy function class of that name whose `fdiff` follows the record."""

    def fdiff(self: Any, argindex: int = 1) -> Any:
        orders = tuple(int(k == argindex - 1) for k in range(len(self.args)))
        formal = derivative(name, orders)
        letters = {letter(k): arg for k, arg in enumerate(self.args)}
        return formal.xreplace({**letters, Y: self})

    return type(name, (sp.Function,), {"fdiff": fdiff, "derive_name": name})


def at_numbers(name: str, values: Sequence[Fraction]) -> Fraction | None:
    """A registered function of rational numbers, where that is a rational number."""
    result = formal_function(name)(*(sp.Rational(value.numerator, value.denominator) for value in values))
    while formal := [f for f in result.atoms(sp.Function) if hasattr(f.func, "derive_name")]:
        record = elementwise(formal[0].func.derive_name)
        assert record is not None
        result = result.xreplace({formal[0]: record.expression(*formal[0].args)})
    return Fraction(int(result.p), int(result.q)) if result.is_Rational else None


@cache
def derivative(name: str, orders: tuple[int, ...]) -> Any:
    """The derivative of a registered function, in formal letters and `y`."""
    record = elementwise(name)
    assert record is not None
    letters = [letter(k) for k in range(record.arity)]
    if not any(orders):
        return Y
    if record.numeric_of is not None:  # each derivative is a function of its own
        return sp.diff(record.expression(*letters), *zip(letters, orders, strict=True))
    k = next(k for k, order in enumerate(orders) if order)
    lower = tuple(order - (j == k) for j, order in enumerate(orders))
    if record.of_output is not None:
        first = record.of_output(Y, letters[0])
        if not any(lower):
            return first
        before = derivative(name, lower)
        return sp.expand(sp.diff(before, letters[k]) + sp.diff(before, Y) * first)
    if record.partials is not None:
        partials = record.partials(Y, *letters)
        if partials[k] is None:
            raise UnsupportedError(f"the derivative of {name} by operand {k + 1} has no formula")
        if not any(lower):
            return partials[k]
        before = derivative(name, lower)
        return sp.expand(sp.diff(before, letters[k]) + sp.diff(before, Y) * partials[k])
    before = record.expression(*letters) if not any(lower) else derivative(name, lower)
    return sp.diff(before, letters[k])


@cache
def _by_output(name: str, order: int) -> Node:
    """The derivative of a function with a first derivative f(y) by its output, in factors as they arise: f' f, ..."""
    record = elementwise(name)
    assert record is not None
    assert record.of_output is not None
    first = formal = record.of_output(Y, letter(0))
    for _ in range(1, order):
        formal = sp.diff(formal, letter(0)) + sp.diff(formal, Y) * first
    return to_node(formal, {letter(0): build.ref("u0"), Y: build.ref("y")})


def expand_by_output(node: Node) -> Node:
    """`expand`, but a second derivative a(1 - a)(1 - 2a) is not multiplied out: its terms cancel near a = 1."""
    record = elementwise(node.name) if node.op == "call" else None
    if record is None or record.of_output is None or record.arity > 1 or sum(node.orders) < 2:
        return expand(node)
    values = {build.ref("u0"): node.args[0], build.ref("y"): build.call(node.name, *node.args)}
    return instantiate(_by_output(node.name, node.orders[0]), values)


@cache
def template(name: str, orders: tuple[int, ...]) -> Node:
    """`derivative` as a node over the scalar refs u0, u1, ..., y."""
    symbols = {letter(k): build.ref(f"u{k}") for k in range(len(orders))}
    return to_node(derivative(name, orders), {**symbols, Y: build.ref("y")})


@cache
def has_formula(record: Elementwise, orders: tuple[int, ...]) -> bool:
    """Whether a derivative is written with other functions; if not it stays a derivative of this one."""
    if record.partials is None:
        return True
    partials = record.partials(Y, *[letter(k) for k in range(record.arity)])
    return all(order == 0 or partial is not None for order, partial in zip(orders, partials, strict=True))


def expand(node: Node, output: Node | None = None) -> Node:
    """A differentiated call of a registered function, written out; other nodes are returned as they are.

    `output` is a node for the undifferentiated value, if there is a shorter one than calling the function again.
    """
    record = elementwise(node.name) if node.op == "call" and any(node.orders) else None
    if record is None or not has_formula(record, node.orders):
        return node
    y = output if output is not None else build.call(node.name, *node.args)
    values = {build.ref(f"u{k}"): arg for k, arg in enumerate(node.args)}
    return instantiate(template(node.name, node.orders), {**values, build.ref("y"): y})


def instantiate(formal: Node, values: Mapping[Node, Node]) -> Node:
    """A scalar formal expression with tensors of one shape in place of its refs, elementwise."""

    def rule(node: Node, args: tuple[Node, ...]) -> Node:
        if node in values:
            return values[node]
        match node.op:
            case "add":
                return build.add(*([arg for arg in args if as_number(arg) != 0] or args))
            case "neg":
                return build.neg(*args)
            case "div":
                return build.div(*args)
            case "pow":
                return build.power(*args)
            case "contract":
                return build.mul(*args)
            case "call":
                return build.call(node.name, *args, orders=node.orders)
            case _:
                return with_args(node, args)

    shape = next(iter(values.values())).shape
    return build.broadcast_to(rewrite(formal, rule), shape)


# -------------------------------------------------------------------------------------- SymPy to nodes

FUNCTIONS: dict[Any, str] = {
    **{getattr(sp, name): name for name in ("exp", "log", "sign", "sin", "cos", "tan", "cot", "sec", "csc")},
    **{getattr(sp, name): name for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "atan2")},
    **{getattr(sp, name): name for name in ("asin", "acos", "atan", "erf", "erfc", "erfinv", "floor")},
    sp.Abs: "abs",
    sp.ceiling: "ceil",
    sp.gamma: "tgamma",
    sp.loggamma: "loggamma",
    sp.digamma: "digamma",
}
"""SymPy's functions that are operations, one to one."""
NATIVE: dict[str, Any] = {
    **{name: function for function, name in FUNCTIONS.items()},
    "maximum": sp.Max,
    "minimum": sp.Min,
    "sinc": lambda u: sp.sinc(sp.pi * u),
    "i0": lambda u: sp.besseli(0, u),
    "i1": lambda u: sp.besseli(1, u),
    "iv": sp.besseli,
    "hurwitz": sp.zeta,
    "gammainc": lambda order, u: sp.lowergamma(order, u) / sp.gamma(order),
    "round": lambda u: sp.floor(u + sp.S.Half) + sp.ceiling((2 * u - 1) / 4) - sp.floor((2 * u - 1) / 4) - 1,
}
"""How SymPy itself writes an operation."""


def to_node(expression: Any, symbols: Mapping[Any, Node]) -> Node:
    """A scalar SymPy expression as a node; `symbols` gives the node of every free symbol (and may give others).

    Raises UnsupportedError for what has no counterpart, naming it. Iterative, so depth is no limit.
    """
    done: dict[Any, Node] = dict(symbols)
    stack = [expression]
    while stack:
        current = stack[-1]
        if current in done:
            stack.pop()
            continue
        missing = [arg for arg in _operands(current) if arg not in done]
        if missing:
            stack.extend(missing)
            continue
        done[current] = _one(current, done)
        stack.pop()
    return done[expression]


def _operands(expression: Any) -> tuple[Any, ...]:
    if isinstance(expression, sp.Heaviside):
        return (expression.args[0],)
    if isinstance(expression, sp.polygamma):
        return (expression.args[1],)
    if isinstance(expression, sp.Pow) and expression.exp == sp.Rational(1, 2):
        return (expression.base,)
    if isinstance(expression, sp.Mul | sp.Pow | sp.Add | sp.Max | sp.Min | sp.Function):
        return tuple(expression.args)
    return ()


def _one(expression: Any, done: Mapping[Any, Node]) -> Node:
    if isinstance(expression, sp.Rational):
        return build.number(Fraction(int(expression.p), int(expression.q)))
    if isinstance(expression, sp.Float):
        return build.number(Fraction(str(expression)))
    if expression is sp.pi or expression is sp.E:
        return build.constant("pi" if expression is sp.pi else "e")
    if isinstance(expression, sp.Add):
        return _sum([(arg, done) for arg in expression.args])
    if isinstance(expression, sp.Mul):
        return _product(expression, done)
    if isinstance(expression, sp.Pow):
        if expression.exp == sp.Rational(1, 2):
            return build.call("sqrt", done[expression.base])
        if expression.exp == -1:
            return build.div(build.number(1), done[expression.base])
        return build.power(done[expression.base], done[expression.exp])
    if isinstance(expression, sp.Max | sp.Min):
        name = "maximum" if isinstance(expression, sp.Max) else "minimum"
        return reduce(lambda a, b: build.call(name, a, b), [done[arg] for arg in expression.args])
    if isinstance(expression, sp.Heaviside):
        return build.call("step", done[expression.args[0]])
    if isinstance(expression, sp.polygamma) and expression.args[0].is_Integer:
        return build.call("digamma", done[expression.args[1]], orders=(int(expression.args[0]),))
    if isinstance(expression, sp.Function):
        args = [done[arg] for arg in expression.args]
        own: str | None = getattr(expression, "derive_name", None)
        known = own or FUNCTIONS.get(type(expression)) or canonical_name(str(type(expression)))
        if known is not None:
            return build.call(known, *args)
    raise UnsupportedError(f"no counterpart for the SymPy expression {expression} ({type(expression).__name__})")


def _sum(items: list[tuple[Any, Mapping[Any, Node]]]) -> Node:
    """A sum, with a negative term as a difference and not first if another can be."""
    terms = sorted(items, key=lambda item: bool(item[0].could_extract_minus_sign()))
    return build.add(*[_signed(term, done) for term, done in terms])


def _signed(term: Any, done: Mapping[Any, Node]) -> Node:
    coefficient, rest = term.as_coeff_Mul()
    if coefficient.is_negative:
        positive = -coefficient * rest
        return build.neg(_product(positive, done) if isinstance(positive, sp.Mul) else to_node(positive, done))
    return done[term]


def _product(expression: Any, done: Mapping[Any, Node]) -> Node:
    """A product with a fraction where there are negative powers."""
    coefficient, rest = expression.as_coeff_Mul()
    if coefficient.is_negative:
        return build.neg(to_node(-coefficient * rest, done))
    over: list[Node] = []
    under: list[Node] = []
    for factor in expression.args:
        if isinstance(factor, sp.Rational) and factor.q > MOST_PARTS:
            over.append(done[factor])  # a decimal
        elif isinstance(factor, sp.Rational):
            over += [build.number(int(factor.p))] if factor.p != 1 else []
            under += [build.number(int(factor.q))] if factor.q != 1 else []
        elif isinstance(factor, sp.Pow) and factor.exp.is_Rational and factor.exp < 0:
            under.append(to_node(factor.base**-factor.exp, done))
        else:
            over.append(done[factor])
    top = build.mul(*over) if over else build.number(1)
    return build.div(top, build.mul(*under)) if under else top
