"""Other conventions under which a false formula would be right: a loss that is a sum or a mean, the other layout,
another meaning of a derivative by a symmetric matrix.

They are tried for false formulas only, as diagnosis; no verdict depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.errors import DeriveError
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ir.size import Size, size_of
from derive.judging.claim_judge import judge
from derive.judging.judgement import Judgement
from derive.judging.reader import Reader
from derive.meaning.claim import Denotation
from derive.meaning.context import Context
from derive.repair.search import PartRepair, Repair, repair
from derive.typography.layout import Layout
from derive.typography.macros import Macros
from derive.verification.layouts import in_rows

SECONDS = 1.0
LAYOUT_WORK = 250
"""What may be spent on looking for a repair in the other layout, in cases looked at."""
NUMERATOR = "the layout were that of the numerator"
MOST_SIZES = 3
MOST_GRAPHS = 16
_known: dict[int, tuple[ComputationGraph, tuple[tuple[str, Context], ...]]] = {}


def right_under(context: Context, macros: Macros, source: str) -> dict[str, str]:
    """The settings under which all of a display is true, each with the display as it stands."""
    return {label: source for label, other in _settings(context) if _is_true(other, macros, source)}


def right_by_symmetry(context: Context, macros: Macros, source: str, judgements: Sequence[Judgement]) -> Repair | None:
    """No repair but a remark: what is true by another meaning of a derivative by a symmetric matrix."""
    label = next((label for label, other in _symmetries(context) if _is_true(other, macros, source)), None)
    if label is None:
        return None
    said = PartRepair((), f"it would be right if {label}")
    return Repair(None, {k: said for k, judgement in enumerate(judgements) if judgement.verdict == "false"})


def repaired_in_layout(
    context: Context, macros: Macros, layout: Layout, judgements: Sequence[Judgement], found: Repair
) -> tuple[Repair, dict[str, str]]:
    """For a false statement about a bare Jacobian: the diagnosis in numerator layout, and what is right there.

    Without a declared layout such a formula is right in one of the two at most, so this is no repair to be offered.
    """
    members = (m for one in judgements for r in one.claim.readings for case in r.cases for m in case.members)
    if not any(isinstance(member, Denotation) and member.jacobian for member in members):
        return found, {}
    other = repair(
        Reader(replace(context, layout="numerator"), macros), layout, judgements, seconds=SECONDS, work=LAYOUT_WORK
    )
    if other.source is None:
        return found, {}
    parts = {k: replace(part, sentence=f"{part.sentence} (in numerator layout)") for k, part in other.parts.items()}
    return Repair(None, parts), {NUMERATOR: other.source}


def _is_true(context: Context, macros: Macros, source: str) -> bool:
    try:
        _, claims = Reader(context, macros)(source)
        verdicts = {judge(claim, seconds=SECONDS, counterexample=False).verdict for claim in claims}
    except (DeriveError, RecursionError):
        return False
    return bool(verdicts) and verdicts <= {"true", "definition"} and "true" in verdicts


def _settings(context: Context) -> Iterator[tuple[str, Context]]:
    graph = context.graph
    known = _known.get(id(graph))
    if known is None or known[0] is not graph:
        if len(_known) >= MOST_GRAPHS:
            _known.clear()
        known = _known[id(graph)] = graph, tuple((label, Context(other)) for label, other in _losses(graph))
    for label, other in known[1]:
        yield label, other.with_definitions(context.definitions)
    if context.layout is None:
        yield NUMERATOR, replace(context, layout="numerator")
        yield NUMERATOR, in_rows(context)
    yield from _symmetries(context)


def _symmetries(context: Context) -> Iterator[tuple[str, Context]]:
    """The model with another meaning of the derivatives by its symmetric inputs, if it has such."""
    names = ", ".join(name for name in context.graph.inputs if context.main.is_symmetric(name))
    if not names:
        return
    for symmetry, form in (("even", "(G + Gᵀ)/2"), ("free", "G + Gᵀ - diag(G)")):
        other = replace(Context(context.graph).with_definitions(context.definitions), layout=context.layout)
        for frame in (*other.frames, *other.shifted, *other.before_last):
            frame.symmetry = symmetry
        yield f"a derivative by the symmetric {names} were {form}, G by independent entries", other


def _losses(graph: ComputationGraph) -> Iterator[tuple[str, ComputationGraph]]:
    """The model with its loss divided by a number of samples, or multiplied by it."""
    if graph.loss is None or graph.family is not None:
        return
    node = graph.bindings[graph.loss].node
    divided = {below.size for below in topological(node) if below.op == "size"}
    for size in _sizes(graph)[:MOST_SIZES]:
        count = build.size_value(size)
        if size in divided:
            yield f"the loss were the sum over {size}", _with_loss(graph, build.mul(count, node))
        else:
            yield f"the loss were the mean over {size}", _with_loss(graph, build.div(node, count))


def _sizes(graph: ComputationGraph) -> list[Size]:
    """Numbers of samples: the first axes of inputs, and sizes that are declared by themselves."""
    names = [name for name, d in graph.declarations.items() if d.kind == "size"]
    first = [d.shape[0] for d in graph.inputs.values() if d.shape and d.shape[0].number is None]
    return list(dict.fromkeys([*first, *(size_of(name) for name in names)]))


def _with_loss(graph: ComputationGraph, node: Node) -> ComputationGraph:
    assert graph.loss is not None
    changed = replace(graph.bindings[graph.loss], node=node)
    return replace(graph, bindings={**graph.bindings, graph.loss: changed})
