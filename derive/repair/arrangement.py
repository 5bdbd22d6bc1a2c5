r"""Edits of how a formula is put together: brackets, the order of factors, transposes, terms, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise, permutations

from derive.ir.node import refs
from derive.repair.edit import Change, Edit, Scene, wrapped
from derive.repair.signs_and_factors import products_in, short, spoken
from derive.repair.tree import (
    Segment,
    base_symbol,
    factors,
    groups,
    indexed,
    partials,
    products,
    roots,
    rows,
    span_of,
    terms,
)
from derive.typography.nodes import Fraction, Group, Markup, Matrix, Number, Operator, Row, Scripts, Symbol, walk

MOST_LOST = 4


def brackets(scene: Scene) -> Iterator[Edit]:
    """Brackets around neighbouring terms or parts of them, or brackets that should not be there."""
    for items in rows(scene.member):
        found = terms(items)
        starts = [_starts(scene, term) for term in found]
        ends = [[part.span[1] for part in factors(term.nodes, scene.words.functions)] for term in found]
        for left, right in combinations(range(len(found)), 2):
            whole = left == 0 and right == len(found) - 1 and items is scene.member.items
            for a in starts[left]:
                for b in ends[right]:
                    if whole and (a, b) == (starts[left][0], ends[right][-1]):
                        continue
                    text = short(scene.between((a, b)))
                    cost = 1.04 + 0.02 * (right - left - 1)
                    changes = wrapped((a, b), "(", ")")
                    yield Edit("missing_brackets", changes, f"brackets are missing around {text}", cost)
        yield from _closed_later(scene, items)
    for node in groups(scene.member):
        if node.open in ("(", "[") and node.items and len(terms(node.items)) > 1:
            inner = scene.between(span_of(node.items))
            yield Edit("missing_brackets", ((node.span, inner),), f"the brackets around {short(inner)} are wrong", 1.3)


def _closed_later(scene: Scene, items: tuple[Markup, ...]) -> Iterator[Edit]:
    """A bracket that closes too early: around what stands behind it, too, to the end of a later factor."""
    ends = [part.span[1] for term in terms(items) for part in factors(term.nodes, scene.words.functions)]
    for node in items:
        close = (node.span[1] - 1, node.span[1])
        if (
            isinstance(node, Group)
            and scene.between(close) == ")"
            and not scene.source.endswith(r"\right", 0, close[0])
        ):
            for end in ends:
                if end > close[1]:
                    inner = short(scene.between((node.span[0] + 1, close[0])) + scene.between((close[1], end)))
                    changes = (close, ""), ((end, end), ")")
                    yield Edit("missing_brackets", changes, f"the bracket closes too early: it is around {inner}", 1.25)


def _starts(scene: Scene, term: Segment) -> list[int]:
    """Where the factors of a term begin, those that its sums run over included."""
    found = [part.span[0] for product in products(term.nodes, scene.words.functions) for part in product]
    return sorted(set(found))


def orders(scene: Scene) -> Iterator[Edit]:
    """Two neighbouring factors exchanged, or a product turned round."""
    for product in products_in(scene):
        for first, second in pairwise(product):
            changes = ((first.span, scene.between(second.span)), (second.span, scene.between(first.span)))
            text = f"{short(scene.between(first.span))} and {short(scene.between(second.span))}"
            yield Edit("operand_order", changes, f"{text} stand in the wrong order", 1.1)
        if len(product) > 2:
            texts = [scene.between(factor.span) for factor in product]
            turned: tuple[Change, ...] = tuple((f.span, text) for f, text in zip(product, reversed(texts), strict=True))
            yield Edit("operand_order", turned, "the factors stand in the wrong order", 1.3)
            first, last = product[0], product[-1]
            ends: tuple[Change, ...] = ((first.span, texts[-1]), (last.span, texts[0]))
            yield Edit("operand_order", ends, "the first and the last factor are exchanged", 1.25)


def transpose_sign(scene: Scene) -> str:
    """The author's sign of a transpose."""
    return "^T" if r"\top" not in scene.source and "^T" in scene.source.replace("{", "") else r"^\top"


def transposes(scene: Scene) -> Iterator[Edit]:
    """A transpose put on or taken off a name, a bracket, or the whole."""
    sign = transpose_sign(scene)
    for node in walk(scene.member):
        if isinstance(node, Scripts) and node.sup is not None and node.base is not None:
            if _is_transpose(node.sup.items):
                cut = ((_script_start(scene, node.sup), node.span[1]), "")
                yield Edit("transposed", (cut,), f"{scene.text(node.base)} is not to be transposed", 1.0)
                inverse = scene.between(node.sup.span).strip("{} ")
                changed = ((node.sup.span, f"{{-{inverse}}}" if not node.sup.braced else f"-{inverse}"),)
                yield Edit("wrong_operand", changed, f"{scene.text(node.base)} is to be inverted, too", 1.25)
        elif isinstance(node, Group) and node.open in ("(", "["):
            sentence = f"{short(scene.text(node))} is to be transposed"
            cost = 1.1 if len(node.items) > 1 else 0.98
            yield Edit("transposed", (((node.span[1], node.span[1]), sign),), sentence, cost)
        elif isinstance(node, Matrix) or (isinstance(node, Number) and node.font):
            sentence = f"{short(scene.text(node))} is to be transposed"
            yield Edit("transposed", (((node.span[1], node.span[1]), sign),), sentence, 1.0)
    for name in scene.names:
        if not (isinstance(name, Scripts) and name.sup is not None and _is_transpose(name.sup.items)):
            if isinstance(name, Scripts) and name.sup is not None:
                changes = wrapped(name.span, "(", ")" + sign)
            else:
                changes = (((name.span[1], name.span[1]), sign),)
            yield Edit("transposed", changes, f"{scene.text(name)} is to be transposed", 1.0)
    for node in partials(scene.member):
        changes = wrapped(node.span, r"\left(", r"\right)" + sign)
        yield Edit("transposed", changes, f"{spoken(scene.text(node))} is to be transposed", 1.15)
    span = scene.member.span
    whole = wrapped(span, r"\left(", r"\right)" + sign)
    yield Edit("transposed", whole, "it is the transpose of the gradient", 1.1)


def exchanged_names(scene: Scene) -> Iterator[Edit]:
    """Two names of a product exchanged while the transposes stay, or the transpose moved to the neighbour."""
    sign = transpose_sign(scene)
    for product in products_in(scene):
        for first, second in pairwise(product):
            if len(first.nodes) > 1 or len(second.nodes) > 1:
                continue
            (a, one), (b, other) = _untransposed(scene, first.nodes[0]), _untransposed(scene, second.nodes[0])
            if one == other:
                continue
            turned: tuple[Change, ...] = ((first.span, a if one else a + sign), (second.span, b if other else b + sign))
            text = f"{scene.between(first.span)} and {scene.between(second.span)}"
            yield Edit("transposed", turned, f"the wrong one of {text} is transposed", 1.12)
            swapped: tuple[Change, ...] = (
                (first.span, scene.between(first.span).replace(a, b, 1)),
                (second.span, scene.between(second.span).replace(b, a, 1)),
            )
            yield Edit("operand_order", swapped, f"{a} and {b} are exchanged", 1.13)


def _untransposed(scene: Scene, node: Markup) -> tuple[str, bool]:
    """A factor without its transpose, and whether it had one."""
    if isinstance(node, Scripts) and node.sup is not None and node.base is not None and _is_transpose(node.sup.items):
        return scene.source[node.span[0] : _script_start(scene, node.sup)], True
    return scene.text(node), False


def _is_transpose(items: tuple[Markup, ...]) -> bool:
    return len(items) == 1 and isinstance(items[0], Symbol) and items[0].name in ("T", r"\top", r"\intercal", "t")


def _script_start(scene: Scene, script: Row) -> int:
    return scene.source.rfind("^", 0, script.span[0] + 1)


def products_of_kind(scene: Scene) -> Iterator[Edit]:
    """Matrix product for entrywise product, and the other way round."""
    for product in products_in(scene):
        for first, second in pairwise(product):
            if second.sign is not None:
                other = r"\cdot" if second.sign.text in (r"\odot", r"\circ") else r"\odot"
                yield Edit("operand_order", ((second.sign.span, other),), "the kind of product is wrong", 1.4)
            else:
                at = first.span[1]
                yield Edit("shape_mismatch", (((at, at), r" \odot "),), "an entrywise product is needed", 1.3)


def missing_terms(scene: Scene) -> Iterator[Edit]:
    """A path of the chain that is left out: the partials through one more consumer; or a term of the product rule."""
    head = scene.statement.members[0]
    fractions = partials(head)
    end = scene.member.span[1]
    for top, bottom, sign in _tops_and_bottoms(scene, fractions):
        graph = scene.words.graph
        for name, spelled in scene.words.spellings.items():
            if spelled not in (bottom, _without_index(bottom)):
                continue
            for user in graph.consumers().get(name, []):
                if user in scene.words.spellings:
                    through = scene.words.spellings[user]
                    text = rf" + \frac{{{sign}{top}}}{{{sign}{through}}}\frac{{{sign}{through}}}{{{sign}{bottom}}}"
                    cost = 1.1 if len(partials(scene.member)) > 1 else 1.4
                    yield Edit("missing_term", (((end, end), text),), f"the path through {through} is missing", cost)
    for text in _whole_terms(scene, fractions):
        for sign_text in ("+", "-"):
            yield Edit("missing_term", (((end, end), f" {sign_text} {text}"),), f"the term {text} is missing", 1.25)
    for items in rows(scene.member):
        found = terms(items)
        if not found or (len(found) == 1 and len(found[0].nodes) < 2 and items is not scene.member.items):
            continue
        at = found[-1].span[1]
        scripts = {scene.between(node.sub.span) for piece in found for node in indexed(_row(piece)) if node.sub}
        named = [f"{text}_{{{script}}}" for text in scene.words.spellings.values() for script in sorted(scripts)]
        named = [text for text in named if text.count("_") == 1]
        for text in dict.fromkeys((*scene.written, *named, *scene.words.spellings.values(), "1")):
            for sign_text in ("+", "-"):
                yield Edit("missing_term", (((at, at), f" {sign_text} {text}"),), f"the term {text} is missing", 1.6)


def _tops_and_bottoms(scene: Scene, fractions: list[Fraction]) -> Iterator[tuple[str, str, str]]:
    """What is differentiated, by what, and the sign of the derivative; of a gradient, too."""
    loss = scene.words.graph.loss
    for node in walk(scene.statement.members[0]):
        base = base_symbol(node)
        if isinstance(node, Scripts) and node.sub is not None and base is not None and base.name == r"\nabla":
            yield scene.words.spellings.get(loss or "", ""), scene.between(node.sub.span), r"\partial "
    for fraction in fractions:
        top, bottom = (scene.between(side.span) for side in (fraction.num, fraction.den))
        sign = r"\partial " if r"\partial" in top else "d"
        yield (
            top.replace(r"\partial", "").strip().removeprefix("d"),
            bottom.replace(r"\partial", "").strip().removeprefix("d"),
            sign,
        )


def _whole_terms(scene: Scene, fractions: list[Fraction]) -> Iterator[str]:
    """A direct path, a penalty on the variable of the left side, and outer products of a name with itself."""
    graph = scene.words.graph
    scalars = [name for name, d in graph.declarations.items() if d.kind in ("input", "symbol") and not d.shape]
    for top, bottom, sign in _tops_and_bottoms(scene, fractions):
        direct = r"\partial " if sign == "d" else sign
        yield rf"\frac{{{direct}{top}}}{{{direct}{bottom}}}"
        for name in scalars:
            letter = scene.words.spellings.get(name) or scene.words.letters.get(name, name)
            for text in (f"{letter} {bottom}", f"2 {letter} {bottom}", rf"\frac{{{letter}}}{{2}} {bottom}"):
                yield text
    yield from _unused(scene)
    for text in scene.written:
        yield rf"{text} {text}^\top"
        for size in scene.words.sizes:
            yield rf"\frac{{{size}}}{{{text}}}"
    for term in terms(scene.member.items):
        start, end = term.span
        for node in scene.names:
            if start <= node.span[0] < end and not (isinstance(node, Scripts) and node.sup is not None):
                yield rf"{scene.source[start : node.span[1]]}^\top {scene.source[node.span[1] : end]}"


def _unused(scene: Scene) -> Iterator[str]:
    """Of a forward formula: what its line in the model uses and the author does not, alone and in products."""
    left = scene.between(scene.statement.members[0].span).strip()
    graph = scene.words.graph
    for name, binding in graph.bindings.items():
        if scene.words.spellings.get(name) == left:
            spelled = [scene.words.spellings[below] for below in refs(binding.node) if below in scene.words.spellings]
            lost = [text for text in spelled if text not in scene.written]
            yield from lost
            yield from (f"{a} {b}" for a, b in permutations(lost[:MOST_LOST], 2))


def _row(piece: Segment) -> Row:
    return Row(piece.span, piece.nodes)


def _without_index(text: str) -> str:
    return text.partition("_")[0].strip()


def extra_terms(scene: Scene) -> Iterator[Edit]:
    """A term that is dropped."""
    for depth, items in enumerate(rows(scene.member)):
        found = terms(items)
        if len(found) < 2:
            continue
        for number, term in enumerate(found):
            start, end = term.span
            if term.sign is not None:
                start = term.sign.span[0]
            elif found[1].sign is not None and found[1].sign.text == "+":
                end = found[1].sign.span[1]
            text = short(scene.between(term.span))
            yield Edit(
                "extra_term",
                (((start, end), ""),),
                f"the term {text} does not belong",
                1.3 + 0.02 * depth + 0.01 * number,
            )


def stray_tokens(scene: Scene) -> Iterator[Edit]:
    """A single token that is dropped."""
    for items in rows(scene.member):
        for node in items:
            if isinstance(node, Symbol | Number | Operator) or base_symbol(node) is not None:
                yield Edit("stray_token", ((node.span, ""),), f"{scene.text(node)} belongs to nothing", 1.5)
    for root in roots(scene.member):
        yield Edit("extra_factor", ((root.span, scene.between(root.radicand.span)),), "the root does not belong", 1.3)
