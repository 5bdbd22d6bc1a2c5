"""Findings of a search: what was judged how, beside what the oracle says, as a table and as a list of offenders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.timing import Row
from derive.judging.verdict import Verdict
from derive.model.text import loads
from derive.verification.verify import Options, verify_formula

BARE = Options(repairs=False)
WORDS = ("true", "definition", "undecided", "unread", "ambiguous", "false")
FAULTS = (
    "wrong true",
    "internal error",
    "wrong false",  # by numbers, or for want of a value
    "bad witness",  # rightly false, by a point outside the declared domain or at which the members do not differ
    "wrong false of shapes",
    "true without its condition",
    "false in part",  # equal wherever both sides are defined
)
"""What may be wrong with a verdict, the worst first."""

OF_TRUE = {
    **dict.fromkeys(["wrong", "nowhere", "redefines", "rounded"], "wrong true"),
    "part": "true without its condition",
}
OF_FALSE = {**dict.fromkeys(["right", "defines", "redefines"], "wrong false"), "part": "false in part"}


@dataclass(frozen=True)
class Finding:
    """A claim, the verdict on it, and what the oracle says of it."""

    model: str
    claim: str
    said: str
    verdict: Verdict
    intent: str = ""
    shown: str = ""
    """The point, or the reason, by which the oracle knows."""
    witness: str = ""
    """What is wrong with the counterexample, if something is."""
    note: str = ""

    @property
    def word(self) -> str:
        """The verdict, with the evidence of what is true."""
        known = self.verdict.verdict
        return f"true, {self.verdict.evidence}" if known == "true" else known

    @property
    def fault(self) -> str:
        """What is wrong with the verdict, one of `FAULTS`, or nothing."""
        known, evidence = self.verdict.verdict, str(self.verdict.evidence)
        if "internal error" in self.verdict.diagnosis:
            return "internal error"
        if known == "true":
            told = evidence == "rounded" if self.said == "rounded" else self.said == "part" and self.verdict.diagnosis
            return "" if told else OF_TRUE.get(self.said, "")
        if known != "false":
            return ""
        drawn = self.verdict.counterexample is not None or "no value" in self.verdict.diagnosis
        if self.said == "right" and not drawn:
            return "wrong false of shapes"
        return OF_FALSE.get(self.said, "bad witness" if self.witness else "")

    def __str__(self) -> str:
        found = self.verdict.counterexample
        lines = [f"## {self.fault or self.word}: {self.claim}", *(f"    {line}" for line in self.model.splitlines())]
        lines += [f"verdict  {self.word}", f"reading  {self.verdict.reading}", f"oracle   {self.said} {self.shown}"]
        if self.verdict.diagnosis:
            lines.append(f"says     {self.verdict.diagnosis}")
        if found is not None:
            lines.append(f"witness  {_short(found.inputs)}: {found.left} against {found.right}  {self.witness}")
        if self.intent or self.note:
            lines.append(f"made as  {self.intent} {self.note}")
        return "\n".join(lines) + "\n"


def judged(model: str, claim: str) -> Verdict:
    """The verdict on a claim, without the search for a repair."""
    return verify_formula(claim, loads(model), options=BARE).results[0]


def rows(findings: Sequence[Finding]) -> list[Row]:
    """The table: a line for each verdict and its evidence, a column for each thing that the oracle says."""
    sayings = [
        s
        for s in ("right", "wrong", "part", "nowhere", "rounded", "open", "later", "defines", "redefines")
        if any(f.said == s for f in findings)
    ]
    words = sorted({f.word for f in findings}, key=lambda word: (WORDS.index(word.partition(",")[0]), word))
    count = Counter((f.word, f.said) for f in findings)
    made = [Row(word, {said: str(count[word, said]) for said in sayings}) for word in words]
    faults = Counter((f.fault, f.said) for f in findings if f.fault)
    for fault in (kind for kind in FAULTS if any(f.fault == kind for f in findings)):
        made.append(Row(f"**{fault}**", {said: str(faults[fault, said]) for said in sayings}))
    return [*made, Row("all", {said: str(sum(f.said == said for f in findings)) for said in sayings})]


def shown_wrong(findings: Sequence[Finding]) -> list[Finding]:
    """The verdicts that are wrong by numbers: of these there must be none."""
    return [f for f in findings if f.fault in FAULTS[:4]]


def offenders(findings: Sequence[Finding]) -> str:
    """Everything that is wrong, the worst first."""
    return "\n".join(str(f) for kind in FAULTS for f in findings if f.fault == kind)


def _short(inputs: Any) -> str:
    return ", ".join(f"{key}={value}" for key, value in inputs.items())
