"""Judging the five pages of the textbook corpus: formulas a second, repairs and conventions included.

`python -m benchmarks verify`. Every formula is judged with the model of its entry. `first` is the first time in the
process, after one formula has loaded the modules; `warm` the median of further runs, when vocabularies, derivatives
and probe points of the models are known. Times are those of the processor, one thread. A long page repeats the first
page, so that its time and memory show whether they grow in proportion.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.timing import Row
from derive.model.load import load
from derive.verification.verify import verify, verify_formula

CORPUS = Path(__file__).parents[1] / "tests" / "textbook" / "expected.json"
REPEATS = 3
LENGTHS = (500, 2000)


def formulas() -> dict[str, list[dict[str, Any]]]:
    """The formulas of the corpus by page."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in json.loads(CORPUS.read_text("utf-8"))["entries"]:
        if entry["block"] == "formula":
            found.setdefault(entry["file"], []).append(entry)
    return found


def page(entries: list[dict[str, Any]]) -> str:
    """A page of these formulas, each with a comment that names its model."""
    shown = (f"<!-- derive: model={e['model']} -->\n\n$$\n{e['latex']} \\tag{{{e['tag']}}}\n$$\n" for e in entries)
    return "\n".join(shown)


def spent(function: Callable[[], Any]) -> float:
    """The processor's time for a call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def rows() -> list[Row]:
    """Time and formulas a second, page by page and in all; then one right and one false formula."""
    pages = formulas()
    verify_formula("z = z", load("two_layer_scalar"))
    sums = {"first": 0.0, "warm": 0.0}
    table = []
    for name, entries in pages.items():
        run = partial(verify, page(entries))
        first, warm = spent(run), median(spent(run) for _ in range(REPEATS))
        sums["first"] += first
        sums["warm"] += warm
        table.append(_row(name, len(entries), first, warm))
    table.append(_row("all pages", sum(map(len, pages.values())), sums["first"], sums["warm"]))
    return [*table, *_alone([entry for entries in pages.values() for entry in entries])]


def _row(name: str, count: int, first: float, warm: float) -> Row:
    cells = {
        "formulas": str(count),
        "first, s": f"{first:.2f}",
        "warm, s": f"{warm:.2f}",
        "formulas a second, warm": f"{count / warm:.0f}",
    }
    return Row(name, cells)


def _alone(entries: list[dict[str, Any]]) -> list[Row]:
    """The mean over single formulas that are right, and over those that are false."""
    table = []
    for word in ("true", "false"):
        chosen = [entry for entry in entries if entry["verdict"] == word]
        warm = mean(_alone_seconds(entry) for entry in chosen)
        cells = {"formulas": str(len(chosen)), "formulas a second, warm": f"{1 / warm:.0f} ({1e3 * warm:.1f} ms each)"}
        table.append(Row(f"one that is {word}, by itself", cells))
    return table


def _alone_seconds(entry: dict[str, Any]) -> float:
    run = partial(verify_formula, entry["latex"], load(entry["model"]))
    run()
    return median(spent(run) for _ in range(REPEATS))


def length_rows() -> list[Row]:
    """Time, and memory of the process so far, by the number of formulas on a page."""
    entries = next(iter(formulas().values()))
    table = []
    for length in LENGTHS:
        long = [{**entries[k % len(entries)], "tag": f"{k}"} for k in range(length)]
        run = partial(verify, page(long))
        seconds = spent(run)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cells = {
            "time, s": f"{seconds:.1f}",
            "per formula, ms": f"{1e3 * seconds / length:.1f}",
            "memory, MB": f"{most / 2**10:.0f}",
        }
        table.append(Row(f"{length} formulas", cells))
    return table
