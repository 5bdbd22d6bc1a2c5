r"""What each sign and command of a formula stands for in the layout tree.

    atom  ::=  letter | number | sign | \command argument* | { row } | ( row ) | |row| | \left( row \right)
            |  \begin{env} row (& row)* (\\ row (& row)*)* \end{env}

Commands that only change the look leave nothing; annotations (`\underbrace`, `\overset`) are dropped and recorded.
A command nobody knows becomes a symbol that says so. `rows.py` holds the grammar of rows and scripts.
"""

from __future__ import annotations

from dataclasses import replace

from derive.typography import symbols
from derive.typography.commands import READERS
from derive.typography.nodes import (
    Accent,
    BigOperator,
    Cases,
    Ellipsis,
    Group,
    Markup,
    Matrix,
    Number,
    Operator,
    Punct,
    Relation,
    Row,
    Slip,
    Space,
    Stray,
    Symbol,
    Text,
)
from derive.typography.rows import RowReader
from derive.typography.tokens import Token

MAX_DIGITS = 200
_OPERATOR_SIGNS = frozenset("+-*/!|") | {"**", r"\|"}
_RELATION_SIGNS = frozenset("=<>") | {":=", "+=", "-=", "*=", "/="}
# Words of prose: `\text{if}` is no name, while `\text{out}` in a subscript is.
_PROSE = frozenset({"if", "otherwise", "else", "where", "for", "and", "with", "when", "or", "so", "then"}).union(
    ("hence", "thus", "therefore", "since", "because", "gives", "yields")
)


class Parser(RowReader):
    """Reads the tokens of one formula; `lines` is the whole of it, row by row and cell by cell."""

    def lines(self) -> tuple[tuple[Row, ...], ...]:
        rows = self.cells()
        token = self.peek()
        if token is not None:
            raise self.error(f"found {token.text}, but nothing is open that it could close", token)
        return rows

    def atom(self, token: Token) -> Markup | None:
        if token.kind == "command":
            return self.command(token)
        if token.kind == "digit" or (token.text == "." and self.decimal()):
            return self.number()
        if token.text == "{":
            row = self.braces()
            return row.items[0] if len(row.items) == 1 else row
        if token.text in symbols.BRACKETS or self.bars.get(self.at):
            return self.group()
        self.at += 1
        if token.kind == "letter":
            return Symbol(token.span, token.text, self.font)
        if token.kind == "raw":
            return Text(token.span, token.text)
        return self.sign(token)

    def sign(self, token: Token) -> Markup:
        if token.text in _OPERATOR_SIGNS:
            return Operator(token.span, token.text)
        if token.text in _RELATION_SIGNS:
            return Relation(token.span, token.text)
        if token.text in (",", ";", ".", ":"):
            return Punct(token.span, token.text)
        self.slips.append(Slip("stray_token", token.span, f"{token.text} has no meaning here"))
        return Stray(token.span, token.text)

    # ----- numbers -----

    def decimal(self) -> bool:
        """Whether a digit touches the point at the cursor."""
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        return following is not None and following.kind == "digit" and following.start == self.tokens[self.at].end

    def number(self) -> Markup:
        first = self.at
        text, point = "", False
        while (token := self.peek()) is not None:
            if text and token.start != self.tokens[self.at - 1].end and token.span != self.tokens[first].span:
                break
            if token.text == "." and not point and self.decimal():
                point = True
            elif token.kind != "digit":
                break
            text += token.text
            self.at += 1
            if len(text) > MAX_DIGITS:
                raise self.error(f"a number of more than {MAX_DIGITS} digits", token)
        return Number(self.span_from(first), text, self.font)

    # ----- brackets -----

    def group(self) -> Markup:
        """Brackets or bars; `(` may close with `]` and the other way round, as half-open intervals do."""
        first, opener = self.at, self.take()
        self.enter(opener)
        expected = opener.text if opener.text in symbols.BARS else symbols.BRACKETS[opener.text]
        items = self.row()
        closer = self.peek()
        pair = {expected, ")", "]"} if opener.text in ("(", "[") else {expected}
        if closer is None or closer.text not in pair:
            raise self.error(f"expected {expected} for this {opener.text}, but {self.found()}", opener)
        self.at += 1
        self.depth -= 1
        span = self.span_from(first)
        inner = items[0] if len(items) == 1 else None
        double = isinstance(inner, Group) and inner.open == "|" and inner.span == (span[0] + 1, span[1] - 1)
        if opener.text == "|" and isinstance(inner, Group) and double:  # ||x||
            return Group(span, r"\|", inner.items, r"\|")
        return self.fenced(span, opener.text, items, closer.text)

    def left(self, token: Token) -> Markup:
        first = self.at
        self.at += 1
        opening = self.delimiter(token)
        self.enter(token)
        items = self.row()
        closer = self.expect(r"\right", token)
        closing = self.delimiter(closer)
        self.depth -= 1
        return self.fenced(self.span_from(first), opening, items, closing)

    def delimiter(self, owner: Token) -> str:
        r"""The bracket after `\left`, `\right` or `\middle`; "" for the invisible one."""
        token = self.peek()
        text = token.text if token is not None and token.kind in ("sign", "command") else ""
        if text in ("<", ">"):
            text = r"\langle" if text == "<" else r"\rangle"
        known = text in symbols.BRACKETS or text in symbols.CLOSING or text in symbols.BARS or text in (".", "/")
        if not known:
            raise self.error(f"expected a bracket after {owner.text}, but {self.found()}", token or owner)
        self.at += 1
        return "" if text == "." else text

    def fenced(self, span: tuple[int, int], opening: str, items: tuple[Markup, ...], closing: str) -> Markup:
        if opening == r"\{" and closing == "" and len(items) == 1 and isinstance(items[0], Matrix):
            return Cases(span, items[0].rows)
        plain = symbols.PLAIN_BRACKET
        return Group(span, plain.get(opening, opening), items, plain.get(closing, closing))

    # ----- environments -----

    def environment(self, token: Token) -> Markup:
        first = self.at
        self.at += 1
        self.enter(token)
        name = self.take().text.strip()
        if name not in symbols.MATRICES | symbols.CASES | symbols.LINES:
            raise self.error(f"the environment {name or '{}'} is not one of mathematics", token)
        self.columns(name, token)
        rows = self.cells()
        closer = self.expect(r"\end", token)
        ending = self.take().text.strip()
        if ending != name:
            raise self.error(f"expected \\end{{{name}}}, but found \\end{{{ending}}}", closer)
        self.depth -= 1
        span = self.span_from(first)
        return Cases(span, rows) if name in symbols.CASES else Matrix(span, name, rows)

    def columns(self, name: str, token: Token) -> None:
        r"""The column letters of an array, and those that an author left behind a matrix."""
        if name not in symbols.MATRICES and self.next_is("["):
            while self.at < len(self.tokens) and self.take().text != "]":
                pass
        elif name == "array" and self.next_is("["):
            self.at = self.at + 3 if [t.text for t in self.tokens[self.at + 2 : self.at + 3]] == ["]"] else self.at
        if name in symbols.WITH_COLUMNS:
            self.argument(token)
            return
        inside = []
        at = self.at
        if self.next_is("{"):
            at += 1
            while at < len(self.tokens) and self.tokens[at].text in ("l", "c", "r", "|"):
                inside.append(self.tokens[at].text)
                at += 1
            behind = self.tokens[at + 1].text if at + 1 < len(self.tokens) else ""
            closed = at < len(self.tokens) and self.tokens[at].text == "}"
            if closed and behind not in ("&", r"\\", r"\end", "^", "_") and (inside or name in symbols.MATRICES):
                span = self.tokens[self.at].start, self.tokens[at].end
                if inside:
                    letters = "".join(inside)
                    self.slips.append(Slip("stray_token", span, f"{{{letters}}}: {name} takes no column letters"))
                self.at = at + 1

    # ----- commands -----

    def command(self, token: Token) -> Markup | None:
        text = token.text
        if text in READERS:
            return READERS[text](self, token)
        if text == r"\begin":
            return self.environment(token)
        if text == r"\left":
            return self.left(token)
        if text in symbols.BRACKETS or (text in symbols.BARS and self.bars.get(self.at)):
            return self.group()
        first = self.at
        self.at += 1
        if text in symbols.INVISIBLE:
            return None
        if text in symbols.INVISIBLE_WITH_ARGUMENT:
            self.argument(token)
            return None
        if text in symbols.ACCENTS:
            base = self.argument(token)
            inner = base.items[0] if len(base.items) == 1 else base
            return Accent(self.span_from(first), symbols.ACCENTS[text], inner)
        if text in symbols.FONT_SWITCHES:
            self.font = symbols.FONTS[text]
            return None
        if text in symbols.FONTS:
            return self.in_font(token, first)
        if text in symbols.TEXT_COMMANDS:
            return self.words(self.take().text, self.span_from(first))
        if text in symbols.TRANSPARENT:
            return self.transparent(self.argument(token), first)
        if text == r"\middle":
            return Operator(self.span_from(first), self.delimiter(token))
        return self.leaf(token)

    def leaf(self, token: Token) -> Markup:
        text, span = token.text, token.span
        if text in symbols.MISUSED:
            meant = symbols.MISUSED[text]
            self.slips.append(Slip("notation", span, f"{text} is written for {meant}"))
            return Symbol(span, meant)
        if text in symbols.LETTERS:
            return Symbol(span, text, self.font)
        if text in symbols.FUNCTIONS:
            return Symbol(span, text[1:], "op")
        if text in symbols.OPERATORS or text in _OPERATOR_SIGNS:
            return Operator(span, text)
        if text in symbols.RELATIONS:
            return Relation(span, text)
        if text in symbols.BIG_OPERATORS:
            return BigOperator(span, text)
        if text in symbols.ELLIPSES:
            return Ellipsis(span, text)
        if text in symbols.WIDE_SPACES:
            return Space(span, text)
        if text == r"\_":
            return Symbol(span, "_", self.font)
        if text[1:].isalpha():
            return Symbol(span, text, self.font, known=False)
        return self.sign(token)

    def in_font(self, token: Token, first: int) -> Markup:
        outer, self.font = self.font, symbols.FONTS[token.text]
        row = self.argument(token)
        self.font = outer
        return self.transparent(row, first)

    def transparent(self, row: Row, first: int) -> Markup:
        """The only node of `row`, with the span of the whole command, or the row."""
        if len(row.items) == 1:
            return replace(row.items[0], span=self.span_from(first))
        return row

    def words(self, text: str, span: tuple[int, int]) -> Markup:
        name = text.strip()
        if name == text and name.replace("_", "").isalnum() and name not in _PROSE and name[0].isalpha():
            return Symbol(span, name, "text")
        return Text(span, name)
