"""Sizes of axes as they are written in shapes: polynomials in named sizes with whole coefficients, `2*m + 1`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from derive.errors import ShapeError, Span
from derive.ir.size import Size, size_of
from derive.model.names import Name
from derive.model.tokens import Expression

Named = Callable[[Name, Callable[[], Span]], Size]

MAX_AXES = 16
MAX_SIZE_TEXT = 200  # keeps the recursion below shallow


def evaluate_size(expression: Expression, named: Named) -> Size:
    """The size an expression stands for; `named` gives the size of a name at a place.

    Raises ShapeError if it is none, or below 1.
    """
    size = _size(expression.form.tree, expression, named)
    if size.number is not None and size.number < 1:
        raise ShapeError(f"an axis cannot have size {size}", span=expression.span(expression.form.tree))
    return size


def _size(tree: ast.expr, expression: Expression, named: Named) -> Size:
    match tree:
        case ast.Name(id=identifier):
            token = expression.placeholder(identifier)
            if token.number is not None and token.number.denominator == 1:
                return size_of(int(token.number))
            if token.name is not None:
                return named(token.name, partial(expression.span, tree))
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            a, b = _size(left, expression, named), _size(right, expression, named)
            return a + b if isinstance(op, ast.Add) else a - b if isinstance(op, ast.Sub) else a * b
    raise ShapeError("a size is a name, a whole number, or sums and products of them", span=expression.span(tree))
