"""Numbers and function templates as source."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.codegen.einsum import ADD, ATOM, MUL, UNARY, Fragment
from derive.errors import UnsupportedError
from derive.ir.node import Node


def template(text: str, operands: Sequence[Fragment]) -> Fragment:
    """A record's template with operands in it; the template shows how strongly the result binds."""
    head, _, rest = text.partition("(")
    called = head.replace(".", "").replace("_", "").isalnum() and _closes_at_end(rest)
    if called and _plain(rest[:-1]):
        return Fragment(text.format(*(code.text for code in operands)))
    return Fragment(text.format(*(code.at(ATOM) for code in operands)), ATOM if called else ADD)


def _closes_at_end(rest: str) -> bool:
    """Whether the bracket that was open before `rest` is closed by its last character."""
    depth = 1
    for k, ch in enumerate(rest):
        depth += (ch == "(") - (ch == ")")
        if depth == 0:
            return k == len(rest) - 1
    return False


def _plain(arguments: str) -> bool:
    return all(part.strip().startswith("{") or part.strip().isdigit() for part in arguments.split(","))


def number(value: Fraction) -> Fragment:
    """An exact number: a whole one, a short decimal, or a quotient."""
    sign = UNARY if value < 0 else ATOM
    if value.denominator == 1 and abs(value) < 2**53:
        return Fragment(str(value.numerator), sign)
    text = decimal(value)
    if len(text) <= 8 or max(abs(value.numerator), value.denominator) >= 2**53:
        return Fragment(text, sign)
    under = Fragment(str(value.denominator))
    return Fragment(f"{value.numerator} / {value.denominator}", MUL, under=under if value.numerator == 1 else None)


def decimal(value: Fraction) -> str:
    try:
        return repr(float(value))
    except OverflowError:
        raise UnsupportedError(
            f"the number {str(value)[:40]}... is too large for floating point", hint="rescale the model"
        ) from None


def is_constant_root(node: Node) -> bool:
    """Whether a node is the root of a positive number: a Python number, which leaves float32 what it is."""
    if node.op != "call" or node.name != "sqrt" or any(node.orders):
        return False
    (arg,) = node.args
    return arg.op in ("constant", "size") or (arg.op == "number" and arg.value > 0)
