r"""Scripts as tokens: the letters, numbers and brackets of a subscript or superscript, and the base that bears them.

`(l-1)`   "(", Lin("l", -1), ")"        `ij`   Lin("i"), Lin("j")        `1j`   1, Lin("j")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from derive.typography.nodes import Accent, Group, Markup, Number, Operator, Punct, Row, Scripts, Symbol


@dataclass(frozen=True)
class Lin:
    """A letter with an offset, `l-1`, in a script."""

    letter: str
    offset: int = 0

    def __str__(self) -> str:
        return self.letter if not self.offset else f"{self.letter}{self.offset:+d}"


Token = str | int | Lin | Markup | None  # None parts two indices, a comma


def tokens_of(items: Iterable[Markup]) -> list[Token]:
    """The tokens of a script: brackets and words as text, numbers, letters with offsets, the rest as it is."""
    flat: list[Token] = []
    for node in items:
        match node:
            case Row(items=inner):
                flat += tokens_of(inner)
            case Group(open=opening, items=inner, close=closing) if opening in ("(", "[") and closing:
                flat += [opening, *tokens_of(inner), closing]
            case Symbol(name=name) if len(name) == 1 and name.isalpha():
                flat.append(Lin(name))
            case Symbol(name=name):
                flat.append(name)
            case Scripts() if (primed := primed_letter(node)) is not None:
                flat.append(Lin(primed))
            case Number(text=text) if text.isdecimal():
                flat.append(int(text) if str(int(text)) == text else text)
            case Operator(text=text) if text in "+-":
                flat.append(text)
            case Punct(text=","):
                flat.append(None)
            case Punct(text=":"):
                flat.append(":")
            case _:
                flat.append(node)
    return _folded(flat)


def worked_out(tokens: Sequence[Token]) -> list[Token]:
    """Tokens with `3 - 1` and `3 - 1 + k` as far as they are numbers: `2` and `2 + k`."""
    done: list[Token] = []
    for token in tokens:
        before, sign = done[-2:] if len(done) > 1 else (None, None)
        if isinstance(token, int) and sign in ("+", "-") and isinstance(before, int):
            done[-2:] = [before + token if sign == "+" else before - token]
        else:
            done.append(token)
    return done


def primed_letter(node: Markup) -> str | None:
    """The index letter `j'` that some write beside a `j`, or None."""
    if not isinstance(node, Scripts) or not node.primes or node.sub is not None or node.sup is not None:
        return None
    base = node.base
    plain = isinstance(base, Symbol) and len(base.name) == 1 and base.name.isalpha()
    return f"{base.name}{chr(39) * node.primes}" if plain and isinstance(base, Symbol) else None


def _folded(flat: list[Token]) -> list[Token]:
    """`l`, `+`, `1` as one token."""
    done: list[Token] = []
    for token in flat:
        sign = done[-1] if done else None
        before = done[-2] if len(done) > 1 else None
        if isinstance(token, int) and isinstance(sign, str) and sign in ("+", "-") and isinstance(before, Lin):
            del done[-1]
            done[-1] = Lin(before.letter, before.offset + (token if sign == "+" else -token))
        else:
            done.append(token)
    return done


def text_of(tokens: Iterable[Token]) -> str | None:
    """The plain text of tokens, or None if they cannot be part of a name."""
    pieces = []
    for token in tokens:
        if isinstance(token, Markup) or token == ":":
            return None
        pieces.append("," if token is None else str(token))
    return "".join(pieces).strip(",")


def base_of(node: Markup | None) -> tuple[str, str] | None:
    """The base of a name and its font; accents belong to it."""
    match node:
        case Symbol(name=name, font=font):
            return name, "" if font in ("op", "text", "rm", "it") else font
        case Number(text="1", font=font) if font:
            return "1", font
        case Accent(kind="vec", base=Symbol(name=name)):
            return name, "vec"
        case Accent(kind=kind, base=inner):
            below = base_of(inner)
            if below is None and isinstance(inner, Scripts) and not inner.primes:
                return None
            return None if below is None else (f"{kind}({below[0]})", below[1])
        case Row(items=(only,)):
            return base_of(only)
        case _:
            return None


def swapped(base: str) -> str | None:
    """The base in the other case, if it is a single letter."""
    return base.swapcase() if len(base) == 1 and base.isalpha() else None
