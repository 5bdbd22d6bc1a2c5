"""Verdicts as workflow commands, which GitHub shows as annotations at the line of the page."""

from __future__ import annotations

from collections.abc import Sequence

from derive.judging.verdict import Report, Verdict
from derive.report.verify_text import label

_LEVELS = {"false": "error", "ambiguous": "warning", "undecided": "warning", "unread": "warning"}


def render(reports: Sequence[Report]) -> str:
    """One command for each formula that is not true."""
    return "\n".join(
        _command(report, result)
        for report in reports
        for result in report.results
        if (result.expected is None and result.verdict in _LEVELS) or not result.as_expected
    )


def _command(report: Report, result: Verdict) -> str:
    level = "error" if not result.as_expected else _LEVELS[result.verdict]
    text = f"{label(result)} is {result.verdict}"
    if not result.as_expected:
        text += f", expected {result.expected}"
    if result.diagnosis:
        text += f": {result.diagnosis}"
    if result.correct_latex is not None:
        text += f"\ncorrect: {result.correct_latex}"
    place = f"file={_escaped(report.page, True)},line={result.line}" if report.page else f"line={result.line}"
    return f"::{level} {place},title={_escaped('derive verify', True)}::{_escaped(text)}"


def _escaped(text: str, value: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if value else text
