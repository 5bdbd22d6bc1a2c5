r"""Edits that put in a link of the chain: a partial, the derivative of a function, a name.

dL/dz = dL/da        the link da/dz, or \sigma'(z), is missing
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from derive.repair.edit import Edit, Scene, wrapped
from derive.repair.signs_and_factors import is_sum, products_in, short, spoken
from derive.repair.tree import is_partial, partials, products, rows, span_of, terms
from derive.typography.nodes import Fraction, Row


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
                if not is_sum(product[-1]):
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
    for function in scene.words.primed:
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
    for function in sorted(scene.words.functions):
        for name in scene.names:
            if not scene.is_function(name):
                called = f"{function} is to be taken of {scene.text(name)}"
                yield Edit("wrong_operand", wrapped(name.span, f"{function}(", ")"), called, 1.3)
        for items in rows(scene.member):
            for term in terms(items):
                called = f"{function} is to be taken of {short(scene.between(term.span))}"
                yield Edit("wrong_operand", wrapped(term.span, f"{function}(", ")"), called, 1.35)


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
                cost = 1.0 if scene.words.joined(bottom, top) else 1.06
                yield Edit("missing_factor", (((at, at), text),), f"the factor {spoken(text)} is missing", cost)


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
    for function in scene.words.primed:
        for text in scene.arguments:
            if text == function:
                continue
            yield f"{function}'({text})"
            if not scene.words.scalars:
                yield rf"\odot {function}'({text})"
                yield rf"\mathrm{{diag}}({function}'({text}))"
