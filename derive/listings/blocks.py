"""Python fences of a page, judged against the model when running code was asked for.

    a script      its values must be what its comments say (`Y.shape  # (3,)`) and what the model makes of its names
    a layer       backward must be the derivative of forward for an upstream gradient that is not all ones; forward
                  must be what the model, or the name of the layer, says
    a function    what it returns must be what the model makes of the names

A block sees the functions, classes and imports of the blocks before it, a script that goes on with their numbers
those too. What fails is repaired one defect at a time, so that the next one is found: a repair counts if the block
then gets further than before.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from derive.ir.graph import ComputationGraph
from derive.judging.verdict import Verdict, unique
from derive.listings.attempt import Trial, attempt, attempts, parsed
from derive.listings.comments import without_prompts
from derive.listings.earlier import context_for
from derive.listings.escapes import reaches
from derive.listings.expected import sizes_of
from derive.listings.judgeable import planned
from derive.listings.numeric import numeric_edits
from derive.listings.process import Failure, Server
from derive.listings.repairs import CodeEdit, code_edits
from derive.listings.uses import run_block
from derive.pages.page import Item

MOST_REPAIRS = 8
MOST_NUMERIC = 240
REPAIR_SECONDS, VERSION_SECONDS = 5.0, 2.0
AT_ONCE = 8
BEYOND = frozenset({"TimeoutError", "Refused", "SystemExit", "OSError", "MemoryError", "PermissionError"})
"""What ends a block that goes beyond its limits: none of its versions is tried, each would take as long."""
NO_VERDICT = BEYOND | {"ImportError", "ModuleNotFoundError", "FileNotFoundError", "EOFError"}
"""What ends a block without telling whether it is right."""
UNRAISED = frozenset({"value", "shape", "missing", "SyntaxError", "IndentationError", "TabError"})
"""What is found in a block, and not raised by it: what it raises may be a limit where it reaches beyond computing."""
NUMERIC = frozenset({"value", "shape", "missing", "ValueError", "TypeError", "IndexError"})
GUARD = re.compile(r"(\+\s*|\b(?:eps|epsilon|EPS|delta|tiny)\s*=\s*)(1e-(?:0?[5-9]|1\d))\b")
"""What is added so that no logarithm or quotient fails: a listing is meant without it."""
UNREPAIRED: Mapping[str, str] = {
    "SyntaxError": "syntax", "IndentationError": "syntax", "NameError": "undefined_name",
    "AttributeError": "attribute_never_set", "ValueError": "shape_mismatch",
}  # fmt: skip


def judge_code(
    item: Item, graph: ComputationGraph, *, run: bool, repairs: bool = True, before: Sequence[str] = ()
) -> Verdict:
    """The verdict on a block; `undecided` where code is not to be run. `before` are the blocks above it."""
    blank = Verdict(item.tag, item.line, "code", item.source, "undecided", span=(0, len(item.source)))
    if not run:
        return replace(blank, diagnosis="code is judged with --run-code only")
    code = without_prompts(item.source)
    earlier = context_for(code, before)
    trial = attempt(code, graph, earlier)
    note = ""
    if (
        trial.failure is not None
        and trial.failure.type not in NO_VERDICT
        and (guard := GUARD.search(f"{earlier}\n{code}"))
    ):
        without = attempt(GUARD.sub(r"\g<1>0.0", code), graph, GUARD.sub(r"\g<1>0.0", earlier))
        if without.good and without.checked:
            trial, note = without, f"right but for the guard {guard[2]}, which one pass has and the other has not"
    if trial.good:
        beyond = next((told for part in (earlier, code) if (told := _reaches(part)) is not None), None)
        if beyond is not None:
            return replace(blank, diagnosis=beyond)
        if trial.checked and not trial.open:
            return replace(blank, verdict="true", evidence="probed", diagnosis=note)
        nothing = "it runs, but there is nothing in it to compare with the model"
        return replace(blank, diagnosis=trial.open or nothing)
    return _refuted(code, graph, before, trial, blank, MOST_REPAIRS if repairs else 0)


def _reaches(code: str) -> str | None:
    tree = parsed(code)
    return reaches(tree) if isinstance(tree, ast.Module) else None


def _refuted(
    code: str, graph: ComputationGraph, before: Sequence[str], trial: Trial, blank: Verdict, most: int
) -> Verdict:
    """The defects of a block that fails, found by repairing one after the other, `most` at most."""
    defects: list[str] = []
    said: list[str] = []
    current = trial
    most = 0 if trial.failure is not None and trial.failure.type in BEYOND else most
    while not current.good and len(defects) < most:
        found = _next_repair(code, current, graph, context_for(code, before))
        if found is None:
            break
        edit, current = found
        code = edit.code
        defects.append(edit.defect)
        said.append(edit.sentence)
    failure = current.failure
    if failure is not None:
        own = UNREPAIRED.get(failure.type)
        defects += failure.defects or ([own] if own is not None else [])
        said.append(f"line {failure.line}: {failure.message}" if failure.line else failure.message)
        refused = failure.type in NO_VERDICT or (failure.type not in UNRAISED and _reaches(code) is not None)
        if refused or _from_elsewhere(code, failure):
            return replace(blank, diagnosis="; ".join(said), defects=unique(defects))
    elif _fails_for_one_sample(code, graph, context_for(code, before)):
        defects.append("shape_mismatch")
        said.append("for one sample as a 1-D array forward works, but backward does not: it is for batches only")
    return replace(
        blank, verdict="false", evidence="probed", defects=tuple(defects), diagnosis="; ".join(said),
        correct_code=code if current.good and _reaches(code) is None else None,
    )  # fmt: skip


def _from_elsewhere(code: str, failure: Failure) -> bool:
    """Whether what is missing is called: a function or class that the page does not show."""
    line = code.split("\n")[(failure.line or 1) - 1]
    return failure.type == "NameError" and re.search(rf"\b{failure.name}\s*\(", line) is not None


def _next_repair(code: str, trial: Trial, graph: ComputationGraph, earlier: str) -> tuple[CodeEdit, Trial] | None:
    """The edit after which the block gets furthest; the first of equals."""
    assert trial.failure is not None
    best: tuple[CodeEdit, Trial] | None = None
    edits = _edits(code, trial.failure)
    until = time.monotonic() + REPAIR_SECONDS
    while time.monotonic() < until and (batch := list(islice(edits, AT_ONCE))):
        after = attempts([edit.code for edit in batch], graph, earlier, VERSION_SECONDS)
        for edit, result in zip(batch, after, strict=True):
            if result.rank > trial.rank and (best is None or result.rank > best[1].rank):
                best = edit, result
        if best is not None:
            break
    return best


def _edits(code: str, failure: Failure) -> Iterator[CodeEdit]:
    tried = {code}
    numeric: Iterator[CodeEdit] = iter(())
    if failure.type in NUMERIC and isinstance(parsed(code), ast.Module):
        numeric = islice(numeric_edits(code, failure), MOST_NUMERIC)
    for edit in [*code_edits(code, failure), *numeric]:
        if edit.code not in tried:
            tried.add(edit.code)
            yield edit


def _fails_for_one_sample(code: str, graph: ComputationGraph, earlier: str) -> bool:
    """Whether the forward pass takes a 1-D sample although the backward pass then fails."""
    tree = parsed(code)
    plans = planned(tree, graph, single=True) if isinstance(tree, ast.Module) else []
    with Server() as server:
        ran = run_block(server, [code], [plan.subject for plan in plans if plan.gradients], earlier=earlier)
    return any(used.failure is not None and used.failure.stage == "backward" for used in ran.used)


def fitting(code: str, graphs: Sequence[ComputationGraph]) -> list[bool]:
    """For each model, whether what a block calls by names of its inputs has the shapes that it declares for them."""
    with Server() as server:
        values = {name: np.asarray(value) for name, value in run_block(server, [code]).values.items()}
    return [sizes_of(graph, {k: v for k, v in values.items() if k in graph.inputs}) is not None for graph in graphs]
