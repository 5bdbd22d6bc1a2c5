"""`derive verify PAGE...`: is every formula right, where does it break, what is the smallest repair?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from derive.api import Graph
from derive.cli.models import ModelParameter
from derive.cli.terminal import colours, complain, note, say, verdict_word
from derive.equality.equality import Level
from derive.errors import ClaimError, DeriveError
from derive.judging.verdict import SCHEMA, Report
from derive.pages.page import page_bytes
from derive.report import formats
from derive.report.formats.json import text as json_text
from derive.report.verify_text import lines
from derive.verification.verify import Options, verify, verify_formula

UNUSABLE, FALSE, OPEN = 2, 1, 3


@dataclass(frozen=True)
class Unjudged:
    """A page that could not be judged at all."""

    page: str
    error: DeriveError

    def to_dict(self) -> dict[str, Any]:
        span = self.error.span
        place = {"file": span.file if span and span.file else self.page, "line": span.line if span else None,
                 "column": span.column if span else None}  # fmt: skip
        return {"schema": SCHEMA, "page": self.page, "error": {"message": self.error.message, **place}}


Outcome = Report | Unjudged


@click.command()
@click.argument("pages", nargs=-1, metavar="PAGE...")
@click.option(
    "-e",
    "--formula",
    "formulas",
    multiple=True,
    metavar="FORMULA",
    help="Judge this formula, LaTeX or plain text; may be repeated.",
)
@click.option("--model", type=ModelParameter(), help="The model where a page names none.")
@click.option(
    "--format", "form", default="text", show_default=True,
    type=click.Choice(["text", *formats.names()]),
)  # fmt: skip
@click.option(
    "--evidence", type=click.Choice(["any", "proved"]), default="any", help="Accept proofs for all sizes only."
)
@click.option(
    "--run-code", is_flag=True, help="Run Python blocks too, with your rights; `doctor` says what limits hold."
)
@click.option("--no-repair", is_flag=True, help="Judge only: look for no repair of what is false, which is faster.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="How many pages at a time.")
@click.option("--lenient", is_flag=True, help="Exit with 0 although something is undecided, unread or ambiguous.")
@click.option("-q", "--quiet", is_flag=True, help="Leave out how each formula was read.")
def command(
    pages: tuple[str, ...],
    formulas: tuple[str, ...],
    model: Graph | None,
    form: str,
    evidence: str,
    run_code: bool,
    no_repair: bool,
    jobs: int,
    lenient: bool,
    quiet: bool,
) -> int:
    """Judge every displayed formula of PAGEs (Markdown or LaTeX; - is standard input) against their models.

    A page names its model in a fenced block ```derive, in a comment <!-- derive: model=NAME -->, or by --model.

    Exit code: 2 for unusable input, 1 if something is false, 3 if something stayed open, else 0.
    """
    if not pages and not formulas:
        raise click.UsageError("name a page, or give a formula with -e")
    level: Level = "proved" if evidence == "proved" else "any"
    options = Options(level=level, run_code=run_code, repairs=not no_repair)
    graph = model.data if model is not None else None
    outcomes: list[Outcome] = [verify_formula(text, graph, options=options) for text in formulas]
    outcomes += _pages(pages, graph, options, jobs)
    _show(outcomes, form, quiet)
    return _exit_code(outcomes, lenient)


def _pages(pages: Sequence[str], graph: Any, options: Options, jobs: int) -> list[Outcome]:
    if jobs == 1 or len(pages) < 2:
        return [_page(page, graph, options, show=True) for page in pages]
    with ProcessPoolExecutor(max_workers=min(jobs, len(pages))) as pool:
        waiting = [pool.submit(_page, page, graph, options) for page in pages]
        return [future.result() for future in waiting]


def _page(page: str, graph: Any, options: Options, show: bool = False) -> Outcome:
    try:
        content, latex = content_of(page)
        folder = Path(page).parent if page != "-" else Path()
        name = "<stdin>" if page == "-" else page
        shown = show and colours(sys.stderr)
        progress = _progress if shown else None
        report = verify(content, page=name, model=graph, folder=folder, latex=latex, options=options, progress=progress)
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)
        return report
    except DeriveError as error:
        return Unjudged(page, error)


def content_of(page: str) -> tuple[bytes, bool | None]:
    """The bytes of a page, and whether its name says that it is LaTeX. ClaimError if it cannot be read."""
    if page == "-":
        return page_bytes(sys.stdin.buffer), None
    path = Path(page)
    try:
        with path.open("rb") as stream:
            return page_bytes(stream), True if path.suffix in (".tex", ".latex", ".ltx") else None
    except IsADirectoryError:
        raise ClaimError(f"{page} is a folder", hint="name the pages in it") from None
    except FileNotFoundError:
        raise ClaimError(f"there is no page {page!r}", hint="a formula is given with -e") from None
    except (OSError, ValueError) as error:
        raise ClaimError(f"cannot read {page}: {getattr(error, 'strerror', None) or error}") from None


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done + 1} of {total}", nl=False, err=True)


def _show(outcomes: Sequence[Outcome], form: str, quiet: bool) -> None:
    reports = [outcome for outcome in outcomes if isinstance(outcome, Report)]
    for outcome in outcomes:
        if isinstance(outcome, Unjudged):
            where = f"{outcome.page}: " if outcome.error.span is None else ""
            complain(where + outcome.error.render())
    if form == "json":
        say(json_text([outcome.to_dict() for outcome in outcomes]))  # of what could not be judged as well
    elif form == "text":
        for report in reports:
            for line in lines(report, verdict_word, verbose=not quiet):
                say(line)
    elif text := formats.render_of(form)(reports):
        say(text)
    for report in reports:
        for warning in report.warnings:
            note(f"warning: {report.page}: {warning}")
        if not report.results:
            note(f"{report.page}: no displayed formula was found")


def _exit_code(outcomes: Sequence[Outcome], lenient: bool) -> int:
    if any(isinstance(outcome, Unjudged) for outcome in outcomes):
        return UNUSABLE
    codes = [outcome.exit_code for outcome in outcomes if isinstance(outcome, Report)]
    if FALSE in codes:
        return FALSE
    return OPEN if OPEN in codes and not lenient else 0
