"""What a block sees of the blocks before it.

Functions, classes and imports that it uses and does not define come along, with what those use in turn. Numbers come
along only into a script that goes on with them: a layer that reads a global `b` by mistake must not find one.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from derive.listings.attempt import parsed

GIVEN = frozenset({*dir(builtins), "np", "numpy"})
Definition = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom


def context_for(code: str, before: Sequence[str]) -> str:
    """The code to run before a block; empty if it stands alone."""
    tree = parsed(code)
    trees = [above for source in before if isinstance(above := parsed(source), ast.Module)]
    if not isinstance(tree, ast.Module):
        parts = {id(part): part for part in _definitions(trees).values()}
        return "\n".join(ast.unparse(p) for p in parts.values() if isinstance(p, ast.FunctionDef | ast.ClassDef))
    if _free(tree, module=True) & {name for earlier in trees for name in _assigned(earlier)}:
        return "\n".join(ast.unparse(earlier) for earlier in trees)
    known, wanted = _definitions(trees), _free(tree)
    chosen: dict[str, Definition] = {}
    while missing := [name for name in wanted if name in known and name not in chosen]:
        chosen |= {name: known[name] for name in missing}
        wanted = {name for name in missing for name in _free(ast.Module([known[name]], []))}
    parts = {id(part): part for name, part in known.items() if name in chosen}
    return "\n".join(ast.unparse(part) for part in parts.values())


def _definitions(trees: Sequence[ast.Module]) -> dict[str, Definition]:
    """Functions, classes and imports by the names they define; the last one holds."""
    found: dict[str, Definition] = {}
    for tree in trees:
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                found[statement.name] = statement
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                found |= {(alias.asname or alias.name).split(".")[0]: statement for alias in statement.names}
    return found


def _assigned(tree: ast.Module) -> set[str]:
    """Numbers that a script makes."""
    outside = [s for s in tree.body if not isinstance(s, ast.FunctionDef | ast.ClassDef)]
    return {n.id for s in outside for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _free(tree: ast.Module, *, module: bool = False) -> set[str]:
    """Names that are used and not defined; with `module`, only in the statements that run at once."""
    body = [s for s in tree.body if not (module and isinstance(s, ast.FunctionDef | ast.ClassDef))]
    nodes = [n for s in body for n in ast.walk(s)]
    own = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in nodes if isinstance(n, ast.arg)} | set(_definitions([tree]))
    used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return used - own - GIVEN
