"""Names in model text: `W_1`, Python's keywords among them, and members of layer families, `z[l-1]`, `a[L]`, `W[2]`.

The index of a member is a letter with an offset, or a number. Inside a template the letter is formal; an environment
says what it stands for, so that one template gives `z[l]`, `z[l+1]`, `z[L]` and `z[2]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

WORD = r"[^\W\d]\w*"
INDEX = r"\[\s*(?:[^\W\d]\w*\s*(?:[+-]\s*\d{1,6})?|\d{1,6})\s*\]"
_NAME = re.compile(rf"({WORD})(?:({INDEX}))?\Z")
_INDEX = re.compile(r"\[\s*([^\W\d]\w*)?\s*([+-]?)\s*(\d*)\s*\]")

_GREEK = re.compile(
    "(alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
    r"|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega)\Z"
)


@dataclass(frozen=True)
class Index:
    """`letter + offset`, or the number `offset` where there is no letter."""

    letter: str
    offset: int

    def within(self, environment: Mapping[str, Index]) -> Index:
        """The index with its letter replaced by what it stands for."""
        base = environment.get(self.letter)
        return self if base is None else Index(base.letter, base.offset + self.offset)

    def __str__(self) -> str:
        if not self.letter:
            return str(self.offset)
        return self.letter if not self.offset else f"{self.letter}{self.offset:+d}"


@dataclass(frozen=True)
class Name:
    """A name as written: a stem, and an index if it is a member of a family."""

    stem: str
    index: Index | None = None

    def within(self, environment: Mapping[str, Index]) -> Name:
        """The name with the letter of its index replaced."""
        return self if self.index is None else Name(self.stem, self.index.within(environment))

    def __str__(self) -> str:
        return self.stem if self.index is None else f"{self.stem}[{self.index}]"


def parse_name(text: str) -> Name | None:
    """A name, or None if the text is not one."""
    match = _NAME.match(text)
    return None if match is None else name_of(match[1], match[2])


def name_of(stem: str, index: str | None) -> Name | None:
    """The name of a stem and an index in brackets, or None if Python would not take the stem for a name."""
    if not stem.isidentifier():
        return None
    return Name(stem, parse_index(index) if index else None)


def parse_index(text: str) -> Index:
    match = _INDEX.match(text)
    assert match is not None
    letter, sign, digits = match.groups()
    return Index(letter or "", int(digits or 0) * (-1 if sign == "-" else 1))


def member_latex(name: Name, *, size: bool = False) -> str | None:
    """The default spelling of a member: `z^{(l)}`, `W_x^{(2)}`, a size `n_{l-1}`; None for other names."""
    if name.index is None:
        return None
    stem, _, below = name.stem.partition("_")
    letters = f"\\{stem}" if _GREEK.match(stem) else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    if size:
        return f"{letters}_{{{name.index}}}" if not below else f"{letters}_{{{below},{name.index}}}"
    subscript = "" if not below else f"_{{{below}}}"
    return f"{letters}{subscript}^{{({name.index})}}"


def spelled_at(latex: str, letter: str, index: Index) -> str:
    """A declared spelling of a template, such as `a^l` or `a^{(l)}`, with the letter replaced by an index."""

    def put(match: re.Match[str]) -> str:
        text = str(index)
        bare = match.start() > 0 and latex[match.start() - 1] in "^_"
        return f"{{{text}}}" if bare and len(text) > 1 else text

    return re.sub(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])", put, latex)
