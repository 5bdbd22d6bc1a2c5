"""Which branches of a listing were run: of one that no numbers led into nothing is known.

    if z > 500:        the mark of a branch stands before its first statement; it is named by that statement's place
        dz = 3 * dz

Branches that only refuse something, or that make nothing (a message), are no part of what is judged. Neither are those
for other sizes and types than those of the model (`if len(X) == 0`), nor a function that nothing calls: that is told
elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

Place = tuple[int, int]  # line and column
MARK = "__reached__"
SHAPES = frozenset({"shape", "ndim", "size", "dtype"})
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
        if isinstance(child, ast.If) and _is_of_values(child.test):
            for body in (child.body, child.orelse):
                chained = len(body) == 1 and isinstance(body[0], ast.If)
                if body and not chained and _makes(body):
                    yield owner, _place(body[0])
        yield from _branches(child, _place(child.body[0]) if isinstance(child, FUNCTIONS) else owner)


def _place(statement: ast.stmt) -> Place:
    return statement.lineno, statement.col_offset


def _is_of_values(test: ast.expr) -> bool:
    """Whether a condition looks at values: not at the name of the module, nor at sizes and types alone."""
    match test:
        case ast.Attribute(attr=name) if name in SHAPES:
            return False
        case ast.Call(func=ast.Name(id="len" | "isinstance" | "callable" | "hasattr")):
            return False
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return False
        case ast.Name(id=name):
            return name != "__name__"
    return any(_is_of_values(inner) for inner in ast.iter_child_nodes(test) if isinstance(inner, ast.expr))


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
