"""Emitted code beside careful hand-written code: how long both take, and how they read.

`python -m benchmarks counterparts`. Value and all gradients of the models of `benchmarks.counterparts`, alternately in
one process on one thread; the ratio is that of the medians.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.counterparts import COUNTERPARTS, Counterpart
from benchmarks.timing import Row, interleaved, table
from derive import codegen
from derive.calculus.reverse import backprop
from derive.model import loads

REPEATS = 300
FUNCTION = "value_and_gradient"


def emitted(counterpart: Counterpart) -> str:
    """The module that is emitted for a model."""
    return codegen.source(backprop(loads(counterpart.text)))


def compiled(source: str) -> Callable[..., Any]:
    """The function of an emitted module."""
    scope: dict[str, Any] = {}
    exec(compile(source, "<emitted>", "exec"), scope)  # noqa: S102  (what derive has just written)
    function: Callable[..., Any] = scope[FUNCTION]
    return function


def drawn(counterpart: Counterpart, sizes: dict[str, int] | None = None, seed: int = 7) -> dict[str, Any]:
    """Values of the inputs, in their domains."""
    rng, found = np.random.default_rng(seed), dict[str, Any]()
    numbers = sizes or dict(counterpart.sizes)
    for name, declaration in loads(counterpart.text).inputs.items():
        shape = tuple(size.value(numbers) for size in declaration.shape)
        facts = {fact.name for fact in declaration.facts}
        value = rng.normal(size=shape)
        if "one_hot" in facts:
            value = np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
        elif "positive_definite" in facts:
            value = value @ value.T / shape[0] + np.eye(shape[0])
        elif len(set(declaration.shape)) < len(shape):
            value = np.abs(value + value.T)
        elif not shape:
            value = np.float64(0.5 + abs(value))
        elif len(shape) == 2:
            value /= np.sqrt(shape[0])
        found[name] = value
    return found


def body(source: str) -> str:
    """The statements of the first function of a source that computes value and gradients, without its docstring."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    function = next(node for node in functions if node.name == FUNCTION or node.name.endswith("_by_hand"))
    first = function.body[1] if isinstance(function.body[0], ast.Expr) else function.body[0]
    lines = source.splitlines()[first.lineno - 1 : function.end_lineno]
    return inspect.cleandoc("\n" + "\n".join(lines))


def page() -> str:
    """Ratios of medians, emitted to hand-written, then the two texts of each side by side."""
    rows, texts = [], []
    for name, counterpart in COUNTERPARTS.items():
        source, values = emitted(counterpart), drawn(counterpart)
        calls = [partial(function, **values) for function in (counterpart.by_hand, compiled(source))]
        hand, ours = (1e6 * t for t in interleaved(calls, REPEATS))
        rows.append(Row(name, {"by hand, us": f"{hand:.0f}", "emitted, ratio": f"{ours / hand:.2f}"}))
        by_hand, by_us = body(inspect.getsource(counterpart.by_hand)), body(source)
        texts.append(
            f"<details><summary>{name}</summary>\n<table><tr><th>by hand</th><th>emitted</th></tr><tr><td>\n\n"
            f"```python\n{by_hand}\n```\n\n</td><td>\n\n```python\n{by_us}\n```\n\n</td></tr></table>\n</details>"
        )
    return "\n\n".join([table(rows), *texts])
