r"""Edits of products and sums: signs, factors, squares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from derive.check.formulas.repair.edit import Edit, Scene, wrapped
from derive.check.formulas.repair.tree import (
    Piece,
    factors,
    groups,
    is_partial,
    partials,
    products,
    rows,
    span_of,
    terms,
)
from derive.claims.typography.nodes import Fraction, Number, Row, Scripts, walk

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


def _flipped(scene: Scene, term: Piece, number: int, count: int, depth: int) -> Edit:
    if count == 1:
        sentence = "the sign is wrong"
    else:
        sentence = f"the {_ordinal(number)} term has the wrong sign"
    if depth:
        sentence += f" (in {short(scene.between(term.span))})" if count == 1 else ""
    return Edit("wrong_sign", tuple(_flip(term, number)), sentence, 1.0 + 0.02 * depth)


def _flip(term: Piece, number: int) -> list[tuple[tuple[int, int], str]]:
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


def products_in(scene: Scene) -> Iterator[list[Piece]]:
    for items in rows(scene.member):
        yield from products(items, scene.words.functions)


def extra_factors(scene: Scene) -> Iterator[Edit]:
    """A factor that is dropped, whole or from a fraction."""
    for product in products_in(scene):
        for number, factor in enumerate(product):
            if len(product) > 1:
                yield _dropped(scene, product, number)
            if not is_partial(factor.nodes[0]) and not _is_sum(factor):
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


def _dropped(scene: Scene, product: list[Piece], number: int) -> Edit:
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


def missing_links(scene: Scene) -> Iterator[Edit]:
    """A factor of the chain: a partial between neighbours of the graph, a derivative, or a name."""
    places = [(items, list(products(items, scene.words.functions)), terms(items)) for items in rows(scene.member)]
    for text, kind in _links(scene):
        sentence = f"the factor {text} is missing" if kind != "partial" else f"the factor {spoken(text)} is missing"
        base = {"partial": 1.05, "prime": 1.2, "name": 1.3}[kind]
        for items, multiplied, found in places:
            for product in multiplied:
                last = product[-1].span[1]
                front = kind == "partial"
                if not _is_sum(product[-1]):
                    yield Edit("missing_factor", (((last, last), f" {text}"),), sentence, base + 0.03 * front)
                first = product[0].span[0]
                yield Edit("missing_factor", (((first, first), f"{text} "),), sentence, base + 0.03 * (not front))
                for before, after in pairwise(product):
                    at = before.span[1]
                    if after.sign is None:
                        yield Edit("missing_factor", (((at, at), f" {text} "),), sentence, base + 0.05)
            if len(found) > 1 and items is scene.member.items:
                span = span_of(items)
                changes = wrapped(span, r"\left(", rf"\right) {text}")
                yield Edit("missing_factor", changes, sentence, base + 0.1)


def entrywise_links(scene: Scene) -> Iterator[Edit]:
    """`f'(z)` entry by entry on one factor, in brackets where more factors follow; or in the place of a name."""
    for function in sorted(scene.words.functions):
        names = [text for text in scene.arguments if text != function]
        for product in products_in(scene):
            for factor in product if len(product) > 1 else ():
                for text in names:
                    opening, closing = r"\left(", rf" \odot {function}'({text})\right)"
                    sentence = f"the factor {function}'({text}) is missing"
                    yield Edit("missing_factor", wrapped(factor.span, opening, closing), sentence, 1.25)
        for name in scene.names:
            if not scene.is_function(name):
                sentence = f"{scene.text(name)} stands where its derivative {function}' belongs"
                yield Edit("missing_prime", wrapped(name.span, f"{function}'(", ")"), sentence, 1.25)
                called = f"{function} is to be taken of {scene.text(name)}"
                yield Edit("wrong_operand", wrapped(name.span, f"{function}(", ")"), called, 1.3)
        for items in rows(scene.member):
            for term in terms(items):
                called = f"{function} is to be taken of {short(scene.between(term.span))}"
                yield Edit("wrong_operand", wrapped(term.span, f"{function}(", ")"), called, 1.35)


def _is_sum(piece: Piece) -> bool:
    return piece.nodes[0].__class__.__name__ == "BigOperator"


def spoken(text: str) -> str:
    """A partial as a person says it: ∂a/∂z."""
    simple = re.fullmatch(r"\\frac\{(.+?)\}\{((?:\\partial|d).+)\}", text.strip())
    return f"{simple.group(1)}/{simple.group(2)}".replace("\\partial ", "∂") if simple else text


def chain_gaps(scene: Scene) -> Iterator[Edit]:
    """The partial that joins two neighbours of a chain, or the chain to the variable of the left side."""
    sign = r"\partial " if r"\partial" in scene.source or r"\frac{d" not in scene.source else "d"
    head = partials(scene.statement.members[0])
    goal = variable(scene, head[0].den) if len(head) == 1 else None
    for product in products_in(scene):
        chain = [factor.nodes[0] for factor in product if is_partial(factor.nodes[0])]
        fractions = [node for node in chain if isinstance(node, Fraction)]
        if not fractions:
            continue
        ends = [(variable(scene, node.num), variable(scene, node.den), node.span) for node in fractions]
        gaps: list[tuple[str, str | None, int]] = [(a[1], b[0], a[2][1]) for a, b in pairwise(ends)]
        gaps += [(a[0], b[1], a[2][1]) for a, b in pairwise(ends)]
        gaps += [(ends[-1][1], goal, ends[-1][2][1]), (ends[0][1], goal, ends[0][2][0])]
        if len(head) == 1:
            gaps.append((variable(scene, head[0].num), ends[0][0], ends[0][2][0]))
        for bottom, top, at in gaps:
            if bottom and top and bottom != top:
                text = rf"\frac{{{sign}{bottom}}}{{{sign}{top}}}"
                yield Edit("missing_factor", (((at, at), text),), f"the factor {spoken(text)} is missing", 1.0)


def variable(scene: Scene, side: Row) -> str:
    """What stands under the partial sign of one side of a derivative."""
    rest = side.items[1:]
    return scene.between(span_of(rest)) if rest else ""


def _links(scene: Scene) -> Iterator[tuple[str, str]]:
    yield from ((text, "partial") for text in _partial_links(scene))
    yield from ((text, "name") for text in _value_links(scene))
    yield from ((text, "prime") for text in _prime_links(scene))


def _partial_links(scene: Scene) -> Iterator[str]:
    """Derivatives between neighbours of the graph, where the member has derivatives at all, and those in sight."""
    spellings = scene.words.spellings
    sign = r"\partial " if r"\partial" in scene.source or r"\frac{d" not in scene.source else "d"
    if partials(scene.member):
        for name, users in scene.words.graph.consumers().items():
            for user in users:
                if name in spellings and user in spellings:
                    yield rf"\frac{{{sign}{spellings[user]}}}{{{sign}{spellings[name]}}}"
    yield from scene.partials_written
    loss = scene.words.graph.loss
    if loss in spellings and partials(scene.statement.members[0]):
        for name, spelled in spellings.items():
            if name != loss:
                yield rf"\frac{{{sign}{spellings[loss]}}}{{{sign}{spelled}}}"


def _value_links(scene: Scene) -> Iterator[str]:
    """Names, what is differentiated, inverses, and what an activation's derivative is in terms of its value."""
    own = {scene.text(name) for name in scene.names}
    for fraction in partials(scene.statement.members[0]):
        yield variable(scene, fraction.num)
    for text in scene.words.inverted:
        yield rf"{text}^{{-1}}"
    for text in scene.written:
        yield text
        yield f"(1 - {text})"
        yield f"{text} (1 - {text})"
        if text not in own:
            yield rf"\frac{{1}}{{{text}}}"
    for text in dict.fromkeys(scene.words.spellings.values()):
        if text not in scene.written:
            yield text


def _prime_links(scene: Scene) -> Iterator[str]:
    """The derivative of a function at a name, as a factor, entry by entry, and as a diagonal matrix."""
    for function in sorted(scene.words.functions):
        for text in scene.arguments:
            if text == function:
                continue
            yield f"{function}'({text})"
            if not scene.words.scalars:
                yield rf"\odot {function}'({text})"
                yield rf"\mathrm{{diag}}({function}'({text}))"


def squares(scene: Scene) -> Iterator[Edit]:
    """A square on a bracket, a norm or a name."""
    for node in groups(scene.member):
        at = node.span[1]
        norm = node.open in (r"\|", "|")
        what = "the norm is not squared" if norm else "the square is missing"
        yield Edit("missing_square", (((at, at), "^2"),), what, 1.0 if norm else 1.05)
    for name in scene.names:
        if not (isinstance(name, Scripts) and name.sup is not None):
            at = name.span[1]
            yield Edit("missing_square", (((at, at), "^2"),), f"the square of {scene.text(name)} is missing", 1.15)
