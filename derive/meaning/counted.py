r"""How many derivatives stand in a member: fractions, `dE/dx` with a slash, gradients and deltas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from derive.meaning.partials import differential, is_derivative
from derive.meaning.reading_state import DELTA
from derive.typography.nodes import Fraction, Markup, Operator, Symbol, children, walk


def count_derivatives(items: Sequence[Markup]) -> int:
    """How many derivatives stand in a row of nodes, however deep."""
    inside = tuple(walk(*items))
    rows = [items, *map(children, inside)]
    return sum(map(_derives, inside)) + sum(_begins_below(*pair) for row in rows for pair in pairwise(row))


def _derives(node: Markup) -> bool:
    if isinstance(node, Symbol):
        return node.name in (r"\nabla", DELTA)
    return isinstance(node, Fraction) and is_derivative(node)


def _begins_below(slash: Markup, node: Markup) -> bool:
    """Whether the slash of `dE/dx` and its second differential stand side by side."""
    return isinstance(slash, Operator) and slash.text == "/" and isinstance(node, Symbol) and bool(differential(node))
