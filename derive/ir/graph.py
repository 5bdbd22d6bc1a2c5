"""A graph: an ordered list of bindings over declared inputs.

`z = expression` makes a binding; later expressions refer to it as `ref("z")`, never to its definition. Partials,
closed forms, printing and code variables are keyed by bindings, so two bindings of equal definition stay two values.
A graph is plain data; what can be derived from it lives in `derive.calculus`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal

from derive.errors import Span
from derive.ir.build import ref
from derive.ir.node import Node, refs
from derive.ir.size import Shape

Kind = Literal["input", "size", "symbol", "function", "functional", "parameter"]


@dataclass(frozen=True)
class Fact:
    """Something declared to hold at the point of evaluation.

    `name` is one of: positive, nonzero, symmetric, positive_definite, diagonal, invertible, simplex, one_hot,
    constant, free, in (with `low`, `high` for an open interval), one_of (with `values`).
    """

    name: str
    axis: int | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Declaration:
    """A declared name that no line defines.

    `kind`: `input` (a tensor), `size`, `symbol` (a scalar letter a page may use), `function` (elementwise, of `arity`
    arguments; `definition` names the registered operation it is, None if it is generic), `functional` (an opaque
    scalar function of whole tensors), `parameter` (stands for any parameter, as theta in an update rule).
    """

    name: str
    kind: Kind
    shape: Shape = ()
    facts: tuple[Fact, ...] = ()
    latex: str | None = None
    arity: int = 1
    definition: str | None = None
    span: Span | None = None

    def fact(self, name: str) -> Fact | None:
        """The declared fact of that name, or None."""
        return next((fact for fact in self.facts if fact.name == name), None)

    @property
    def is_symmetric(self) -> bool:
        """Whether a transpose changes nothing."""
        return any(fact.name in ("symmetric", "positive_definite", "diagonal") for fact in self.facts)

    @property
    def bounds(self) -> tuple[float, float, bool]:
        """Between which numbers the facts put every entry, and whether the ends are never reached."""
        low, high, strict = -inf, inf, True
        for fact in self.facts:
            if fact.name == "one_of":
                low, high, strict = max(low, min(fact.values)), min(high, max(fact.values)), False
            elif fact.name in ("simplex", "one_hot"):
                low, high, strict = max(low, 0.0), min(high, 1.0), False
            elif fact.name == "positive":
                low = max(low, 0.0)
            elif fact.name == "in":
                low = low if fact.low is None else max(low, fact.low)
                high = high if fact.high is None else min(high, fact.high)
        return low, high, strict

    @property
    def differentiable(self) -> bool:
        """Whether gradients are taken by it when nobody says otherwise."""
        fixed = any(fact.name in ("simplex", "one_hot", "constant") for fact in self.facts)
        return self.kind == "input" and (not fixed or self.fact("free") is not None)


@dataclass(frozen=True)
class Binding:
    """A name and its definition. `adjoint_of` is set in a gradient graph: the name whose adjoint this is."""

    name: str
    node: Node
    latex: str | None = None
    span: Span | None = None
    adjoint_of: str | None = None


@dataclass(frozen=True)
class Family:
    """Layers `low..high` of one template (`for l in 2..L:`), as plain graphs in which the letter `index` is formal.

    Members are named `z[l]`, `a[l-1]`, `z[l+1]`, `a[L]`, their sizes `n[l]`. `interior` holds `a[l-1]` as an input,
    the template at l and at l+1, and an opaque loss of what layer l+1 computes; it is valid for every interior l.
    `first` starts from the base at `low`; `last` holds the template at L and the true loss, `last_two` also
    that at L-1. `source` is the model text, from which instances with a given number of layers are made. `shared` are
    the names, members by their stems, of whose uses no single window shows all; of the `uneven` ones lines outside of
    the layers read other members than the last. `sums` are the members that the loss adds up over all layers, by the
    stem of what windows are given of such a sum.
    """

    index: str
    low: int
    high: str
    members: tuple[str, ...]
    interior: ComputationGraph
    first: ComputationGraph
    last: ComputationGraph
    last_two: ComputationGraph
    source: str
    shared: tuple[str, ...] = ()
    uneven: tuple[str, ...] = ()
    sums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ComputationGraph:
    """Declarations and bindings in order; `loss` is the binding that gradients are taken of, if any."""

    name: str = "model"
    declarations: Mapping[str, Declaration] = field(default_factory=dict)
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    loss: str | None = None
    title: str = ""
    family: Family | None = None
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Spellings that stand for any of several names, by a name with a letter in the place of a number: x for x_k."""

    def __contains__(self, name: str) -> bool:
        return name in self.bindings or (name in self.declarations and self.declarations[name].kind == "input")

    def shape(self, name: str) -> Shape:
        """The shape of an input or binding."""
        return self.bindings[name].node.shape if name in self.bindings else self.declarations[name].shape

    def ref(self, name: str) -> Node:
        """The node that refers to an input or binding."""
        return ref(name, self.shape(name))

    def latex(self, name: str) -> str | None:
        """The spelling declared for a name, or None for the default one."""
        if name in self.bindings:
            return self.bindings[name].latex
        return self.declarations[name].latex if name in self.declarations else None

    @property
    def inputs(self) -> dict[str, Declaration]:
        """The declared tensors, in order."""
        return {n: d for n, d in self.declarations.items() if d.kind == "input"}

    @property
    def functions(self) -> dict[str, Declaration]:
        """The declared elementwise functions and functionals."""
        return {n: d for n, d in self.declarations.items() if d.kind in ("function", "functional")}

    @property
    def names(self) -> Iterator[str]:
        """Inputs, then bindings, in order."""
        yield from self.inputs
        yield from self.bindings

    def size_names(self) -> list[str]:
        """Every named size in a declared shape or in a size used as a number, each once, in order."""
        seen: dict[str, None] = {}
        for declaration in self.declarations.values():
            for size in declaration.shape:
                seen.update(dict.fromkeys(sorted(size.names)))
        return list(seen)

    def consumers(self) -> dict[str, list[str]]:
        """For every input and binding, the bindings whose definition refers to it, in order."""
        users: dict[str, list[str]] = {name: [] for name in self.names}
        for binding in self.bindings.values():
            for name in refs(binding.node):
                users[name].append(binding.name)
        return users

    def ancestors(self, name: str) -> set[str]:
        """Every input and binding that `name` depends on, without itself."""
        found: set[str] = set()
        stack = [name]
        while stack:
            current = stack.pop()
            for below in refs(self.bindings[current].node) if current in self.bindings else ():
                if below not in found:
                    found.add(below)
                    stack.append(below)
        return found

    def with_loss(self, loss: str | None) -> ComputationGraph:
        """The same graph with another loss."""
        return replace(self, loss=loss)

    def with_binding(self, binding: Binding) -> ComputationGraph:
        """The same graph with one more binding at its end."""
        return replace(self, bindings={**self.bindings, binding.name: binding})
