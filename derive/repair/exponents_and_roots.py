"""Edits of powers: exponents, roots, squared denominators."""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.repair.edit import Edit, Scene, wrapped
from derive.repair.tree import is_partial
from derive.typography.nodes import Fraction, Scripts, walk


def powers(scene: Scene) -> Iterator[Edit]:
    """An exponent that is off by one, a lost root, a denominator that is not squared."""
    for node in walk(scene.member):
        if isinstance(node, Scripts) and node.sup is not None:
            for other, more in _neighbours(scene.between(node.sup.span)):
                key = "missing_factor" if more else "extra_factor"
                text = f"{{{other}}}" if not node.sup.braced and len(other) > 1 else other
                yield Edit(key, ((node.sup.span, text),), f"the exponent should be {other}", 1.2)
        if isinstance(node, Fraction) and not is_partial(node) and len(node.den.items) > 1:
            yield Edit("missing_square", wrapped(node.den.span, "(", ")^2"), "the denominator is not squared", 1.05)
        if isinstance(node, Fraction) and not is_partial(node):
            yield Edit("wrong_operand", wrapped(node.den.span, r"\sqrt{", "}"), "the square root is missing", 1.15)


def _neighbours(text: str) -> Iterator[tuple[str, bool]]:
    """The exponents one above and one below, and whether the change makes the power a longer product."""
    match = re.fullmatch(r"\s*(-?)\s*(\d+)\s*(?:/\s*(\d+)\s*)?", text)
    if match is None:
        return
    below = int(match[3] or 1)
    value = int(match[2]) * (-1 if match[1] else 1)
    for step in (below, -below):
        other = value + step
        shown = f"{other}/{below}" if below > 1 and other else str(other)
        if other:
            yield shown, abs(other) > abs(value)
