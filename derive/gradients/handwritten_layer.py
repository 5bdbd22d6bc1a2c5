"""A layer of somebody, whose parameters are set to inputs of a model; what is left of the inputs goes to `forward`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from derive.equality.probe import Point
from derive.errors import DeriveError, ModelError
from derive.gradients.arguments import ClaimedGradients
from derive.gradients.copies import copied
from derive.gradients.difference import Array
from derive.gradients.discovery import floating_array, name_of, walk
from derive.gradients.drawing import generator
from derive.gradients.finding_passes import has_backward, passes, stateless
from derive.gradients.guard import parameter_names
from derive.gradients.handwritten import Code, Handwritten
from derive.gradients.layer_subject import LayerSubject
from derive.gradients.model_backward import Derived, matched
from derive.gradients.point import Values
from derive.gradients.setting import Finding


def layer_of(code: Any) -> Any:
    """The layer that `code` is, or None for a function. Raises DeriveError for what is neither."""
    if isinstance(code, type) and has_backward(code):
        try:
            return code()
        except Exception as error:
            hint = "name an instance of it" if isinstance(error, TypeError) else None
            raise DeriveError(f"{code.__name__}() fails: {type(error).__name__}: {error}", hint=hint) from None
    if isinstance(code, tuple | list | Mapping) or has_backward(code):
        return code
    if callable(code):
        return None
    raise DeriveError(f"{code!r} is no function and no layer", hint="name a function, a class or (forward, backward)")


class HandwrittenLayer(Code):
    """A layer whose parameters are set to the model's inputs of the same names."""

    def __init__(self, derived: Derived, layer: Any) -> None:
        super().__init__(derived)
        self.layer = layer
        self.calling = passes(layer, None, None, None)
        self.held: dict[str, Any] = {}
        plain = derived.plain
        if not stateless(layer):
            found = [(name_of(route), v) for route, v in walk(layer) if route and floating_array(v)]
            by_name = dict(reversed(found))
            self.held = {target: by_name[name] for name, target in matched(by_name, plain).items()}
        self.sizes = self._sizes()
        free = [n for n in plain.inputs if n not in self.held]
        names = parameter_names(self.calling.forward_of(layer), len(free))
        known = matched(names, plain)
        rest = [n for n in free if n not in known.values()]
        self.inputs = [known[n] if known.get(n) in free else rest.pop(0) for n in names if rest or n in known]
        if set(self.inputs) != set(free):
            raise ModelError(
                f"forward takes ({', '.join(names)}), the model needs {', '.join(free)}",
                hint="give parameters and attributes the names of the model's inputs",
            )

    def _sizes(self) -> dict[str, int]:
        """Named sizes that the arrays of the layer fix."""
        sizes: dict[str, int] = {}
        for name, value in self.held.items():
            shape = self.derived.plain.inputs[name].shape
            if len(shape) != value.ndim:
                raise ModelError(f"{name} has shape {value.shape} in the layer, {len(shape)} axes in the model")
            for size, length in zip(shape, value.shape, strict=True):
                letters = list(size.names)
                if len(letters) == 1 and size.value({letters[0]: 1}) == 1 and size.value({letters[0]: 2}) == 2:
                    sizes[letters[0]] = length
        return sizes

    def subject(self, point: Point) -> Handwritten:
        return _LayerSubject(self, point)


class _LayerSubject(Handwritten):
    def __init__(self, code: HandwrittenLayer, point: Point) -> None:
        super().__init__(code.derived, point)
        layer = code.layer
        if code.held:
            layer = copied(layer, {id(old): self.every[name].copy() for name, old in code.held.items()})
        inputs = [self.every[n] if self.every[n].ndim else float(self.every[n]) for n in code.inputs]
        self.inner = LayerSubject(layer, code.calling, inputs, None, None, strict=True)
        groups = [*self.inner.values, *self.inner.constants]
        self.names = matched(groups, point.graph)
        self.names |= {n: t for n, t in zip(self.inner.names, code.inputs, strict=True) if n in groups}
        self.values = {self.names[g]: v for g, v in self.inner.values.items() if g in self.names}
        self.constants = {n: v for n, v in self.every.items() if n not in self.values}
        self.notes += self.inner.notes

    def _inner(self, values: Values) -> dict[str, Array]:
        return {g: values[n] for g, n in self.names.items() if n in values}

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
        inner = self.inner.claim(self._inner(values), upstream)
        named = {g: n for g, n in self.names.items() if n in self.values}
        gradients = {named[g]: v for g, v in inner.gradients.items() if g in named}
        return ClaimedGradients(gradients, {named[g]: p for g, p in inner.problems.items() if g in named}, inner.notes)

    def audit(self, upstream: list[Array], claimed: Mapping[str, Array]) -> list[Finding]:
        inner = {g: claimed[n] for g, n in self.names.items() if n in claimed}
        return self.inner.audit(upstream, inner, generator(0, 2))

    def own_values(self) -> dict[str, tuple[Array, Array]]:
        own = self.inner.outputs({})
        if len(own) != len(self.ended.outputs):
            return {}
        return {n: (np.asarray(y, dtype=float), self.here[n]) for n, y in zip(self.ended.outputs, own, strict=True)}
