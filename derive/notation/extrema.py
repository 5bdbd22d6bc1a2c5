r"""The largest and the smallest entry, `\max_k s_k`, and where it stands, `\mathbb{1}[s_j = \max_k s_k]`.

The smallest is kept as -max(-s); it prints as a minimum.
"""

from __future__ import annotations

from typing import cast

from derive.ir import build
from derive.ir.node import Node
from derive.notation.formula import (
    COLON,
    EQUALS,
    INDICATOR,
    MAXIMUM,
    MINIMUM,
    SUM,
    Concatenation,
    Fence,
    Formula,
    Juxtaposition,
    Script,
)
from derive.notation.matrix_algebra import NoMatrixForm
from derive.notation.pieces import Level, Piece, big, bracketed
from derive.notation.printing import At, Printing


def is_smallest(node: Node) -> bool:
    """Whether the negative of a node is the smallest of the entries of what stands in it."""
    return node.op == "amax" and _negated(node.args[0]) is not None


def _negated(entries: Node) -> Node | None:
    """The entries whose negatives these are, also where some axes are turned or repeated."""
    if entries.op == "contract" and len(entries.args) == 1:
        inner = _negated(entries.args[0])
        return None if inner is None else build.contract(*entries.labels, [inner], entries.shape)
    return entries.args[0] if entries.op == "neg" else None


def largest(printer: Printing, node: Node, at: At) -> Piece:
    """The largest entry along the axes."""
    return _extremum(printer, node, node.args[0], at, smallest=False)


def smallest(printer: Printing, node: Node, at: At) -> Piece:
    """The negative of a node that `is_smallest`."""
    entries = _negated(node.args[0])
    assert entries is not None
    return _extremum(printer, node, entries, at, smallest=True)


def where_largest(printer: Printing, node: Node, at: At) -> Piece:
    """One where an entry is the extremum; a whole array is compared only with one number."""
    (arg,) = node.args
    axes = cast("tuple[int, ...]", node.attribute)
    if at is None and len(axes) < len(arg.shape):
        raise NoMatrixForm
    negated = _negated(arg)
    is_least, entries = negated is not None, negated or arg
    kept = () if at is None else tuple(index for k, index in enumerate(at) if k not in axes)
    extreme = _extremum(printer, node, entries, kept, smallest=is_least)
    equal = Concatenation((printer.piece(entries, at).formula, EQUALS, extreme.formula))
    return Piece(Concatenation((INDICATOR, Fence(equal, "[", "]"))), Level.SCRIPT)


def _is_big(formula: Formula) -> bool:
    """Whether a formula is the sign of a sum or an extremum."""
    return isinstance(formula, Script) and formula.base in (SUM, MAXIMUM, MINIMUM)


def _extremum(printer: Printing, node: Node, arg: Node, at: At, *, smallest: bool) -> Piece:
    axes = cast("tuple[int, ...]", node.attribute)
    kept = iter(at if at is not None else [COLON] * (len(arg.shape) - len(axes)))
    own = {axis: printer.index() for axis in axes}
    index = tuple(own[k] if k in own else next(kept) for k in range(len(arg.shape)))
    if at is not None:
        body = printer.piece(arg, index)
    elif arg.op == "ref":
        body = Piece(printer.names.name(arg.name).indexed(printer.subscript(index, arg.name)), Level.SCRIPT)
    else:
        body = Piece(Script(Fence(printer.piece(arg, None).formula), printer.subscript(index)), Level.SCRIPT)
    if isinstance(body.formula, Juxtaposition) and not _is_big(body.formula.factors[0]):
        body = bracketed(body)  # how far an extremum reaches is nowhere agreed, as it is for a sum
    for letter in reversed(own.values()):
        body = big(Script(MINIMUM if smallest else MAXIMUM, letter), body)
    return body
