"""The page of all operations, `docs/operations.md`."""

from __future__ import annotations

from collections.abc import Sequence

from derive.report.operations import Operation

_HEAD = """# Operations

What a model may call, from the records in `derive/ops`; `derive ops WORD` tells the same of those with WORD in a name.
This page is written by `derive ops --markdown > docs/operations.md`. In derivatives g stands for what arrives from
above; 𝟙[u > 0] is 1 where u > 0, else 0; over(u, v) is u / v, and 0 where v is 0.
"""


def page(operations: Sequence[Operation]) -> str:
    """Every operation with what is known of it, as Markdown."""
    return "\n".join([_HEAD, *map(_section, operations)]).rstrip() + "\n"


def _section(operation: Operation) -> str:
    items = [f"- {what}: {_formula(text) if what not in _WORDS else text}" for what, text in operation.lines]
    return "\n".join([f"## {operation.name}", "", f"`{operation.signature}`", "", *items, ""])


_WORDS = ("shapes", "source", "also called")


def _formula(text: str) -> str:
    return f"`{text}`"
