"""The report of a page for a person: one line for each formula, and what is wrong with a caret under the place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from derive.judging.verdict import Report, Verdict

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


def _marks(result: Verdict) -> str:
    """Which equalities of a chain hold."""
    return " ".join(_MARKS[link] for link in result.links) if len(result.links) > 1 else ""


def _is_condition(part: Verdict, parts: Sequence[Verdict]) -> bool:
    """Whether a part claims nothing by itself: the reading of another says that it is for this one."""
    return any(part.reading in other.reading.rpartition("[for ")[2] for other in parts if other is not part)


def _item(result: Verdict, paint: Paint, verbose: bool) -> Iterator[str]:
    evidence = f" [{result.evidence}]" if result.evidence and result.verdict == "true" else ""
    links = "" if result.parts else _marks(result)
    head = f"  {label(result):<12} {paint(result.verdict)}{evidence}"
    yield head + (f"  {links}" if links else "")
    if not result.as_expected:
        yield f"      expected {result.expected}"
    for part in result.parts or (result,):
        if verbose and part.reading and not _is_condition(part, result.parts):
            said = f"  {part.verdict}  {_marks(part)}".rstrip() if result.parts else ""
            yield f"      reads  {_one_line(part.reading)}{said}"
        if part.verdict not in ("true", "definition"):
            yield from _excerpt(result.latex, part.span)
    if result.diagnosis and (verbose or not result):  # of what is true: where it holds, and how it was taken
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


def _excerpt(source: str, span: tuple[int, int]) -> Iterator[str]:
    """The source line of the place, with carets under it; of a long line what is around it, cut between commands."""
    start, end = span
    if not source.strip() or not 0 <= start <= len(source):
        return
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", start)
    line = source[first : len(source) if last < 0 else last].rstrip()
    first += len(line) - len(line.lstrip())
    line = "".join(ch if ch.isprintable() else " " for ch in line.lstrip())
    column = max(0, start - first)
    wanted = min(column - WIDTH // 2, len(line) - WIDTH)
    left = _cut(line, wanted, column) if wanted > 0 else 0
    right = len(line) if len(line) - left <= WIDTH else _cut(line, left + WIDTH - 30, left + WIDTH)
    before, behind = "… " if left else "", " …" if right < len(line) else ""
    width = max(1, min(end - start, right - column))
    yield f"      {before}{line[left:right]}{behind}"
    yield "      " + " " * (len(before) + column - left) + "^" * width


def _cut(line: str, at: int, latest: int) -> int:
    """Where a line may be cut from `at` on: outside of braces before a command or behind a space; at `latest` else."""
    depth = 0
    for k, sign in enumerate(line[:latest]):
        if k >= at and not depth and (sign == "\\" or (k and line[k - 1] == " ")):
            return k
        depth += (sign == "{") - (sign == "}")
    return latest
