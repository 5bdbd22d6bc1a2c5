r"""Which bar opens and which closes: `|x|`, `\|y - o\|`, `|a||b|`, `p(y|x)`.

A bar does not say which side it faces, so it is paired with others of its kind inside the same brackets:
- behind an operand it closes the nearest open bar; if none is open it may open one, if another follows before
  the next relation, comma or row;
- anywhere else (at the start, behind an operator, a relation, another opening) it opens one.
A bar without a partner is an operator, as in a conditional probability. One pass, each bar handled twice at most.
"""

from __future__ import annotations

from derive.typography import symbols
from derive.typography.tokens import Token

_OPENING = symbols.BRACKETS.keys() | {"{", r"\begin"}
_CLOSING = symbols.CLOSING | {"}", r"\end"}
_PAUSES = symbols.RELATIONS | {"=", "<", ">", ":=", ",", ";", ":"}
_NO_OPERAND = (
    symbols.OPERATORS
    | symbols.FUNCTIONS
    | symbols.BIG_OPERATORS
    | symbols.ACCENTS.keys()
    | symbols.FONTS.keys()
    | {"+", "-", "*", "/", "^", "_", r"\frac", r"\partial", r"\nabla", r"\sqrt"}
)
_UNCHANGED = symbols.INVISIBLE | symbols.WIDE_SPACES | {"'"}


class _Level:
    """The bars still open between one pair of brackets, by kind; `tentative` ones stand behind an operand."""

    def __init__(self) -> None:
        self.open: dict[str, list[tuple[int, bool]]] = {bar: [] for bar in symbols.BARS}

    def pause(self) -> None:
        for bars in self.open.values():
            while bars and bars[-1][1]:
                bars.pop()

    def close(self, kind: str) -> int | None:
        """The partner of a closing bar, if there is one; bars of other kinds inside the pair lose theirs."""
        if not self.open[kind]:
            return None
        partner, _ = self.open[kind].pop()
        for bars in self.open.values():
            while bars and bars[-1][0] > partner:
                bars.pop()
        return partner


def pair_bars(tokens: list[Token]) -> dict[int, bool]:
    """Index of each paired bar -> whether it is the opening one."""
    paired: dict[int, bool] = {}
    if not any(token.text in symbols.BARS for token in tokens):
        return paired
    levels = [_Level()]
    operand = False
    fenced = False  # the token before was \left, \right or \middle: this one is its bracket
    for index, token in enumerate(tokens):
        text = token.text
        if fenced or token.kind == "raw":
            fenced = False
        elif token.kind in ("letter", "digit"):
            operand = True
        elif text in symbols.BARS:
            partner = levels[-1].close(text) if operand else None
            if partner is None:
                levels[-1].open[text].append((index, operand))
                operand = False
            else:
                paired[partner], paired[index] = True, False
                operand = True
        elif text in (r"\left", r"\middle", r"\right"):
            fenced = True
            operand = _nest(levels, opens=text == r"\left", closes=text == r"\right")
        elif text in _OPENING or text in _CLOSING:
            operand = _nest(levels, opens=text in _OPENING, closes=text in _CLOSING)
        elif text in _PAUSES:
            levels[-1].pause()
            operand = False
        elif text in ("&", r"\\"):
            levels[-1] = _Level()
            operand = False
        elif text not in _UNCHANGED:
            operand = text not in _NO_OPERAND
    return paired


def _nest(levels: list[_Level], *, opens: bool, closes: bool) -> bool:
    """Enters or leaves a pair of brackets; whether what has just ended is an operand."""
    if opens:
        levels.append(_Level())
    elif closes and len(levels) > 1:
        levels.pop()
    return closes
