"""A function and its gradient function as one subject of a check: the gradient of which argument is what it returns?

What is called gets copies of the arguments, with some groups exchanged; what it returns is taken apart by the
structure of the arguments, and nothing of it is summed down, squeezed or cast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derive.errors import DeriveError, did_you_mean
from derive.gradients.arguments import ClaimedGradients, Path, assign, at, claim_from, discrete, rebuilt, slots
from derive.gradients.difference import Array
from derive.gradients.guard import CallFailed, accepts, call, parameter_names, same
from derive.gradients.point import Values
from derive.gradients.setting import Finding


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

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
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

    def _claim(self, result: Any, arguments: tuple[Any, ...]) -> ClaimedGradients:
        if result is None:
            return ClaimedGradients()
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

    def audit(
        self,
        upstream: list[Array],
        claimed: Mapping[str, Array],
        rng: np.random.Generator,  # noqa: ARG002 (nothing to draw: a function has no state)
    ) -> list[Finding]:
        """Arguments changed in place, and a later call that answers differently from what was `claimed`."""
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
        for name, gradient in claimed.items():
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
