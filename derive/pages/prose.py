r"""What the words around a formula say of it, and what they define.

    With $a - y = \delta$            The error $\delta$ is $a - y$              Let $\sigma$ be the hyperbolic tangent
    We denote $a - y$ by $\delta$    where the error e is $y - a$               $\delta$, the derivative of $L$ by $a$

A sentence that gives a letter a meaning is written as the definition that it is, `\delta := a - y`, and read as such.
Words that are understood in part keep their place in it: `\sigma(u) := \text{the softmax}` is a definition that
cannot be read, so the letter means nothing by itself from there on.
"""

from __future__ import annotations

import re

from derive.typography.statements import DEFINES, QUALIFIERS

_CLAUSE = re.compile(r"[.;!?。；！？$]|\n[ \t>]*\n")
_SENTENCE = re.compile(r"[.;!?](?:\s|\Z)|[。；！？]|\n[ \t>]*\n")
WIDTH = 120
REACH = 300
"""How far a sentence is read that speaks of a letter."""
SENTENCE = 1_000
"""How far behind a display its sentence may go on."""
WORDS = 6
"""How far before a formula the word may stand that says that it defines."""
LOSS = r"\text{loss}"
"""The loss of the model, where words speak of it without its name."""

_NAME = (
    r"(?:\\(?:hat|bar|tilde|dot|vec|mathbf|boldsymbol|bm|mathrm)\s*(?:\{\\?[A-Za-z]+\}|\s[A-Za-z])|d?[A-Za-z]|\\[A-Za-z]+)"
    r"(?:\s*[_^]\s*(?:\{[^{}$]*\}|\\[A-Za-z]+|[A-Za-z0-9]))*"
)
_TURNED = re.compile(rf"(?P<value>[^=]*[-+*/({{][^=]*?)\s*(?P<sign>=:|=|\\equiv)\s*(?P<name>{_NAME})\s*")
_LISTED = r"(?:\s*\([^()=]*\))?"
"""Arguments that a name lists, `J(w)`."""
_ASSIGNED = re.compile(rf"\s*{_NAME}{_LISTED}\s*:?(?:=|\\equiv)")
_EQUATED = re.compile(rf"\A({_NAME}{_LISTED})\s*=")
_RELATION = re.compile(r"[=<>:]|\\(?:in|to|le|ge|leq|geq|ne|neq|sim|approx|equiv|subset|mid|times)(?![A-Za-z])")
_OPERATION = re.compile(r"[-+*/(]|\\(?:frac|cdot|odot|tanh|exp|log|ln|sin|cos|sqrt|max|min|sum)(?![A-Za-z])")
_IS = r"(?:be|is|denotes?|stands\s+for|means|equals)"
_PLAIN = r"(?!(?:an?|not|in|at|of|to|for|on|from|by|with|than|one|any|some|each|every)\b)"
_BETWEEN = re.compile(
    rf",?\s*(?:{_IS}|to\s+be)(?:\s+{_PLAIN}[a-z][\w-]*){{0,4}}\s*(?:(?:given|defined|equal)\s+(?:by|as|to)|as)?\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s*(?:[.,;:)。，；]|\Z|\$\$|\\\[|\\begin|\n\s*\n|(?:and|so|then|we|which|that|where|in\s+(?:what|the)\s+follow\w*)\b)"
)
_NAMED = re.compile(
    r"\b(?:let|where|and|with|here)\s+(?:the\s+)?(?:[a-z]+\s+){1,3}([A-Za-z])\s+(?:be|is)\s*", re.IGNORECASE
)
_BY_NAME = re.compile(r"\s*(?:by|as|with)\s*")
_STANDS_FOR = re.compile(r"\b(?:write|use)\s*\$(?P<name>[^$]+)\$\s*for\s*\Z", re.IGNORECASE)
_APPLIED = re.compile(r"\s*\(\s*(?:\\cdot|[A-Za-z])\s*\)\Z")
_FACTOR = re.compile(
    r"\b(?:twice|thrice|double|half(?:\s+of)?|minus|\w+\s+times|the\s+negative(?:\s+of)?)\s*\Z|(?:[两二三]倍|一半|负)的?\s*\Z",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(r"\b(?:let|(?:re)?define|put|denote)\b|设|定义|记", re.IGNORECASE)
_DENOTE = re.compile(r"\b(?:denote|write|abbreviate|call)\s*$", re.IGNORECASE)

_MEANS = re.compile(
    rf"\s*,?\s*(?P<verb>{_IS}|(?:we\s+)?denote|for)?\s+(?=the\b|our\b|a\b|an\b|minus\b|relu|tanh|softplus)",
    re.IGNORECASE,
)
_DERIVATIVE = re.compile(
    r"the\s+(?:partial\s+)?(?:derivative|gradient)\s+of\s+(?:\$(?P<of>[^$]+)\$|the\s+(?:loss|cost|objective)(?:\s+function)?"
    r"(?:\s+\$(?P<called>[^$]+)\$)?)\s+(?:with\s+respect\s+to|w\.?\s?r\.?\s?t\.?|by)\s+(?:the\s+[\w\s-]{1,30})?\$(?P<by>[^$]+)\$",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"\b(?:of|to|at|from|than|respect|derivative|gradient|(?<!denote )(?<!denoting )by)\b", re.IGNORECASE
)
"""Words before a name by which it is not what the sentence speaks of: `the derivative of $L$ is $a - y$`."""
_CHANGED = r"minus|negative|negated|scaled|second|half|twice"
_SLOPE = re.compile(rf"(?:(?:the|an?|partial|(?P<changed>{_CHANGED}))\s+)*(?:derivative|gradient)\b", re.IGNORECASE)
_COLUMN = re.compile(r"the\s+(?:\$[^$]{1,8}\$|[a-z])?\s*-?\s*(?:th|\^\{?th\}?)?\s*columns?\s+of\b", re.IGNORECASE)
"""`$x_i$ is the $i$-th column of $X$`, where it would be a row by itself."""
_WITH_RESPECT = re.compile(r"with\s+respect\s+to|\bw\.?\s?r\.?\s?t\b\.?", re.IGNORECASE)
_ITS_OWN = re.compile(r"\b(?:pre-?\s?activations?|net\s+inputs?|weighted\s+inputs?|logits?)\b", re.IGNORECASE)
"""Words for what δ is the derivative by anyway."""
_FUNCTIONS = (
    (r"relu|rectifier|rectified\s+linear(?:\s+unit)?", r"\max(u, 0)"),
    (r"hyperbolic\s+tangent|tanh|\$\\tanh\$", r"\tanh(u)"),
    (r"softplus", r"\log(1 + \exp(u))"),
    (r"identity\s+(?:function|activation|map)", r"u"),
)
_KIND = r"(?:\s+(?:activation|function|nonlinearity|non-linearity))*"
_OTHERS = (
    r"leaky\s+relu|swish|silu|gelu|elu|selu|softmax|softsign|sine|cosine|hard\s+sigmoid|arctangent|maxout|mish"
    r"|(?:(?:heaviside|unit)\s+)?step\s+function|(?:error|exponential|gaussian|sign)\s+function"
)
_ARTICLE = r"(?:the\s+|our\s+|an?\s+)?(?:usual\s+|standard\s+)?"


def announces_definition(text: str, at: int) -> bool:
    """Whether the words that lead to the formula at `at` say that it defines: `We let $e = y - t$`."""
    return DEFINES.search(_before(text, at)) is not None


def is_conditional(text: str, at: int) -> bool:
    """Whether the words before a formula make it a condition or a case: `if $e = 1$`, `for $k = 2$`."""
    before = DEFINES.sub(" ", _before(text, at)).lower()
    return QUALIFIERS.search(before) is not None or before.endswith("for")


def multiplies(text: str, at: int) -> str:
    """The words right before a display that are a factor of it, `twice $$ ... $$`; empty if there are none."""
    found = _FACTOR.search(text, max(0, at - WIDTH), at)
    return found[0].strip() if found is not None else ""


def goes_on(text: str, end: int, at: int) -> bool:
    r"""Whether the formula at `at` stands in the sentence of the display that ends before it: `where $e = 1$`."""
    between = text[end:at] if at - end < SENTENCE else "."
    led = re.match(r"[\s,，>]*(?:(?:where|with|here|and)\b|其中|这里)", between, re.IGNORECASE) is not None
    return led and _SENTENCE.search(between) is None


def definition_at(text: str, at: int, close: int) -> str | None:
    """The definition that the formula `$...$` from `at` to `close` is, or that a sentence gives with it."""
    source = text[at + 1 : close].strip()
    if is_conditional(text, at) and not _STANDS_FOR.search(text[max(0, at - WIDTH) : at]):
        return None
    if _RELATION.search(source):
        stated = _turned(source, announces_definition(text, at))
        said = stated is not None and _IMPERATIVE.search(_before(text, at)) is not None
        return _EQUATED.sub(r"\1 :=", stated) if stated and said else stated
    name = _APPLIED.sub("", source)
    if re.fullmatch(_NAME, name):
        return _for_expression(text, at, source) or _in_words(text, at, close, name) or _apposed(text, at, close, name)
    return _of_name(text, at, close, source)


def _turned(source: str, said: bool) -> str | None:
    r"""An equation with the name in front: `a - y = \delta` is `\delta = a - y`."""
    found = _TURNED.fullmatch(source) if len(source) < REACH else None
    if found is None or _ASSIGNED.match(source):
        return source if "=" in source else None
    claims = re.search(r"\\partial|\\nabla|\\mathrm\s*\{?d", found["value"]) is not None
    if found["sign"] == "=" and ((claims and not said) or found["name"] == "I"):
        return source  # it states a derivative, or that U^T U = I
    return f"{found['name']} {'=' if found['sign'] == '=' else ':='} {found['value']}"


def _of_name(text: str, at: int, close: int, source: str) -> str | None:
    r"""`$\delta$ is $a - y$`, `the error e is $a - y$`."""
    if not _OPERATION.search(source) or not _AFTER.match(text, close + 1):
        return None
    before = text[max(0, at - WIDTH) : at]
    opened, _, between = before.rpartition("$")
    name = opened.rpartition("$")[2].strip()
    if _STANDS_FOR.search(before) and re.fullmatch(_NAME, name):
        return f"{name} := {source}"
    if between != before and re.fullmatch(_NAME, name) and _BETWEEN.fullmatch(between):
        there = text.rfind("$", 0, at - len(between) - 1)
        spoken_of = not is_conditional(text, there) and not _OF_ANOTHER.search(_before(text, there))
        return f"{name} := {source}" if spoken_of else None
    plain = re.search(_NAMED.pattern + r"\Z", before, re.IGNORECASE)
    return f"{plain[1]} := {source}" if plain is not None else None


def _for_expression(text: str, at: int, name: str) -> str | None:
    r"""`denote $a - y$ by $\delta$`."""
    before = text[max(0, at - WIDTH) : at]
    opened, _, between = before.rpartition("$")
    lead, _, value = opened.rpartition("$")
    if not _BY_NAME.fullmatch(between) or not _DENOTE.search(lead):
        return None
    return f"{name} := {value}" if _OPERATION.search(value) and not _RELATION.search(value) else None


def _in_words(text: str, at: int, close: int, name: str) -> str | None:
    r"""`$\sigma$ is the ReLU`, `by $\delta$ the derivative of the loss with respect to $a$`."""
    lead = _MEANS.match(text, close + 1, close + 1 + REACH)
    before = _before(text, at)
    if lead is None or _OF_ANOTHER.search(before) or not (lead["verb"] or before.lower().endswith("by")):
        return None
    behind = text[lead.end() : close + 1 + REACH]
    slope = _DERIVATIVE.match(behind)
    if slope is not None:
        return rf"{name} := \frac{{\partial {slope['of'] or slope['called'] or LOSS}}}{{\partial {slope['by']}}}"
    slope = _SLOPE.match(behind) if _is_delta(name) else None
    if slope is not None:
        said = _SENTENCE.split(_WITH_RESPECT.sub("by", behind))[0]
        other = slope["changed"] or (re.search(r"\bby\b", said) is not None and not _ITS_OWN.search(said))
        return rf"{name} := \text{{{slope[0]}}}" if other else None
    if _COLUMN.match(behind):
        return rf"{name} := \text{{a column}}"
    for words, value in _FUNCTIONS:
        if _says(words, behind):
            return f"{name}(u) := {value}"
    other = _says(_OTHERS, behind) if name == r"\sigma" else None
    return rf"{name}(u) := \text{{{other}}}" if other is not None else None


def _apposed(text: str, at: int, close: int, name: str) -> str | None:
    r"""`the hyperbolic tangent $\sigma$.`"""
    before = text[max(0, at - WIDTH) : at]
    ends = name == r"\sigma" and _AFTER.match(text, close + 1) is not None
    named = [
        value for words, value in _FUNCTIONS if re.search(rf"\bthe\s+(?:{words}){_KIND}\s+\Z", before, re.IGNORECASE)
    ]
    return f"{name}(u) := {named[0]}" if ends and named else None


def _is_delta(name: str) -> bool:
    return re.match(r"\\delta(?![A-Za-z])", name) is not None


def _says(words: str, behind: str) -> str | None:
    """The function that a text names at its start, and nothing else: `the ReLU.`, not `the ReLU of its input`."""
    found = re.match(rf"{_ARTICLE}(?P<word>{words}){_KIND}{_AFTER.pattern}", behind, re.IGNORECASE)
    return found["word"] if found is not None else None


def underbraced(source: str) -> list[str]:
    r"""The names that a formula gives to its parts: `\delta := (a - y)` of `\underbrace{(a - y)}_{\delta}`."""
    found: list[str] = []
    closings = _closings(source)
    for brace in re.finditer(r"\\(?P<side>under|over)brace\s*\{", source):
        end = closings.get(brace.end() - 1, len(source))
        sign = "_" if brace["side"] == "under" else r"\^"
        note = re.compile(
            rf"\s*{sign}\s*(?:\{{\s*(?:=:|:=|=|\\equiv)?\s*(?P<name>{_NAME})\s*\}}|(?P<one>\\[A-Za-z]+|[A-Za-z]))"
        )
        named = note.match(source, end + 1)
        if named is not None and end - brace.end() < SENTENCE:
            found.append(f"{named['name'] or named['one']} := {source[brace.end() : end]}")
    return found


def _closings(source: str) -> dict[int, int]:
    """For each brace that opens where its group closes."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for mark in re.finditer(r"\\.|[{}]", source):
        if mark.group() == "{":
            opened.append(mark.start())
        elif mark.group() == "}" and opened:
            found[opened.pop()] = mark.start()
    return found


def _before(text: str, at: int) -> str:
    clause = _CLAUSE.split(text[max(0, at - WIDTH) : at])[-1]
    return " ".join(clause.split()[-WORDS:])
