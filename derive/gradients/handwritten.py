"""Code of somebody, called with the inputs of a model.

Its parameters are found by name, then by order; what it returns is taken apart into a value and gradients, each under
the name it has in the model. A gradient by a binding (`dZ_1`) is judged as well: that binding is set, and what comes
after it runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derive.codegen.identifiers import identifier
from derive.equality.probe import Point
from derive.errors import DeriveError, ModelError, UnsupportedError, did_you_mean
from derive.gradients.arguments import ClaimedGradients, Slot, bare, claim_from
from derive.gradients.difference import Array
from derive.gradients.guard import CallFailed, call, same
from derive.gradients.model_backward import Derived, matched
from derive.gradients.point import Values
from derive.gradients.setting import Finding
from derive.ops.evaluate import Evaluator

UPSTREAM = ("dout", "upstream", "grad_output", "grad_out", "dy", "dz", "g", "grad", "delta")
VALUE = ("value", "loss", "cost", "out", "output", "forward")


class Handwritten:
    """The model's forward pass at one point, and what the code claims of it; groups have the names of the model."""

    def __init__(self, derived: Derived, point: Point) -> None:
        self.ended, self.point = derived.ended, point
        self.every = {name: np.array(point.inputs[name], dtype=float) for name in point.graph.inputs}
        values = point.values()
        self.here = {name: np.array(values[name], dtype=float) for name in point.graph.bindings}
        self.values: dict[str, Array] = {}
        self.constants: dict[str, Array] = {}
        sizes = ", ".join(f"{name} = {length}" for name, length in point.sizes.items())
        self.notes: list[str] = [f"the first point has {sizes}"] if sizes else []

    def _share(self, claim: ClaimedGradients) -> None:
        """What is claimed is moved, the rest stays what it is."""
        everything = self.every | self.here
        self.values = {n: everything[n] for n in everything if n in claim.gradients or n in claim.problems}
        self.constants = {n: v for n, v in self.every.items() if n not in self.values}

    def outputs(self, values: Values) -> list[Array]:
        """The model's forward value; a binding that was moved is set, one that was not follows from what it uses."""
        changed = {n: v for n, v in values.items() if n in self.every or not np.array_equal(v, self.here[n])}
        done = Evaluator({**self.every, **changed}, self.point.sizes).run(self.point.graph)
        return [np.asarray(done.values[name]) for name in self.ended.outputs]

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
        raise NotImplementedError

    def audit(self, upstream: list[Array], claimed: Mapping[str, Array]) -> list[Finding]:
        raise NotImplementedError

    def own_values(self) -> dict[str, tuple[Array, Array]]:
        """The values that the code itself returns, and those of the model."""
        raise NotImplementedError


class Code:
    """What makes subjects of one piece of code; `sizes` are those that the code fixes."""

    def __init__(self, derived: Derived) -> None:
        unknown = [n for n, d in derived.plain.functions.items() if d.definition is None]
        if unknown:
            raise UnsupportedError(
                f"{derived.plain.name} has generic functions ({', '.join(unknown)}), which have no numbers",
                hint=f"declare {unknown[0]} : function = sigmoid, or another that is known",
            )
        self.derived = derived
        self.sizes: Mapping[str, int] = {}

    def subject(self, point: Point) -> Handwritten:
        raise NotImplementedError


class HandwrittenFunction(Code):
    """A function of the model's inputs."""

    def __init__(self, derived: Derived, function: Callable[..., Any]) -> None:
        super().__init__(derived)
        self.function = function
        self.names = list(derived.plain.inputs)
        self.order: list[tuple[str, str]] = []
        """Parameter by parameter: what is passed (input, size, upstream, rest), and the name of the input or size."""
        self.keywords: dict[str, tuple[str, str]] = {}
        self._resolve()

    def _resolve(self) -> None:
        plain = self.derived.plain
        try:
            parameters = list(inspect.signature(self.function).parameters.values())
        except (TypeError, ValueError):
            parameters = [inspect.Parameter("inputs", inspect.Parameter.VAR_POSITIONAL)]
        upstream = [("upstream", str(k)) for k in range(len(self.derived.ended.weights))]
        listed = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        if not listed and any(p.kind is p.VAR_POSITIONAL for p in parameters):
            self.order = [*upstream, *(("input", n) for n in self.names)]
            return
        roles = self._roles(listed, upstream)
        needed = [p.name for p in listed if p.name not in roles and p.default is p.empty]
        inputs = [name for kind, name in roles.values() if kind in ("input", "rest")]
        if needed or not inputs or not set(upstream) <= set(roles.values()):
            takes = "the upstream gradient, then " if upstream else ""
            raise ModelError(
                f"the function takes ({', '.join(p.name for p in listed)}), "
                f"the inputs of {plain.name} are {', '.join(self.names)}",
                hint=f"let it take {takes}parameters with the names of the inputs",
            )
        self.order = [roles[p.name] for p in listed if p.name in roles and p.kind is not p.KEYWORD_ONLY]
        self.keywords = {p.name: roles[p.name] for p in listed if p.name in roles and p.kind is p.KEYWORD_ONLY}

    def _roles(
        self, listed: Sequence[inspect.Parameter], upstream: Sequence[tuple[str, str]]
    ) -> dict[str, tuple[str, str]]:
        """What a parameter takes: an input or size by name, the upstream gradient, a dict of the rest, by order."""
        plain = self.derived.plain
        found = matched([p.name for p in listed], plain)
        sizes = set(plain.size_names())
        roles: dict[str, tuple[str, str]] = {name: ("input", target) for name, target in found.items()}
        roles |= {p.name: ("size", p.name) for p in listed if p.name in sizes and p.name not in found}
        left = [p for p in listed if p.name not in roles]
        missing = [n for n in self.names if n not in found.values()]
        for role in upstream:
            if left and (left[0].name.lower() in UPSTREAM or len(left) > len(missing)):
                roles[left.pop(0).name] = role
        needed = [p for p in left if p.default is p.empty]
        if len(needed) == 1 and len(missing) > 1:
            roles[needed[0].name] = ("rest", "")
        elif len(needed) <= len(missing) <= len(left) and (not found or len(missing) == 1):
            roles |= {p.name: ("input", n) for p, n in zip(left, missing, strict=False)}
        return roles

    def subject(self, point: Point) -> Handwritten:
        return _FunctionSubject(self, point)

    def arguments(self, inputs: Mapping[str, Array], sizes: Mapping[str, int], upstream: Sequence[Array]) -> Any:
        """Fresh copies of what is passed, in order and by keyword."""
        named = {name for kind, name in [*self.order, *self.keywords.values()] if kind == "input"}

        def one(role: tuple[str, str]) -> Any:
            kind, name = role
            if kind == "input":
                return inputs[name].copy() if inputs[name].ndim else float(inputs[name])
            if kind == "size":
                return sizes[name]
            if kind == "upstream":
                return upstream[int(name)].copy()
            return {identifier(n): inputs[n].copy() for n in self.names if n not in named}

        return [one(role) for role in self.order], {key: one(role) for key, role in self.keywords.items()}

    def taken_apart(self, result: Any) -> tuple[Any, dict[str, Any]]:
        """Value (or None) and gradients by name."""
        if result is None:
            return None, {}
        if isinstance(result, Mapping):
            return self._from_mapping(result, None)
        ordered = [name for kind, name in self.order if kind == "input"]
        if any(kind == "rest" for kind, _ in self.order):
            ordered = self.names
        trainable = [n for n in ordered if self.derived.plain.inputs[n].differentiable]
        if not isinstance(result, list | tuple):
            if len(trainable) == 1 or len(ordered) == 1:
                return None, {(trainable or ordered)[0]: result}
            raise DeriveError(
                f"the function returns one {type(result).__name__} for the inputs {', '.join(trainable)}",
                hint="return a dict of gradients by name",
            )
        parts = list(result)
        if len(parts) == 2 and isinstance(parts[1], Mapping):
            return self._from_mapping(parts[1], parts[0])
        if len(parts) == 2 and isinstance(parts[1], list | tuple):
            return parts[0], self._in_order(list(parts[1]), ordered, trainable)
        for wanted in (ordered, trainable):
            if len(parts) == len(wanted):
                return None, self._in_order(parts, ordered, trainable)
        if len(parts) - 1 in (len(ordered), len(trainable)):
            return parts[0], self._in_order(parts[1:], ordered, trainable)
        raise DeriveError(
            f"the function returns {len(parts)} values for {len(trainable)} inputs ({', '.join(trainable)})",
            hint="return a dict of gradients by name, or (value, dict)",
        )

    @staticmethod
    def _in_order(parts: list[Any], ordered: list[str], trainable: list[str]) -> dict[str, Any]:
        names = ordered if len(parts) == len(ordered) else trainable
        if len(parts) != len(names):
            raise DeriveError(
                f"the function returns {len(parts)} gradients for {', '.join(trainable)}",
                hint="return a dict of gradients by name, or (value, dict)",
            )
        return {name: part for name, part in zip(names, parts, strict=True) if part is not None}

    def _from_mapping(self, result: Mapping[Any, Any], value: Any) -> tuple[Any, dict[str, Any]]:
        graph, found = self.derived.plain, {}
        known = {identifier(n): n for n in graph.names} | dict(graph.aliases) | {n: n for n in graph.names}
        for key, gradient in result.items():
            name = str(key)
            if name in (*self.derived.ended.outputs, *VALUE) and value is None:
                value = gradient
                continue
            target = known.get(name) or known.get(str(bare(name)))
            if target is None:
                close = matched([name], graph) or matched([str(bare(name))], graph)
                target = next(iter(close.values()), None)
            if target is None:
                raise DeriveError(
                    f"the function returns a gradient of {name!r}, which {graph.name} does not have",
                    hint=did_you_mean(str(bare(name)), list(graph.names)),
                )
            found[target] = gradient
        return value, found


class _FunctionSubject(Handwritten):
    def __init__(self, code: HandwrittenFunction, point: Point) -> None:
        super().__init__(code.derived, point)
        self.code = code
        self.returned: Any = None
        upstream = [np.ones_like(self.here[n]) for n in self.ended.outputs] if self.ended.weights else []
        try:
            claim = self.claim({}, upstream)
        except CallFailed:
            self.values, self.constants = dict(self.every), {}
            return
        self._share(claim)
        left = [n for n, d in point.graph.inputs.items() if d.differentiable and n not in self.values]
        if left:
            self.notes.append(f"no gradient was returned for {', '.join(left)}: not checked")
        if not self.values:
            self.values, self.constants = dict(self.every), {}

    def _called(self, values: Values, upstream: list[Array]) -> tuple[Any, Any, Any]:
        inputs = {**self.every, **{n: v for n, v in values.items() if n in self.every}}
        passed, keywords = self.code.arguments(inputs, self.point.sizes, upstream)
        result = call("grad", lambda: self.code.function(*passed, **keywords))
        return passed, keywords, result

    def claim(self, values: Values, upstream: list[Array]) -> ClaimedGradients:
        value, gradients = self.code.taken_apart(self._called(values, upstream)[2])
        if not values:
            self.returned = value
        return self._claim(gradients)

    def _claim(self, gradients: Mapping[str, Any]) -> ClaimedGradients:
        everything = self.every | self.here
        slots = [Slot(name, (name,)) for name in gradients]
        claim = claim_from({(n,): g for n, g in gradients.items()}, slots, lambda path: everything[path[0]])
        missing = [n for n, g in gradients.items() if g is None]
        claim.problems |= {n: ("missing_gradient", f"there is no gradient for {n}") for n in missing}
        return claim

    def audit(self, upstream: list[Array], claimed: Mapping[str, Array]) -> list[Finding]:
        """Arguments changed in place, and a second call that answers differently."""
        try:
            passed, keywords, again = self._called({}, upstream)
        except CallFailed as error:
            return [("second_call", f"a second call fails: {error}")]
        before, named = self.code.arguments(self.every, self.point.sizes, upstream)
        for after, own in zip([*passed, *keywords.values()], [*before, *named.values()], strict=True):
            changed = isinstance(own, np.ndarray) and not same([after], [own])
            if isinstance(own, dict):
                changed = after.keys() != own.keys() or not same(list(after.values()), list(own.values()))
            if changed:
                return [("mutates_argument", "the function changes an argument in place")]
        gradients = self._claim(self.code.taken_apart(again)[1]).gradients
        if any(not same([g], [gradients.get(n)]) for n, g in claimed.items()):
            return [("second_call", "the second call of the function gives another gradient")]
        return []

    def own_values(self) -> dict[str, tuple[Array, Array]]:
        if self.returned is None or len(self.ended.outputs) != 1:
            return {}
        name = self.ended.outputs[0]
        try:
            return {name: (np.asarray(self.returned, dtype=float), self.here[name])}
        except (TypeError, ValueError):
            return {}
