"""What leaks from one call of a layer to the next, and what its passes write into.

Arguments and parameters that are changed in place; a second run of one object that differs from a fresh one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from derive.errors import DeriveError
from derive.gradients.arguments import ClaimedGradients, Slot, at
from derive.gradients.calling import Calling, Passed
from derive.gradients.difference import Array
from derive.gradients.discovery import Parameter, get, put
from derive.gradients.drawing import drawn, nearby
from derive.gradients.guard import CallFailed, same
from derive.gradients.optimizers import OPTIMIZER, STEP
from derive.gradients.point import Values
from derive.gradients.setting import Finding


class Rerun(Protocol):
    """A layer that can be made anew and run again, as `derive.gradients.layer_subject.LayerSubject`."""

    calling: Calling
    inputs: tuple[Any, ...]
    names: list[str]
    slots: list[Slot]
    parameters: list[Parameter]
    held: dict[str, Any]
    values: dict[str, Array]
    notes: list[str]
    stateless: bool
    strict: bool
    told_to_accumulate: bool

    def layer(self, values: Values) -> Any:
        """A fresh layer with these parameters."""

    def forward(self, layer: Any, values: Values) -> tuple[Passed, tuple[Any, ...]]:
        """Its forward pass, and the inputs that it was given."""

    def run(self, layer: Any, values: Values, upstream: list[Array] | None) -> tuple[Passed, ClaimedGradients]:
        """Forward and backward."""

    def outputs(self, values: Values) -> list[Array]:
        """The outputs of a fresh layer."""

    def reset(self, layer: Any) -> str:
        """Set its gradients back, if it can; the name of what did so."""


def leaks(
    subject: Rerun, upstream: list[Array], claimed: Mapping[str, Array], rng: np.random.Generator
) -> list[Finding]:
    """Arguments and parameters changed in place; a second run of one object that differs from a fresh one.

    `claimed` are the gradients that a fresh one has given for these upstream gradients.
    """
    findings: list[Finding] = []
    layer = subject.layer({})
    passed, inputs = subject.forward(layer, {})
    first = [y.copy() for y in passed.outputs]
    findings += _changed(subject, "forward", layer, inputs)
    passing = [u.copy() for u in upstream]
    try:
        subject.calling.backward(layer, passed, passing, inputs)
    except CallFailed:
        return findings  # told as the claim at the given point
    in_place = [] if findings else _changed(subject, "backward", layer, inputs)
    if not same(passing, upstream):
        in_place.append(("mutates_argument", "backward changes the upstream gradient in place"))
    if subject.strict:
        findings += in_place
    else:
        subject.notes += [text for _, text in in_place]
    if not subject.stateless and not subject.told_to_accumulate and not findings:
        findings += _second_call(subject, first, upstream, claimed, rng)
    return findings


def _changed(subject: Rerun, who: str, layer: Any, inputs: tuple[Any, ...]) -> list[Finding]:
    for name, before, after in zip(subject.names, subject.inputs, inputs, strict=True):
        if isinstance(before, np.ndarray) and not same([after], [before]):
            return [("mutates_argument", f"{who} changes its argument {name} in place")]
    for slot in (slot for slot in subject.slots if slot.name in subject.values):
        if not same([np.asarray(at(inputs, slot.path))], [np.asarray(at(subject.inputs, slot.path))]):
            return [("mutates_argument", f"{who} changes its argument {slot.name} in place")]
    for p in (p for p in subject.parameters if p.gradient not in (OPTIMIZER, STEP)):
        if not same([np.asarray(get(layer, p.value))], [subject.held[p.name]]):
            return [("mutates_argument", f"{who} changes the parameter {p.name} in place")]
    return []


def _second_call(
    subject: Rerun,
    first: list[Array],
    upstream: list[Array],
    claimed: Mapping[str, Array],
    rng: np.random.Generator,
) -> list[Finding]:
    """Run one object at other inputs and then at the given ones; compare with an object that ran only once."""
    layer = subject.layer({})
    others = _other_inputs(subject, rng)
    try:
        subject.run(layer, others, [u * 0.5 for u in upstream])
        _put_back(subject, layer)
        subject.reset(layer)
        passed, again = subject.run(layer, {}, upstream)
    except (CallFailed, DeriveError) as error:
        return [("second_call", f"a second call of the same layer fails: {error}")]
    if not same(first, passed.outputs):
        subject.notes.append(
            "forward gives another value at its second call (a running or random state), each check starts anew"
        )
        return []
    wrong = [n for n, g in claimed.items() if not same([g], [again.gradients.get(n)])]
    if not wrong:
        return []
    text = "right at the first call, but the second call of the same layer gives another gradient of"
    return [("second_call", f"{text} {', '.join(wrong)} (does it add to the first, or reuse what it kept?)")]


def _put_back(subject: Rerun, layer: Any) -> None:
    """The parameters as they were before backward made a step."""
    for p in subject.parameters:
        now = get(layer, p.value)
        if (
            isinstance(now, np.ndarray)
            and not same([now], [subject.held[p.name]])
            and now.shape == subject.held[p.name].shape
        ):
            put(layer, p.value, subject.held[p.name].copy())


def _other_inputs(subject: Rerun, rng: np.random.Generator) -> dict[str, Array]:
    """Inputs of the same shape at which a fresh layer works, with other signs if it does there."""
    moved = [s.name for s in subject.slots if s.name in subject.values]
    for draw in (drawn, nearby):
        others = {name: draw(subject.values[name], rng) for name in moved}
        try:
            outputs = subject.outputs(others)
        except (CallFailed, DeriveError):
            continue
        if all(np.all(np.isfinite(y)) for y in outputs):
            return others
    return {}
