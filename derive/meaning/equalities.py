"""What an equality sign asks for: two nodes of one shape, or the reason why there cannot be any.

An equality never broadcasts, with three exceptions that every text makes: 0 stands for zeros of any shape, a scalar for
an array of one entry, and a Jacobian that is diagonal for every input may be equated to the array of its diagonal,
entry by entry, or to the scalar that every one of these entries is. Free letters are quantified over all they count.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from derive.ir import build
from derive.ir.size import Shape, show_shape
from derive.meaning import values
from derive.meaning.claim import Check, Denotation, Equal, Link, Member, Problem, Result
from derive.meaning.jacobians import entrywise
from derive.meaning.single_entries import is_single, only_entry
from derive.meaning.spreading import as_columns
from derive.typography.nodes import Offsets


def equality(a: Result, b: Result, span: Offsets, places: tuple[int, ...] | None = None) -> Link:
    """The link between two members."""
    if isinstance(a, Problem) and isinstance(b, Problem) and a.formal is not None and b.formal is not None:
        a, b = a.formal, b.formal
    for member in (a, b):
        if isinstance(member, Problem):
            return Check(False, member.message, member.defect)
    assert isinstance(a, Denotation)
    assert isinstance(b, Denotation)
    bad = values.conflict([a, b], span)
    if bad is not None:
        return Check(False, bad.message, bad.defect)
    if a.jacobian != b.jacobian:
        a, b = _entry_by_entry(a, b)
    a, b = as_columns(a, b)
    if all(is_single(value.shape) or not value.shape for value in (a, b)) or not a.shape or not b.shape:
        a, b = only_entry(a), only_entry(b)
    shape = _common_shape(a, b)
    if shape is None:
        kinds = f"shape {show_shape(a.shape)} against shape {show_shape(b.shape)}"
        return _as_diagonal(a, b, kinds) or Check(False, kinds, "shape_mismatch")
    if len(a.shape) == len(b.shape) == 1 and a.row != b.row:
        return Check(False, "a row against a column", "transposed")
    sizes = values.sizes_of([a, b])
    return Equal(values.lifted(a, sizes, shape), values.lifted(b, sizes, shape), places)


def by_entries(members: tuple[Member, ...]) -> list[Denotation]:
    """The Jacobians that are equated to the array of their diagonal."""
    found = [
        (a if a.jacobian else b)
        for a, b in pairwise(members)
        if isinstance(a, Denotation) and isinstance(b, Denotation) and a.jacobian != b.jacobian
        if _entry_by_entry(a, b) != (a, b) or _as_diagonal(a, b, "") is not None
    ]
    return list({value.text: value for value in found}.values())


def _entry_by_entry(a: Denotation, b: Denotation) -> tuple[Denotation, Denotation]:
    jacobian, array = (a, b) if a.jacobian else (b, a)
    diagonal = entrywise(jacobian)
    if diagonal is None or (array.shape != diagonal.shape and array.shape):
        return a, b
    if not array.shape:
        if array.letters:
            return a, b  # y_i for all entries says nothing of which one is meant
        array = replace(array, node=build.fill(array.node, diagonal.shape), chain=None)
    return (diagonal, array) if a.jacobian else (array, diagonal)


def _as_diagonal(a: Denotation, b: Denotation, mismatch: str) -> Equal | None:
    """A Jacobian that is not diagonal by form beside an array: it may still be diagonal, by what cancels in it."""
    if a.jacobian == b.jacobian:
        return None
    jacobian, array = (a, b) if a.jacobian else (b, a)
    rank = len(jacobian.shape) // 2
    shape = jacobian.shape[:rank]
    fits = array.shape == shape or (not array.shape and not array.letters)
    if jacobian.shape != shape + shape or array.row or not fits:
        return None
    n, own = len(array.letters), len(array.shape)
    labels = tuple(range(n + own))
    block = labels[n:] if own else tuple(range(n, n + rank))
    out = (*labels[:n], *block, *block)
    node = build.contract([labels], out, [array.node], array.node.shape[:n] + jacobian.shape)
    sizes = values.sizes_of([a, b])
    whole = values.lifted(replace(array, node=node, chain=None), sizes, jacobian.shape)
    laid = values.lifted(jacobian, sizes, jacobian.shape)
    return Equal(laid, whole, mismatch=mismatch) if a.jacobian else Equal(whole, laid, mismatch=mismatch)


def _common_shape(a: Denotation, b: Denotation) -> Shape | None:
    if a.shape == b.shape:
        return a.shape
    for one, other in ((a, b), (b, a)):
        if not one.shape and build.is_zero(one.node):
            return other.shape
    return None


def needs_layout(members: tuple[Member, ...]) -> bool:
    """Whether a bare Jacobian of vectors is equated to a matrix: its layout has to be known."""
    known = [member for member in members if isinstance(member, Denotation)]
    bare = [member for member in known if member.jacobian]
    arrays = [member for member in known if not member.jacobian and member.shape]
    if not bare or not arrays:
        return False
    return any(
        len(j.shape) == 2 and any(len(array.shape) == 2 for array in arrays) and entrywise(j) is None for j in bare
    )
