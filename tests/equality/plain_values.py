"""Values of expressions in model text by NumPy and mpmath alone: nothing of the judge, of its operations or its points.

A value that does not exist as a real number is nan, and so is what is made of it. Inputs are drawn from the whole of
what their declaration admits: zero, whole and half numbers, tiny and huge ones of both signs, singular matrices.
"""

from __future__ import annotations

import ast
import operator
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np

Array = Any
NAN = mpmath.nan
DECLARED = re.compile(r"(?P<names>[\w, ]+?) *: *(?P<shape>\([^)]*\)|\w+(?:\(2\))?)(?P<facts>.*)")
DIGITS = 80


def draw(declared: str, rng: random.Random) -> dict[str, Any]:
    """A point of a model: its sizes and its inputs; a line `name = expression` binds."""
    point: dict[str, Any] = {}
    with mpmath.workdps(DIGITS):
        for line in filter(None, map(str.strip, declared.split(";"))):
            match = DECLARED.fullmatch(line)
            if match is None:
                name, _, expression = line.partition(" = ")
                point[name] = value(expression, point)
                continue
            for name in match["names"].split(", "):
                point[name] = _input(name, match["shape"], match["facts"].strip(", "), point, rng)
    return point


def _input(name: str, shape: str, facts: str, point: dict[str, Any], rng: random.Random) -> Any:
    if shape == "size":
        return point.setdefault(name, mpmath.mpf(rng.randint(1, 4)))
    if shape.startswith("function"):
        a, c = mpmath.mpf(rng.randint(1, 9)) / 7, mpmath.mpf(rng.randint(-9, 9)) / 5
        return lambda *args: sum((k + a) * u for k, u in enumerate(args)) ** 2 + c * args[0]
    sizes = [_size(text.strip(), point, rng) for text in shape.strip("()").split(",") if text.strip() and "(" in shape]
    entries = np.empty(sizes, dtype=object)
    scale = rng.choice(("any", "small whole", "huge"))
    for index in np.ndindex(*sizes):
        entries[index] = _number(facts, scale, rng)
    return _with_facts(entries, facts, rng) if sizes else entries[()]


def _size(text: str, point: dict[str, Any], rng: random.Random) -> int:
    if text.isdigit():
        return int(text)
    return int(point.setdefault(text, mpmath.mpf(rng.randint(1, 4))))


def _number(facts: str, scale: str, rng: random.Random) -> Any:
    if values := re.search(r"in \{(.*)\}", facts):
        return mpmath.mpf(rng.choice(values[1].split(",")))
    whole = mpmath.mpf(rng.randint(-3, 3))
    real = mpmath.mpf(rng.randint(-3000, 3000)) / 997
    drawn = {
        "any": rng.choice((whole, whole / 2, real)),
        "small whole": whole,
        "huge": real * 10 ** rng.choice((-3, 6)),
    }
    number = drawn[scale]
    if "positive" in facts.split(", ") and number <= 0:
        number = 1 - number
    if low := re.search(r"in \((-?\d+), inf\)", facts):
        number = abs(number) + mpmath.mpf(low[1]) + mpmath.mpf(1) / 3
    return number


def _with_facts(entries: Array, facts: str, rng: random.Random) -> Array:
    if "symmetric" in facts:
        return entries + entries.T
    if "positive_definite" in facts:
        return entries @ entries.T + value("eye(n)", {"n": len(entries)})
    if "diagonal" in facts:
        return entries * value("eye(n)", {"n": len(entries)})
    if "simplex" in facts:
        weights = np.abs(entries)
        weights[..., 0] += 1
        return weights / weights.sum(axis=-1, keepdims=True)
    if "one_hot" in facts:
        chosen = 0 * entries
        for row in np.ndindex(*entries.shape[:-1]):
            chosen[(*row, rng.randrange(entries.shape[-1]))] += 1
        return chosen
    return entries


# ------------------------------------------------------------------------------------------------ values


def value(text: str, point: Mapping[str, Any]) -> Any:
    """An expression at a point."""
    with mpmath.workdps(DIGITS):
        return _of(ast.parse(text, mode="eval").body, point)


def _of(tree: ast.expr, point: Mapping[str, Any]) -> Any:
    match tree:
        case ast.Constant(value=number):
            return mpmath.mpf(str(number))
        case ast.Name(id=name):
            return point[name] if name in point else {"e": mpmath.e, "pi": mpmath.pi}[name] + mpmath.mpf(0)
        case ast.List(elts=entries):
            return np.array([_of(entry, point) for entry in entries], dtype=object)
        case ast.UnaryOp(operand=operand):
            return -_of(operand, point)
        case ast.Attribute(value=below):
            return _of(below, point).T
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_of(left, point), _of(right, point))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            named = {word.arg: word.value.value for word in keywords if isinstance(word.value, ast.Constant)}
            function = point[name] if name in point else FUNCTIONS[name]
            return function(*(_of(arg, point) for arg in args), **named)
    raise AssertionError(ast.dump(tree))


def _each(function: Callable[..., Any], count: int = 1) -> Callable[..., Any]:
    def one(*args: Any) -> Any:
        return NAN if any(mpmath.isnan(arg) for arg in args) else mpmath.mpf(function(*args))

    return np.frompyfunc(one, count, 1)


def _power(base: Any, exponent: Any) -> Any:
    if base == 0:
        return NAN if exponent < 0 else mpmath.mpf(exponent == 0)
    return NAN if base < 0 and exponent != int(exponent) else base**exponent


def _det(array: Array) -> Any:
    """By the first row."""
    if not len(array):
        return mpmath.mpf(1)
    minors = (np.delete(array[1:], k, axis=1) for k in range(len(array)))
    return sum((-1) ** k * a * _det(minor) for k, (a, minor) in enumerate(zip(array[0], minors, strict=True)))


def _log_det(array: Array) -> Any:
    det = _det(array)
    return NAN if mpmath.isnan(det) or det == 0 else mpmath.log(abs(det))


def _inverse(array: Array) -> Array:
    det = _det(array)
    if mpmath.isnan(det) or abs(det) <= mpmath.mpf(10) ** -40 * abs(array).max() ** len(array):
        return array * NAN
    inverse = mpmath.matrix(array.tolist()) ** -1
    return np.array(inverse.tolist(), dtype=object).reshape(array.shape)


def _along(z: Array, function: Callable[[Array, Any], Any]) -> Array:
    top = max(z.ravel())  # of a vector
    return function(np.frompyfunc(mpmath.exp, 1, 1)(z - top), top)


_step = _each(lambda u: u > 0)
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.MatMult: operator.matmul,
    ast.Div: _each(lambda u, v: NAN if v == 0 else u / v, 2),
    ast.Pow: _each(_power, 2),
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": _each(mpmath.exp),
    "log": _each(lambda u: mpmath.log(u) if u > 0 else NAN),
    "sqrt": _each(lambda u: mpmath.sqrt(u) if u >= 0 else NAN),
    "sin": _each(mpmath.sin),
    "cos": _each(mpmath.cos),
    "erf": _each(mpmath.erf),
    "tanh": _each(mpmath.tanh),
    "sigmoid": _each(lambda u: 1 / (1 + mpmath.exp(-u))),
    "step": _step,
    "abs": _each(abs),
    "sign": _each(mpmath.sign),
    "maximum": _each(max, 2),
    "minimum": _each(min, 2),
    "sum": lambda x, axis=None: x.sum(axis=axis),
    "amax": lambda x: max(x.ravel()),
    "outer": np.multiply.outer,
    "trace": np.trace,
    "diag": lambda x: x[:, None] * FUNCTIONS["eye"](len(x)),
    "eye": lambda n: np.array([[mpmath.mpf(i == j) for j in range(int(n))] for i in range(int(n))], dtype=object),
    "ones": lambda *sizes: np.full([int(n) for n in sizes], mpmath.mpf(1), dtype=object),
    "inv": _inverse,
    "det": _det,
    "logdet": _log_det,
    "softmax": lambda z: _along(z, lambda raised, top: raised / raised.sum()),
    "logsumexp": lambda z: _along(z, lambda raised, top: top + mpmath.log(raised.sum())),
    "log_softmax": lambda z: z - FUNCTIONS["logsumexp"](z),
    "C": lambda *args: sum(((k + 2) * arg.sum() ** 2 for k, arg in enumerate(args)), mpmath.mpf(1)),
}
