"""A small judge for the tests of the reader: every reading, every case, every link, by the equality kernel."""

from __future__ import annotations

from derive.equality.equality import decide
from derive.meaning.claim import Check, Claim, Problem, Reading
from derive.meaning.context import Context
from derive.meaning.reading import read
from derive.model.load import load
from derive.model.text import loads
from derive.typography.layout import parse


def context(model: str) -> Context:
    """The context of a gallery model or of a model text."""
    return Context(loads(model) if "\n" in model else load(model))


def claims(latex: str, model: str | Context) -> tuple[Claim, ...]:
    """The claims of a formula."""
    return read(parse(latex), model if isinstance(model, Context) else context(model))


def only(latex: str, model: str | Context) -> Reading:
    """The only reading of the only statement of a formula."""
    (claim,) = claims(latex, model)
    assert claim.unread is None, claim.unread
    (reading,) = claim.readings
    return reading


def verdict(latex: str, model: str | Context) -> str:
    """true, false, ambiguous or unread; numerals are left out."""
    found = [_of(claim) for claim in claims(latex, model)]
    return next((word for word in ("false", "unread", "ambiguous") if word in found), "true")


def _of(claim: Claim) -> str:
    if claim.unread is not None:
        return "unread"
    held = {any(_holds(reading, way) for way in range(len(reading.ways))) for reading in claim.readings}
    return "ambiguous" if len(held) > 1 else "true" if held == {True} else "false"


def _holds(reading: Reading, way: int) -> bool:
    cases = reading.ways[way]
    if any(isinstance(member, Problem) for case in cases for member in case.members):
        return False
    return all(
        link.holds if isinstance(link, Check) else decide(link.left, link.right, case.graph, counterexample=False).equal
        for case in cases
        for link in case.links
    )
