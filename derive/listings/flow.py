"""What holds at the end of a script: which value of a name is judged, and at which values of the inputs.

A name is judged by its last value, at the values that the model's inputs have when it gets it. So a script is run in
stages, one for each time that an input is assigned anew (`w = w - lr*dw`), and a name belongs to the stage that assigns
it last. With `v(x)` the number of assignments of x so far, a name made of others has every `v` that they have:

    z = w*x + b;  w = w - lr*dw;  dz = z        dz has v(w) = 1 where the model has w at v(w) = 2

Such a name is compared with nothing, and neither is what a loop makes that assigns inputs: it has several `v` of one
input. The report tells them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from derive.ir.graph import ComputationGraph
from derive.listings.naming import meaning

Versions = dict[str, frozenset[int]]
MOST_STAGES = 20
IN_PLACE = frozenset({"copyto", "at", "put", "place", "putmask", "fill_diagonal", "shuffle"})


@dataclass
class Flow:
    """The stages of a script as code, the stage in which each name is judged, and by which input a name is stale."""

    parts: list[str]
    stage: dict[str, int] = field(default_factory=dict)
    stale: dict[str, str] = field(default_factory=dict)

    def judged(self, name: str, stage: int) -> bool:
        return self.stage.get(self._own(name)) == stage and self._own(name) not in self.stale

    def moved(self, name: str) -> str | None:
        """The input that has changed since, or while, a name got its value."""
        return self.stale.get(self._own(name))

    def _own(self, name: str) -> str:
        return name if name in self.stage else name.split("[", maxsplit=1)[0]


def flow(tree: ast.Module, code: str, graph: ComputationGraph, before: ast.Module | None = None) -> Flow:
    """Follow the names of a script from statement to statement; `before` is a script that it goes on from."""
    lines = code.split("\n")
    functions = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
    old = {name for s in before.body for name in stored_in(s, {})} if before is not None else set()
    now = {of: 0 for name in old if (of := _input(name, graph)) is not None}
    known: Versions = {of: frozenset({0}) for of in now}
    made = {name: known if (of := _input(name, graph)) is None else {of: known[of]} for name in old}
    cuts: list[int] = []
    at_end: list[dict[str, int]] = []
    found = Flow([])
    for statement in tree.body:
        stored, loaded = stored_in(statement, functions), _loaded(statement, functions)
        inputs = {name: of for name in stored if (of := _input(name, graph)) is not None}
        again = [of for of in inputs.values() if of in now]
        line = statement.lineno - 1
        alone = line > (cuts[-1] if cuts else 0) and not lines[line][: statement.col_offset].strip()
        if again and alone and len(cuts) + 1 < MOST_STAGES:
            cuts.append(line)
            at_end.append(dict(now))
        for of in inputs.values():
            now[of] = now.get(of, 0) + 1
        several = {of: frozenset({now[of], -1}) for of in inputs.values()} if _loops(statement) else {}
        versions = _joined([several, *(made.get(name, {}) for name in loaded)])
        for name in stored:
            made[name] = several or {inputs[name]: frozenset({now[inputs[name]]})} if name in inputs else versions
            found.stage[name] = len(cuts)
    at_end.append(now)
    for name, own in found.stage.items():
        for of, numbers in made[name].items():
            if numbers != frozenset({at_end[own].get(of, 0)}):
                found.stale.setdefault(name, of)
    edges = [0, *cuts, len(lines)]
    found.parts = ["\n" * start + "\n".join(lines[start:end]) for start, end in pairwise(edges)]
    return found


def _input(name: str, graph: ComputationGraph) -> str | None:
    stands = meaning(name, graph)
    return stands.of if stands is not None and stands.by is None and stands.of in graph.inputs else None


def _loops(statement: ast.stmt) -> bool:
    return any(isinstance(n, ast.For | ast.While | ast.AsyncFor) for n in ast.walk(statement)) and not _defines(
        statement
    )


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _joined(every: list[Versions]) -> Versions:
    found: Versions = {}
    for versions in every:
        for of, numbers in versions.items():
            found[of] = found.get(of, frozenset()) | numbers
    return found


def stored_in(statement: ast.stmt, functions: Mapping[str, ast.FunctionDef]) -> set[str]:
    """What a statement assigns: names, entries of dicts as `grads['W1']`, globals of functions that it calls."""
    if _defines(statement):
        return set()
    found: set[str] = set()
    inner = [n for part in ast.walk(statement) if isinstance(part, ast.comprehension) for n in ast.walk(part.target)]
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in inner:
            found.add(node.id)
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name is not None:
            found.add(node.name)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found |= set(_entry(node))
        elif isinstance(node, ast.keyword) and node.arg == "out":
            found |= {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found |= _changed(node.value)
        elif isinstance(node, ast.Name) and node.id in functions:
            outer = [n for n in ast.walk(functions[node.id]) if isinstance(n, ast.Global)]
            found |= {name for n in outer for name in n.names}
    return found


def _changed(call: ast.Call) -> set[str]:
    """What a call whose value nobody wants may change: `W.fill(0)`, `params.update(...)`, `np.copyto(W, ...)`."""
    if not isinstance(call.func, ast.Attribute):
        return set()
    changed = call.args[:1] if call.func.attr in IN_PLACE else [call.func.value]
    return {node.id for node in changed if isinstance(node, ast.Name)}


def _loaded(statement: ast.stmt, functions: Mapping[str, ast.FunctionDef]) -> set[str]:
    """What a statement reads, and what the functions that it calls read; what it adds to is read too."""
    found: set[str] = set()
    waiting: list[ast.AST] = [] if _defines(statement) else [statement]
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Subscript):
                found |= set(_entry(node)) if isinstance(node.ctx, ast.Load) else {list(_entry(node))[-1]}
            if isinstance(node, ast.AugAssign):
                found |= set(_entry(node.target)) if isinstance(node.target, ast.Subscript) else set()
                found |= {node.target.id} if isinstance(node.target, ast.Name) else set()
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in found:
                found.add(node.id)
                if node.id in functions:
                    waiting.append(functions[node.id])
    return found


def _entry(node: ast.Subscript) -> Iterator[str]:
    """`grads['W1']`, and the dict or array that it is of."""
    yield ast.unparse(node).replace('"', "'")
    base: ast.expr = node
    while isinstance(base, ast.Subscript | ast.Attribute):
        base = base.value
    if isinstance(base, ast.Name):
        yield base.id
