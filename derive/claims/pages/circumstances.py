r"""Under which circumstances a page states a display: conditions in its sentence, what was assumed or set before.

    If $z_i > 0$, then $$ ... $$           $$ ... $$ when $x = 1$            当 $x = 1$ 时，$$ ... $$
    Suppose $\sum_k y_k = 1$. ... $$ ... $$                  Here $x = 2$. ... $$ ... $$

They are found by their place and by the words before them; what they do to a verdict is not decided here. A condition
reaches the displays of its sentence, an assumption and the value of a name all that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from derive.claims.typography.nodes import Offsets

REACH = 1_000
"""How far around a display its sentence is looked for."""
MOST = 50
"""The most assumptions of a page that are kept."""

_INLINE = re.compile(r"(?<![\\$])\$(?![\s$])(?P<a>[^$]{1,300}?)\$(?!\$)|\\\((?P<b>.{1,300}?)\\\)")
_RELATES = re.compile(
    r"[=<>≤≥≠]|\\(?:l[et]q?|g[et]q?|neq?|ll|gg|in\s*(?:\\\{|[\[(]))(?![A-Za-z])|\\in\s*(?:\\\{|[\[(])"
)
_END = re.compile(r"[.!?](?=\s|\Z)|[。；！？;]|\n[ \t>]*\n")
_STOPS = re.compile(r"[.。]\s*(?:\$\$|\\\]|\\end\s*\{\w+\*?\})?\s*\Z")
_CONDITION = re.compile(
    r"\b(?:if|iff|when|whenever|for|provided|assum\w+|suppos\w+|given|unless|at|as|on|in|with|where|set|setting|tak\w+|choos\w+|let"
    r"|say|once|since|because|fix|case|under|here)\b|当|若|如果|假设|假定|设|取|令|其中|对|在",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\b(?:if|when|whenever|for)\s*\Z|(?:当|若|如果|对|对于)\s*\Z", re.IGNORECASE)
_TURNED = re.compile(r"\b(?:unless|except|not|no|never|without|until)\b|n't\b|除非|除了|否则|不", re.IGNORECASE)
_BEHIND = re.compile(
    r"[\s,，>]*[(（]?\s*(?P<word>(?:(?:only )?if|iff|when|whenever|for|where|with|provided|assuming|unless|as|at"
    r"|on|in|since|because|under|given|once)\b|其中|当|若|如果|对于|对)"
)
_LEADS_ON = frozenset({"当", "若", "如果", "对于", "对"})
_ASSUMES = re.compile(r"\b(?:assum\w+|suppos\w+|throughout|case)\b|假设|假定", re.IGNORECASE)
_NAME = r"\\?[A-Za-z]+(?:_(?:\{\w+\}|\w))?"
_DIGITS = r"\d{1,15}"
_NUMBER = (
    rf"(?P<sign>-?)\s*(?:(?P<above>{_DIGITS}(?:\.{_DIGITS})?)(?:\s*/\s*(?P<below>{_DIGITS}))?"
    r"|\\[dt]?frac\s*\{?\s*(?P<over>\d)\s*\}?\s*\{?\s*(?P<under>\d)\s*\}?)"
)
_VALUE = re.compile(rf"\s*(?P<name>{_NAME})\s*=\s*{_NUMBER}\s*")


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A formula under which a display is stated.

    `words`: what stands before and behind it in the sentence of the display, if it is the only condition there and led
    by a plain `if` or `for`. `turned`: words like `unless` say that it does not hold, or where it does.
    """

    source: str
    words: tuple[str, str] | None = None
    turned: bool = False

    @property
    def value(self) -> tuple[str, float] | None:
        """A name as models write it and the number that it is set to."""
        found = _VALUE.fullmatch(self.source)
        if found is None:
            return None
        name = re.sub(r"[\\{}\s]", "", found["name"])
        above, below = float(found["above"] or found["over"]), float(found["below"] or found["under"] or 1)
        return (name, above / below * (-1 if found["sign"] else 1)) if below else None


def circumstances(text: str, displays: Sequence[Offsets]) -> list[tuple[Circumstance, ...]]:
    """For each display of a page, in order, under which circumstances it is stated."""
    found: list[tuple[Circumstance, ...]] = []
    begin, before, assumed = 0, (), []  # type: int, tuple[Circumstance, ...], list[Circumstance]
    for k, (start, end) in enumerate(displays):
        lead = text[begin:start]
        cut = _last_end(lead)
        assumed += [one for sentence in _sentences(lead[:cut]) for one in _assumed(sentence)]
        near = _conditions(lead[cut:])
        if not near and not cut and begin and not _STOPS.search(text[max(0, begin - 40) : begin]):
            near = before  # the sentence goes on
        following = displays[k + 1][0] if k + 1 < len(displays) else len(text)
        behind = _behind(text, end, following)
        begin, before = end + behind, near
        near = (*near, *_conditions(text[end : end + behind]))
        if len(near) != 1:
            near = tuple(replace(one, words=None) for one in near)
        assumed = assumed[-MOST:]
        found.append((*assumed, *near))
        assumed += _assumed(lead[cut:])
    return found


def _last_end(lead: str) -> int:
    """Where the last sentence of a text begins."""
    bare = _masked(lead).rstrip()
    return max((end.end() for end in _END.finditer(bare)), default=0)


def _masked(text: str) -> str:
    """The text without its formulas, which may hold points."""
    return _INLINE.sub(lambda formula: "x" * len(formula[0]), text)


def _sentences(text: str) -> Iterator[str]:
    masked, begin = _masked(text), 0
    for end in (*(one.end() for one in _END.finditer(masked)), len(text)):
        yield text[begin:end]
        begin = end


def _conditions(sentence: str) -> tuple[Circumstance, ...]:
    """The formulas of a sentence that relate something, behind a word that may make them a condition."""
    sentence = sentence[-REACH:]
    found: list[Circumstance] = []
    at = 0
    for inline in _INLINE.finditer(sentence):
        source = inline["a"] or inline["b"]
        lead = sentence[at : inline.start()]
        if _RELATES.search(source) and (_CONDITION.search(lead) or (found and len(lead) < len(" and also "))):
            words = (lead, sentence[inline.end() :]) if _PLAIN.search(lead) else None
            turned = _TURNED.search(lead) is not None
            found += [Circumstance(part, words, turned) for part in _parts(source)]
        at = inline.end()
    return tuple(found)


def _behind(text: str, end: int, following: int) -> int:
    """How far behind a display its sentence goes on with a condition."""
    led = _BEHIND.match(text, end, following)
    if led is None or _STOPS.search(text[max(0, end - 40) : end]):
        return 0
    masked = _masked(text[end : min(following, end + REACH)])
    stop = _END.search(masked, led.end() - end)
    bracketed = "(" in led[0] or "（" in led[0]
    if stop is None and following < len(text) and led["word"] in _LEADS_ON and not bracketed:
        return 0  # it leads to the next display
    return stop.end() if stop is not None else len(masked)


def _assumed(sentence: str) -> list[Circumstance]:
    """What a sentence assumes for all that follows, or sets to a number."""
    found: list[Circumstance] = []
    at = 0
    for inline in _INLINE.finditer(sentence):
        lead = sentence[at : inline.start()]
        for part in _parts(inline["a"] or inline["b"]):
            one = Circumstance(part, turned=_TURNED.search(lead) is not None)
            if one.value is not None or (_RELATES.search(part) and _ASSUMES.search(lead)):
                found.append(one)
        at = inline.end()
    return found


def _parts(source: str) -> list[str]:
    """`w = 1, b = 0` as two, where each sets a value; anything else as it is."""
    parts = source.split(",")
    return [part.strip() for part in parts] if all(_VALUE.fullmatch(part) for part in parts) else [source]
