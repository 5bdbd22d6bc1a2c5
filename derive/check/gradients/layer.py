"""Is the backward pass of this layer right? For layers as they are written: objects, functions, with state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from derive.check.gradients.calling import calling_for
from derive.check.gradients.gradient_report import GradientReport
from derive.check.gradients.layer_subject import LayerSubject
from derive.check.gradients.plan import planned
from derive.check.gradients.trial import run


def check_layer(
    layer: Any,
    *inputs: Any,
    parameters: Mapping[str, str | None] | Sequence[str] | None = None,
    returns: Sequence[str | None] | None = None,
    forward: str | Callable[..., Any] | None = None,
    backward: str | Callable[..., Any] | None = None,
    cache: bool | None = None,
    accumulates: bool = False,
    model: Any = None,
    upstream: Any = None,
    sample: Callable[[], Any] | None = None,
    time_limit: float | None = 60.0,
    seed: int = 0,
) -> GradientReport:
    """Judge the backward pass of a layer at `inputs`, for all inputs and parameters that have a gradient.

    `layer` is an object with `forward` and `backward`, a pair of functions (or a module, dict or namespace that
    holds them). Parameters and gradients are found by name; where the names do not say it:

    - `parameters={"W": "dW", "params['b']": "grads['b']"}` names values and their gradients,
    - `returns=("x", "W", "b")` names what `backward` returns, in order (None for what is to be ignored),
    - `forward=`, `backward=` name the methods, `cache=` says whether forward returns a cache as its last value,
    - `accumulates=True` allows gradients that add up from call to call until they are reset,
    - `model=` describes the forward pass, as for `check_gradient`.
    """

    def subject_at(drawn: tuple[Any, ...]) -> LayerSubject:
        calling = calling_for(layer, forward, backward, cache)
        return LayerSubject(layer, calling, drawn, parameters, returns, accumulates)

    return run(planned(subject_at, inputs, sample, upstream, model, seed), time_limit, seed)
