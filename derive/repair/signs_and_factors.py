r"""Edits of products and sums: signs, factors, squares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.repair.edit import Edit, Scene, wrapped
from derive.repair.tree import (
    Segment,
    factors,
    groups,
    is_partial,
    products,
    rows,
    span_of,
    terms,
)
from derive.typography.nodes import Fraction, Number, Row, Scripts, walk

CONSTANTS = ("2", r"\frac{1}{2}", r"-\frac{1}{2}", "-2")


# ---------------------------------------------------------------------------- signs


def signs(scene: Scene) -> Iterator[Edit]:
    """The sign of one term, or of a whole row."""
    for depth, items in enumerate(rows(scene.member)):
        found = terms(items)
        for number, term in enumerate(found):
            yield _flipped(scene, term, number, len(found), depth)
        if len(found) > 1:
            changes = [change for number, term in enumerate(found) for change in _flip(term, number)]
            yield Edit("wrong_sign", tuple(changes), "the sign of the whole is wrong", 1.1 + 0.05 * depth)


def _flipped(scene: Scene, term: Segment, number: int, count: int, depth: int) -> Edit:
    if count == 1:
        sentence = "the sign is wrong"
    else:
        sentence = f"the {_ordinal(number)} term has the wrong sign"
    if depth:
        sentence += f" (in {short(scene.between(term.span))})" if count == 1 else ""
    return Edit("wrong_sign", tuple(_flip(term, number)), sentence, 1.0 + 0.02 * depth)


def _flip(term: Segment, number: int) -> list[tuple[tuple[int, int], str]]:
    start = term.span[0]
    if term.sign is None:
        return [((start, start), "-")]
    if term.sign.text == "+":
        return [(term.sign.span, "-")]
    return [(term.sign.span, "+" if number else "")]


def _ordinal(number: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth")
    return words[number] if number < len(words) else f"{number + 1}th"


def short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


# ---------------------------------------------------------------------------- factors


def spoken(text: str) -> str:
    """A partial as a person says it: ∂a/∂z."""
    simple = re.fullmatch(r"\\frac\{(.+?)\}\{((?:\\partial|d).+)\}", text.strip())
    return f"{simple.group(1)}/{simple.group(2)}".replace("\\partial ", "∂") if simple else text


def is_sum(piece: Segment) -> bool:
    return piece.nodes[0].__class__.__name__ == "BigOperator"


def products_in(scene: Scene) -> Iterator[list[Segment]]:
    for items in rows(scene.member):
        yield from products(items, scene.words.functions)


def extra_factors(scene: Scene) -> Iterator[Edit]:
    """A factor that is dropped, whole or from a fraction."""
    for product in products_in(scene):
        for number, factor in enumerate(product):
            if len(product) > 1:
                yield _dropped(scene, product, number)
            if not is_partial(factor.nodes[0]) and not is_sum(factor):
                text = scene.between(factor.span)
                inverse = wrapped(factor.span, r"\frac{1}{", "}")
                yield Edit("extra_factor", inverse, f"{short(text)} is a factor where it should be a divisor", 1.28)
            if len(factor.nodes) == 1 and isinstance(factor.nodes[0], Fraction):
                yield from _from_fraction(scene, factor.nodes[0])
    for node in walk(scene.member):
        if isinstance(node, Scripts) and node.sup is not None and node.base is not None and _is_two(node.sup):
            yield Edit(
                "extra_factor", (((node.base.span[1], node.span[1]), ""),), "the square is one power too much", 1.1
            )


def _is_two(script: Row) -> bool:
    return len(script.items) == 1 and isinstance(script.items[0], Number) and script.items[0].text == "2"


def _dropped(scene: Scene, product: list[Segment], number: int) -> Edit:
    factor = product[number]
    start, end = factor.span
    if factor.sign is not None:
        start = factor.sign.span[0]
    elif number == 0 and len(product) > 1 and product[1].sign is not None:
        end = product[1].sign.span[1]
    text = scene.between(factor.span)
    cost = 1.15 if is_partial(factor.nodes[0]) else 1.0 if isinstance(factor.nodes[0], Number | Fraction) else 1.05
    return Edit("extra_factor", (((start, end), ""),), f"extra factor {_plain(text)}", cost)


def _plain(text: str) -> str:
    """A factor as a person says it: 1/m for \\frac{1}{m}."""
    simple = re.fullmatch(r"\\[td]?frac\{(\w+)\}\{(\w+)\}", text.strip())
    return f"{simple.group(1)}/{simple.group(2)}" if simple else text.strip()


def _from_fraction(scene: Scene, node: Fraction) -> Iterator[Edit]:
    if is_partial(node):
        return
    for side, name in ((node.num, "numerator"), (node.den, "denominator")):
        parts = factors(side.items, scene.words.functions)
        only = parts[0].nodes[0] if len(parts) == 1 and len(parts[0].nodes) == 1 else None
        if isinstance(only, Number) and only.text != "1":
            yield Edit("extra_factor", ((only.span, "1"),), f"extra factor {only.text} in the {name}", 1.1)
        for number in range(len(parts)):
            if len(parts) > 1:
                edit = _dropped(scene, parts, number)
                yield Edit(edit.defect, edit.changes, f"{edit.sentence} in the {name}", 1.1)
    if len(terms(node.num.items)) == 1 and len(terms(node.den.items)) == 1:
        yield Edit("extra_factor", ((node.span, scene.between(node.num.span)),),
                   f"extra factor 1/{_plain(scene.between(node.den.span))}", 1.1)  # fmt: skip


def missing_constants(scene: Scene) -> Iterator[Edit]:
    """2, 1/2, m and 1/m put before a term or the whole."""
    sizes = [size for size in scene.words.sizes if size.isalnum()]
    inverse = [rf"\frac{{1}}{{{size}}}" for size in sizes]
    for text in (*CONSTANTS, *inverse, *sizes):
        yield from _put_before(scene, text, 1.1 if text in CONSTANTS else 1.15)


def _put_before(scene: Scene, text: str, cost: float) -> Iterator[Edit]:
    sentence = f"the factor {_plain(text)} is missing"
    for depth, items in enumerate(rows(scene.member)):
        found = terms(items)
        if depth == 0 and len(found) > 1:
            span = span_of(items)
            changes = wrapped(span, rf"{text} \left(", r"\right)")
            yield Edit("missing_factor", changes, sentence, cost + 0.02)
        if depth and len(found) == 1:
            continue
        for term in found:
            at = term.span[0]
            yield Edit("missing_factor", (((at, at), f"{text} "),), sentence, cost + 0.05 * min(depth, 3))


def squares(scene: Scene) -> Iterator[Edit]:
    """A square on a bracket, a norm or a name; on the left side on a norm only."""
    for node in groups(scene.member):
        at = node.span[1]
        norm = node.open in (r"\|", "|")
        if scene.first and not norm:
            continue
        what = "the norm is not squared" if norm else "the square is missing"
        yield Edit("missing_square", (((at, at), "^2"),), what, 1.0 if norm else 1.05)
    for name in () if scene.first else scene.names:
        if not (isinstance(name, Scripts) and name.sup is not None):
            at = name.span[1]
            yield Edit("missing_square", (((at, at), "^2"),), f"the square of {scene.text(name)} is missing", 1.15)
