"""A page from its text to its report: each formula read with the model at its place, judged, repaired if it is false.

    text -> Page -> for every item: Layout -> Claims -> Judgements -> (Repair) -> Verdict        -> Report

Definitions on the page hold for the formulas after them. What goes wrong with one item is the verdict on that item;
only a page or a model that cannot be read at all is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from derive.check import code_blocks
from derive.check.claim_judge import TIME_LIMIT, Judgement, judge
from derive.check.conventions import Found, find_conflicts
from derive.check.equality import Level
from derive.check.layouts import Undetermined, established
from derive.check.neighbours import with_shared_faults
from derive.check.reader import Reader
from derive.check.repair.search import Repair, repair
from derive.check.verdict import Report, Verdict, VerdictWord, unique, weakest, worst
from derive.claims.claim import Claim, Definition
from derive.claims.context import Context
from derive.claims.layout import Layout
from derive.claims.page import Item, ModelSource, Page
from derive.claims.scan import read_page
from derive.errors import DeriveError, ModelError, Span
from derive.ir.graph import Graph
from derive.model.load import gallery, gallery_text, load
from derive.model.text import loads

EMPTY = Graph(name="")
REPAIR_SECONDS = 6.0
"""The time for the repair of one display; what is not found then is not offered."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """How a page is judged. `level="proved"` accepts proofs for all sizes only; `run_code` runs Python fences."""

    level: Level = "any"
    run_code: bool = False
    repairs: bool = True
    seconds: float = TIME_LIMIT


def verify(
    content: str | bytes,
    *,
    page: str = "",
    model: Graph | None = None,
    folder: Path | None = None,
    latex: bool | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Report:
    """Judge every formula of a page. `model` holds where the page names none; `folder` is where its models lie.

    Raises ClaimError for what is no text, ModelError and ShapeError for a model that is not accepted.
    """
    read = read_page(content, latex=latex)
    return _Run(read, page, model, folder, options or Options()).report(progress)


def verify_formula(
    source: str, model: Graph | None = None, *, options: Options | None = None, page: str = "-e"
) -> Report:
    """Judge one formula, given as LaTeX or Unicode mathematics with or without its delimiters. Raises nothing."""
    text = undelimited(source)
    item = Item("formula", text, 1, 1, (0, len(text)))
    return _Run(Page(text, (item,)), page, model, None, options or Options()).report(None)


def undelimited(source: str) -> str:
    r"""The formula without `$`, `$$`, `\[ \]` or `\( \)` around it."""
    text = source.strip()
    for opening, closing in (("$$", "$$"), (r"\[", r"\]"), (r"\(", r"\)"), ("$", "$")):
        if len(text) >= len(opening) + len(closing) and text.startswith(opening) and text.endswith(closing):
            return text[len(opening) : -len(closing)].strip()
    return text


@dataclass
class _Run:
    """The state of judging one page: models by their source, and what the page has defined so far."""

    page: Page
    name: str
    default: Graph | None
    folder: Path | None
    options: Options
    graphs: dict[ModelSource, Graph] = field(default_factory=dict)
    contexts: dict[int, Context] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    judged: list[tuple[Item, Graph, Verdict, tuple[Judgement, ...]]] = field(default_factory=list)
    places: dict[int, Context] = field(default_factory=dict)

    def report(self, progress: Progress | None) -> Report:
        for source in self.page.models:
            self.graph(source)
        items = [item for item in self.page.items if not item.skip]
        for done, item in enumerate(items):
            if progress is not None:
                progress(done, len(items))
            self.add(item)
        self.settle_layout()
        names = unique([self._model_name(source) for source in self.page.models])
        judged = [
            Found(self.context(graph), item.macros, verdict, found) for item, graph, verdict, found in self.judged
        ]
        conflicts, more = find_conflicts(judged)
        results = with_shared_faults([more.get(k, entry.verdict) for k, entry in enumerate(judged)])
        warnings = [f"line {w.line}: {w.message}" + (f"; {w.hint}" if w.hint else "") for w in self.page.warnings]
        default = self.default.name if self.default is not None else ""
        return Report(
            self.name, ", ".join(names) or default, tuple(results), conflicts, tuple(self.assumed), tuple(warnings)
        )

    # ----- models -----

    def graph(self, source: ModelSource | None) -> Graph:
        """The model at an item's place. A model of the page that is not accepted is an error of the page."""
        if source is None:
            return self.default or EMPTY
        if source not in self.graphs:
            try:
                self.graphs[source] = self._loaded(source)
            except DeriveError as error:
                raise _placed(error, source, self.name) from error
        return self.graphs[source]

    def _loaded(self, source: ModelSource) -> Graph:
        if source.text is not None:
            return loads(source.text)
        name = source.name or ""
        if name in gallery():
            return loads(gallery_text(name), file=name, name=name)
        path = Path(name)
        return load(self.folder / path if self.folder is not None and not path.is_absolute() else path)

    def context(self, graph: Graph) -> Context:
        """What formulas are read against: a model, and what the page has defined so far."""
        if id(graph) not in self.contexts:
            self.contexts[id(graph)] = Context(graph)
        return self.contexts[id(graph)]

    def _model_name(self, source: ModelSource) -> str:
        return source.name or f"line {source.line}"

    # ----- items -----

    def add(self, item: Item) -> None:
        graph = self.graph(item.model)
        found: tuple[Judgement, ...] = ()
        try:
            if item.kind == "code":
                verdict = code_blocks.judge_code(item, graph, run=self.options.run_code)
            elif item.error is not None:
                verdict = _unread(item, item.error)
            else:
                self.places[len(self.judged)] = self.context(graph)
                verdict, found = self.formula(item, self.context(graph))
        except DeriveError as error:
            verdict = _unread(item, error)
        except RecursionError:
            verdict = _unread(item, ModelError("the formula is nested too deeply to be judged"))
        verdict = replace(verdict, expected=cast("VerdictWord | None", item.expect))
        self.judged.append((item, graph, verdict, found))

    def settle_layout(self) -> None:
        """Judge again what was ambiguous only for want of a layout, if the page establishes one."""
        layout, places = established(
            [
                Undetermined(k, item.source, self.places[k], item.macros)
                for k, (item, _, verdict, _) in enumerate(self.judged)
                if verdict.verdict == "ambiguous"
            ]
        )
        if layout is None:
            return
        self.assumed[f"{layout} layout, which the page establishes"] = None
        for k in places:
            item, graph, _, _ = self.judged[k]
            verdict, found = self.formula(item, replace(self.places[k], layout=layout))
            self.judged[k] = item, graph, replace(verdict, expected=cast("VerdictWord | None", item.expect)), found

    def formula(self, item: Item, context: Context) -> tuple[Verdict, tuple[Judgement, ...]]:
        """The verdict on a display: its statements judged, and repaired as far as they are false."""
        graph = context.graph
        reader = Reader(context, item.macros)
        layout, claims = reader(item.source)
        if context is self.context(graph):
            self.contexts[id(graph)] = context.with_definitions(_defined(claims))
        if not claims:
            return _bare(item, "there is nothing in it that could be judged"), ()
        judgements = tuple(judge(claim, level=self.options.level, seconds=self.options.seconds) for claim in claims)
        for judgement in judgements:
            for reading in judgement.claim.readings:
                self.assumed.update(dict.fromkeys(reading.assumed))
        found = None
        if self.options.repairs and any(judgement.verdict == "false" for judgement in judgements):
            found = repair(reader, layout, judgements, seconds=REPAIR_SECONDS)
        no_model = graph is EMPTY
        return _assembled(item, layout, judgements, found, no_model=no_model), judgements


def _defined(claims: Iterable[Claim]) -> tuple[Definition, ...]:
    return tuple(claim.readings[0].defines for claim in claims if claim.readings and claim.readings[0].defines)


# ---------------------------------------------------------------------------- verdicts


def _bare(item: Item, diagnosis: str, span: tuple[int, int] | None = None) -> Verdict:
    return Verdict(
        item.tag, item.line, "formula" if item.kind == "formula" else "code", item.source, "unread",
        diagnosis=diagnosis, span=span or (0, len(item.source)),
    )  # fmt: skip


def _unread(item: Item, error: DeriveError) -> Verdict:
    span = _offsets(item.source, error.span) if error.span is not None else None
    hint = f"; {error.hint}" if error.hint else ""
    return _bare(item, error.message + hint, span)


def _offsets(source: str, span: Span) -> tuple[int, int]:
    """A line and column as offsets in the source of the formula."""
    lines = source.split("\n")
    line = min(max(span.line, 1), len(lines))
    start = sum(len(text) + 1 for text in lines[: line - 1]) + min(span.column - 1, len(lines[line - 1]))
    return start, min(len(source), start + max(1, span.width))


def _placed(error: DeriveError, source: ModelSource, page: str) -> DeriveError:
    """An error of a model in a fence, at its line of the page; of a named model, at the line that names it."""
    if source.text is not None and error.span is not None:
        span = replace(error.span, line=error.span.line + source.line, file=page or None)
    else:
        span = Span(source.line, 1, file=page or None)
    return type(error)(error.message, span=span, hint=error.hint)


def _assembled(
    item: Item, layout: Layout, judgements: tuple[Judgement, ...], found: Repair | None, *, no_model: bool
) -> Verdict:
    parts = [_part(item, layout, judgement, found, k, no_model) for k, judgement in enumerate(judgements)]
    verdict = worst(part.verdict for part in parts)
    if {part.verdict for part in parts} == {"true", "definition"}:
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
        diagnosis = diagnosis or "the members are not equal, and no small repair was found"
    elif judgement.verdict == "undecided":
        diagnosis = "; ".join(unique(reasons)) or "could not be decided"
    elif judgement.verdict == "ambiguous":
        diagnosis = _ambiguity(judgement)
    elif judgement.verdict == "true":
        said = [finding.reason for finding in shown.findings] if shown.reading.kind == "expression" else []
        diagnosis = "; ".join(unique([*said, *(note.text for note in notes)]))
    return replace(
        blank,
        reading=_readings(judgement),
        evidence=judgement.evidence,
        links=judgement.links,
        defects=unique(defects),
        diagnosis=diagnosis,
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
