r"""Commands with a shape of their own: fractions, roots, annotations, tags.

    \frac{num}{den}   \sqrt[index]{radicand}   \overset{note}{sign}   \underbrace{row}_{note}   \not=   \tag{1}

Each reader gets the cursor with the command as the next token, takes it and its arguments, and gives the node, or
None where nothing is left in the tree. Annotations are no part of the mathematics; they are recorded as dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from derive.typography.nodes import (
    BigOperator,
    Binomial,
    Fraction,
    Markup,
    Matrix,
    Offsets,
    Relation,
    Root,
    Row,
    Scripts,
    Slip,
    Symbol,
    walk,
)
from derive.typography.rows import RowReader
from derive.typography.tokens import Token

Reader = Callable[[RowReader, Token], Markup | None]

_NEGATED = {"=": r"\neq", r"\in": r"\notin"}
_ARROWS = frozenset({r"\to", r"\rightharpoonup"})
_DEFINED = re.compile(
    r"\W*(?:(?:text|mathrm|rm|textit|textbf|operatorname)\W*)?(?:def(?:inition)?|\\triangle|\\Delta|\\wedge)\W*"
)
_DEMANDED = re.compile(
    r"!|\b(?:must|should|shall|want|needs?|requir\w+|set|solve|if|iff|when|where|for|at|unless|only|not|never|approx\w*"
    r"|wrong|false|incorrect)\b",
    re.IGNORECASE,
)
"""Over a sign: what is to hold, or holds under a condition."""
_SPACING = re.compile(r"\\[,;:!> ]|[~{}\s]")


def _fraction(reader: RowReader, token: Token) -> Markup:
    first = reader.at
    reader.at += 1
    top, bottom = reader.argument(token), reader.argument(token)
    kind = Binomial if token.text.endswith("binom") else Fraction
    return kind(reader.span_from(first), top, bottom)


def _root(reader: RowReader, token: Token) -> Markup:
    first, index = reader.at, None
    reader.at += 1
    opener = reader.peek()
    if opener is not None and opener.text == "[":
        reader.at += 1
        reader.enter(opener)
        items = reader.row()
        closer = reader.expect("]", opener)
        reader.depth -= 1
        index = Row(reader.between(opener, closer), items)
    radicand = reader.argument(token)
    return Root(reader.span_from(first), radicand, index)


def _set_above_or_below(reader: RowReader, token: Token) -> Markup:
    r"""`\overset{note}{base}`; at `\max` or `\sum` the note is a limit, and a name with one is another name."""
    first = reader.at
    reader.at += 1
    note, row = reader.argument(token), reader.argument(token)
    span = reader.span_from(first)
    base: Markup = row.items[0] if len(row.items) == 1 else row
    if isinstance(base, BigOperator):
        below = token.text == r"\underset"
        return replace(base, span=span, lower=note) if below else replace(base, span=span, upper=note)
    if token.text == r"\underset" and isinstance(base, Symbol) and base.font == "op":
        return Scripts(span, base, sub=note)
    if isinstance(base, Symbol) and not _is_arrow(note):
        raise reader.error("expected a sign, not a name, which what stands over it changes", token)
    _drop(reader, note, token)
    written = reader.source[slice(*note.span)]
    return _noted(base, note, written, span) if isinstance(base, Relation) else replace(base, span=span)


def _noted(sign: Relation, note: Row, written: str, span: Offsets) -> Relation:
    """A sign as the note at it wants it: one that defines, or one that is demanded or holds only somewhere."""
    if _DEFINED.fullmatch(written) and sign.text == "=":
        return Relation(span, ":=")
    conditional = any(isinstance(node, Relation) for node in walk(note)) or _DEMANDED.search(written) is not None
    return Relation(span, rf"\overset{{{written}}}{{{sign.text}}}") if conditional else replace(sign, span=span)


def _is_arrow(note: Row) -> bool:
    return len(note.items) == 1 and isinstance(note.items[0], Relation) and note.items[0].text in _ARROWS


def _brace(reader: RowReader, token: Token) -> Markup:
    r"""`\underbrace{row}_{note}`."""
    first = reader.at
    reader.at += 1
    row = reader.argument(token)
    side = "_" if token.text.startswith(r"\under") else "^"
    if reader.next_is(side):
        note = reader.argument(reader.take())
        _drop(reader, note, token)
        reader.braced.append((row, note))
    return replace(row.items[0] if len(row.items) == 1 else row, span=reader.span_from(first))


def _drop(reader: RowReader, note: Row, token: Token) -> None:
    start, end = note.span
    reader.dropped.append(Slip("annotation", note.span, f"{token.text}: {reader.source[start:end]}"))


def _not(reader: RowReader, token: Token) -> Markup:
    first = reader.at
    reader.at += 1
    row = reader.argument(token)
    if len(row.items) != 1 or not isinstance(row.items[0], Relation):
        raise reader.error(r"expected a relation after \not", token)
    text = row.items[0].text
    return Relation(reader.span_from(first), _NEGATED.get(text, r"\not" + text))


def _operator_name(reader: RowReader, token: Token) -> Markup:
    first = reader.at
    reader.at += 1
    name = _SPACING.sub("", reader.take().text)
    if not name:
        raise reader.error(f"expected a name in {token.text}{{}}", token)
    return Symbol(reader.span_from(first), name, "op")


def _tag(reader: RowReader, token: Token) -> None:
    reader.at += 1
    words = reader.take()
    found = reader.tags if token.text == r"\tag" else reader.labels
    found.append((words.text.strip(), words.span))


def _coloured(reader: RowReader, token: Token) -> Markup:
    first = reader.at
    reader.at += 2  # the colour is one raw token
    row = reader.argument(token)
    return replace(row.items[0], span=reader.span_from(first)) if len(row.items) == 1 else row


def _stack(reader: RowReader, token: Token) -> Markup:
    first = reader.at
    reader.at += 1
    opener = reader.peek()
    if opener is None or opener.text != "{":
        raise reader.error(r"expected { after \substack", token)
    reader.at += 1
    reader.enter(opener)
    rows = reader.cells()
    reader.expect("}", opener)
    reader.depth -= 1
    return Matrix(reader.span_from(first), "substack", rows)


READERS: dict[str, Reader] = {
    **dict.fromkeys((r"\frac", r"\tfrac", r"\dfrac", r"\cfrac", r"\nicefrac"), _fraction),
    **dict.fromkeys((r"\binom", r"\tbinom", r"\dbinom"), _fraction),
    **dict.fromkeys((r"\overset", r"\underset", r"\stackrel"), _set_above_or_below),
    **dict.fromkeys((r"\underbrace", r"\overbrace", r"\underbracket", r"\overbracket"), _brace),
    **dict.fromkeys((r"\tag", r"\label"), _tag),
    **dict.fromkeys((r"\textcolor", r"\mathcolor"), _coloured),
    r"\sqrt": _root,
    r"\not": _not,
    r"\operatorname": _operator_name,
    r"\substack": _stack,
}
