r"""Displays with blank lines in them: TeX knows none, but many programs that show Markdown accept them.

$$                               the delimiters stand on lines of their own,
\frac{\partial L}{\partial a}    and what is between them is mathematics alone:
                                 a word of prose says that a delimiter is missing
= a - y
$$
"""

from __future__ import annotations

import re

MAX_BLOCK = 5_000
"""The longest display that may have blank lines in it."""

_COMMAND = re.compile(r"\\(?:text|mathrm|operatorname|begin|end|tag|label)\*?\s*\{[^{}]*\}|\\[A-Za-z]+")
_PROSE = re.compile(r"[A-Za-z]{4,}|[一-鿿]|[#`$]")


def is_block(text: str, begin: int, close: int) -> bool:
    """Whether the display between two `$$`, from `begin` to `close`, is one in spite of its blank lines."""
    if close - begin > MAX_BLOCK:
        return False
    before = text[text.rfind("\n", 0, begin) + 1 : begin], text[text.rfind("\n", 0, close) + 1 : close]
    behind = text[begin : begin + 1], text[close + 2 : close + 3]
    alone = before[0].strip(" \t>") == "$$" and not before[1].strip(" \t>") and behind[0] == "\n" and behind[1] in "\n"
    return alone and not _PROSE.search(_COMMAND.sub("", text[begin:close]))
