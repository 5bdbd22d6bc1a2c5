"""A small constant that only one of the passes has: `log(p + 1e-7)` forward, `-t/p` backward.

    forward  -t log(p + c)      right -t/(p + c)      claimed -t/p = right (1 + c/p)

The difference is c beside the size of what is guarded. It is a remark, and no refutation, if the code that has run
holds such a constant c, the difference is of that size, and a much smaller constant in its place makes it disappear:
then it is c, and nothing else, that the two passes do not share. Nobody may have asked to be strict.
"""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.errors import DeriveError
from derive.gradients.claimed import Claimed
from derive.gradients.diagnose import Cause, diagnose
from derive.gradients.gradient_report import Worst
from derive.gradients.guard import CallFailed
from derive.gradients.judge import REFUTE, PointResult
from derive.gradients.locate import Evidence, gather
from derive.gradients.mended import ran, syntax
from derive.gradients.point import Neighbourhood
from derive.gradients.product_causes import Elsewhere

if TYPE_CHECKING:
    from derive.gradients.model_backward import Derived

SMALLEST, LARGEST = 1e-14, 1e-5
NEAR, FAR = 1e3, 1e5
FADED = 1024.0
"""How many times c the difference may be, where the caller has chosen the point and where it was drawn."""
GUARDED = frozenset(("log", "log2", "log10", "sqrt", "clip", "maximum", "max", "minimum", "min", "divide"))
LOOSE = 30.0
VAGUE = {"wrong_value", "positive_inputs", "negative_inputs", "one_row", "one_column", "one_coordinate"}
HERE = ("the given point", "a point close by")


def guarded(point: Neighbourhood, claimed: Claimed, name: str, outcome: PointResult) -> str | None:
    """What is remarked about a group that differs by a guard, or None where it differs otherwise."""
    worst = outcome.worst
    if worst is None or name in claimed.problems:
        return None
    most = (NEAR if point.label in HERE else FAR) * LARGEST
    if abs(worst.claimed - worst.numeric) > most * max(abs(worst.claimed), abs(worst.numeric)):
        return None
    constants = sorted(set(_constants(point)))
    if not constants:
        return None
    evidence = gather(point, claimed, name)
    size = float(np.max(np.abs(evidence.numeric), initial=0.0))
    off = float(np.max(np.abs(evidence.values - evidence.numeric), initial=0.0)) / size if size else np.inf
    times = NEAR if point.label in HERE else FAR
    fitting = (c for c in constants if off <= times * c and (off >= c / NEAR or point.label not in HERE))
    found = next((c for c in fitting if _vanishes_with(point, name, c, off)), None)
    if found is None:
        return None
    return (
        f"the gradient of {name} is right but for a guard: the constant {found:g} stands in one of the passes "
        "only (strict=True refuses it)"
    )


def _vanishes_with(point: Neighbourhood, name: str, constant: float, off: float) -> bool:
    """Whether the difference goes with the constant."""
    with _in_place_of(point, constant, constant / FADED):
        try:
            outputs = point.subject.outputs(point.given)
            there = Neighbourhood(point.subject, point.given, outputs, point.upstream, point.rng, point.label)
            evidence = gather(there, Claimed(there), name)
        except (CallFailed, DeriveError):
            return False
        size = float(np.max(np.abs(evidence.numeric), initial=0.0))
        left = np.abs(evidence.values - evidence.numeric)
        allowed = 8.0 * off * size / FADED + REFUTE * evidence.tolerance(evidence.values)
        return bool(size and evidence.index.size and np.all(left <= allowed))


@contextlib.contextmanager
def _in_place_of(point: Neighbourhood, constant: float, new: float) -> Iterator[None]:
    """The code of both passes with another number where `constant` stands: in text, defaults, globals, attributes."""
    functions = _functions(point)
    back: list[tuple[Any, str, Any]] = []
    for function in functions:
        code, defaults = function.__code__, function.__defaults__
        if constant in code.co_consts:
            back.append((function, "__code__", code))
            function.__code__ = code.replace(co_consts=tuple(_other(c, constant, new) for c in code.co_consts))
        if defaults and constant in [d for d in defaults if isinstance(d, float)]:
            back.append((function, "__defaults__", defaults))
            function.__defaults__ = tuple(_other(d, constant, new) for d in defaults)
    layer = getattr(point.subject.subject, "pristine", None)
    for key, value in list(getattr(layer, "__dict__", {}).items()):
        if _small(value) and value == constant:
            back.append((layer, key, value))
            setattr(layer, key, new)
    try:
        yield
    finally:
        for holder, key, value in back:
            setattr(holder, key, value)


def _guards(function: types.FunctionType, constant: float) -> bool:
    """Whether it stands where one guards: in a denominator, in a logarithm, in a bound, or under a name."""
    tree = syntax(function)
    if tree is None:
        return True
    places: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            places.append(node.right)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in GUARDED:
            places += node.args
        elif isinstance(node, ast.Assign | ast.arguments):
            places += [node.value] if isinstance(node, ast.Assign) else node.defaults
    return any(isinstance(p, ast.Constant) and p.value == constant for place in places for p in ast.walk(place))


def _functions(point: Neighbourhood) -> list[types.FunctionType]:
    """What both passes run."""
    subject, upstream = point.subject, [u.copy() for u in point.upstream]
    found = [ran(lambda: subject.outputs(point.given)), ran(lambda: subject.claim(point.given, upstream))]
    return list(dict.fromkeys(function for one in found for function, _ in one.values()))


def _other(value: Any, old: float, new: float) -> Any:
    return new if isinstance(value, float) and value == old else value


def cause_of(
    point: Neighbourhood,
    claimed: Claimed,
    name: str,
    known: Cause | None,
    worst: Worst | None,
    elsewhere: Elsewhere | None,
    model: Derived | None,
    strict: bool,
) -> Cause:
    """The diagnosis of a refuted group; what a guard adds to another fault does not hide its cause.

    A failure of the forward pass while measuring leaves it unnamed.
    """
    if known is not None and known.defects[0] not in ("shape_mismatch", "wrong_type"):
        return known
    try:
        evidence = gather(point, claimed, name)
        cause = diagnose(evidence, known, worst, elsewhere, model)
    except CallFailed:
        return known or Cause(["wrong_value"], "the gradient is wrong", worst)
    if strict or known is not None or not set(cause.defects) & VAGUE:
        return cause
    small = [c for c in _constants(evidence.point) if c <= 0.1 * LARGEST]
    off = float(np.max(np.abs(evidence.values - evidence.numeric), initial=0.0))
    if not small or off <= FADED * LOOSE * max(small) * float(np.max(np.abs(evidence.numeric), initial=0.0)):
        return cause  # what is as small as a guard is not explained beside one

    def loosened(one: Evidence) -> Evidence:
        size = float(np.max(np.abs(one.numeric), initial=0.0))
        return replace(one, error=one.error + LOOSE * max(small) * size)

    def others(one: Evidence) -> Iterator[Evidence]:
        return map(loosened, elsewhere(one)) if elsewhere is not None else iter(())

    again = diagnose(loosened(evidence), known, worst, others, model)
    return cause if set(again.defects) & VAGUE else replace(again, text=f"but for a guard: {again.text}")


def _constants(point: Neighbourhood) -> Iterator[float]:
    """The small constants of the code that both passes run: in its text, its defaults and its attributes."""
    for function in _functions(point):
        yield from (c for c in function.__code__.co_consts if _small(c) and _guards(function, c))
        yield from (c for c in function.__defaults__ or () if _small(c))
    layer = getattr(point.subject.subject, "pristine", None)
    yield from (v for v in getattr(layer, "__dict__", {}).values() if _small(v))


def _small(value: Any) -> bool:
    return isinstance(value, float) and SMALLEST <= value <= LARGEST
