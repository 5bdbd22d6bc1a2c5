r"""A function by pieces: how it is spoiled in one place, and the ways to write it.

(0 where z < 0, z where z > 0)    z \mathbb{1}[z > 0],  \begin{cases} ... \end{cases},  z \operatorname{step}(z)
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.searches.terms import Term, call, mask, term, where


@dataclass(frozen=True)
class Pieces:
    """A function of z by pieces: one more than there are thresholds."""

    z: Term
    thresholds: tuple[float, ...]
    pieces: tuple[Term, ...]


def wrong(rng: random.Random, right: Pieces) -> tuple[Pieces, str]:
    """The pieces with exactly one thing wrong."""
    pieces, places = list(right.pieces), list(right.thresholds)
    at = rng.randrange(len(pieces))
    match rng.choice(["mask missing", "mask missing", "sign", "constant", "threshold", "one branch only"]):
        case "mask missing":
            other = at + 1 if at == 0 or (at + 1 < len(pieces) and rng.random() < 0.5) else at - 1
            pieces[at] = pieces[other]
            intent = f"branch {at} as {other}"
        case "sign" if pieces[at] != term(0):
            pieces[at] = -pieces[at] if pieces[at].op != "neg" else pieces[at].args[0]
            intent = f"sign of branch {at}"
        case "threshold":
            k = rng.randrange(len(places))
            elsewhere = [places[k] + 1, places[k] - 1, places[k] + 0.5, -places[k], 0.0]
            places[k] = rng.choice([place for place in elsewhere if place != places[k]])
            places.sort()
            intent = f"threshold {k} moved"
        case "one branch only":
            pieces = [pieces[at]] * len(pieces)
            intent = f"branch {at} everywhere"
        case _:
            pieces[at] = 2 * pieces[at] if pieces[at] != term(0) else term(rng.choice([1, -1, 0.5]))
            intent = f"constant of branch {at}"
    return replace(right, thresholds=tuple(places), pieces=tuple(pieces)), intent


def written(rng: random.Random, given: Pieces) -> Term:
    """One of the ways to write a function by pieces."""
    z, places, pieces = given.z, list(given.thresholds), list(given.pieces)
    for k in reversed(range(len(places))):
        if pieces[k] == pieces[k + 1]:
            del places[k], pieces[k + 1]
    if not places:
        return pieces[0]
    ways = ["cases up", "cases down", "masks", "masks", "steps"]
    if len(places) == 1:
        ways += ["sign", "mask and rest"]
    match rng.choice(ways):
        case "cases up":
            made = pieces[-1]
            for place, piece in reversed(list(zip(places, pieces[:-1], strict=True))):
                made = where(z, rng.choice(["<", "<="]), place, piece, made)
            return made
        case "cases down":
            made = pieces[0]
            for place, piece in zip(places, pieces[1:], strict=True):
                made = where(z, rng.choice([">", ">="]), place, piece, made)
            return made
        case "sign":
            middle = (pieces[0] + pieces[1]) / 2
            if _negated(pieces[0]) == pieces[1]:
                return times(pieces[1], call("sign", _from(z, places[0])))
            return middle + (pieces[1] - pieces[0]) / 2 * call("sign", _from(z, places[0]))
        case "mask and rest":
            return times(pieces[1], mask(z, ">", places[0])) + times(pieces[0], 1 - mask(z, ">", places[0]))
        case "steps":
            made = pieces[0]
            for place, before, after in zip(places, pieces, pieces[1:], strict=False):
                jump = call("step", _from(z, place))
                rise = after if before == term(0) else after - before
                made = times(rise, jump) if made == term(0) else made + times(rise, jump)
            return made
    return _masked(z, places, pieces)


def _masked(z: Term, places: Sequence[float], pieces: Sequence[Term]) -> Term:
    found = [times(piece, _inside(z, k, places)) for k, piece in enumerate(pieces) if piece != term(0)]
    made = found[0] if found else term(0)
    for more in found[1:]:
        made = made + more
    return made


def _inside(z: Term, k: int, places: Sequence[float]) -> Term:
    if 0 < k < len(places):
        low, high = places[k - 1], places[k]
        return mask(call("abs", z), "<", high) if low == -high else mask(z, ">=", low) * mask(z, "<", high)
    if k == 0:  # the end that |z| < high leaves out belongs to the outer piece, here as above
        return mask(z, "<=" if len(places) == 2 and places[0] == -places[1] else "<", places[0])
    return mask(z, ">=", places[-1])


def times(factor: Term, other: Term) -> Term:
    return other if factor == term(1) else -other if factor == term(-1) else factor * other


def _negated(made: Term) -> Term:
    return made.args[0] if made.op == "neg" else -made


def _from(z: Term, place: float) -> Term:
    return z if place == 0 else z - place if place > 0 else z + -place


def product(*factors: Term) -> Term:
    made = term(1)
    for factor in factors:
        made = factor if made == term(1) else times(factor, made) if factor.op in ("num", "neg") else made * factor
    return made
