"""The value of a SymPy expression or matrix expression at numbers, entry by entry, by nothing but NumPy.

Covers what closed forms come out as: scalars, sums over indexed entries, matrix algebra. A vector is a column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

Numbers = Mapping[str, Any]  # arrays and scalars by name; sizes and indices too


class NotCovered(Exception):
    """An expression of another kind."""


SCALAR: Mapping[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "erf": math.erf,
    "Abs": abs,
    "sign": lambda x: float(np.sign(x)),
    "Heaviside": lambda x, *_: float(x > 0),
    "Max": max,
    "Min": min,
    "KroneckerDelta": lambda i, j: float(i == j),
}


def value(expression: Any, numbers: Numbers) -> Any:
    """The value. Raises NotCovered, and KeyError for a name without a number."""
    if isinstance(expression, sp.MatrixExpr):
        return _matrix(expression, numbers)
    return _scalar(expression, numbers)


def _scalar(e: Any, numbers: Numbers) -> float:
    match e:
        case sp.Symbol():
            return float(numbers[e.name])
        case sp.Number() | sp.NumberSymbol():
            return float(e)
        case sp.Add():
            return math.fsum(_scalar(arg, numbers) for arg in e.args)
        case sp.Mul():
            return math.prod(_scalar(arg, numbers) for arg in e.args)
        case sp.Pow():
            base, exponent = (_scalar(arg, numbers) for arg in e.args)
            if base < 0 and exponent != int(exponent):
                raise ZeroDivisionError("a root of a negative number")
            return float(base**exponent)
        case sp.Indexed():
            at = tuple(int(_scalar(index, numbers)) for index in e.indices)
            return float(numbers[e.base.label.name][at])
        case sp.Sum():
            return _sum(e, numbers)
        case sp.Trace():
            return float(np.trace(_matrix(e.args[0], numbers)))
        case sp.Determinant():
            return float(np.linalg.det(_matrix(e.args[0], numbers)))
        case sp.matrices.expressions.matexpr.MatrixElement():
            whole, *at = e.args
            return float(_matrix(whole, numbers)[tuple(int(_scalar(index, numbers)) for index in at)])
    function = SCALAR.get(e.func.__name__)
    if function is None:
        raise NotCovered(e.func.__name__)
    try:
        return function(*(_scalar(arg, numbers) for arg in e.args))
    except ValueError:  # outside of the domain
        raise ZeroDivisionError(f"{e.func.__name__} is not defined here") from None


def _sum(e: Any, numbers: Numbers) -> float:
    body, *limits = e.args
    ranges = [range(int(_scalar(low, numbers)), int(_scalar(high, numbers)) + 1) for _, low, high in limits]
    letters = [letter.name for letter, _, _ in limits]
    return math.fsum(_scalar(body, {**numbers, **dict(zip(letters, at, strict=True))}) for at in product(*ranges))


def _matrix(e: Any, numbers: Numbers) -> Any:
    def size(k: int) -> int:
        return int(_scalar(e.args[k], numbers))

    match e:
        case sp.MatrixSymbol():
            array = np.asarray(numbers[e.name], dtype=float)
            return array.reshape(array.shape[0], -1)
        case sp.OneMatrix():
            return np.ones((size(0), size(1)))
        case sp.ZeroMatrix():
            return np.zeros((size(0), size(1)))
        case sp.Identity():
            return np.eye(size(0))
        case sp.HadamardPower():
            return _matrix(e.args[0], numbers) ** _scalar(e.args[1], numbers)
        case sp.MatPow():
            return np.linalg.matrix_power(_matrix(e.args[0], numbers), size(1))
        case ElementwiseApplyFunction():
            (letter,), body = e.function.args
            inner = _matrix(e.expr, numbers)
            entries = [_scalar(body, {**numbers, letter.name: entry}) for entry in inner.flat]
            return np.array(entries).reshape(inner.shape)
    operation = next((run for kind, run in OPERATIONS.items() if isinstance(e, kind)), None)
    if operation is None:
        raise NotCovered(e.func.__name__)
    parts = [_matrix(a, numbers) if isinstance(a, sp.MatrixExpr) else _scalar(a, numbers) for a in e.args]
    return operation(*parts)


def _product(*factors: Any) -> Any:
    """Scalars times a chain of matrices."""
    matrices = [factor for factor in factors if np.ndim(factor)]
    scale = math.prod(factor for factor in factors if not np.ndim(factor))
    return scale * reduce(np.matmul, matrices)


OPERATIONS: Mapping[type, Callable[..., Any]] = {
    sp.MatAdd: lambda *terms: sum(terms),
    sp.MatMul: _product,
    sp.HadamardProduct: lambda *factors: math.prod(factors),
    sp.Transpose: np.transpose,
    sp.Inverse: np.linalg.inv,
    sp.DiagMatrix: lambda column: np.diag(column[:, 0]),
    sp.DiagonalOf: lambda matrix: np.diag(matrix)[:, None],
}
