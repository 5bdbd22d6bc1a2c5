"""The smallest repair of a false statement.

Members that are equal form classes. For each class as the one that is right, every other member is repaired to equal
it; the choice with the lowest cost wins. A left side that is a derivative is right by what it says, so the class of the
left side comes first, and it is edited itself only where that is the smaller change. Where one edit of a member is not
enough, an edit that gives it a value comes first, then another one. The winner is judged like any claim.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from derive.check.claim_judge import Judgement, judge
from derive.check.reader import Reader
from derive.check.repair.bench import Bench, OutOfTime, Tried
from derive.check.repair.edit import Edit
from derive.check.repair.scope import scoped
from derive.check.repair.table import candidates, whole_candidates
from derive.check.repair.vocabulary import vocabulary
from derive.check.verdict import unique
from derive.claims.layout import Layout, replaced
from derive.claims.nodes import Offsets
from derive.errors import DeriveError

MOST_EDITS = 4
MOST_STEPS = 6
MOST_PAIRS = 600
KEPT = 0.5
_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|\w|[^\s\w]")


@dataclass(frozen=True)
class PartRepair:
    """What was wrong with one statement: keys, a sentence, where, and under which convention it would be right."""

    defects: tuple[str, ...]
    sentence: str
    edits: tuple[Edit, ...] = ()
    span: Offsets | None = None
    by_convention: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Repair:
    """The repaired display (None if a part of it could not be repaired) and what was done, by statement."""

    source: str | None
    parts: Mapping[int, PartRepair]


@dataclass(frozen=True)
class Fix:
    """Edits of one statement and the source they lead to."""

    edits: tuple[Edit, ...]
    source: str
    cost: float


def repair(reader: Reader, layout: Layout, judgements: Sequence[Judgement], *, seconds: float) -> Repair:
    """Repair every false statement of a display, one after the other."""
    source = layout.source
    end = time.monotonic() + seconds
    parts: dict[int, PartRepair] = {}
    complete = True
    for number, judgement in enumerate(judgements):
        if judgement.verdict != "false":
            continue
        current = source
        found = _repaired(reader, current, number, end)
        if found is None or not _keeps(current, found.source):
            complete = False
            sentence = "no small repair was found" if not _given(judgement) else ""
            parts[number] = PartRepair(_given(judgement), "; ".join([*_reasons(judgement), sentence]).strip("; "))
            continue
        source = found.source
        spans = [span for edit in found.edits for span, _ in edit.changes]
        keys = unique([edit.defect for edit in found.edits])
        sentence = "; ".join(unique([edit.sentence for edit in found.edits]))
        parts[number] = PartRepair(keys, sentence, found.edits, min(spans, default=None))
    return Repair(source if complete else None, parts)


def _squeezed(text: str) -> str:
    """A text without blanks: a member that only repeats another one says nothing."""
    return "".join(text.split())


def _given(judgement: Judgement) -> tuple[str, ...]:
    shown = judgement.shown
    return unique([f.defect for f in shown.findings if f.defect]) if shown is not None else ()


def _reasons(judgement: Judgement) -> list[str]:
    shown = judgement.shown
    return (
        list(unique([f.reason for f in shown.findings if f.word == "false" and f.reason])) if shown is not None else []
    )


def _keeps(before: str, after: str) -> bool:
    """Whether at least half of the author's tokens are still there."""
    a, b = _TOKENS.findall(before), _TOKENS.findall(after)
    kept = sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return kept >= KEPT * len(a)


def _repaired(reader: Reader, source: str, number: int, end: float) -> Fix | None:
    """The cheapest fix of a statement that the judge accepts."""
    _, claims = reader(source)
    claim = claims[number]
    bench = Bench(reader, source, number, claim.statement, vocabulary(reader.graph), end)
    plain = all(relation.text in ("=", ":=", r"\equiv") for relation in claim.statement.relations)
    kinds = {reading.kind for reading in claim.readings}
    chain = plain and bench.count > 1 and not kinds & {"update", "order", "shape", "convention", "range"}
    best: Fix | None = None
    try:
        for fix in _Chain(bench, bench.tried(claim)).fixes() if chain else _whole_fixes(bench):
            if _accepted(reader, fix, number):
                return fix
    except OutOfTime:
        pass
    return best


def _accepted(reader: Reader, fix: Fix, number: int) -> bool:
    try:
        _, claims = reader(fix.source)
    except DeriveError:
        return False
    judged = [judge(claim, counterexample=False) for claim in claims[number:]]
    return bool(judged) and judged[0].verdict == "true"


def _whole_fixes(bench: Bench) -> Iterator[Fix]:
    """One edit anywhere, for a statement that is no chain of equations."""
    found = [edit for k in range(bench.count) for edit in candidates(replace(bench.scene(k), first=False))]
    for edit in sorted(found, key=lambda edit: edit.cost):
        source = replaced(bench.source, edit.changes)
        if bench.whole(source).holds:
            yield Fix((edit,), source, edit.cost)


@dataclass
class _Chain:
    """The repair of a chain of equations."""

    bench: Bench
    start: Tried

    def fixes(self) -> Iterator[Fix]:
        """Complete fixes, cheapest first as far as that is known."""
        found = list(self.whole_edits())
        if not found:
            classes = self.classes()
            found = [fix for chosen in classes if (fix := self.towards(chosen, classes)) is not None]
        if not found:
            found = list(self.left_first())
        yield from sorted(found, key=lambda fix: fix.cost)

    def classes(self) -> list[list[int]]:
        """Members that are equal to each other, the class of the left side first."""
        bench = self.bench
        classes: list[list[int]] = [[0]]
        for k in range(1, bench.count):
            if k - 1 < len(self.start.links) and self.start.links[k - 1]:
                next(group for group in classes if k - 1 in group).append(k)
                continue
            for group in classes:
                if bench.count > 2 and bench.pair(bench.text(group[0]), bench.text(k)).holds:
                    group.append(k)
                    break
            else:
                classes.append([k])
        return classes

    def towards(self, chosen: list[int], classes: list[list[int]]) -> Fix | None:
        """Every member outside of the chosen class repaired to equal it."""
        bench = self.bench
        if chosen[0] in self.start.problems:
            return None
        right = bench.text(chosen[0])
        edits: list[Edit] = []
        texts: dict[int, str] = {}
        outside = sorted(k for group in classes if group is not chosen for k in group)
        extra: list[str] = []
        for k in outside:
            found = self.member(k, right, single=0 not in chosen)
            if found is None:
                return None
            edits += found.edits
            texts[k] = found.source
        changes = [(bench.place(k), text) for k, text in texts.items() if text is not None]
        source = replaced(bench.source, changes)
        scopes = [edit for edit in edits if edit.defect == "scope"]
        if scopes:
            source = scoped(bench, texts, [k for k in outside if texts[k] == bench.text(k)], edits)
        return Fix(tuple(edits), source + "".join(extra), sum(edit.cost for edit in edits) + 0.3 * (0 not in chosen))

    def member(self, k: int, right: str, *, single: bool) -> Fix | None:
        """The cheapest edits of member k that make it equal to `right`; `source` is its new text."""
        tried = self.compare(k, right, self.bench.text(k))
        found = self.one_edit(k, right)
        if found is not None or single:
            return found
        if k > 0 and tried.scopes and tried.scopes[0] and any(tried.scopes[0]) and tried.failing[0]:
            layers = ", ".join(tried.scopes[0])
            edit = Edit(
                "scope", ((self.bench.statement.members[k].span, self.bench.text(k)),), f"true for {layers} only", 1.5
            )
            return Fix((edit,), self.bench.text(k), 1.5)
        return self.staged(k, right) or self.two_edits(k, right)

    def compare(self, k: int, right: str, text: str) -> Tried:
        return self.bench.pair(text, right) if k == 0 else self.bench.pair(right, text)

    def one_edit(self, k: int, right: str) -> Fix | None:
        for edit in candidates(self.bench.scene(k, self.start)):
            text = self.bench.edited(k, edit.changes)
            if _squeezed(text) != _squeezed(right) and self.compare(k, right, text).holds:
                return Fix((edit,), text, edit.cost)
        return None

    def staged(self, k: int, right: str) -> Fix | None:
        """For a member without a value: first an edit that gives it one, then others, up to four in all."""
        if k not in self.start.problems:
            return None
        bench = self.bench
        before = self.start.problems[k].message
        mine = 0 if k == 0 else 1
        steps = 0
        for edit in candidates(bench.scene(k, self.start)):
            text = bench.edited(k, edit.changes)
            after = self.compare(k, right, text)
            if not after.links or (mine in after.problems and after.problems[mine].message == before):
                continue
            steps += 1
            if steps > MOST_STEPS:
                return None
            found = self.continued(k, right, text, MOST_EDITS - 1)
            if found is not None:
                return Fix((edit, *found.edits), found.source, edit.cost + found.cost)
        return None

    def continued(self, k: int, right: str, text: str, depth: int) -> Fix | None:
        """The repair of a member that has been edited already."""
        bench = self.bench
        source = replaced(bench.source, [(bench.place(k), text)])
        try:
            _, claims = bench.reader(source)
        except DeriveError:
            return None
        if bench.number >= len(claims) or len(claims[bench.number].statement.members) != bench.count:
            return None
        claim = claims[bench.number]
        inner = _Chain(
            Bench(bench.reader, source, bench.number, claim.statement, bench.words, bench.end), bench.tried(claim)
        )
        found = inner.one_edit(k, right)
        if found is None and depth > 1:
            found = inner.staged(k, right)
        return found

    def two_edits(self, k: int, right: str) -> Fix | None:
        """Two edits at once, for a member that has a value: pairs of the likeliest, by their cost."""
        edits = [edit for edit in candidates(self.bench.scene(k, self.start)) if edit.cost <= 1.15][:60]
        pairs = sorted(
            ((a.cost + b.cost, i, j) for i, a in enumerate(edits) for j, b in enumerate(edits[:i])), key=lambda p: p[0]
        )
        for cost, i, j in pairs[:MOST_PAIRS]:
            both = Edit("", (*edits[i].changes, *edits[j].changes), "")
            if both.overlaps:
                continue
            text = self.bench.edited(k, both.changes)
            if self.compare(k, right, text).holds:
                return Fix((edits[j], edits[i]), text, cost)
        return None

    def whole_edits(self) -> Iterator[Fix]:
        """An edit that changes several members at once."""
        for edit in whole_candidates(self.bench.scene(0)):
            source = replaced(self.bench.source, edit.changes)
            if self.bench.whole(source).holds:
                yield Fix((edit,), source, edit.cost)

    def left_first(self) -> Iterator[Fix]:
        """A left side that says nothing yet (a ratio, an unknown name): repaired first, and the others after it."""
        bench = self.bench
        for edit in candidates(bench.scene(0, self.start)):
            if edit.defect not in ("missing_partial", "undefined_symbol"):
                continue
            source = replaced(bench.source, edit.changes)
            try:
                _, claims = bench.reader(source)
            except DeriveError:
                continue
            claim = claims[bench.number]
            if claim.unread is not None or len(claim.statement.members) != bench.count:
                continue
            inner = _Chain(
                Bench(bench.reader, source, bench.number, claim.statement, bench.words, bench.end), bench.tried(claim)
            )
            classes = inner.classes()
            found = inner.towards(classes[0], classes)
            if found is not None:
                yield Fix((edit, *found.edits), found.source, edit.cost + found.cost)
