r"""Names with their number beside them, as in code: `W2` and `dW2` for `W_2`, where there is a W_2 and no W.

The subscript is put between the tokens, so that all that follows sees `W_{2}` and every place stays one of the source.
"""

from __future__ import annotations

from collections.abc import Set
from itertools import takewhile

from derive.typography.tokens import Token

Beside = Set[tuple[str, str]]
"""Letters and the numbers that name something behind them."""


def subscripted(tokens: list[Token], known: Beside) -> list[Token]:
    """The tokens with `_{number}` behind each letter that touches a number with which it is a name."""
    if not known:
        return tokens
    letters = {letter for letter, _ in known}
    done: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        done.append(token)
        at += 1
        if token.text not in letters or (len(done) > 1 and done[-2].text in ("_", "^")):
            continue
        digits = list(takewhile(lambda next_one: next_one.kind == "digit", tokens[at : at + 8]))
        if not digits or digits[0].start != token.end or (token.text, "".join(d.text for d in digits)) not in known:
            continue
        start, end = digits[0].start, digits[-1].end
        done += [
            Token("sign", "_", start, start),
            Token("sign", "{", start, start),
            *digits,
            Token("sign", "}", end, end),
        ]
        at += len(digits)
    return done
