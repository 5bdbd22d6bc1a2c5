"""What stands on the axes of a value: the indices behind its name as letters and positions."""

from __future__ import annotations

from collections.abc import Sequence

from derive.ir.size import Size
from derive.meaning.claim import Problem
from derive.meaning.lookup import Resolved
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.scripts import Lin, Token
from derive.typography.nodes import Offsets


def axes_of(
    found: Resolved, rank: int, sizes: Sequence[Size], scope: Scope, span: Offsets
) -> list[str | int | None] | Problem:
    """What stands on each axis of a value: a letter, a position, or None where nothing is selected."""
    tokens = [token for token in found.indices if token is not None]
    if len(tokens) == 1 and rank > 1 and isinstance(tokens[0], int) and len(str(tokens[0])) == rank:
        tokens = [int(digit) for digit in str(tokens[0])]
    axes: list[str | int | None] = []
    for token, size in zip(tokens, sizes, strict=False):
        made = _axis(token, size, scope, span)
        if isinstance(made, Problem):
            return made
        axes.append(made)
    return axes + [None] * (rank - len(axes))


def _axis(token: Token, size: Size, scope: Scope, span: Offsets) -> str | int | Problem | None:
    if token == ":":
        return None
    if isinstance(token, Lin) and _has_axes(token.letter, scope):
        raise NotUnderstood(span, "an index that is a letter or a number")
    return scope.axis(token, size, span)


def _has_axes(letter: str, scope: Scope) -> bool:
    """Whether a letter is a vector or matrix of the model, which counts nothing."""
    entries = scope.frame.lexicon.known((letter, "", "", 0))
    return any(e.kind == "value" and not e.indexed and scope.frame.graph.shape(e.name) for e in entries)
