"""A derivation beside hand-written code: its formula, its numbers, and a backward pass that is right.

The inputs of a model are found among the named values of a check (`W_1` is also `W1`, `w1`, `params['W1']`). Where the
code returns an array Z the model ends at Z as well, and its loss is `sum(upstream * Z)` with the upstream gradient
as one more input, printed as the partial it is: `dL/dW = X^T dL/dZ`.

Derived numbers are compared where every declared fact still holds: at the points of the caller, and at drawn ones only
if nothing is declared of what was moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from derive.calculus.reverse import backprop
from derive.codegen import lambdify, source
from derive.codegen.forward import forward
from derive.codegen.identifiers import identifier
from derive.errors import DeriveError, ModelError, ShapeError, did_you_mean
from derive.gradients.claimed import Claimed
from derive.gradients.difference import Array
from derive.gradients.discovery import SHORT
from derive.gradients.gradient_report import Beside, GradientReport, GroupResult
from derive.gradients.judge import ACCEPT, acceptance
from derive.gradients.point import Neighbourhood, wide
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration, Fact
from derive.model import load, loads
from derive.notation import print_derivation

Known = tuple[Array, dict[str, Array]]
"""The model's value, flat, and its gradients by input."""
DRAWN = ("a point close by", "a drawn point", "a large point")


def graph_of(model: Any) -> ComputationGraph:
    """A plain graph from a `derive.Graph` (whose `data` it is), a gallery name, a path, or model text."""
    data = getattr(model, "data", model)
    if isinstance(data, str):
        data = loads(data) if "\n" in data or "=" in data else load(data)
    elif isinstance(data, Path):
        data = load(data)
    if not isinstance(data, ComputationGraph):
        raise DeriveError(f"model is a {type(model).__name__}, not a Graph, a name or model text")
    if data.family is not None:
        raise ModelError(f"{data.name} is a family of layers; code has a fixed number", hint="model.instance(3)")
    return data


def matched(names: Iterable[str], graph: ComputationGraph) -> dict[str, str]:
    """Which input of the model each name stands for: by spelling, then without case, dots and underscores."""
    found: dict[str, str] = {}
    known = {**{identifier(n): n for n in graph.inputs}, **graph.aliases, **{n: n for n in graph.inputs}}
    left = []
    for name in names:
        target = known.get(name)
        if target in graph.inputs and target not in found.values():
            found[name] = str(target)
        else:
            left.append(name)
    for plain in (_plain, _short):
        for name in left:
            free = [n for n in graph.inputs if n not in found.values() and plain(name) & plain(n)]
            if name not in found and len(free) == 1:
                found[name] = free[0]
    return found


def _plain(name: str) -> set[str]:
    """`params['W1']`, `layer.W_1`, `w1` are one name."""
    last = re.findall(r"\w+", name) or [name]
    return {re.sub(r"[\W_]", "", name).lower(), last[-1].replace("_", "").lower()}


def _short(name: str) -> set[str]:
    """`weight` and `W`, `bias1` and `b1`."""
    last = (re.findall(r"\w+", name) or [name])[-1].replace("_", "").lower()
    stem = last.rstrip("0123456789")
    return {word.lower() + last[len(stem) :] for word in (stem, *SHORT.get(stem, ()))}


@dataclass(frozen=True)
class Ended:
    """A graph with a scalar loss, for numbers and for print.

    `outputs` is what the forward pass returns; `weights` are the inputs that hold the upstream gradients, none if the
    loss is the model's own. In print the loss is any function of the outputs, and what comes from upstream a partial.
    """

    graph: ComputationGraph
    printed: ComputationGraph
    loss: str
    outputs: tuple[str, ...]
    weights: tuple[str, ...] = ()


def ended(graph: ComputationGraph, loss: str | None) -> Ended:
    """The graph with the loss that gradients are taken of. Raises ModelError if it has no such binding."""
    wanted = graph.loss if loss is None else graph.aliases.get(loss, loss)
    if wanted is not None and wanted not in graph.bindings:
        raise ModelError(f"{wanted!r} is not a binding of {graph.name}", hint=did_you_mean(wanted, graph.bindings))
    if wanted is not None and not graph.shape(wanted):
        return Ended(graph, graph, wanted, (wanted,))
    users = graph.consumers()
    outputs = (wanted,) if loss is not None and wanted else tuple(n for n in graph.bindings if not users[n])
    if not outputs:
        raise ModelError(f"the model {graph.name} computes nothing")
    letter = _free(graph, "L")
    opaque = {**graph.declarations, letter: Declaration(letter, "functional")}
    whole = build.functional(letter, *map(graph.ref, outputs))
    printed = replace(graph, declarations=opaque).with_binding(Binding(letter, whole)).with_loss(letter)
    declarations, terms, weights = dict(graph.declarations), [], []
    for output in outputs:
        shape, weight = graph.shape(output), _free(graph, f"d{output}")
        declarations[weight] = Declaration(weight, "input", shape, (Fact("constant"),))
        weights.append(weight)
        terms.append(build.sum_over(build.mul(build.ref(weight, shape), graph.ref(output))))
    made = replace(graph, declarations=declarations).with_binding(Binding(letter, build.add(*terms)))
    return Ended(made.with_loss(letter), printed, letter, outputs, tuple(weights))


def _free(graph: ComputationGraph, wanted: str) -> str:
    while wanted in graph.declarations or wanted in graph.bindings or wanted in graph.aliases:
        wanted += "_"
    return wanted


class Derived:
    """What a model says about the groups of a check."""

    def __init__(self, model: Any, loss: str | None = None) -> None:
        self.plain = graph_of(model)
        self.ended = ended(self.plain, loss)
        self.derivation = backprop(self.ended.graph, self.ended.loss)
        self.names: dict[str, str] = {}
        """Group of the check -> input of the model."""
        self.notes: list[str] = []
        self._last: tuple[Neighbourhood, Known | None] | None = None

    @cached_property
    def _function(self) -> Any:
        return lambdify(self.derivation, [n for n, d in self.plain.inputs.items() if d.differentiable])

    def bind(self, names: Sequence[str]) -> None:
        """Find the model's inputs among these names. ModelError if one is not there."""
        self.names = matched(names, self.plain)
        missing = [n for n in self.plain.inputs if n not in self.names.values()]
        left = [n for n in names if n not in self.names]
        if missing and len(missing) == len(left) and (len(missing) == 1 or not self.names):
            self.names |= dict(zip(left, missing, strict=True))
            missing = []
        if missing:
            raise ModelError(
                f"the model {self.plain.name} needs {', '.join(missing)}, the code has {', '.join(names)}",
                hint="give the arguments the names of the model's inputs",
            )

    # ----- numbers -----

    def compare(self, point: Neighbourhood, claimed: Claimed, result: GroupResult) -> None:
        """Put the derived number beside the claimed one; a claim that is right for other code only is false."""
        found = self._numbers(point)
        group = result.name
        if found is None or self.names.get(group) not in found[1] or group not in claimed.narrow:
            return
        derived, own = found[1][self.names[group]], claimed.best(group)
        if derived.shape != own.shape or not derived.size:
            return
        off = np.abs(own - derived)
        size = float(max(np.max(np.abs(own)), np.max(np.abs(derived))))
        place = tuple(map(int, np.unravel_index(int(np.argmax(off)), off.shape)))
        here = result.worst is not None and result.worst.coordinate is not None and result.verdict == "false"
        if here and result.worst is not None and result.worst.claimed == float(own[result.worst.coordinate or ()]):
            place = result.worst.coordinate or ()
        relative = float(np.max(off)) / size if size else 0.0
        if result.beside is None or (result.verdict == "false") or relative > result.beside.difference:
            result.beside = Beside(place, float(own[place]), float(derived[place]), relative)
        limit = 10.0 * acceptance(max(claimed.eps(group, False), point.eps))
        if result.verdict == "true" and relative > limit:
            self._contradicted(point, found[0], result, relative)

    def _contradicted(self, point: Neighbourhood, value: Array, result: GroupResult, relative: float) -> None:
        """Right for the forward code, and not what the model says."""
        apart = self._apart(point, value)
        if apart is None:
            self.notes.append(
                f"the derived gradient of {result.name} differs (by {relative:.1e} of its size) though the values "
                "agree: does every fact hold that the model declares?"
            )
            return
        result.verdict, result.defects = "false", ["wrong_left_side"]
        result.diagnosis = f"right for the forward code, which is not the model: {apart}"

    def _apart(self, point: Neighbourhood, value: Array) -> str | None:
        """How far the forward code is from the model at this point, in words; None if they agree."""
        own = np.concatenate([wide(y).ravel() for y in point.outputs])
        if own.shape != value.shape:
            return f"it has {own.size} values, the model {value.size}"
        size = float(max(np.max(np.abs(own), initial=0.0), np.max(np.abs(value), initial=0.0)))
        k = int(np.argmax(np.abs(own - value)))
        if abs(own[k] - value[k]) <= max(ACCEPT, 100.0 * point.eps) * size:
            return None
        return f"it gives {own[k]:.10g} where the model gives {value[k]:.10g}"

    def _numbers(self, point: Neighbourhood) -> Known | None:
        if self._last is None or self._last[0] is not point:
            self._last = (point, self._computed(point))
        return self._last[1]

    def _computed(self, point: Neighbourhood) -> Known | None:
        if unknown := [n for n, d in self.plain.functions.items() if d.definition is None]:
            self.notes.append(f"{', '.join(unknown)} is generic: the model has formulas, but no numbers")
            return None
        if self.outside(point):
            return None
        arguments = self.arguments(point)
        _, gradients = self._function(**arguments)
        value = self._value(arguments)
        apart = self._apart(point, value)
        if apart is not None:
            self.notes.append(f"the forward code is not the model at {point.label}: {apart}")
        return value, {name: np.asarray(g, dtype=float) for name, g in gradients.items()}

    def outside(self, point: Neighbourhood) -> bool:
        """Whether declared facts may not hold: the values were drawn by one who does not know the facts."""
        moved = [self.plain.inputs[target] for name, target in self.names.items() if name in point.values]
        return point.label in DRAWN and any(declared.facts for declared in moved)

    def nodes(self, point: Neighbourhood) -> dict[str, Array]:
        """The model's bindings at this point, and the partials by them, by name; {} where it has no numbers."""
        try:
            values = forward(self.derivation.gradient, self.arguments(point))
        except DeriveError:
            return {}
        steps = self.derivation.steps
        wanted = [name for name in self.plain.bindings if name in steps]
        return {n: np.asarray(values[n], dtype=float) for n in [*wanted, *(steps[n].adjoint for n in wanted)]}

    def arguments(self, point: Neighbourhood) -> dict[str, Any]:
        """The model's inputs at this point. Raises ShapeError if it ends elsewhere than the code."""
        inputs = self.plain.inputs
        known = {**point.subject.constants, **point.values}
        arguments = {target: _numbers(known[name], inputs[target]) for name, target in self.names.items()}
        if self.ended.weights:
            outputs = [y.shape for y in point.outputs]
            if len(outputs) != len(self.ended.weights):
                raise ShapeError(f"the code returns {len(outputs)} arrays, the model {', '.join(self.ended.outputs)}")
            arguments |= dict(zip(self.ended.weights, map(wide, point.wide_upstream), strict=True))
        elif any(y.ndim for y in point.outputs):
            shape = point.outputs[0].shape
            raise ShapeError(
                f"the code returns an array of shape {shape}, the model's {self.ended.loss} is a scalar",
                hint="end the model at what the code returns",
            )
        return arguments

    def _value(self, arguments: Mapping[str, Any]) -> Array:
        values = forward(self.ended.graph, arguments)
        return np.concatenate([np.ravel(np.asarray(values[n], dtype=float)) for n in self.ended.outputs])

    # ----- formulas and code -----

    def complete(self, report: GradientReport) -> GradientReport:
        """Add to a finished report the formula of every group, and code for those that are false."""
        wanted = {g.name: self.names[g.name] for g in report.groups if g.name in self.names}
        shown = self.derivation if not self.ended.weights else backprop(self.ended.printed)
        lines = {line.name: line for line in print_derivation(shown, wrt=list(wanted.values()))}
        for group in report.groups:
            line = lines.get(wanted.get(group.name, ""))
            if line is not None:
                group.formula, group.latex = line.unicode(), line.latex()
        wrong = [wanted[g.name] for g in report.groups if g.verdict == "false" and g.name in wanted]
        if wrong:
            report.correction = source(self.derivation, wrt=wrong)
        report.model = self.plain.name
        report.notes = list(dict.fromkeys([*report.notes, *self.notes]))
        return report


def _numbers(value: Array, declared: Declaration) -> Array:
    """Integer labels are spread out where the model has one-hot rows."""
    fact = declared.fact("one_hot") or declared.fact("simplex")
    if fact is not None and value.dtype.kind in "iu" and value.ndim + 1 == len(declared.shape):
        length = declared.shape[fact.axis if fact.axis is not None else -1].number
        rows = np.eye(int(length or np.max(value, initial=0) + 1))[value]
        return np.moveaxis(rows, -1, fact.axis if fact.axis is not None else -1)
    return wide(value) if value.dtype.kind == "f" else value
