"""Layer families: `for l in 2..L:` and an indented block of lines in `z[l]`, `W[l]`, `a[l-1]`.

A family is a template, a base (`a[1] = x`) and a head (the loss of `a[L]`); a symbolic L is never in a node. Formulas
for every interior l come from a window: `a[l-1]` is an input, layers l and l+1 are written out, and what later layers
make of `a[l+1]` is an opaque functional. The ends are windows too: the first starts from the base, the last ends in
the loss; a further one shows the last two layers (`derive.model.windows`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.errors import ModelError
from derive.ir.graph import ComputationGraph, Family
from derive.model.assemble import Environment, PlacedBinding, declare_all, define_all, finish
from derive.model.names import Index, parse_name
from derive.model.program import Program, read_program
from derive.model.scope import MAX_LAYERS, SymbolTable
from derive.model.shared_names import shared_names, uneven_members
from derive.model.windows import Windows


def family(program: Program, source: str, name: str) -> ComputationGraph:
    """The graph of a model with layers. The graph itself is the last window (layer L and the loss); its `family` has
    all windows. With a number in place of L it is the network of that depth, and no family.

    Raises ModelError and ShapeError as `loads` does.
    """
    assert program.loop is not None
    if program.loop.high.isdecimal():
        return _unrolled(program, int(program.loop.high), {}, name)
    windows = Windows(program, program.loop, name)
    first = windows.first()
    interior = windows.interior()
    last = windows.last()
    loop = program.loop
    members = tuple(dict.fromkeys(bound.name.stem for bound in program.inside))
    names = {known.stem for window in (first, interior, last) for known in map(parse_name, window.names) if known}
    shared = tuple(name for name in shared_names(program, loop) if name in names)
    uneven = uneven_members(program, loop)
    sums = {f"sum_{layers.stem}": layers.stem for layers in windows.sums}
    made = Family(
        loop.letter, loop.low, loop.high, members, interior, first, last, windows.last(2), source, shared, uneven, sums
    )
    return replace(last, family=made)


def instance(graph: ComputationGraph, layers: int, sizes: Mapping[str, int] | None = None) -> ComputationGraph:
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


def _unrolled(program: Program, layers: int, sizes: dict[str, int], name: str) -> ComputationGraph:
    loop = program.loop
    assert loop is not None
    ends: Environment = {loop.high: Index("", layers)}
    scope = SymbolTable(known_sizes=sizes)
    declare_all(scope, program, ends)
    lines = [PlacedBinding(bound, ends) for bound in program.before]
    for layer in range(loop.low, layers + 1):
        lines += [PlacedBinding(bound, {loop.letter: Index("", layer), **ends}) for bound in program.inside]
    define_all(scope, [*lines, *(PlacedBinding(bound, ends) for bound in program.after)])
    return finish(scope, program, name, ends)
