r"""Random formulas with their values: a tree that is written as LaTeX and computed by NumPy, side by side.

Nothing here uses the reader or the core: what a formula means is said by `value` alone. Vectors are columns, so a tree has
one of the types "s" (scalar), "v" (column), "M" (square matrix). `changed` makes a near miss of a tree: a letter, a sign,
an order, a transpose, a prime.
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


def value(tree: Tree, at: Mapping[str, Array]) -> Array:
    """The value as a matrix; scalars are 1 by 1."""
    parts = [value(part, at) for part in tree.parts]
    match tree.op:
        case "letter":
            return at[tree.name]
        case "number":
            return np.full((1, 1), float(tree.name))
        case "add":
            return parts[0] + parts[1]
        case "sub":
            return parts[0] - parts[1]
        case "neg":
            return -parts[0]
        case "scale" | "hadamard":
            return parts[0] * parts[1]
        case "over":
            return parts[0] / parts[1]
        case "matmul":
            return parts[0] @ parts[1]
        case "inner":
            return parts[0].T @ parts[1]
        case "outer":
            return parts[0] @ parts[1].T
        case "transpose":
            return parts[0].T
        case "square":
            return parts[0] ** 2
        case "norm":
            return np.sum(parts[0] ** 2).reshape(1, 1)
        case "trace":
            return np.trace(parts[0]).reshape(1, 1)
        case "diag":
            return np.diag(parts[0][:, 0])
        case "call":
            return FUNCTIONS[tree.name](parts[0])
        case "sum":
            return np.sum(parts[0] * parts[1]).reshape(1, 1)
    raise AssertionError(tree.op)


# ------------------------------------------------------------------------------------------- in LaTeX

HADAMARD = (r"\odot", r"\circ")
TIMES = ("", r"\cdot ", r"\, ")
_LEVEL = {"add": 1, "sub": 1, "neg": 1, "sum": 1, "hadamard": 2, "scale": 3, "matmul": 3, "inner": 3, "outer": 3}


def tex(tree: Tree, rng: random.Random) -> str:
    """The tree as LaTeX, in a style drawn for every operation."""
    parts = tree.parts

    def at(k: int, level: int) -> str:
        inside = tex(parts[k], rng)
        if _LEVEL.get(parts[k].op, 9) >= level:
            return inside
        return rng.choice([r"({})", r"\left({}\right)", r"\left[ {} \right]"]).replace("{}", inside)

    top = rng.choice([r"^\top", "^T", "^{T}", r"^{\top}"])
    match tree.op:
        case "letter" | "number":
            return tree.name
        case "add":
            return f"{at(0, 1)} + {at(1, 2)}"
        case "sub":
            return f"{at(0, 1)} - {at(1, 2)}"
        case "neg":
            return f"-{at(0, 2)}"
        case "hadamard":
            return f"{at(0, 3)} {rng.choice(HADAMARD)} {at(1, 4)}"
        case "scale":
            return f"{at(0, 3)} {rng.choice(TIMES)}{at(1, 4)}"
        case "over":
            return rf"\frac{{{tex(parts[0], rng)}}}{{{tex(parts[1], rng)}}}"
        case "matmul":
            return f"{at(0, 3)} {at(1, 4)}"
        case "inner":
            return f"{at(0, 9)}{top} {at(1, 4)}"
        case "outer":
            return f"{at(0, 4)} {at(1, 9)}{top}"
        case "transpose":
            return f"{at(0, 9) if parts[0].op != 'transpose' else f'({at(0, 9)})'}{top}"
        case "square":
            return f"{at(0, 9)}^2" if parts[0].op in ("letter", "number") else f"({tex(parts[0], rng)})^2"
        case "norm":
            return rf"\|{tex(parts[0], rng)}\|{rng.choice(['', '_2'])}^2"
        case "trace":
            return rng.choice([r"\mathrm{tr}", r"\operatorname{tr}"]) + f"({tex(parts[0], rng)})"
        case "diag":
            return rf"\mathrm{{diag}}({tex(parts[0], rng)})"
        case "call":
            return tree.name + rng.choice(["({})", r"\left({}\right)"]).replace("{}", tex(parts[0], rng))
        case "sum":
            letter = rng.choice("ijk")
            return rf"\sum_{letter} {parts[0].name}_{letter} {parts[1].name}_{letter}"
    raise AssertionError(tree.op)


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
