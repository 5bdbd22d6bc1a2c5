"""Sums and products of SymPy in a readable order: positive terms first, products before single symbols, fractions."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions import MatMul


def sign(term: Any) -> tuple[bool, Any]:
    """Whether a term is subtracted, and what is."""
    coefficient = term if term.is_Number else term.args[0] if isinstance(term, sp.Mul | MatMul) else None
    negative = coefficient is not None and coefficient.is_Number and coefficient.is_negative
    return (True, -term) if negative else (False, term)


def terms(expression: Any) -> list[tuple[bool, Any]]:
    """The terms of a sum in readable order."""
    found = [sign(term) for term in expression.args]
    return sorted(found, key=lambda term: (term[0], not isinstance(term[1], sp.Mul | MatMul)))


def fraction(expression: Any) -> tuple[bool, list[Any], list[Any]]:
    """Sign, factors over and under the bar of a product."""
    over: list[Any] = []
    under: list[Any] = []
    negative, positive = sign(expression)
    for factor in positive.args if isinstance(positive, sp.Mul) else (positive,):
        if isinstance(factor, sp.Rational):
            over += [sp.Integer(factor.p)] * (factor.p != 1)
            under += [sp.Integer(factor.q)] * (factor.q != 1)
        elif isinstance(factor, sp.Pow) and factor.exp.is_Rational and factor.exp.is_negative:
            under.append(factor.base**-factor.exp)
        else:
            over.append(factor)
    return negative, over, under


def shown(expression: Any) -> str:
    """An expression in a message."""
    text = str(expression)
    return text if len(text) <= 80 else f"{text[:77]}..."
