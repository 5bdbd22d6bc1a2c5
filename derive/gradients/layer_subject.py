"""A layer as a subject of a check: a forward pass and a backward pass that share something.

What they share are attributes of an object, or a cache that the one returns and the other takes. Every evaluation
starts from a fresh copy of the layer as it was given, in which the parameters under test are replaced, so that
nothing the layer does to itself reaches the next evaluation. What does leak from one call to the next is looked for
separately, by calling one copy twice.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np

from derive.errors import DeriveError, did_you_mean
from derive.gradients.arguments import (
    ClaimedGradients,
    Path,
    Slot,
    assign,
    at,
    bare,
    claim_from,
    discrete,
    rebuilt,
    slots,
)
from derive.gradients.calling import Calling, Passed
from derive.gradients.copies import copied, modules
from derive.gradients.difference import Array
from derive.gradients.discovery import Parameter, arrays, discover, get, told, walk
from derive.gradients.finding_passes import stateless
from derive.gradients.guard import CallFailed, accepts, call, parameter_names
from derive.gradients.leaks import leaks
from derive.gradients.left_over import copies, refuse_to_guess, set_since
from derive.gradients.optimizers import (
    OPTIMIZER,
    RATE,
    STEP,
    Watched,
    given_to_optimizers,
    grows,
    optimizers,
    set_rates,
    updated,
)
from derive.gradients.point import Values
from derive.gradients.scalar_parameters import made_arrays, numbers
from derive.gradients.setting import Finding
from derive.gradients.styles import RESETS


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
        strict: bool = False,
    ) -> None:
        self.calling, self.inputs, self.returns, self.accumulates = calling, tuple(inputs), returns, accumulates
        self.strict, self.told_to_accumulate = strict, accumulates
        self.stateless = stateless(layer)
        self.pristine = layer if self.stateless else copied(layer, {})
        self.notes: list[str] = []
        self.names = parameter_names(calling.forward_of(layer), len(self.inputs))
        self.slots = slots(self.inputs, self.names)
        self.parameters: list[Parameter] = [] if parameters is None else told(self.pristine, parameters)
        self.unpaired: list[Parameter] = []
        self.left_over: list[tuple[str, Array]] = []
        self.rated = False
        if parameters is None and not self.stateless:
            self._discover()
        self.parameters = [
            Parameter(f"layer.{p.name}", p.value, p.gradient) if p.name in self.names else p for p in self.parameters
        ]
        self.held = {p.name: get(self.pristine, p.value) for p in [*self.parameters, *self.unpaired]}
        every = {s.name: np.asarray(at(self.inputs, s.path)) for s in self.slots} | self.held
        self._find_whether_gradients_add_up()
        claim = self._first_claim()
        self.values = {n: every[n] for n in every if n in claim.gradients or n in claim.problems}
        self.constants = {n: value for n, value in every.items() if n not in self.values}
        self.constants |= discrete(self.inputs, self.names)
        self._tell()

    def _discover(self) -> None:
        """Run a copy once and look what is there; and once more, for parameters that are made by the first call."""
        if not self._look(self.pristine):
            self._discover()  # numbers have become arrays
            return
        with suppress(CallFailed, DeriveError):
            self._look(self._made(self.pristine))

    def _look(self, source: Any) -> bool:
        """Take the parameters that are found, those of a layer that has run only if it has made some of them."""
        layer = copied(source, _watching(source))
        rated = set_rates(layer)
        before = arrays(layer)
        routes = {id(value): route for route, value in walk(layer) if id(value) in before}
        passed, inputs = self.forward(layer, {})
        kept = {route: value.copy() for route, value in walk(layer) if id(value) in before}
        made, floats = copies(layer), numbers(layer)
        self.calling.backward(layer, passed, [np.ones_like(y) for y in passed.outputs], inputs)
        first = source is self.pristine
        if first and made_arrays(source, floats, layer):
            return False
        parameters, unpaired = discover(before, layer)
        parameters += updated(layer, routes, kept, {p.value for p in parameters})
        nothing = not self.parameters and not self.unpaired
        late = any(nothing or get(self.pristine, p.value) is None for p in parameters)
        if late or (first and (parameters or unpaired)):
            names = {p.name for p in parameters}
            self.parameters, self.pristine = parameters, source
            self.rated = rated and any(p.gradient == STEP for p in parameters)
            self.unpaired = [p for p in unpaired if p.name not in names and get(source, p.value) is not None]
            self.left_over = set_since(made, layer, {p.gradient or p.value for p in parameters})
        return True

    def _made(self, source: Any) -> Any:
        """The layer with the parameters that its first forward pass makes, and without what else that pass keeps."""
        layer = copied(source, {})
        self.forward(layer, {})
        self.reset(layer)
        return layer

    def reset(self, layer: Any) -> str:
        """Call what sets the gradients back, if there is such a method; its name."""
        for name in RESETS:
            if callable(method := getattr(layer, name, None)) and accepts(method, 0):
                call(name, method)
                return name
        return ""

    def _find_whether_gradients_add_up(self) -> None:
        """Two runs of one copy at the same inputs: do all stored gradients grow by the same once more?

        A layer that keeps the gradient of one parameter and can reset none may as well have forgotten to.
        """
        stored = [p for p in self.parameters if p.gradient not in (None, OPTIMIZER, STEP)]
        if self.stateless or self.accumulates or not stored:
            return
        layer = self.layer({})
        seen = [self._stored(layer, stored)]
        try:
            for _ in range(2):
                self.run(layer, {}, None)
                seen.append(self._stored(layer, stored))
        except (CallFailed, DeriveError):
            return
        reset = next((name for name in RESETS if callable(getattr(layer, name, None))), "")
        growing = [grows(*(run[p.name] for run in seen)) for p in stored]
        told = [grows for grows in growing if grows is not None]
        if told and all(told) and (reset or len(told) > 1):
            self.accumulates = True
            text = f"{reset}() sets them back" if reset else "nothing sets them back"
            self.notes.append(f"gradients add up from call to call, so the increment is judged; {text}")

    def _stored(self, layer: Any, parameters: Sequence[Parameter]) -> dict[str, Any]:
        return {p.name: copy.copy(get(layer, p.gradient or ())) for p in parameters}

    def _first_claim(self) -> ClaimedGradients:
        return self.run(self.layer({}), {}, None)[1]

    def _tell(self) -> None:
        if self.calling.text:
            self.notes.append(self.calling.text)
        for way, text in ((OPTIMIZER, "what the optimizer is given"), (STEP, "the step that backward makes")):
            if names := [p.name for p in self.parameters if p.gradient == way]:
                self.notes.append(f"the gradient of {', '.join(names)} is {text}")
        if not self.values:
            raise DeriveError(
                "no gradient was found: backward returns none, and the layer stores none under a usual name",
                hint="say where they are: check_layer(layer, x, parameters={'W': 'dW'}, returns=('x',))",
            )
        refuse_to_guess({n: self.held[n] for n in self.constants if n in self.held}, self.left_over, self.outputs)
        told_of = [s.name for s in self.slots if len(s.path) == 1 or isinstance(at(self.inputs, s.path), np.ndarray)]
        left = [n for n in self.constants if n in self.held or n in told_of]
        if left:
            self.notes.append(f"no gradient was found for {', '.join(left)}: held constant, not checked")

    # ----- forward and backward on fresh copies -----

    def layer(self, values: Values) -> Any:
        if self.stateless:
            return self.pristine
        replaced = {id(self.held[n]): v.copy() for n, v in values.items() if n in self.held}
        layer = copied(self.pristine, replaced | _watching(self.pristine, self._optimizers), self._modules)
        if self.rated:
            set_rates(layer)
        return layer

    @cached_property
    def _optimizers(self) -> list[Any]:
        return optimizers(self.pristine)

    @cached_property
    def _modules(self) -> dict[int, Any]:
        return modules(self.pristine)

    def forward(self, layer: Any, values: Values) -> tuple[Passed, tuple[Any, ...]]:
        put: dict[Path, Array] = {s.path: values[s.name] for s in self.slots if s.name in values}
        inputs: tuple[Any, ...] = rebuilt(self.inputs, put)
        return self.calling.forward(layer, inputs), inputs

    def outputs(self, values: Values) -> list[Array]:
        return self.forward(self.layer(values), values)[0].outputs

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
        layer = self.layer(values)
        return self.run(layer, values, upstream)[1]

    def run(self, layer: Any, values: Values, upstream: list[Array] | None) -> tuple[Passed, ClaimedGradients]:
        """Forward and backward; upstream gradients that are not given are 1."""
        passed, inputs = self.forward(layer, values)
        given = list(map(np.ones_like, passed.outputs)) if upstream is None else [u.copy() for u in upstream]
        before = self._before(layer)
        result = self.calling.backward(layer, passed, given, inputs)
        return passed, self._claim(layer, result, inputs, before)

    def _before(self, layer: Any) -> dict[str, tuple[Any, Any]]:
        """What a gradient is measured from: the parameter itself and its numbers, or what was added up so far."""
        found: dict[str, tuple[Any, Any]] = {}
        for p in self.parameters:
            if p.gradient in (OPTIMIZER, STEP):
                value = get(layer, p.value)
                found[p.name] = value, np.copy(value)
            elif p.gradient is not None and self.accumulates:
                found[p.name] = None, copy.copy(get(layer, p.gradient))
        return found

    def _stored_gradient(self, layer: Any, p: Parameter, before: Mapping[str, tuple[Any, Any]]) -> Any:
        if p.gradient == OPTIMIZER:
            own = before[p.name][0]
            return next((g for w, g in given_to_optimizers(layer) if w is own), None)
        if p.gradient == STEP:
            return (before[p.name][1] - get(layer, p.value)) / RATE
        value = get(layer, p.gradient or ())
        earlier = before.get(p.name, (None, None))[1]
        measured = earlier is not None and value is not None and np.shape(earlier) == np.shape(value)
        return value - earlier if measured else value

    def _claim(
        self, layer: Any, result: Any, inputs: tuple[Any, ...], before: Mapping[str, tuple[Any, Any]]
    ) -> ClaimedGradients:
        stored = [p for p in self.parameters if p.gradient is not None]
        found: dict[Path, Any] = {("stored", p.name): self._stored_gradient(layer, p, before) for p in stored}
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

    def audit(self, upstream: list[Array], claimed: Mapping[str, Array], rng: np.random.Generator) -> list[Finding]:
        """What leaks from call to call; `claimed` are gradients of a fresh layer for these upstream gradients."""
        return leaks(self, upstream, claimed, rng)


def _watching(layer: Any, found: Sequence[Any] | None = None) -> dict[int, Any]:
    """In place of every optimizer of a layer one that is watched."""
    return {id(one): Watched() for one in (optimizers(layer) if found is None else found)}
