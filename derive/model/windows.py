"""The windows of a family of layers: plain graphs that show a layer or two, with what is around them given or opaque.

    first       the base and two layers in numbers, then an opaque loss
    interior    a[l-1] given, layers l and l+1 written out, then an opaque functional of what layer l+1 hands on
    last        a[L-1] given, layer L, the loss as it is

A loss at each step, `J = sum(e[t] for t in 1..T)`, is in a window the sum of the terms that it shows, of those before
it (a given number) and of those behind it (an opaque functional of what the window hands on).
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace

from derive.errors import ModelError, ShapeError
from derive.ir import build
from derive.ir.graph import ComputationGraph, Declaration, Fact
from derive.ir.node import Node, refs, topological
from derive.ir.size import Shape, Size, show_shape, size_of
from derive.model.assemble import PlacedBinding, declare_all, define_all, finish
from derive.model.names import Index, Name, member_latex, parse_name
from derive.model.program import Loop, Program
from derive.model.scope import SymbolTable
from derive.model.tokens import LAYER_SUM_HINT, LayerSum


class Windows:
    """The windows of a family. `shapes` are those of the members at the formal layer."""

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
        self.reads_members = any(name.index is not None for name in read)
        self.sums = self._sums()
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

    def _sums(self) -> list[LayerSum]:
        """The sums over all layers behind the family."""
        loop = self.loop
        found: dict[LayerSum, None] = {}
        for bound in self.program.after:
            for token in bound.expression.tokens:
                if token.layers is None:
                    continue
                if (token.layers.low, token.layers.high) != (loop.low, loop.high):
                    raise ModelError(
                        f"a sum over other layers than {loop.low}..{loop.high}",
                        span=bound.span,
                        hint=f"sum over all of them, or take a number for {loop.high}",
                    )
                if all(inside.name != Name(token.layers.stem, Index(loop.letter, 0)) for inside in self.program.inside):
                    raise ModelError(
                        f"{token.layers.stem}[{loop.letter}] is not defined in the layers",
                        span=bound.span,
                        hint=LAYER_SUM_HINT,
                    )
                found[token.layers] = None
        return list(found)

    # -------------------------------------------------------------------------------------- windows

    def first(self) -> ComputationGraph:
        """The base and two layers in numbers, then an opaque loss."""
        low = self.loop.low
        scope = SymbolTable()
        declare_all(scope, self.program, {})
        lines = [PlacedBinding(bound, {}) for bound in self.program.before]
        lines += self._layers(Index("", low), 2)
        define_all(scope, lines)
        for stem, offset in self.carried.items():
            base = f"{stem}[{low + offset}]"
            node = scope.bindings[base].node if base in scope.bindings else None
            shape = node.shape if node is not None else scope.declarations[base].shape
            self.carried_shapes[stem] = _reindexed(shape, lambda i: Index(self.loop.letter, i.offset - low))
        self._loss(scope, Index("", low), None)
        return _without_unused(finish(scope, self._headless(), self.name, {}).with_loss(self.loss))

    def interior(self) -> ComputationGraph:
        """Layers l and l+1 over given values of layer l-1, then an opaque loss."""
        letter = self.loop.letter
        here = Index(letter, 0)
        scope = SymbolTable()
        for stem, offset in self.carried.items():
            scope.members[f"{stem}[{Index(letter, offset)}]"] = self.carried_shapes[stem]
        declare_all(scope, self.program, {})
        lines = [PlacedBinding(bound, {}) for bound in self.program.before if bound.name.index is None]
        define_all(scope, [*lines, *self._layers(here, 1)])
        for bound in self.program.inside:
            self.shapes[bound.name.stem] = scope.bindings[str(bound.name)].node.shape
        self._check_carried(scope)
        define_all(scope, self._layers(Index(letter, 1), 1))
        self._loss(scope, here, Index(letter, -1))
        return _without_unused(finish(scope, self._headless(), self.name, {}).with_loss(self.loss))

    def last(self, count: int = 1) -> ComputationGraph:
        """The last `count` layers over given values of the layer before, and the loss as it is."""
        high = self.loop.high
        scope = SymbolTable()

        def at(shift: int) -> Callable[[Index], Index]:
            return lambda i: Index(high, i.offset + shift) if i.letter == self.loop.letter else i

        for bound in self.program.inside:
            index = bound.name.index
            assert index is not None
            for shift in (-count, -count - 1):
                member = f"{bound.name.stem}[{Index(high, index.offset + shift)}]"
                scope.members[member] = _reindexed(self.shapes[bound.name.stem], at(shift))
        declare_all(scope, self.program, {})
        lines = [PlacedBinding(bound, {}) for bound in self.program.before if bound.name.index is None]
        define_all(scope, [*lines, *self._layers(Index(high, 1 - count), count)])
        for layers in self.sums:
            shown = self._terms(scope, layers, Index(high, 1 - count), count)
            scope.sums[layers] = build.add(self._before(scope, layers, Index(high, -count)), *shown)
        define_all(scope, [PlacedBinding(bound, {}) for bound in self.program.after])
        graph = finish(scope, self.program, self.name, {})
        return graph if self.program.after else graph.with_loss(None)

    # ---------------------------------------------------------------------------------------- parts

    def _layers(self, start: Index, count: int) -> list[PlacedBinding]:
        return [
            PlacedBinding(bound, {self.loop.letter: replace(start, offset=start.offset + k)})
            for k in range(count)
            for bound in self.program.inside
        ]

    def _headless(self) -> Program:
        return replace(self.program, loss=None)

    def _loss(self, scope: SymbolTable, here: Index, before: Index | None) -> None:
        """The loss as a window of two layers from `here` on shows it; layers up to `before` are not among them.

        What later layers and the loss make of the values that reach them is opaque. A loss that reads the layers by
        sums alone is written as it is, and opaque is what later layers add to each sum.
        """
        after = replace(here, offset=here.offset + 2)
        reaching = {**dict.fromkeys(self.read_by_loss, -1), **self.carried} if self.carried or self.sums else {}
        names = [f"{stem}[{replace(after, offset=after.offset + offset)}]" for stem, offset in reaching.items()]
        if not names and not self.sums:
            names = list(scope.bindings)[-len(self.program.inside) :]
        arguments = [build.ref(name, scope.bindings[name].node.shape) for name in names]
        shown = {layers: self._terms(scope, layers, here, 2) for layers in self.sums}
        if before is not None:
            shown = {layers: [self._before(scope, layers, before), *terms] for layers, terms in shown.items()}
        if self.sums and not self.reads_members:
            for layers, terms in shown.items():
                rest = [self._functional(scope, f"sum_{layers.stem}", arguments)] if arguments else []
                scope.sums[layers] = build.add(*terms, *rest)
            define_all(scope, [PlacedBinding(bound, {}) for bound in self.program.after])
            self._check_sums(scope)
            return
        terms = [term for terms in shown.values() for term in terms]
        latex = next((b.latex for b in self.program.after if str(b.name) == self.loss), None)
        scope.bind(self.loss, self._functional(scope, self.loss, [*arguments, *terms]), latex, self.loop.span)

    def _check_sums(self, scope: SymbolTable) -> None:
        """A slope that depends on a sum is written by its name, since a window does not show all of the sum."""
        parts = {arg for node in scope.sums.values() for arg in (node, *node.args)}
        for bound in self.program.after:
            if not _is_affine(scope.bindings[str(bound.name)].node, parts):
                raise ModelError(
                    "the slope of this line depends on the sum over layers",
                    span=bound.span,
                    hint="give the sum a line of its own: E = sum(e[t] for t in 1..T)",
                )

    def _functional(self, scope: SymbolTable, name: str, arguments: list[Node]) -> Node:
        scope.declarations[name] = Declaration(name, "functional", span=self.loop.span)
        return build.functional(name, *arguments)

    def _terms(self, scope: SymbolTable, layers: LayerSum, start: Index, count: int) -> list[Node]:
        names = [Name(layers.stem, replace(start, offset=start.offset + k)) for k in range(count)]
        terms = [build.ref(str(name), scope.bindings[str(name)].node.shape) for name in names]
        if terms[0].shape:
            raise ShapeError(
                f"a sum over {self.loop.high} layers takes scalars, {names[0]} has shape {show_shape(terms[0].shape)}",
                span=self.loop.span,
                hint=f"sum the entries in the layers, or take a number for {self.loop.high}",
            )
        return terms

    def _before(self, scope: SymbolTable, layers: LayerSum, last: Index) -> Node:
        """What the layers up to `last` add to a sum: a number that is given."""
        loop, name = self.loop, str(Name(f"sum_{layers.stem}", last))
        (term,) = (b for b in self.program.inside if b.name == Name(layers.stem, Index(loop.letter, 0)))
        latex = rf"\sum_{{{loop.letter}={loop.low}}}^{{{last}}} {term.latex or member_latex(term.name)}"
        scope.declarations[name] = Declaration(name, "input", (), (Fact("constant"),), latex, span=loop.span)
        return build.ref(name)

    def _check_carried(self, scope: SymbolTable) -> None:
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


def _is_affine(node: Node, parts: Set[Node]) -> bool:
    """Whether an expression is a sum of the parts, each times what has none of them."""
    if node in parts or parts.isdisjoint(topological(node)):
        return True
    if node.op == "div" and not parts.isdisjoint(topological(node.args[1])):
        return False
    if node.op in ("contract", "div"):
        held = [arg for arg in node.args if not parts.isdisjoint(topological(arg))]
        return len(held) == 1 and _is_affine(held[0], parts)
    return node.op in ("add", "neg") and all(_is_affine(arg, parts) for arg in node.args)


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


def _without_unused(graph: ComputationGraph) -> ComputationGraph:
    """A window without the inputs that only other layers read."""
    used = set(refs(*(binding.node for binding in graph.bindings.values())))
    kept = {n: d for n, d in graph.declarations.items() if d.kind != "input" or n in used}
    aliases = {s: n for s, n in graph.aliases.items() if n in kept or n in graph.bindings}
    return replace(graph, declarations=kept, aliases=aliases)
