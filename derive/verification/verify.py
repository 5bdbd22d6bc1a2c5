"""A page from its text to its report: each formula read with the model at its place, judged, repaired if it is false.

    text -> Page -> for every item: Layout -> Claims -> Judgements -> (Repair) -> Verdict        -> Report

Definitions on the page hold for the formulas after them. What goes wrong with one item is the verdict on that item;
only a page or a model that cannot be read at all is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import cast

from derive.equality.equality import Level
from derive.equality.recent import PerGraph
from derive.errors import DeriveError, ModelError, Span
from derive.ir.graph import ComputationGraph
from derive.judging.claim_judge import TIME_LIMIT, judge
from derive.judging.judgement import Judgement
from derive.judging.reader import Reader
from derive.judging.verdict import Report, Verdict, VerdictWord, unique
from derive.listings.blocks import judge_code
from derive.meaning.claim import Claim, Definition
from derive.meaning.context import Context
from derive.meaning.typed import as_latex
from derive.model.load import gallery, gallery_text
from derive.model.page_models import load_beside
from derive.model.text import loads
from derive.pages.page import Item, ModelSource, Page
from derive.pages.scan import read_page
from derive.repair.search import repair
from derive.typography.typed_claims import undelimited
from derive.verification.asides import is_second, name_of, said_in
from derive.verification.assumptions import without_assumptions
from derive.verification.conventions import JudgedItem, find_conflicts
from derive.verification.further_down import Spoken, reconsidered, taking
from derive.verification.layouts import Placed, established
from derive.verification.neighbours import with_shared_faults
from derive.verification.restricted import under_circumstances
from derive.verification.settings import repaired_in_layout, right_by_symmetry, right_under
from derive.verification.wording import assembled, bare, unread

EMPTY = ComputationGraph(name="")
REPAIR_SECONDS = 5.0
"""The time for the repair of one display; what is not found then is not offered."""

Progress = Callable[[int, int], None]
_contexts = PerGraph(Context)
"""Vocabularies and derivatives are kept with a context: pages about one model share them."""
MODELS_KEPT = 32


@lru_cache(MODELS_KEPT)
def _from_gallery(name: str) -> ComputationGraph:
    return loads(gallery_text(name), file=name, name=name)


@lru_cache(MODELS_KEPT)
def _from_text(text: str) -> ComputationGraph:
    return loads(text)


@dataclass(frozen=True)
class Options:
    """How a page is judged. `level="proved"` accepts proofs for all sizes only; `run_code` runs Python fences.

    Without `repairs` no variant of a formula or block is tried, neither another text nor another convention; a block
    then stands on the blocks before it as the page has them.
    """

    level: Level = "any"
    run_code: bool = False
    repairs: bool = True
    seconds: float = TIME_LIMIT


def verify(
    content: str | bytes,
    *,
    page: str = "",
    model: ComputationGraph | None = None,
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
    source: str, model: ComputationGraph | None = None, *, options: Options | None = None, page: str = "-e"
) -> Report:
    """Judge one formula: LaTeX, Unicode mathematics, or plain text as in a program, `dL/dW = X.T @ (A - Y)`.

    Delimiters may stand around it. Raises nothing.
    """
    text = undelimited(source)
    item = Item("formula", text, 1, 1, (0, len(text)))
    return _Run(Page(text, (item,)), page, model, None, options or Options(), alone=True).report(None)


@dataclass
class _Run:
    """The state of judging one page: models by their source, and what the page has defined so far."""

    page: Page
    name: str
    default: ComputationGraph | None
    folder: Path | None
    options: Options
    alone: bool = False
    graphs: dict[tuple[str | None, str | None], ComputationGraph] = field(default_factory=dict)
    contexts: dict[ModelSource | None, Context] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    judged: list[tuple[Item, ComputationGraph, Verdict, tuple[Judgement, ...]]] = field(default_factory=list)
    places: dict[int, Context] = field(default_factory=dict)
    latest: ModelSource | None = None
    defined: list[tuple[int, Context, Definition]] = field(default_factory=list)
    """Definitions of names with a meaning of their own: how many items stand before each, and where it is read."""
    blocks: list[str] = field(default_factory=list)
    """The code so far, repaired where it was wrong; what could not be repaired comes first and overrides nothing."""

    def report(self, progress: Progress | None) -> Report:
        for source in self.page.models:
            self.graph(source)
        items = [item for item in self.page.items if not item.skip]
        asides = list(self.page.asides)
        for done, item in enumerate(items):
            if progress is not None:
                progress(done, len(items))
            while asides and asides[0].span[0] <= item.span[0]:
                self.note(asides.pop(0))
            self.add(item)
        for aside in asides:
            self.note(aside)
        self.settle_layout()
        self.settle_names()
        names = unique([self._model_name(source) for source in self.page.models])
        judged = [JudgedItem(item, self.context(item.model), verdict, found) for item, _, verdict, found in self.judged]
        conflicts, more = find_conflicts(judged)
        results = with_shared_faults([more.get(k, entry.verdict) for k, entry in enumerate(judged)])
        warnings = [f"line {w.line}: {w.message}" + (f"; {w.hint}" if w.hint else "") for w in self.page.warnings]
        default = self.default.name if self.default is not None else ""
        passed_over = 0 if self.page.items else self.page.stated
        return Report(
            self.name, ", ".join(names) or default, tuple(results), conflicts, tuple(self.assumed), tuple(warnings),
            passed_over,
        )  # fmt: skip

    # ----- models -----

    def graph(self, source: ModelSource | None) -> ComputationGraph:
        """The model at an item's place. A model of the page that is not accepted is an error of the page."""
        if source is None:
            return self.default or EMPTY
        key = source.name, source.text
        if key not in self.graphs:
            try:
                self.graphs[key] = self._loaded(source)
            except DeriveError as error:
                raise _placed(error, source, self.name) from error
        return self.graphs[key]

    def _loaded(self, source: ModelSource) -> ComputationGraph:
        if source.text is not None:
            return _from_text(source.text)
        name = source.name or ""
        return _from_gallery(name) if name in gallery() else load_beside(name, self.folder or Path())

    def context(self, source: ModelSource | None) -> Context:
        """What formulas are read against: a model, and what the page has defined since it turned to that model."""
        if source not in self.contexts:
            before = self.latest
            same = (
                before is not None and source is not None and (before.name, before.text) == (source.name, source.text)
            )
            self.contexts[source] = self.contexts[before] if same else _contexts.of(self.graph(source))
        self.latest = source
        return self.contexts[source]

    def _model_name(self, source: ModelSource) -> str:
        return source.name or f"line {source.line}"

    # ----- items -----

    def add(self, item: Item) -> None:
        graph = self.graph(item.model)
        found: tuple[Judgement, ...] = ()
        try:
            if item.kind == "code":
                run, repairs = self.options.run_code, self.options.repairs
                verdict = judge_code(item, graph, run=run, repairs=repairs, before=self.blocks)
                known = verdict.verdict != "false" or verdict.correct_code is not None
                self.blocks.insert(len(self.blocks) if known else 0, verdict.correct_code or item.source)
            elif item.error is not None:
                verdict = unread(item, item.error)
            else:
                item = self.in_latex(item, graph)
                self.places[len(self.judged)] = self.context(item.model)
                context = self.context(item.model)
                verdict, found = self.formula(item, context)
                if verdict.verdict == "false" and item.under:
                    again = replace(self, options=replace(self.options, repairs=False)).formula
                    verdict, found = under_circumstances(item, replace(context), (verdict, found), again)
        except DeriveError as error:
            verdict = unread(item, error)
            context = self.context(item.model)
            self.contexts[item.model] = context.with_definitions(name_of(item, context))
        except RecursionError:
            verdict = unread(item, ModelError("the formula is nested too deeply to be judged"))
        except Exception as error:  # a fault of the toolkit must not cost the other formulas their verdicts
            verdict = unread(item, ModelError(f"internal error: {type(error).__name__}: {error}; please report it"))
        verdict = replace(verdict, expected=cast("VerdictWord | None", item.expect))
        self.judged.append((item, graph, verdict, found))

    def note(self, aside: Item) -> None:
        """Takes what a sentence defines; a second meaning is judged like a display."""
        if self.graph(aside.model) is EMPTY:
            return
        context = self.context(aside.model)
        known = said_in(aside, context, self._holds)
        if is_second(known):
            self.add(aside)
            return
        self.contexts[aside.model] = context.after(known)
        self.defined += [(len(self.judged), context, definition) for definition in taking(known)]

    def _holds(self, claim: Claim) -> bool:
        """Whether a statement is true of what its left side means by itself; what its other links say is not asked."""
        judged = judge(claim, level=self.options.level, seconds=self.options.seconds, counterexample=False).judged
        return bool(judged) and all(one.links and one.links[0] in ("true", "definition") for one in judged)

    def in_latex(self, item: Item, graph: ComputationGraph) -> Item:
        """The item, plain text as it is typed into programs being put into LaTeX."""
        text = as_latex(item.source, graph, page=not self.alone)
        return item if text is None else replace(item, source=text)

    def settle_layout(self) -> None:
        """Judge again what was ambiguous or false only for want of a layout, if the page establishes one."""
        layout = established(
            [
                Placed(k, item.source, self.places[k], item.macros, verdict.verdict)
                for k, (item, _, verdict, _) in enumerate(self.judged)
                if k in self.places and verdict.verdict in ("true", "false", "ambiguous")
            ],
            self.page.text,
        )
        if layout is None:
            return
        self.assumed[layout.said] = None
        for k, context in layout.contexts.items():
            item, graph, _, _ = self.judged[k]
            verdict, found = self.formula(item, context)
            self.judged[k] = item, graph, replace(verdict, expected=cast("VerdictWord | None", item.expect)), found

    def settle_names(self) -> None:
        """Judge again what was said with a name that the page gives another meaning further down."""
        spoken = [Spoken(item, verdict, found) for item, _, verdict, found in self.judged]
        changed = reconsidered(spoken, self.defined, self.places, lambda item, context: self.formula(item, context)[0])
        for k, verdict in list(changed):
            item, graph, _, found = self.judged[k]
            self.judged[k] = item, graph, verdict, found

    def formula(self, item: Item, context: Context) -> tuple[Verdict, tuple[Judgement, ...]]:
        """The verdict on a display: its statements judged, and repaired as far as they are false."""
        graph = context.graph
        layout, claims = Reader(context, item.macros, holds=self._holds, said=item.said)(item.source)
        if context is self.context(item.model):
            self.contexts[item.model] = context.after(claims)
            self.defined += [(len(self.judged), context, definition) for definition in taking(claims)]
        reader = Reader(context.with_definitions(taking(claims)), item.macros)
        if not claims:
            return bare(item, "there is nothing in it that could be judged"), ()
        judged = [judge(claim, level=self.options.level, seconds=self.options.seconds) for claim in claims]
        judgements = without_assumptions(judged, graph)
        for judgement in judgements:
            for reading in judgement.claim.readings:
                self.assumed.update(dict.fromkeys(reading.assumed))
        found = None
        if self.options.repairs and any(judgement.verdict == "false" for judgement in judgements):
            found = right_by_symmetry(context, item.macros, item.source, judgements)
            found = found or repair(reader, layout, judgements, seconds=REPAIR_SECONDS)
        settings: dict[str, str] = {}
        if found is not None and found.source is None and context.layout is None:
            found, settings = repaired_in_layout(context, item.macros, layout, judgements, found)
        verdict = assembled(item, layout, judgements, found, no_model=graph is EMPTY)
        if self.options.repairs and verdict.verdict in ("false", "ambiguous"):
            settings = {**right_under(context, item.macros, item.source), **settings}
            verdict = replace(verdict, by_convention=settings)
        return verdict, judgements


def _placed(error: DeriveError, source: ModelSource, page: str) -> DeriveError:
    """An error of a model in a fence, at its line of the page; of a named model, at the line that names it."""
    if source.text is not None and error.span is not None:
        span = replace(error.span, line=error.span.line + source.line, file=page or None)
    else:
        span = Span(source.line, 1, file=page or None)
    return type(error)(error.message, span=span, hint=error.hint)
