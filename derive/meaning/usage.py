"""What a name of the model stands for where it is used: its value, or a size as a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.size import Size, show_shape, size_of
from derive.meaning import values
from derive.meaning.axes import axes_of
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.lookup import Resolved, resolve
from derive.meaning.reading_state import PENDING, IndexRange, NotUnderstood, Scope
from derive.meaning.scripts import Lin, Token
from derive.notation.latex import latex
from derive.notation.names import Names
from derive.notation.style import Style
from derive.typography.nodes import Markup, Offsets, Row, Scripts, Symbol

Step = tuple[Result, int]


def name_value(found: Resolved, span: Offsets, scope: Scope) -> Result:
    """The value of a name with its indices; the superscript is left to the caller."""
    entry = found.entry
    if entry.kind == "size":
        return Denotation(build.size_value(size_of(entry.name)), text=entry.name)
    if entry.kind in ("symbol", "parameter"):
        return Denotation(build.ref(entry.name, scope.frame.graph.declarations[entry.name].shape), text=entry.name)
    if entry.kind == "generic":
        assert entry.pattern is not None
        inner = resolve(entry.pattern, scope, rename="°")
        if inner is None:
            raise NotUnderstood(span, f"an alias of something declared, not of {entry.name}")
        return inner if isinstance(inner, Problem) else name_value(inner, span, scope)
    node = scope.frame.graph.ref(entry.name)
    axes = axes_of(found, len(node.shape), node.shape, scope, span)
    if isinstance(axes, Problem):
        return axes
    return replace(values.indexed(node, axes), text=entry.name + show_axes(axes))


def layer_number(node: Markup, scope: Scope) -> Result | None:
    """The number of a layer, where a family is written out: of the last one, or of the one that a letter stands for."""
    depth = scope.frame.depth
    if depth is None or not isinstance(node, Symbol):
        return None
    number = scope.count(node.name)
    if number is not None:
        return Denotation(build.number(number), text=node.name if node.name == depth.high else str(number))
    if node.name not in (depth.index, *scope.counting) or node.name in scope.sizes:
        return None
    numbers = range(depth.low, depth.layers + 1)  # a sum has limits of its own
    scope.pending.append(IndexRange((node.name,), frozenset((n,) for n in numbers)))
    return Problem(PENDING, f"{node.name} stands for layers", node.span)


def spelled_otherwise(node: Markup, scope: Scope) -> str:
    """Of an unknown `o_t` where the model has layers of o: how it spells them, and what makes it spell them so."""
    if not isinstance(node, Scripts) or not isinstance(node.base, Symbol):
        return ""
    graph, depth, stem = scope.frame.graph, scope.frame.depth, node.base.name.lstrip("\\")
    member = next((name for name in graph.names if name.startswith(f"{stem}[")), None)
    if member is None:
        return ""
    member = member if depth is None else f"{stem}[{depth.index}]"
    shown = scope.source[node.span[0] : node.span[1]]
    spelled = latex(Names(graph, Style()).formula(member))
    return f': the model spells its layers {spelled}, or {shown} with `as "{shown}"` behind the line of {member}'


def show_axes(axes: Sequence[str | int | None]) -> str:
    """`[i, 2]`, positions counted from 1."""
    while axes and axes[-1] is None:
        axes = axes[:-1]
    shown = (":" if a is None else str(a + 1) if isinstance(a, int) else a.partition("·")[0] for a in axes)
    return f"[{', '.join(shown)}]" if axes else ""


def annotated(value: Denotation, tokens: Sequence[Token], span: Offsets, scope: Scope) -> Result:
    """A value with its shape written beside it: the shapes have to agree."""
    shape: list[Size] = []
    for token in tokens:
        if isinstance(token, int):
            shape.append(size_of(token))
        elif isinstance(token, Lin):
            shape.append(size_in([Symbol(span, token.letter)], scope))
        elif isinstance(token, Markup):
            shape.append(size_in([token], scope))
    if tuple(shape) != value.shape:
        claimed = show_shape(tuple(shape))
        return Problem("shape_mismatch", f"{value.text} has shape {show_shape(value.shape)}, not {claimed}", span)
    return value


def size_in(items: Sequence[Markup], scope: Scope) -> Size:
    """The size that an expression in sizes is. Raises NotUnderstood if it is none."""
    if not items:
        raise NotUnderstood((0, 0), "a size")
    span = items[0].span[0], items[-1].span[1]
    if len(items) == 2 and all(isinstance(item, Symbol) for item in items):
        # nL for n_L: a name with its subscript beside it
        first, second = items
        size = _known_size(Scripts(span, first, Row(second.span, (second,), braced=False)), scope)
        if size is not None and _known_size(first, scope) is None:
            scope.note("notation", span, f"{scope.source[span[0] : span[1]]} is written for a subscript")
            return size
    value = scope.read(items, scope)
    size = as_size(value.node) if isinstance(value, Denotation) else None
    if size is None:
        raise NotUnderstood(span, "a size")
    return size


def _known_size(node: Markup, scope: Scope) -> Size | None:
    found = resolve(node, scope)
    return size_of(found.entry.name) if isinstance(found, Resolved) and found.entry.kind == "size" else None


def as_size(node: Term) -> Size | None:
    """The polynomial in sizes that a node is, or None."""
    if node.op == "size":
        return node.size
    if node.op == "number":
        return size_of(int(node.value)) if node.value.denominator == 1 else None
    parts = [as_size(arg) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts) or not known:
        return None
    if node.op == "neg":
        return size_of(0) - known[0]
    if node.op not in ("add", "contract") or node.shape:
        return None
    total = known[0]
    for part in known[1:]:
        total = total + part if node.op == "add" else total * part
    return total
