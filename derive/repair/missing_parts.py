r"""Edits that put back what the derivation has and the author lost: factors of a product, terms of a sum.

A product of the author whose factors all stand in a product of the derivation lacks the others; a sum whose terms all
stand in a sum of the derivation lacks the others. They are put where the derivation has them. What is written in
another way does not line up; then each term of the derivation is tried by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from derive.repair.edit import Change, Edit, Printed, Scene
from derive.repair.signs_and_factors import short, spoken
from derive.repair.tree import Segment, base_symbol, products, rows, terms
from derive.typography.nodes import BigOperator, Fraction, Markup, Number, Row, Scripts, walk

MOST_LOST = 3
_TYPOGRAPHY = re.compile(r"\\left|\\right|\\[,;:! ]|[\s{}]")
_TURNED = re.compile(r"\^(?:\\top|\\intercal|T)$")


@dataclass(frozen=True)
class _Part:
    """A factor or a signed term: its place, and its text without what is mere typography."""

    start: int
    end: int
    key: str
    signed: bool = False


def lost_factors(scene: Scene) -> Iterator[Edit]:
    """Factors that a product of the derivation has more than one of the author; a 1 is a product that lacks all."""
    functions = scene.words.functions
    wanted = [
        (side.source, _factors(side.source, product, functions), side.unlikely)
        for side, items in _rows_of(scene)
        for product in products(items, functions)
    ]
    parts = {
        id(side.items) for node in walk(scene.member) if isinstance(node, Fraction) for side in (node.num, node.den)
    }
    for items in rows(scene.member):
        inside = 0.12 if id(items) in parts else 0.0
        for product in products(items, functions):
            mine = _factors(scene.source, product, functions)
            for text, theirs, unlikely in wanted:
                if [part.key for part in mine] == ["1"] and len(theirs) <= MOST_LOST:
                    lost = text[theirs[0].start : theirs[-1].end]
                    sentence = f"the factor {short(spoken(lost))} is missing"
                    cost = 0.96 + inside + unlikely + 0.05 * len(theirs)
                    yield Edit("missing_factor", (((mine[0].start, mine[0].end), lost),), sentence, cost)
                elif missing := _missing(mine, theirs):
                    changes, lost = _factors_back(text, theirs, mine, missing)
                    sentence = f"the factor {short(spoken(lost))} is missing"
                    yield Edit("missing_factor", changes, sentence, 0.96 + inside + unlikely + 0.05 * len(missing))


def lost_terms(scene: Scene) -> Iterator[Edit]:
    """Terms that a sum of the derivation has more than one of the author; one that is doubled may stand for two."""
    functions = scene.words.functions
    wanted = [(side.source, _terms(side.source, items, functions)) for side, items in _rows_of(scene)]
    for items in rows(scene.member):
        mine = _terms(scene.source, items, functions)
        for text, theirs in wanted:
            yield from _terms_back(text, theirs, mine, ())
            for k, part in enumerate(mine):
                if part.key[1:].startswith("2 "):
                    two = scene.source.index("2", part.start)
                    single = replace(part, key=part.key[0] + part.key[3:])
                    yield from _terms_back(text, theirs, [*mine[:k], single, *mine[k + 1 :]], (((two, two + 1), ""),))


def _terms_back(
    text: str, theirs: Sequence[_Part], mine: Sequence[_Part], before: tuple[Change, ...]
) -> Iterator[Edit]:
    missing = _missing(mine, theirs)
    if {theirs[k].key for k in missing} & {part.key for part in mine}:
        return  # twice the same is a factor 2
    if len(missing) == 1:
        lost = text[theirs[missing[0]].start : theirs[missing[0]].end]
        change = _term_back(text, theirs, mine, missing[0])
        yield Edit("missing_term", (*before, change), f"the term {short(lost.lstrip('+ '))} is missing", 1.02)
    elif missing:
        lost = " ".join(_signed(text, theirs[k]) for k in missing)
        end = mine[-1].end
        yield Edit("missing_term", (*before, ((end, end), f" {lost}")), f"the terms {short(lost)} are missing", 1.1)


def other_names(scene: Scene) -> Iterator[Edit]:
    """A name of a product that is another name in the derivation, where all other factors are the same."""
    functions = scene.words.functions
    wanted = [
        (side.source, product, _factors(side.source, product, functions))
        for side, items in _rows_of(scene)
        for product in products(items, functions)
    ]
    for items in rows(scene.member):
        for product in products(items, functions):
            mine = _factors(scene.source, product, functions)
            for text, found, theirs in wanted:
                pairs = _exchanged(mine, theirs) if len(mine) > 1 else None
                if pairs is not None and _other_letters(product[pairs[0]], found[pairs[1]]):
                    old, new = mine[pairs[0]], theirs[pairs[1]]
                    wrong, right = scene.between((old.start, old.end)), text[new.start : new.end]
                    change = ((old.start, old.end), right)
                    yield Edit("wrong_operand", (change,), f"{wrong} stands where {right} belongs", 1.02)


def _other_letters(one: Segment, other: Segment) -> bool:
    """Whether two factors are names of different letters, or one of them has a power or a mark that the other lacks."""
    letters = [base_symbol(piece.nodes[0]) if len(piece.nodes) == 1 else None for piece in (one, other)]
    raised = [isinstance(piece.nodes[0], Scripts) and piece.nodes[0].sup is not None for piece in (one, other)]
    return None not in letters and (letters[0] != letters[1] or raised[0] != raised[1])


def _exchanged(mine: Sequence[_Part], theirs: Sequence[_Part]) -> tuple[int, int] | None:
    """The one factor of each of two products that the other does not have."""
    if len(mine) != len(theirs):
        return None
    first, second = Counter(part.key for part in mine), Counter(part.key for part in theirs)
    more, less = list((first - second).elements()), list((second - first).elements())
    if len(more) != 1:
        return None
    return [part.key for part in mine].index(more[0]), [part.key for part in theirs].index(less[0])


def other_terms(scene: Scene) -> Iterator[Edit]:
    """Any term of the derivation, put at the end of any sum of the author."""
    functions = scene.words.functions
    own = {part.key for items in rows(scene.member) for part in _terms(scene.source, items, functions)}
    found = {
        part.key: (side.source, part)
        for side, items in _rows_of(scene)
        for part in _terms(side.source, items, functions)
    }
    for items in rows(scene.member):
        if mine := _terms(scene.source, items, functions):
            end = mine[-1].end
            for key, (text, part) in found.items():
                if key not in own:
                    lost = _signed(text, part)
                    sentence = f"the term {short(lost.lstrip('+ '))} is missing"
                    yield Edit("missing_term", (((end, end), f" {lost}"),), sentence, 1.25)


def other_factors(scene: Scene) -> Iterator[Edit]:
    """Any factor of the derivation, put before or behind any product of the author."""
    functions = scene.words.functions
    found: dict[str, tuple[str, float]] = {}
    for side, items in _rows_of(scene):
        for product in products(items, functions):
            for part in _factors(side.source, product, functions):
                found.setdefault(part.key, (side.source[part.start : part.end], side.unlikely))
    for items in rows(scene.member):
        for product in products(items, functions):
            own = {part.key for part in _factors(scene.source, product, functions)}
            start, end = product[0].span[0], product[-1].span[1]
            for key, (text, unlikely) in found.items():
                if key not in own:
                    sentence = f"the factor {short(spoken(text))} is missing"
                    yield Edit("missing_factor", (((start, start), f"{text} "),), sentence, 1.36 + unlikely)
                    yield Edit("missing_factor", (((end, end), f" {text}"),), sentence, 1.37 + unlikely)


def _rows_of(scene: Scene) -> Iterator[tuple[Printed, tuple[Markup, ...]]]:
    for side in scene.derived:
        for items in rows(Row((0, len(side.source)), side.items)):
            yield side, items


def _factors(source: str, product: Sequence[Segment], functions: frozenset[str]) -> list[_Part]:
    return [_Part(*piece.span, _key(source, piece, functions)) for piece in product]


def _terms(source: str, items: tuple[Markup, ...], functions: frozenset[str]) -> list[_Part]:
    """The terms of a row with their signs; a first one without a sign counts as positive."""
    found = []
    for piece in terms(items):
        start = piece.sign.span[0] if piece.sign is not None else piece.span[0]
        sign = "-" if piece.sign is not None and piece.sign.text == "-" else "+"
        found.append(_Part(start, piece.span[1], sign + _key(source, piece, functions), piece.sign is not None))
    return found


def _key(source: str, piece: Segment, functions: frozenset[str]) -> str:
    """A product by its factors, in any order, and by the letters that it sums over; of `1 b^T` it is b."""
    found = []
    for product in products(piece.nodes, functions):
        kept = [part for part in product if not (isinstance(part.nodes[0], Number) and part.nodes[0].font)]
        for part in kept:
            sign = part.nodes[0]
            if not isinstance(sign, BigOperator):
                text = _TYPOGRAPHY.sub("", source[slice(*part.span)])
                found.append(_TURNED.sub("", text) if len(kept) < len(product) else text)
            elif sign.lower is not None and sign.lower.items:
                found.append(f"{sign.name} {source[slice(*sign.lower.items[0].span)]}")
    return " ".join(sorted(found))


def _missing(mine: Sequence[_Part], theirs: Sequence[_Part]) -> list[int]:
    """Which of `theirs` are over if all of `mine` are among them; none if they are not, or if too many are over."""
    if not mine or not 0 < len(theirs) - len(mine) <= MOST_LOST:
        return []
    left = [part.key for part in mine]
    over = []
    for k, part in enumerate(theirs):
        if part.key in left:
            left.remove(part.key)
        else:
            over.append(k)
    return over if not left else []


def _factors_back(
    text: str, theirs: Sequence[_Part], mine: Sequence[_Part], missing: Sequence[int]
) -> tuple[tuple[Change, ...], str]:
    """Where the missing factors go, behind the factor that they follow in the derivation, and all their text."""
    places = {part.key: part for part in reversed(mine)}
    changes: list[Change] = []
    lost: list[str] = []
    for _, group in groupby(missing, key=lambda k: k - missing.index(k)):
        run = list(group)
        lost.append(text[theirs[run[0]].start : theirs[run[-1]].end])
        if run[0]:
            at = places[theirs[run[0] - 1].key].end
            changes.append(((at, at), text[theirs[run[0] - 1].end : theirs[run[-1]].end]))
        else:
            at = places[theirs[run[-1] + 1].key].start
            changes.append(((at, at), text[theirs[0].start : theirs[run[-1] + 1].start]))
    return tuple(changes), " ".join(lost)


def _term_back(text: str, theirs: Sequence[_Part], mine: Sequence[_Part], k: int) -> Change:
    """Where a missing term goes: behind the term that it follows in the derivation, or to the front."""
    places = {part.key: part for part in reversed(mine)}
    if k:
        at = places[theirs[k - 1].key].end
        return (at, at), text[theirs[k - 1].end : theirs[k].end]
    first = mine[0]
    lost = text[theirs[0].start : theirs[0].end]
    return (first.start, first.start), f"{lost} " if first.signed else f"{lost} + "


def _signed(text: str, part: _Part) -> str:
    """A term with its sign."""
    return text[part.start : part.end] if part.signed else f"+ {text[part.start : part.end]}"
