"""What was found of a claim: of each link, of each reading by its best way, of all readings together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from derive.judging.verdict import Counterexample, Evidence, LinkWord, VerdictWord, weakest
from derive.meaning.claim import Claim, Problem, Reading

Word = Literal["true", "false", "undecided"]


@dataclass(frozen=True)
class Finding:
    """What was found of one link in one case, or of one link in all cases.

    `holds` names the cases in which it is true, `fails` those in which it is false. `condition`: where alone a true
    link says something, in words. `one_sided`: sides of conditions on which no point was found.
    """

    word: Word
    evidence: Evidence | None = None
    counterexample: Counterexample | None = None
    reason: str = ""
    defect: str | None = None
    holds: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    condition: str = ""
    one_sided: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A reading with the findings of its best way."""

    reading: Reading
    word: Word
    findings: tuple[Finding, ...]
    way: int = 0

    @property
    def links(self) -> tuple[LinkWord, ...]:
        """One word for each relation; a bare expression has none."""
        if self.reading.kind == "expression":
            return ()
        return tuple(
            "definition" if k in self.reading.defining else finding.word for k, finding in enumerate(self.findings)
        )

    @property
    def broken(self) -> tuple[int, ...]:
        """The links that are false."""
        return tuple(k for k, word in enumerate(self.links) if word == "false")

    @property
    def problem(self) -> Problem | None:
        """The first member without a value."""
        cases = self.reading.ways[self.way]
        return next((m for case in cases for m in case.members if isinstance(m, Problem)), None)


@dataclass(frozen=True)
class Judgement:
    """A claim judged: `shown` is the reading that the report speaks of, `judged` all of them."""

    claim: Claim
    verdict: VerdictWord
    judged: tuple[Judged, ...]

    @property
    def shown(self) -> Judged | None:
        """The first false reading if the claim is not true, else the first."""
        if self.verdict not in ("true", "definition"):
            for word in ("false", "undecided"):
                for one in self.judged:
                    if one.word == word:
                        return one
        return self.judged[0] if self.judged else None

    @property
    def links(self) -> tuple[LinkWord, ...]:
        """Link by link over all readings: where they disagree, `ambiguous`."""
        rows = [one.links for one in self.judged]
        if not rows or len({len(row) for row in rows}) > 1:
            return self.shown.links if self.shown else ()
        return tuple(column[0] if len(set(column)) == 1 else "ambiguous" for column in zip(*rows, strict=True))

    @property
    def evidence(self) -> Evidence | None:
        """The weakest evidence over the links and readings that the verdict rests on; None for what was not decided."""
        if self.verdict not in ("true", "false"):
            return None
        findings = [finding for one in self.judged for finding in one.findings]
        resting = [f for f in findings if f.word == self.verdict] or [f for f in findings if f.word != "undecided"]
        return weakest(finding.evidence for finding in resting) if resting else None
