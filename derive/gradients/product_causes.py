"""Causes inside a product: a wrong operand, a local derivative that is missing, a term too much.

A gradient is a sum of products of values that the two passes had: `x.T @ dz`, `dz @ W.T`, `(dy*xhat).sum(axis=0)`.
The difference of the right gradient and the claimed one is then a term, or a product with one operand multiplied
(`multipliers`), or one product less another. All are tried on the recorded values, by two random weightings of the
difference first, which rule out nearly everything. What explains every measured coordinate here is computed anew at
other points, from the values recorded there, and named only if it explains their slopes as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from derive.gradients.candidate_products import ONE, Summand, TwoOperands, Values, products, rows
from derive.gradients.difference import Array
from derive.gradients.locate import Evidence
from derive.gradients.multipliers import Answer, Multiplier, Multipliers, of_term
from derive.gradients.recorded import Named, distinct, recorded, refined

if TYPE_CHECKING:
    from derive.gradients.model_backward import Derived

Elsewhere = Callable[[Evidence], Iterator[Evidence]]
"""The same group at other points, each time at some coordinates."""
SAME = 1e-7
MOST_TERMS = 1500
MOST_TRIED = 50
CONSTANTS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
PARTS = (1.0, 0.5, 2.0)
"""Factors of one term that is exchanged for another."""


@dataclass(frozen=True)
class Hypothesis:
    """A cause, and the difference right - claimed that it means, from the values of any point."""

    answer: Answer
    difference: Callable[[Values], Array]


def inside(evidence: Evidence, elsewhere: Elsewhere, model: Derived | None) -> Answer | None:
    """The first hypothesis that explains the group here and at other points."""
    if not evidence.complete or not evidence.index.size:
        return None
    window = _window(evidence)
    values = _recorded(evidence, model)
    others: list[tuple[Evidence, Named]] | None = None
    few = distinct(values)
    right, claimed = (np.squeeze(g.reshape(evidence.shape)[window]) for g in (evidence.numeric, evidence.values))
    for seen, old in ((few, {}), (distinct(refined(few), 4 * len(few)), few)):
        for hypothesis in islice(hypotheses(seen, old, claimed, right - claimed, evidence.point.rng), MOST_TRIED):
            if not _holds(hypothesis, evidence, seen, window):
                continue
            if others is None:
                others = [(other, refined(_recorded(other, model))) for other in elsewhere(evidence)]
            if others and all(_holds(hypothesis, other, there, window) for other, there in others):
                return hypothesis.answer
    return None


def _window(evidence: Evidence) -> tuple[slice, ...]:
    """The smallest block that holds everything that is wrong."""
    wrong = np.argwhere(evidence.bad.reshape(evidence.shape))
    if not wrong.size:
        return tuple(slice(None) for _ in evidence.shape)
    return tuple(slice(int(low), int(high) + 1) for low, high in zip(wrong.min(0), wrong.max(0), strict=True))


def _recorded(evidence: Evidence, model: Derived | None) -> Named:
    """What the passes had at this point, and what the model has there."""
    point = evidence.point
    widened = evidence.name in evidence.claimed.wide
    values, upstream = (point.values, point.wide_upstream) if widened else (point.given, point.upstream)
    found = {**(model.nodes(point) if model else {}), **recorded(point.subject, values, upstream)}
    return {ONE: np.ones(()), **{name: np.squeeze(value) for name, value in found.items()}}


def _holds(hypothesis: Hypothesis, evidence: Evidence, values: Named, window: tuple[slice, ...]) -> bool:
    try:
        difference = hypothesis.difference(values)
        whole = np.zeros(evidence.shape)
        whole[window] = difference.reshape(whole[window].shape)
    except (KeyError, ValueError):  # another branch of the code, without that value or with another shape of it
        return False
    return evidence.explains(evidence.values + whole.ravel()[evidence.index])


# ----- what the difference may be -----


@dataclass(frozen=True)
class _Known:
    """A term with its value and the weighted sums of that."""

    term: Summand
    value: Array
    sums: Array


def hypotheses(
    values: Values, old: Values, claimed: Array, rest: Array, rng: np.random.Generator
) -> Iterator[Hypothesis]:
    """What explains `rest`, right - claimed, the simplest first. `values` are the named ones, ONE among them.

    What uses the `old` ones alone has been tried before; with them a product has one of them and one of the others.
    """
    weights = rng.uniform(0.5, 1.5, (2, *rest.shape)) * rng.choice([-1.0, 1.0], (2, *rest.shape))
    terms: Iterator[Summand] = chain(products(values, rest.shape, old), rows(values, rest.shape) if not old else ())
    known = []
    for term in islice(terms, MOST_TERMS):
        value = term.value(values)
        if np.any(value):
            known.append(_Known(term, value, _sums(weights, value)))
    yield from _single(rest, known)
    yield from _multiplied(values, Multipliers(values, old or values), claimed, rest, weights, known)
    for part in PARTS:
        yield from _exchanged(claimed, rest, _sums(weights, rest), known, part)


def _sums(weights: Array, value: Array) -> Array:
    return np.asarray((weights * value).reshape(len(weights), -1).sum(axis=1))


def _same(a: Array, b: Array) -> bool:
    return bool(np.all(np.isfinite(a)) and np.max(np.abs(a - b)) <= SAME * np.max(np.abs(b)))


def _single(rest: Array, known: list[_Known]) -> Iterator[Hypothesis]:
    for one in known:
        factor = float(np.sum(one.value * rest) / np.sum(one.value * one.value))
        if rest.size < 3:
            factor = min(CONSTANTS, key=lambda c: abs(c - factor))
        if factor and _same(factor * one.value, rest):
            yield Hypothesis(of_term(one.term.text(), factor), _times(factor, one.term))


def _times(factor: float, term: Summand) -> Callable[[Values], Array]:
    return lambda values: factor * term.value(values)


# ----- an operand multiplied -----


@dataclass(frozen=True)
class _Multiplied:
    """right - claimed is `factor` times the product with one operand multiplied."""

    multiplier: Multiplier
    factor: float
    product: TwoOperands
    by_left: bool

    @property
    def own(self) -> str:
        return self.product.left if self.by_left else self.product.right

    def difference(self, values: Values) -> Array:
        multiplied = {**values, self.own: values[self.own] * self.multiplier.value(values)}
        return self.factor * self.product.value(multiplied)

    def hypothesis(self) -> Hypothesis:
        return Hypothesis(self.multiplier.answer(self.product, self.by_left, self.factor), self.difference)

    def rank(self, values: Values, claimed: Array, known: list[_Known]) -> int:
        """The likeliest first: 0 if the claim has the product that is multiplied, by itself or beside one more."""
        if self.multiplier.kind == "term":
            return 2 if abs(self.factor) in (1.0, 2.0) else 3
        stands = self.product.value(values)
        if self.multiplier.kind == "complement":
            stands = 0.5 * (stands - self.difference(values) / self.factor)
        left = claimed - self.factor * stands
        if _same(claimed, self.factor * stands) or any(_proportional(one.value, left) for one in known):
            return 0
        return 1 if self.product.summed and self.factor == 1.0 else 4


def _proportional(a: Array, b: Array) -> bool:
    factor = float(np.sum(a * b) / np.sum(a * a))
    return b.size > 2 and factor != 0.0 and _same(factor * a, b)


def _multiplied(
    values: Values, multipliers: Multipliers, claimed: Array, rest: Array, weights: Array, known: list[_Known]
) -> Iterator[Hypothesis]:
    target = _sums(weights, rest)
    found: list[_Multiplied] = []
    for product in (one.term for one in known if isinstance(one.term, TwoOperands)):
        for by_left in (True, False):
            own = product.left if by_left else product.right
            listed, table = multipliers.of(own) if own != ONE else ([], np.zeros(0))
            if not listed:
                continue
            spread = [(product.adjoint(w, values, by_left) * values[own]).ravel() for w in weights]
            with np.errstate(all="ignore"):
                factors = target / (table @ np.array(spread).T)
            fits = np.abs(factors[:, 0] - factors[:, 1]) <= 10 * SAME * np.abs(factors[:, 0])
            if rest.size < 3:  # any factor fits a single number
                fits &= np.any(np.abs(factors[:, :1] - CONSTANTS) < 1e-6, axis=1)
            for k in np.flatnonzero(fits):
                one = _Multiplied(listed[k], round(float(factors[k, 0]), 9), product, by_left)
                if one.factor and _same(one.difference(values), rest):
                    found.append(one)
    ranked = sorted(((one.rank(values, claimed, known), k) for k, one in enumerate(found)))
    yield from (found[k].hypothesis() for _, k in ranked)


# ----- one term for another -----


def _exchanged(claimed: Array, rest: Array, target: Array, known: list[_Known], part: float) -> Iterator[Hypothesis]:
    """Pairs of terms that differ by `rest`, those first that have most in common; or the whole claim is one of them."""
    if len(known) < 2:
        return
    sums = np.array([one.sums for one in known])
    order = np.argsort(sums[:, 0])
    wanted = sums + target / part
    allowed = SAME * (np.abs(sums) + np.abs(target / part))
    ordered = sums[order, 0]
    low = np.searchsorted(ordered, wanted[:, 0] - allowed[:, 0])
    high = np.searchsorted(ordered, wanted[:, 0] + allowed[:, 0], side="right")
    pairs = []
    for wrong in np.flatnonzero(high > low):
        for right in order[low[wrong] : high[wrong]]:
            common = _in_common(known[wrong].term, known[right].term) or _same(known[wrong].value, claimed)
            if common and abs(sums[right, 1] - wanted[wrong, 1]) <= allowed[wrong, 1]:
                pairs.append((common, known[wrong], known[right]))
    for _, wrong_one, right_one in sorted(pairs, key=lambda pair: -pair[0]):
        if _same(part * (right_one.value - wrong_one.value), rest):
            yield _exchange(wrong_one.term, right_one.term, part)


def _in_common(a: Summand, b: Summand) -> int:
    return 2 * len(a.operands & b.operands) + (type(a) is type(b)) * bool(a.operands & b.operands)


def _exchange(wrong: Summand, right: Summand, part: float) -> Hypothesis:
    def difference(values: Values) -> Array:
        return part * (right.value(values) - wrong.value(values))

    keys = ["transposed", "wrong_operand"] if wrong.operands == right.operands else ["wrong_operand"]
    if type(wrong) is not type(right):
        keys = ["missing_sum", "wrong_index"]
    shown = "" if part == 1.0 else f"{part:g} * "
    return Hypothesis((keys, f"{shown}{wrong.text()} stands where {shown}{right.text()} belongs"), difference)
