r"""Scripts behind a value: transposes, powers, inverses, indices, and the shape of the value as an annotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.size import show_shape
from derive.meaning import values
from derive.meaning.axes import axes_of
from derive.meaning.claim import Denotation, Problem, Result
from derive.meaning.lookup import Resolved, is_declared, is_transpose
from derive.meaning.reading_state import SQUARE, NotUnderstood, Scope
from derive.meaning.reading_text import Binds, at_least
from derive.meaning.scripts import Lin, Token
from derive.meaning.single_entries import only_entry
from derive.meaning.spreading import as_columns
from derive.meaning.usage import annotated, as_size
from derive.meaning.vocabulary import Entry
from derive.ops.linear_algebra import inv
from derive.typography.nodes import Markup, Offsets, Operator, Scripts

MAX_POWER = 20
"""The highest power of a matrix that is multiplied out."""


def subscripted(value: Result, tokens: Sequence[Token], span: Offsets, scope: Scope) -> Result:
    """Indices behind a bracket, or the shape of the value as an annotation."""
    if isinstance(value, Problem) or not tokens:
        return value
    if tokens[0] == "(":
        return annotated(value, tokens, span, scope)
    plain = [token for token in tokens if token is not None]
    if any(isinstance(token, Markup) for token in plain):
        raise NotUnderstood(span, "indices: what is held fixed is not read")
    if (value.chain is not None or not value.letters) and not value.shape and set("".join(map(str, plain))) == {"1"}:
        return value  # of a derivative by an array of one entry that entry; a scalar is a matrix of one entry
    if len(plain) == 2 and len(value.shape) == 1 and str(plain[0 if value.row else 1]) == "1":
        del plain[0 if value.row else 1]  # a row is a matrix of one row
    if len(plain) > len(value.shape):
        return Problem("shape_mismatch", f"{len(plain)} indices for shape {show_shape(value.shape)}", span)
    axes = axes_of(Resolved(_NO_ENTRY, tuple(plain)), len(value.shape), value.shape, scope, span)
    if isinstance(axes, Problem):
        return axes
    made = values.indexed(value.node, [*value.letters, *axes])
    return replace(
        made, row=value.row and len(made.shape) == 1, text=f"{at_least(value.text, Binds.ATOM)}[{_shown(plain)}]"
    )


def _shown(tokens: Sequence[Token]) -> str:
    return ", ".join(str(token) for token in tokens)


def index_orders(found: Resolved, node: Markup, scope: Scope) -> tuple[bool, ...]:
    r"""Whether the indices of a square matrix act after what stands above it, where that makes a difference.

    `X^{-1}_{ij}` and `X^2_{ij}` may be entries of the inverse and the square, or those of an entry; `X^\top_{ij}` is an
    entry of the transpose. With the indices first, `X_{ij}^2`, it is the entry that is squared; for an inverse the
    order tells nothing.
    """
    if found.entry.kind != "value" or found.entry.name not in scope.frame.graph or not isinstance(node, Scripts):
        return (False,)
    shape = scope.frame.graph.shape(found.entry.name)
    count = sum(len(str(token)) if isinstance(token, int) else 1 for token in found.indices if token is not None)
    if len(shape) != 2 or count != 2:
        return (False,)
    above_first = node.sup is not None and node.sub is not None and node.sup.span < node.sub.span
    if is_transpose(found.sup):
        return (above_first and not is_declared(str(found.sup[0]), scope),)
    sign, *number = found.sup if found.sup[:1] == ("-",) else ("+", *found.sup)
    if shape[0] is not shape[1] or len(number) != 1 or not isinstance(number[0], int):
        return (False,)
    return (False, True) if sign == "-" or (above_first and number[0] > 1) else (False,)


def raised(value: Result, sup: Sequence[Token], node: Markup, scope: Scope) -> Result:
    """A superscript behind a value: a transpose, a power, an inverse."""
    if isinstance(value, Problem) or not sup:
        return value
    if is_transpose(sup):
        turned = _turned(value, sup, node, scope)
        if turned is not None:
            return turned
    return _powered(value, sup, node, scope)


def _turned(value: Denotation, sup: Sequence[Token], node: Markup, scope: Scope) -> Result | None:
    """The transpose; None if T is a declared name and this is a power."""
    laid = scope.positional(value)
    if isinstance(laid, Problem):
        return replace(laid, span=node.span)
    letter = sup[0].letter if isinstance(sup[0], Lin) else ""
    declared = bool(letter) and is_declared(letter, scope)
    if not laid.shape and scope.stands_for_layers(letter):
        return None
    if laid.shape and not declared:
        return values.transposed(laid, node.span)
    turned = bool(laid.shape) and scope.choose(("transpose", sup), (True, False))
    if turned:
        return values.transposed(laid, node.span)
    if not declared and laid.chain is not None:
        return laid  # of a derivative by an array of one entry
    if not declared:
        raise NotUnderstood(node.span, "a power: the transpose of a scalar is no notation")
    return None


def _powered(value: Denotation, sup: Sequence[Token], node: Markup, scope: Scope) -> Result:
    """A power: of a square matrix a whole one, by multiplication and inversion; else entry by entry."""
    row = node.sup if isinstance(node, Scripts) else None
    if row is None:
        raise NotUnderstood(node.span, "a power or a transpose")
    rank = len(value.shape)
    first = row.items[0] if row.items else None
    if isinstance(first, Operator) and first.text in (r"\circ", r"\odot") and len(row.items) > 1:
        return _entrywise(value, scope.read(row.items[1:], scope), node)
    square = rank == 2 and value.shape[0] is value.shape[1]
    if square and len(sup) > 1 and is_transpose(sup[-1:]):
        return values.transposed(_whole_power(value, row.items[:-1], node, scope), node.span)
    if square:
        return _whole_power(value, row.items, node, scope)
    exponent = scope.read(row.items, scope)
    times = as_size(exponent.node) if isinstance(exponent, Denotation) else None
    if rank > 2 and value.shape[-2] is value.shape[-1] and times is not None and times.number == -1:
        return replace(value, node=_inverse(value), chain=None, text=f"{at_least(value.text, Binds.ATOM)}⁻¹")
    if rank == 2 and times is not None and times.number is not None and times.number < 0:
        return Problem("shape_mismatch", f"shape {show_shape(value.shape)} has no inverse", node.span)
    if rank == 1 and times is not None and times.number == 2:
        length = values.contraction([value, value], [(0,), (0,)], ())
        if scope.choose((SQUARE, node.span), (False, True)):
            return replace(length, text=f"‖{value.text}‖^2")
    return _entrywise(value, exponent, node)


def _entrywise(value: Denotation, exponent: Result, node: Markup) -> Result:
    exponent = exponent if isinstance(exponent, Problem) else only_entry(exponent)
    if isinstance(exponent, Denotation):
        value, exponent = as_columns(value, exponent)
    shape = exponent.shape if isinstance(exponent, Denotation) else ()
    if shape and value.shape and not (isinstance(exponent, Denotation) and _alike(value, exponent)):
        return Problem("shape_mismatch", "the exponent is no scalar and no array of the same shape", node.span)
    if len(set(shape)) < len(shape):
        raise NotUnderstood(node.span, "no power by a square matrix")
    made = values.power(value, exponent, node.span)
    if isinstance(made, Problem):
        return made
    base, shown = (
        at_least(part.text, Binds.ATOM) if isinstance(part, Denotation) else "?" for part in (value, exponent)
    )
    return replace(made, text=f"{base}^{'∘' if len(value.shape) == 2 else ''}{shown}")


def _alike(a: Denotation, b: Denotation) -> bool:
    return (a.shape, a.row) == (b.shape, b.row)


def _whole_power(value: Denotation, items: Sequence[Markup], node: Markup, scope: Scope) -> Result:
    """A^0 = I, A^n, A^{-n}. Roots and powers by a letter are unread: entry by entry they are `A^{\\circ p}`."""
    lone = len(items) == 1 and isinstance(items[0], Operator) and items[0].text == "-"  # the minus of A^{-T}
    exponent = None if lone else scope.read(items, scope)
    times = as_size(exponent.node) if isinstance(exponent, Denotation) else None
    number = -1 if lone else times.number if times is not None else None
    if number is None or abs(number) > MAX_POWER:
        raise NotUnderstood(node.span, r"a whole power of a square matrix, or one of its entries, A^{\circ p}")
    if number == 0:
        return Denotation(build.eye(value.shape[0]), text=f"I({value.shape[0]})")
    base = value
    if number < 0:
        base = replace(value, node=_inverse(value), chain=None, text=f"{at_least(value.text, Binds.ATOM)}⁻¹")
    made: Result = base
    for _ in range(abs(number) - 1):
        made = values.multiply(made, base, node.span)
    if isinstance(made, Problem) or number in (1, -1):
        return made
    return replace(made, text=f"{at_least(value.text, Binds.ATOM)}^{number}")


def _inverse(value: Denotation) -> Term:
    """The inverse of a matrix, or of the one that free indices tell among several."""
    node = value.node
    if node.op == "contract" and node.labels == (((0,),), (0, 0)):  # of a diagonal matrix entry by entry
        return build.contract([(0,)], (0, 0), [build.div(build.number(1), node.args[0])], node.shape)
    return inv(node)


_NO_ENTRY = Entry("value", "")
