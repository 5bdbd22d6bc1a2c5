"""What was found out: verdicts on formulas, and the report of a page, as plain data.

    true < definition < undecided < unread < ambiguous < false        from the best to the worst

A display of several statements has its worst part's verdict. `to_json` gives the data that scripts rely on (schema 1);
nothing here can fail on a verdict that was made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

VerdictWord = Literal["true", "false", "ambiguous", "definition", "undecided", "unread"]
LinkWord = Literal["true", "false", "ambiguous", "definition", "undecided"]
Evidence = Literal["proved", "proved-at-sizes", "probed", "rounded"]

SCHEMA = 1
ORDER: tuple[VerdictWord, ...] = ("true", "definition", "undecided", "unread", "ambiguous", "false")
STRENGTH: tuple[Evidence, ...] = ("rounded", "probed", "proved-at-sizes", "proved")


def worst(verdicts: Iterable[VerdictWord]) -> VerdictWord:
    """The verdict of a whole, from those of its parts."""
    return max(verdicts, key=ORDER.index, default="true")


def weakest(evidence: Iterable[Evidence | None]) -> Evidence | None:
    """What a chain of findings rests on: the weakest of them; None if one has no evidence, or there are none."""
    found = list(evidence)
    known = [kind for kind in found if kind is not None]
    return min(known, key=STRENGTH.index) if known and len(known) == len(found) else None


@dataclass(frozen=True)
class Counterexample:
    """Small numbers at which two members differ: `inputs` as plain numbers and nested lists, sizes included."""

    inputs: Mapping[str, Any]
    left: float
    right: float


@dataclass(frozen=True)
class Verdict:
    """The finding on one item of a page, or on one statement of it (`parts`).

    `links` has one word for each relation, in order. `span` is the place in `latex` that the diagnosis speaks of, as
    offsets, end exclusive. `defects` are keys of `derive.judging.defects`. `correct_latex` is the repaired source, in
    the author's notation; `by_convention` tells what else would make a false formula true. `expected` is what the page
    itself said the verdict should be. `one_sided` names the sides of conditions on which no point was found.
    """

    tag: str | None
    line: int
    kind: Literal["formula", "code"]
    latex: str
    verdict: VerdictWord
    reading: str = ""
    evidence: Evidence | None = None
    links: tuple[LinkWord, ...] = ()
    parts: tuple[Verdict, ...] = ()
    defects: tuple[str, ...] = ()
    diagnosis: str = ""
    correct_latex: str | None = None
    correct_code: str | None = None
    counterexample: Counterexample | None = None
    by_convention: Mapping[str, str] = field(default_factory=dict)
    span: tuple[int, int] = (0, 0)
    expected: VerdictWord | None = None
    one_sided: tuple[str, ...] = ()

    @property
    def as_expected(self) -> bool:
        """Whether the page's own expectation, if it states one, is met."""
        return self.expected is None or self.expected == self.verdict

    def __bool__(self) -> bool:
        """Whether nothing is left open; a definition with a diagnosis is none of what its name stands for elsewhere."""
        return self.verdict == "true" or (self.verdict == "definition" and not self.diagnosis)

    def __str__(self) -> str:
        """`(8-14)  false: extra factor 1/m; correct: ...`"""
        place = f"({self.tag})" if self.tag else f"line {self.line}"
        known = f" [{self.evidence}]" if self.evidence and self.verdict == "true" else ""
        said = f": {self.diagnosis}" if self.diagnosis else ""
        correct = f"; correct: {self.correct_latex}" if self.correct_latex else ""
        return f"{place}  {self.verdict}{known}{said}{correct}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `correct_code` only for code."""
        data: dict[str, Any] = {
            "tag": self.tag,
            "line": self.line,
            "kind": self.kind,
            "latex": self.latex,
            "reading": self.reading,
            "verdict": self.verdict,
            "evidence": self.evidence,
            "links": list(self.links),
            "parts": [part.to_dict() for part in self.parts],
            "defects": list(self.defects),
            "diagnosis": self.diagnosis,
            "correct_latex": self.correct_latex,
            "counterexample": None if self.counterexample is None else _plain(asdict(self.counterexample)),
            "by_convention": dict(self.by_convention),
            "span": list(self.span),
            "expected": self.expected,
        }
        if self.kind == "code":
            data["correct_code"] = self.correct_code
        return data


@dataclass(frozen=True)
class Report:
    """All verdicts of a page. `conflicts` are formulas that need opposite conventions, `assumed` what was taken for
    granted to read them, `warnings` what is odd about the page itself. `passed_over` counts the equations of a page on
    which nothing is judged: it stays open."""

    page: str
    model: str
    results: tuple[Verdict, ...]
    conflicts: tuple[Mapping[str, Any], ...] = ()
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    passed_over: int = 0

    def __iter__(self) -> Any:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __str__(self) -> str:
        return "\n".join(map(str, self.results)) or "no formulas"

    def __getitem__(self, tag: str) -> Verdict:
        """The verdict on the formula of that tag. KeyError if there is none."""
        for result in self.results:
            if result.tag == tag:
                return result
        raise KeyError(tag)

    def count(self, verdict: VerdictWord) -> int:
        """How many items have that verdict."""
        return sum(result.verdict == verdict for result in self.results)

    @property
    def exit_code(self) -> int:
        """1 if something is false, 3 if something stayed open, else 0; an item that is as expected is no failure."""
        open_items = [result for result in self.results if result.expected is None or not result.as_expected]
        if any(result.verdict == "false" or not result.as_expected for result in open_items):
            return 1
        return 3 if self.passed_over or any(not result for result in open_items) else 0

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, schema 1."""
        return {
            "schema": SCHEMA,
            "page": self.page,
            "model": self.model,
            "conflicts": [dict(conflict) for conflict in self.conflicts],
            "assumed": list(self.assumed),
            "results": [result.to_dict() for result in self.results],
        }

    def to_json(self, indent: int | None = None) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)


def unique(words: Sequence[str]) -> tuple[str, ...]:
    """Each word once, in order."""
    return tuple(dict.fromkeys(words))


def _plain(value: Any) -> Any:
    """Numbers that JSON has; what is not finite becomes text."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)
