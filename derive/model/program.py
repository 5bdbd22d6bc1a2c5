"""The lines of a model text, parsed: declarations, bindings, aliases, the loss, and one layer family at most."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from derive.errors import ModelError, Span
from derive.model.declarations import parse_declaration, split_spelling
from derive.model.names import Index, Name, parse_name, spelled_at
from derive.model.scope import MAX_LAYERS, Declared
from derive.model.source import LogicalLine, read, split_at_commas
from derive.model.tokens import Expression, parse

_DIRECTIVE = re.compile(r"(?:for|alias|loss)\s")
_ALIAS = re.compile(r"alias\s+(?![\s=:])(?P<spellings>.+)=\s*(?P<target>[^=]*?)\s*\Z")
_LOSS = re.compile(r"loss\s+(?P<name>[^\s=:]+)\s*\Z")
_FOR = re.compile(r"for\s+(?P<letter>\S+)\s+in\s+(?P<low>\d{1,6})\s*\.\.\s*(?P<high>[^\s:]+)\s*:\s*\Z")
_FOR_LIKE = re.compile(r"for\s+[^\s=:]+\s+in\b")
_RELATION = re.compile(r'"[^"]*"?|[()\[\]{}]|:|=')


class Bound(NamedTuple):
    """A binding line."""

    name: Name
    expression: Expression
    latex: str | None
    span: Span


@dataclass(frozen=True)
class Alias:
    """A further spelling of a name."""

    spelling: str
    target: Name
    span: Span


@dataclass(frozen=True)
class Loop:
    """The head of a layer family, `for letter in low..high:`."""

    letter: str
    low: int
    high: str
    indent: int
    span: Span


@dataclass
class Program:
    """The lines of a model; bindings are `before`, `inside` and `after` the layer family, if there is one."""

    title: str = ""
    declared: list[Declared] = field(default_factory=list)
    before: list[Bound] = field(default_factory=list)
    inside: list[Bound] = field(default_factory=list)
    after: list[Bound] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    loss: tuple[Name, Span] | None = None
    loop: Loop | None = None


def read_program(text: str, file: str | None = None) -> Program:
    """Parse model text; raises ModelError or ShapeError with the place of the first line that cannot be read."""
    source = read(text, file)
    program = Program(title=source.title)
    in_block = False
    for statement in source.statements:
        in_block = in_block and program.loop is not None and statement.indent > program.loop.indent
        _read_statement(program, statement, in_block)
        in_block = in_block or (program.loop is not None and program.loop.span.line == statement.line)
    if program.loop is not None and not program.inside:
        raise ModelError("the layers have no lines", span=program.loop.span, hint="indent the lines of a layer")
    if program.loop is not None:
        _spell_alike(program, program.loop)
    return program


def _spell_alike(program: Program, loop: Loop) -> None:
    """What stands before the first layer is spelled as the members are: h_0 where a layer has `h[t] = ... as "h_t"`."""
    members = {b.name.stem: b.latex for b in program.inside if b.latex and b.name.index == Index(loop.letter, 0)}

    def spelling(name: Name, latex: str | None) -> str | None:
        if latex is not None or name.index is None or name.index.letter or name.stem not in members:
            return latex
        return spelled_at(members[name.stem], loop.letter, name.index)

    program.before = [bound._replace(latex=spelling(bound.name, bound.latex)) for bound in program.before]
    program.declared = [one._replace(latex=spelling(one.name, one.latex)) for one in program.declared]


def _read_statement(program: Program, statement: LogicalLine, in_block: bool) -> None:
    if _DIRECTIVE.match(statement.text) is not None and _read_directive(program, statement):
        return
    place, sign = _relation(statement)
    if sign == ":":
        program.declared += parse_declaration(statement, place)
        return
    end, latex = split_spelling(statement)
    name = _name(statement, 0, place)
    span = statement.span(0, len(statement.text[:place].rstrip()))
    lines = program.inside if in_block else program.before if program.loop is None else program.after
    lines.append(Bound(name, parse(statement, place + 1, end), latex, span))


def _read_directive(program: Program, statement: LogicalLine) -> bool:
    """Read a line that begins with a word of the language; False if it is a binding or declaration all the same."""
    text = statement.text
    if (match := _FOR.match(text)) is not None:
        _read_loop(program, statement, match)
    elif _FOR_LIKE.match(text) is not None:
        raise ModelError(
            "this is not a family of layers", span=statement.span(), hint="write for l in 2..L: and indent the layer"
        )
    elif (match := _ALIAS.match(text)) is not None:
        program.aliases += _aliases(statement, match)
    elif (match := _LOSS.match(text)) is not None:
        span = statement.span(match.start("name"))
        if program.loss is not None:
            raise ModelError(f"the loss is already named on line {program.loss[1].line}", span=span)
        program.loss = (_name(statement, match.start("name"), match.end("name")), span)
    else:
        return False
    return True


def _read_loop(program: Program, statement: LogicalLine, match: re.Match[str]) -> None:
    if program.loop is not None:
        raise ModelError(
            f"a second layer family; the first is on line {program.loop.span.line}",
            span=statement.span(),
            hint="a model has one family of layers",
        )
    high = match["high"]
    letter = _name(statement, match.start("letter"), match.end("letter"))
    limit = high if high.isdecimal() else str(_name(statement, match.start("high"), match.end("high")))
    if high.isdecimal() and not int(match["low"]) <= int(high) <= MAX_LAYERS:
        raise ModelError("there are no such layers", span=statement.span(match.start("low"), match.end("high")))
    program.loop = Loop(str(letter), int(match["low"]), limit, statement.indent, statement.span())


def _aliases(statement: LogicalLine, match: re.Match[str]) -> list[Alias]:
    target = _name(statement, match.start("target"), match.end("target"))
    found: list[Alias] = []
    for start, spelling in split_at_commas(match["spellings"], match.start("spellings")):
        span = statement.span(start, start + max(1, len(spelling)))
        if not spelling:
            raise ModelError("a spelling is missing", span=span)
        found.append(Alias(spelling, target, span))
    return found


def _name(statement: LogicalLine, start: int, end: int) -> Name:
    raw = statement.text[start:end]
    start += len(raw) - len(raw.lstrip())
    name = parse_name(raw.strip())
    if name is None:
        shown = raw.strip()
        hint = "bind one name a line: NAME = EXPRESSION"
        if shown.endswith("'"):
            hint = f'a prime is a spelling: {shown.rstrip(chr(39))}p = ... as "{shown}"'
        elif any(sign in shown for sign in "\\^{"):
            hint = 'LaTeX is a spelling: NAME = ... as "LATEX"'
        raise ModelError(
            f"{shown!r} is not a name" if shown else "a name is missing",
            span=statement.span(start, start + max(1, len(shown))),
            hint=hint,
        )
    return name


def _relation(statement: LogicalLine) -> tuple[int, str]:
    """The first `:` or `=` outside of brackets: what kind of line it is."""
    depth = 0
    for mark in _RELATION.finditer(statement.text):
        token = mark.group()
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        elif depth == 0 and token in ":=":
            if statement.text[mark.start() : mark.start() + 2] not in ("==", ":="):
                return mark.start(), token
            break
    raise _no_relation(statement)


def _no_relation(statement: LogicalLine) -> ModelError:
    first = statement.text.split(maxsplit=1)[0]
    if first == "alias":
        hint = "further spellings are written: alias J_3, J_{(3)} = J"
    elif first in ("import", "from", "def", "class", "return", "if", "while", "print"):
        hint = "a model is not Python: it has lines NAME : shape and NAME = expression"
    else:
        hint = "write NAME : shape to declare, NAME = expression to define"
    return ModelError("a line that is neither a declaration nor a binding", span=statement.span(), hint=hint)
