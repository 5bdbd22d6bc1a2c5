"""The defect list as a table: a record for each kind of edit, with the maker of its candidates.

A new kind of mistake is a new line here. The order is the order in which candidates of equal cost are tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from derive.check.formulas.repair import arrangement, calculus, factors, indices, powers, symbols
from derive.check.formulas.repair.edit import Edit, Maker, Scene
from derive.check.formulas.repair.tree import partials, terms
from derive.claims.meaning.dots import pattern_of
from derive.claims.typography.nodes import Ellipsis, Fraction, Offsets, Row, walk


@dataclass(frozen=True)
class Kind:
    """A kind of edit: whether a left side may need it, and whether it means something for scalars alone."""

    make: Maker
    left: bool = False
    scalars: bool = True


KINDS: tuple[Kind, ...] = (
    Kind(symbols.undefined, left=True),
    Kind(calculus.shapes),
    Kind(calculus.missing_partials, left=True),
    Kind(calculus.primes),
    Kind(factors.signs),
    Kind(factors.squares),
    Kind(calculus.sum_limits),
    Kind(calculus.limits_everywhere),
    Kind(indices.index_orders, left=True),
    Kind(indices.index_shifts, left=True),
    Kind(indices.wrong_indices, left=True),
    Kind(indices.digits),
    Kind(factors.extra_factors),
    Kind(arrangement.transposes, scalars=False),
    Kind(arrangement.orders, scalars=False),
    Kind(arrangement.exchanged_names, scalars=False),
    Kind(factors.chain_gaps),
    Kind(factors.missing_constants),
    Kind(calculus.missing_sums),
    Kind(symbols.operands),
    Kind(symbols.left_sides, left=True),
    Kind(arrangement.brackets),
    Kind(arrangement.products_of_kind, scalars=False),
    Kind(powers.powers),
    Kind(factors.missing_links),
    Kind(factors.entrywise_links, scalars=False),
    Kind(arrangement.missing_terms),
    Kind(arrangement.extra_terms),
    Kind(symbols.function_names),
    Kind(arrangement.stray_tokens),
)
WHOLE: tuple[Maker, ...] = (calculus.free_indices, indices.index_orders_everywhere)


def candidates(scene: Scene) -> list[Edit]:
    """Every edit of a member, cheapest first; of the left side only those that a left side needs.

    What is written out with dots is changed in all of its terms, or it would not be read.
    """
    found: dict[tuple[object, ...], Edit] = {}
    circles = [part for node in partials(scene.member) if (part := _circle(scene, node)) is not None]
    dotted = any(isinstance(node, Ellipsis) for node in walk(scene.member))
    shown = _first_terms(scene.member) if dotted else ()
    for kind in KINDS:
        if (scene.first and not kind.left) or (scene.words.scalars and not kind.scalars):
            continue
        for edit in kind.make(scene):
            if edit.changes and not edit.overlaps and not _uneven(edit, shown):
                if dotted:
                    edit = replace(edit, cost=edit.cost + (0.5 if len(edit.changes) == 1 else -0.25))
                if circles and not any(a <= at <= b for (a, b), _ in edit.changes for at in circles):
                    edit = replace(edit, cost=edit.cost + 0.3)
                known = found.get(edit.changes)
                if known is None or edit.cost < known.cost:
                    found[edit.changes] = edit
    return sorted(found.values(), key=lambda edit: edit.cost)


def _circle(scene: Scene, node: Fraction) -> int | None:
    """The place of a derivative of something by itself, which is 1 and was meant otherwise."""
    same = scene.between(node.num.span) == scene.between(node.den.span)
    return node.den.span[1] if same else None


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
