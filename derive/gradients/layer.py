"""Is the backward pass of this layer right? For layers as they are written: objects, functions, with state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from derive.gradients.calling import Calling
from derive.gradients.copies import copied
from derive.gradients.drawing import generator
from derive.gradients.finding_passes import passes, stateless
from derive.gradients.fitting import chosen
from derive.gradients.foreign import inner, inward
from derive.gradients.foreign_layers import native
from derive.gradients.gradient_report import GradientReport
from derive.gradients.layer_subject import LayerSubject
from derive.gradients.left_over import read_from_outside
from derive.gradients.readings import readings
from derive.gradients.setting import planned
from derive.gradients.trial import run


def check_layer(
    layer: Any,
    *inputs: Any,
    parameters: Mapping[str, str | None] | Sequence[str] | None = None,
    returns: Sequence[str | None] | None = None,
    forward: str | Callable[..., Any] | None = None,
    backward: str | Callable[..., Any] | None = None,
    cache: bool | None = None,
    takes: str | None = None,
    accumulates: bool = False,
    model: Any = None,
    strict: bool = False,
    upstream: Any = None,
    sample: Callable[[], Any] | None = None,
    time_limit: float | None = 60.0,
    seed: int = 0,
) -> GradientReport:
    """Judge the backward pass of a layer at `inputs`, for all inputs and parameters that have a gradient.

    `layer` is an object with `forward` and `backward`, with a function and its derivative (`fn` and `grad`, `loss` and
    `gradient`), a pair of functions, or a module, dict or namespace that holds them. Passes, parameters and gradients
    are found by name, and what was found is told in the report; where the names do not say it:

    - `parameters={"W": "dW", "params['b']": "grads['b']"}` names values and their gradients,
    - `returns=("x", "W", "b")` names what `backward` returns, in order (None for what is to be ignored),
    - `forward=`, `backward=` name the methods, `cache=` says whether forward returns a cache as its last value,
    - `takes=` says what backward is given: the `"upstream"` gradient, the `"inputs"` of forward or its `"output"`;
      from the latter two it returns a slope, which is multiplied by the upstream gradient,
    - `accumulates=True` allows gradients that add up from call to call until they are reset,
    - `strict=True` refuses a guard that only one of the passes has, as in `log(p + 1e-7)`, and a backward pass that
      writes into what it is given; otherwise these are remarks,
    - `model=` describes the forward pass, as for `check_gradient`.
    """
    layer, inputs, forward, backward = native(layer, inputs, forward, backward)
    way: list[Calling] = []

    def subject_at(drawn: tuple[Any, ...]) -> LayerSubject:
        def subject_of(calling: Calling) -> LayerSubject:
            return LayerSubject(layer, calling, drawn, parameters, returns, accumulates, strict)

        if way:
            return subject_of(way[0])
        found = passes(layer, forward, backward, cache)
        outside = read_from_outside(found.forward_of(layer)) if stateless(layer) else []  # before it keeps anything
        fresh = (lambda: layer) if stateless(layer) else (lambda: copied(layer, {}))
        ways = readings(layer, found, drawn, takes, fresh)
        found, _ = chosen(ways, subject_of, generator(seed, 4))
        way.append(found)
        subject = subject_of(found)
        if outside:
            subject.notes.append(f"arrays in {', '.join(outside)}, outside of the functions, are not checked")
        return subject

    return run(planned(subject_at, inputs, inner(sample), inward(upstream), model, seed, strict), time_limit, seed)
