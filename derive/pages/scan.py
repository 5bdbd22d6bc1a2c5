r"""Finds the formulas, code blocks, models, comments and definitions of a page, in one pass.

    formula  ::=  $$ ... $$ | \[ ... \] | \begin{equation} ... \end{equation} (align, gather, ...) | ```math
    code     ::=  ```python                model ::= ```derive
    aside    ::=  $... = ...$
    skipped  ::=  other fences, `code`, other $inline$, comments, verbatim

The scanner jumps from opener to opener. A display ends at the first blank line at the latest, as in TeX, so a missing
delimiter costs its own formula and not the rest of the page. Positions of closers are remembered, which keeps the
whole linear in the length of the page.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from copy import copy
from dataclasses import replace

from derive.errors import ClaimError, Span
from derive.pages.circumstances import circumstances
from derive.pages.page import Directives, Item, ModelSource, Page, PageWarning, decode, normalised
from derive.pages.paragraphs import is_block
from derive.pages.prose import announces_definition, definition_at, goes_on, multiplies, underbraced
from derive.pages.tagged import formulas
from derive.typography.layout import parse
from derive.typography.macros import Macros, define_at
from derive.typography.nodes import Offsets

MAX_WARNINGS = 100
MAX_DEFINITIONS = 1_000

_ENVIRONMENTS = r"(?:equation|align|alignat|gather|eqnarray|multline|flalign|displaymath)\*?"
_DEFINE = r"\\(?:newcommand|renewcommand|providecommand|def|gdef|let|DeclareMathOperator)(?![A-Za-z])"
_COMMON = (
    r"|(?P<dollars>\$\$)|(?P<bracket>\\\[)|\\begin\s*\{(?P<env>" + _ENVIRONMENTS + r")\}"
    r"|(?P<define>" + _DEFINE + r")"
    r"|(?P<inline>\$)"
)
_MARKDOWN = re.compile(
    r"(?P<escape>\\[\\$`])|^(?P<indent>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$"
    r"|(?P<comment><!--)|(?P<tick>`+)" + _COMMON,
    re.MULTILINE,
)
_LATEX = re.compile(
    r"(?P<escape>\\[\\$%])|(?P<percent>%[^\n]*)|\\begin\s*\{(?P<verbatim>(?:verbatim|Verbatim|lstlisting|minted|comment)\*?)\}"
    r"|(?P<verb>\\verb\*?[^\w\s*])" + _COMMON
)
_DEFINITION = re.compile(_DEFINE)
_SOLID = re.compile(r"[^ \t\n>]|\Z")
_BLANK = re.compile(r"\n[ \t>]*\n")
_PYTHON = frozenset({"python", "py", "python3"})


def read_page(content: str | bytes, *, latex: bool | None = None) -> Page:
    r"""Reads a page. If `latex` does not say what it is, `\documentclass` or `\begin{document}` does."""
    text, warnings = decode(content) if isinstance(content, bytes) else (content, [])
    text = normalised(text)
    if latex is None:
        latex = re.search(r"^[ \t]*\\(?:documentclass\b|begin\s*\{document\})", text, re.MULTILINE) is not None
    return _Scanner(text, warnings, latex).run()


class _Scanner:
    def __init__(self, text: str, warnings: list[PageWarning], latex: bool) -> None:
        self.text = text
        self.warnings = warnings
        self.latex = latex
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.items: list[Item] = []
        self.asides: list[Item] = []
        self.shown: Offsets | None = None
        self.models: list[ModelSource] = []
        self.macros: Macros = {}
        self.directives = Directives()
        self.closers: dict[str, int] = {}
        self.definitions = 0
        self.stated = 0

    def run(self) -> Page:
        pattern, at = (_LATEX if self.latex else _MARKDOWN), 0
        while (match := pattern.search(self.text, at)) is not None:
            at = max(self.step(match), match.end() if match.end() > at else at + 1)
        if self.directives.unused():
            self.warn(self.directives.line, "no formula follows this directive")
        asides = sorted(self.asides, key=lambda aside: aside.span[0])
        if self.stated and not self.items:
            self.warn(1, f"equations inside of lines are not judged ({self.stated} on this page)")
        stated = circumstances(self.text, [item.span for item in self.items])
        items = [replace(item, under=under) for item, under in zip(self.items, stated, strict=True)]
        return Page(self.text, tuple(items), tuple(self.warnings), tuple(self.models), tuple(asides), self.stated)

    # ----- places -----

    def line(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def warn(self, line: int, message: str, hint: str | None = None) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(PageWarning(line, message, hint))

    def find(self, text: str, at: int) -> int:
        """The first `text` from `at` on, or the end of the page; asked for growing `at` only."""
        known = self.closers.get(text, -1)
        if known < at:
            known = self.text.find(text, at)
            self.closers[text] = known = known if known >= 0 else len(self.text)
        return known

    def blank(self, at: int) -> int:
        """Where the paragraph around `at` ends."""
        known = self.closers.get("", -1)
        if known < at:
            match = _BLANK.search(self.text, at)
            self.closers[""] = known = match.start() if match else len(self.text)
        return known

    def solid(self, at: int) -> int:
        """The first character from `at` on that is neither space nor the mark of a quotation."""
        match = _SOLID.search(self.text, at)
        return match.start() if match else len(self.text)

    # ----- one opener -----

    def step(self, match: re.Match[str]) -> int:
        """Deals with what opens at `match`; where to go on."""
        groups = match.groupdict()
        kind = str(match.lastgroup)
        if kind == "info":
            return self.fence(match)
        if kind == "comment":
            return self.comment(match)
        if kind == "percent":
            self.direct(match.group()[1:], match.start())
        elif kind == "verbatim":
            return self.find(f"\\end{{{groups['verbatim']}}}", match.end())
        elif kind == "verb":
            return self.find(match.group()[-1], match.end()) + 1
        elif kind in ("tick", "inline"):
            return self.inline(match)
        elif kind == "dollars":
            return self.display(match, "$$")
        elif kind == "bracket":
            return self.display(match, r"\]")
        elif kind == "env":
            return self.display(match, f"\\end{{{groups['env']}}}")
        elif kind == "define":
            self.define(match.start())
        return match.end()

    def inline(self, match: re.Match[str]) -> int:
        """Passes inline code or mathematics, which ends in its own paragraph or is none: `it costs $5`."""
        if match.group() == "$" and self.text[match.end() : match.end() + 1].isspace():
            return match.end()
        close = self.find(match.group(), match.end())
        while match.group() == "$" and self.text[close - 1 : close] == "\\" and close < len(self.text):
            close = self.find("$", close + 1)
        display = match.group() == "$" and self.text[close : close + 2] == "$$"
        if display or close >= self.blank(match.end()):
            return match.end()
        source = definition_at(self.text, match.start(), close) if match.group() == "$" else None
        self.stated += match.group() == "$" and "=" in self.text[match.end() : close]
        if source is not None:
            self.aside(source, match.start(), close + 1)
        return close + len(match.group())

    def aside(self, source: str, at: int, end: int) -> None:
        """A definition inside of a line; it holds for the display before it if it goes on with its sentence."""
        found = self.item("formula", source, (at, end), at)
        if self.shown is not None and goes_on(self.text, self.shown[1], at):
            found = replace(found, span=(self.shown[0], end))
        self.asides.append(replace(found, said=found.said or ":=" in source))

    def comment(self, match: re.Match[str]) -> int:
        close = self.find("-->", match.end())
        if close == len(self.text):
            self.warn(self.line(match.start()), "this comment is not closed")
            return match.end()
        self.direct(self.text[match.end() : close], match.start())
        return close + 3

    def direct(self, comment: str, offset: int) -> None:
        before = self.directives.model
        self.warnings += self.directives.read(comment, self.line(offset))
        if self.directives.model is not None and self.directives.model is not before:
            self.models.append(self.directives.model)

    def define(self, offset: int) -> None:
        self.definitions += 1
        if self.definitions > MAX_DEFINITIONS:
            return
        macros = dict(self.macros)
        try:
            define_at(self.text, offset, macros)
        except ClaimError as error:
            self.warn(self.line(offset), error.message, error.hint)
        else:
            self.macros = macros

    # ----- displays -----

    def display(self, match: re.Match[str], closing: str) -> int:
        """A formula from its opener to `closing`; an error item if a blank line comes first."""
        begin = match.end()
        close = self.find(closing, begin)
        while closing == "$$" and self.text[close - 1 : close] == "\\" and close < len(self.text):
            close = self.find("$$", close + 1)
        blank = self.blank(self.solid(begin))
        if close == len(self.text) or (self.solid(blank) < close and not is_block(self.text, begin, close)):
            end = min(blank, close)
            line = self.line(match.start())
            place = Span(line, match.start() - self.starts[line - 1] + 1, match.group())
            error = ClaimError(f"this {match.group()} is not closed: expected {closing}", span=place)
            self.add("formula", self.text[begin:end].strip(), (match.start(), end), begin, error=error)
            return end
        end = close + len(closing)
        wrapped = match.group("env") and not match.group("env").startswith(("equation", "displaymath"))
        inside = (match.start(), end) if wrapped else (begin, close)
        self.formula(self.text[inside[0] : inside[1]], (match.start(), end), inside[0])
        return end

    def formula(self, source: str, span: Offsets, begin: int) -> None:
        definitions = [found.start() for found in _DEFINITION.finditer(source)]
        for offset in definitions:
            self.define(begin + offset)
        if not source.strip() or (definitions and self.only_defines(source)):
            return
        opening = self.text[self.starts[self.line(span[0]) - 1] : span[0]]
        if ">" in opening and not opening.strip(" \t>"):
            source = re.sub(r"\n[ \t]*>[ \t]?", "\n", source)
        found = formulas(source)
        factor = multiplies(self.text, span[0])
        error = ClaimError(f"{factor!r} before the formula is a part of it, which is not read") if factor else None
        said = copy(self.directives)
        for formula in found:  # what a directive says of the display, it says of all its formulas
            self.directives.skip, self.directives.expect = said.skip, said.expect
            first = begin + formula.start + len(formula.source) - len(formula.source.lstrip())
            place = span if len(found) == 1 else (first, span[1])
            self.add("formula", formula.source.strip(), place, first, tag=formula.tag, error=error)
        self.shown = span
        for definition in underbraced(source):
            self.aside(definition, span[1], span[1])

    def only_defines(self, source: str) -> bool:
        """Whether a display holds definitions and nothing to judge."""
        try:
            return not parse(source, self.macros).items
        except ClaimError:
            return False

    # ----- fences -----

    def fence(self, match: re.Match[str]) -> int:
        """A fenced block; it ends at a line with at least as many of its marks, as in CommonMark."""
        marks, info = match.group("fence"), match.group("info").strip()
        closing = re.compile(rf"^[ \t>]*{re.escape(marks[0])}{{{len(marks)},}}[ \t]*$", re.MULTILINE)
        close = closing.search(self.text, match.end())
        end = close.start() if close else len(self.text)
        if close is None:
            self.warn(self.line(match.start()), "this code fence is not closed: it runs to the end of the page")
        indent = match.group("indent")
        body = self.text[match.end() + 1 : end]
        if indent:
            width = len(indent)
            body = "".join(_dedented(line, width) for line in body.splitlines(keepends=True))
        span = match.start(), close.end() if close else end
        language = re.split(r"[\s,{}]+", info.lstrip("{."))[0].lower()
        if language == "derive":
            self.directives.model = ModelSource(self.line(match.start()), text=body)
            self.models.append(self.directives.model)
        elif language == "math":
            self.formula(body, span, match.end() + 1)
        elif language in _PYTHON:
            self.add("code", body.rstrip("\n"), span, match.end() + 1)
        return span[1]

    def add(
        self,
        kind: str,
        source: str,
        span: Offsets,
        first: int,
        *,
        tag: str | None = None,
        error: ClaimError | None = None,
    ) -> None:
        said = self.directives
        found = self.item(kind, source, span, first)
        self.items.append(replace(found, tag=tag or said.tag, skip=said.skip, expect=said.expect, error=error))
        said.clear()

    def item(self, kind: str, source: str, span: Offsets, first: int) -> Item:
        """What stands at a place, with what holds there."""
        announced = announces_definition(self.text, span[0])
        line, model = self.line(span[0]), self.directives.model
        return Item(kind, source, line, self.line(first), span, model=model, macros=self.macros, said=announced)


def _dedented(line: str, width: int) -> str:
    """`line` without what stands before the fence: quote marks and as much indentation as the fence has."""
    lead = re.match(r"[ \t>]*", line)
    return line[min(width, lead.end() if lead else 0) :]
