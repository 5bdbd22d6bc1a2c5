r"""A display whose rows have tags of their own, as one formula for each.

    a &= b \tag{1} \\          (1)  a &= b
      &= c \\                       &= c           a row without a tag belongs to the formula that it continues
      &= d \tag{2} \\          (2)  a &= d         a second tag in a chain speaks of its left side
    e &= f \tag{3}             (3)  e &= f

A display with one tag or none stays as it is: its statements are parts of one formula.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from derive.typography.symbols import ALIASES, RELATIONS

TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_PIECE = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}|\\\\\*?(?:\[[^\]\n]*\])?|\\[A-Za-z]+|\\.|:=|<-|->|[^\\]", re.DOTALL)
_WRAPPED = re.compile(
    r"\s*\\begin\s*\{(?P<env>\w+\*?)\}(?:\{[^{}]*\})?(?P<rows>.*)\\end\s*\{(?P=env)\}\s*\Z", re.DOTALL
)
_SIGNS = frozenset({"=", "<", ">", ":=", "<-", "->"})
_OPERATORS = frozenset({"+", "-", "*", "/", r"\cdot", r"\times", r"\odot", r"\circ", r"\otimes", r"\pm"})
_BLANK = re.compile(r"\\(?:quad|qquad|nonumber|notag|displaystyle|[,;:! >])|[\s&]")


@dataclass(frozen=True)
class NumberedEquation:
    """One of the formulas of a display: its source without tags and labels, where it starts, and its tag."""

    source: str
    start: int
    tag: str | None


@dataclass
class _Row:
    text: str
    start: int
    tag: str | None
    relates: bool
    continues: bool


def formulas(source: str) -> list[NumberedEquation]:
    """The formulas of a display, in order; one for a display in which at most one row is tagged."""
    tags = TAG.findall(source) or LABEL.findall(source)
    whole = NumberedEquation(bare(source), 0, tags[0].strip() if tags else None)
    if len(tags) < 2:
        return [whole]
    rows = _rows(source, LABEL if not TAG.search(source) else TAG)
    found: list[list[_Row]] = []
    tagged = False
    for row in rows:
        again = tagged and row.tag is not None and row.relates
        if found and row.continues and not again:
            found[-1].append(row)
        elif found and row.continues:
            start = row.start + len(row.text) - len(row.text.lstrip())
            found.append([_Row(_left_side(found[-1][0].text), start, None, relates=False, continues=True), row])
        else:
            found.append([row])
        tagged = row.tag is not None or (tagged and row.continues)
    return [_joined(group) for group in found]


def bare(source: str) -> str:
    """A source without its tags and labels."""
    return LABEL.sub("", TAG.sub("", source))


def _joined(group: list[_Row]) -> NumberedEquation:
    first, *rest = group
    source = first.text + "".join((" " if first.continues else r" \\ ") + row.text.strip() for row in rest)
    tag = next((row.tag for row in group if row.tag is not None), None)
    return NumberedEquation(bare(source), first.start + len(first.text) - len(first.text.lstrip()), tag)


def _rows(source: str, mark: re.Pattern[str]) -> list[_Row]:
    wrapped = _WRAPPED.match(source)
    offset, inside = (wrapped.start("rows"), wrapped["rows"]) if wrapped else (0, source)
    found: list[_Row] = []
    start = depth = 0
    for piece in _PIECE.finditer(inside):
        text = piece[0]
        depth += (text == "{" or text.startswith(r"\begin")) - (text == "}" or text.startswith(r"\end"))
        if text.startswith(r"\\") and not depth:
            _add(found, inside[start : piece.start()], offset + start, mark)
            start = piece.end()
    _add(found, inside[start:], offset + start, mark)
    return found


def _add(found: list[_Row], text: str, start: int, mark: re.Pattern[str]) -> None:
    tag = mark.search(text)
    pieces = _outer(bare(text))
    if not pieces:
        return
    cells_before = bare(text).lstrip().startswith("&")
    relates = _is_relation(pieces[0])
    open_end = found and _ends_open(found[-1].text)
    continues = relates or open_end or (pieces[0] in _OPERATORS and cells_before) or not any(map(_is_relation, pieces))
    found.append(_Row(text, start, tag[1].strip() if tag else None, relates, bool(found) and bool(continues)))


def _outer(text: str) -> list[str]:
    """The pieces of a row outside of all braces, without what only sets it."""
    found: list[str] = []
    depth = 0
    for piece in _PIECE.finditer(text):
        depth -= piece[0] == "}" or piece[0].startswith(r"\end")
        if not depth and not _BLANK.fullmatch(piece[0]):
            found.append(piece[0])
        depth += piece[0] == "{" or piece[0].startswith(r"\begin")
    return found


def _is_relation(piece: str) -> bool:
    return piece in _SIGNS or piece in RELATIONS or ALIASES.get(piece) in RELATIONS


def _ends_open(text: str) -> bool:
    last = _outer(bare(text))[-1:]
    return bool(last) and (last[0] in _OPERATORS or _is_relation(last[0]))


def _left_side(text: str) -> str:
    """What stands before the first relation of a row."""
    depth = 0
    for piece in _PIECE.finditer(text):
        depth += (piece[0] == "{") - (piece[0] == "}")
        if not depth and _is_relation(piece[0]):
            return text[: piece.start()].replace("&", " ").strip()
    return text.strip()
