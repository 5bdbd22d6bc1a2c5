r"""Composition of neighbouring partials: the chain rule over the variable that they share.

\frac{\partial L}{\partial z} \frac{\partial z}{\partial w}: over the entries of z, in either order and layout
"""

from __future__ import annotations

from dataclasses import replace

from derive.ir import build
from derive.ir.node import Node
from derive.meaning import values
from derive.meaning.claim import Denotation, Differentiation, Problem, Result
from derive.meaning.single_entries import is_single
from derive.typography.nodes import Offsets


def chains(a: Result, b: Result) -> bool:
    """Whether two neighbours are partials that compose, in either order."""
    if not (isinstance(a, Denotation) and isinstance(b, Denotation)) or a.chain is None or b.chain is None:
        return False
    return a.chain.bottom == b.chain.top or a.chain.top == b.chain.bottom


def compose(a: Denotation, b: Denotation, span: Offsets) -> Result:
    """The chain rule for two partials that share a variable: the sum over its entries, whatever the layout."""
    assert a.chain is not None
    assert b.chain is not None
    if a.chain.bottom != b.chain.top:
        a, b = b, a
    assert a.chain is not None
    assert b.chain is not None
    top, bottom = a.chain, b.chain
    a = replace(a, node=_by_number(a, top))
    bad = values.conflict([a, b], span)
    if bad is not None:
        return bad
    first = len(a.shape)
    shared = first - top.split
    left = tuple(range(first))
    right = (*range(top.split, first), *range(first, first + len(b.shape) - shared))
    if len(b.shape) < shared or a.shape[top.split :] != b.shape[:shared]:
        return Problem("shape_mismatch", f"{a.text} and {b.text} do not chain", span)
    made = values.contraction([a, b], [left, right], (*left[: top.split], *right[shared:]))
    row = a.row and not top.split and len(made.shape) == 1
    return replace(made, row=row, chain=Differentiation(top.top, bottom.bottom, top.split))


def _by_number(partial: Denotation, chain: Differentiation) -> Node:
    """A partial by an array of one entry, as one by that entry: partials of the array have no axes for it."""
    below = partial.shape[chain.split :]
    if not is_single(below):
        return partial.node
    kept = len(partial.letters) + chain.split
    return build.entry(partial.node, (*(None for _ in range(kept)), *(0 for _ in below)))
