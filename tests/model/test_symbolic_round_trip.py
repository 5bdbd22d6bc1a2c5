"""Everything that `.sympy()` returns goes back in with the same values."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
import sympy as sp

import derive
from derive.calculus.closed import closed_forms
from derive.equality.generic import implementation
from derive.errors import UnsupportedError
from derive.ir.graph import ComputationGraph, Declaration
from derive.ir.node import Node
from derive.model import from_sympy, gallery
from derive.notation.sympy_form import to_sympy
from derive.ops.evaluate import Evaluator
from derive.ops.floats import Floats

LETTERS = [sp.Symbol(letter, integer=True) for letter in "ijlpq"]


def models() -> list[str]:
    return [name for name in gallery() if not derive.load(name).is_family]


def back(expression: object, node: Node, graph: ComputationGraph, view: str) -> ComputationGraph:
    """The model of one line `RESULT = expression`."""
    if isinstance(expression, sp.MatrixExpr | sp.MatrixBase):
        return from_sympy({sp.MatrixSymbol("RESULT", *expression.shape): expression})
    if node.shape:
        sizes = {name: sp.Symbol(name, integer=True, positive=True) for size in node.shape for name in size.names}
        shape = [size.number if size.number is not None else sizes[str(size)] for size in node.shape]
        return from_sympy({sp.IndexedBase("RESULT", shape=shape)[tuple(LETTERS[: len(shape)])]: expression})
    return from_sympy({sp.Symbol("RESULT"): expression})


@pytest.mark.parametrize("view", ["matrix", "index"])
@pytest.mark.parametrize("name", models())
def test_the_gallery_comes_back(name: str, view: str) -> None:
    model = derive.load(name)
    derivation = model.backprop().data
    graph = derivation.gradient
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    sizes = {size: k for k, size in enumerate(sorted(model.data.size_names()), 2)}
    values = {
        n: rng.uniform(0.1, 0.9, size=[s.value(sizes) for s in d.shape]) for n, d in model.data.inputs.items()
    }  # fmt: skip
    functions = {name: implementation(declared, Floats(), seed="") for name, declared in graph.functions.items()}
    point = Evaluator(values, sizes, functions=functions).run(graph)
    forms = {n: form.node for n, form in closed_forms(derivation).items()}
    forms |= {n: binding.node for n, binding in model.data.bindings.items()}
    for label, node in forms.items():
        try:
            expression = to_sympy(node, graph, view)
        except UnsupportedError:
            continue
        again = back(expression, node, graph, view)
        arrays = {n: np.reshape(point.values[again.latex(n) or n], shape(again, n, sizes)) for n in again.inputs}
        as_it_is = {n: as_sympy(functions[n], d, graph.functions[n]) for n, d in again.functions.items()}
        ours = Evaluator(arrays, sizes, functions=as_it_is).run(again).values["RESULT"]
        wanted = point.value(node)
        assert np.allclose(np.reshape(ours, wanted.shape), wanted, rtol=1e-9, atol=1e-12, equal_nan=True), (
            label,
            expression,
        )


def as_sympy(implementation: Any, made: Declaration, declared: Declaration) -> Any:
    """A functional as SymPy writes it: of numbers a function, of vectors one of columns."""
    if declared.kind == "function":
        return implementation
    if made.kind == "function":
        return lambda orders, *args: implementation(tuple(k for k, n in enumerate(orders) for _ in range(n)), *args)
    return lambda wrt, *args: implementation(wrt, *(a[:, 0] if a.shape[1:] == (1,) else a for a in args))


def shape(graph: ComputationGraph, name: str, sizes: dict[str, int]) -> list[int]:
    return [size.value(sizes) for size in graph.inputs[name].shape]
