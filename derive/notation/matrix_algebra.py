r"""Matrix algebra without letters: the terms that matrix notation is made of.

    term  ::=  Leaf(node) | Turned(term) | MatrixProduct(term*) | Circle(term*) | Diagonal(term) | Trace(term)
            |  Ones(size) | Identity(size) | RowSum(term)

A vector is a column. `derive.notation.solve` turns contractions into terms; LaTeX, the terminal and SymPy print them.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.ir.node import Node
from derive.ir.size import Size


class NoMatrixForm(Exception):
    """A contraction that matrix notation cannot express."""


@dataclass(frozen=True)
class Term:
    """A matrix expression."""


@dataclass(frozen=True)
class Leaf(Term):
    """A node of at most two axes; one axis is a column."""

    node: Node


@dataclass(frozen=True)
class Turned(Term):
    """A transpose."""

    term: Term


@dataclass(frozen=True)
class MatrixProduct(Term):
    """A matrix product."""

    factors: tuple[Term, ...]


@dataclass(frozen=True)
class Circle(Term):
    """An elementwise product."""

    factors: tuple[Term, ...]


@dataclass(frozen=True)
class Diagonal(Term):
    """The diagonal matrix of a vector, or the diagonal of a matrix as a vector (`of_matrix`)."""

    term: Term
    of_matrix: bool = False


@dataclass(frozen=True)
class Trace(Term):
    """The trace of a square matrix."""

    term: Term


@dataclass(frozen=True)
class Ones(Term):
    """A column of ones."""

    size: Size


@dataclass(frozen=True)
class Identity(Term):
    """The identity matrix."""

    size: Size


@dataclass(frozen=True)
class RowSum(Term):
    """The sum of the rows of a matrix, as a column."""

    term: Term
    size: Size


def has_ones(term: Term) -> bool:
    """Whether a term sums entries up."""
    match term:
        case Ones() | RowSum():
            return True
        case MatrixProduct() | Circle():
            return any(has_ones(factor) for factor in term.factors)
        case Turned() | Diagonal() | Trace():
            return has_ones(term.term)
    return False


def turned(term: Term) -> Term:
    """The transpose, pushed inwards."""
    match term:
        case Turned():
            return term.term
        case MatrixProduct():
            return MatrixProduct(tuple(turned(factor) for factor in reversed(term.factors)))
        case Diagonal(of_matrix=False) | Identity():
            return term
        case RowSum():
            return MatrixProduct((Turned(Ones(term.size)), *_factors(term.term)))
    return Turned(term)


def chained(*terms: Term) -> Term:
    """The product of the terms; products inside are spliced in."""
    return MatrixProduct(tuple(factor for term in terms for factor in _factors(term)))


def _factors(term: Term) -> tuple[Term, ...]:
    return term.factors if isinstance(term, MatrixProduct) else (term,)


def circled(a: Term, b: Term) -> Term:
    parts = [f for term in (a, b) for f in (term.factors if isinstance(term, Circle) else (term,))]
    return Circle(tuple(parts))
