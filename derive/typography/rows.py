r"""Rows of a formula: atoms side by side, each with the scripts it carries.

    row       ::=  (atom script*)*            script ::= ^ argument | _ argument | '
    argument  ::=  { row } | atom             (of digits only one, as in TeX: \frac12, x^2y)

Recursive descent with a bound on the depth, so that no input reaches the recursion limit of Python; all the rest
is loops, and each token is taken once. What an atom is, `parser.py` says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from itertools import pairwise

from derive.errors import ClaimError
from derive.typography import symbols
from derive.typography.bars import pair_bars
from derive.typography.nodes import (
    BigOperator,
    Binomial,
    Fraction,
    Markup,
    Number,
    Offsets,
    Operator,
    Punct,
    Relation,
    Row,
    Scripts,
    Slip,
    Space,
    Symbol,
    Text,
)
from derive.typography.tokens import Token, place

MAX_DEPTH = 100
"""Nested braces, brackets, scripts and environments; printed formulas stay below ten."""

_CLOSERS = symbols.CLOSING | {"}", "&", r"\\", r"\cr", r"\right", r"\end"}
_BREAKS = frozenset({"&", r"\\", r"\cr"})
_INFIX = {r"\over": Fraction, r"\choose": Binomial}


class RowReader(ABC):
    """The cursor over the tokens of one formula, and all that does not depend on a particular command."""

    def __init__(self, source: str, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.font = ""
        self.slips: list[Slip] = []
        self.dropped: list[Slip] = []
        self.braced: list[tuple[Row, Row]] = []
        self.tags: list[tuple[str, Offsets]] = []
        self.labels: list[tuple[str, Offsets]] = []
        self.bars = pair_bars(tokens)
        # Without macros the places of the tokens grow, and the span of many is that of the first and the last.
        self.ordered = all(a.start <= b.start and a.end <= b.end for a, b in pairwise(tokens))

    @abstractmethod
    def atom(self, token: Token) -> Markup | None:
        """Takes the atom that starts with `token`, the next one; None if it leaves nothing in the tree."""

    # ----- cursor -----

    def error(self, message: str, token: Token | None, hint: str | None = None) -> ClaimError:
        """A reading error at `token`, or at the end of the source."""
        span = token.span if token is not None else (len(self.source), len(self.source))
        return ClaimError(message, span=place(self.source, span), hint=hint)

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def next_is(self, text: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text == text

    def span_from(self, first: int) -> Offsets:
        """The source covered by the tokens from index `first` up to the cursor."""
        taken = self.tokens[first : self.at] if not self.ordered else (self.tokens[first], self.tokens[self.at - 1])
        return min(token.start for token in taken), max(token.end for token in taken)

    def between(self, opener: Token, closer: Token) -> Offsets:
        """The inside of two brackets; the whole use if they come from a macro."""
        if opener.end <= closer.start:
            return opener.end, closer.start
        return min(opener.start, closer.start), max(opener.end, closer.end)

    def enter(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"the formula is nested deeper than {MAX_DEPTH} levels", token)

    def found(self) -> str:
        token = self.peek()
        return f"found {token.text}" if token is not None else "the formula ends"

    def expect(self, text: str, opener: Token) -> Token:
        """Takes the sign that closes `opener`."""
        closer = self.peek()
        if closer is None or closer.text != text:
            raise self.error(f"expected {text} for this {opener.text}, but {self.found()}", opener)
        return self.take()

    def at_closer(self) -> bool:
        token = self.tokens[self.at]
        if token.kind == "raw":
            return False
        return token.text in _CLOSERS or self.bars.get(self.at) is False

    # ----- rows -----

    def row(self, *, cell: bool = False) -> tuple[Markup, ...]:
        r"""The nodes up to a closing sign, which stays. Only a cell ends at `&` or `\\`; elsewhere they are layout."""
        items: list[Markup] = []
        firsts: list[int] = []  # index of the token each item starts with
        scripted = False  # the last item got its scripts here, so it takes no second of a kind
        infix: tuple[Token, tuple[Markup, ...], int] | None = None
        outer_font, begin = self.font, self.at
        while self.at < len(self.tokens):
            token, first = self.tokens[self.at], self.at
            if self.at_closer():
                if cell or token.text not in _BREAKS:
                    break
                self.at += 1
            elif token.text in ("^", "_", "'") and token.kind == "sign":
                self.script(items, firsts, scripted)
                scripted = True
            elif token.text in _INFIX:
                if infix is not None:
                    raise self.error(f"a second {token.text} in one group: put the first in braces", token)
                infix = token, self.joined(items), begin
                self.at += 1
                items, firsts = [], []
            else:
                node = self.atom(token)
                if node is not None and not (isinstance(node, Space) and not cell):
                    items.append(node)
                    firsts.append(first)
                    scripted = False
        result = self.joined(items)
        self.font = outer_font
        return result if infix is None else (self.infix(*infix, result),)

    def cells(self) -> tuple[tuple[Row, ...], ...]:
        r"""Rows of cells up to something that is neither `&` nor `\\`; rows with nothing in them are dropped."""
        rows: list[tuple[Row, ...]] = []
        cells: list[Row] = []
        while True:
            start = self.tokens[self.at].start if self.at < len(self.tokens) else len(self.source)
            items = self.row(cell=True)
            cells.append(Row(_union(*(node.span for node in items)) if items else (start, start), items))
            token = self.peek()
            if token is not None and token.text == "&":
                self.at += 1
                continue
            if any(cell.items for cell in cells):
                rows.append(tuple(cells))
            cells = []
            if token is None or token.text not in (r"\\", r"\cr"):
                return tuple(rows)
            self.at += 1

    def infix(self, token: Token, left: tuple[Markup, ...], begin: int, right: tuple[Markup, ...]) -> Markup:
        r"""`left \over right`, the whole group being the fraction."""
        parts = (Row(_cover(left, token), left), Row(_cover(right, token), right))
        return _INFIX[token.text](self.span_from(begin), *parts)

    def joined(self, items: list[Markup]) -> tuple[Markup, ...]:
        r"""Without empty braces, and with the letters of `\mathrm{diag}` and `\mathrm{log2}` as one word."""
        result: list[Markup] = []
        for node in items:
            last = result[-1] if result else None
            if isinstance(node, Row) and not node.items:
                continue
            if isinstance(last, Symbol) and isinstance(node, Symbol) and self.one_word(last, node):
                result[-1] = Symbol((last.span[0], node.span[1]), last.name + node.name, last.font)
            elif isinstance(last, Symbol) and isinstance(node, Number) and self.numbered(last, node):
                result[-1] = Symbol((last.span[0], node.span[1]), last.name + node.text, last.font)
            else:
                result.append(node)
        # Braces around a whole row add nothing: {{\\partial C}}.
        return result[0].items if len(result) == 1 and isinstance(result[0], Row) else tuple(result)

    @staticmethod
    def one_word(left: Symbol, right: Symbol) -> bool:
        if left.font != right.font or left.font not in symbols.WORD_FONTS:
            return False
        letters = left.name[0] != "\\" and right.name[0] != "\\"
        return letters and (left.span[1] == right.span[0] or left.span == right.span)

    @staticmethod
    def numbered(word: Symbol, number: Number) -> bool:
        r"""Whether digits belong to a word of several letters: `\mathrm{log2}`."""
        touches = word.span[1] == number.span[0] and word.font == number.font and word.font in symbols.WORD_FONTS
        return touches and len(word.name) > 1 and word.name[0] != "\\" and number.text.isdigit()

    # ----- scripts -----

    def script(self, items: list[Markup], firsts: list[int], scripted: bool) -> None:
        """Takes one `^`, `_` or `'` and puts it on the last item."""
        token, first = self.take(), self.at - 1
        base: Markup | None = None
        if items and not isinstance(items[-1], Relation | Operator | Punct | Space):
            base, first = items.pop(), firsts.pop()
        if isinstance(base, BigOperator) and token.text != "'":
            items.append(self.limit(base, token, first))
        else:
            known = base if isinstance(base, Scripts) and scripted else None
            if known is None:
                bare = None if isinstance(base, Row) and not base.items else base
                known = Scripts(self.span_from(first), bare)
            items.append(self.with_script(known, token))
        firsts.append(first)

    def limit(self, base: BigOperator, token: Token, first: int) -> Markup:
        if (base.lower if token.text == "_" else base.upper) is not None:
            raise self.error(f"a second {token.text} on {base.name}", token)
        argument = self.script_argument(token)
        span = self.span_from(first)
        if token.text == "_":
            return replace(base, span=span, lower=argument)
        return replace(base, span=span, upper=argument)

    def with_script(self, known: Scripts, token: Token) -> Markup:
        """`known` with one more script; primes written with `^` count as primes, empty braces as nothing."""
        if token.text == "'":
            return Scripts(_union(known.span, token.span), known.base, known.sub, known.sup, known.primes + 1)
        argument = self.script_argument(token)
        span = _union(known.span, token.span, argument.span, self.tokens[self.at - 1].span)
        primes = len(argument.items)
        if token.text == "^" and primes and all(_is_prime(node) for node in argument.items):
            return Scripts(span, known.base, known.sub, known.sup, known.primes + primes)
        if not argument.items:
            return replace(known, span=span)
        if (known.sub if token.text == "_" else known.sup) is not None:
            kind = "subscript" if token.text == "_" else "superscript"
            raise self.error(f"a second {kind}: put the first one and its base in braces", token)
        if token.text == "_":
            return Scripts(span, known.base, argument, known.sup, known.primes)
        return Scripts(span, known.base, known.sub, argument, known.primes)

    def script_argument(self, token: Token) -> Row:
        argument = self.argument(token)
        following, last = self.peek(), argument.items[-1] if argument.items else None
        touches = following is not None and following.kind == "digit" and following.start == argument.span[1]
        if following is not None and touches and not argument.braced and isinstance(last, Number):
            words = f"{token.text}{last.text} takes one digit without braces"
            self.slips.append(Slip("notation", (token.start, following.end), words))
        return argument

    # ----- arguments -----

    def argument(self, owner: Token) -> Row:
        """What `owner` acts on: a group in braces or a single atom."""
        self.enter(owner)
        while self.at < len(self.tokens) and not self.at_closer():
            token, first = self.tokens[self.at], self.at
            if token.text in ("^", "_", "'") and token.kind == "sign" and owner.text != "^":
                break
            if token.text == "{" and token.kind == "sign":
                result = self.braces()
            elif token.text == "'" and token.kind == "sign":
                self.at += 1
                result = Row(token.span, (Symbol(token.span, r"\prime"),), braced=False)
            elif token.kind == "digit":
                self.at += 1
                result = Row(token.span, (Number(token.span, token.text, self.font),), braced=False)
            elif token.kind == "raw":
                self.at += 1
                result = Row(token.span, (Text(token.span, token.text),))
            else:
                node = self.atom(token)
                if node is None or isinstance(node, Space):
                    continue
                result = Row(self.span_from(first), (node,), braced=False)
            self.depth -= 1
            return result
        raise self.error(f"expected an argument after {owner.text}, but {self.found()}", self.peek() or owner)

    def braces(self) -> Row:
        """`{ row }`, the brace being the next token."""
        opener = self.take()
        self.enter(opener)
        items = self.row()
        closer = self.expect("}", opener)
        self.depth -= 1
        return Row(self.between(opener, closer), items)


def _union(*spans: Offsets) -> Offsets:
    return min(start for start, _ in spans), max(end for _, end in spans)


def _cover(items: tuple[Markup, ...], token: Token) -> Offsets:
    return _union(*(node.span for node in items)) if items else (token.end, token.end)


def _is_prime(node: Markup) -> bool:
    return isinstance(node, Symbol) and node.name == r"\prime"
