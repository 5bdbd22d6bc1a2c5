"""The forward pass with numbers: inputs checked against their declarations, then every binding in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from derive.codegen.shapes import check_shapes
from derive.errors import ModelError, UnknownNameError, did_you_mean
from derive.ir.graph import ComputationGraph
from derive.ir.size import show_shape
from derive.ops.evaluate import Evaluator, Implementation


def bind_inputs(graph: ComputationGraph, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The inputs as float64 arrays, and the named sizes that follow from their shapes.

    Raises UnknownNameError for what is no input, ModelError for a missing input and for what is no array of numbers,
    ShapeError where a shape does not fit its declaration.
    """
    inputs = graph.inputs
    arrays: dict[str, Any] = {}
    for given, value in values.items():
        name = graph.aliases.get(given, given)
        if name not in inputs:
            what = "is computed by" if name in graph.bindings else "is not an input of"
            hint = did_you_mean(given, inputs) or f"the inputs are {', '.join(inputs)}"
            raise UnknownNameError(f"{given!r} {what} {graph.name}", hint=hint)
        arrays[name] = _numbers(given, value)
    missing = [f"{name} {show_shape(inputs[name].shape)}" for name in inputs if name not in arrays]
    if missing:
        raise ModelError(f"no value for {', '.join(missing)}", hint=f"{graph.name} takes {', '.join(inputs)}")
    sizes: dict[str, int] = {}
    check_shapes({name: (inputs[name], array) for name, array in arrays.items()}, sizes)
    return arrays, sizes


def _numbers(name: str, value: Any) -> Any:
    try:
        array = np.asarray(value)
    except ValueError:
        raise ModelError(f"{name}: the rows differ in length") from None
    if array.dtype.kind not in "biuf":
        raise ModelError(f"{name} is not a number or an array of numbers", hint="write 0.5, [1, 2] or [[1, 2], [3, 4]]")
    return array.astype(np.float64)


def forward(
    graph: ComputationGraph, values: Mapping[str, Any], functions: Mapping[str, Implementation] | None = None
) -> dict[str, Any]:
    """The value of every binding for given inputs. Raises what `bind_inputs` raises, ModelError for a missing size and
    UnsupportedError for a generic function without implementation."""
    arrays, sizes = bind_inputs(graph, values)
    try:
        done = Evaluator(arrays, sizes, functions=functions).run(graph)
    except KeyError as error:
        raise ModelError(f"the size {error.args[0]} follows from no input of {graph.name}") from None
    return {name: done.values[name] for name in graph.bindings}
