"""The defect list as a table: a record for each kind of edit, with the maker of its candidates.

A new kind of mistake is a new line here. Candidates are made as they are asked for, the cheapest first: a kind whose
edits all cost more than what repairs the formula is never asked.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count

from derive.meaning.dots import pattern_of
from derive.repair import (
    arrangement,
    calculus,
    chain_links,
    exponents_and_roots,
    indices,
    missing_parts,
    operands,
    signs_and_factors,
)
from derive.repair.edit import Edit, Maker, Scene, circles
from derive.repair.tree import terms
from derive.typography.layout import replaced
from derive.typography.nodes import Ellipsis, Offsets, Row, walk


@dataclass(frozen=True)
class Kind:
    """A kind of edit: what its cheapest edit costs, and the keys that its edits may have.

    `left`: whether a left side may need it; `scalars`: whether it means something for scalars alone.
    """

    make: Maker
    least: float
    keys: tuple[str, ...]
    left: bool = False
    scalars: bool = True


KINDS: tuple[Kind, ...] = (
    Kind(calculus.shapes, 0.85, ("shape_mismatch",)),
    Kind(operands.undefined, 0.9, ("undefined_symbol", "wrong_index", "index_order", "index_shift"), left=True),
    Kind(calculus.missing_partials, 0.95, ("missing_partial",), left=True),
    Kind(calculus.primes, 0.95, ("missing_prime", "wrong_operand")),
    Kind(calculus.sum_limits, 0.95, ("sum_limit",)),
    Kind(arrangement.transposes, 0.98, ("transposed", "wrong_operand"), scalars=False),
    Kind(signs_and_factors.signs, 1.0, ("wrong_sign",)),
    Kind(signs_and_factors.squares, 1.0, ("missing_square",), left=True),
    Kind(indices.index_orders, 1.0, ("index_order",), left=True),
    Kind(indices.index_shifts, 1.0, ("index_shift",), left=True),
    Kind(indices.wrong_indices, 1.0, ("wrong_index",), left=True),
    Kind(indices.digits, 1.0, ("wrong_index",)),
    Kind(signs_and_factors.extra_factors, 1.0, ("extra_factor",)),
    Kind(chain_links.chain_gaps, 1.0, ("missing_factor",)),
    Kind(calculus.missing_sums, 1.0, ("missing_sum", "extra_sum")),
    Kind(missing_parts.lost_factors, 1.01, ("missing_factor",)),
    Kind(missing_parts.lost_terms, 1.02, ("missing_term",)),
    Kind(missing_parts.other_names, 1.02, ("wrong_operand",)),
    Kind(operands.operands, 1.02, ("wrong_operand",)),
    Kind(arrangement.brackets, 1.04, ("missing_brackets",)),
    Kind(exponents_and_roots.powers, 1.05, ("missing_factor", "extra_factor", "missing_square", "wrong_operand")),
    Kind(chain_links.missing_links, 1.05, ("missing_factor",)),
    Kind(calculus.limits_everywhere, 1.1, ("sum_limit",)),
    Kind(arrangement.orders, 1.1, ("operand_order",), scalars=False),
    Kind(signs_and_factors.missing_constants, 1.1, ("missing_factor",)),
    Kind(arrangement.missing_terms, 1.1, ("missing_term",)),
    Kind(arrangement.exchanged_names, 1.12, ("transposed", "operand_order"), scalars=False),
    Kind(operands.left_sides, 1.12, ("wrong_left_side",), left=True),
    Kind(operands.function_names, 1.2, ("wrong_operand",)),
    Kind(chain_links.entrywise_links, 1.25, ("missing_factor", "missing_prime", "wrong_operand"), scalars=False),
    Kind(arrangement.products_of_kind, 1.3, ("operand_order", "shape_mismatch"), scalars=False),
    Kind(missing_parts.other_factors, 1.36, ("missing_factor",)),
    Kind(missing_parts.other_terms, 1.25, ("missing_term",)),
    Kind(arrangement.extra_terms, 1.3, ("extra_term",)),
    Kind(arrangement.stray_tokens, 1.3, ("stray_token", "extra_factor")),
)
WHOLE: tuple[Maker, ...] = (calculus.free_indices, indices.index_orders_everywhere)
EVERYWHERE = 0.25
"""What an edit in several places is favoured by where dots show how a sum goes on, and must go on."""


def candidates(scene: Scene, keys: Container[str] | None = None) -> Iterator[Edit]:
    """Every edit of a member by its cost, each change of the text once; only those with one of the keys, if any.

    A derivative of something by itself is what an edit should touch first; and one term alone of a sum that dots go on
    from cannot be meant, or it would not be read.
    """
    dotted = any(isinstance(node, Ellipsis) for node in walk(scene.member))
    shown = _first_terms(scene.member) if dotted else ()
    bias = EVERYWHERE if dotted else 0.0
    around = circles(scene.source)
    waiting: list[tuple[float, int, Edit]] = []
    number = count()
    seen: set[object] = set()
    for kind in sorted(KINDS, key=lambda kind: kind.least):
        while waiting and waiting[0][0] <= kind.least - bias:
            yield from _new(heappop(waiting)[2], seen)
        if (scene.first and not kind.left) or (scene.words.scalars and not kind.scalars):
            continue
        if keys is not None and not any(key in keys for key in kind.keys):
            continue
        for edit in kind.make(scene):
            if not edit.changes or edit.overlaps or _uneven(edit, shown):
                continue
            if keys is not None and edit.defect not in keys:
                continue
            if dotted:
                edit = replace(edit, cost=edit.cost + (0.5 if len(edit.changes) == 1 else -EVERYWHERE))
            if around and circles(replaced(scene.source, edit.changes)) >= around:
                edit = replace(edit, cost=edit.cost + 0.3)
            heappush(waiting, (edit.cost, next(number), edit))
    while waiting:
        yield from _new(heappop(waiting)[2], seen)


def _new(edit: Edit, seen: set[object]) -> Iterator[Edit]:
    if edit.changes not in seen:
        seen.add(edit.changes)
        yield edit


def _first_terms(member: Row) -> tuple[Offsets, ...]:
    """The places of the first two terms of a sum with dots that show how it goes on."""
    found = terms(member.items)
    at = next((k for k, term in enumerate(found) if isinstance(term.nodes[0], Ellipsis)), 0)
    if at < 2 or pattern_of(*(list(term.nodes) for term in (found[0], found[1], found[-1]))) is None:
        return ()
    return found[0].span, found[1].span


def _uneven(edit: Edit, shown: tuple[Offsets, ...]) -> bool:
    """Whether only one of these terms is changed: then they no longer show how the sum goes on."""
    return any(all(start <= a and b <= end for (a, b), _ in edit.changes) for start, end in shown)


def whole_candidates(scene: Scene) -> Iterator[Edit]:
    """Edits that change several members at once."""
    for make in WHOLE:
        yield from make(scene)
