"""What `from_sympy` accepts, as one form: a dictionary of expressions by symbol.

w*x + b                       a bare expression is the loss
[Eq(z, w*x + b), (L, z**2)]   equations or pairs, in any order
{"z": w*x + b}                a name stands for the symbol of that name
{z[i]: W[i, j]*x[j]}          an entry defines the tensor; what it is indexed by is free on the right
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.matrices.expressions import MatrixExpr, MatrixSymbol

from derive.errors import ModelError

Range = tuple[Any, Any]  # the first and the last value of an index
DEFAULT_LOSS = "L"


@dataclass(frozen=True)
class Definitions:
    """Expressions by symbol (of an entry: by its IndexedBase), the letters of entries, and the ranges of indices."""

    expressions: dict[Any, Any]
    letters: dict[Any, tuple[Any, ...]]
    ranges: dict[Any, Range]
    loss: str | None = None


def definitions_of(given: Any, loss: Any = None) -> Definitions:
    """The definitions that a dictionary, a list or an expression is. Raises ModelError for what is none of them."""
    name = None if loss is None else name_of(loss)
    if isinstance(given, sp.Basic | sp.MatrixBase) and not isinstance(given, sp.Equality | sp.Tuple | sp.Dict):
        name = name or DEFAULT_LOSS
        if name in {str(symbol) for symbol in given.free_symbols}:
            raise ModelError(f"{name} is used in the expression itself", hint='name the loss: loss="J"')
        if isinstance(given, sp.logic.boolalg.Boolean):
            raise ModelError(f"{given} is a condition, not an expression", hint="an equation is written Eq(z, w*x + b)")
        pairs: list[tuple[Any, Any]] = [(name, given)]
    else:
        pairs = list(_pairs(given))
    symbols = _symbols_by_name(value for _, value in pairs)
    ranges: dict[Any, Range] = {}
    expressions: dict[Any, Any] = {}
    letters: dict[Any, tuple[Any, ...]] = {}
    for left, right in pairs:
        key, value = _key(left, right, symbols), _plain_indices(_expression(left, right), ranges)
        if isinstance(key, sp.Indexed):
            key = _plain_indices(key, ranges)
            indices = tuple(key.indices)
            if not all(isinstance(i, sp.Symbol) for i in indices) or len(set(indices)) < len(indices):
                raise ModelError(f"{key} is no general entry", hint="index it by different symbols: z[i], or z[i, j]")
            key = key.base
            letters[key] = indices
        if key in expressions:
            raise ModelError(f"{key} is defined twice")
        expressions[key] = value
    return Definitions(expressions, letters, ranges, name)


def name_of(symbol: Any) -> str:
    """The name of a symbol, or a name. ModelError for anything else."""
    if isinstance(symbol, str):
        return symbol
    if isinstance(symbol, sp.Symbol | MatrixSymbol | sp.IndexedBase):
        return str(symbol.name)
    if isinstance(symbol, sp.Indexed):
        return str(symbol.base.name)
    raise ModelError(f"{symbol!r} is a {type(symbol).__name__}, not a name or symbol")


def _pairs(given: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(given, Mapping | sp.Dict):
        yield from given.items()
        return
    if isinstance(given, sp.Equality):
        given = [given]
    if not isinstance(given, list | tuple | sp.Tuple):
        raise ModelError(
            f"{given!r} is a {type(given).__name__}, not a model",
            hint="give an expression, a dictionary {z: w*x + b}, or a list of equations [Eq(z, w*x + b)]",
        )
    for item in given:
        if isinstance(item, sp.Equality):
            yield item.lhs, item.rhs
        elif isinstance(item, tuple | sp.Tuple) and len(item) == 2:
            yield item[0], item[1]
        else:
            raise ModelError(f"{item} is no definition", hint="write Eq(z, w*x + b), or the pair (z, w*x + b)")


def _symbols_by_name(values: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        if isinstance(value, sp.Basic | sp.MatrixBase):
            for symbol in value.atoms(sp.Symbol, MatrixSymbol, sp.IndexedBase):
                known = found.get(str(symbol))
                # the label of an IndexedBase is a Symbol of the same name
                if known is None or isinstance(known, sp.Symbol):
                    found[str(symbol)] = symbol
    return found


def _key(left: Any, right: Any, symbols: Mapping[str, Any]) -> Any:
    if isinstance(left, str):
        if left in symbols:
            return symbols[left]
        return MatrixSymbol(left, *right.shape) if isinstance(right, MatrixExpr) else sp.Symbol(left)
    if isinstance(left, sp.Symbol | MatrixSymbol | sp.IndexedBase | sp.Indexed) and not isinstance(left, sp.Idx):
        return left
    raise ModelError(
        f"{left!r} is a {type(left).__name__}, not a symbol",
        hint="keys are names, Symbol, MatrixSymbol, or an entry z[i] of an IndexedBase",
    )


def _expression(key: Any, value: Any) -> Any:
    if isinstance(value, bool | str) or value is None:
        raise ModelError(f"{key} is defined as {value!r}, not as a SymPy expression")
    if isinstance(value, int | float | Fraction):
        try:
            return sp.Rational(str(value))
        except (TypeError, ValueError):
            raise ModelError(f"{key} is defined as {value!r}, which is not a finite number") from None
    if not isinstance(value, sp.Basic | sp.MatrixBase):
        raise ModelError(f"{key} is defined as a {type(value).__name__}, not as a SymPy expression")
    return value.as_immutable() if isinstance(value, sp.MatrixBase) else value


def _plain_indices(expression: Any, ranges: dict[Any, Range]) -> Any:
    """The expression with a symbol for each Idx; `ranges` gets theirs."""
    put: dict[Any, Any] = {}
    for index in expression.atoms(sp.Idx):
        if not isinstance(index.label, sp.Symbol):
            put[index] = index.label
            continue
        put[index] = index.label
        if index.lower is None or index.upper is None:
            continue
        own = (index.lower, index.upper)
        if ranges.setdefault(index.label, own) != own:
            raise ModelError(f"the index {index.label} has two ranges", hint="give the indices different names")
    return expression.xreplace(put) if put else expression
