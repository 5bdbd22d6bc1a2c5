"""Formulas of one page that need opposite conventions.

Three signs tell. A factor 1/m that one formula has too much (or lacks) while others are right without it (with it).
Items judged with two models of the page that differ in the shapes of inputs, and right in one of them only: the rank
of an input, or the order of the indices of a weight. Formulas about explicit weights `w_12`, which hold in one order of
the indices only. A formula that is false for another reason counts as what it becomes when it is repaired, but not
if it is as far from being right in the other convention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from derive.equality.recent import PerGraph
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.ir.node import refs
from derive.ir.size import show_shape
from derive.judging.claim_judge import judge
from derive.judging.judgement import Judgement
from derive.judging.reader import Reader
from derive.judging.verdict import Verdict, unique
from derive.listings.blocks import fitting
from derive.meaning.claim import Claim, Denotation
from derive.meaning.context import Context
from derive.pages.page import Item
from derive.repair.edit import token_changes
from derive.repair.search import Repair, repair
from derive.repair.variants import MOST_WORK
from derive.verification.weight_order import exchanged, order_of

SECONDS = 2.0
FAR_TRIALS = 25
"""A repair that takes more than this counts as a far one."""
MOST_FORMULAS = 400
_twins = PerGraph(exchanged)
_contexts = PerGraph(Context)


@dataclass(frozen=True)
class JudgedItem:
    """An item with its model and what was found of it."""

    item: Item
    context: Context
    verdict: Verdict
    judged: tuple[Judgement, ...]

    @property
    def graph(self) -> ComputationGraph:
        """The model."""
        return self.context.graph

    @property
    def name(self) -> str:
        """How the page calls the item."""
        return self.verdict.tag or f"line {self.verdict.line}"

    @property
    def right(self) -> str:
        """The item as it should be."""
        return self.verdict.correct_latex or self.verdict.correct_code or self.verdict.latex

    @property
    def settled(self) -> bool:
        """Whether the right formula is known."""
        return self.verdict.verdict == "true" or self.verdict.correct_latex is not None


Conflict = Mapping[str, Any]


def find_conflicts(found: Sequence[JudgedItem]) -> tuple[tuple[Conflict, ...], dict[int, Verdict]]:
    """The conflicts of a page: each names a convention and, for each setting of it, the formulas that need it.

    Also the verdicts, by position, that say more when a convention is declared on the page.
    """
    conflicts = list(_mean_or_sum(found))
    more: dict[int, Verdict] = {}
    sides: list[_Side] = []
    if len(found) <= MOST_FORMULAS:
        for pair in _by_shape(found):
            sides += pair
            if all(side.items for side in pair):
                more |= _declared(found, pair)
        sides += _explicit_weights(found, {side.label for side in sides if side.convention == WEIGHTS and side.items})
    needed: dict[str, dict[str, list[str]]] = {}
    for side in sides:
        needed.setdefault(side.convention, {}).setdefault(side.label, []).extend(found[k].name for k in side.items)
    for convention, settings in needed.items():
        shown = {setting: list(unique(names)) for setting, names in settings.items() if names}
        if len(shown) > 1:
            conflicts.append({"convention": convention, "settings": shown})
    return tuple(conflicts), more


# ---------------------------------------------------------------------------- sum or mean


def _mean_or_sum(found: Sequence[JudgedItem]) -> Iterator[Conflict]:
    """A size that some formulas about a model divide by and others do not; another number is a slip of its own."""
    by_size: dict[tuple[int, str], dict[str, list[str]]] = {}
    for entry in found:
        match = re.search(r"(extra factor|the factor) 1/(\w+)", entry.verdict.diagnosis)
        if entry.verdict.verdict == "false" and match is not None and not match[2].isdecimal():
            setting = "mean" if match[1] == "extra factor" else "one sample"
            by_size.setdefault((id(entry.graph), match[2]), {}).setdefault(setting, []).append(entry.name)
    for (graph, size), settings in by_size.items():
        other = "one sample" if "mean" in settings else "mean"
        about = [entry for entry in found if id(entry.graph) == graph and entry.verdict.verdict == "true"]
        right = [entry.name for entry in about if _speaks_of_loss(entry.judged)]
        if right:
            yield {
                "convention": f"loss of one sample or mean over {size}",
                "settings": {**settings, other: [*settings.get(other, ()), *right]},
            }


def _speaks_of_loss(judged: Sequence[Judgement]) -> bool:
    """Whether an equation states the loss or a derivative of it: then it depends on how the loss is scaled."""
    for judgement in judged:
        for reading in judgement.claim.readings:
            if reading.kind not in ("equation", "definition", "expression"):
                continue
            for case in reading.cases:
                loss = case.graph.loss
                for member in case.members:
                    if isinstance(member, Denotation) and loss is not None:
                        top = member.chain.top if member.chain is not None else None
                        if top == loss or loss in refs(member.node):
                            return True
    return False


# ---------------------------------------------------------------------------- models that differ in a shape

WEIGHTS = "order of weight indices"


@dataclass(frozen=True)
class _Side:
    """One setting of a convention: the model that has it, and the items (by position) that hold in it only."""

    convention: str
    label: str
    context: Context
    items: tuple[int, ...]


def _by_shape(found: Sequence[JudgedItem]) -> Iterator[tuple[_Side, _Side]]:
    contexts = list({id(entry.graph): entry.context for entry in found}.values())
    for i, second in enumerate(contexts):
        for first in contexts[:i]:
            differing = _difference(first.graph, second.graph)
            if differing is not None:
                convention, labels = differing
                one, other = tuple(_needing(found, first, second)), tuple(_needing(found, second, first))
                yield _Side(convention, labels[0], first, one), _Side(convention, labels[1], second, other)


def _difference(a: ComputationGraph, b: ComputationGraph) -> tuple[str, tuple[str, str]] | None:
    """The convention in which two models differ, and their settings, if they have the same names."""
    first, second = _shapes(a), _shapes(b)
    differing = [name for name in first if first[name] != second.get(name)]
    if set(first) != set(second) or not differing:
        return None
    orders = {(order_of(a, name), order_of(b, name)) for name in differing}
    one, other = orders.pop()
    if one is not None and other is not None and not orders:
        return WEIGHTS, (one, other)
    name = differing[0]
    labels = first[name], second[name]
    ranks = [label.count(",") + (not label.endswith(",)")) for label in labels]
    return f"rank of {name}" if ranks[0] != ranks[1] else f"order of the indices of {name}", labels


def _shapes(graph: ComputationGraph) -> dict[str, str]:
    window = graph.family.interior if graph.family is not None else graph
    names = [name for name in window.inputs if graph.family is None or "[" in name]
    return {name: show_shape(window.shape(name)) for name in names}


def _explicit_weights(found: Sequence[JudgedItem], orders: Set[str]) -> Iterator[_Side]:
    """Formulas about explicit weights that are right in the order of the model only, or in the other one only.

    Those of the model's own order matter where another formula, or another model of the page (`orders`), has the other.
    """
    for context in {id(entry.graph): entry.context for entry in found}.values():
        twin = _twins.of(context.graph)
        if twin is not None:
            graph, order = twin
            other = "dest_first" if order == "source_first" else "source_first"
            turned = replace(_contexts.of(graph).with_definitions(context.definitions), layout=context.layout)
            against = tuple(_against(found, context.graph, turned))
            yield _Side(WEIGHTS, other, turned, against)
            if against or other in orders:
                yield _Side(WEIGHTS, order, context, tuple(_needing(found, context, turned)))


def _against(found: Sequence[JudgedItem], graph: ComputationGraph, other: Context) -> Iterator[int]:
    """The false formulas of a model that are right as they stand in the other order."""
    for k, entry in enumerate(found):
        wrong = entry.graph is graph and _is(entry, "formula", "false")
        if wrong and _verdict_in(other, entry, entry.verdict.latex) == "true":
            yield k


def _needing(found: Sequence[JudgedItem], own: Context, other: Context) -> Iterator[int]:
    """The items of a model that are right there, or become so, and not with the other model, nor as easily."""
    for k, entry in enumerate(found):
        if entry.graph is not own.graph or not entry.settled:
            continue
        if entry.verdict.kind == "code":
            if fitting(entry.right, (own.graph, other.graph)) == [True, False]:
                yield k
        elif _verdict_in(other, entry, entry.right) == "false" and (
            entry.verdict.verdict == "true" or _farther(entry, other)
        ):
            yield k


def _is(entry: JudgedItem, kind: str, verdict: str) -> bool:
    return entry.verdict.kind == kind and entry.verdict.verdict == verdict


def _farther(entry: JudgedItem, other: Context) -> bool:
    """Whether a false formula is farther from what would be right with the other model than from what is right."""
    printed = entry.verdict.latex
    least = token_changes(printed, entry.right)
    made = _repaired(entry, other, printed, trials=FAR_TRIALS, changes=least)
    return made is None or token_changes(printed, made.source or "") > least


def _repaired(
    entry: JudgedItem, context: Context, source: str, trials: int = MOST_WORK, changes: int | None = None
) -> Repair | None:
    """The repair of a display with another model; None if none is found by so many trials and token changes."""
    reader = Reader(context, entry.item.macros)
    try:
        layout, claims = reader(source)
    except DeriveError:
        return None
    judgements = [judge(claim, seconds=SECONDS, counterexample=False) for claim in claims]
    made = repair(reader, layout, judgements, seconds=SECONDS, trials=trials, changes=changes)
    return made if made.source is not None else None


def _verdict_in(context: Context, entry: JudgedItem, source: str) -> str:
    try:
        _, claims = Reader(context, entry.item.macros)(source)
    except DeriveError:
        return "unread"
    words = {judge(claim, seconds=SECONDS, counterexample=False).verdict for claim in claims}
    return "unread" if "unread" in words else "false" if "false" in words else "true"


def _declared(found: Sequence[JudgedItem], pair: tuple[_Side, _Side]) -> dict[int, Verdict]:
    """False formulas on the side that the page's own declaration speaks against: what is wrong with them there."""
    for side, against in (pair, pair[::-1]):
        if any(_declares(found[k].judged) for k in side.items) and not any(
            _declares(found[k].judged) for k in against.items
        ):
            wrong = [k for k in against.items if _is(found[k], "formula", "false")]
            return {k: verdict for k in wrong if (verdict := _told(found[k], side)) is not None}
    return {}


def _declares(judged: Sequence[Judgement]) -> bool:
    claims: list[Claim] = [judgement.claim for judgement in judged]
    return any(reading.kind == "convention" for claim in claims for reading in claim.readings)


def _told(entry: JudgedItem, side: _Side) -> Verdict | None:
    """The verdict with the defects that the repaired formula has under the declared convention."""
    made = _repaired(entry, side.context, entry.right)
    if made is None or made.source is None:
        return None
    keys = unique([*entry.verdict.defects, *(key for part in made.parts.values() for key in part.defects)])
    by_convention = {**entry.verdict.by_convention, side.label: made.source}
    said = "; ".join(part.sentence for part in made.parts.values())
    diagnosis = f"{entry.verdict.diagnosis}; under the convention that the page declares also: {said}"
    return replace(entry.verdict, defects=keys, by_convention=by_convention, diagnosis=diagnosis)
