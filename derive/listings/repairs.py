"""Edits of a block of code: one for each way in which published listings fail.

SyntaxError     a keyword in the wrong case, a lost `=`, a lost colon, a comma for a point
NameError       a misspelt parameter, `b` for `self.b`, a comma for a point
TypeError       an attribute that is None because forward never stored it
wrong value     a transpose, a sign, the order of a product
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from derive.listings.process import Failure

WIDE = str.maketrans("（）［］｛｝，：；＝＋－＊／．“”‘’　", "()[]{},:;=+-*/.\"\"'' ")


@dataclass(frozen=True)
class CodeEdit:
    """A changed block, its defect, and a sentence."""

    defect: str
    code: str
    sentence: str


def code_edits(code: str, failure: Failure) -> Iterator[CodeEdit]:
    """What might repair a failure, likeliest first."""
    lines = code.split("\n")
    at = (failure.line or 0) - 1
    if failure.type in ("SyntaxError", "IndentationError", "TabError"):
        for near in (at, at - 1):
            if 0 <= near < len(lines):
                yield from _syntax(lines, near)
    elif failure.type in ("NameError", "UnboundLocalError") and 0 <= at < len(lines):
        yield from _names(code, lines, at, failure)
    if failure.type in ("TypeError", "AttributeError"):
        yield from _attributes(code, lines, at)
    if 0 <= at < len(lines) and failure.type in ("TypeError", "AttributeError", "NameError", "ValueError"):
        yield from _points(lines, at, "undefined_name")


def changed(lines: list[str], node: ast.expr, text: str, defect: str, sentence: str) -> CodeEdit:
    """The block with other text in place of a node that stands in one line."""
    at = node.lineno - 1
    line = lines[at].encode()
    new = (line[: node.col_offset] + text.encode() + line[node.end_col_offset :]).decode()
    return CodeEdit(defect, _with(lines, at, new), f"line {node.lineno}: {sentence}")


def factor_text(node: ast.expr) -> str:
    """A node as it can stand in a product."""
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Constant | ast.Subscript) else f"({text})"


def _with(lines: list[str], at: int, line: str) -> str:
    return "\n".join([*lines[:at], line, *lines[at + 1 :]])


def _syntax(lines: list[str], at: int) -> Iterator[CodeEdit]:
    line = lines[at]
    number = at + 1
    for match in re.finditer(r"\b[A-Za-z]+\b", line):
        word = match.group()
        if word.lower() != word and keyword.iskeyword(word.lower()):
            changed = line[: match.start()] + word.lower() + line[match.end() :]
            yield CodeEdit("syntax", _with(lines, at, changed), f"line {number}: {word} should be {word.lower()}")
    plain = line.translate(WIDE)
    if plain != line:
        yield CodeEdit("syntax", _with(lines, at, plain), f"line {number}: full-width signs")
    lost = re.match(r"(\s*[A-Za-z_][\w.]*) +(?=[A-Za-z_(\[\d])", line)
    if lost:
        changed = f"{lost.group(1)} = {line[lost.end() :]}"
        yield CodeEdit(
            "syntax", _with(lines, at, changed), f"line {number}: the = is missing after {lost.group(1).strip()}"
        )
    code, hash_, comment = line.partition("#")
    if code.strip() and not code.rstrip().endswith(":"):
        changed = code.rstrip() + ":" + (f"  #{comment}" if hash_ else "")
        yield CodeEdit("syntax", _with(lines, at, changed), f"line {number}: the colon is missing")
    for closing in (")", "]"):
        yield CodeEdit("syntax", _with(lines, at, code.rstrip() + closing), f"line {number}: {closing} is missing")
    yield from _points(lines, at, "syntax")


def _points(lines: list[str], at: int, defect: str) -> Iterator[CodeEdit]:
    line = lines[at]
    for match in re.finditer(r"(?<=\w),(?=[A-Za-z_])", line):
        changed = line[: match.start()] + "." + line[match.end() :]
        yield CodeEdit(defect, _with(lines, at, changed), f"line {at + 1}: a comma stands for a point")


def _names(code: str, lines: list[str], at: int, failure: Failure) -> Iterator[CodeEdit]:
    found = re.search(r"name '(\w+)'", failure.message)
    name = failure.name or (found.group(1) if found else None)
    if name is None:
        return
    line = lines[at]
    method = _function_around(code, at + 1)
    parameters = [argument.arg for argument in method.args.args] if method is not None else []
    for near in get_close_matches(name, parameters, n=2, cutoff=0.5):
        assert method is not None
        head = method.lineno - 1
        changed = re.sub(rf"\b{near}\b", name, lines[head])
        yield CodeEdit(
            "name_typo", _with(lines, head, changed), f"line {head + 1}: the parameter {near} should be {name}"
        )
    yield from _points(lines, at, "undefined_name")
    if name in _attributes_set(code):
        changed = re.sub(rf"(?<![\w.]){name}\b(?!\s*=[^=])", f"self.{name}", line)
        yield CodeEdit("undefined_name", _with(lines, at, changed), f"line {at + 1}: {name} should be self.{name}")
    if hasattr(np, name):
        changed = re.sub(rf"(?<![\w.]){name}\b", f"np.{name}", line)
        yield CodeEdit("undefined_name", _with(lines, at, changed), f"line {at + 1}: {name} should be np.{name}")
    known = _names_known(code) - {name}
    near_by_case = [other for other in known if other.casefold() == name.casefold()]
    for near in dict.fromkeys([*near_by_case, *get_close_matches(name, known, n=3, cutoff=0.6)]):
        changed = re.sub(rf"(?<![\w.]){name}\b", near, line)
        yield CodeEdit("name_typo", _with(lines, at, changed), f"line {at + 1}: {name} should be {near}")


def _attributes(code: str, lines: list[str], at: int) -> Iterator[CodeEdit]:
    """Store in forward what backward reads: the local of that name, the returned value, or the argument."""
    tree = _parsed(code)
    if tree is None or not 0 <= at < len(lines):
        return
    wanted = dict.fromkeys(re.findall(r"\bself\.(\w+)\b(?!\s*\()", lines[at]))
    forward = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "forward"), None)
    if forward is None or not forward.body:
        return
    last = forward.body[-1]
    indent = " " * last.col_offset
    stored = {n.attr for n in ast.walk(forward) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    local = [n.id for n in ast.walk(forward) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    given = [argument.arg for argument in forward.args.args[1:]]
    for attribute in wanted:
        if attribute in stored:
            continue
        for source in dict.fromkeys([*(n for n in [*local, *given] if n == attribute), *local, *given]):
            place = last.lineno - 1 if isinstance(last, ast.Return) else last.end_lineno or last.lineno
            changed = "\n".join([*lines[:place], f"{indent}self.{attribute} = {source}", *lines[place:]])
            sentence = f"self.{attribute} is read in backward, but forward never stores it"
            yield CodeEdit("attribute_never_set", changed, sentence)


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _function_around(code: str, line: int) -> ast.FunctionDef | None:
    tree = _parsed(code)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] if tree is not None else []
    inside = [n for n in found if n.lineno <= line <= (n.end_lineno or n.lineno)]
    return max(inside, key=lambda n: n.lineno, default=None)


def _attributes_set(code: str) -> set[str]:
    return set(re.findall(r"\bself\.(\w+)\s*=", code))


def _names_known(code: str) -> set[str]:
    tree = _parsed(code)
    if tree is None:
        return set()
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)} | {"np"}
