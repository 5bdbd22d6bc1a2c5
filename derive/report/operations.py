"""The operations that models may call, from their records: signature, derivative, further names."""

from __future__ import annotations

from derive.ir import build
from derive.ir.graph import Graph
from derive.notation import unicode_node
from derive.ops.record import Elementwise, Record, callable_names, record_of, signature_of
from derive.ops.sympy_bridge import expand


def operations() -> list[tuple[str, str, str]]:
    """A row for each operation: how it is called, its derivative or what it is, what else it is called."""
    rows: dict[str, tuple[str, str, list[str]]] = {}
    for name in callable_names():
        record = record_of(name)
        first = record.name if record is not None and record.name in callable_names() else name
        if first not in rows:
            rows[first] = (signature_of(first), _about(record), [])
        if name != first:
            rows[first][2].append(name)
    return [(signature, about, ", ".join(others)) for _, (signature, about, others) in sorted(rows.items())]


def _about(record: Record | None) -> str:
    if isinstance(record, Elementwise) and record.arity == 1:
        slope = expand(build.call(record.name, build.ref("u"), orders=(1,)))
        if slope.op == "call" and slope.name == record.name:
            return "its derivatives have no other name"
        return f"{record.name}'(u) = {unicode_node(slope, Graph(name='operations'))}"
    return record.source if record is not None else ""
