"""The cause in the source: the small edit of the backward pass that makes its gradient right.

What the backward pass runs is seen by a profile function. The text of each of these functions is edited at one place
(`edits`), the edited function stands in for the moment of one call, and the gradient that comes back is held against
the measured slopes. An edit that is right here and at other points names the line and what belongs there.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
import textwrap
import time
import types
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.discovery import attributes
from derive.gradients.edits import LineChange, edits
from derive.gradients.foreign import namespaces, plain
from derive.gradients.guard import LIBRARIES
from derive.gradients.locate import Evidence
from derive.gradients.point import wide
from derive.gradients.product_causes import Elsewhere

Answer = tuple[list[str], str]
MOST_OPERANDS = 14
UNSAFE = frozenset(
    ("open", "exec", "eval", "compile", "input", "print", "__import__", "setattr", "delattr", "exit", "system")
)


def mended(evidence: Evidence, elsewhere: Elsewhere | None) -> Answer | None:
    """The first edit that explains the group here and at other points.

    What has mended another group comes first; all groups together have a number of edits.
    """
    if elsewhere is None or not evidence.index.size:
        return None
    workshop = evidence.point.subject.workshop
    for mend in workshop.mends:
        if _explains(evidence, mend[0], mend[1]):
            return mend[2]
    others: list[Evidence] | None = None
    started = time.process_time()
    for function, operands in _functions(evidence):
        tree = syntax(function)
        numpy = next((n for n, v in function.__globals__.items() if any(v is one for one in namespaces())), "np")
        for edit in islice(edits(tree, operands, numpy), max(workshop.left, 0)) if tree is not None else ():
            workshop.left -= 1
            if time.process_time() - started > workshop.seconds:
                workshop.left = 0
                return None
            code = _code(tree, function)
            if code is None or not _explains(evidence, function, code):
                continue
            others = list(elsewhere(evidence)) if others is None else others
            if others and all(_explains(other, function, code) for other in others):
                workshop.mends.append((function, code, _told(edit, function)))
                return workshop.mends[-1][2]
    return None


def _told(edit: LineChange, function: types.FunctionType) -> Answer:
    line = function.__code__.co_firstlineno + edit.line - 1
    return list(edit.keys), f"in line {line} ({function.__name__}) {edit.old} stands where {edit.new} belongs"


def _explains(evidence: Evidence, function: types.FunctionType, code: types.CodeType) -> bool:
    """Whether the claim that is made with this code agrees with the slopes."""
    point = evidence.point
    values, upstream = (
        (point.values, point.wide_upstream) if evidence.name in evidence.claimed.wide else (point.given, point.upstream)
    )
    before = function.__code__
    function.__code__ = code
    try:
        with warnings.catch_warnings(action="ignore"):  # of what an edit does, which nobody has written
            gradient = point.subject.claim(values, [u.copy() for u in upstream]).gradients.get(evidence.name)
    except Exception:  # an edit that does not run mends nothing
        return False
    finally:
        function.__code__ = before
    if gradient is None or gradient.shape != evidence.shape:
        return False
    found: Array = wide(gradient).ravel()[evidence.index]
    off, before_it = np.abs(found - evidence.numeric), np.abs(evidence.values - evidence.numeric)
    sharp = np.all(off <= 1e-3 * np.max(before_it, initial=0.0) + 10.0 * evidence.error)  # and not only small
    return bool(sharp) and evidence.explains(found)


# ----- what ran -----


def _functions(evidence: Evidence) -> Iterator[tuple[types.FunctionType, list[str]]]:
    """The functions of the backward pass with the operands that they have, those first that forward does not run."""
    point = evidence.point
    forward = ran(lambda: point.subject.outputs(point.given))
    backward = ran(lambda: point.subject.claim(point.given, [u.copy() for u in point.upstream]))
    own = {code: found for code, found in backward.items() if code not in forward}
    for _, (function, operands) in (own or backward).items():
        if len(function.__code__.co_code) < 6000:
            yield function, operands


def ran(run: Any) -> dict[types.CodeType, tuple[types.FunctionType, list[str]]]:
    """The functions of the caller's that have run, with the names of the arrays that each had."""
    found: dict[types.CodeType, tuple[types.FunctionType, list[str]]] = {}
    if sys.getprofile() is not None:
        return found

    def look(frame: types.FrameType, event: str, _result: Any) -> None:
        code = frame.f_code
        file = code.co_filename
        frozen = file.startswith("<frozen")
        if event != "return" or code in found or frozen or any(part in file for part in LIBRARIES):
            return
        function = _function_of(frame)
        if function is not None and not str(function.__module__).startswith("derive."):  # a dataclass has no file
            found[code] = function, _operands(frame)

    sys.setprofile(look)
    try:
        with contextlib.suppress(Exception):
            run()
    finally:
        sys.setprofile(None)
    return found


def _function_of(frame: types.FrameType) -> types.FunctionType | None:
    """The function that runs in this frame: a method of its first argument's class, or a name of its module."""
    code = frame.f_code
    places: list[Any] = [frame.f_globals.get(code.co_name)]
    names = code.co_varnames[: code.co_argcount]
    if names and names[0] in frame.f_locals:
        first = frame.f_locals[names[0]]
        kinds = first.__mro__ if isinstance(first, type) else type(first).__mro__
        places += [kind.__dict__.get(code.co_name) for kind in kinds]
    places += [kind.__dict__.get(code.co_name) for kind in frame.f_globals.values() if isinstance(kind, type)]
    for place in places:
        function = place.__func__ if isinstance(place, staticmethod | classmethod) else place
        if isinstance(function, types.FunctionType) and function.__code__ is code:
            return function
    return None


def _operands(frame: types.FrameType) -> list[str]:
    """The arrays (and numbers) that the function has by name, and those of its object."""
    held = {n: plain(v) for n, v in frame.f_locals.items() if n.isidentifier()}
    local = [n for n, v in held.items() if isinstance(v, np.ndarray | np.floating | float)]
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    own: list[str] = []
    if names and names[0] in held and not isinstance(held[names[0]], np.ndarray):
        kept = {n: plain(v) for n, v in attributes(held[names[0]]).items()}
        own = [
            f"{names[0]}.{n}" for n, v in kept.items() if isinstance(v, np.ndarray | float) and str(n).isidentifier()
        ]
    return [*local, *own][:MOST_OPERANDS]


# ----- its text -----


def syntax(function: types.FunctionType) -> ast.FunctionDef | None:
    """The syntax tree of the function; None for one that loops without end, writes files, or has no text."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    for node in ast.walk(tree):
        names = {getattr(node, "id", ""), getattr(node, "attr", "")}
        if isinstance(node, ast.While | ast.Import | ast.ImportFrom | ast.Global | ast.With) or names & UNSAFE:
            return None
    tree.decorator_list = []
    return tree


def _code(inner: ast.FunctionDef | None, function: types.FunctionType) -> types.CodeType | None:
    """The code of the edited function, if it can stand in for the old one."""
    if inner is None:
        return None
    free = function.__code__.co_freevars
    whole: ast.stmt = inner
    if free:  # `super()` and names of an enclosing function
        arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
        whole = ast.FunctionDef("enclosing", arguments, [inner], [], None, None)
    try:
        module = compile(
            ast.Module([ast.fix_missing_locations(whole) if free else whole], []), function.__code__.co_filename, "exec"
        )
    except (SyntaxError, ValueError, TypeError):
        return None
    pending = [module]
    while pending:
        code = pending.pop()
        if code.co_name == function.__name__ and code.co_freevars == free:
            return code
        pending += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return None
