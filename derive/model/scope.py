"""What the names of a model stand for while it is being read.

Values (inputs, bindings, sizes, constants) and functions are separate tables: `C = C(y_1, y_2)` is a value C defined by
a functional C. Sizes are declared by their use in a shape. Members of a layer family are declared by a template
(`W[l] : (n[l], n[l-1])`) and made when they are first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from derive.errors import ModelError, Span, UnknownNameError, did_you_mean
from derive.ir import build
from derive.ir.graph import Binding, Declaration, Fact, Kind
from derive.ir.node import Node
from derive.ir.size import Size, size_of
from derive.model.names import Index, Name, member_latex, parse_name, spelled_at
from derive.model.sizes import evaluate_size
from derive.model.tokens import LAYER_SUM_HINT, Expression, LayerSum
from derive.ops.record import elementwise, is_callable
from derive.ops.remedies import MODULES

CONSTANTS = ("pi", "e")
MAX_LAYERS = 10_000
_KINDS: dict[Kind, str] = {
    "input": "an input",
    "size": "a size",
    "symbol": "a symbol",
    "function": "a function",
    "functional": "a functional",
    "parameter": "a parameter",
}


class Declared(NamedTuple):
    """One name of a declaration line, its shape not yet evaluated (sizes may depend on a layer)."""

    name: Name
    kind: Kind
    shape: tuple[Expression, ...]
    facts: tuple[Fact, ...]
    latex: str | None
    arity: int
    definition: str | None
    span: Span


@dataclass
class SymbolTable:
    """The tables of a model. `environment` says what the letters of layers stand for at the moment."""

    declarations: dict[str, Declaration] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    functions: dict[str, Declaration] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, Callable[[], Span]] = field(default_factory=dict)  # where each is first used
    known_sizes: dict[str, int] = field(default_factory=dict)
    templates: dict[str, Declared] = field(default_factory=dict)
    members: dict[str, tuple[Size, ...]] = field(default_factory=dict)
    later: dict[str, tuple[Expression, Mapping[str, Index]]] = field(default_factory=dict)
    environment: Mapping[str, Index] = field(default_factory=dict)
    sums: dict[LayerSum, Node] = field(default_factory=dict)  # over layers of which not all are there
    binding: str | None = None  # the name that is being defined

    # ------------------------------------------------------------------------------------------ values

    def value(self, name: Name) -> Node:
        """The node that a name stands for in an expression; UnknownNameError or ModelError if there is none."""
        name = name.within(self.environment)
        text = str(name)
        text = self.aliases.get(text, text)
        if text in self.bindings:
            return build.ref(text, self.bindings[text].node.shape)
        declaration = self.declarations.get(text) or self._member(name)
        if declaration is not None and declaration.kind == "input":
            return build.ref(text, declaration.shape)
        if text in self.sizes or (declaration is not None and declaration.kind == "size"):
            return build.size_value(self.size(text))
        if declaration is not None and declaration.kind in ("symbol", "parameter"):
            raise ModelError(
                f"{text} is declared as {_KINDS[declaration.kind]}, a letter for pages, and has no value in the graph",
                hint=f"declare it as a number: {text} : scalar",
            )
        if text in self.later:
            raise self._used_too_early(text)
        if text in CONSTANTS:
            return build.constant(text)
        raise self._unknown(name, text)

    def over_layers(self, layers: LayerSum) -> Node:
        """The node of a sum over layers; ModelError if it has no terms, UnknownNameError if one of them is missing."""
        if layers in self.sums:
            return self.sums[layers]
        high = Index("", int(layers.high)) if layers.high.isdecimal() else self.environment.get(layers.high)
        if high is None or high.letter:
            raise ModelError(f"{layers.high!r} counts no layers here", hint=LAYER_SUM_HINT)
        if not layers.low <= high.offset <= MAX_LAYERS:
            raise ModelError(f"there are no layers {layers.low}..{high.offset}", hint=LAYER_SUM_HINT)
        names = [Name(layers.stem, Index("", layer)) for layer in range(layers.low, high.offset + 1)]
        return build.add(*map(self.value, names))

    def size(self, text: str) -> Size:
        """The size of that name, or the integer it has in this instance."""
        return size_of(self.known_sizes.get(text, text))

    def use_size(self, name: Name, place: Callable[[], Span]) -> Size:
        """A size named in a shape; the use declares it."""
        name = name.within(self.environment)
        text = str(name)
        declaration: Declaration | Declared | None = self.declarations.get(text)
        if declaration is None and name.index is not None:
            template = self.templates.get(name.stem)
            # the shape of another template may lead back here: it is refused unread
            declaration = self._member(name) if template is None or template.kind == "size" else template
        if declaration is not None and declaration.kind != "size":
            raise ModelError(
                f"{text} is declared as {_KINDS[declaration.kind]}, but here it is the size of an axis",
                span=place(),
                hint=f"use another letter, or declare it as a size: {text} : size",
            )
        if text not in self.sizes:
            self.sizes[text] = place
            if name.index is not None and declaration is None and text not in self.known_sizes:
                latex = member_latex(name, size=True)
                self.declarations[text] = Declaration(text, "size", latex=latex, span=place())
        return self.size(text)

    def _member(self, name: Name) -> Declaration | None:
        """A member of a layer family that is not bound: made from its template, or from what layers are known to be."""
        if name.index is None:
            return None
        text = str(name)
        template = self.templates.get(name.stem)
        if template is not None:
            return self.declare(template, name, self._letters(template, name.index))
        if text in self.members:
            latex = member_latex(name)
            self.declarations[text] = Declaration(text, "input", self.members[text], latex=latex)
            return self.declarations[text]
        return None

    @staticmethod
    def _letters(template: Declared, index: Index) -> dict[str, Index]:
        assert template.name.index is not None
        letter = template.name.index.letter
        return {letter: replace(index, offset=index.offset - template.name.index.offset)}

    def _used_too_early(self, text: str) -> ModelError:
        cycle = self._path(text, self.binding) if self.binding else None
        if cycle is not None:
            ring = " -> ".join([self.binding or "", *cycle])
            return ModelError(f"a cycle: {ring}", hint="no value may depend on itself")
        line = self.later[text][0].part.statement.line
        return ModelError(f"{text} is used before its definition on line {line}", hint="move the definition up")

    def _path(self, start: str, goal: str) -> list[str] | None:
        """A chain of definitions from `start` to `goal` among the lines to come."""
        parents: dict[str, str] = {start: ""}
        queue = [start]
        for name in queue:
            if name == goal:
                path = [name]
                while parents[path[-1]]:
                    path.append(parents[path[-1]])
                return path[::-1]
            for below in self._used_later(name):
                if below not in parents:
                    parents[below] = name
                    queue.append(below)
        return None

    def _used_later(self, name: str) -> list[str]:
        if name not in self.later:
            return []
        expression, environment = self.later[name]
        return [str(name.within(environment)) for name in expression.values()]

    def _unknown(self, name: Name, text: str) -> ModelError:
        if text in self.functions or is_callable(text):
            return ModelError(f"{text} is a function", hint=f"apply it: {text}(...)")
        if name.index is not None and (name.stem in self.declarations or name.stem in self.bindings):
            return ModelError(
                f"entries such as {text} have no place in a model",
                hint="use whole arrays; an index in brackets counts layers",
            )
        if text in MODULES:
            hint: str | None = f"write pi, e or exp(x), without {text} before it"
        else:
            hint = did_you_mean(text, self.names()) or f"declare it: {text} : scalar"
        return UnknownNameError(f"unknown name {text!r}", hint=hint)

    def names(self) -> Iterable[str]:
        """Every name of a value."""
        inputs = (name for name, d in self.declarations.items() if d.kind in ("input", "size"))
        return [*inputs, *self.bindings, *self.sizes, *self.aliases, *(f"{stem}[l]" for stem in self.templates)]

    # ------------------------------------------------------------------------------------- definitions

    def declare(self, declared: Declared, name: Name, environment: Mapping[str, Index] | None = None) -> Declaration:
        """Enter a declaration as `name`; `environment` says what the letters of layers stand for in its shape."""
        text = str(name)
        outer, self.environment = self.environment, environment or self.environment
        try:
            shape = tuple(evaluate_size(size, self.use_size) for size in declared.shape)
        finally:
            self.environment = outer
        latex = declared.latex or member_latex(name, size=declared.kind == "size")
        if declared.latex is not None and environment:
            letter, index = next(iter(environment.items()))
            latex = spelled_at(declared.latex, letter, index)
        made = Declaration(
            text, declared.kind, shape, declared.facts, latex, declared.arity, declared.definition, declared.span
        )
        if made.kind == "function" and made.definition is None and elementwise(text) is not None:
            raise ModelError(
                f"{text} is the name of an operation, so a generic function cannot have it",
                span=declared.span,
                hint=f"write {text} : function = {text} for the operation, or choose another name",
            )
        if made.kind in ("function", "functional"):
            self._refuse_twice(text, declared.span, self.declarations)
            self.functions[text] = made
        else:
            self._refuse_twice(text, declared.span, self.declarations)
            self._refuse_twice(text, declared.span, self.bindings)
            if text in self.sizes and made.kind != "size":
                raise ModelError(
                    f"{text} is the size of an axis on line {self.sizes[text]().line}",
                    span=declared.span,
                    hint="a size cannot be another value too; use another letter",
                )
        self.declarations[text] = made
        return made

    def members_of(self, stem: str) -> list[Index]:
        """The indices of the members of a family that there are."""
        names = (parse_name(text) for text in (*self.declarations, *self.bindings))
        return [name.index for name in names if name is not None and name.stem == stem and name.index is not None]

    def bind(self, name: str, node: Node, latex: str | None, span: Span) -> None:
        """Enter a binding; ModelError if the name is taken."""
        self.check_free(name, span)
        self.bindings[name] = Binding(name, node, latex, span)

    def check_free(self, name: str, span: Span) -> None:
        """Raise ModelError if a binding of this name would be a redefinition."""
        taken = self.declarations.get(name)
        if taken is not None and taken.kind not in ("function", "functional"):
            self._refuse_twice(name, span, self.declarations)
        self._refuse_twice(name, span, self.bindings)
        if name in self.sizes:
            raise ModelError(
                f"{name} is the size of an axis on line {self.sizes[name]().line}", span=span, hint="use another letter"
            )

    @staticmethod
    def _refuse_twice(name: str, span: Span, table: Mapping[str, Declaration | Binding]) -> None:
        if (before := table.get(name)) is not None:
            where = f" on line {before.span.line}" if before.span else ""
            raise ModelError(
                f"{name} is already {'defined' if isinstance(before, Binding) else 'declared'}{where}",
                span=span,
                hint="a name is defined once; use another one",
            )
