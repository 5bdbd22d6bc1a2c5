"""From parsed lines to a graph: declarations first, then bindings in order, then the further spellings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from derive.errors import ModelError, ShapeError, UnknownNameError, did_you_mean
from derive.ir.graph import ComputationGraph
from derive.ir.size import ONE, show_shape
from derive.model.expressions import evaluate
from derive.model.names import Index, Name, member_latex, parse_name, spelled_at
from derive.model.program import Alias, Bound, Program
from derive.model.scope import Declared, SymbolTable

Environment = Mapping[str, Index]


class PlacedBinding(NamedTuple):
    """A binding line, and what the letters of layers stand for in it."""

    bound: Bound
    environment: Environment

    @property
    def name(self) -> str:
        """The name it binds."""
        return str(self.bound.name.within(self.environment))


def assemble(program: Program, name: str) -> ComputationGraph:
    """The graph of a model without a layer family."""
    scope = SymbolTable()
    declare_all(scope, program, {})
    define_all(scope, [PlacedBinding(bound, {}) for bound in program.before])
    return finish(scope, program, name, {})


def declare_all(scope: SymbolTable, program: Program, environment: Environment) -> None:
    """Enter every declaration; those that depend on the layer are kept as templates."""
    letter = program.loop.letter if program.loop is not None else None
    scope.environment = environment
    for alias in program.aliases:
        if parse_name(alias.spelling) is not None:
            scope.aliases[alias.spelling] = str(alias.target.within(environment))
    plain: list[tuple[Declared, Name]] = []
    for declared in program.declared:
        name = declared.name.within(environment)
        if name.index is None or not name.index.letter:
            plain.append((declared, name))
        elif name.index.letter == letter:
            if name.stem in scope.templates:
                raise ModelError(
                    f"{name.stem}[...] is already declared on line {scope.templates[name.stem].span.line}",
                    span=declared.span,
                )
            scope.templates[name.stem] = declared
        elif program.loop is not None and name.index.letter == program.loop.high:
            plain.append((declared, name))
        else:
            raise ModelError(
                f"{name.index.letter!r} counts no layers here", span=declared.span, hint="open a family: for l in 2..L:"
            )
    for declared, name in plain:  # after the templates, which say how sizes of layers are spelled
        scope.declare(declared, name)


def define_all(scope: SymbolTable, lines: Sequence[PlacedBinding]) -> None:
    """Enter the bindings in order."""
    names = [line.name for line in lines]
    for name, line in zip(names, lines, strict=True):
        scope.later.setdefault(name, (line.bound.expression, line.environment))
    for name, line in zip(names, lines, strict=True):
        bound = line.bound
        scope.environment = line.environment
        scope.binding = name
        scope.check_free(name, bound.span)
        node = evaluate(bound.expression, scope)
        scope.later.pop(name, None)
        scope.bind(name, node, _spelling(line), bound.span)
    scope.binding = None


def _spelling(line: PlacedBinding) -> str | None:
    latex, name = line.bound.latex, line.bound.name
    if latex is None:
        return member_latex(name.within(line.environment))
    if name.index is not None and name.index.letter in line.environment:
        return spelled_at(latex, name.index.letter, line.environment[name.index.letter])
    return latex


def finish(scope: SymbolTable, program: Program, name: str, environment: Environment) -> ComputationGraph:
    """The graph of a scope whose bindings are complete."""
    known = [*scope.bindings, *scope.declarations]
    patterns = {a.spelling: str(a.target) for a in program.aliases if is_pattern(a.target, known)}
    program = replace(program, aliases=[alias for alias in program.aliases if alias.spelling not in patterns])
    aliases = resolve_aliases(scope, program, environment)
    graph = ComputationGraph(
        name=name,
        declarations=scope.declarations,
        bindings=scope.bindings,
        aliases=aliases,
        patterns=patterns,
        loss=next(reversed(scope.bindings), None),
        title=program.title,
    )
    if program.loss is None:
        return graph
    target, span = program.loss
    loss = str(target.within(environment))
    loss = aliases.get(loss, loss)
    if loss not in scope.bindings:
        raise UnknownNameError(
            f"the loss {loss!r} is not a binding", span=span, hint=did_you_mean(loss, scope.bindings)
        )
    shape = graph.shape(loss)
    if any(size is not ONE for size in shape):
        raise ShapeError(
            f"the loss {loss} has shape {show_shape(shape)}, but a loss is a scalar",
            span=span,
            hint="sum or average it; derivatives of arrays are taken with jacobian",
        )
    return graph.with_loss(loss)


def is_pattern(name: Name, known: Sequence[str]) -> bool:
    """Whether a name ends in a letter that stands for the numbers of other names, as `x_k` of `x_1, x_2`."""
    stem, _, letter = name.stem.rpartition("_")
    if name.index is not None or not stem or len(letter) != 1 or not letter.isalpha() or str(name) in known:
        return False
    return any(other.startswith(f"{stem}_") and other.removeprefix(f"{stem}_").isdecimal() for other in known)


def resolve_aliases(scope: SymbolTable, program: Program, environment: Environment) -> dict[str, str]:
    """Spellings by name; an alias of a template (`h^{(l)} = a[l]`) is spelled out for every member there is."""
    found: dict[str, str] = {}
    for alias in program.aliases:
        for spelling, target in _targets(scope, program, alias, environment):
            if found.setdefault(spelling, target) != target:
                raise ModelError(f"{spelling} is already a spelling of {found[spelling]}", span=alias.span)
            if spelling != target and (spelling in scope.bindings or spelling in scope.declarations):
                raise ModelError(f"{spelling} is a name of its own", span=alias.span, hint="leave the alias out")
    return found


def _targets(scope: SymbolTable, program: Program, alias: Alias, environment: Environment) -> list[tuple[str, str]]:
    name = alias.target.within(environment)
    known = [*scope.bindings, *scope.declarations, *scope.sizes]
    loop = program.loop
    made = {bound.name.stem for bound in program.inside} | set(scope.templates)
    of_layers = loop is not None and name.index is not None and name.stem in made
    if of_layers and loop is not None and name.index is not None and name.index.letter == loop.letter:
        shifted = [(i, replace(i, offset=i.offset - name.index.offset)) for i in scope.members_of(name.stem)]
        return [(spelled_at(alias.spelling, loop.letter, at), f"{name.stem}[{i}]") for i, at in shifted]
    if str(name) in known:
        return [(alias.spelling, str(name))]
    if of_layers:
        return []  # a layer that this window does not show
    hint = did_you_mean(str(name), known)
    raise UnknownNameError(f"unknown name {str(name)!r} in an alias", span=alias.span, hint=hint)
