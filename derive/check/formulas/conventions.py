"""Formulas of one page that need opposite conventions.

Two signs tell: a factor 1/m that one formula has too much (or lacks) while others are right without it (with it); and
formulas of one page, judged with two models that differ in the shape of one input, that hold in one of them only. A
formula that is false for another reason counts as what it becomes when it is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from derive.check.formulas.claim_judge import Judgement, judge
from derive.check.formulas.reader import Reader
from derive.check.formulas.repair.search import repair
from derive.check.verdict import Verdict, unique
from derive.claims.meaning.claim import Claim, Value
from derive.claims.meaning.context import Context
from derive.claims.typography.macros import Macros
from derive.errors import DeriveError
from derive.ir.graph import Graph
from derive.ir.node import refs
from derive.ir.size import show_shape

SECONDS = 2.0
MOST_FORMULAS = 400


@dataclass(frozen=True)
class Found:
    """A formula with its model and what was found of it."""

    context: Context
    macros: Macros
    verdict: Verdict
    judged: tuple[Judgement, ...]

    @property
    def graph(self) -> Graph:
        """The model."""
        return self.context.graph

    @property
    def name(self) -> str:
        """How the page calls the formula."""
        return self.verdict.tag or f"line {self.verdict.line}"

    @property
    def right(self) -> str:
        """The formula as it should be."""
        return self.verdict.correct_latex or self.verdict.latex

    @property
    def settled(self) -> bool:
        """Whether the right formula is known."""
        return self.verdict.verdict == "true" or self.verdict.correct_latex is not None


Conflict = Mapping[str, Any]


def find_conflicts(found: Sequence[Found]) -> tuple[tuple[Conflict, ...], dict[int, Verdict]]:
    """The conflicts of a page: each names a convention and, for each setting of it, the formulas that need it.

    Also the verdicts, by position, that say more when a convention is declared on the page.
    """
    conflicts = list(_mean_or_sum(found))
    more: dict[int, Verdict] = {}
    for convention, pairs in _by_shape(found).items():
        settings: dict[str, list[str]] = {}
        for pair in pairs:
            if pair.one and pair.other:
                settings.setdefault(pair.labels[0], []).extend(found[k].name for k in pair.one)
                settings.setdefault(pair.labels[1], []).extend(found[k].name for k in pair.other)
                more |= _declared(found, pair)
        if settings:
            shown = {setting: list(unique(names)) for setting, names in settings.items()}
            conflicts.append({"convention": convention, "settings": shown})
    return tuple(conflicts), more


# ---------------------------------------------------------------------------- sum or mean


def _mean_or_sum(found: Sequence[Found]) -> Iterator[Conflict]:
    by_size: dict[str, dict[str, list[str]]] = {}
    for entry in found:
        match = re.search(r"(extra factor|the factor) 1/(\w+)", entry.verdict.diagnosis)
        if entry.verdict.verdict == "false" and match is not None:
            setting = "mean" if match[1] == "extra factor" else "one sample"
            by_size.setdefault(match[2], {}).setdefault(setting, []).append(entry.name)
    for size, settings in by_size.items():
        other = "one sample" if "mean" in settings else "mean"
        right = [entry.name for entry in found if entry.verdict.verdict == "true" and _speaks_of_loss(entry.judged)]
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
                    if isinstance(member, Value) and loss is not None:
                        top = member.chain.top if member.chain is not None else None
                        if top == loss or loss in refs(member.node):
                            return True
    return False


# ---------------------------------------------------------------------------- models that differ in a shape


@dataclass(frozen=True)
class _Pair:
    """Two models that differ in the shape of an input, and the formulas (by position) that hold in one of them only."""

    contexts: tuple[Context, Context]
    labels: tuple[str, str]
    one: tuple[int, ...]
    other: tuple[int, ...]


def _by_shape(found: Sequence[Found]) -> dict[str, list[_Pair]]:
    contexts = list({id(entry.graph): entry.context for entry in found}.values())
    pairs: dict[str, list[_Pair]] = {}
    if len(found) > MOST_FORMULAS:
        return pairs
    for i, second in enumerate(contexts):
        for first in contexts[:i]:
            differing = _difference(first.graph, second.graph)
            if differing is None:
                continue
            name, labels = differing
            ranks = [label.count(",") + (not label.endswith(",)")) for label in labels]
            convention = f"rank of {name}" if ranks[0] != ranks[1] else f"order of the indices of {name}"
            one = tuple(_needing(found, first, second))
            other = tuple(_needing(found, second, first))
            pairs.setdefault(convention, []).append(_Pair((first, second), labels, one, other))
    return pairs


def _difference(a: Graph, b: Graph) -> tuple[str, tuple[str, str]] | None:
    """The first input that both models have in different shapes, if they have the same names otherwise."""
    first, second = _shapes(a), _shapes(b)
    if set(first) != set(second) or not first:
        return None
    for name, shape in first.items():
        if shape != second[name]:
            return name, (shape, second[name])
    return None


def _shapes(graph: Graph) -> dict[str, str]:
    window = graph.family.interior if graph.family is not None else graph
    inner = {name for name in window.inputs if "[" in name} if graph.family is not None else set(window.inputs)
    return {name: show_shape(window.shape(name)) for name in window.inputs if name in inner}


def _needing(found: Sequence[Found], own: Context, other: Context) -> Iterator[int]:
    """The formulas of a model that are right there and not with the other model."""
    for k, entry in enumerate(found):
        mine = entry.graph is own.graph and entry.settled and entry.verdict.kind == "formula"
        if mine and _verdict_in(other, entry.right, entry.macros) == "false":
            yield k


def _verdict_in(context: Context, source: str, macros: Macros) -> str:
    try:
        _, claims = Reader(context, macros)(source)
    except DeriveError:
        return "unread"
    words = {judge(claim, seconds=SECONDS, counterexample=False).verdict for claim in claims}
    return "unread" if "unread" in words else "false" if "false" in words else "true"


def _declared(found: Sequence[Found], pair: _Pair) -> dict[int, Verdict]:
    """False formulas on the side that the page's own declaration speaks against: what is wrong with them there."""
    for side, against, label in ((pair.one, pair.other, pair.labels[0]), (pair.other, pair.one, pair.labels[1])):
        if any(_declares(found[k].judged) for k in side) and not any(_declares(found[k].judged) for k in against):
            context = pair.contexts[0] if side is pair.one else pair.contexts[1]
            wrong = [k for k in against if found[k].verdict.verdict == "false"]
            return {k: verdict for k in wrong if (verdict := _told(found[k], context, label)) is not None}
    return {}


def _declares(judged: Sequence[Judgement]) -> bool:
    claims: list[Claim] = [judgement.claim for judgement in judged]
    return any(reading.kind == "convention" for claim in claims for reading in claim.readings)


def _told(entry: Found, context: Context, label: str) -> Verdict | None:
    """The verdict with the defects that the repaired formula has under the declared convention."""
    reader = Reader(context, entry.macros)
    try:
        layout, claims = reader(entry.right)
    except DeriveError:
        return None
    judgements = [judge(claim, seconds=SECONDS, counterexample=False) for claim in claims]
    made = repair(reader, layout, judgements, seconds=SECONDS)
    keys = unique([*entry.verdict.defects, *(key for part in made.parts.values() for key in part.defects)])
    if made.source is None:
        return None
    by_convention = {**entry.verdict.by_convention, label: made.source}
    said = "; ".join(part.sentence for part in made.parts.values())
    diagnosis = f"{entry.verdict.diagnosis}; under the convention that the page declares also: {said}"
    return replace(entry.verdict, defects=keys, by_convention=by_convention, diagnosis=diagnosis)
