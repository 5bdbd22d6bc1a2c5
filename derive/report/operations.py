"""The operations that models may call, from their records: one table for `derive ops`, its page and hints."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from derive.errors import DeriveError
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs, topological
from derive.ir.size import Shape, show_shape, size_of
from derive.notation import View, unicode_node
from derive.notation.matrix_algebra import NoMatrixForm
from derive.ops.composed import meaning
from derive.ops.conditions import conditions, countless, ends_of, open_nodes
from derive.ops.primitive import vjp
from derive.ops.record import (
    Elementwise,
    Tensor,
    builder_of,
    callable_names,
    plain_arguments,
    record_of,
    signature_of,
)
from derive.ops.sympy_bridge import expand, has_formula

_GRAPH = ComputationGraph(name="operations")
_SHAPES: tuple[Shape, ...] = ((size_of("n"),), (size_of("n"), size_of("n")), (size_of("m"), size_of("n")), ())
"""Of the operands with which a function that is made of others is shown, the first that fit."""


@dataclass(frozen=True)
class Operation:
    """What is known of an operation, in words; empty where there is nothing to say."""

    signature: str
    shapes: str = ""
    slope: str = ""
    value: str = ""
    domain: str = ""
    kinks: str = ""
    source: str = ""
    others: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name by which it is listed."""
        return self.signature.partition("(")[0]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Everything that there is to say, each with what it is."""
        said = (
            ("shapes", self.shapes),
            ("value", self.value),
            ("derivative", self.slope),
            ("domain", self.domain),
            ("kinks", self.kinks),
            ("source", self.source),
            ("also called", ", ".join(self.others)),
        )
        return [(what, text) for what, text in said if text]


def operations() -> list[tuple[str, str, str]]:
    """A row for each operation: how it is called, its derivative or what it is, what else it is called."""
    return [(op.signature, op.slope or op.source or op.value, ", ".join(op.others)) for op in described()]


def described(word: str = "") -> list[Operation]:
    """The operations with a word in their names, by name; all of them without a word."""
    rows: dict[str, list[str]] = {}
    names = callable_names()
    made: dict[object, str] = {}
    for name in names:
        record = record_of(name)
        if record is None:
            first = made.setdefault(builder_of(name), name)
        else:
            first = record.name if record.name in names else name
        rows.setdefault(first, [])
        if name != first:
            rows[first].append(name)
    wanted = word.casefold()
    kept = {first: others for first, others in rows.items() if any(wanted in n.casefold() for n in (first, *others))}
    return [replace(_operation(first), others=tuple(others)) for first, others in sorted(kept.items())]


def _operation(name: str) -> Operation:
    record = record_of(name)
    if isinstance(record, Elementwise):
        return _function(name, record)
    return _tensor(name, record) if isinstance(record, Tensor) else _made(name)


# ------------------------------------------------------------------------------------------- elementwise


def _function(name: str, record: Elementwise) -> Operation:
    letters = ("u", "v", "w")[: record.arity - len(record.parameters)]
    operands = [build.ref(letter) for letter in (*letters, *(key for key, _ in record.parameters))]
    call = build.call(record.name, *operands)
    return Operation(
        signature_of(name),
        shapes="entry by entry; operands are spread to one shape" if record.arity > 1 else "entry by entry",
        slope="; ".join(_slopes(record, operands)),
        value=_value(record, call),
        domain=", ".join(dict.fromkeys(_domain(call))),
        kinks=_kinks(call),
        source=record.source,
    )


def _slopes(record: Elementwise, operands: list[Node]) -> Iterator[str]:
    for k, operand in enumerate(operands):
        orders = tuple(int(j == k) for j in range(record.arity))
        if not has_formula(record, orders):
            yield f"none by {operand.name}"
            continue
        slope = expand(build.call(record.name, *operands, orders=orders))
        left = f"{record.name}'(u)" if record.arity == 1 else f"by {operand.name}"
        if slope.op == "call" and slope.name == record.name and any(slope.orders):
            yield "its derivatives have no other name"
        else:
            yield f"{left} = {_shown(slope)}" if record.arity == 1 else f"{left}: {_shown(slope)}"


def _value(record: Elementwise, call: Node) -> str:
    """The definition of a function that is composed of others."""
    if not record.is_composed:
        return ""
    return _shown(meaning(call))


def _domain(call: Node) -> Iterator[str]:
    for node in (call, *open_nodes([call])):
        ends = ends_of(node)
        if ends is None:
            continue
        text = _shown(ends.operand)
        if ends.never_zero:
            yield f"{text} ≠ 0"
        less = "≤" if ends.closed else "<"
        low = "" if ends.low == -float("inf") else f"{ends.low:g} {less} "
        high = "" if ends.high == float("inf") else f" {less} {ends.high:g}"
        if low or high:
            yield f"{low}{text}{high}"


def _kinks(call: Node) -> str:
    if countless([call]):
        return "countless steps"
    return ", ".join(dict.fromkeys(f"{_shown(switch)} = 0" for switch in conditions([call])))


def _shown(node: Node) -> str:
    return unicode_node(node, _GRAPH)


# --------------------------------------------------------------------------------------------- the others


def _tensor(name: str, record: Tensor) -> Operation:
    node = next(below for below in topological(record.samples[0]()) if below.op == record.name)
    arguments = [build.ref(letter, arg.shape) for letter, arg in zip("xyz", node.args, strict=False)]
    node = Node(node.op, tuple(arguments), node.attribute, node.shape)
    g = build.ref("g", node.shape)
    slopes = [
        f"{argument.name} gets {text}"
        for argument, cotangent in zip(arguments, vjp(node, g), strict=True)
        if cotangent is not None and (text := _readable(cotangent))
    ]
    return Operation(
        signature_of(name),
        shapes=_arrow(arguments, node),
        slope="; ".join(slopes),
        value=_readable(record.definition(node)) if record.definition is not None else "",
        kinks="where another entry becomes the one that counts" if record.switch is not None else "",
        source=record.source,
    )


def _made(name: str) -> Operation:
    """A function that is made of others, by what it builds."""
    function, plain = builder_of(name), plain_arguments(name)
    parameters = list(inspect.signature(function).parameters.values())
    required = [p for p in parameters if p.default is p.empty]
    operands = [p for p in parameters if p.name not in plain or p.default is p.empty]
    for given, shape in product((required, operands), _SHAPES):
        arguments = [2 if p.name in plain else build.ref(p.name, shape) for p in given]
        if any(p.kind is p.VAR_POSITIONAL for p in required) or name == "eye":
            arguments = [build.size_value(size_of("n"))]
        try:
            node = function(*arguments)
        except (DeriveError, ValueError):
            continue
        shown = [argument for argument in arguments if isinstance(argument, Node) and refs(argument)]
        return Operation(signature_of(name), shapes=_arrow(shown, node), value=_readable(node))
    return Operation(signature_of(name))


def _readable(node: Node) -> str:
    """A node as text: of matrices if it has such a form, else of entries."""
    views: tuple[View, ...] = ("matrix", "index") if any(below.shape for below in topological(node)) else ("scalar",)
    for view in views:
        try:
            return unicode_node(node, _GRAPH, view)
        except (DeriveError, NoMatrixForm):
            continue
    return ""


def _arrow(arguments: list[Node], node: Node) -> str:
    return f"{', '.join(show_shape(a.shape) for a in arguments) or 'nothing'} → {show_shape(node.shape)}"
