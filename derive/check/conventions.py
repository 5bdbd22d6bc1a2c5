"""Formulas of one page that need opposite conventions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from derive.check.claim_judge import Judgement
from derive.check.verdict import Verdict
from derive.ir.graph import Graph

Found = tuple[Graph, Verdict, tuple[Judgement, ...]]


def find_conflicts(found: Sequence[Found]) -> tuple[Mapping[str, Any], ...]:
    """The conflicts of a page; each names a convention and, for each setting of it, the formulas that need it."""
    return tuple(_mean_or_sum(found))


def _mean_or_sum(found: Sequence[Found]) -> list[Mapping[str, Any]]:
    conflicts: list[Mapping[str, Any]] = []
    by_size: dict[str, dict[str, list[str]]] = {}
    for _, verdict, _ in found:
        match = re.search(r"(extra factor|the factor) 1/(\w+)", verdict.diagnosis)
        if verdict.verdict == "false" and match is not None:
            setting = "mean" if match[1] == "extra factor" else "one sample"
            by_size.setdefault(match[2], {}).setdefault(setting, []).append(_name(verdict))
    for size, settings in by_size.items():
        other = "one sample" if "mean" in settings else "mean"
        right = [_name(v) for _, v, judged in found if v.verdict == "true" and _takes_gradient(judged)]
        if right:
            settings.setdefault(other, []).extend(right)
            conflicts.append({"convention": f"loss of one sample or mean over {size}", "settings": settings})
    return conflicts


def _takes_gradient(judged: Sequence[Judgement]) -> bool:
    """Whether a formula speaks of the loss or its derivatives: its value depends on how the loss is scaled."""
    for judgement in judged:
        for reading in judgement.claim.readings:
            for case in reading.cases:
                loss = case.graph.loss
                if loss is not None and (
                    rf"\partial {loss}" in _source(judgement) or "\\partial" in _source(judgement)
                ):
                    return True
    return False


def _source(judgement: Judgement) -> str:
    return " ".join(one.reading.text.replace("∂", r"\partial ") for one in judgement.judged)


def _name(verdict: Verdict) -> str:
    return verdict.tag or f"line {verdict.line}"
