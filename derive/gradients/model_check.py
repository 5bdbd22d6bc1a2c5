"""Is what was derived from a model right? Three ways to the same gradient, at points that obey every declared fact:

    slopes of the forward pass      differences that know their own error (`derive.gradients.gradient`)
    the derived gradient            the backward pass, evaluated node by node
    closed forms, emitted code      what is printed and what is run

The first is independent of everything derived; the derived gradient is held against it, and the others against the
derived gradient. A gradient is true only where code was emitted, ran and agreed. A family of layers is checked as its
three windows and as networks of two depths.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.calculus.closed import ClosedForm, closed_forms
from derive.calculus.derivation import Adjoints
from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.equality.branches import Branches
from derive.equality.generic import implementation
from derive.equality.probe import DIGITS, Point, Points
from derive.errors import DeriveError
from derive.gradients.drawing import whole
from derive.gradients.gradient import compare
from derive.gradients.gradient_report import GroupResult
from derive.gradients.model_parts import family_parts, with_scalar_loss
from derive.gradients.model_report import GradientCheck, ModelReport
from derive.gradients.plain_data import overall
from derive.ir.graph import ComputationGraph, Declaration, Family
from derive.ir.node import refs
from derive.ir.size import show_shape
from derive.model.shared_names import shown_in_part
from derive.ops.evaluate import Evaluator, Implementation
from derive.ops.floats import Floats

Array = NDArray[Any]
SAME = 1e-9  # two float64 evaluations of one gradient, relative to its largest entry
ROUNDINGS = 100  # by how much two ways to compute one value may differ in what rounding makes of them
MOST_ARGUMENTS = 100  # of a functional
MOST_BINDINGS = 60  # that are compared one by one; in a longer model slopes are taken by the inputs alone
MOST_DRAWS = 12  # for each point wanted; further draws replace points on a kink or outside of the domain


def check(
    graph: ComputationGraph, *, points: int = 3, loss: str | None = None, seed: int = 0, time_limit: float | None = 60.0
) -> ModelReport:
    """Compare derived gradients, closed forms and emitted code with slopes of the forward pass.

    A model whose loss is not scalar is checked through a random combination of its outputs. Raises ModelError for an
    unknown loss and a model without bindings, ShapeError for a loss that is not scalar.
    """
    seed = whole(seed)
    if points < 1:
        raise DeriveError(f"{points} points are too few", hint="at least 1")
    family = graph.family
    if family is None or loss is not None:
        return _check_one(graph, points, loss, seed, time_limit, family)
    parts = [
        (_check_one(part, points, None, seed, time_limit, family if is_window else None), is_window)
        for part, is_window in family_parts(graph)
    ]
    reports = [report for report, is_window in parts if report.gradients or not is_window]
    verdict = overall([report.verdict for report in reports])
    return ModelReport(graph.name, reports[-1].loss, verdict, parts=reports, points=points)


def _check_one(
    graph: ComputationGraph,
    points: int,
    loss: str | None,
    seed: int,
    time_limit: float | None,
    family: Family | None = None,
) -> ModelReport:
    """The report on one graph; of a window of a `family` without the derivatives that it shows in parts."""
    graph, notes = with_scalar_loss(graph, loss)
    derivation = backprop(graph, loss)
    left_out = [name for name in graph.names if family is not None and shown_in_part(family, graph, name)]
    trial = _Comparisons(derivation, time_limit, left_out)
    drawn = Points(derivation.graph)
    for k in range(seed, seed + points * MOST_DRAWS):
        point = drawn[k]
        if trial.points >= points or trial.refuted:
            break
        if point is not None and trial.try_point(point, k):
            trial.sides.meet(point)
    if (start := next((drawn[k] for k in range(seed, seed + MOST_DRAWS) if drawn[k] is not None), None)) is not None:
        for k, point in enumerate(trial.sides.towards(start, seed)):
            if trial.refuted:
                break
            if trial.try_point(point, k):
                trial.sides.meet(point)
    report = trial.report(points)
    report.notes = [*notes, *report.notes]
    return report


def _orders(declared: Declaration, function: Implementation) -> dict[tuple[int, ...], Callable[..., Array]]:
    """The derivatives of a generic function that emitted code of a first derivative may ask for, by their orders."""
    if declared.kind == "functional":
        wanted = [(), *((k,) for k in range(MOST_ARGUMENTS))]
    else:
        wanted = list(product(range(3), repeat=declared.arity))
    return {orders: lambda *args, orders=orders: function(orders, *args) for orders in wanted}


class _Comparisons:
    """The comparison at one point after the other."""

    def __init__(self, derivation: Adjoints, time_limit: float | None, left_out: Collection[str] = ()) -> None:
        self.derivation, self.time_limit = derivation, time_limit
        self.graph = derivation.graph
        self.sides = Branches(self.graph, [derivation.loss], derivation.gradient)
        self.functions = {name: implementation(declared, Floats()) for name, declared in self.graph.functions.items()}
        inputs = [name for name, declared in self.graph.inputs.items() if declared.differentiable]
        self.long = len(self.graph.bindings) > MOST_BINDINGS
        self.wrt = [name for name in (inputs if self.long else [*self.graph.bindings, *inputs]) if name not in left_out]
        self.closed = closed_forms(derivation)
        self.notes: list[str] = []
        self.no_code = ""  # why there is nothing to compare, or nothing any more
        self.compiled = self._compiled()
        shapes = [self.graph.shape(name) for name in self.graph.names]
        self.shown_sizes = {name for shape in shapes for size in shape for name in size.names}
        self.kinks: list[str] = []
        self.sizes: list[dict[str, int]] = []
        self.value: float | None = None
        # users come before what they use, as in the derivation
        self.gradients = {
            name: GradientCheck(step.adjoint, name, show_shape(self.graph.shape(name)))
            for name, step in derivation.steps.items()
            if name != derivation.loss and name in self.wrt
        }
        if left_out:
            self.notes.append(f"{', '.join(left_out)}: used in other layers too, and checked where all are there")
        if self.long:
            self.notes.append(f"{len(self.graph.bindings)} bindings: slopes were taken by the inputs alone")

    def _compiled(self) -> list[Callable[..., Any]]:
        """The code by the inputs, which is what is emitted unless more is asked for, and by the bindings too."""
        declared = self.graph.functions
        functions = {name: _orders(declared[name], function) for name, function in self.functions.items()}
        inputs = [name for name in self.wrt if name in self.graph.inputs]
        try:
            by_inputs = lambdify(self.derivation, inputs, functions)
            return [by_inputs] if inputs == self.wrt else [by_inputs, lambdify(self.derivation, self.wrt, functions)]
        except DeriveError as error:
            self.no_code = f"no code is emitted: {error.message}"
        except Exception as error:  # a fault of the emitter is a finding on the model, as a wrong gradient is
            self.no_code = f"no code is emitted: {type(error).__name__}: {error}"
        return []

    @property
    def points(self) -> int:
        """How many points every gradient was accepted at."""
        return min((gradient.points for gradient in self.gradients.values()), default=0)

    @property
    def refuted(self) -> bool:
        return any(gradient.verdict == "false" for gradient in self.gradients.values())

    def try_point(self, point: Point, seed: int) -> bool:
        """Compare everything at one point; whether every gradient was accepted there."""
        before = [gradient.points for gradient in self.gradients.values()]
        here = self._at(point, {}).run(self.derivation.gradient)
        derived = {name: self._adjoint(here, name) for name in self.gradients}
        if derived:
            self._against_slopes(point, here, derived, seed)
        self._against_closed(point, here, derived)
        for function in self.compiled:
            self._against_code(function, point, here, derived)
        self.sizes.append({name: n for name, n in point.sizes.items() if name in self.shown_sizes})
        accepted = [gradient.points > n for gradient, n in zip(self.gradients.values(), before, strict=True)]
        return all(accepted) and not self.refuted

    def _at(self, point: Point, changed: Mapping[str, Array]) -> Evaluator:
        inputs = {**point.inputs, **changed}
        return Evaluator(inputs, point.sizes, functions=self.functions)

    def _adjoint(self, here: Evaluator, name: str) -> Array:
        step = self.derivation.steps[name]
        value = here.values.get(step.adjoint)
        return np.array(here.value(step.total) if value is None else value, dtype=float)

    # ----- slopes -----

    def _against_slopes(self, point: Point, here: Evaluator, derived: dict[str, Array], seed: int) -> None:
        """All inputs together, then every binding by itself: set it, and run everything after it."""

        def loss(**changed: Array) -> Array:
            return np.asarray(self._at(point, changed).run(self.graph).values[self.derivation.loss])

        groups = [[name for name in derived if name in self.graph.inputs]]
        bindings = [name for name in derived if name in self.graph.bindings]
        groups += [[name] for name in bindings]
        for names in filter(None, groups):
            values = {name: np.array(here.values[name], dtype=float) for name in names}
            report = compare(loss, {n: derived[n] for n in names}, values, time_limit=self.time_limit, seed=seed)
            self.kinks += [str(kink) for kink in report.kinks]
            for group in report.groups:
                self._take(self.gradients[group.name], group)
            if not report.groups:
                self.notes.append(report.diagnosis)

    def _take(self, gradient: GradientCheck, group: GroupResult) -> None:
        if group.verdict == "true":
            gradient.points += 1
            gradient.diagnosis = ""
        elif group.verdict == "false" or not gradient.points:
            gradient.diagnosis = group.diagnosis
        if group.verdict == "false":
            gradient.verdict = "false"
        if group.worst is not None and group.verdict != "undecided":
            claimed, numeric = group.worst.claimed, group.worst.numeric
            gradient.differences = _worse(gradient.differences, _relative(np.array(claimed), np.array(numeric)))
        elif group.verdict == "true":
            gradient.differences = _worse(gradient.differences, 0.0)

    # ----- closed forms and code -----

    def _against_closed(self, point: Point, here: Evaluator, derived: Mapping[str, Array]) -> None:
        for name, value in derived.items():
            form = self.closed[name]
            closed = self._closed_value(here, form)
            if closed is not None:
                difference = _relative(closed, value)
                if not difference <= SAME:  # in float64 a form may lose what it is in many digits
                    difference = self._closed_in_digits(point, name, form)
                self.gradients[name].closed = _worse(self.gradients[name].closed, difference)
                if not difference <= SAME:
                    self._refute(
                        self.gradients[name], f"the closed form differs from the derived gradient by {difference:.1e}"
                    )

    def _closed_in_digits(self, point: Point, name: str, form: ClosedForm) -> float:
        exact = Point(self.derivation.gradient, point.sizes, point.inputs)
        values = [exact.value(node, DIGITS) for node in (form.node, self.derivation.steps[name].total)]
        closed, derived = (np.asarray(value, dtype=float) for value in values)
        return _relative(closed, derived)

    @staticmethod
    def _closed_value(here: Evaluator, form: ClosedForm) -> Array | None:
        """The closed form at the point; None where a denominator is zero there."""
        value = np.asarray(here.value(form.node), dtype=float)
        return value if np.all(np.isfinite(value)) else None

    def _against_code(
        self, function: Callable[..., Any], point: Point, here: Evaluator, derived: Mapping[str, Array]
    ) -> None:
        inputs = {name: np.array(point.inputs[name], dtype=float) for name in self.graph.inputs}
        sizes = {name: point.sizes[name] for name in self.graph.size_names()}
        try:
            with np.errstate(all="ignore"):
                value, gradients = function(**inputs, **sizes)
        except Exception as error:  # whatever emitted code may raise
            self.no_code = f"the emitted code raises {type(error).__name__}: {error}"
            return
        off = _relative(np.asarray(value, dtype=float), np.asarray(here.values[self.derivation.loss], dtype=float))
        self.value = _worse(self.value, off)
        for name, gradient in self.gradients.items():
            if name not in gradients:
                continue
            got = np.asarray(gradients[name], dtype=float)
            if got.shape != derived[name].shape:
                self._refute(gradient, f"the emitted code gives shape {got.shape}, not {derived[name].shape}")
                continue
            difference = _relative(got, derived[name])
            if not difference <= SAME and self._is_rounding(point, name, got, derived[name]):
                difference = 0.0
            gradient.code = _worse(gradient.code, difference)
            if not difference <= SAME:
                self._refute(gradient, f"the emitted code differs from the derived gradient by {difference:.1e}")

    def _is_rounding(self, point: Point, name: str, got: Array, derived: Array) -> bool:
        """Whether a value is as near to the one in many digits as rounding lets the graph itself come.

        The gradient of a sum of squares at its least value is 0, and nothing but rounding in float64.
        """
        exact = Point(self.derivation.gradient, point.sizes, point.inputs).value(
            self.derivation.steps[name].total, DIGITS
        )
        if exact is None or not np.all(np.isfinite(got)):
            return False
        rough = np.asarray(exact, dtype=float)
        return bool(np.max(np.abs(got - rough), initial=0) <= ROUNDINGS * np.max(np.abs(derived - rough), initial=0))

    @staticmethod
    def _refute(gradient: GradientCheck, cause: str) -> None:
        gradient.verdict, gradient.diagnosis = "false", cause

    # ----- the answer -----

    def report(self, wanted: int) -> ModelReport:
        """The report; a gradient is true if every point that was wanted, or tried before a refutation, accepts it."""
        wanted = min(wanted, len(self.sizes)) if self.refuted else wanted
        untold = [] if self.refuted or self.points < wanted else self.sides.untold()
        self.notes += untold
        for gradient in self.gradients.values():
            if gradient.verdict != "false":
                known = gradient.points >= wanted and not untold and not self.no_code
                gradient.verdict = "true" if known else "undecided"
                gradient.diagnosis = gradient.diagnosis or self.no_code
            if gradient.points < wanted and gradient.verdict == "undecided" and not gradient.diagnosis:
                gradient.diagnosis = f"accepted at {gradient.points} of {wanted} points"
        verdicts = [gradient.verdict for gradient in self.gradients.values()]
        if self.value is not None and not self.value <= SAME:
            verdicts.append("false")
            self.notes.append(
                f"the emitted code gives another value of {self.derivation.loss} (off by {self.value:.1e})"
            )
        if not self.sizes:
            self.notes.append(
                f"{self.derivation.loss} is defined at no point that was drawn; declare what the inputs obey"
            )
        used = set(refs(*(binding.node for binding in self.graph.bindings.values())))
        for name in self.gradients:
            if name not in used:
                self.notes.append(f"{name} is used nowhere; its gradient is zero")
        if not self.gradients:
            self.notes.append("there is no input to differentiate by")
        return ModelReport(
            self.graph.name,
            self.derivation.loss,
            overall(verdicts),
            list(self.gradients.values()),
            len(self.sizes),
            self.sizes,
            self.value,
            list(dict.fromkeys(self.kinks)),
            list(dict.fromkeys(self.notes)),
            untold,
        )


def _relative(a: Array, b: Array) -> float:
    """The largest difference, relative to the largest entry of either."""
    if not a.size:
        return 0.0
    size = max(float(np.max(np.abs(a))), float(np.max(np.abs(b))))
    difference = float(np.max(np.abs(a - b)))
    return difference / size if size > 0 else difference


def _worse(before: float | None, now: float) -> float:
    return now if before is None or not now <= before else before
