"""Models in Python: values with NumPy's operators and functions.

A `Value` is a node with operators. `X @ W + b` builds the same nodes as the line `X @ W + b` of a model text, so shapes
are checked where the expression is written and nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from derive.errors import DeriveError, ModelError, UnknownNameError, did_you_mean
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node
from derive.ir.size import Size, show_shape, size_of
from derive.model.combine import signed_sum
from derive.ops import record

MOST_LISTED = 12


class Value:
    """An expression of a model: inputs, bindings and what operators and `derive`'s functions make of them."""

    __slots__ = ("node", "terms")
    __array_ufunc__ = None  # NumPy arrays leave the operators to us

    def __init__(self, node: Node, terms: tuple[tuple[bool, Node], ...] = ()) -> None:
        self.node = node
        # of a sum that goes on: a + b - c is one sum of three terms, as it is in a model text
        self.terms = terms or ((False, node),)

    @property
    def shape(self) -> tuple[str | int, ...]:
        """The shape: integers, and named sizes as text."""
        return tuple(size.number if size.number is not None else str(size) for size in self.node.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.node.shape)

    @property
    def T(self) -> Value:
        """The axes reversed."""
        return Value(build.transpose(self.node))

    def __repr__(self) -> str:
        what = self.node.name if self.node.op == "ref" else "an expression"
        return f"<Value {what} {show_shape(self.node.shape)}>"

    def __hash__(self) -> int:
        return hash(self.node)

    def __bool__(self) -> bool:
        raise DeriveError("a value of a model is neither true nor false", hint="use derive.where for cases")

    def __iter__(self) -> Any:
        raise DeriveError("a value of a model cannot be iterated over", hint="use its entries: x[0], x[1], ...")

    def __add__(self, other: Any) -> Value:
        return self._sum(False, node_of(other))

    def __radd__(self, other: Any) -> Value:
        return Value(node_of(other))._sum(False, self.node)

    def __sub__(self, other: Any) -> Value:
        return self._sum(True, node_of(other))

    def __rsub__(self, other: Any) -> Value:
        return Value(node_of(other))._sum(True, self.node)

    def _sum(self, minus: bool, other: Node) -> Value:
        terms = (*self.terms, (minus, other))
        return Value(signed_sum(terms), terms)

    def __mul__(self, other: Any) -> Value:
        return Value(build.mul(self.node, node_of(other)))

    def __rmul__(self, other: Any) -> Value:
        return Value(build.mul(node_of(other), self.node))

    def __truediv__(self, other: Any) -> Value:
        return Value(build.div(self.node, node_of(other)))

    def __rtruediv__(self, other: Any) -> Value:
        return Value(build.div(node_of(other), self.node))

    def __pow__(self, other: Any) -> Value:
        return Value(build.power(self.node, node_of(other)))

    def __rpow__(self, other: Any) -> Value:
        return Value(build.power(node_of(other), self.node))

    def __matmul__(self, other: Any) -> Value:
        return Value(build.matmul(self.node, node_of(other)))

    def __rmatmul__(self, other: Any) -> Value:
        return Value(build.matmul(node_of(other), self.node))

    def __neg__(self) -> Value:
        return Value(build.neg(self.node))

    def __getitem__(self, position: int | slice | tuple[int | slice, ...]) -> Value:
        """Entries, rows and columns: integers from 0, and `:` for a whole axis."""
        asked = position if isinstance(position, tuple) else (position,)
        places: list[int | None] = []
        for item in asked:
            if isinstance(item, slice) and item != slice(None):
                raise DeriveError("only whole axes can be sliced", hint="x[:, 0] takes a column")
            places.append(None if isinstance(item, slice) else item)
        places += [None] * (self.ndim - len(places))
        return Value(build.entry(self.node, tuple(places)))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Value:
        """The sum over an axis, or over all."""
        return apply("sum", self, axis=axis, keepdims=keepdims)

    def mean(self, axis: int | None = None, keepdims: bool = False) -> Value:
        """The mean over an axis, or over all."""
        return apply("mean", self, axis=axis, keepdims=keepdims)


def node_of(value: Any) -> Node:
    """The node of a value, a number or an array of numbers.

    A float is taken as the decimal that Python prints for it: `0.1` is one tenth. Raises ModelError for anything else.
    """
    if isinstance(value, Value):
        return value.node
    if isinstance(value, Node):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return _array(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ModelError(f"{value!r} is a {type(value).__name__}, not a value of a model or a number")
    try:
        return build.number(Fraction(str(value)))
    except ValueError:
        raise ModelError(f"{value!r} is not a finite number") from None


def _array(rows: Sequence[Any]) -> Node:
    shape: list[int] = []
    level: list[Any] = [rows]
    while level and isinstance(level[0], list | tuple):
        lengths = {len(row) if isinstance(row, list | tuple) else -1 for row in level}
        if len(lengths) != 1:
            raise ModelError("the rows of an array differ in length")
        shape.append(lengths.pop())
        level = [item for row in level for item in row]
    if not level:
        raise ModelError("an empty array has no entries")
    items = [node_of(item) for item in level]
    if any(item.shape for item in items):
        raise ModelError("the entries of an array are scalars")
    return build.array(items, tuple(shape))


def name_in(graph: ComputationGraph, asked: Any) -> str:
    """The name that a value, a SymPy symbol, a name or its spelling asks for. ModelError for anything else."""
    if isinstance(asked, Value) and asked.node.op == "ref":
        return asked.node.name
    # a Symbol, MatrixSymbol or IndexedBase, or an entry of one; SymPy is not imported for the question
    of_symbol = getattr(asked.base if hasattr(asked, "indices") else asked, "name", None)
    name = asked if isinstance(asked, str) else of_symbol
    if not isinstance(name, str):
        raise ModelError(f"{asked!r} is a {type(asked).__name__}, not a name", hint="give a name, or a symbol")
    if name in graph or name in graph.aliases:
        return name
    return next((known for known in graph.names if graph.latex(known) == name), name)


def known_name(graph: ComputationGraph, asked: Any) -> str:
    """The input or binding that a value, a SymPy symbol or a name asks for. UnknownNameError for another one."""
    name: str = graph.aliases.get(asked := name_in(graph, asked), asked)
    if name not in graph:
        names = list(graph.names)
        listed = f"the names are {', '.join(names)}" if len(names) <= MOST_LISTED else None
        raise UnknownNameError(f"{graph.name} has no {name!r}", hint=did_you_mean(name, names) or listed)
    return name


def parse_shape(shape: str | int | Size | Iterable[str | int | Size]) -> tuple[Size, ...]:
    """The shape written as `"m n"`, `"(m, 3)"`, `("m", 3)`; `""` is a scalar. ModelError for what is no size."""
    if isinstance(shape, int | Size):
        shape = (shape,)
    if isinstance(shape, str):
        inner = shape.strip().removeprefix("(").removesuffix(")").replace(",", " ")
        shape = () if inner == "scalar" else tuple(inner.split())
    sizes = []
    for item in shape:
        if isinstance(item, str) and item.isdigit():
            item = int(item)
        if isinstance(item, bool) or not isinstance(item, int | str | Size):
            raise ModelError(f"{item!r} is not a size", hint='write "m n", or ("m", 3)')
        if (isinstance(item, int) and item < 1) or (isinstance(item, str) and not item.isidentifier()):
            raise ModelError(f"{item!r} is not a size", hint='sizes are names and positive integers: "m 3"')
        sizes.append(size_of(item))
    return tuple(sizes)


def apply(name: str, *args: Any, **options: Any) -> Value:
    """The operation `name` of the registry applied to values; axes and flags stay plain.

    Raises UnknownNameError, ModelError for arguments that do not fit, ShapeError for shapes that do not.
    """
    plain = record.plain_arguments(name) if name in operation_names() else frozenset()
    operands = [arg if k in plain else node_of(arg) for k, arg in enumerate(args)]
    named = {key: arg if key in plain else node_of(arg) for key, arg in options.items()}
    return Value(record.build_call(name, operands, named))


def operation(name: str) -> Callable[..., Value] | None:
    """The registered operation `name` as a function of values, or None if there is none."""
    if name not in operation_names():
        return None

    def function(*args: Any, **options: Any) -> Value:
        return apply(name, *args, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The operation `{name}` applied to values of a model; options as in NumPy."
    return function


def operation_names() -> list[str]:
    """Every operation that `derive.NAME(...)` offers."""
    return record.callable_names()
