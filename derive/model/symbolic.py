"""Models from SymPy: scalar expressions and matrix expressions become graphs.

A dictionary `{z: w*x + b, a: 1/(1 + exp(-z)), ...}` is a graph with its lines in any order: they are sorted so that
every definition stands after what it uses, and symbols that nothing defines are inputs. How each class of expression
is converted stands in `derive.model.symbolic_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp
from sympy.matrices.expressions import Identity, MatrixExpr, MatrixSymbol, OneMatrix, ZeroMatrix

from derive.errors import ModelError, UnsupportedError
from derive.ir import build
from derive.ir.graph import Binding, Declaration, Fact, Graph
from derive.ir.node import Node
from derive.ir.size import Shape, Size, show_shape, size_of
from derive.model.symbolic_rules import rule_for
from derive.model.text import loads

Environment = Mapping[Any, Node]


def from_sympy(
    definitions: Mapping[Any, Any], *, name: str = "model", facts: Mapping[Any, Sequence[str]] | None = None
) -> Graph:
    """The graph of SymPy definitions, `{symbol: expression}`; the last one that no other uses is the loss.

    `facts` gives assumptions of inputs as in model text, `{T: ["simplex(axis=1)"]}`; `positive=True` and `nonzero=True`
    of symbols are taken over. Raises ModelError for a cycle or a key that is no symbol, UnsupportedError for an
    expression without counterpart, ShapeError for shapes that do not fit.
    """
    for key in definitions:
        if not isinstance(key, sp.Symbol | MatrixSymbol):
            raise ModelError(f"{key!r} is a {type(key).__name__}, not a symbol", hint="keys are Symbol or MatrixSymbol")
    expressions = {key: _expression(key, value) for key, value in definitions.items()}
    used = {key: _symbols(expression) for key, expression in expressions.items()}
    order = _ordered(expressions, used)
    converter = Converter(_size_symbols([*expressions, *expressions.values()]), dict(facts or {}))
    bindings: dict[str, Binding] = {}
    for key in order:
        for symbol in used[key]:
            if symbol not in expressions:
                converter.declare_input(symbol)
        bound = converter.name(key)
        try:
            node = converter.convert(expressions[key])
        except RecursionError:
            raise ModelError(f"the definition of {key} is nested too deeply", hint="name parts of it") from None
        if isinstance(key, MatrixSymbol):
            node = _checked(key, node, converter)
        bindings[bound] = Binding(bound, node, converter.latex(key))
        converter.values[key] = build.ref(bound, node.shape)
    everywhere = set().union(*used.values()) if used else set()
    sinks = [key for key in expressions if key not in everywhere]
    loss = converter.name(sinks[-1]) if sinks else None
    return Graph(name=name, declarations=converter.declarations, bindings=bindings, loss=loss)


def _expression(key: Any, value: Any) -> Any:
    if isinstance(value, bool | str) or value is None:
        raise ModelError(f"{key} is defined as {value!r}, not as a SymPy expression")
    if isinstance(value, int | float | Fraction):
        return sp.Rational(str(value))
    if not isinstance(value, sp.Basic | sp.MatrixBase):
        raise ModelError(f"{key} is defined as a {type(value).__name__}, not as a SymPy expression")
    return value


def _symbols(expression: Any) -> list[Any]:
    """The symbols of an expression in order of their names, so that graphs do not depend on hashes."""
    return sorted(expression.free_symbols, key=lambda symbol: (str(symbol), type(symbol).__name__))


def _ordered(expressions: Mapping[Any, Any], used: Mapping[Any, list[Any]]) -> list[Any]:
    """The keys, each after those it uses, otherwise in the given order. ModelError for a cycle, naming it."""
    done: dict[Any, None] = {}
    for start in expressions:
        path = [start]
        while path:
            open_below = [s for s in used[path[-1]] if s in expressions and s not in done]
            if path[-1] in done or not open_below:
                done.setdefault(path.pop())
            elif open_below[0] in path:
                ring = [*path[path.index(open_below[0]) :], open_below[0]]
                raise ModelError(f"a cycle: {' -> '.join(map(str, ring))}", hint="no value may depend on itself")
            else:
                path.append(open_below[0])
    return list(done)


def _size_symbols(expressions: list[Any]) -> frozenset[Any]:
    """The symbols that are dimensions of matrices."""
    found: set[Any] = set()
    for expression in expressions:
        for symbol in expression.atoms(MatrixSymbol, Identity, ZeroMatrix, OneMatrix):
            found |= {s for dimension in symbol.shape for s in dimension.free_symbols}
    return frozenset(found)


def _checked(key: Any, node: Node, converter: Converter) -> Node:
    declared = converter.shape(key)
    if node.shape != declared:
        raise ModelError(
            f"{key} is a MatrixSymbol of shape {show_shape(declared)}, but its definition has {show_shape(node.shape)}"
        )
    return node


@dataclass
class Converter:
    """The state of a conversion: what symbols stand for, and the declarations made on the way."""

    sizes: frozenset[Any]
    facts: dict[Any, Sequence[str]]
    values: dict[Any, Node] = field(default_factory=dict)
    declarations: dict[str, Declaration] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)

    # ----------------------------------------------------------------------------------------- names

    def name(self, symbol: Any) -> str:
        """A name that code can use; two symbols of one name (other assumptions) are an error."""
        if symbol not in self.names:
            text = str(symbol.name)
            if not text.isidentifier():
                text = re.sub(r"\W+", "_", text).strip("_") or "symbol"
                text = text if text.isidentifier() else f"s_{text}"
            if text in self.names.values():
                raise ModelError(f"two different symbols are called {text}", hint="give them different names")
            self.names[symbol] = text
        return self.names[symbol]

    def latex(self, symbol: Any) -> str | None:
        """The spelling of a symbol whose name is no identifier: SymPy prints such a name as it is."""
        return None if str(symbol.name).isidentifier() else str(symbol.name)

    def declare_input(self, symbol: Any) -> None:
        """Declare a free symbol, once; the dimensions of matrices are sizes."""
        if symbol in self.values:
            return
        if symbol in self.sizes:
            self.values[symbol] = build.size_value(self.size(symbol))
            return
        shape = self.shape(symbol)
        name = self.name(symbol)
        facts = self._facts(symbol, shape)
        self.declarations[name] = Declaration(name, "input", shape, facts, self.latex(symbol))
        self.values[symbol] = build.ref(name, shape)

    def _facts(self, symbol: Any, shape: Shape) -> tuple[Fact, ...]:
        written = self.facts.get(symbol, self.facts.get(str(symbol), ()))
        if written:
            return loads(f"x : {', '.join([show_shape(shape), *written])}").declarations["x"].facts
        if isinstance(symbol, MatrixSymbol):
            return ()
        return (Fact("positive"),) if symbol.is_positive else (Fact("nonzero"),) if symbol.is_nonzero else ()

    def declare_function(self, name: str, arity: int) -> None:
        """Declare a generic function; ModelError if it is used with two numbers of arguments."""
        known = self.declarations.setdefault(name, Declaration(name, "function", arity=arity))
        if known.kind != "function" or known.arity != arity:
            raise ModelError(f"{name} is used in two ways", hint="a function has one number of arguments")

    # ----------------------------------------------------------------------------------------- sizes

    def shape(self, symbol: Any) -> Shape:
        """The shape of a symbol or matrix expression."""
        return tuple(self.size(d) for d in symbol.shape) if isinstance(symbol, MatrixExpr) else ()

    def size(self, dimension: Any) -> Size:
        """A dimension as a size: a polynomial in symbols with whole coefficients."""
        if isinstance(dimension, sp.Integer):
            return size_of(int(dimension))
        if isinstance(dimension, sp.Symbol):
            return size_of(self.name(dimension))
        if isinstance(dimension, sp.Add):
            return reduce(lambda a, b: a + b, [self.size(arg) for arg in dimension.args])
        if isinstance(dimension, sp.Mul):
            return reduce(lambda a, b: a * b, [self.size(arg) for arg in dimension.args])
        if isinstance(dimension, sp.Pow) and dimension.exp.is_Integer and 1 < dimension.exp < 10:
            return reduce(lambda a, b: a * b, [self.size(dimension.base)] * int(dimension.exp))
        raise UnsupportedError(f"{dimension} cannot be the size of an axis")

    # -------------------------------------------------------------------------------------- the walk

    def convert(self, root: Any, local: Environment | None = None) -> Node:
        """The node of an expression; `local` gives the values of bound variables. Iterative."""
        done: dict[Any, Node] = {**self.values, **(local or {})}
        stack = [root]
        while stack:
            current = stack[-1]
            if current in done:
                stack.pop()
                continue
            operands, rule = rule_for(current)
            missing = [operand for operand in operands if operand not in done]
            if missing:
                stack.extend(reversed(missing))
                continue
            scope = replace(self, values=done) if local else self
            done[current] = rule(scope, current, [done[operand] for operand in operands])
            stack.pop()
        return done[root]
