"""Layer families: `for l in 2..L:` and an indented block of lines in `z[l]`, `W[l]`, `a[l-1]`.

A family is a template, a base (`a[1] = x`) and a head (the loss of `a[L]`); a symbolic L is never in a node. Formulas
for every interior l come from a window: `a[l-1]` is an input, layers l and l+1 are written out, and what later layers
make of `a[l+1]` is an opaque functional. The ends are windows too: the first starts from the base, the last ends in
the loss; a further one shows the last two layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from derive.errors import ModelError, ShapeError
from derive.ir import build
from derive.ir.graph import Declaration, Family, Graph
from derive.ir.node import refs
from derive.ir.size import Shape, Size, show_shape, size_of
from derive.model.assemble import Environment, Line, declare_all, define_all, finish
from derive.model.names import Index, parse_name
from derive.model.program import Loop, Program, read_program
from derive.model.scope import Scope
from derive.model.shared import shared_names, uneven_members

MAX_LAYERS = 10_000


def family(program: Program, source: str, name: str) -> Graph:
    """The graph of a model with layers. The graph itself is the last window (layer L and the loss); its `family` has
    all windows. With a number in place of L it is the network of that depth, and no family.

    Raises ModelError and ShapeError as `loads` does.
    """
    assert program.loop is not None
    if program.loop.high.isdecimal():
        return _unrolled(program, int(program.loop.high), {}, name)
    windows = _Windows(program, program.loop, name)
    first = windows.first()
    interior = windows.interior()
    last = windows.last()
    loop = program.loop
    members = tuple(dict.fromkeys(bound.name.stem for bound in program.inside))
    names = {known.stem for window in (first, interior, last) for known in map(parse_name, window.names) if known}
    shared = tuple(name for name in shared_names(program, loop) if name in names)
    uneven = uneven_members(program, loop)
    made = Family(
        loop.letter, loop.low, loop.high, members, interior, first, last, windows.last(2), source, shared, uneven
    )
    return replace(last, family=made)


def instance(graph: Graph, layers: int, sizes: Mapping[str, int] | None = None) -> Graph:
    """The network of a family with L = `layers`; `sizes` may give numbers for sizes such as `n[1]`.

    Raises ModelError for a graph without a family and for a depth that the family does not have.
    """
    if graph.family is None:
        raise ModelError(f"the model {graph.name} is not a family of layers")
    if not graph.family.low <= layers <= MAX_LAYERS:
        raise ModelError(
            f"{graph.family.high} = {layers} is outside of {graph.family.low}..{MAX_LAYERS}",
            hint=f"the first layer is {graph.family.low}",
        )
    return _unrolled(read_program(graph.family.source), layers, dict(sizes or {}), graph.name)


def _unrolled(program: Program, layers: int, sizes: dict[str, int], name: str) -> Graph:
    loop = program.loop
    assert loop is not None
    ends: Environment = {loop.high: Index("", layers)}
    scope = Scope(known_sizes=sizes)
    declare_all(scope, program, ends)
    lines = [Line(bound, ends) for bound in program.before]
    for layer in range(loop.low, layers + 1):
        lines += [Line(bound, {loop.letter: Index("", layer), **ends}) for bound in program.inside]
    define_all(scope, [*lines, *(Line(bound, ends) for bound in program.after)])
    return finish(scope, program, name, ends)


class _Windows:
    """The three windows of a family. `shapes` are those of the members at the formal layer."""

    def __init__(self, program: Program, loop: Loop, name: str) -> None:
        self.program = program
        self.loop = loop
        self.name = name
        self.carried = self._carried_stems()
        self.loss = str(program.after[-1].name) if program.after else "J"
        if program.loss is not None:
            self.loss = str(program.loss[0])
        made = {bound.name.stem for bound in program.inside}
        last = Index(loop.high, 0)
        read = [token.name for bound in program.after for token in bound.expression.tokens if token.name is not None]
        self.read_by_loss = [name.stem for name in dict.fromkeys(read) if name.stem in made and name.index == last]
        self.shapes: dict[str, Shape] = {}
        self.carried_shapes: dict[str, Shape] = {}

    def _carried_stems(self) -> dict[str, int]:
        """The members that a layer reads from an earlier one, and how far back."""
        made = {bound.name.stem: bound.name.index for bound in self.program.inside}
        carried: dict[str, int] = {}
        for bound in self.program.inside:
            index = bound.name.index
            if index is None or index.letter != self.loop.letter:
                raise ModelError(
                    f"{bound.name} has no layer index",
                    span=bound.span,
                    hint=f"write {bound.name.stem}[{self.loop.letter}]",
                )
            for token in bound.expression.tokens:
                if token.name is None or token.name.index is None or token.name.index.letter != self.loop.letter:
                    continue
                own = made.get(token.name.stem)
                if own is not None and token.name.index.offset < own.offset:
                    carried[token.name.stem] = min(token.name.index.offset, carried.get(token.name.stem, 0))
        return carried

    # -------------------------------------------------------------------------------------- windows

    def first(self) -> Graph:
        """The base and two layers in numbers, then an opaque loss."""
        low = self.loop.low
        scope = Scope()
        declare_all(scope, self.program, {})
        lines = [Line(bound, {}) for bound in self.program.before]
        lines += self._layers(Index("", low), 2)
        define_all(scope, lines)
        for stem, offset in self.carried.items():
            base = f"{stem}[{low + offset}]"
            node = scope.bindings[base].node if base in scope.bindings else None
            shape = node.shape if node is not None else scope.declarations[base].shape
            self.carried_shapes[stem] = _reindexed(shape, lambda i: Index(self.loop.letter, i.offset - low))
        self._opaque_loss(scope, Index("", low + 2))
        return _without_unused(finish(scope, self._headless(), self.name, {}))

    def interior(self) -> Graph:
        """Layers l and l+1 over given values of layer l-1, then an opaque loss."""
        letter = self.loop.letter
        here = Index(letter, 0)
        scope = Scope()
        for stem, offset in self.carried.items():
            scope.members[f"{stem}[{Index(letter, offset)}]"] = self.carried_shapes[stem]
        declare_all(scope, self.program, {})
        lines = [Line(bound, {}) for bound in self.program.before if bound.name.index is None]
        define_all(scope, [*lines, *self._layers(here, 1)])
        for bound in self.program.inside:
            self.shapes[bound.name.stem] = scope.bindings[str(bound.name)].node.shape
        self._check_carried(scope)
        define_all(scope, self._layers(Index(letter, 1), 1))
        self._opaque_loss(scope, Index(letter, 2))
        return _without_unused(finish(scope, self._headless(), self.name, {}))

    def last(self, count: int = 1) -> Graph:
        """The last `count` layers over given values of the layer before, and the loss as it is."""
        high = self.loop.high
        scope = Scope()

        def at(shift: int) -> Callable[[Index], Index]:
            return lambda i: Index(high, i.offset + shift) if i.letter == self.loop.letter else i

        for bound in self.program.inside:
            index = bound.name.index
            assert index is not None
            for shift in (-count, -count - 1):
                member = f"{bound.name.stem}[{Index(high, index.offset + shift)}]"
                scope.members[member] = _reindexed(self.shapes[bound.name.stem], at(shift))
        declare_all(scope, self.program, {})
        lines = [Line(bound, {}) for bound in self.program.before if bound.name.index is None]
        lines += self._layers(Index(high, 1 - count), count)
        define_all(scope, [*lines, *(Line(bound, {}) for bound in self.program.after)])
        graph = finish(scope, self.program, self.name, {})
        return graph if self.program.after else graph.with_loss(None)

    # ---------------------------------------------------------------------------------------- parts

    def _layers(self, start: Index, count: int) -> list[Line]:
        return [
            Line(bound, {self.loop.letter: replace(start, offset=start.offset + k)})
            for k in range(count)
            for bound in self.program.inside
        ]

    def _headless(self) -> Program:
        return replace(self.program, loss=None)

    def _opaque_loss(self, scope: Scope, after: Index) -> None:
        """What the layers from `after` on, or the loss if there are none, make of the values that reach them."""
        reaching = {**dict.fromkeys(self.read_by_loss, -1), **self.carried} if self.carried else {}
        names = [f"{stem}[{replace(after, offset=after.offset + offset)}]" for stem, offset in reaching.items()]
        if not names:
            names = list(scope.bindings)[-len(self.program.inside) :]
        arguments = [build.ref(name, scope.bindings[name].node.shape) for name in names]
        span = self.loop.span
        scope.declarations[self.loss] = Declaration(self.loss, "functional", span=span)
        latex = next((b.latex for b in self.program.after if str(b.name) == self.loss), None)
        scope.bind(self.loss, build.functional(self.loss, *arguments), latex, span)

    def _check_carried(self, scope: Scope) -> None:
        """What layer l hands on must have the shape that layer l+1 was read with."""
        for stem, offset in self.carried.items():
            expected = _reindexed(self.carried_shapes[stem], _shift(-offset))
            made = f"{stem}[{self.loop.letter}]"
            shape = scope.bindings[made].node.shape
            if shape != expected:
                raise ShapeError(
                    f"{made} has shape {show_shape(shape)}, but the next layer needs {show_shape(expected)}",
                    span=scope.bindings[made].span,
                    hint=f"give sizes a layer index, as in x : (n[{self.loop.low - 1}],)",
                )


def _shift(by: int) -> Callable[[Index], Index]:
    return lambda index: replace(index, offset=index.offset + by)


def _reindexed(shape: Shape, change: Callable[[Index], Index]) -> Shape:
    """A shape with the layer indices of its sizes changed."""
    return tuple(_reindexed_size(size, change) for size in shape)


def _reindexed_size(size: Size, change: Callable[[Index], Index]) -> Size:
    total = size_of(0)
    for monomial, coefficient in size.terms:
        product = size_of(coefficient)
        for text, power in monomial:
            name = parse_name(text)
            if name is not None and name.index is not None:
                text = str(replace(name, index=change(name.index)))
            for _ in range(power):
                product = product * size_of(text)
        total = total + product
    return total


def _without_unused(graph: Graph) -> Graph:
    """A window without the inputs that only other layers read."""
    used = set(refs(*(binding.node for binding in graph.bindings.values())))
    kept = {n: d for n, d in graph.declarations.items() if d.kind != "input" or n in used}
    aliases = {s: n for s, n in graph.aliases.items() if n in kept or n in graph.bindings}
    return replace(graph, declarations=kept, aliases=aliases)
