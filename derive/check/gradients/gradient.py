"""Is this the gradient of that function? For any NumPy callable, without a model of it.

`check_gradient(f, grad, *args)` compares `grad(*args)` with slopes of f. For an array-valued f the gradient is a
vector-Jacobian product and `grad` takes the upstream gradient first: `grad(upstream, *args)`.

`compare(f, gradients, arguments)` compares numbers: gradients known at one point, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.check.gradients.arguments import (
    Claim,
    Path,
    Slot,
    assign,
    at,
    claim_from,
    discrete,
    floating,
    rebuilt,
    slots,
)
from derive.check.gradients.batch import resized
from derive.check.gradients.difference import Array
from derive.check.gradients.gradient_report import GradientReport
from derive.check.gradients.guard import CallFailed, accepts, call, parameter_names, same
from derive.check.gradients.plan import Finding, Plan
from derive.check.gradients.point import Values
from derive.check.gradients.trial import run
from derive.errors import DeriveError, did_you_mean

if TYPE_CHECKING:
    from derive.check.gradients.beside import Derived


def check_gradient(
    f: Callable[..., Any],
    grad: Callable[..., Any],
    *args: Any,
    sample: Callable[[], Any] | None = None,
    model: Any = None,
    upstream: Any = None,
    wrt: str | int | Sequence[str | int] | None = None,
    time_limit: float | None = 60.0,
    seed: int = 0,
) -> GradientReport:
    """Judge `grad` as the gradient of `f` at `args` and at further points.

    `grad` returns the gradient for one argument (an array) or several (a tuple or list in their order, or a dict
    by name); an argument may itself be a dict, list or tuple of arrays. `wrt` names the arguments where the
    order does not. `sample()` returns further arguments, of other sizes if it likes.

    `model` (a `derive.Graph`, the name of a gallery model, or model text) describes what f computes: its derived
    formula stands beside each gradient, its numbers are compared as well, and code that is right is offered for what
    is wrong (`report.correction`). Raises DeriveError for what cannot be judged at all.
    """
    for who, function in (("f", f), ("grad", grad)):
        if not callable(function):
            raise DeriveError(f"{who} is a {type(function).__name__}, not a function")
    if not args:
        raise DeriveError("there are no arguments", hint="check_gradient(f, grad, x, ...) needs a point to check at")
    rng = np.random.default_rng(seed + 1)
    derived = None if model is None else derived_of(model)

    def subject_at(arguments: Any) -> FunctionSubject:
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        return FunctionSubject(f, grad, arguments, wrt, upstream is not None)

    def placed(arguments: Any) -> tuple[FunctionSubject, dict[str, Array]]:
        subject = subject_at(arguments)
        return subject, subject.values

    def prepare() -> Plan:
        subject = subject_at(args)
        if derived is not None:
            derived.bind([*subject.values, *subject.constants])
        return Plan(
            subject,
            subject.values,
            lambda outputs: upstream_for(outputs, upstream, rng),
            further=None if sample is None else lambda: placed(call("sample", sample)),
            further_upstream=lambda outputs: upstream_for(outputs, None, rng),
            audit=subject.audit,
            notes=subject.notes,
            derived=derived,
            resized=None if sample else lambda y: resized(args, y, placed, np.random.default_rng(seed + 3)),
        )

    return run(prepare, time_limit, seed)


def derived_of(model: Any) -> Derived:
    """The derivation of a model. Raises DeriveError for what is no model."""
    from derive.check.gradients.beside import (
        Derived,  # loads notation and code emission, which code alone does not need
    )

    return Derived(model)


def upstream_for(outputs: list[Array], given: Any, rng: np.random.Generator) -> list[Array]:
    """The caller's upstream gradient where it fits, 1 for a scalar, else random numbers of both signs."""
    if given is not None:
        several = isinstance(given, list | tuple) and len(outputs) > 1
        arrays = [np.asarray(u) for u in (given if several else [given])]
        if any(u.dtype.kind != "f" for u in arrays):
            raise DeriveError("the upstream gradient is not an array of floats")
        if [u.shape for u in arrays] != [y.shape for y in outputs]:
            have, need = (", ".join(str(a.shape) for a in some) for some in (arrays, outputs))
            raise DeriveError(f"the upstream gradient has shape {have}, the forward value {need}")
        return arrays
    if all(y.ndim == 0 for y in outputs):
        return [np.ones_like(y) for y in outputs]
    signs = [rng.choice([-1.0, 1.0], y.shape) for y in outputs]
    return [(sign * rng.uniform(0.5, 1.5, y.shape)).astype(y.dtype) for sign, y in zip(signs, outputs, strict=True)]


def forward_value(value: Any, who: str) -> Array:
    """The forward value as an array of floats; complex only while a complex step passes through."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc":
        return np.asarray(value)
    if isinstance(value, float | complex):
        return np.asarray(value)
    kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray | np.generic) else f"{type(value).__name__}"
    hint = "return the loss as a float" if isinstance(value, int | np.integer) else None
    if isinstance(value, tuple):
        hint = "return the value alone, or use check_layer for (out, cache) functions"
    raise DeriveError(f"{who} returns {kind}, not a float or an array of floats", hint=hint)


class FunctionSubject:
    """A function and its gradient function, at arguments whose groups can be exchanged."""

    def __init__(
        self, f: Callable[..., Any], grad: Callable[..., Any], args: Sequence[Any], wrt: Any, weighted: bool
    ) -> None:
        self.f, self.grad, self.args = f, grad, tuple(args)
        if not accepts(f, len(self.args)):
            raise DeriveError(f"f does not take {len(self.args)} positional argument(s)")
        self.names = parameter_names(f, len(self.args))
        self.slots = slots(self.args, self.names)
        self.wrt = None if wrt is None else self._positions(wrt)
        self.notes: list[str] = []
        self.weighted = weighted
        if not self.slots:
            kinds = ", ".join(f"{n}: {_kind(a)}" for n, a in zip(self.names, self.args, strict=True))
            raise DeriveError(f"no argument is a float or an array of floats ({kinds})", hint="pass 3.0 rather than 3")
        self.every = {slot.name: np.asarray(at(self.args, slot.path)) for slot in self.slots}
        self.values = self._differentiated()
        self.constants = {name: value for name, value in self.every.items() if name not in self.values}
        self.constants |= discrete(self.args, self.names)

    def _positions(self, wrt: Any) -> list[int]:
        found = []
        for item in wrt if isinstance(wrt, list | tuple) else [wrt]:
            if item not in self.names and not (isinstance(item, int) and 0 <= item < len(self.args)):
                raise DeriveError(f"wrt: there is no argument {item!r}", hint=did_you_mean(str(item), self.names))
            found.append(item if isinstance(item, int) else self.names.index(item))
        return found

    def _differentiated(self) -> dict[str, Array]:
        """Only groups that have a gradient are moved: labels, masks and step counts stay what they are."""
        try:
            outputs = self.outputs({})
            upstream = [np.ones_like(y) for y in outputs]
            claim = self.claim({}, upstream)
        except CallFailed:
            return dict(self.every)  # the failure is told where it is judged
        names = [s.name for s in self.slots if s.name in claim.gradients or s.name in claim.problems]
        left_out = [s.name for s in self.slots if s.name not in names]
        if left_out and names:
            self.notes.append(f"no gradient was returned for {', '.join(left_out)}: held constant, not checked")
        return {name: self.every[name] for name in names} or dict(self.every)

    def _arguments(self, values: Values) -> tuple[Any, ...]:
        put: dict[Path, Array] = {s.path: values[s.name] for s in self.slots if s.name in values}
        arguments: tuple[Any, ...] = rebuilt(self.args, put)
        return arguments

    def outputs(self, values: Values) -> list[Array]:
        return [forward_value(call("f", self.f, *self._arguments(values)), "f")]

    def claim(self, values: Values, upstream: list[Array]) -> Claim:
        arguments = self._arguments(values)
        return self._claim(call("grad", self.grad, *self._with_upstream(arguments, upstream)), arguments)

    def _with_upstream(self, arguments: tuple[Any, ...], upstream: list[Array]) -> tuple[Any, ...]:
        passed = (*(u.copy() for u in upstream), *arguments) if upstream[0].ndim or self.weighted else arguments
        if not accepts(self.grad, len(passed)):
            order = ", ".join((["upstream"] if len(passed) > len(arguments) else []) + self.names)
            raise DeriveError(
                f"grad cannot be called with {len(passed)} argument(s) ({order})",
                hint="grad takes the arguments of f; the upstream gradient comes first if f returns an array",
            )
        return passed

    def _claim(self, result: Any, arguments: tuple[Any, ...]) -> Claim:
        if result is None:
            return Claim()
        if self.wrt is not None:
            several = len(self.wrt) > 1
            if several and not (isinstance(result, list | tuple) and len(result) == len(self.wrt)):
                raise DeriveError(f"grad does not return {len(self.wrt)} gradients, as wrt says")
            one = result[0] if not several and isinstance(result, tuple) and len(result) == 1 else result
            parts = dict(zip(self.wrt, result if several else [one], strict=True))
            result = tuple(parts.get(i) for i in range(len(self.args)))
            if len(self.args) == 1:
                result = result[0]
        found = assign(result, arguments, self.names, self.slots, "grad")
        known = {slot.path for slot in self.slots}
        for path, value in found.items():
            if path not in known and value is not None and isinstance(at(arguments, path), np.ndarray):
                self.notes.append(f"{self.names[path[0]]} is not an array of floats: its gradient is not checked")
        return claim_from(found, self.slots, lambda path: at(arguments, path))

    def audit(self, upstream: list[Array], first: Mapping[str, Array]) -> list[Finding]:
        """Arguments changed in place, and a later call that answers differently from the `first` one."""
        findings: list[Finding] = []
        arguments = self._arguments({})
        call("f", self.f, *arguments)
        if changed := self._changed(arguments):
            findings.append(("mutates_argument", f"f changes its argument {changed} in place"))
        arguments = self._arguments({})
        passed = self._with_upstream(arguments, upstream)
        try:
            again = self._claim(call("grad", self.grad, *passed), arguments).gradients
        except CallFailed as error:
            return [*findings, ("second_call", f"a second call fails: {error}")]
        if changed := self._changed(arguments):
            findings.append(("mutates_argument", f"grad changes its argument {changed} in place"))
        if len(passed) > len(arguments) and not same(passed[: len(upstream)], upstream):
            findings.append(("mutates_argument", "grad changes the upstream gradient in place"))
        for name, gradient in first.items():
            if not same([gradient], [again.get(name)]):
                findings.append(("second_call", f"the second call of grad gives another gradient of {name}"))
        return findings

    def _changed(self, arguments: tuple[Any, ...]) -> str | None:
        for slot in (slot for slot in self.slots if slot.name in self.values):
            if not same([np.asarray(at(arguments, slot.path))], [self.every[slot.name]]):
                return slot.name
        for name, after, before in zip(self.names, arguments, self.args, strict=True):
            if isinstance(before, np.ndarray) and not same([after], [before]):
                return name
        return None


def _kind(value: Any) -> str:
    return str(value.dtype) if isinstance(value, np.ndarray | np.generic) else type(value).__name__


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

    def claim(self, values: Values, upstream: list[Array]) -> Claim:  # noqa: ARG002 (f is a scalar)
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
    for name in gradients:
        if name not in arguments:
            raise DeriveError(f"there is no argument {name!r}", hint=did_you_mean(name, arguments))
    slots(list(arguments.values()), list(arguments))  # refuses what cannot be judged, by name
    values = {name: np.asarray(arguments[name]) for name in gradients}
    for name, value in values.items():
        if value.dtype.kind != "f":
            raise DeriveError(f"{name} has type {value.dtype}, not float")
    rng = np.random.default_rng(seed + 1)

    def prepare() -> Plan:
        subject = _Fixed(f, gradients, arguments)
        return Plan(subject, values, lambda outputs: upstream_for(outputs, None, rng), redraw=False)

    return run(prepare, time_limit, seed)
