"""What a formula is read against: a model, what the page has defined so far, and what it has declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

from derive.ir.graph import ComputationGraph
from derive.meaning.claim import Claim, Definition
from derive.meaning.frames import Depth, Frame
from derive.meaning.scripts import Lin
from derive.meaning.specified import Body, specified
from derive.model.family import instance


@dataclass(frozen=True)
class Context:
    """The graph, the definitions of the page so far, and the layout of Jacobians if one is declared.

    `rows`: a derivative of a scalar by a vector is a row, as numerator layout has it; else it has the shape of what it
    is taken by.
    `bodies` are what the page has made known of generic functions of the model; `graph` is the model that has them,
    `plain` the one without (None if it is the same). A page that lists several choices of f goes by the last.
    `marks` are those that the page has used rightly for derivatives, `kept` the letters whose own meaning it has
    stated itself: they are not defined anew.
    Vocabularies and Jacobians are kept with the context and shared by its copies, so one is made for a page and model.
    """

    graph: ComputationGraph
    definitions: tuple[Definition, ...] = ()
    layout: Literal["numerator", "denominator"] | None = None
    rows: bool = False
    bodies: Mapping[str, Body] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    plain: ComputationGraph | None = field(default=None, compare=False, repr=False)
    frames: tuple[Frame, ...] = field(default=(), compare=False, repr=False)
    shifted: tuple[Frame, ...] = field(default=(), compare=False, repr=False)
    before_last: tuple[Frame, ...] = field(default=(), compare=False, repr=False)
    networks: dict[int, Frame] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.frames:
            object.__setattr__(self, "frames", _frames(self.graph))
            object.__setattr__(self, "shifted", _shifted(self.frames, self.graph))
            object.__setattr__(self, "before_last", _before_last(self.graph))

    def with_definitions(self, definitions: Iterable[Definition]) -> Context:
        """The same context after further definitions of the page; one of a function of the model changes the graph."""
        made = self
        for definition in definitions:
            made = replace(made, definitions=(*made.definitions, definition))
            if definition.body is not None:
                made = made._with_function(definition.body)
        return made

    def after(self, claims: Iterable[Claim]) -> Context:
        """The context for what stands behind these claims."""
        made = self
        for claim in claims:
            if claim.defines is not None:
                made = made.with_definitions([claim.defines])
            if claim.keeps or claim.marks:
                made = replace(made, kept=made.kept | {claim.keeps} - {""}, marks=made.marks | {claim.marks} - {""})
        return made

    def _with_function(self, body: Body) -> Context:
        bodies = {**self.bodies, body.name: body}
        plain = self.plain or self.graph
        graph = reduce(specified, bodies.values(), plain)
        made = replace(
            self, graph=graph, plain=plain, bodies=bodies, frames=(), shifted=(), before_last=(), networks={}
        )
        for frame, before in zip(
            (*made.frames, *made.before_last), (*self.frames, *self.before_last), strict=True
        ):  # what the model sends through the function stays a pre-activation
            frame.lexicon.adjoint_of = before.lexicon.adjoint_of
        return made

    def at_depth(self, layers: int) -> Context:
        """The same page about the network with that many layers: a model like any other, in which L is a number."""
        family = self.graph.family
        assert family is not None
        if layers not in self.networks:
            depth = Depth(family.index, family.low, family.high, layers)
            plain = instance(self.plain or self.graph, layers)
            named = {family.high: Lin("", layers)}
            frame = Frame(reduce(specified, self.bodies.values(), plain), depth.shown, named, depth=depth)
            if self.bodies:
                frame.lexicon.adjoint_of = Frame(plain).lexicon.adjoint_of
            self.networks[layers] = frame
        frame = self.networks[layers]
        return replace(self, graph=frame.graph, frames=(frame,), shifted=(), before_last=(), networks={})

    @property
    def stated(self) -> tuple[str, ...]:
        """In words, what the page has made known of functions of the model."""
        return tuple(body.text for body in self.bodies.values())

    @property
    def main(self) -> Frame:
        """The graph itself; of a family the window that ends in the loss."""
        return self.frames[-1]

    @property
    def layer(self) -> str | None:
        """The letter that counts the layers of a family."""
        return self.graph.family.index if self.graph.family is not None else None


def _shifted(frames: tuple[Frame, ...], graph: ComputationGraph) -> tuple[Frame, ...]:
    """The first two windows for formulas about layers l-1 and l: what they call l is the second layer shown."""
    if graph.family is None:
        return ()
    index, low, high = graph.family.index, graph.family.low, graph.family.high
    first, interior = copy(frames[0]), copy(frames[1])
    first.layer, first.scope = {index: Lin("", low + 1)}, f"{index} = {low + 1}"
    interior.layer, interior.scope = {index: Lin(index, 1)}, f"{low + 1} < {index} <= {high}"
    return first, interior


def _before_last(graph: ComputationGraph) -> tuple[Frame, ...]:
    """The window of the last two layers, for formulas about layer L-1."""
    return (Frame(graph.family.last_two, family=graph.family),) if graph.family is not None else ()


def _frames(graph: ComputationGraph) -> tuple[Frame, ...]:
    """The graph, or the first, interior and last window of a family."""
    family = graph.family
    if family is None:
        return (Frame(graph),)
    index, high = family.index, family.high
    windows: list[tuple[ComputationGraph, str, Mapping[str, Lin]]] = [
        (family.first, f"{index} = {family.low}", {index: Lin("", family.low)}),
        (family.interior, f"{family.low} < {index} < {high}", {index: Lin(index)}),
        (family.last, f"{index} = {high}", {index: Lin(high)}),
    ]
    frames = tuple(Frame(window, scope, dict(layer), family=family) for window, scope, layer in windows)
    for frame in frames:
        frame.others = tuple(other for other in frames if other is not frame)
    return frames
