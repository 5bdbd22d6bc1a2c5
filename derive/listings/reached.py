"""Which branches of a listing were run: of one that no numbers led into nothing is known.

    if z > 500:        the mark of a branch stands before its first statement; it is named by that statement's place
        dz = 3 * dz

Branches that only refuse something, or that make nothing (a message), are no part of what is judged; neither is a
function that nothing calls, which is told elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

Place = tuple[int, int]  # line and column
MARK = "__reached__"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def branches(tree: ast.Module) -> list[Place]:
    """The places of all branches that make something, and of the functions that have some."""
    return [place for owner, place in _branches(tree, None) for place in ((owner, place) if owner else (place,))]


def unreached(tree: ast.Module, reached: Collection[Place]) -> Place | None:
    """The first branch that was not run, of the module or of a function that was."""
    missing = (place for owner, place in _branches(tree, None) if owner is None or owner in reached)
    return next((place for place in missing if place not in reached), None)


def _branches(node: ast.AST, owner: Place | None) -> Iterator[tuple[Place | None, Place]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and not _is_start(child.test):
            for body in (child.body, child.orelse):
                chained = len(body) == 1 and isinstance(body[0], ast.If)
                if body and not chained and _makes(body):
                    yield owner, _place(body[0])
        yield from _branches(child, _place(child.body[0]) if isinstance(child, FUNCTIONS) else owner)


def _place(statement: ast.stmt) -> Place:
    return statement.lineno, statement.col_offset


def _is_start(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _makes(body: Sequence[ast.stmt]) -> bool:
    nodes = [node for statement in body for node in ast.walk(statement)]
    made = any(isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) for node in nodes)
    returned = any(isinstance(node, ast.Return) and node.value is not None for node in nodes)
    return (made or returned) and not isinstance(body[-1], ast.Raise)


def marked(code: str, places: Collection[Place]) -> ast.Module:
    """Code that tells when it comes to one of these places."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt) and _place(body[0]) in places:
                call = ast.Call(ast.Name(MARK, ast.Load()), [ast.Constant(part) for part in _place(body[0])], [])
                body.insert(0, ast.fix_missing_locations(ast.copy_location(ast.Expr(call), body[0])))
    return tree
