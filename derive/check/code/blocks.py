"""Python fences of a page, judged against the model when running code was asked for.

    a script      its values must be what its comments say (`Y.shape  # (3,)`) and what the model makes of its names
    a layer       forward must be the model's, backward the derivative for an upstream gradient that is not all ones

What fails is repaired one defect at a time, so that the next one is found: a repair counts if the block then gets
further than before.
"""

from __future__ import annotations

import ast
import random
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derive.calculus.jacobian import jacobian
from derive.check.code.process import Failure, Ran, run_block
from derive.check.code.repairs import CodeEdit, code_edits
from derive.check.equality.probe import Point, points_of
from derive.check.verdict import Verdict, unique
from derive.claims.pages.page import Item
from derive.errors import DeriveError
from derive.ir.graph import Graph

Array = Any
MOST_REPAIRS = 8
TOLERANCE = 1e-9
NO_VERDICT = frozenset({"TimeoutError", "Refused", "SystemExit", "OSError", "MemoryError"})
"""What ends a block without telling whether it is right."""
STAGES = ("syntax", "module", "__init__", "forward", "backward", "values", "done")


@dataclass(frozen=True)
class Plan:
    """A layer of the block and what it is given: constructor and forward arguments, the upstream gradient, and what
    must come back by name."""

    layer: str | None = None
    arguments: tuple[Array, ...] = ()
    forward: tuple[Array, ...] = ()
    upstream: Array | None = None
    output: Array | None = None
    gradients: Mapping[str, Array] | None = None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """How far a block got, and what stopped it; `checked` counts what was compared."""

    stage: int
    line: int
    failure: Failure | None
    checked: int = 0

    @property
    def good(self) -> bool:
        return self.failure is None

    @property
    def rank(self) -> tuple[int, int]:
        return self.stage, self.line


def judge_code(item: Item, graph: Graph, *, run: bool) -> Verdict:
    """The verdict on a block; `undecided` where code is not to be run."""
    blank = Verdict(item.tag, item.line, "code", item.source, "undecided", span=(0, len(item.source)))
    if not run:
        return replace(blank, diagnosis="code is judged with --run-code only")
    trial = attempt(item.source, graph)
    if trial.good:
        if trial.checked:
            return replace(blank, verdict="true", evidence="probed", diagnosis="")
        return replace(blank, diagnosis="it runs, but there is nothing in it to compare with the model")
    defects: list[str] = []
    said: list[str] = []
    code, current = item.source, trial
    while not current.good and len(defects) < MOST_REPAIRS:
        found = _next_repair(code, current, graph)
        if found is None:
            break
        edit, current = found
        code = edit.code
        defects.append(edit.defect)
        said.append(edit.sentence)
    if not current.good:
        assert current.failure is not None
        defects += _unrepaired(current.failure)
        said.append(
            f"line {current.failure.line}: {current.failure.message}"
            if current.failure.line
            else current.failure.message
        )
    elif _fails_for_one_sample(code, graph):
        defects.append("shape_mismatch")
        said.append("for one sample as a 1-D array forward works, but backward does not: it is for batches only")
    if not current.good and current.failure is not None and current.failure.type in NO_VERDICT:
        return replace(blank, diagnosis="; ".join(said), defects=unique(defects))
    return replace(
        blank, verdict="false", evidence="probed", defects=tuple(defects), diagnosis="; ".join(said),
        correct_code=code if current.good else None,
    )  # fmt: skip


def _unrepaired(failure: Failure) -> list[str]:
    by_type = {"SyntaxError": "syntax", "IndentationError": "syntax", "NameError": "undefined_name",
               "AttributeError": "attribute_never_set", "shape": "shape_mismatch"}  # fmt: skip
    found = by_type.get(failure.type)
    return [found] if found is not None else []


def _next_repair(code: str, trial: Trial, graph: Graph) -> tuple[CodeEdit, Trial] | None:
    """The edit after which the block gets furthest; the first of equals."""
    best: tuple[CodeEdit, Trial] | None = None
    assert trial.failure is not None
    for edit in code_edits(code, trial.failure):
        after = attempt(edit.code, graph)
        if after.rank > trial.rank and (best is None or after.rank > best[1].rank):
            best = edit, after
            if after.good:
                break
    return best


# ---------------------------------------------------------------------------- one attempt


def attempt(code: str, graph: Graph) -> Trial:
    """Run a block and compare what it computes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError as error:
        return Trial(0, error.lineno or 0, Failure("SyntaxError", error.msg, error.lineno))
    except (ValueError, RecursionError, MemoryError) as error:
        return Trial(0, 0, Failure("SyntaxError", str(error)))
    plan = plan_of(tree, graph)
    ran = run_block(
        code, layer=plan.layer, arguments=list(plan.arguments), forward=list(plan.forward), backward=plan.upstream
    )
    if ran.failure is not None:
        return Trial(STAGES.index(ran.failure.stage), ran.failure.line or 0, ran.failure)
    wrong, checked = _compared(tree, code, ran, plan, graph)
    if wrong is not None:
        return Trial(STAGES.index("values"), checked, wrong, checked)
    return Trial(STAGES.index("done"), 0, None, checked)


def _compared(tree: ast.Module, code: str, ran: Ran, plan: Plan, graph: Graph) -> tuple[Failure | None, int]:
    """The first thing that is not what it should be, and how much was right before it."""
    checked = 0
    for what, line, have, want in _expectations(tree, code, ran, plan, graph):
        if want is None:
            continue
        if have is None or np.shape(have) != np.shape(want):
            shape = "nothing" if have is None else f"shape {np.shape(have)}"
            return Failure("shape", f"{what} is {shape}, not of shape {np.shape(want)}", line, "backward"), checked
        gap = float(np.max(np.abs(np.asarray(have) - np.asarray(want)), initial=0.0))
        if not gap <= TOLERANCE * max(1.0, float(np.max(np.abs(want), initial=0.0))):
            return Failure("value", f"{what} is wrong", line, "backward"), checked
        checked += 1
    return None, checked


def _expectations(
    tree: ast.Module, code: str, ran: Ran, plan: Plan, graph: Graph
) -> Iterator[tuple[str, int | None, Array | None, Array | None]]:
    yield from _comments(tree, code, ran)
    yield from _bindings(ran, graph)
    if plan.layer is None or plan.gradients is None:
        return
    yield "what forward returns", None, ran.output, plan.output
    for position, name in enumerate(plan.inputs[: len(ran.returned)]):
        yield f"the gradient by {name}", None, ran.returned[position], plan.gradients[name]
    for attribute, value in ran.attributes.items():
        for name, gradient in plan.gradients.items():
            if attribute.casefold() in (f"d{name}".casefold(), f"grad_{name}".casefold(), f"{name}_grad".casefold()):
                yield f"the gradient {attribute}", None, value, gradient


def _comments(tree: ast.Module, code: str, ran: Ran) -> Iterator[tuple[str, int | None, Array | None, Array | None]]:
    """`NAME = ...  # array([5, 7])` and `NAME.shape  # (2,)`: what the comment says is what must come out."""
    lines = code.split("\n")
    for statement in tree.body:
        line = lines[(statement.end_lineno or 1) - 1]
        at = line.find("#")
        said = _literal(line[at + 1 :]) if at >= 0 else None
        if said is None:
            continue
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in ran.values:
                yield name, statement.lineno, ran.values[name], said
        elif (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Attribute)
            and statement.value.attr == "shape"
        ):
            inner = statement.value.value
            if isinstance(inner, ast.Name) and inner.id in ran.values:
                yield f"{inner.id}.shape", statement.lineno, np.array(np.shape(ran.values[inner.id])), said
        elif isinstance(statement, ast.Expr):
            text = ast.unparse(statement.value)
            value = run_block(f"{code}\nderive_shown = ({text})").values.get("derive_shown")
            if value is not None:
                yield text, statement.lineno, value, said


def _literal(comment: str) -> Array | None:
    text = re.sub(r"\barray\((.*)\)", r"\1", comment.strip().replace(" ", ""))
    try:
        return np.asarray(ast.literal_eval(text), dtype=float)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _bindings(ran: Ran, graph: Graph) -> Iterator[tuple[str, int | None, Array | None, Array | None]]:
    """Bindings of the model that the block computes from inputs that it also has."""
    known = {name: np.asarray(value, dtype=float) for name, value in ran.values.items() if name in graph.inputs}
    for name in graph.bindings:
        if name not in ran.values or name == graph.loss:
            continue
        needed = {below for below in graph.ancestors(name) if below in graph.inputs}
        if not needed <= set(known):
            continue
        sizes = _sizes(graph, {below: known[below] for below in needed})
        if sizes is not None:
            node = graph.bindings[name].node
            yield name, None, ran.values[name], Point(_upto(graph, name), sizes, known).value(node)


def fits(code: str, graph: Graph) -> bool:
    """Whether what a block calls by names of inputs has the shapes that the model declares for them."""
    values = {name: np.asarray(value) for name, value in run_block(code).values.items() if name in graph.inputs}
    return _sizes(graph, values) is not None


def _upto(graph: Graph, name: str) -> Graph:
    wanted = graph.ancestors(name) | {name}
    bindings = {key: binding for key, binding in graph.bindings.items() if key in wanted}
    return replace(graph, bindings=bindings, loss=None, family=None)


def _sizes(graph: Graph, values: Mapping[str, Array]) -> dict[str, int] | None:
    """The named sizes that shapes of arrays give, or None if they do not fit the declarations."""
    found: dict[str, int] = {}
    for name, value in values.items():
        shape = graph.declarations[name].shape
        if len(shape) != value.ndim:
            return None
        for size, length in zip(shape, value.shape, strict=True):
            names = sorted(size.names)
            if size.number is not None:
                if size.number != length:
                    return None
            elif len(names) == 1 and str(size) == names[0] and found.setdefault(names[0], length) != length:
                return None
    return found


# ---------------------------------------------------------------------------- layers


def plan_of(tree: ast.Module, graph: Graph, *, single: bool = False) -> Plan:
    """What to give to the first class with forward and backward, from a point of the model."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            methods = {part.name: part for part in statement.body if isinstance(part, ast.FunctionDef)}
            if {"forward", "backward"} <= methods.keys():
                try:
                    return _layer_plan(statement.name, methods, graph, single)
                except DeriveError:
                    return Plan()
    return Plan()


def _layer_plan(layer: str, methods: Mapping[str, ast.FunctionDef], graph: Graph, single: bool) -> Plan:
    output = _output(graph)
    point = points_of(graph).first(1)[0]
    inputs = {name: np.asarray(point.inputs[name]).astype(float) for name in graph.inputs if name in point.inputs}
    given = _arguments(methods.get("__init__"), inputs)
    rest = {name: value for name, value in inputs.items() if name not in given}
    passed = _arguments(methods["forward"], rest) or list(rest)[: max(0, len(methods["forward"].args.args) - 1)]
    if output is None:
        return Plan()
    value = np.asarray(point.evaluator().value(graph.ref(output)))
    rng = random.Random(7)
    upstream = np.array([rng.randint(1, 30) / 10 * rng.choice((-1, 1)) for _ in range(value.size)]).reshape(value.shape)
    gradients = {}
    for name in [*given, *passed]:
        full = np.asarray(point.value(jacobian(graph, output, name)))
        gradients[name] = np.tensordot(upstream, full, axes=value.ndim)
    arguments, forward = [inputs[name] for name in given], [inputs[name] for name in passed]
    if single:
        forward, upstream = [entry[0] for entry in forward], upstream[0]
    return Plan(layer, tuple(arguments), tuple(forward), upstream, value, gradients, tuple(passed))


def _arguments(method: ast.FunctionDef | None, inputs: Mapping[str, Array]) -> list[str]:
    """The inputs of the model that a method's parameters stand for, by name without regard to case."""
    names = [argument.arg for argument in method.args.args[1:]] if method is not None else []
    folded = {name.casefold(): name for name in inputs}
    found = [folded[name.casefold()] for name in names if name.casefold() in folded]
    return found if len(found) == len(names) else []


def _output(graph: Graph) -> str | None:
    """What the layer computes: the binding that the loss is a functional of, or the last one."""
    names = [name for name in graph.bindings if name != graph.loss]
    return names[-1] if names else graph.loss


def _fails_for_one_sample(code: str, graph: Graph) -> bool:
    """Whether the forward pass takes a 1-D sample although the backward pass then fails."""
    try:
        plan = plan_of(ast.parse(code), graph, single=True)
    except (SyntaxError, IndexError):
        return False
    if plan.layer is None or not plan.forward or np.ndim(plan.forward[0]) != 1:
        return False
    ran = run_block(
        code, layer=plan.layer, arguments=list(plan.arguments), forward=list(plan.forward), backward=plan.upstream
    )
    return ran.failure is not None and ran.failure.stage == "backward"
