r"""Random formulas with their values: a tree that is written as LaTeX and computed by NumPy, side by side.

Nothing here uses the reader or the core: what a formula means is said by `value` alone. Vectors are columns, so a tree
has one of the types "s" (scalar), "v" (column), "M" (square matrix). `changed` makes a near miss of a tree: a letter, a
sign, an order, a transpose, a prime.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MODEL = """
a, b, c : scalar
x, y, u : (n,)
A, B    : (n, n)
S       : (n, n), symmetric
sigma   : function = sigmoid
f       : function
"""
LETTERS = {"s": "abc", "v": "xyu", "M": "ABS"}


def _sigmoid(t: Array) -> Array:
    return 1 / (1 + np.exp(-t))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    r"\exp": np.exp,
    r"\tanh": np.tanh,
    r"\sigma": _sigmoid,
    r"\sigma'": lambda t: _sigmoid(t) * (1 - _sigmoid(t)),
    "f": lambda t: np.sin(1.3 * t + 0.2) + 0.4 * t**2,
    "f'": lambda t: 1.3 * np.cos(1.3 * t + 0.2) + 0.8 * t,
}


@dataclass(frozen=True)
class Tree:
    """An operation on trees, or a letter or numeral. `type` is "s", "v" or "M"."""

    op: str
    type: str
    parts: tuple[Tree, ...] = ()
    name: str = ""


def point(rng: np.random.Generator, size: int) -> dict[str, Array]:
    """Values of the letters, of both signs, at one size."""
    values: dict[str, Array] = {letter: rng.normal(size=(1, 1)) for letter in "abc"}
    values |= {letter: rng.normal(size=(size, 1)) for letter in "xyu"}
    values |= {letter: rng.normal(size=(size, size)) for letter in "ABS"}
    values["S"] = values["S"] + values["S"].T
    return values


_OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "neg": np.negative,
    "scale": np.multiply,
    "hadamard": np.multiply,
    "over": np.divide,
    "matmul": np.matmul,
    "inner": lambda a, b: a.T @ b,
    "outer": lambda a, b: a @ b.T,
    "transpose": np.transpose,
    "square": np.square,
    "norm": lambda a: np.sum(a**2).reshape(1, 1),
    "trace": lambda a: np.trace(a).reshape(1, 1),
    "diag": lambda a: np.diag(a[:, 0]),
    "sum": lambda a, b: np.sum(a * b).reshape(1, 1),
}


def value(tree: Tree, at: Mapping[str, Array]) -> Array:
    """The value as a matrix; scalars are 1 by 1."""
    if tree.op == "letter":
        return at[tree.name]
    if tree.op == "number":
        return np.full((1, 1), float(tree.name))
    parts = [value(part, at) for part in tree.parts]
    return FUNCTIONS[tree.name](*parts) if tree.op == "call" else _OPERATIONS[tree.op](*parts)


# ------------------------------------------------------------------------------------------- in LaTeX

# each way to write an operation, and how tightly its operands must bind; {t} is a sign of transposition
_ATOM = 9
_WRITTEN: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "add": (("{0} + {1}",), (1, 2)),
    "sub": (("{0} - {1}",), (1, 2)),
    "neg": (("-{0}",), (2,)),
    "hadamard": ((r"{0} \odot {1}", r"{0} \circ {1}"), (3, 4)),
    "scale": (("{0} {1}", r"{0} \cdot {1}", r"{0} \, {1}"), (3, 4)),
    "over": ((r"\frac{{{0}}}{{{1}}}",), (0, 0)),
    "matmul": (("{0} {1}",), (3, 4)),
    "inner": (("{0}{t} {1}",), (_ATOM, 4)),
    "outer": (("{0} {1}{t}",), (4, _ATOM)),
    "transpose": (("{0}{t}",), (_ATOM,)),
    "square": (("{0}^2",), (_ATOM,)),
    "norm": ((r"\|{0}\|^2", r"\|{0}\|_2^2"), (0,)),
    "trace": ((r"\mathrm{{tr}}({0})", r"\operatorname{{tr}}({0})"), (0,)),
    "diag": ((r"\mathrm{{diag}}({0})",), (0,)),
    "call": (("{f}({0})", r"{f}\left({0}\right)"), (0,)),
}
_TRANSPOSED = (r"^\top", "^T", "^{T}", r"^{\top}")
_BRACKETS = ("({})", r"\left({}\right)", r"\left[ {} \right]")
_LEVEL = {"add": 1, "sub": 1, "neg": 1, "sum": 1, "hadamard": 2, "scale": 3, "matmul": 3, "inner": 3, "outer": 3}
_SCRIPTED = {"transpose", "square", "norm"}


def tex(tree: Tree, rng: random.Random) -> str:
    """The tree as LaTeX, in a style drawn for every operation."""
    if tree.op in ("letter", "number"):
        return tree.name
    if tree.op == "sum":
        letter = rng.choice("ijk")
        return rf"\sum_{letter} {tree.parts[0].name}_{letter} {tree.parts[1].name}_{letter}"
    ways, levels = _WRITTEN[tree.op]
    parts = [_operand(part, level, tree.op, rng) for part, level in zip(tree.parts, levels, strict=True)]
    return rng.choice(ways).format(*parts, t=rng.choice(_TRANSPOSED), f=tree.name)


def _operand(part: Tree, level: int, of: str, rng: random.Random) -> str:
    inside = tex(part, rng)
    loose = _LEVEL.get(part.op, _ATOM) < level
    carries = level == _ATOM and (part.op in _SCRIPTED or (part.op in ("over", "call") and of == "square"))
    return rng.choice(_BRACKETS).format(inside) if loose or carries else inside


# ------------------------------------------------------------------------------------------- random trees

_WAYS = {
    "s": ["add", "sub", "neg", "scale", "over", "inner", "square", "norm", "trace", "call", "sum"],
    "v": ["add", "sub", "neg", "scale", "matmul", "hadamard", "call"],
    "M": ["add", "sub", "neg", "scale", "matmul", "hadamard", "transpose", "outer", "diag", "call"],
}
_ARGUMENTS = {
    ("inner", "s"): "vv", ("norm", "s"): "v", ("trace", "s"): "M", ("sum", "s"): "vv",
    ("scale", "v"): "sv", ("scale", "M"): "sM", ("matmul", "v"): "Mv", ("outer", "M"): "vv", ("diag", "M"): "v",
}  # fmt: skip


def tree(rng: random.Random, kind: str, depth: int) -> Tree:
    """A random tree of a type; letters at the latest at depth 0."""
    if depth == 0 or rng.random() < 0.15:
        if kind == "s" and rng.random() < 0.2:
            return Tree("number", "s", name=rng.choice("23"))
        return Tree("letter", kind, name=rng.choice(LETTERS[kind]))
    op = rng.choice(_WAYS[kind])
    unary = op in ("neg", "square", "norm", "trace", "transpose", "diag", "call")
    kinds = _ARGUMENTS.get((op, kind), kind if unary else kind * 2)
    below = 0 if op == "sum" else depth - 1
    parts = tuple(tree(rng, part, below) for part in kinds)
    if op == "sum":
        parts = tuple(replace(part, op="letter", name=rng.choice("xyu")) for part in parts)
    return Tree(op, kind, parts, rng.choice(list(FUNCTIONS)) if op == "call" else "")


def changed(rng: random.Random, whole: Tree) -> Tree:
    """A near miss: one place of the tree changed. It may happen to have the same value."""
    places = _places(whole)
    for _ in range(20):
        path = rng.choice(places)
        old = _at(whole, path)
        new = _near(rng, old)
        if new is not None and new != old:
            return _with(whole, path, new)
    return Tree("neg", whole.type, (whole,))


def _near(rng: random.Random, old: Tree) -> Tree | None:
    match old.op:
        case "letter":
            return replace(old, name=rng.choice(LETTERS[old.type]))
        case "number":
            return replace(old, name=rng.choice("23"))
        case "add":
            return replace(old, op="sub")
        case "sub":
            return rng.choice([replace(old, op="add"), replace(old, parts=old.parts[::-1])])
        case "neg" | "transpose":
            return old.parts[0]
        case "scale":
            return old.parts[1]
        case "over" | "outer":
            return replace(old, parts=old.parts[::-1])
        case "matmul":
            if old.type == "M":
                return replace(old, parts=old.parts[::-1])
            return replace(old, parts=(Tree("transpose", "M", (old.parts[0],)), old.parts[1]))
        case "hadamard":
            return replace(old, op="matmul") if old.type == "M" else old.parts[0]
        case "square":
            return old.parts[0]
        case "call":
            return replace(old, name=rng.choice(list(FUNCTIONS)))
        case "trace":
            return None
    return None


def _places(whole: Tree) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for k, part in enumerate(whole.parts):
        found += [(k, *rest) for rest in _places(part)]
    return found


def _at(whole: Tree, path: tuple[int, ...]) -> Tree:
    return _at(whole.parts[path[0]], path[1:]) if path else whole


def _with(whole: Tree, path: tuple[int, ...], new: Tree) -> Tree:
    if not path:
        return new
    parts = list(whole.parts)
    parts[path[0]] = _with(parts[path[0]], path[1:], new)
    return replace(whole, parts=tuple(parts))


def differ(left: Tree, right: Tree, seed: int) -> bool | None:
    """Whether the values differ at one of several points; None where they are not finite anywhere."""
    seen = False
    for number in range(4):
        rng = np.random.default_rng([seed, number])
        at = point(rng, 2 + number % 3)
        with np.errstate(all="ignore"):
            a, b = value(left, at), value(right, at)
        if not (np.isfinite(a).all() and np.isfinite(b).all()) or max(np.abs(a).max(), np.abs(b).max()) > 1e8:
            continue
        seen = True
        if np.abs(a - b).max() > 1e-7 * max(1e-3, np.abs(a).max(), np.abs(b).max()):
            return True
    return False if seen else None
