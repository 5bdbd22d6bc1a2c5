r"""What the notes at braces state of the parts of a formula.

    \underbrace{\frac{\partial a}{\partial z}}_{a(1 - a)}        \underbrace{a - y}_{= \partial L / \partial a}

A note with an equals sign says that the part is equal to it, and so does one that calculates something. A word, a
single name or numeral, a product of sizes (`m \times n`), a comparison only speak of the part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.typography.layout import Layout
from derive.typography.nodes import (
    Accent,
    Cases,
    Fraction,
    Group,
    Markup,
    Matrix,
    Number,
    Operator,
    Relation,
    Row,
    Scripts,
    Symbol,
    Text,
    walk,
)
from derive.typography.statements import Statement

_SIGNS = frozenset({"+", "-", "/", "*", r"\cdot", r"\odot"})


def at_braces(layout: Layout, stated: Sequence[Statement]) -> Iterator[Statement]:
    """For each note that states something of its part the equation of both."""
    for part, note in layout.braced:
        said = bool(note.items) and isinstance(note.items[0], Relation) and note.items[0].text == "="
        value = replace(note, items=note.items[1:]) if said else note
        if part.items and value.items and _is_formula(value, said=said):
            around = (one for one in stated if one.span[0] <= part.span[0] and part.span[1] <= one.span[1])
            line = next((one.line for one in around), 0)
            span = min(part.span[0], note.span[0]), max(part.span[1], note.span[1])
            yield Statement((part, value), (Relation(note.span, "="),), span, line=line)


def _is_formula(note: Row, *, said: bool) -> bool:
    nodes = list(walk(note))[1:]
    if any(isinstance(node, Relation | Text | Matrix | Cases) or _is_word(node) for node in nodes):
        return False
    if said:
        return len(note.items) > 1 or not _is_name(note.items[0])  # a name is defined
    signs = {node.text for node in note.items if isinstance(node, Operator)}
    calls = len(note.items) > 1 and any(isinstance(node, Group) for node in note.items)
    calculates = bool(signs) or calls or any(isinstance(node, Fraction) for node in note.items)
    return calculates and signs <= _SIGNS


def _is_name(node: Markup) -> bool:
    """Whether it is a letter with scripts, none of which is plainly a power."""
    raised = isinstance(node, Scripts) and node.sup is not None and isinstance(node.sup.items[0], Number | Operator)
    return isinstance(node, Symbol | Scripts | Accent) and not raised


def _is_word(node: object) -> bool:
    return isinstance(node, Symbol) and node.font in ("text", "rm") and len(node.name) > 1
