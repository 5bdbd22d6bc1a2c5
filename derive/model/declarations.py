"""Declaration lines: `NAME[, NAME]* : shape [, assumption]* [as "LATEX"]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from derive.errors import ModelError, ShapeError, Span, did_you_mean
from derive.ir.graph import Fact, Kind
from derive.model.names import WORD, Name, parse_name
from derive.model.scope import Declared
from derive.model.sizes import MAX_AXES, MAX_SIZE_TEXT
from derive.model.source import LogicalLine, split_at_commas
from derive.model.tokens import SPELLING_HINT, Expression, parse
from derive.ops.record import canonical_name, elementwise

FACTS = ("positive", "nonzero", "symmetric", "positive_definite", "diagonal", "invertible", "constant", "free")
SQUARE_FACTS = ("symmetric", "positive_definite", "diagonal", "invertible")
PLAIN_SHAPES: dict[str, Kind] = {
    "scalar": "input",
    "size": "size",
    "symbol": "symbol",
    "functional": "functional",
    "any parameter": "parameter",
}
SHAPES = (*PLAIN_SHAPES, "function")
_SUGGESTIONS = {
    "negative": "in (-inf, 0)",
    "nonnegative": "in (0, inf)",
    "real": "nothing: every value is real",
    "vector": "(n,)",
    "matrix": "(m, n)",
    "number": "scalar",
    "float": "scalar",
    "parameter": "any parameter",
    "int": "size",
    "integer": "size",
}

_SPELLING = re.compile(r'\s*\bas\s*("(?P<latex>[^"]*)")\s*\Z')
_FUNCTION = re.compile(rf"function\s*(?:\(\s*(?P<arity>\d{{1,3}})\s*\))?\s*(?:=\s*(?P<definition>{WORD}))?\Z")
_AXIS_FACT = re.compile(r"(?P<name>simplex|one_hot)\s*(?:\(\s*(?:axis\s*=\s*)?(?P<axis>-?\d{1,3})\s*\))?\Z")
_RANGE = re.compile(r"in\s*(?P<open>[(\[{])(?P<inside>[^()\[\]{}]*)[)\]}]\Z")


class Shape(NamedTuple):
    """The first item after the colon."""

    kind: Kind
    sizes: tuple[Expression, ...] = ()
    arity: int = 1
    definition: str | None = None


def split_spelling(statement: LogicalLine) -> tuple[int, str | None]:
    """Where the statement ends without its `as "LATEX"`, and the LaTeX."""
    match = _SPELLING.search(statement.text) if statement.text.endswith('"') else None
    if match is None:
        return len(statement.text), None
    if not match["latex"].strip():
        raise ModelError("an empty spelling", span=statement.span(match.start(1), match.end(1)))
    return match.start(), match["latex"].strip()


def parse_declaration(statement: LogicalLine, colon: int) -> list[Declared]:
    """The names a line declares. Raises ModelError or ShapeError with the place of what cannot be read."""
    end, latex = split_spelling(statement)
    names = [_declared_name(statement, start, text) for start, text in split_at_commas(statement.text[:colon])]
    if latex is not None and len(names) > 1:
        raise ModelError(
            "one spelling for several names", span=statement.span(end), hint="declare the names on separate lines"
        )
    items = split_at_commas(statement.text[colon + 1 : end], colon + 1)
    shape = _shape(statement, *items[0])
    facts = tuple(_fact(statement, start, text, shape) for start, text in items[1:])
    return [
        Declared(
            name, shape.kind, shape.sizes, facts, latex, shape.arity, shape.definition, statement.span(start, stop)
        )
        for name, start, stop in names
    ]


def _declared_name(statement: LogicalLine, start: int, text: str) -> tuple[Name, int, int]:
    name = parse_name(text)
    stop = start + max(1, len(text))
    if name is None:
        raise ModelError(
            f"{text!r} is not a name" if text else "a name is missing",
            span=statement.span(start, stop),
            hint="names are letters, digits and _; a spelling such as z' is added by as \"z'\"",
        )
    return name, start, stop


def _shape(statement: LogicalLine, start: int, text: str) -> Shape:
    if text.startswith("(") and text.endswith(")"):
        inner = split_at_commas(text[1:-1], start + 1)
        if inner[-1][1] == "" and len(inner) > 1:
            inner.pop()
        elif len(inner) == 1 and inner[0][1]:
            hint = f"one axis is written ({inner[0][1]},)"
            raise ShapeError(f"{text} is not a shape", span=statement.span(start, start + len(text)), hint=hint)
        if len(inner) > MAX_AXES:
            span = statement.span(start, start + len(text))
            raise ShapeError(f"an array has at most {MAX_AXES} axes", span=span)
        return Shape("input", tuple(_size(statement, *size) for size in inner if size[1] or len(inner) > 1))
    words = " ".join(text.split())
    if words in PLAIN_SHAPES:
        return Shape(PLAIN_SHAPES[words])
    if (match := _FUNCTION.match(text)) is not None:
        return _function(statement, start, match)
    raise _no_shape(statement.span(start, start + max(1, len(text))), text, words)


def _no_shape(span: Span, text: str, words: str) -> ModelError:
    if re.search(r"\bas\b", text):
        return ModelError(f"{text!r} is not a shape", span=span, hint=SPELLING_HINT)
    hint = _SUGGESTIONS.get(words) or did_you_mean(words, SHAPES)
    if parse_name(text) is not None and hint is None:
        hint = f"a vector is ({text},), a matrix (m, {text})"
    return ModelError(
        f"{text!r} is not a shape" if text else "a shape is missing",
        span=span,
        hint=f"write {hint}"
        if hint and not hint.startswith(("did", "a "))
        else hint or f"shapes: (m, n), {', '.join(SHAPES)}",
    )


def _size(statement: LogicalLine, start: int, text: str) -> Expression:
    if not text:
        raise ShapeError("a size is missing", span=statement.span(start, start + 1))
    if len(text) > MAX_SIZE_TEXT:
        raise ShapeError(f"a size of {len(text)} characters", span=statement.span(start, start + len(text)))
    return parse(statement, start, start + len(text))


def _function(statement: LogicalLine, start: int, match: re.Match[str]) -> Shape:
    arity = int(match["arity"] or 1)
    if match["definition"] is None:
        if not 1 <= arity <= 9:
            raise ModelError(f"a function of {arity} arguments", span=statement.span(start, start + match.end()))
        return Shape("function", arity=arity)
    definition = canonical_name(match["definition"])
    place = statement.span(start + match.start("definition"), start + match.end("definition"))
    record = elementwise(definition) if definition is not None else None
    if definition is None or record is None:
        raise ModelError(
            f"{match['definition']!r} is not an elementwise operation",
            span=place,
            hint="a function is declared generic (f : function) or as sigmoid, tanh, relu, exp, ...",
        )
    if match["arity"] is not None and arity != record.arity:
        raise ModelError(f"{definition} takes {record.arity} arguments, not {arity}", span=place)
    return Shape("function", arity=record.arity, definition=definition)


def _fact(statement: LogicalLine, start: int, text: str, shape: Shape) -> Fact:
    span = statement.span(start, start + max(1, len(text)))
    rank = len(shape.sizes)
    if shape.kind not in ("input", "symbol", "parameter"):
        raise ModelError(f"a {shape.kind} takes no assumptions", span=span, hint="leave it out")
    if text in SQUARE_FACTS and rank != 2:
        raise ShapeError(f"{text!r} is said of a square matrix", span=span, hint="declare a shape such as (n, n)")
    if text in FACTS:
        return Fact(text)
    if (match := _AXIS_FACT.match(text)) is not None:
        axis = int(match["axis"] or -1)
        if not -rank <= axis < rank:
            raise ShapeError(f"{text!r}: there is no axis {axis} in a shape of {rank} axes", span=span)
        return Fact(match["name"], axis=axis % rank)
    if (match := _RANGE.match(text)) is not None:
        numbers = [
            _number(statement, *part) for part in split_at_commas(match["inside"], start + match.start("inside"))
        ]
        if match["open"] == "{":
            return Fact("one_of", values=tuple(numbers))
        if len(numbers) == 2 and numbers[0] < numbers[1]:
            return Fact("in", low=numbers[0], high=numbers[1])
        raise ModelError(f"{text!r} is not an interval", span=span, hint="write in (0, 1), or in {-1, 1} for a set")
    hint = _SUGGESTIONS.get(text)
    raise ModelError(
        f"unknown assumption {text!r}" if text else "an assumption is missing",
        span=span,
        hint=f"write {hint}" if hint else did_you_mean(text, _fact_names()) or f"known are {', '.join(_fact_names())}",
    )


def _fact_names() -> Sequence[str]:
    return (*FACTS, "simplex(axis=1)", "one_hot(axis=1)", "in (0, 1)", "in {-1, 1}")


def _number(statement: LogicalLine, start: int, text: str) -> float:
    sign, digits = (-1.0, text[1:].strip()) if text.startswith("-") else (1.0, text)
    if digits == "inf":
        return sign * inf
    if re.fullmatch(r"(\d{1,50}(\.\d{0,50})?|\.\d{1,50})([eE][+-]?\d{1,3})?", digits):
        return sign * float(digits)
    raise ModelError(f"{text!r} is not a number", span=statement.span(start, start + max(1, len(text))))
