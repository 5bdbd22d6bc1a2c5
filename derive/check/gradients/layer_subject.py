"""A layer as a subject of a check: a forward pass and a backward pass that share something.

What they share are attributes of an object, or a cache that the one returns and the other takes. Every evaluation
starts from a fresh copy of the layer as it was given, in which the parameters under test are replaced, so that
nothing the layer does to itself reaches the next evaluation. What does leak from one call to the next is looked for
separately, by calling one copy twice.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from derive.check.gradients.arguments import Claim, Path, Slot, assign, at, bare, claim_from, discrete, rebuilt, slots
from derive.check.gradients.calling import Calling, Passed, stateless
from derive.check.gradients.difference import Array
from derive.check.gradients.discovery import Parameter, arrays, discover, get, told, walk
from derive.check.gradients.drawing import drawn, nearby
from derive.check.gradients.guard import CallFailed, call, parameter_names, same
from derive.check.gradients.plan import Finding
from derive.check.gradients.point import Values
from derive.errors import DeriveError, did_you_mean


class LayerSubject:
    """A layer at given inputs; its groups are inputs and parameters that have a gradient."""

    def __init__(
        self,
        layer: Any,
        calling: Calling,
        inputs: Sequence[Any],
        parameters: Any,
        returns: Sequence[str | None] | None,
        accumulates: bool = False,
    ) -> None:
        self.calling, self.inputs, self.returns, self.accumulates = calling, tuple(inputs), returns, accumulates
        self.stateless = stateless(layer)
        self.pristine = layer if self.stateless else copied(layer, {})
        self.notes: list[str] = []
        self.names = parameter_names(calling.forward_of(layer), len(self.inputs))
        self.slots = slots(self.inputs, self.names)
        self.parameters: list[Parameter] = [] if parameters is None else told(self.pristine, parameters)
        self.unpaired: list[Parameter] = []
        if parameters is None and not self.stateless:
            self._discover()
        self.parameters = [
            Parameter(f"layer.{p.name}", p.value, p.gradient) if p.name in self.names else p for p in self.parameters
        ]
        self.held = {p.name: get(self.pristine, p.value) for p in [*self.parameters, *self.unpaired]}
        every = {s.name: np.asarray(at(self.inputs, s.path)) for s in self.slots} | self.held
        claim = self._first_claim()
        self.values = {n: every[n] for n in every if n in claim.gradients or n in claim.problems}
        self.constants = {n: value for n, value in every.items() if n not in self.values}
        self.constants |= discrete(self.inputs, self.names)
        self._tell()

    def _discover(self) -> None:
        """Run a copy once and look what is there; a layer that makes its parameters when first called runs twice."""
        source = self.pristine
        for _ in range(2):
            layer = copied(source, {})
            before = arrays(layer)
            passed, inputs = self._forward(layer, {})
            self.calling.backward(layer, passed, [np.ones_like(y) for y in passed.outputs], inputs)
            parameters, unpaired = discover(before, layer)
            if parameters or (unpaired and source is self.pristine):
                self.parameters, self.unpaired, self.pristine = parameters, unpaired, source
                return
            source = layer

    def _first_claim(self) -> Claim:
        return self._run(self._layer({}), {}, None)[1]

    def _tell(self) -> None:
        if not self.values:
            raise DeriveError(
                "no gradient was found: backward returns none, and the layer stores none under a usual name",
                hint="say where they are: check_layer(layer, x, parameters={'W': 'dW'}, returns=('x',))",
            )
        told_of = [s.name for s in self.slots if len(s.path) == 1 or isinstance(at(self.inputs, s.path), np.ndarray)]
        left = [n for n in self.constants if n in self.held or n in told_of]
        if left:
            self.notes.append(f"no gradient was found for {', '.join(left)}: held constant, not checked")

    # ----- forward and backward on fresh copies -----

    def _layer(self, values: Values) -> Any:
        if self.stateless:
            return self.pristine
        replaced = {id(self.held[n]): v.copy() for n, v in values.items() if n in self.held}
        return copied(self.pristine, replaced, self._modules)

    @cached_property
    def _modules(self) -> dict[int, Any]:
        return modules(self.pristine)

    def _forward(self, layer: Any, values: Values) -> tuple[Passed, tuple[Any, ...]]:
        put: dict[Path, Array] = {s.path: values[s.name] for s in self.slots if s.name in values}
        inputs: tuple[Any, ...] = rebuilt(self.inputs, put)
        return self.calling.forward(layer, inputs), inputs

    def outputs(self, values: Values) -> list[Array]:
        return self._forward(self._layer(values), values)[0].outputs

    def claim(self, values: Values, upstream: list[Array]) -> Claim:
        layer = self._layer(values)
        return self._run(layer, values, upstream)[1]

    def _run(self, layer: Any, values: Values, upstream: list[Array] | None) -> tuple[Passed, Claim]:
        """Forward and backward; upstream gradients that are not given are 1."""
        passed, inputs = self._forward(layer, values)
        given = list(map(np.ones_like, passed.outputs)) if upstream is None else [u.copy() for u in upstream]
        result = self.calling.backward(layer, passed, given, inputs)
        return passed, self._claim(layer, result, inputs)

    def _claim(self, layer: Any, result: Any, inputs: tuple[Any, ...]) -> Claim:
        stored = [p for p in self.parameters if p.gradient is not None]
        found: dict[Path, Any] = {("stored", p.name): get(layer, p.gradient or ()) for p in stored}
        found |= self._returned(result, inputs, {p.name for p in stored if found["stored", p.name] is not None})
        known = [*self.slots, *(Slot(p.name, ("stored", p.name)) for p in [*self.parameters, *self.unpaired])]

        return claim_from(found, known, lambda p: self.held[p[1]] if p[0] == "stored" else at(inputs, p))

    def _returned(self, result: Any, inputs: tuple[Any, ...], stored: set[str]) -> dict[Path, Any]:
        """Which value that backward returned belongs to which input or parameter."""
        if self.returns is not None:
            parts = result if isinstance(result, list | tuple) else (result,)
            if len(parts) != len(self.returns):
                raise DeriveError(f"backward returns {len(parts)} value(s), returns= names {len(self.returns)}")
            return {self._path(n): part for n, part in zip(self.returns, parts, strict=True) if n is not None}
        if result is None:
            return {}
        if isinstance(result, Mapping):
            paths = [self._path(key if self._knows(key) else bare(key)) for key in result]
            return dict(zip(paths, result.values(), strict=True))
        roots = sorted({slot.path[0] for slot in self.slots})
        free = [p for p in [*self.parameters, *self.unpaired] if p.name not in stored]
        if isinstance(result, list | tuple) and free and len(result) > len(inputs):
            count = next((c for c in (len(roots), len(inputs)) if len(result) - c == len(free)), None)
            if count is None:
                names = ", ".join([*self.names, *(p.name for p in free)])
                raise DeriveError(
                    f"backward returns {len(result)} gradients, and it is not clear of what (there are {names})",
                    hint="name them: check_layer(layer, x, returns=('x', 'W', 'b'))",
                )
            rest = {("stored", p.name): part for p, part in zip(free, result[count:], strict=True)}
            return assign(tuple(result[:count]), inputs, self.names, self.slots, "backward") | rest
        if not roots and len(free) == 1 and not isinstance(result, list | tuple):
            return {("stored", free[0].name): result}
        return assign(result, inputs, self.names, self.slots, "backward") if roots else {}

    def _knows(self, name: Any) -> bool:
        return name in self.held or any(s.name == name for s in self.slots)

    def _path(self, name: Any) -> Path:
        if name in self.held:
            return ("stored", name)
        for slot in self.slots:
            if slot.name == name:
                return slot.path
        if name in self.names:
            return (self.names.index(name),)
        known = [*self.names, *self.held]
        raise DeriveError(f"there is no input or parameter {name!r}", hint=did_you_mean(str(name), known))

    # ----- what leaks from call to call -----

    def audit(self, upstream: list[Array], claimed: Mapping[str, Array], rng: np.random.Generator) -> list[Finding]:
        """Arguments and parameters changed in place; a second run of one object that differs from a fresh one.

        `claimed` are the gradients that a fresh one has given for these upstream gradients.
        """
        findings: list[Finding] = []
        layer = self._layer({})
        passed, inputs = self._forward(layer, {})
        first = [y.copy() for y in passed.outputs]
        findings += self._changed("forward", layer, inputs)
        passing = [u.copy() for u in upstream]
        try:
            self.calling.backward(layer, passed, passing, inputs)
        except CallFailed:
            return findings  # told as the claim at the given point
        if not findings:
            findings += self._changed("backward", layer, inputs)
        if not same(passing, upstream):
            findings.append(("mutates_argument", "backward changes the upstream gradient in place"))
        if not self.stateless and not self.accumulates and not findings:
            findings += self._second_call(first, upstream, claimed, rng)
        return findings

    def _changed(self, who: str, layer: Any, inputs: tuple[Any, ...]) -> list[Finding]:
        for name, before, after in zip(self.names, self.inputs, inputs, strict=True):
            if isinstance(before, np.ndarray) and not same([after], [before]):
                return [("mutates_argument", f"{who} changes its argument {name} in place")]
        for slot in (slot for slot in self.slots if slot.name in self.values):
            if not same([np.asarray(at(inputs, slot.path))], [np.asarray(at(self.inputs, slot.path))]):
                return [("mutates_argument", f"{who} changes its argument {slot.name} in place")]
        for p in self.parameters:
            if not same([np.asarray(get(layer, p.value))], [self.held[p.name]]):
                return [("mutates_argument", f"{who} changes the parameter {p.name} in place")]
        return []

    def _second_call(
        self, first: list[Array], upstream: list[Array], claimed: Mapping[str, Array], rng: np.random.Generator
    ) -> list[Finding]:
        """Run one object at other inputs and then at the given ones; compare with an object that ran only once."""
        layer = self._layer({})
        others = self._other_inputs(rng)
        try:
            self._run(layer, others, [u * 0.5 for u in upstream])
            reset = getattr(layer, "zero_grad", None)
            if callable(reset):
                call("zero_grad", reset)
            passed, again = self._run(layer, {}, upstream)
        except (CallFailed, DeriveError) as error:
            return [("second_call", f"a second call of the same layer fails: {error}")]
        if not same(first, passed.outputs):
            self.notes.append(
                "forward gives another value at its second call (a running or random state), each check starts anew"
            )
            return []
        wrong = [n for n, g in claimed.items() if not same([g], [again.gradients.get(n)])]
        if not wrong:
            return []
        text = "right at the first call, but the second call of the same layer gives another gradient of"
        return [("second_call", f"{text} {', '.join(wrong)} (does it add to the first, or reuse what it kept?)")]

    def _other_inputs(self, rng: np.random.Generator) -> dict[str, Array]:
        """Inputs of the same shape at which a fresh layer works, with other signs if it does there."""
        moved = [s.name for s in self.slots if s.name in self.values]
        for draw in (drawn, nearby):
            others = {name: draw(self.values[name], rng) for name in moved}
            try:
                outputs = self.outputs(others)
            except (CallFailed, DeriveError):
                continue
            if all(np.all(np.isfinite(y)) for y in outputs):
                return others
        return {}


def modules(layer: Any) -> dict[int, Any]:
    """The modules that a layer refers to, by identity; they are shared by its copies."""
    return {id(value): value for _, value in walk(layer) if isinstance(value, types.ModuleType)}


def copied(layer: Any, replaced: Mapping[int, Any], shared: Mapping[int, Any] | None = None) -> Any:
    """A deep copy in which some arrays, wherever they are referred to, are others; `shared` are its modules."""
    try:
        return copy.deepcopy(layer, {**(modules(layer) if shared is None else shared), **replaced})
    except Exception as error:
        raise DeriveError(
            f"the layer ({type(layer).__name__}) cannot be copied: {type(error).__name__}: {error}",
            hint="give two functions instead: check_layer((forward, backward), x, ...)",
        ) from error
