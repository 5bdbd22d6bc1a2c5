"""The value of a SymPy expression or matrix expression at numbers, entry by entry, by nothing but NumPy.

Covers what closed forms come out as: scalars, sums over indexed entries, matrix algebra. A vector is a column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

Numbers = Mapping[str, Any]  # arrays and scalars by name; sizes and indices too


class NotCovered(Exception):
    """An expression of another kind."""


SCALAR: Mapping[str, Callable[..., float]] = {
    **{"exp": math.exp, "log": math.log, "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "erf": math.erf},
    **{"Abs": abs, "sign": lambda x: float(np.sign(x)), "Heaviside": lambda x, *_: float(x > 0)},
    **{"Max": max, "Min": min, "KroneckerDelta": lambda i, j: float(i == j)},
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
    return function(*(_scalar(arg, numbers) for arg in e.args))


def _sum(e: Any, numbers: Numbers) -> float:
    body, *limits = e.args
    ranges = [range(int(_scalar(low, numbers)), int(_scalar(high, numbers)) + 1) for _, low, high in limits]
    letters = [letter.name for letter, _, _ in limits]
    return math.fsum(_scalar(body, {**numbers, **dict(zip(letters, at, strict=True))}) for at in product(*ranges))


def _matrix(e: Any, numbers: Numbers) -> Any:
    def below() -> list[Any]:
        return [_matrix(arg, numbers) for arg in e.args]

    match e:
        case sp.MatrixSymbol():
            array = np.asarray(numbers[e.name], dtype=float)
            return array.reshape(array.shape[0], -1)
        case sp.MatAdd():
            return sum(below())
        case sp.MatMul():
            scalar, matrices = 1.0, []
            for arg in e.args:
                if isinstance(arg, sp.MatrixExpr):
                    matrices.append(_matrix(arg, numbers))
                else:
                    scalar *= _scalar(arg, numbers)
            return scalar * (np.linalg.multi_dot(matrices) if len(matrices) > 1 else matrices[0])
        case sp.HadamardProduct():
            return math.prod(below()[1:], start=below()[0])
        case sp.HadamardPower():
            return _matrix(e.args[0], numbers) ** _scalar(e.args[1], numbers)
        case sp.Transpose():
            return _matrix(e.args[0], numbers).T
        case sp.Inverse():
            return np.linalg.inv(_matrix(e.args[0], numbers))
        case sp.MatPow():
            return np.linalg.matrix_power(_matrix(e.args[0], numbers), int(e.args[1]))
        case sp.OneMatrix():
            return np.ones([int(_scalar(size, numbers)) for size in e.args])
        case sp.ZeroMatrix():
            return np.zeros([int(_scalar(size, numbers)) for size in e.args])
        case sp.Identity():
            return np.eye(int(_scalar(e.args[0], numbers)))
        case sp.DiagMatrix():
            return np.diag(_matrix(e.args[0], numbers)[:, 0])
        case sp.DiagonalOf():
            return np.diag(_matrix(e.args[0], numbers))[:, None]
        case ElementwiseApplyFunction():
            (letter,), body = e.function.args
            inner = _matrix(e.expr, numbers)
            entries = [_scalar(body, {**numbers, letter.name: entry}) for entry in inner.flat]
            return np.array(entries).reshape(inner.shape)
    raise NotCovered(e.func.__name__)
