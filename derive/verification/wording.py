"""From judgements and repairs to the verdict on an item: what is said of it, and in which words."""

from __future__ import annotations

from dataclasses import replace

from derive.errors import DeriveError, Span
from derive.judging.judgement import Judgement
from derive.judging.verdict import LinkWord, Verdict, unique, weakest, worst
from derive.pages.page import Item
from derive.repair.search import Repair
from derive.typography.layout import Layout


def bare(item: Item, diagnosis: str, span: tuple[int, int] | None = None) -> Verdict:
    """An item that could not be read, and why."""
    return Verdict(
        item.tag, item.line, "formula" if item.kind == "formula" else "code", item.source, "unread",
        diagnosis=diagnosis, span=span or (0, len(item.source)),
    )  # fmt: skip


def unread(item: Item, error: DeriveError) -> Verdict:
    """An item whose reading ended in an error, with its place."""
    span = _offsets(item.source, error.span) if error.span is not None else None
    hint = f"; {error.hint}" if error.hint else ""
    return bare(item, error.message + hint, span)


def _offsets(source: str, span: Span) -> tuple[int, int]:
    """A line and column as offsets in the source of the formula."""
    lines = source.split("\n")
    line = min(max(span.line, 1), len(lines))
    start = sum(len(text) + 1 for text in lines[: line - 1]) + min(span.column - 1, len(lines[line - 1]))
    return start, min(len(source), start + max(1, span.width))


def assembled(
    item: Item, layout: Layout, judgements: tuple[Judgement, ...], found: Repair | None, *, no_model: bool
) -> Verdict:
    """The verdict on a display, from its statements and their repairs."""
    parts = [_part(item, layout, judgement, found, k, no_model) for k, judgement in enumerate(judgements)]
    verdict = worst(part.verdict for part in parts)
    if {part.verdict for part in parts} == {"true", "definition"} and all(parts):
        verdict = "true"
    speaking = next(part for part in parts if part.verdict == verdict or len(parts) == 1 or verdict == "true")
    slips = [slip.kind for slip in layout.slips]
    defects = unique([*(key for part in parts for key in part.defects), *slips])
    return replace(
        speaking,
        latex=item.source,
        verdict=verdict,
        reading="; ".join(part.reading for part in parts if part.reading),
        evidence=weakest(part.evidence for part in parts if part.verdict != "definition"),
        links=tuple(link for part in parts for link in part.links),
        parts=tuple(parts) if len(parts) > 1 else (),
        defects=defects,
        diagnosis="; ".join(unique([part.diagnosis for part in parts if part.diagnosis])),
        correct_latex=found.source if found is not None else None,
    )


def _part(
    item: Item, layout: Layout, judgement: Judgement, found: Repair | None, number: int, no_model: bool
) -> Verdict:
    claim = judgement.claim
    start, end = claim.statement.span
    blank = Verdict(claim.statement.tag or item.tag, item.line, "formula", layout.source[start:end], judgement.verdict)
    if claim.unread is not None or judgement.shown is None:
        expected = claim.unread.expected if claim.unread is not None else "a formula"
        diagnosis = f"cannot be read: expected {expected}"
        if no_model:
            diagnosis += "; no model is given for this formula"
        span = claim.unread.span if claim.unread is not None else (start, end)
        return replace(blank, diagnosis=diagnosis, span=span)
    shown = judgement.shown
    notes = [note for one in judgement.judged for note in one.reading.notes]
    mine = found.parts.get(number) if found is not None else None
    wrong = [finding for finding in shown.findings if finding.word == "false"]
    shows = next((finding.counterexample for finding in wrong if finding.counterexample), None)
    reasons = [finding.reason for finding in shown.findings if finding.word != "true" and finding.reason]
    defects = [note.kind for note in notes]
    diagnosis = ""
    if judgement.verdict == "false":
        changed = [span for edit in mine.edits for span, _ in edit.changes] if mine is not None else []
        notes = [note for note in notes if not any(a <= note.span[1] and note.span[0] <= b for a, b in changed)]
        given = [finding.defect for finding in wrong if finding.defect]
        defects = [*(mine.defects if mine is not None else given), *(note.kind for note in notes)]
        diagnosis = mine.sentence if mine is not None and mine.sentence else "; ".join(unique(reasons))
        diagnosis = diagnosis or f"the members are not equal{', and no small repair was found' if found else ''}"
    elif judgement.verdict == "undecided":
        diagnosis = "; ".join(unique(reasons)) or "could not be decided"
    elif judgement.verdict == "ambiguous":
        diagnosis = _ambiguity(judgement)
    elif judgement.verdict == "definition":
        diagnosis = claim.remark
    elif judgement.verdict == "true":
        said = [finding.reason for finding in shown.findings] if shown.reading.kind == "expression" else []
        under = [finding.condition for finding in shown.findings if finding.condition]
        diagnosis = "; ".join(unique([*said, *under, *(note.text for note in notes)]))
    return replace(
        blank,
        reading=_readings(judgement),
        evidence=judgement.evidence,
        links=_links(judgement),
        defects=unique(defects),
        diagnosis=diagnosis,
        one_sided=unique([told for finding in shown.findings for told in finding.one_sided]),
        counterexample=shows if judgement.verdict in ("false", "ambiguous") else None,
        by_convention=dict(mine.by_convention) if mine is not None else {},
        span=mine.span if mine is not None and mine.span is not None else _place(judgement),
    )


def _readings(judgement: Judgement) -> str:
    if judgement.verdict == "ambiguous":
        return " | ".join(f"{one.reading.text} [{one.word}]" for one in judgement.judged)
    return judgement.shown.reading.text if judgement.shown is not None else ""


def _ambiguity(judgement: Judgement) -> str:
    if any(one.reading.hides_term for one in judgement.judged):
        return "a token without meaning may hide a term"
    words = ", ".join(f"{one.reading.text}: {one.word}" for one in judgement.judged)
    return f"it can be read in several ways, which disagree ({words})"


def _place(judgement: Judgement) -> tuple[int, int]:
    """The member behind the first broken relation, the statement if none is broken."""
    statement = judgement.claim.statement
    shown = judgement.shown
    if shown is not None:
        if shown.problem is not None:
            return shown.problem.span
        for k in shown.broken:
            if k + 1 < len(statement.members):
                return statement.members[k + 1].span
    return statement.span


def _links(judgement: Judgement) -> tuple[LinkWord, ...]:
    """A word for each relation; what else must hold (the sign of an update) counts with the last."""
    count = len(judgement.claim.statement.relations)
    links = judgement.links
    if len(links) <= count or not count:
        return links
    rest = links[count - 1 :]
    last = next((word for word in ("false", "ambiguous", "undecided") if word in rest), rest[0])
    return (*links[: count - 1], last)
