r"""Scripts behind a value: transposes, powers, inverses, indices, and the shape of the value as an annotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.claims.meaning import values
from derive.claims.meaning.claim import Problem, Result, Value
from derive.claims.meaning.lookup import Found, axes_of, is_transpose, resolve
from derive.claims.meaning.names import Entry
from derive.claims.meaning.scope import NotUnderstood, Scope
from derive.claims.meaning.scripts import Lin, Token, text_of, tokens_of
from derive.claims.meaning.usage import annotated
from derive.claims.typography.nodes import (
    Group,
    Node,
    Offsets,
    Scripts,
    Symbol,
)
from derive.ir.node import Node as Term
from derive.ir.size import show_shape
from derive.ops.tensors import inv


def subscripted(value: Result, tokens: Sequence[Token], span: Offsets, scope: Scope) -> Result:
    """Indices behind a bracket, or the shape of the value as an annotation."""
    if isinstance(value, Problem) or not tokens:
        return value
    if tokens[0] == "(":
        return annotated(value, tokens, span, scope)
    plain = [token for token in tokens if token is not None]
    if len(plain) > len(value.shape):
        return Problem("shape_mismatch", f"{len(plain)} indices for shape {show_shape(value.shape)}", span)
    axes = axes_of(Found(_NO_ENTRY, tuple(plain)), len(value.shape), value.shape, scope, span)
    if isinstance(axes, Problem):
        return axes
    made = values.indexed(value.node, [*value.letters, *axes])
    return replace(made, row=value.row and len(made.shape) == 1, text=f"{value.text}[{_shown(plain)}]")


def _shown(tokens: Sequence[Token]) -> str:
    return ", ".join(str(token) for token in tokens)


def raised(value: Result, sup: Sequence[Token], node: Node, scope: Scope) -> Result:
    """A superscript behind a value: a transpose, a power, an inverse."""
    if isinstance(value, Problem) or not sup:
        return value
    if is_transpose(sup):
        turned = _turned(value, sup, node, scope)
        if turned is not None:
            return turned
    return _powered(value, sup, node, scope)


def _turned(value: Value, sup: Sequence[Token], node: Node, scope: Scope) -> Result | None:
    """The transpose; None if T is a declared name and this is a power."""
    laid = scope.positional(value)
    if isinstance(laid, Problem):
        return replace(laid, span=node.span)
    declared = isinstance(sup[0], Lin) and isinstance(resolve(Symbol(node.span, sup[0].letter), scope), Found)
    if laid.shape and not declared:
        return values.transposed(laid, node.span)
    turned = bool(laid.shape) and scope.choose(("transpose", sup), (True, False))
    if turned:
        return values.transposed(laid, node.span)
    if not declared:
        raise NotUnderstood(node.span, "a power: the transpose of a scalar is no notation")
    return None


def _powered(value: Value, sup: Sequence[Token], node: Node, scope: Scope) -> Result:
    """A power: of a square matrix by multiplication and inversion, else entry by entry."""
    row = node.sup if isinstance(node, Scripts) else None
    if row is None:
        raise NotUnderstood(node.span, "a power or a transpose")
    rank = len(value.shape)
    square = rank == 2 and value.shape[0] is value.shape[1]
    if tuple(sup) in (("-", 1),) and square:
        return replace(value, node=_inverse(value, node.span), chain=None, text=f"{value.text}⁻¹")
    if len(sup) > 1 and is_transpose(sup[-1:]) and rank:
        if not square or tuple(sup[:-1]) not in (("-", 1), ("-",)):
            raise NotUnderstood(node.span, "a transpose")
        inverse = replace(value, node=_inverse(value, node.span), chain=None, text=f"{value.text}⁻¹")
        return values.transposed(inverse, node.span)
    exponent = scope.read(row.items, scope)
    if isinstance(exponent, Value) and exponent.shape:
        return Problem("shape_mismatch", "the exponent is no scalar", node.span)
    if rank == 2 and sup[0] == "-":
        return Problem("shape_mismatch", f"shape {show_shape(value.shape)} has no inverse", node.span)
    times = sup[0] if len(sup) == 1 and isinstance(sup[0], int) else 0
    if square and 1 < times < 10:
        made: Result = value
        for _ in range(times - 1):
            made = values.multiply(made, value, node.span)
    else:
        made = values.power(value, exponent, node.span)
    if isinstance(made, Problem):
        return made
    shown = exponent.text if isinstance(exponent, Value) else "?"
    return replace(made, text=f"{value.text}^{shown}")


def _inverse(value: Value, span: Offsets) -> Term:
    if value.letters:
        raise NotUnderstood(span, "the inverse of a matrix without free indices")
    return inv(value.node)


_NO_ENTRY = Entry("value", "")


def check_norm(node: Scripts, value: Result, scope: Scope) -> None:
    """`\\|x\\|_2` of a vector and `\\|W\\|_F` of a matrix are the norm that is meant without an index."""
    assert node.sub is not None
    assert isinstance(node.base, Group)
    inner = scope.read(node.base.items, scope)
    shown = text_of(tokens_of(node.sub.items))
    rank = len(inner.shape) if isinstance(inner, Value) else 0
    if not isinstance(value, Problem) and not ((shown == "2" and rank < 2) or (shown == "F" and rank > 1)):
        raise NotUnderstood(node.span, "the 2-norm of a vector or the Frobenius norm of a matrix")
