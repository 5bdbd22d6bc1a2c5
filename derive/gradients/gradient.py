"""Is this the gradient of that function? For any NumPy callable, without a model of it.

`check_gradient(f, grad, *args)` compares `grad(*args)` with slopes of f. For an array-valued f the gradient is a
vector-Jacobian product and `grad` takes the upstream gradient first: `grad(upstream, *args)`.

`compare(f, gradients, arguments)` compares numbers: gradients known at one point, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derive.errors import DeriveError, did_you_mean
from derive.gradients.arguments import ClaimedGradients, Slot, claim_from, floating, slots
from derive.gradients.difference import Array
from derive.gradients.drawing import generator
from derive.gradients.foreign import inner, inward, native_functions
from derive.gradients.function_subject import FunctionSubject, forward_value
from derive.gradients.gradient_report import GradientReport, GroupResult
from derive.gradients.guard import CallFailed, call, parameter_names
from derive.gradients.point import Values
from derive.gradients.setting import Plan, planned, upstream_for
from derive.gradients.trial import run


def check_gradient(
    f: Callable[..., Any],
    grad: Callable[..., Any],
    *args: Any,
    sample: Callable[[], Any] | None = None,
    model: Any = None,
    upstream: Any = None,
    wrt: str | int | Sequence[str | int] | None = None,
    strict: bool = False,
    time_limit: float | None = 60.0,
    seed: int = 0,
) -> GradientReport:
    """Judge `grad` as the gradient of `f` at `args` and at further points.

    `grad` returns the gradient for one argument (an array) or several (a tuple or list in their order, or a dict
    by name); an argument may itself be a dict, list or tuple of arrays. `wrt` names the arguments where the
    order does not. `sample()` returns further arguments, of other sizes if it likes.

    `model` (a `derive.Graph`, the name of a gallery model, or model text) describes what f computes: its derived
    formula stands beside each gradient, its numbers are compared as well, and code that is right is offered for what
    is wrong (`report.correction`). A guard that f or `grad` alone has, as in `log(p + 1e-7)`, is a remark unless
    `strict=True`. Raises DeriveError for what cannot be judged at all.
    """
    for who, function in (("f", f), ("grad", grad)):
        if not callable(function):
            raise DeriveError(f"{who} is a {type(function).__name__}, not a function")
    if not args:
        raise DeriveError("there are no arguments", hint="check_gradient(f, grad, x, ...) needs a point to check at")

    f, grad, args = native_functions(args, f, grad)

    def judged(by: Any) -> GradientReport:
        def subject_at(arguments: Any) -> FunctionSubject:
            return FunctionSubject(f, grad, arguments, by, upstream is not None)

        return run(planned(subject_at, args, inner(sample), inward(upstream), model, seed, strict), time_limit, seed)

    report = judged(wrt)
    if wrt is None and report.verdict == "false" and len(report.groups) == 1:
        report.notes += _right_for_another(report.groups[0], args, parameter_names(f, len(args)), judged)
    return report


def _right_for_another(
    wrong: GroupResult, args: Sequence[Any], names: Sequence[str], judged: Callable[[str], GradientReport]
) -> list[str]:
    """It was taken for that of the first argument that it fits: one by the p of `loss(y, p)` is told, not accepted.

    It may as well be that by y with a wrong sign, since such losses are functions of `y - p`.
    """
    alike = [
        n for n, a in zip(names, args, strict=True) if n != wrong.name and floating(a) and np.shape(a) == wrong.shape
    ]
    right = [name for name in alike if judged(name).verdict == "true"]
    return [f"it is right as the gradient of {name}: wrt={name!r} says that this is meant" for name in right]


class _Fixed:
    """A function of named arrays with gradients that are numbers: they hold at one point only."""

    def __init__(self, f: Callable[..., Any], gradients: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        self.f, self.gradients = f, gradients
        self.arguments = dict(arguments)
        self.constants = {name: np.asarray(a) for name, a in arguments.items() if floating(a) and name not in gradients}
        self.slots = [Slot(name, (name,)) for name in gradients]

    def outputs(self, values: Values) -> list[Array]:
        passed = {name: np.array(values.get(name, value), order="K") for name, value in self.arguments.items()}
        return [forward_value(call("f", lambda: self.f(**passed)), "f")]

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:  # noqa: ARG002 (f is a scalar)
        if any(not np.array_equal(value, self.arguments[name]) for name, value in values.items()):
            raise CallFailed("gradients", ValueError("known at one point only"))
        found = {(name,): value for name, value in self.gradients.items()}
        return claim_from(found, self.slots, lambda path: self.arguments[path[0]])


def compare(
    f: Callable[..., Any],
    gradients: Mapping[str, Any],
    arguments: Mapping[str, Any],
    *,
    time_limit: float | None = 60.0,
    seed: int = 0,
) -> GradientReport:
    """Compare gradients known as numbers with slopes of `f(**arguments)` at that point, group by group."""
    f, (arguments, gradients) = native_functions((dict(arguments), dict(gradients)), f)
    for name in gradients:
        if name not in arguments:
            raise DeriveError(f"there is no argument {name!r}", hint=did_you_mean(name, arguments))
    slots(list(arguments.values()), list(arguments))  # refuses what cannot be judged, by name
    values = {name: np.asarray(arguments[name]) for name in gradients}
    for name, value in values.items():
        if value.dtype.kind != "f":
            raise DeriveError(f"{name} has type {value.dtype}, not float")
    rng = generator(seed, 1)

    def prepare() -> Plan:
        subject = _Fixed(f, gradients, arguments)
        return Plan(subject, values, lambda outputs: upstream_for(outputs, None, rng), redraw=False)

    return run(prepare, time_limit, seed)
