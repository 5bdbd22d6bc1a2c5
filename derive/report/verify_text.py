"""The report of a page for a person: one line for each formula, and what is wrong with a caret under the place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from derive.check.verdict import Report, Verdict

WIDTH = 100
Paint = Callable[[str], str]


def lines(report: Report, paint: Paint = str, *, verbose: bool = True) -> Iterator[str]:
    """The report, line by line; `paint` colours a verdict."""
    if report.page:
        yield f"{report.page}" + (f"  (model: {report.model})" if report.model else "")
    for result in report.results:
        yield from _item(result, paint, verbose)
    for conflict in report.conflicts:
        yield f"conflict: {conflict['convention']}"
        for setting, tags in conflict["settings"].items():
            yield f"    {setting}: {', '.join(tags)}"
    if report.assumed:
        yield "assumed: " + "; ".join(report.assumed)
    yield summary(report)


def summary(report: Report) -> str:
    """How many of what, in one line."""
    found = {result.verdict: report.count(result.verdict) for result in report.results}
    return ", ".join(f"{count} {verdict}" for verdict, count in found.items()) or "nothing to judge was found"


def label(result: Verdict) -> str:
    """How a formula is called: by its tag, else by its line."""
    return f"({result.tag})" if result.tag else f"line {result.line}"


def _item(result: Verdict, paint: Paint, verbose: bool) -> Iterator[str]:
    evidence = f" [{result.evidence}]" if result.evidence and result.verdict == "true" else ""
    links = " ".join(_MARKS[link] for link in result.links) if len(result.links) > 1 else ""
    head = f"  {label(result):<12} {paint(result.verdict)}{evidence}"
    yield head + (f"  {links}" if links else "")
    if not result.as_expected:
        yield f"      expected {result.expected}"
    if verbose and result.reading:
        yield f"      reads  {_one_line(result.reading)}"
    if result.verdict in ("true", "definition"):
        return
    yield from _excerpt(result)
    if result.diagnosis:
        yield f"      {result.diagnosis}" + (f"  ({', '.join(result.defects)})" if result.defects else "")
    if result.correct_latex is not None:
        yield f"      correct  {_one_line(result.correct_latex)}"
    if result.correct_code is not None:
        yield "      correct"
        yield from (f"        {line}" for line in result.correct_code.splitlines())
    for convention, right in result.by_convention.items():
        yield f"      true if {convention}: {right}"
    if result.counterexample is not None:
        shown = ", ".join(f"{name} = {json.dumps(value)}" for name, value in result.counterexample.inputs.items())
        yield f"      for {shown}:" if shown else "      the numbers:"
        yield f"      left {result.counterexample.left:.6g}, right {result.counterexample.right:.6g}"


_MARKS = {"true": "=", "false": "≠", "definition": ":=", "ambiguous": "?", "undecided": "?"}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _excerpt(result: Verdict) -> Iterator[str]:
    """The source line of the place, with carets under it."""
    start, end = result.span
    source = result.latex
    if not source.strip() or not 0 <= start <= len(source):
        return
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", start)
    line = source[first : len(source) if last < 0 else last]
    column = start - first
    left = max(0, column - 50)
    window = line[left : left + WIDTH]
    width = max(1, min(end - start, len(window) - (column - left)))
    yield "      " + "".join(ch if ch.isprintable() else " " for ch in window)
    yield "      " + " " * (column - left) + "^" * width
