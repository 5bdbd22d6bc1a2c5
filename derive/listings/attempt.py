"""One attempt at a block: run it, use what it defines, and find the first thing that is not what it should be."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from derive.ir.graph import ComputationGraph
from derive.listings.comments import compared, instrumented, said
from derive.listings.expected import close, listing
from derive.listings.flow import Flow, flow, stored_in
from derive.listings.judgeable import Planned, planned
from derive.listings.naming import claims
from derive.listings.process import Failure, Server
from derive.listings.reached import branches, unreached
from derive.listings.uses import Ran, Used, run_block

Array = Any
STAGES = ("syntax", "module", "__init__", "forward", "backward", "values", "done")


class Comparison(NamedTuple):
    """What came of a comparison: a failure, or how many things were right; `open` is what it could not tell."""

    failure: Failure | None
    right: int = 0
    open: str = ""


@dataclass(frozen=True)
class Trial:
    """How far a block got, and what stopped it; `checked` counts what was compared, `open` is what stayed undecided."""

    stage: int
    line: int
    failure: Failure | None
    checked: int = 0
    open: str = ""

    @property
    def good(self) -> bool:
        return self.failure is None

    @property
    def rank(self) -> tuple[int, int]:
        return self.stage, self.checked if self.stage >= STAGES.index("values") else self.line


def parsed(code: str) -> ast.Module | Failure:
    """The tree of a block, or why it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except SyntaxError as error:
        return Failure("SyntaxError", error.msg, error.lineno, "syntax")
    except (ValueError, RecursionError, MemoryError) as error:
        return Failure("SyntaxError", str(error), None, "syntax")


def attempts(
    codes: Sequence[str], graph: ComputationGraph, earlier: str = "", seconds: float | None = None
) -> list[Trial]:
    """Trials of several versions of a block, each in a process of its own."""
    with Server(seconds) as server:
        return [_attempted(server, code, parsed(code), graph, earlier) for code in codes]


def _attempted(server: Server, code: str, tree: ast.Module | Failure, graph: ComputationGraph, earlier: str) -> Trial:
    if isinstance(tree, Failure):
        return Trial(0, tree.line or 0, tree)
    plans = planned(tree, graph)
    before = parsed(earlier)
    course = flow(tree, instrumented(tree, code), graph, before if isinstance(before, ast.Module) else None)
    subjects = [plan.subject for plan in plans]
    ran = run_block(server, course.parts, subjects, earlier=earlier, branches=branches(tree))
    return _trial(tree, code, ran, plans, course, graph)


def attempt(code: str, graph: ComputationGraph, earlier: str = "") -> Trial:
    """Run a block and compare what it computes."""
    return attempts([code], graph, earlier)[0]


def _trial(tree: ast.Module, code: str, ran: Ran, plans: list[Planned], course: Flow, graph: ComputationGraph) -> Trial:
    failed = [(plan, used.failure) for plan, used in zip(plans, ran.used, strict=False) if used.failure is not None]
    failure = ran.failure or next((f for plan, f in failed if _tells(plan, f)), None)
    if failure is not None:
        return Trial(STAGES.index(failure.stage), failure.line or 0, failure)
    checked, undecided, first = 0, "", None
    for plan, failure in failed:
        undecided = f"no arguments were found with which {plan.subject.name} runs: {failure.message}"
    for plan, used in [(plan, used) for plan, used in zip(plans, ran.used, strict=True) if used.failure is None]:
        for check in _subject(plan, used, tree, graph):
            checked, first, undecided = checked + check.right, first or check.failure, undecided or check.open
        if used.report is not None and used.report.verdict == "undecided" and not plan.gradients:
            undecided = undecided or f"{plan.subject.name}: {used.report.diagnosis}"
    for check in _script(tree, code, ran, course, graph):
        checked, first, undecided = checked + check.right, first or check.failure, undecided or check.open
    undecided = undecided or _passed_over(tree, plans) or _not_run(tree, ran)
    if first is not None:
        return Trial(STAGES.index("values"), first.line or 0, first, checked)
    return Trial(STAGES.index("done"), 0, None, checked, undecided)


def _passed_over(tree: ast.Module, plans: Sequence[Planned]) -> str:
    """A function of derivatives that nothing calls, neither the block nor a plan."""
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    called |= {name for plan in plans for name in (plan.subject.name, plan.subject.backward) if name}
    functions = (s.name for s in tree.body if isinstance(s, ast.FunctionDef))
    left = next((name for name in functions if name not in called and _is_gradients(name)), "")
    return f"{left} was not judged: no arguments were found for it" if left else ""


def _not_run(tree: ast.Module, ran: Ran) -> str:
    """A branch that no numbers led into."""
    missing = unreached(tree, ran.reached)
    return f"line {missing[0]} was not judged: the branch that it stands in was never taken" if missing else ""


def _tells(plan: Planned, failure: Failure) -> bool:
    """Whether a failure is the fault of the code: arguments that were made up may just not fit."""
    own = failure.type in ("NameError", "UnboundLocalError", "AttributeError", "Refused")
    return own or failure.stage == "backward" or bool(plan.gradients or plan.known)


# ---------------------------------------------------------------------------- layers and functions


def _subject(plan: Planned, used: Used, tree: ast.Module, graph: ComputationGraph) -> Iterator[Comparison]:
    name = plan.subject.name
    wanted = plan.outputs[used.candidate] if used.candidate < len(plan.outputs) else ()
    have = used.output if plan.subject.kind == "layer" else next(iter(used.returned), None)
    if wanted:
        checks = [_equal(f"what {_forward(plan)} returns", have, output, "forward") for output in wanted]
        yield next((check for check in checks if check.failure is None), checks[-1])
    if plan.subject.kind == "call" and plan.known:
        yield from _returned(plan, used, tree, graph)
    for position, target in enumerate(plan.returned[: max(1, len(used.returned))]):
        value = used.returned[position] if position < len(used.returned) else None
        yield _equal(f"the gradient by {target}", value, plan.gradients[target], "backward")
    for attribute, value in used.attributes.items():
        for target, gradient in plan.gradients.items():
            if attribute.casefold() in (
                f"d{target}".casefold(),
                f"grad_{target}".casefold(),
                f"{target}_grad".casefold(),
            ):
                yield _equal(f"the gradient {attribute}", value, gradient, "backward")
    report = used.report
    if report is not None and report.verdict != "undecided":
        message = f"{name}: {report.diagnosis}" if report.verdict == "false" else ""
        failure = Failure("value", message, None, "backward", None, tuple(report.defects)) if message else None
        yield Comparison(failure, sum(group.verdict == "true" for group in report.groups))


def _forward(plan: Planned) -> str:
    return "forward" if plan.subject.kind == "layer" else plan.subject.name


def _equal(what: str, have: Array | None, want: Array, stage: str) -> Comparison:
    if have is None:
        return Comparison(Failure("missing", f"{what} is not there", None, stage, None, ("missing_gradient",)))
    if np.shape(have) != np.shape(want):
        message = f"{what} has shape {np.shape(have)}, not {np.shape(want)}"
        return Comparison(Failure("shape", message, None, stage, None, ("shape_mismatch",)))
    return Comparison(None, 1) if close(have, want) else Comparison(Failure("value", f"{what} is wrong", None, stage))


def _returned(plan: Planned, used: Used, tree: ast.Module, graph: ComputationGraph) -> Iterator[Comparison]:
    """What a function of the model's inputs returns, by the names in its last line or by the keys of a dict."""
    function = next(s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == plan.subject.name)
    returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    names: list[str] = []
    if len(returns) == 1:
        parts = returns[0].elts if isinstance(returns[0], ast.Tuple | ast.List) else [returns[0]]
        names = [part.id if isinstance(part, ast.Name) else "" for part in parts]
        if names == [""]:
            names = [function.name]
    values = {n: v for n, v in zip(names, used.returned, strict=False) if n and v is not None}
    keyed = {f"grads['{key}']" if _is_gradients(function.name) else key: value for key, value in used.named.items()}
    every = {**plan.known, **values, **keyed}
    for what, have, accepted in listing(every, graph, every).expectations():
        yield _among(f"{function.name}: {what.removeprefix('grads')}", have, accepted, None)


def _is_gradients(name: str) -> bool:
    return any(word in name.casefold() for word in ("grad", "backward", "backprop", "derivative"))


# ---------------------------------------------------------------------------- scripts


def _script(tree: ast.Module, code: str, ran: Ran, course: Flow, graph: ComputationGraph) -> Iterator[Comparison]:
    for told, holds in compared(said(tree, code), ran.values):
        wrong = Failure("value", f"{told.text} is not what the comment says", told.line, "values")
        yield Comparison(None, 1) if holds else Comparison(wrong)
    lines = {name: s.lineno for s in tree.body for name in _names(s)}
    given = _given(tree)
    for stage, values in enumerate(ran.stages):
        known = listing(values, graph, {name for name in values if name not in given and course.judged(name, stage)})
        for what, have, accepted in known.expectations():
            tells = known.stands[what].by is None or any(np.any(want) for want in accepted)
            yield _among(what, have, accepted, lines.get(what), tells=tells)
        for sentence in known.one_sided():
            yield Comparison(None, open=f"at the numbers of the listing {sentence}")
    left = chain(_unjudged(ran, course, given, graph), _unnamed(tree, ran, given, graph))
    yield from (Comparison(None, open=f"{name} was not judged: {why}") for name, why in left)


def _unjudged(ran: Ran, course: Flow, given: frozenset[str], graph: ComputationGraph) -> Iterator[tuple[str, str]]:
    """The names that claim something and are compared with nothing, and why."""
    for name in sorted({*ran.values, *course.stage} - given):
        if not claims(name, graph):
            continue
        if name not in ran.values:
            if not any(key.startswith(f"{name}[") for key in ran.values):
                yield name, "it holds no numbers in the end, or too many"
        elif (moved := course.moved(name)) is not None:
            yield name, f"{moved} changes while the listing runs"
        elif any(course.judged(name, k) and not _same(ran.values[name], v.get(name)) for k, v in enumerate(ran.stages)):
            yield name, "it changes while the listing runs"


def _unnamed(tree: ast.Module, ran: Ran, given: frozenset[str], graph: ComputationGraph) -> Iterator[tuple[str, str]]:
    """Gradients that are numbers without use, that bear the name of an attribute, or none of their own."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    yield from ((name, "it is given") for name in sorted(given - read) if claims(name, graph))
    for statement in tree.body:
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and claims(target.attr, graph):
                yield ast.unparse(target), "it belongs to an object"
    for name in sorted({name for s in tree.body for name in _names(s)} - given):
        keyed = any(key.startswith(f"{name}[") for key in ran.values)
        if _is_gradients(name) and not (claims(name, graph) or keyed or name in read):
            yield name, "what stands in it has no names"


def _given(tree: ast.Module) -> frozenset[str]:
    """Names that a statement makes of nothing: they are given, not claimed."""
    made = {name for s in tree.body if _computed(s) for name in stored_in(s, {})}
    return frozenset(name for s in tree.body for name in _names(s) if name not in made)


def _among(what: str, have: Array, accepted: list[Array], line: int | None, *, tells: bool = True) -> Comparison:
    """A name beside what it may be; with `tells` False equal values tell nothing."""
    if any(close(have, want) for want in accepted):
        nothing = f"{what} was not judged: it is 0 at the numbers of the listing, whatever its factors are"
        return Comparison(None, 1) if tells else Comparison(None, open=nothing)
    shape, wanted = np.shape(have), np.shape(accepted[-1])
    if shape != wanted:
        message, defects = f"{what} has shape {shape}, not {wanted}", ("shape_mismatch",)
        return Comparison(Failure("shape", message, line, "values", None, defects))
    return Comparison(Failure("value", f"{what} is wrong", line, "values"))


def _same(value: Array, other: Array | None) -> bool:
    return other is not None and np.array_equal(value, other, equal_nan=True)


def _names(statement: ast.stmt) -> Iterator[str]:
    """What a statement assigns: names, and entries of dicts as `grads['W1']`."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    for target in [part for t in targets for part in (t.elts if isinstance(t, ast.Tuple) else [t])]:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Subscript):
            yield ast.unparse(target).replace('"', "'")


def _computed(statement: ast.stmt) -> bool:
    """Whether a statement makes something of other values; what it makes of nothing is given, not claimed."""
    values = statement.value if isinstance(statement, ast.Assign) else statement
    return any(isinstance(n, ast.Name) and n.id not in ("np", "numpy") for n in ast.walk(values))
