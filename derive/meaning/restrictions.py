r"""Conditions beside a formula: the entries, numbers or points for which it is stated.

    A = B, \quad i = j              on the diagonal         δ_ij A = δ_ij B
    A = B, \quad i \neq j           beside it               (1 - δ_ij) A = (1 - δ_ij) B
    A = B, \quad i = 1, \dots, n    for all that i counts; a part of an axis is not understood
    A = B, \quad z_i > 0            where it holds          where(z_i > 0, A, 0) = where(z_i > 0, B, 0)
    A = B, \quad l < L              for these layers of a family (`layer_ranges`)
    A = B, \quad \forall i          as without it

A condition behind formulas holds for those since the last one, one that opens a row for those behind it, and one that
has its row to itself for all. What is a condition but none of these leaves its formulas unread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from derive.ir import build
from derive.ir.node import Node as Term
from derive.ir.size import ONE, Size
from derive.meaning import values
from derive.meaning.claim import Denotation, Member, Problem
from derive.meaning.conditions import condition
from derive.meaning.reading_state import NotUnderstood, Scope
from derive.meaning.stated_conditions import Condition
from derive.meaning.usage import size_in
from derive.typography.statements import Statement

# ----- for which formulas -----


def attached(stated: Sequence[Statement], conditions: Sequence[Condition | None]) -> list[list[Condition]]:
    """The conditions under which each statement of a display stands."""
    own: list[list[Condition]] = [[] for _ in stated]
    for _, line in groupby(range(len(stated)), key=lambda k: stated[k].line):
        places = list(line)
        if all(conditions[k] is not None for k in places):
            for under in own:
                under += [one for k in places if (one := conditions[k]) is not None]
            continue
        if conditions[places[0]] is None:
            places.reverse()  # conditions behind their formulas, read backwards, open the row
        current: list[Condition] = []
        for before, k in zip([places[0], *places], places, strict=False):
            one = conditions[k]
            if one is None:
                own[k] += current
            else:
                current = [*(current if conditions[before] is not None else []), one]
    return own


# ----- what a condition asks for -----


def applies(conditions: Sequence[Condition], env: Mapping[str, int], depth: int | None = None) -> bool:
    """Whether numbers in the place of letters fulfil the conditions on letters, in a network of some depth."""
    for one in conditions:
        if one.layers is not None and one.layers.letter in env and depth is not None:
            if not one.layers.has(env[one.layers.letter], depth):
                return False
            continue
        known = [env[letter] for letter in one.letters if letter in env]
        if one.kind in ("same", "apart") and len(known) == 2 and (known[0] == known[1]) != (one.kind == "same"):
            return False
    return True


def restricted(
    a: Member, b: Member, conditions: Sequence[Condition], env: Mapping[str, int], scope: Scope
) -> tuple[Member, Member, tuple[Term, ...]]:
    """Two members, 0 where the conditions do not hold, and what says for each comparison where it does."""
    under: list[Term] = []
    if not isinstance(a, Denotation) or not isinstance(b, Denotation):
        return a, b, ()
    for one in conditions:
        sizes = values.sizes_of([a, b])
        if one.kind == "range":
            _is_full(one, sizes, scope)
        elif one.kind in ("same", "apart") and not all(letter in env for letter in one.letters):
            a, b = _times(one, a, b, sizes)
        elif one.kind == "where":
            a, b, holds = _where(one, a, b, scope)
            under.append(holds.node)
    return a, b, tuple(under)


def _is_full(one: Condition, sizes: Mapping[str, Size], scope: Scope) -> None:
    """Raises NotUnderstood if the range leaves out entries that a letter counts."""
    counted = [sizes[letter] for letter in one.letters if letter in sizes]
    if not counted:
        return
    low, high = (size_in(list(end), scope) for end in one.ends)
    gaps = one.numbers and one.numbers != tuple(range(one.numbers[0], one.numbers[-1] + 1))
    for size in counted:
        if gaps or low.number not in (0, 1) or high - low + ONE is not size:
            raise NotUnderstood(one.span, f"a range of all that {one.letters[0]} counts, 1 to {size}")


def _times(one: Condition, a: Denotation, b: Denotation, sizes: Mapping[str, Size]) -> tuple[Denotation, Denotation]:
    first, second = one.letters
    if first not in sizes or second not in sizes or sizes[first] is not sizes[second] or first == second:
        raise NotUnderstood(one.span, "two indices of the formula that count the same")
    mask = values.indexed(build.eye(sizes[first]), [first, second])
    if one.kind == "apart":
        mask = replace(mask, node=build.sub(build.number(1), mask.node))
    return _masked(mask, a), _masked(mask, b)


def _masked(mask: Denotation, value: Denotation) -> Denotation:
    if build.is_zero(value.node):
        return value
    labels = tuple(range(len(value.shape)))
    made = values.contraction([mask, value], [(), labels], labels)
    return replace(value, node=made.node, letters=made.letters)


def _where(one: Condition, a: Denotation, b: Denotation, scope: Scope) -> tuple[Denotation, Denotation, Denotation]:
    holds = condition(one.items, scope)
    if isinstance(holds, Problem):
        raise NotUnderstood(one.span, f"a condition that has a value: {holds.message}")
    shapes = {value.shape for value in (a, b) if value.shape}
    if holds.shape and shapes != {holds.shape}:
        raise NotUnderstood(one.span, "a condition on the entries that the formula speaks of")
    if shapes and not set(holds.letters) <= {*a.letters, *b.letters}:
        raise NotUnderstood(one.span, "a condition on all entries of the formula, not on one of them")
    zero = Denotation(build.number(0))

    def kept(value: Denotation) -> Denotation:
        if build.is_zero(value.node):
            return value
        parts = [holds, value, zero]
        made = values.together(parts, one.span, "choose between", lambda nodes: build.call("where", *nodes))
        if isinstance(made, Problem):
            raise NotUnderstood(one.span, f"a condition that fits the formula: {made.message}")
        return replace(value, node=made.node, letters=made.letters)

    return kept(a), kept(b), holds
