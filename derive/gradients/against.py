"""Code written by hand, held against a model: every gradient it returns, and its value.

The slopes are those of the model's forward pass, so that a mistake that both passes of the code share is found too;
the points obey every declared fact, at two draws of sizes. What is accepted as code:

    a function       of the model's inputs, by name or in their order; one parameter more (`params`) takes a dict
                     of those that are not named. It returns gradients (an array, a tuple in the order of its
                     parameters, a dict by name), or a value and such gradients, or a dict that holds both
    a layer          an object, or a class without arguments, with forward and backward; its parameters are set
    a pair           (forward, backward), as functions with a cache

A function or layer whose model does not end in a scalar takes the upstream gradient first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from derive.equality.draw import size_draws, size_names
from derive.equality.probe import Point as Drawn
from derive.equality.probe import draw_point
from derive.errors import ModelError
from derive.gradients.batch import Placed
from derive.gradients.both_sides import BothSides
from derive.gradients.difference import Array
from derive.gradients.drawing import generator
from derive.gradients.gradient_report import GradientReport, GroupResult, Worst, severity
from derive.gradients.handwritten import Code, Handwritten, HandwrittenFunction
from derive.gradients.handwritten_layer import HandwrittenLayer, layer_of
from derive.gradients.model_backward import Derived
from derive.gradients.point import Neighbourhood
from derive.gradients.setting import Plan, upstream_for
from derive.gradients.trial import run
from derive.ir.graph import ComputationGraph

SAME_VALUE = 1e-6  # of the value: float32 is right, a value that lacks a term is not
FRUITLESS = 4  # draws in a row, after which a model is taken to be defined nowhere


def check_against(
    model: Any,
    code: Any,
    *,
    points: int = 3,
    loss: str | None = None,
    seed: int = 0,
    time_limit: float | None = 60.0,
) -> GradientReport:
    """Judge code as value and gradient of a model, at points that obey the declared facts.

    Raises ModelError for code that does not take the model's inputs and for a model without points or loss,
    UnsupportedError for generic functions, DeriveError for what is no code. An exception in the code is a verdict.
    """
    derived = Derived(model, loss)
    layer = layer_of(code)
    made: Code = HandwrittenFunction(derived, code) if layer is None else HandwrittenLayer(derived, layer)
    rng = generator(seed, 1)
    drawn = _points(derived.plain, made.sizes, seed)
    subjects: list[Handwritten] = []

    def subject(point: Drawn) -> Handwritten:
        subjects.append(made.subject(point))
        return subjects[-1]

    sides = _AtOwnPoints(derived, seed, subject)

    def further() -> tuple[Handwritten, dict[str, Array]]:
        new = subject(next(drawn))
        return new, new.values

    def prepare() -> Plan:
        given = subject(next(drawn))
        derived.bind([*given.values, *given.constants])
        return Plan(
            given,
            given.values,
            lambda outputs: upstream_for(outputs, None, rng),
            redraw=False,
            further=further,
            rounds=max(1, points - 1),
            audit=given.audit,
            notes=given.notes,
            derived=derived,
            sides=sides,
        )

    return _with_values(run(prepare, time_limit, seed), subjects)


class _AtOwnPoints(BothSides):
    """Every point of such a check is one of the model, with all of its inputs."""

    def __init__(self, derived: Derived, seed: int, subject: Callable[[Drawn], Handwritten]) -> None:
        super().__init__(derived, seed)
        self.subject = subject

    def drawn(self, point: Neighbourhood) -> Drawn | None:
        own = point.subject.subject
        return own.point if isinstance(own, Handwritten) else None

    def held(self, drawn: Drawn, point: Neighbourhood) -> list[str]:  # noqa: ARG002
        return []

    def placed(self, drawn: Drawn, point: Neighbourhood) -> Placed:  # noqa: ARG002
        new = self.subject(drawn)
        return new, new.values


def _points(graph: ComputationGraph, fixed: Mapping[str, int], seed: int) -> Iterator[Drawn]:
    """Points of the model without end, at two draws of sizes in turn. ModelError where none is found."""
    names, literals = size_names(graph)
    draws = [{**draw, **fixed} for draw in size_draws(names, literals, random.Random(len(names)))]
    failed, k = 0, seed
    while failed < FRUITLESS:
        point = draw_point(graph, draws[k % len(draws)], f"point {k}")
        failed, k = failed + 1, k + 1
        if point is not None:
            failed = 0
            yield point
    raise ModelError(f"{graph.name} is defined at no point that was drawn", hint="declare what the inputs obey")


def _with_values(report: GradientReport, subjects: list[Handwritten]) -> GradientReport:
    """Add the verdict on the value that the code returns beside its gradients."""
    worst: dict[str, Worst] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for subject in subjects:
        for name, (own, right) in subject.own_values().items():
            shapes[name] = right.shape
            if own.shape != right.shape:
                worst[name] = Worst(name, None, float("nan"), float("nan"), 0.0)
                report.notes.append(f"the code returns {name} of shape {own.shape}, in the model it is {right.shape}")
                continue
            if not right.size:
                continue
            off = np.where(np.isfinite(own), np.abs(own - right), np.inf)
            place = tuple(map(int, np.unravel_index(int(np.argmax(off)), off.shape)))
            estimate = SAME_VALUE / 10 * float(np.max(np.abs(right)))
            found = Worst(name, place, float(own[place]), float(right[place]), estimate)
            if name not in worst or severity(found) > severity(worst[name]):
                worst[name] = found
    for name, found in worst.items():
        right_value = severity(found) <= 10.0
        text = "" if right_value else f"the value is {found.claimed:.10g}, that of the model {found.numeric:.10g}"
        if found.coordinate is None:
            text = "the value has another shape than in the model"
        verdict = "true" if right_value else "false"
        report.groups.append(GroupResult(name, shapes[name], verdict, text, [] if right_value else ["wrong_value"]))
        if not right_value:
            before = "" if report.verdict == "true" else f"{report.diagnosis}; "
            report.diagnosis, report.verdict = f"{before}{name}: {text}", "false"
            report.defects = list(dict.fromkeys([*report.defects, "wrong_value"]))
    return report
