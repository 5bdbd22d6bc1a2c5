"""The right side of a line, up to a Python syntax tree.

Own code splits the text into tokens and refuses what the language does not have; only then does `ast.parse` see it,
and what it sees is rewritten: every name, number and layer member becomes a placeholder `n0, n1, ...`. So keywords are
names like others, decimals stay exact, positions lead back to the source, and nothing of the text is ever evaluated.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple

from derive.errors import ModelError, Span
from derive.model.forms import Form, form_of
from derive.model.names import INDEX, WORD, Name, name_of
from derive.model.source import MAX_NESTING, LogicalLine

MAX_OPERATORS = 2_000  # between one pair of brackets; deeper trees could exhaust the interpreter's stack
MAX_SIGNS = 100
MAX_DIGITS = 200

# what it does not match is white space
_TOKEN = re.compile(
    rf"(?P<layers>sum\s*\(\s*{WORD}\s*\[\s*{WORD}\s*\]\s+for\s[^()]*\))"
    rf"|(?P<name>{WORD})(?P<index>{INDEX})?|(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/@()\[\],.=<>])|(?P<other>\S)"
)
_LAYER_SUM = re.compile(
    rf"sum\s*\(\s*({WORD})\s*\[\s*({WORD})\s*\]\s+for\s+({WORD})\s+in\s+(\d{{1,6}})\s*\.\.\s*(\d{{1,6}}|{WORD})\s*\)"
)
LAYER_SUM_HINT = "bind the term in the layers, e[t] = ..., and add up behind them: sum(e[t] for t in 1..T)"
_PYTHON_WORDS = frozenset(
    ["and", "or", "not", "in", "is", "if", "else", "for", "while", "lambda", "await", "yield", "async", "def", "class"]
)
_LINE_HINT = "a line is NAME = expression with operators and calls of operations"
SPELLING_HINT = 'a spelling stands at the end of the line, in double quotes: as "LATEX"'
_HINTS = {
    "^": "write ** for a power",
    "%": "there is no remainder",
    ":": "slices, lambdas and declarations have no place in an expression",
    "{": "write ( ) or [ ]",
    '"': SPELLING_HINT,
    "'": 'a prime is declared: zp = ... as "z\'"',
    "\\": SPELLING_HINT,
    "×": "write * or @",
    "·": "write * or @",
    "−": "write - (the ASCII minus)",
}


class LayerSum(NamedTuple):
    """`sum(e[t] for t in 1..T)`: the member `stem` of every layer from `low` to `high`, added up."""

    stem: str
    low: int
    high: str


class Lexeme(NamedTuple):
    """A token. `name` is set for names, `number` for numbers, `layers` for sums over layers; `is_atom` for them all."""

    text: str
    name: Name | None = None
    number: Fraction | None = None
    is_atom: bool = False
    layers: LayerSum | None = None


Tokens = list[Lexeme]
_SIGNS = {sign: Lexeme(sign) for sign in ("**", "<=", ">=", "==", "!=", *"-+*/@()[],.=<>")}


class Part(NamedTuple):
    """`text[start:end]` of a statement. Where its tokens stand is found again when an error has to say it."""

    statement: LogicalLine
    start: int
    end: int

    def span(self, first: int, last: int | None = None) -> Span:
        """The place of the tokens numbered `first` to `last`."""
        places = [match.span() for match in _TOKEN.finditer(self.statement.text, self.start, self.end)]
        return self.statement.span(places[first][0], places[first if last is None else last][1])


class Expression(NamedTuple):
    """A parsed right side: its form, and the tokens that its placeholders stand for."""

    part: Part
    tokens: Tokens
    form: Form

    def values(self) -> list[Name]:
        """The values it refers to: names that are neither called nor options nor attributes."""
        texts = ["", *(token.text for token in self.tokens), ""]
        return [
            token.name
            for before, token, after in zip(texts, self.tokens, texts[2:], strict=False)
            if token.name and after not in ("(", "=") and before != "."
        ]

    def placeholder(self, identifier: str) -> Lexeme:
        """The token behind a placeholder."""
        return self.tokens[int(identifier[1:])]

    def span(self, node: ast.expr | ast.keyword) -> Span:
        """The place of a subtree."""
        last = _token_at(self.tokens, (node.end_col_offset or 1) - 1)
        return self.part.span(_token_at(self.tokens, node.col_offset), last)


def parse(statement: LogicalLine, start: int, end: int) -> Expression:
    """Parse `statement.text[start:end]`; ModelError with the place of what cannot be read."""
    part = Part(statement, start, end)
    tokens = _tokens(part)
    if not tokens:
        raise ModelError("an expression is missing", span=statement.span(start, start + 1))
    if len(tokens) > min(MAX_SIGNS, MAX_NESTING):
        _check_neighbours(part, tokens)
        _check_size(part, tokens)
    try:
        return Expression(part, tokens, form_of(" ".join(_rewritten(tokens))))
    except SyntaxError as error:
        _check_neighbours(part, tokens)
        raise _syntax_error(part, tokens, _token_at(tokens, max((error.offset or 1) - 1, 0))) from None
    except (MemoryError, RecursionError):
        raise ModelError(
            "the expression is nested too deeply",
            span=part.span(0, len(tokens) - 1),
            hint="name parts of it in lines of their own",
        ) from None


def _rewritten(tokens: Tokens) -> list[str]:
    """The tokens as Python sees them, one space apart."""
    return [f"n{k}" if token.is_atom else token.text for k, token in enumerate(tokens)]


def _token_at(tokens: Tokens, offset: int) -> int:
    """The number of the token that stands at, or last before, an offset into the rewritten text."""
    starts = accumulate((len(part) + 1 for part in _rewritten(tokens)), initial=0)
    return min(bisect_right(list(starts), offset), len(tokens)) - 1


def _tokens(part: Part) -> Tokens:
    tokens: Tokens = []
    for layers, stem, index, number, sign, other in _TOKEN.findall(part.statement.text, part.start, part.end):
        if layers:
            tokens.append(Lexeme(layers, is_atom=True, layers=_layer_sum(part, layers, len(tokens))))
        elif sign:
            tokens.append(_SIGNS[sign])
        elif number:
            tokens.append(Lexeme(number, None, _number(part, number, len(tokens)), is_atom=True))
        elif other:
            raise ModelError(
                f"unexpected {other!r} in an expression", span=part.span(len(tokens)), hint=_HINTS.get(other)
            )
        elif (name := name_of(stem, index)) is None:
            raise ModelError(f"{stem + index!r} is not a name", span=part.span(len(tokens)))
        else:
            tokens.append(Lexeme(stem + index, name, None, is_atom=True))
    return tokens


def _layer_sum(part: Part, text: str, k: int) -> LayerSum:
    match = _LAYER_SUM.fullmatch(text)
    if match is None or match[2] != match[3]:
        raise ModelError("cannot read the sum over layers", span=part.span(k), hint=LAYER_SUM_HINT)
    return LayerSum(match[1], int(match[4]), match[5])


def _number(part: Part, text: str, k: int) -> Fraction:
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 4 or abs(int(exponent or 0)) > 400:
        raise ModelError(f"the number {text[:20]}... is out of range", span=part.span(k)) from None
    try:
        return Fraction(int(text)) if text.isdecimal() else Fraction(text)
    except ValueError:
        raise ModelError(f"{text!r} is not a number", span=part.span(k)) from None


def _check_neighbours(part: Part, tokens: Tokens) -> None:
    for k, (before, token) in enumerate(pairwise(tokens)):
        if token.is_atom and (before.is_atom or before.text in (")", "]")):
            word = next((t.text for t in (before, token) if t.text in _PYTHON_WORDS), None)
            if word is not None:
                raise ModelError(
                    f"Python's {word!r} has no meaning in a model",
                    span=part.span(k, k + 1),
                    hint=LAYER_SUM_HINT if word == "for" else _LINE_HINT,
                )
            spelled = "as" in (before.text, token.text)
            raise ModelError(
                f"an operator is missing between {before.text!r} and {token.text!r}",
                span=part.span(k, k + 1),
                hint=SPELLING_HINT if spelled else "write * for a product, @ for a matrix product",
            )


def _check_size(part: Part, tokens: Tokens) -> None:
    """Refuse what would be too deep for a syntax tree: operators on one level, signs in a row."""
    operators, signs = [0], 0
    for k, token in enumerate(tokens):
        if token.text in ("(", "["):
            operators.append(0)
        elif token.text in (")", "]"):
            if len(operators) > 1:
                operators.pop()
        elif not token.is_atom and token.text not in (",", ".", "="):
            operators[-1] += 1
            unary = k == 0 or not (tokens[k - 1].is_atom or tokens[k - 1].text in (")", "]"))
            signs = signs + 1 if unary else 0
            if signs > MAX_SIGNS or operators[-1] > MAX_OPERATORS or len(operators) > MAX_NESTING:
                what = f"{MAX_SIGNS} signs in a row" if signs > MAX_SIGNS else f"{MAX_OPERATORS} operators on one level"
                raise ModelError(
                    f"more than {what}", span=part.span(k), hint="name parts of the expression in lines of their own"
                )
        else:
            signs = 0


def _syntax_error(part: Part, tokens: Tokens, k: int) -> ModelError:
    token, last = tokens[k], tokens[-1]
    if not last.is_atom and last.text not in (")", "]"):
        return ModelError(f"the expression ends after {last.text!r}", span=part.span(len(tokens) - 1))
    if token.text == "=":
        return ModelError(
            "'=' inside an expression",
            span=part.span(k),
            hint="bind one name a line; options of calls are written name=value",
        )
    return ModelError(f"cannot read the expression at {token.text!r}", span=part.span(k))
