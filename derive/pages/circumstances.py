r"""Under which circumstances a page states a display: conditions in its sentence, what was assumed or set before.

    If $z_i > 0$, then $$ ... $$           $$ ... $$ when $x = 1$            当 $x = 1$ 时，$$ ... $$
    Suppose $\sum_k y_k = 1$. ... $$ ... $$                  Here $x = 2$. ... $$ ... $$

They are found by their place, for there is no end of words that may lead to them; what they do to a verdict is not
decided here. What is related in the sentence of a display counts, and what is equated in its paragraph; what is said to
be assumed, and the numbers among which a name is, count for all displays that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from derive.ir.graph import Fact
from derive.pages.qualified import changed, follows, solved, summed
from derive.typography.nodes import Offsets

REACH = 1_000
"""How far around a display its sentence is looked for."""
MOST = 50
"""The most assumptions of a page that are kept."""

_INLINE = re.compile(r"(?<![\\$])\$(?![\s$])(?P<a>[^$]{1,300}?)\$(?!\$)|\\\((?P<b>.{1,300}?)\\\)")
_RELATES = re.compile(
    r"(?<!:)=|[<>≤≥≠≈]|\\(?:l[et]q?|g[et]q?|neq?|ll|gg|approx|simeq|sim|equiv)(?![A-Za-z])|\\in\s*(?:\\\{|[\[(])"
    r"|(?:\\to|\\rightarrow|→)\s*(?:[-+]?\d|[-+]?\\infty)"
)
_END = re.compile(r"[.!?](?=\s|\Z)|[。；！？;]|\n[ \t>]*\n")
_BLANK = re.compile(r"\n[ \t>]*\n")
_EQUATES = re.compile(r"(?<![<>:\\!])=")
_STOPS = re.compile(r"[.。]\s*(?:\$\$|\\\]|\\end\s*\{\w+\*?\})?\s*\Z")
_PLAIN = re.compile(r"\b(?:if|when|whenever|for)\s*\Z|(?:当|若|如果|对|对于)\s*\Z", re.IGNORECASE)
_TURNED = re.compile(r"\b(?:unless|except|not|no|never|without|until)\b|n't\b|除非|除了|否则|不", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"\b(?:otherwise|or else|(?:in|for) (?:the|all|any) (?:other|remaining|opposite) cases?|elsewhere|else)\b"
    r"|否则|反之|其余|其他情况",
    re.IGNORECASE,
)
_KINDS = (
    r"(?:(?:anti|skew|non|un)-?)?(?:symmetric|diagonal|orthogonal|orthonormal|hermitian|triangular|idempotent|normali[sz]ed"
    r"|positive|negative|zero|nonzero|one-hot|active|saturated)"
)
_PROPERTY = re.compile(
    rf"\b{_KINDS}(?:\s+(?:matrix|matrices|vectors?|values?(?: of)?))?\s+\$[^$]{{1,40}}\$"
    rf"|\$[^$]{{1,40}}\$\s+(?:is|are|be|were|was)\s+(?:\w+\s+){{0,2}}{_KINDS}\b"
    r"|\$[^$]{1,40}\$\s*(?:是|为)?\s*(?:一个)?(?:反?对称|对角|正交|正|负|零)"
    r"|(?:反?对称|对角|正交)(?:矩阵|的)*\s*\$[^$]{1,40}\$"
)
"""What a matrix or number is said to be: formulas may hold for such alone."""
_BEHIND = re.compile(r"[\s,，>]*(?P<bracket>[(（]?)\s*(?P<word>[a-z]+|其中|[一-鿿])")
_BACK = re.compile(r"if|iff|only|when|whenever|for|where|with|provided|assuming|unless|as|at|on|because|since|其中")
"""Words by which a clause between two displays belongs to the first one."""
_JOINS = re.compile(r"(?:\b(?:and|or|but|while|whereas)|且|而|和)[\s,，]*\Z", re.IGNORECASE)
"""What ends a clause about the display before it, with another display to follow."""
_ASSUMES = re.compile(r"\b(?:assum\w+|suppos\w+|throughout|case)\b|假设|假定", re.IGNORECASE)
_NAME = r"\\?[A-Za-z]+(?:_(?:\{\w+\}|\w))?"
_PLAIN_NUMBER = r"\s*-?\d{1,15}(?:\.\d{1,15})?\s*"
_DIGITS = r"\d{1,15}"
_NUMBER = (
    rf"(?P<sign>-?)\s*(?:(?P<above>{_DIGITS}(?:\.{_DIGITS})?)(?:\s*/\s*(?P<below>{_DIGITS}))?"
    r"|\\[dt]?frac\s*\{?\s*(?P<over>\d)\s*\}?\s*\{?\s*(?P<under>\d)\s*\}?)"
)
_MEMBER = re.compile(rf"\s*(?P<name>{_NAME})\s*\\in\s*(?P<open>\\\{{|[\[(])(?P<numbers>[-\d.,\s]+)(?:\\\}}|[\])])\s*")
_VALUE = re.compile(rf"\s*(?P<name>{_NAME})\s*=\s*{_NUMBER}\s*")


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A formula under which a display is stated, or words like `otherwise` and `$A$ is symmetric`.

    `words`: what stands before and behind it in the sentence of the display, if it is the only condition there and led
    by a plain `if` or `for`. `turned`: words like `unless` say that it does not hold, or where it does. `example`: a
    number in an earlier sentence, which says nothing of assuming it. `solved`: it is an equation for something.
    """

    source: str
    words: tuple[str, str] | None = None
    turned: bool = False
    example: bool = False
    solved: bool = False

    @property
    def of(self) -> str:
        """The name that words say something of, as models write it."""
        said = _INLINE.search(self.source)
        return _bare(said["a"] or said["b"]) if said is not None else ""

    @property
    def fact(self) -> tuple[str, Fact] | None:
        """A name as models write it, and the numbers among which it is: one, a set or an interval."""
        member = _MEMBER.fullmatch(self.source)
        if member is not None:
            numbers = [float(part) for part in member["numbers"].split(",") if re.fullmatch(_PLAIN_NUMBER, part)]
            if member["open"] == r"\{" and numbers:
                return _bare(member["name"]), Fact("one_of", values=tuple(numbers))
            low, high = numbers if len(numbers) == 2 else (0.0, 0.0)
            return (_bare(member["name"]), Fact("in", low=low, high=high)) if low < high else None
        found = _VALUE.fullmatch(self.source)
        if found is None:
            return None
        above, below = float(found["above"] or found["over"]), float(found["below"] or found["under"] or 1)
        number = above / below * (-1 if found["sign"] else 1) if below else 0.0
        return (_bare(found["name"]), Fact("one_of", values=(number,))) if below else None


def _bare(name: str) -> str:
    """A name without what only typesets it."""
    return re.sub(r"[\\{}\s]", "", name)


def circumstances(text: str, displays: Sequence[Offsets]) -> list[tuple[Circumstance, ...]]:
    """For each display of a page, in order, under which circumstances it is stated."""
    found: list[tuple[Circumstance, ...]] = []
    begin, before, assumed = 0, (), []  # type: int, tuple[Circumstance, ...], list[Circumstance]
    solving: tuple[Circumstance, ...] = ()
    for k, (start, end) in enumerate(displays):
        lead = text[begin:start]
        cut = _last_end(lead)
        assumed += [one for sentence in _sentences(lead[:cut]) for one in _assumed(sentence)]
        near = _conditions(lead[cut:])
        paragraph = max((end.end() for end in _BLANK.finditer(lead[:cut])), default=0)
        said = _conditions(lead[paragraph:cut])
        beside = tuple(Circumstance(one.source) for one in said if one.fact is None and _EQUATES.search(one.source))
        if not near and not cut and begin and not _STOPS.search(text[max(0, begin - 40) : begin]):
            near = before  # the sentence goes on
        if begin and solving and follows(lead):
            near = (*near, *solving)
        following = next(
            (other for other, _ in islice(displays, k + 1, None) if other >= end), len(text)
        )  # rows have one display
        behind, leads = _behind(text, end, following)
        begin, before = end if leads else end + behind, near
        near = (*near, *_conditions(text[end : end + behind]))
        solving = tuple(one for one in near if one.solved)
        if len(near) != 1:
            near = tuple(replace(one, words=None) for one in near)
        assumed = assumed[-MOST:]
        found.append((*assumed, *beside, *near))
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
    """The formulas of a sentence that relate something: whatever the words, the display may depend on them."""
    sentence = sentence[-REACH:]
    found: list[Circumstance] = []
    at = 0
    for inline in _INLINE.finditer(sentence):
        source = inline["a"] or inline["b"]
        lead = sentence[at : inline.start()]
        if _RELATES.search(source):
            words = (lead, sentence[inline.end() :]) if _PLAIN.search(lead) else None
            turned = _TURNED.search(lead) is not None
            found += [Circumstance(part, words, turned) for part in _parts(source)]
        at = inline.end()
    masked = _masked(sentence)
    spoken = [" ".join(one[0].split()) for one in (_OTHERWISE.search(masked), _PROPERTY.search(sentence)) if one]
    spoken += filter(None, (changed(masked), summed(masked)))
    equation = solved(sentence)
    solving = (Circumstance(equation, turned=True, solved=True),) if equation else ()
    return (*found, *(Circumstance(words, turned=True) for words in spoken), *solving)


def _behind(text: str, end: int, following: int) -> tuple[int, bool]:
    """How far behind a display its sentence goes on about it, and whether that may as well lead to the next display."""
    led = _BEHIND.match(text, end, following)
    if led is None or _STOPS.search(text[max(0, end - 40) : end]):
        return 0, False
    masked = _masked(text[end : min(following, end + REACH)])
    stop = _END.search(masked, led.end() - end)
    open_ = stop is None or (stop[0].isspace() and not masked[stop.end() :].strip())  # nothing ends the clause
    leads = open_ and following < len(text) and not led["bracket"]
    if leads and not _BACK.fullmatch(led["word"]):
        return 0, False
    return stop.end() if stop is not None else len(masked), leads and _JOINS.search(masked) is None


def _assumed(sentence: str) -> list[Circumstance]:
    """What a sentence assumes for all that follows, or sets to a number."""
    found: list[Circumstance] = []
    at = 0
    for inline in _INLINE.finditer(sentence):
        lead = sentence[at : inline.start()]
        for part in _parts(inline["a"] or inline["b"]):
            assumed = _ASSUMES.search(lead) is not None
            one = Circumstance(part, turned=_TURNED.search(lead) is not None, example=not assumed)
            if one.fact is not None or (_RELATES.search(part) and assumed):
                found.append(one)
        at = inline.end()
    said = _PROPERTY.search(sentence) if _ASSUMES.search(sentence) else None
    lasting = (" ".join(said[0].split()) if said is not None else "", summed(sentence))
    return [*found, *(Circumstance(words, turned=True) for words in lasting if words)]


def _parts(source: str) -> list[str]:
    """`w = 1, b = 0` as two, where each sets a value; anything else as it is."""
    parts = source.split(",")
    return [part.strip() for part in parts] if all(_VALUE.fullmatch(part) for part in parts) else [source]
