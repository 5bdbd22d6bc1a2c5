r"""What the page defines outside of the formulas that are judged: in its sentences, and where a formula has no layout.

The error is $\delta = a - y$        $\delta$ is the derivative of the loss by $a$        e = \frac{a - y
"""

from __future__ import annotations

from dataclasses import replace

from derive.errors import DeriveError
from derive.judging.reader import Reader
from derive.meaning.claim import Claim, Definition
from derive.meaning.context import Context
from derive.meaning.reading import Holds
from derive.pages.page import Item
from derive.pages.prose import LOSS
from derive.verification.further_down import taking


def said_in(aside: Item, context: Context, holds: Holds) -> list[Claim]:
    """What a sentence defines: any name if words announce it, else one with another meaning."""
    loss = context.graph.loss
    source = aside.source.replace(LOSS, rf"\mathrm{{{loss}}}") if loss else aside.source
    try:
        _, claims = Reader(context, aside.macros, holds=holds, said=aside.said)(source)
    except (DeriveError, RecursionError):
        return []
    return [c for c in claims if aside.said or (c.unread is None and (taking([c]) or c.keeps))]


def is_second(claims: list[Claim]) -> bool:
    """Whether a name is defined that has another meaning already, by the page or by the model: that is a finding."""
    return any(claim.defines is not None and claim.defines.again for claim in claims)


def name_of(item: Item, context: Context) -> list[Definition]:
    """Of a formula that has no layout, the name that it would have defined."""
    left, equals, _ = item.source.partition("=")
    if item.kind != "formula" or not equals:
        return []
    try:
        _, claims = Reader(context, item.macros, said=True)(f"{left.removesuffix(':')} = 0")
    except (DeriveError, RecursionError):
        return []
    return [replace(claim.defines, understood=False) for claim in claims if claim.defines is not None]
