"""Edits of what is assigned or returned: a factor of the chain or of the batch, another quantity, a factor too many."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product

from derive.listings.repairs import CodeEdit, changed, factor_text

MOST_NAMES = 8
COUNT = re.compile(r"batch\w*|num\w*|n|m|N|M")


def _values(tree: ast.Module, wanted: list[int]) -> Iterator[tuple[ast.expr, list[str]]]:
    """What is assigned or returned in these lines, part by part, with the names that are known there."""
    holders = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Module)]
    for line in wanted:
        inside = [h for h in holders if isinstance(h, ast.Module) or h.lineno <= line <= (h.end_lineno or h.lineno)]
        for statement in inside[-1].body:
            if not isinstance(statement, ast.Assign | ast.Return) or statement.value is None:
                continue
            value = statement.value
            parts = value.values if isinstance(value, ast.Dict) else [value]
            parts = value.elts if isinstance(value, ast.Tuple | ast.List) else parts
            for part in parts:
                if part.lineno == line == part.end_lineno:
                    yield part, _atoms(inside[-1], tree, line)


def missing_sizes(tree: ast.Module, lines: list[str], wanted: list[int]) -> Iterator[CodeEdit]:
    """The size of the batch is missing: the one that the code has a name for, or the rows of what it has."""
    for value, names in _values(tree, wanted):
        counts = [name for name in names if COUNT.fullmatch(name)]
        for size in counts or [f"{name}.shape[0]" for name in names]:
            text = f"{factor_text(value)} / {size}"
            yield changed(lines, value, text, "missing_factor", f"the factor 1/{size} is missing")


def other_factors(tree: ast.Module, lines: list[str], wanted: list[int]) -> Iterator[CodeEdit]:
    """A factor of the chain is missing, stands there too much, or is another quantity."""
    for value, names in _values(tree, wanted):
        for form, name in product(("{}", "(1 - {})", "({} > 0)"), names):
            factor = form.format(name)
            text = f"{factor_text(value)} * {factor}"
            yield changed(lines, value, text, "missing_factor", f"the factor {factor} is missing")
        yield from _replaced(lines, value, names)


def _replaced(lines: list[str], value: ast.expr, names: list[str]) -> Iterator[CodeEdit]:
    """Another quantity in place of one, in one place or in all; a factor left out."""
    called = {id(n.func) for n in ast.walk(value) if isinstance(n, ast.Call)}
    atoms = [n for n in ast.walk(value) if isinstance(n, ast.Name | ast.Attribute) and id(n) not in called]
    atoms = [n for n in atoms if ast.unparse(n) not in ("np", "self") and not ast.unparse(n).endswith(".T")]
    for atom, name in product(atoms, names):
        old = ast.unparse(atom)
        for new in (name, f"({name} > 0)", f"(1 - {name})"):
            if old != new:
                yield changed(lines, atom, new, "wrong_operand", f"{old} stands where {new} belongs")
    for old, name in product(dict.fromkeys(map(ast.unparse, atoms)), names):
        text = re.sub(rf"(?<![\w.]){re.escape(old)}\b", name, ast.unparse(value))
        yield changed(lines, value, text, "wrong_operand", f"{old} stands where {name} belongs")
    for node in ast.walk(value):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            yield changed(
                lines, node, factor_text(node.left), "extra_factor", f"{ast.unparse(node.right)} does not belong there"
            )
            if isinstance(node.op, ast.Mult):
                yield changed(
                    lines,
                    node,
                    factor_text(node.right),
                    "extra_factor",
                    f"{ast.unparse(node.left)} does not belong there",
                )


def _atoms(holder: ast.AST, tree: ast.Module, line: int) -> list[str]:
    """Names and attributes that are known before a line of a function or script, the nearest first."""
    nodes = [n for n in ast.walk(holder) if isinstance(n, ast.Name | ast.Attribute | ast.arg) and n.lineno <= line]
    functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    found = []
    for node in sorted(nodes, key=lambda n: -n.lineno):
        if isinstance(node, ast.arg):
            found.append(node.arg)
        elif isinstance(node, ast.Name) or (
            isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr != "T"
        ):
            found.append(ast.unparse(node))
    hidden = {"np", "self", "numpy", "len", "range", "print", *functions}
    return [name for name in dict.fromkeys(found) if name not in hidden][:MOST_NAMES]
