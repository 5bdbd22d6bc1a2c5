"""A formula has the same verdict, evidence and reading wherever it stands: alone, on a page, in any order, in any run.

Pages are taken apart into their model and their displays. A display may change places with another unless one of them
defines a name that the other has; alone, it stands behind the displays that define its names. What a page does as a
whole (it establishes a layout) is left out.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from derive.judging.verdict import Verdict
from derive.pages.scan import read_page
from derive.verification.verify import Options, verify

PAGES = Path(__file__).parents[1] / "corpora" / "pages"
WHOLE = sorted(
    path
    for path in PAGES.glob("*.md")
    if path.read_text(encoding="utf-8").count("```derive") == 1 and "layout" not in path.stem
)
SMALL = [PAGES / f"{name}.slips.md" for name in ("neuron_costs", "skip_path", "softmax_head")]
ORDERS = 2
BARE = Options(repairs=False)
Told = tuple[str, str | None, str, tuple[str, ...]]


class Taken:
    """The model and the displays of a page, and what comes of them in their own order."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        fence = re.search(r"```derive\n.*?```\n", text, re.DOTALL)
        assert fence is not None
        self.head = fence[0] + "".join(re.findall(r"^\s*\$*\s*\\(?:newcommand|def)\b.*$\n", text, re.MULTILINE))
        found = [item for item in read_page(text).items if item.kind == "formula" and item.error is None]
        self.displays = [f"$$ {item.source} $$" for item in found]
        self.told = self.judged(range(len(found)))

    def judged(self, order: object) -> dict[int, Told]:
        """What is said of the displays in an order."""
        chosen = list(order)  # type: ignore[call-overload]
        page = "\n\n".join([self.head, *(self.displays[k] for k in chosen)])
        results = verify(page, folder=PAGES, options=BARE).results
        assert len(results) == len(chosen)
        return dict(zip(chosen, map(told, results), strict=True))

    @property
    def definitions(self) -> list[int]:
        return [k for k, found in self.told.items() if "definition" in (found[0], *found[3])]

    def tied(self, one: int, other: int) -> bool:
        """Whether one of two displays defines a name that may stand in the other."""
        defining = {one, other} & set(self.definitions)
        letters = [set(re.findall(r"\\[A-Za-z]+|[A-Za-z]", self.displays[k])) for k in (one, other)]
        heads = [_heads(self.displays[k]) for k in defining]
        return any(head & letters[0] & letters[1] for head in heads)

    def before(self, display: int) -> list[int]:
        """The definitions that a display builds on, and those that these build on."""
        needed = {display}
        for k in reversed(self.definitions):
            if k < display and any(self.tied(k, other) for other in needed):
                needed.add(k)
        return sorted(needed)

    def shuffled(self, rng: random.Random) -> list[int]:
        """An order in which tied displays follow each other as they do on the page."""
        left, order = list(self.told), list[int]()
        while left:
            free = [k for k in left if not any(self.tied(k, other) for other in left if other < k)]
            order.append(rng.choice(free))
            left.remove(order[-1])
        return order


def _heads(display: str) -> set[str]:
    """The letters left of the first sign of equality of each line."""
    heads = [line.split("=", maxsplit=1)[0] for line in re.split(r"\\\\|,|\\quad|\\qquad", display) if "=" in line]
    return {letter for head in heads for letter in re.findall(r"\\[A-Za-z]+|[A-Za-z]", head)}


def told(verdict: Verdict) -> Told:
    return verdict.verdict, verdict.evidence, verdict.reading, tuple(part.verdict for part in verdict.parts)


@cache
def taken(path: Path) -> Taken:
    return Taken(path)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_any_order(path: Path) -> None:
    page = taken(path)
    rng = random.Random(path.stem)
    for _ in range(ORDERS):
        assert page.judged(page.shuffled(rng)) == page.told


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_alone(path: Path) -> None:
    page = taken(path)
    for display in random.Random(path.stem).sample(list(page.told), min(6, len(page.told))):
        assert page.judged(page.before(display))[display] == page.told[display], page.displays[display]


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_with_and_without_repairs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    with_repairs, without = (verify(text, folder=PAGES, options=o).results for o in (Options(), BARE))
    assert [told(each) for each in with_repairs] == [told(each) for each in without]
    assert [each.links for each in with_repairs] == [each.links for each in without]


def test_any_hash_seed_and_any_pages_before() -> None:
    pages = [
        str(PAGES / f"{name}.md") for name in ("batch_norm.slips", "gated_cells.slips", "neuron_costs", "recurrent")
    ]
    command = [sys.executable, "-m", "derive", "verify", "--no-repair", "--format", "json"]
    found = []
    for seed, order in (("0", 1), ("1", 1), ("2", -1), ("42", 1)):
        given = [*command, *pages[::order]]
        done = subprocess.run(given, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed})
        found.append(json.loads(done.stdout)[::order])
    assert len(found[0]) == len(pages)
    assert all(each == found[0] for each in found)
