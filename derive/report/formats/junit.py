"""Verdicts as JUnit XML, for continuous integration: a suite for each page, a case for each formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from derive.judging.verdict import Report, Verdict
from derive.report.verify_text import label

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(reports: Sequence[Report]) -> str:
    """The XML text. False is a failure, what is open is skipped, an unmet expectation is a failure."""
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for report in reports:
        failures = sum(_failed(result) for result in report.results)
        skipped = sum(_open(result) for result in report.results)
        name = _attribute(report.page or "formula")
        rows.append(
            f'  <testsuite name={name} tests="{len(report)}" failures="{failures}" errors="0" skipped="{skipped}">'
        )
        rows += [_case(report, result) for result in report.results]
        rows.append("  </testsuite>")
    rows.append("</testsuites>")
    return "\n".join(rows)


def _failed(result: Verdict) -> bool:
    return result.verdict == "false" if result.expected is None else not result.as_expected


def _open(result: Verdict) -> bool:
    return not _failed(result) and result.expected is None and result.verdict in ("undecided", "unread", "ambiguous")


def _case(report: Report, result: Verdict) -> str:
    head = f"    <testcase classname={_attribute(report.page or 'formula')} name={_attribute(label(result))}"
    if _failed(result):
        body = _clean("\n".join(part for part in (result.latex, result.diagnosis, _correct(result)) if part))
        message = _attribute(result.diagnosis or result.verdict)
        return (
            f"{head}><failure type={_attribute(result.verdict)} message={message}>{escape(body)}</failure></testcase>"
        )
    if _open(result):
        return f"{head}><skipped message={_attribute(f'{result.verdict}: {result.diagnosis}')}/></testcase>"
    return f"{head}/>"


def _correct(result: Verdict) -> str:
    return f"correct: {result.correct_latex}" if result.correct_latex is not None else ""


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))
