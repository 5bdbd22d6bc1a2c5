"""Lines that share a fault: people report one and overlook the ones around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.judging.verdict import Verdict

NEAR = 12
"""How many formulas away a line still counts as a neighbour."""


def with_shared_faults(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, where false ones with one diagnosis name each other."""
    result = list(verdicts)
    alike: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for k, verdict in enumerate(verdicts):
        if verdict.verdict == "false" and verdict.kind == "formula" and verdict.defects and verdict.diagnosis:
            alike.setdefault((verdict.defects, verdict.diagnosis), []).append(k)
    for places in alike.values():
        for k in places:
            others = [verdicts[j] for j in places if j != k and abs(j - k) <= NEAR]
            if others:
                named = ", ".join(f"({other.tag})" if other.tag else f"line {other.line}" for other in others)
                result[k] = replace(result[k], diagnosis=f"{verdicts[k].diagnosis}; the same fault in {named}")
    return result
