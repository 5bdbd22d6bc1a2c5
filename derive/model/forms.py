"""The form of a right side: what is left of it when every name and number is a placeholder `n0, n1, ...`.

    A_1 @ W_2 + b_2    has the form    n0 @ n1 + n2

The lines of a model have few forms. Each is parsed once and put in the order of its evaluation once: operands before
what they are in, from left to right. A sum `a + b - c` is one step with three operands.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_SHORT = 200  # the forms of longer texts are not kept

Term = tuple[bool, ast.expr, ast.BinOp | None]  # minus before it, the term, the operation that adds it


@dataclass(frozen=True)
class Form:
    """The tree of a form, the parts to evaluate in order, and which of them are arguments of calls by themselves."""

    tree: ast.expr
    order: tuple[ast.expr, ...]
    arguments: frozenset[ast.expr]


def form_of(text: str) -> Form:
    """The form that a rewritten text has. Raises SyntaxError, and MemoryError or RecursionError if it is too deep."""
    return _kept(text) if len(text) <= _SHORT else _form(text)


def _form(text: str) -> Form:
    tree = ast.parse(text, mode="eval").body
    order: list[ast.expr] = []
    arguments: set[ast.expr] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        order.append(node)
        stack += _operands(node)
        if isinstance(node, ast.Call):
            arguments.update(_given(node))
    return Form(tree, tuple(reversed(order)), frozenset(arguments))


_kept = lru_cache(maxsize=256)(_form)


def _operands(node: ast.expr) -> Iterable[ast.expr]:
    """The parts of a node that are evaluated before it; axes are left out, comparisons are looked into."""
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return [term for _, term, _ in terms(node)]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.Attribute(value=value):
            return [value]
        case ast.List(elts=items):
            return items
        case ast.Call():
            return _inside(node)
        case _:
            return ()


def _given(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (keyword.value for keyword in call.keywords)


def _inside(call: ast.Call) -> Iterator[ast.expr]:
    for argument in _given(call):
        if isinstance(argument, ast.Compare):
            yield argument.left
            yield from argument.comparators
        elif not isinstance(argument, ast.Tuple):
            yield argument


def terms(node: ast.BinOp) -> list[Term]:
    """The terms of a sum, left to right."""
    found: list[Term] = []
    current: ast.expr = node
    while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add | ast.Sub):
        found.append((isinstance(current.op, ast.Sub), current.right, current))
        current = current.left
    found.append((False, current, None))
    return found[::-1]
