"""Verdicts as a Markdown table, with the corrected formulas below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.judging.verdict import Report, Verdict
from derive.report.verify_text import label, summary


def render(reports: Sequence[Report]) -> str:
    """The text, a section for each page."""
    return "\n".join(line for report in reports for line in _page(report)).rstrip()


def _page(report: Report) -> Iterator[str]:
    yield f"## {_cell(report.page) or 'Formula'}"
    yield ""
    yield f"{summary(report)}."
    yield ""
    if report.results:
        yield "| formula | line | verdict | evidence | what |"
        yield "|---|---|---|---|---|"
        for result in report.results:
            cells = (label(result), str(result.line), result.verdict, result.evidence or "", result.diagnosis)
            yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
        yield ""
    for result in report.results:
        yield from _correction(result)
    for conflict in report.conflicts:
        settings = "; ".join(f"{name}: {', '.join(tags)}" for name, tags in conflict["settings"].items())
        yield f"- conflict, {_cell(conflict['convention'])}: {_cell(settings)}"
        yield ""


def _correction(result: Verdict) -> Iterator[str]:
    if result.correct_latex is not None:
        yield f"Corrected {_cell(label(result))}:"
        yield ""
        yield "$$"
        yield "\n".join(line for line in result.correct_latex.strip().split("\n") if line.strip())
        yield "$$"
        yield ""
    if result.correct_code is not None:
        fence = "`" * max(3, 1 + max((len(run) for run in _ticks(result.correct_code)), default=0))
        yield f"Corrected {_cell(label(result))}:"
        yield ""
        yield f"{fence}python"
        yield result.correct_code.rstrip("\n")
        yield fence
        yield ""


def _ticks(text: str) -> list[str]:
    import re

    return re.findall(r"`+", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
