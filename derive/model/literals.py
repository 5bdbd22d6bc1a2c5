"""Arguments of operations that are no values of the model: axes, tuples of axes, orders, flags."""

from __future__ import annotations

import ast
from collections.abc import Container
from fractions import Fraction
from math import inf

from derive.model.tokens import Expression

NO_VALUE = object()
_FLAGS: dict[str, object] = {"True": True, "False": False, "None": None, "inf": inf}


def is_flag(expression: Expression, tree: ast.expr, *names: Container[str]) -> bool:
    """Whether an argument is True, False or None, or inf where that is no name of the model."""
    text = expression.placeholder(tree.id).text if isinstance(tree, ast.Name) else ""
    return text in _FLAGS and not any(text in group for group in names)


def plain_value(expression: Expression, tree: ast.expr) -> object:
    """An axis, a tuple of axes, a flag or infinity as a Python value; `NO_VALUE` for anything else."""
    match tree:
        case ast.Name(id=identifier):
            token = expression.placeholder(identifier)
            if token.text in _FLAGS:
                return _FLAGS[token.text]
            return NO_VALUE if token.number is None else _whole(token.number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id=identifier)):
            number = expression.placeholder(identifier).number
            return NO_VALUE if number is None else _whole(-number)
        case ast.Tuple(elts=items):
            values = [plain_value(expression, item) for item in items if not isinstance(item, ast.Tuple)]
            whole = len(values) == len(items) and all(type(value) is int for value in values)
            return tuple(values) if whole else NO_VALUE
        case _:
            return NO_VALUE


def _whole(number: Fraction) -> object:
    return int(number) if number.denominator == 1 else NO_VALUE
