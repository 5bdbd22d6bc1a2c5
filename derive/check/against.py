"""A gradient written by hand, held against a model: slopes of the model's forward pass judge it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from derive.calculus.reverse import scalar_loss
from derive.check.gradient import check_gradient
from derive.check.gradient_report import GradientReport
from derive.check.probe import Points
from derive.codegen.forward import forward
from derive.codegen.names import identifier
from derive.errors import DeriveError, ModelError
from derive.ir.graph import Graph


def check_against(
    graph: Graph, function: Callable[..., Any], *, points: int = 3, loss: str | None = None, seed: int = 0
) -> GradientReport:
    """Judge `function` as the gradient of the model's loss, at points that obey the declared facts.

    `function` takes the inputs by their names, or in their order if its parameters have other names. It returns a
    gradient for each in that order (None for those it leaves out), a dict of them by name, or `(value, dict)` as the
    emitted code does. Raises ModelError for a function that does not take the inputs, ShapeError for a loss that is not
    scalar, and what `check_gradient` raises.
    """
    loss = scalar_loss(graph, loss)
    names = _order(graph, function)
    drawn = Points(graph)
    number = iter(range(seed, seed + 1 + points * 4))

    def arguments() -> tuple[Any, ...]:
        for k in number:
            point = drawn[k]
            if point is not None:
                return tuple(np.array(point.inputs[name], dtype=float) for name in names)
        raise ModelError(f"{graph.name} is defined at no point that was drawn", hint="declare what the inputs obey")

    def gradient(*arrays: Any) -> Any:
        return _gradients(function(*arrays), graph)

    return check_gradient(_Forward(graph, loss, names), gradient, *arguments(), sample=arguments, seed=seed)


class _Forward:
    """The model's forward pass as a function of arrays; its signature tells the names of the inputs."""

    def __init__(self, graph: Graph, loss: str, names: list[str]) -> None:
        self.graph, self.loss, self.names = graph, loss, names
        kind = inspect.Parameter.POSITIONAL_ONLY
        self.__signature__ = inspect.Signature([inspect.Parameter(identifier(name), kind) for name in names])

    def __call__(self, *arrays: Any) -> Any:
        return np.asarray(forward(self.graph, dict(zip(self.names, arrays, strict=True)))[self.loss])


def _order(graph: Graph, function: Callable[..., Any]) -> list[str]:
    """The inputs in the order of the function's parameters."""
    if not callable(function):
        raise DeriveError(f"{function!r} is no function")
    inputs = {identifier(name): name for name in graph.inputs}
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return list(inputs.values())
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if {p.name for p in plain} >= set(inputs):
        return [inputs[p.name] for p in plain if p.name in inputs]
    needed = [p for p in plain if p.default is p.empty]
    if len(needed) <= len(inputs) <= len(plain) or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return list(inputs.values())
    named = ", ".join(p.name for p in plain)
    raise ModelError(
        f"the function takes ({named}), the inputs of {graph.name} are {', '.join(inputs)}",
        hint="give its parameters the names of the inputs",
    )


def _gradients(result: Any, graph: Graph) -> Any:
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        result = result[1]
    if isinstance(result, Mapping):
        return {identifier(graph.aliases.get(str(name), str(name))): value for name, value in result.items()}
    return result
