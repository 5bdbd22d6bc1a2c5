"""Timing: alternately, one thread, medians."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """A line of a table: what was measured, and the numbers by column."""

    name: str
    cells: dict[str, str]


def interleaved(functions: Sequence[Callable[[], Any]], repeats: int) -> list[float]:
    """The median time of each function in seconds, called in turn so that a slow moment meets all of them."""
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    gc.disable()
    for turn in range(repeats):
        # the order rotates: whoever comes first finds other caches
        for k in range(len(functions)):
            k = (k + turn) % len(functions)
            start = time.perf_counter()
            functions[k]()
            times[k].append(time.perf_counter() - start)
    gc.enable()
    return [median(samples) for samples in times]


def table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table."""
    columns = list(rows[0].cells)
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {row.name} | " + " | ".join(row.cells.get(c, "") for c in columns) + " |" for row in rows]
    return "\n".join(lines)
