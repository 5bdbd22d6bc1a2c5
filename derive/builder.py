"""Building a model line by line, with NumPy's operators:

    g = Graph("layer")
    X, W, b = g.input("X", "m n"), g.input("W", "n k"), g.input("b", "k")
    Z = g.let("Z", X @ W + b)

A declaration goes through the reader of model text, so the same names, shapes and assumptions are accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from derive import model
from derive.errors import ModelError
from derive.ir import build
from derive.ir import graph as ir
from derive.ir.node import topological
from derive.ir.size import show_shape, size_of
from derive.model.names import parse_name
from derive.operators import Value, node_of, parse_shape
from derive.ops.definite import check_definite


class Builder:
    """A graph that grows: every call replaces the plain graph `data` by one with a further line."""

    data: ir.ComputationGraph

    def input(self, name: str, shape: Any = "", *facts: str, latex: str | None = None) -> Value:
        """Declare an input of shape `"m n"`, `("m", 3)`, `""` (scalar) and return it.

        Facts are written as in model text: `"positive"`, `"simplex(axis=1)"`, `"in (0, 1)"`. Raises ModelError for a
        name that is taken and for what is no name, shape or fact.
        """
        sizes = parse_shape(shape)
        written = show_shape(sizes)
        self._declare(name, ", ".join([written, *facts]), latex)
        return Value(self.data.ref(name))

    def size(self, name: str) -> Value:
        """The size of an axis as a number, such as the m in `sum(...) / m`."""
        return Value(build.size_value(size_of(name)))

    def function(self, name: str, arity: int = 1, *, latex: str | None = None) -> Callable[..., Value]:
        """Declare a generic elementwise function, printed `f`, `f'`, and return it."""
        self._declare(name, f"function({arity})", latex)
        return lambda *args: Value(build.call(name, *map(node_of, args)))

    def functional(self, name: str, *, latex: str | None = None) -> Callable[..., Value]:
        """Declare an opaque scalar function of whole tensors, such as a loss, and return it."""
        self._declare(name, "functional", latex)
        return lambda *args: Value(build.functional(name, *map(node_of, args)))

    def _declare(self, name: str, declared: str, latex: str | None) -> None:
        self._check_free(name)
        read = model.loads(f"{name} : {declared}").declarations
        mine = {
            key: replace(entry, span=None, latex=latex if key == name else entry.latex)
            for key, entry in read.items()
            if key not in self.data.declarations
        }
        self.data = replace(self.data, declarations={**self.data.declarations, **mine})

    def let(self, name: str, value: Any, *, latex: str | None = None) -> Value:
        """Bind `name` to an expression and return the reference to it; the last binding is the loss.

        Raises ModelError for a name that is taken and for an expression that refers to another graph.
        """
        self._check_free(name)
        node = node_of(value)
        for below in topological(node):
            if below.op == "ref" and (below.name not in self.data or self.data.shape(below.name) != below.shape):
                raise ModelError(
                    f"{name} refers to {below.name}, which is not in {self.data.name}",
                    hint="make every value with the input and let of one graph",
                )
            check_definite(below, self.data.declarations, self.data.bindings)
        bound = self.data.with_binding(ir.Binding(name, node, latex))
        self.data = bound.with_loss(name)
        return Value(self.data.ref(name))

    def _check_free(self, name: str) -> None:
        if parse_name(name) is None:
            raise ModelError(f"{name!r} is not a name", hint="names are letters, digits and _; spell it with latex=")
        if name in self.data.bindings or name in self.data.declarations:
            raise ModelError(
                f"{name} is already there in {self.data.name}", hint="a name is defined once; use another one"
            )
