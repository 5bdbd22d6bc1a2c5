r"""Arrays written out: matrices, lists of components, and norms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.node import topological
from derive.meaning import values
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.dots import listed
from derive.meaning.lookup import spelling_of
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.reading_text import call_text
from derive.meaning.scripts import text_of, tokens_of
from derive.ops.linear_algebra import det
from derive.ops.record import build_call
from derive.typography.nodes import (
    Ellipsis,
    Group,
    Markup,
    Offsets,
    Punct,
    Row,
    Scripts,
)


def tuple_of(node: Group, items: Sequence[Markup], scope: Scope) -> Result:
    """`(b_1, b_2, ..., b_n)`: a vector by its components; `[a, b; c, d]`: an array by its rows."""
    rows = _parted(items, ";") if node.open == "[" else [items]
    lines = [_parted(row, ",") for row in rows]
    if any(not part for line in lines for part in line):
        raise NotUnderstood(node.span, "a component between the commas")
    if len(lines) > 1:
        return _array([[scope.read(part, scope) for part in line] for line in lines], node.span)
    (parts,) = lines
    if any(len(part) == 1 and isinstance(part[0], Ellipsis) for part in parts):
        return listed(parts, node.span, scope)
    return _array([[scope.read(part, scope)] for part in parts], node.span)


def _parted(items: Sequence[Markup], sign: str) -> list[list[Markup]]:
    parts: list[list[Markup]] = [[]]
    for inner in items:
        if isinstance(inner, Punct) and inner.text == sign:
            parts.append([])
        else:
            parts[-1].append(inner)
    return parts


def matrix(rows: Sequence[Sequence[Row]], node: Markup, scope: Scope) -> Result:
    cells = []
    for row in rows:
        if any(not cell.items for cell in row):
            raise NotUnderstood(node.span, "an entry in every cell")
        if any(isinstance(inner, Ellipsis) for cell in row for inner in cell.items):
            raise NotUnderstood(node.span, "a matrix with all its entries")
        cells.append([scope.read(cell.items, scope) for cell in row])
    return _array(cells, node.span)


def _array(cells: list[list[Result]], span: Offsets) -> Result:
    """Scalars as an array: one column is of rank one."""
    broken = values.problem_in(*(cell for line in cells for cell in line))
    if broken is not None:
        return broken
    flat = [cell for line in cells for cell in line if isinstance(cell, Denotation)]
    if any(cell.shape or cell.letters for cell in flat):
        raise NotUnderstood(span, "entries that are scalars")
    if len({len(line) for line in cells}) != 1:
        return Problem("shape_mismatch", "the rows have different lengths", span)
    width = len(cells[0])
    text = "[" + "; ".join(", ".join(c.text for c in line if isinstance(c, Denotation)) for line in cells) + "]"
    shape = (len(cells),) if width == 1 else (len(cells), width)
    return Denotation(build.array([cell.node for cell in flat], shape), text=text)


def norm(bar: str, items: Sequence[Markup], node: Markup, scope: Scope) -> Result:
    """`|x|` of a scalar, the 2-norm of an array or its entries; `|W|` of a square matrix may be its determinant."""
    inner = scope.read(items, scope)
    if isinstance(inner, Problem):
        return inner
    text = f"‖{inner.text}‖"
    if not inner.shape or (bar == "|" and _is_by_entries(node, scope)):
        return replace(inner, node=build.call("abs", inner.node), chain=None, text=call_text("abs", inner.text))
    square = len(inner.shape) == 2 and inner.shape[0] is inner.shape[1]
    meant = square and inner.node in _determinants(scope)
    if bar == "|" and square and not inner.letters and (meant or scope.choose(("det", node.span), [True, False])):
        return replace(inner, node=det(inner.node), chain=None, text=call_text("det", inner.text))
    axes = tuple(range(len(inner.letters), len(inner.node.shape)))
    squares = build.sum_over(build.power(inner.node, 2), axes)
    return Denotation(build.call("sqrt", squares), inner.letters, text=text)


def norm_of_order(node: Scripts, value: Result, scope: Scope) -> Result:
    r"""`\|x\|_2` and `\|W\|_F`, the norms that are meant without an index, `\|x\|_1`, `\|x\|_p`, `\|x\|_\infty`.

    `\|W\|_1` and `\|W\|_\infty` of a matrix are the largest sum of a column and of a row, or those of all its entries.
    """
    assert node.sub is not None
    assert isinstance(node.base, Group)
    if not isinstance(value, Denotation):
        return value
    inner = scope.read(node.base.items, scope)
    shown = text_of(tokens_of(node.sub.items)) or ""
    rank = len(inner.shape) if isinstance(inner, Denotation) else 0
    if (shown == "2" and rank < 2) or (shown == "F" and rank > 1):
        return value
    order = inf if shown == r"\infty" else int(shown) if shown.isdigit() and shown != "0" else None
    if order is None or not isinstance(inner, Denotation) or not 0 < rank < 3 or (rank == 2 and order not in (1, inf)):
        raise NotUnderstood(node.span, "a norm of a whole order or of infinity, or the Frobenius norm of a matrix")
    axes = tuple(range(len(inner.letters), len(inner.node.shape)))
    if rank == 1 or scope.choose(("norm", node.span), (True, False)):
        made = build_call("norm", [inner.node, order], {"axis": axes})
    else:
        name = "sum" if order == 1 else "amax"
        made = build_call(name, [build.call("abs", inner.node)], {"axis": axes})
        return Denotation(made, inner.letters, text=call_text(name, call_text("abs", inner.text)))
    return Denotation(made, inner.letters, text=f"{value.text}_{'∞' if order == inf else order}")


def _determinants(scope: Scope) -> set[Term]:
    """What the model takes determinants of: `|W|` of such a matrix is no norm."""
    nodes = topological(*(binding.node for binding in scope.frame.graph.bindings.values()))
    return {node.args[0] for node in nodes if node.op in ("det", "logdet")}


_BRANCHES = frozenset({"abs", "maximum", "minimum", "sign", "step", "where"})


def _is_by_entries(node: Markup, scope: Scope) -> bool:
    r"""`|r|` of an array for the array of the `|r_i|`, as in `r \odot [|r| < 1]`.

    Open in a condition; settled there by a model that branches entry by entry and takes no root, so no length. Outside
    of conditions it is open where the model takes absolute values of arrays.
    """
    nodes = list(topological(*(binding.node for binding in scope.frame.graph.bindings.values())))
    branches = {below.name for below in nodes if below.op == "call" and below.shape and below.name in _BRANCHES}
    rooted = any(below.op == "call" and below.name == "sqrt" for below in nodes)
    if scope.comparing:
        return (bool(branches) and not rooted) or scope.choose(("bars", node.span), [False, True])
    return "abs" in branches and scope.choose(("bars", node.span), [False, True])


def inner_product(node: Group, scope: Scope) -> Result:
    r"""`\langle x, y \rangle` of two arrays of one shape."""
    at = [k for k, inner in enumerate(node.items) if isinstance(inner, Punct) and inner.text == ","]
    if len(at) != 1 or not 0 < at[0] < len(node.items) - 1:
        raise NotUnderstood(node.span, "two arrays with a comma between them")
    a, b = scope.read(node.items[: at[0]], scope), scope.read(node.items[at[0] + 1 :], scope)
    broken = values.problem_in(a, b)
    if broken is not None:
        return broken
    assert isinstance(a, Denotation)
    assert isinstance(b, Denotation)
    if a.shape != b.shape:
        return Problem("shape_mismatch", "an inner product of two shapes", node.span)
    axes = tuple(range(len(a.shape)))
    bad = values.conflict([a, b], node.span)
    return bad or replace(values.contraction([a, b], [axes, axes], ()), text=f"⟨{a.text}, {b.text}⟩")


def components(node: Markup, scope: Scope) -> list[str] | None:
    """The scalars `y^{(3)}_1, y^{(3)}_2, ...` that `y^{(3)}` stands for as a vector, or None."""
    spelling = spelling_of(node, scope)
    if spelling is None or spelling.subs or not spelling.sups or spelling.sups[0] not in ("(", "["):
        return None
    for base in spelling.bases:
        found: dict[int, str] = {}
        numbered = scope.frame.lexicon.numbered.get((base, 1, len(spelling.sups), spelling.primes), [])
        for (sub,), sups, entry in numbered:
            if sups == spelling.sups and isinstance(sub, int) and entry.kind == "value":
                found[sub] = entry.name
        if len(found) > 1 and sorted(found) == list(range(1, len(found) + 1)):
            names = [found[k] for k in sorted(found)]
            return names if not any(scope.frame.graph.shape(name) for name in names) else None
    return None


def is_tuple(base: Markup | None) -> bool:
    """Whether components stand side by side in brackets; below one another, `[b_1; b_2]`, they are a column."""
    signs = {inner.text for inner in base.items if isinstance(inner, Punct)} if isinstance(base, Group) else set()
    return signs == {","}
