"""Models from SymPy: scalar expressions and matrix expressions become graphs.

A dictionary `{z: w*x + b, a: 1/(1 + exp(-z)), ...}` is a graph with its lines in any order: they are sorted so that
every definition stands after what it uses, and symbols that nothing defines are inputs. How each class of expression
is converted stands in `derive.model.symbolic_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Literal

import sympy as sp
from sympy.matrices.expressions import MatrixExpr, MatrixSymbol

from derive.errors import ModelError, UnsupportedError
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration, Fact
from derive.ir.node import Node
from derive.ir.size import ONE, Shape, Size, show_shape, size_of
from derive.model.symbolic_indices import aligned, laid, letters_of, range_of
from derive.model.symbolic_input import Definitions, definitions_of
from derive.model.symbolic_names import Axes, axes_of, size_symbols, tensor, uses
from derive.model.symbolic_parts import shown
from derive.model.symbolic_rules import ENTRYWISE, INDEXED, rule_for
from derive.model.text import loads

Environment = Mapping[Any, Node]


def from_sympy(
    definitions: Any, *, name: str = "model", loss: Any = None, facts: Mapping[Any, Sequence[str]] | None = None
) -> ComputationGraph:
    """The graph of SymPy definitions, `{symbol: expression}`; the last one that no other uses is the loss.

    Also a list of equations or pairs, names as keys, entries `{z[i]: Sum(W[i, j]*x[j], (j, 0, n - 1))}`, and a bare
    expression, which is the loss. `loss` names the loss, by a symbol or a name. `facts` gives assumptions of inputs as
    in model text, `{T: ["simplex(axis=1)"]}`; `positive=True` and `nonzero=True` of symbols are taken over.

    Raises ModelError for a cycle, for a key that is no symbol and for an index that is free, UnsupportedError for an
    expression without counterpart, ShapeError for shapes that do not fit.
    """
    given = definitions_of(definitions, loss)
    expressions = {tensor(key) if isinstance(key, sp.IndexedBase) else key: e for key, e in given.expressions.items()}
    sizes = size_symbols(given)
    found = {key: uses(expression) for key, expression in expressions.items()}
    used = {key: list(found[key].values) for key in expressions}
    converter = Converter(sizes, dict(facts or {}), axes_of(given), frozenset(expressions))
    bindings: dict[str, Binding] = {}
    for key in _ordered(expressions, used):
        bound = converter.name(key)
        letters = next((letters for base, letters in given.letters.items() if tensor(base) == key), ())
        free = sorted(map(str, found[key].letters - set(letters) - sizes))
        if free:
            raise ModelError(
                f"the index {free[0]} is free in the definition of {key}: {shown(expressions[key])}",
                hint=f"sum over it, Sum(..., ({free[0]}, 0, n - 1)), or define entries: {key}[{free[0]}]",
            )
        for symbol in used[key]:
            if symbol not in expressions:
                converter.declare_input(symbol)
        try:
            node = _node(converter, key, expressions[key], letters, given)
        except RecursionError:
            raise ModelError(f"the definition of {key} is nested too deeply", hint="name parts of it") from None
        bindings[bound] = Binding(bound, node, converter.latex(key))
        converter.values[key] = build.ref(bound, node.shape)
    everywhere = set().union(*used.values()) if used else set()
    sinks = [key for key in expressions if key not in everywhere]
    last = converter.name(sinks[-1]) if sinks else None
    chosen = last if given.loss is None else _loss(given.loss, {str(key.name): key for key in expressions}, converter)
    return ComputationGraph(name=name, declarations=converter.declarations, bindings=bindings, loss=chosen)


def _loss(name: str, keys: Mapping[str, Any], converter: Converter) -> str:
    if name not in keys:
        raise ModelError(f"the loss {name!r} is not among the definitions", hint=f"they are {', '.join(keys)}")
    return converter.name(keys[name])


def _node(converter: Converter, key: Any, expression: Any, letters: tuple[Any, ...], given: Definitions) -> Node:
    """The node of a definition, of the shape that its left side has."""
    if letters:
        ranges = {letter: range_of(converter, letter, key, expression, letters, given) for letter in letters}
        scope = replace(converter, indices=ranges)
        own = scope.convert(expression)
        out = tuple(letters)
        return (
            laid(scope, [(expression, own)], out)
            if letters_of(scope, expression)
            else build.fill(own, tuple(size for _, size in ranges.values()))
        )
    node = converter.convert(expression)
    if isinstance(key, MatrixSymbol):
        return _checked(key, node, converter)
    if isinstance(key, sp.Symbol) and node.shape and all(size is ONE for size in node.shape):
        return build.sum_over(node)  # a matrix of one entry under a scalar's name is the entry
    return node


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
    axes: Axes
    defined: frozenset[Any]
    indices: dict[Any, tuple[int, Size]] = field(default_factory=dict)  # letters with where they start and their ranges
    values: dict[Any, Node] = field(default_factory=dict)
    declarations: dict[str, Declaration] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)

    # ----------------------------------------------------------------------------------------- names

    def name(self, symbol: Any) -> str:
        """A name that code can use; two symbols of one name (other assumptions) are an error."""
        if symbol not in self.names:
            text = str(symbol.name)
            if not text.isidentifier():
                text = re.sub(r"\W+", "_", text.replace("'", "_prime")).strip("_") or "symbol"
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
        symbol = symbol.label if isinstance(symbol, sp.IndexedBase) else symbol
        return (Fact("positive"),) if symbol.is_positive else (Fact("nonzero"),) if symbol.is_nonzero else ()

    def declare_function(self, name: str, arity: int, kind: Literal["function", "functional"]) -> None:
        """Declare a generic function; ModelError if it is used with two numbers of arguments."""
        made = Declaration(name, kind, arity=arity) if kind == "function" else Declaration(name, kind)
        if self.declarations.setdefault(name, made) != made:
            raise ModelError(f"{name} is used in two ways", hint="a function has one number of arguments")

    # ----------------------------------------------------------------------------------------- sizes

    def shape(self, symbol: Any) -> Shape:
        """The shape of a symbol, a tensor or a matrix expression."""
        if isinstance(symbol, sp.IndexedBase):
            return tuple(self.size(d) for d in self.axes.needed(symbol))
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

    def with_letters(self, ranges: Mapping[Any, tuple[int, Size]]) -> Converter:
        """The same conversion inside of sums over these letters, too."""
        return replace(self, indices={**self.indices, **ranges})

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
            args = [done[operand] for operand in operands]
            if self.indices and rule in ENTRYWISE:
                args = aligned(self, current, operands, args)
            elif rule not in INDEXED and letters_of(self, current):
                raise UnsupportedError(
                    f"{shown(current)} is a matrix that depends on an index", hint="write it with entries: A[i, j]"
                )
            done[current] = rule(scope, current, args)
            stack.pop()
        return done[root]
