"""One layer as a text, what it is called with, and the faults that are planted into it.

A fault is what stands in the text, what is written instead, and the keys of defects of which one should be named.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Fault = tuple[str, str, str]


@dataclass(frozen=True)
class Case:
    """`subject` is the expression of the layer, `inputs` draws what forward is called with."""

    subject: str
    inputs: Callable[[np.random.Generator], list[Any]]
    source: str
    faults: tuple[Fault, ...]

    def text(self, fault: int | None = None) -> str:
        """The source, with one fault planted where a number is given."""
        if fault is None:
            return self.source
        old, new, _ = self.faults[fault]
        assert self.source.count(old) == 1, f"{old!r} stands {self.source.count(old)} times in {self.subject}"
        return self.source.replace(old, new)

    def made(self, fault: int | None = None) -> tuple[Any, list[Any]]:
        """The layer and its inputs."""
        namespace: dict[str, Any] = {"np": np, "__name__": "layer"}
        text, file = self.text(fault), f"<{self.subject} {fault}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)  # as if it were a file
        exec(compile(text, file, "exec", dont_inherit=True), namespace)  # noqa: S102 (texts of this folder)
        np.random.seed(3)
        return eval(self.subject, namespace), self.inputs(np.random.default_rng(5))  # noqa: S307


CASES: dict[str, Case] = {}


def case(name: str, subject: str, inputs: Callable[[np.random.Generator], list[Any]], source: str, *faults: Fault):
    """Put one layer into the list."""
    assert name not in CASES
    CASES[name] = Case(subject, inputs, source, faults)


def n(rng: np.random.Generator, *shape: int) -> Any:
    """Normal numbers."""
    return rng.normal(size=shape)


def p(rng: np.random.Generator, *shape: int) -> Any:
    """Probabilities, rows that add up to 1 where there are rows."""
    raw = rng.uniform(0.1, 0.9, shape)
    return raw / raw.sum(-1, keepdims=True) if len(shape) > 1 and shape[-1] > 1 else raw


def onehot(rng: np.random.Generator, rows: int, classes: int) -> Any:
    """Labels as rows of the unit matrix."""
    return np.eye(classes)[rng.integers(0, classes, rows)]
