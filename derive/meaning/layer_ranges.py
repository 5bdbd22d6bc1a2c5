r"""The layers of a family for which a formula is stated.

    l < L      2 \leq l \leq L - 1      l = L - 1, \dots, 1      l \in \{1, \dots, L\}      l = L

An end is a number or counted from the last layer. A family has any depth, so a number comes before L and before what is
near it; a range that splits the layers of one window is left to networks, where every layer has a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from derive.ir.graph import Family
from derive.meaning.frames import Depth
from derive.meaning.reading_state import NotUnderstood
from derive.meaning.scripts import Lin, tokens_of
from derive.typography.nodes import Ellipsis, Group, Markup, Offsets, Punct, Symbol


class LayerEnd(NamedTuple):
    """A layer: by its number, or `from_last` by its distance from the last one. Later layers are greater."""

    from_last: bool
    number: int

    def moved(self, by: int) -> LayerEnd:
        """The layer that many layers behind it."""
        return self._replace(number=self.number + by)

    def at(self, depth: int) -> int:
        """Its number in a network of that depth."""
        return self.number + depth * self.from_last


class LayerRange(NamedTuple):
    """The layers from `low` to `high`, both among them; `stated`: which of these ends are."""

    letter: str
    low: LayerEnd
    high: LayerEnd
    stated: tuple[bool, bool] = (True, True)

    def has(self, layer: int, depth: int) -> bool:
        """Whether it has the layer of that number in a network of that depth."""
        return self.low.at(depth) <= layer <= self.high.at(depth)

    def covers(self, low: LayerEnd, high: LayerEnd) -> bool | None:
        """Whether it has all layers between these ends; None if it has some of them."""
        if self.low <= low and high <= self.high:
            return True
        return False if high < self.low or self.high < low else None

    def reaches_beyond(self, low: LayerEnd, high: LayerEnd) -> bool:
        """Whether it says to begin before, or to end behind, what these ends leave room for at every depth."""
        below = self.stated[0] and not self.low.from_last and self.low < low
        return below or (self.stated[1] and self.high.from_last and self.high > high)


def layer_range(rows: Sequence[tuple[Markup, ...]], relations: Sequence[str], family: Family) -> LayerRange | None:
    """The range that a chain of comparisons or a list gives the letter of the layers; None if it is none of these."""
    first, last = LayerEnd(False, family.low), LayerEnd(True, 0)
    if list(relations) in (["="], [r"\in"]) and _is_letter(rows[0], family):
        ends = _listed(rows[1], relations[0], family)
        return LayerRange(family.index, *ends) if ends is not None else None
    at = next((k for k, row in enumerate(rows) if _is_letter(row, family)), None)
    if at is None or len(rows) > 3 or len(rows) != len(relations) + 1:
        return None
    lows, highs = [], []
    for k, sign in enumerate(relations):
        other = _end(rows[k + 1 if k == at else k], family)
        if at not in (k, k + 1) or other is None:
            return None
        below = k == at  # l < L, and not 2 < l
        if sign in ("<", r"\leq"):
            strict = sign == "<"
        elif sign in (">", r"\geq"):
            below, strict = not below, sign == ">"
        else:
            return None
        if below:
            highs.append(other.moved(-strict))
        else:
            lows.append(other.moved(strict))
    low, high = max(lows, default=first), min(highs, default=last)
    return LayerRange(family.index, low, high, (bool(lows), bool(highs)))


def layers_shown(layer: Lin, family: Family) -> tuple[LayerEnd, LayerEnd]:
    """The first and the last of the layers that a window stands for, which calls its own one so."""
    if layer.letter in ("", family.high):
        end = LayerEnd(bool(layer.letter), layer.offset)
        return end, end
    return LayerEnd(False, family.low + 1 + layer.offset), LayerEnd(True, layer.offset - 1)


def of_family(
    rows: list[tuple[int, ...]], at: int, depth: Depth, stated: Sequence[tuple[LayerRange, Offsets]]
) -> list[tuple[int, ...]]:
    """The rows in which the letter of the layers counts layers: names such as `h^{(0)}` stand before the first.

    It counts those too where the formula is stated for them. NotUnderstood if some name has none that it is stated for.
    """
    numbers = [row[at] for row in rows]
    for layers, span in stated:
        if rows and layers.reaches_beyond(LayerEnd(False, min(numbers)), LayerEnd(True, max(numbers) - depth.layers)):
            raise NotUnderstood(span, f"a range of {depth.index} in which every name exists")
    return rows if stated else [row for row in rows if depth.low <= row[at] <= depth.layers]


def _listed(items: tuple[Markup, ...], sign: str, family: Family) -> tuple[LayerEnd, LayerEnd] | None:
    """`1, \\dots, L`, downwards too, with braces behind the sign of a set; or one layer."""
    if sign == r"\in":
        if len(items) != 1 or not isinstance(items[0], Group) or items[0].open != r"\{":
            return None
        items = items[0].items
    parts = between_commas(items)
    ends = [_end(part, family) for part in parts if not (len(part) == 1 and isinstance(part[0], Ellipsis))]
    dots = len(ends) < len(parts)
    known = [end for end in ends if end is not None]
    if len(known) < len(ends) or not known or (len(known) > 1 and not dots):
        return None
    if dots and (len(known) == 1 or sorted(known) not in (known, known[::-1])):
        return None
    steps = {abs(a.number - b.number) for a, b in pairwise(known[:-1]) if a.from_last == b.from_last}
    return (min(known), max(known)) if steps <= {1} else None


def between_commas(items: Sequence[Markup]) -> list[tuple[Markup, ...]]:
    """What stands between the commas of a list, empty where nothing does."""
    parts: list[list[Markup]] = [[]]
    for node in items:
        if isinstance(node, Punct):
            parts.append([])
        else:
            parts[-1].append(node)
    return [tuple(part) for part in parts]


def _is_letter(items: Sequence[Markup], family: Family) -> bool:
    return len(items) == 1 and isinstance(items[0], Symbol) and items[0].name == family.index


def _end(items: Sequence[Markup], family: Family) -> LayerEnd | None:
    """A number of the family's layers, L, or L with an offset."""
    tokens = tokens_of(items)
    match tokens[0] if len(tokens) == 1 else None:
        case int(number):
            return LayerEnd(False, number)
        case Lin(letter=letter, offset=offset) if letter == family.high:
            return LayerEnd(True, offset)
    return None
