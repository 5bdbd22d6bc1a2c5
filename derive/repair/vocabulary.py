"""How the names of a graph are written in formulas, for edits that put a name in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from derive.errors import ClaimError
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, refs, topological
from derive.notation.latex import latex
from derive.notation.names import Names
from derive.notation.style import Style
from derive.ops.record import elementwise
from derive.repair.edit import Vocabulary
from derive.repair.tree import base_symbol
from derive.typography.layout import parse
from derive.typography.symbols import FUNCTIONS

_KNOWN = 16
_kept: dict[int, Vocabulary] = {}


def vocabulary(graph: ComputationGraph) -> Vocabulary:
    """The spellings of a graph's names; of a family, those of its inner window too."""
    known = _kept.get(id(graph))
    if known is None or known.graph is not graph:
        if len(_kept) >= _KNOWN:
            _kept.clear()
        known = _kept[id(graph)] = _made(graph)
    return known


def _made(graph: ComputationGraph) -> Vocabulary:
    spellings: dict[str, str] = {}
    sizes: dict[str, None] = {}
    numbers: dict[str, None] = {}
    users: dict[str, set[str]] = {}
    windows = [graph] if graph.family is None else [graph.family.interior, graph]
    for window in windows:
        names = Names(window, Style())
        for name in window.names:
            spellings.setdefault(name, latex(names.formula(name)))
        for name in dict.fromkeys(
            [*window.size_names(), *(n for n, d in window.declarations.items() if d.kind == "size")]
        ):
            sizes[latex(names.size(name))] = None
        axes = (size.number for name in window.names for size in window.shape(name))
        numbers.update(dict.fromkeys(str(number) for number in axes if number is not None))
        for name, binding in window.bindings.items():
            for below in refs(binding.node):
                if below in spellings:
                    users.setdefault(spellings[below], set()).add(spellings[name])
    names = Names(graph, Style())
    letters = {name: latex(names.formula(name)) for name, d in graph.declarations.items() if d.kind == "symbol"}
    functions = {_letter(names, name) for name, d in graph.functions.items() if d.kind == "function"}
    functions |= {_base(alias) for alias, name in graph.aliases.items() if name in graph.functions}
    primed = set(functions)
    activated: set[str] = set()
    for window in windows:
        for node in _nodes([window]):
            if node.op == "call" and len(node.args) == 1:
                record = elementwise(node.name)
                own = {_letter(names, node.name), _base(record.latex) if record is not None else None}
                functions |= own
                primed |= own if record is None or record.prime else set()
                if f"\\{node.name}" in FUNCTIONS:
                    functions |= {node.name, f"\\{node.name}"}
                if node.args[0].op == "ref":
                    activated.add(node.args[0].name)
    used = {name: frozenset(found) for name, found in users.items()}
    known = frozenset(function for function in functions if function is not None)
    derivatives = tuple(sorted(function for function in primed if function is not None))
    taken = tuple(spelled for name, spelled in spellings.items() if name in activated)
    scalars = not any(window.shape(name) for window in windows for name in window.names)
    inverses = [arg.name for node in _nodes(windows) if node.op == "inv" for arg in node.args if arg.op == "ref"]
    inverted = tuple(dict.fromkeys(spellings[name] for name in inverses if name in spellings))
    return Vocabulary(
        spellings, tuple(sizes), tuple(numbers), used, known, derivatives, letters, taken, scalars, inverted, graph
    )


def _nodes(windows: list[ComputationGraph]) -> Iterator[Node]:
    return topological(*(binding.node for window in windows for binding in window.bindings.values()))


@lru_cache(maxsize=256)
def _base(spelling: str) -> str | None:
    try:
        items = parse(spelling).items
    except ClaimError:
        return None
    base = base_symbol(items[0]) if len(items) == 1 else None
    return base.name if base is not None else None


def _letter(names: Names, name: str) -> str | None:
    """The letter or word that a function is printed with."""
    spelled = names.function(name)
    return _base(latex(spelled.formula if spelled is not None else names.formula(name)))
