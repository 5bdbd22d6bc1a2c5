r"""Edits of signs that make derivatives and sums: primes, partial signs, sums and their limits, free indices."""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.repair.edit import Change, Edit, Scene
from derive.repair.indices import index_tokens
from derive.repair.signs_and_factors import products_in
from derive.repair.tree import Segment, base_symbol, indexed, names, ratios, sums
from derive.typography.nodes import (
    BigOperator,
    Fraction,
    Group,
    Markup,
    Offsets,
    Operator,
    Row,
    Scripts,
    Symbol,
    walk,
)


def primes(scene: Scene) -> Iterator[Edit]:
    """A prime on a function, or off it; `f z` and `f{z}` get their brackets with it."""
    for node in walk(scene.member):
        items = node.items if isinstance(node, Row | Group) else ()
        for k, item in enumerate(items):
            base = base_symbol(item)
            if base is None or base.name not in scene.words.functions:
                continue
            after = items[k + 1] if k + 1 < len(items) else None
            yield from _primed(scene, item, base, after)


def _primed(scene: Scene, item: Markup, base: Symbol, after: Markup | None) -> Iterator[Edit]:
    sentence = f"the prime is missing: {base.name} stands where its derivative belongs"
    at = _behind_braces(scene, base.span)
    if isinstance(item, Scripts) and item.primes:
        end = scene.source.find("'", at)
        if end >= 0:
            off = f"{base.name}' stands where {base.name} belongs"
            yield Edit("wrong_operand", (((end, end + 1), ""),), off, 1.05)
        return
    if after is None or isinstance(after, Operator):
        yield Edit("missing_prime", (((at, at), "'"),), sentence, 1.1)
    elif isinstance(after, Group):
        yield Edit("missing_prime", (((at, at), "'"),), sentence, 0.95)
    else:
        start, end = after.span
        if scene.source[max(0, start - 1) : start] == "{" and scene.source[end : end + 1] == "}":
            changes = (((at, at), "'"), ((start - 1, start), "("), ((end, end + 1), ")"))
        else:
            changes = (((at, at), "'"), ((start, start), "("), ((end, end), ")"))
        yield Edit("missing_prime", changes, sentence, 1.0)


def _behind_braces(scene: Scene, span: Offsets) -> int:
    """The place behind a letter, or behind the braces that are around it alone: `{\\sigma }`."""
    before, after = scene.source[: span[0]].rstrip(), scene.source[span[1] :]
    inner = after.lstrip()
    if before.endswith("{") and not before.endswith(("^{", "_{")) and inner.startswith("}"):
        return span[1] + len(after) - len(inner) + 1
    return span[1]


def missing_partials(scene: Scene) -> Iterator[Edit]:
    r"""`\partial` in a fraction that has none, or only one; in all of them at once, too."""
    sign = "d" if r"\partial" not in scene.source and r"\frac{d" in scene.source else r"\partial "
    fractions = ratios(scene.member)
    for fraction in fractions:
        yield Edit("missing_partial", tuple(_signed(fraction, sign)), _no_partial(scene, [fraction]), 1.0)
    if len(fractions) > 1:
        changes = [change for fraction in fractions for change in _signed(fraction, sign)]
        yield Edit("missing_partial", tuple(changes), _no_partial(scene, fractions), 0.95)


def _signed(fraction: Fraction, sign: str) -> Iterator[Change]:
    for side in (fraction.num, fraction.den):
        first = side.items[0] if side.items else None
        if not (isinstance(first, Symbol) and first.name in (r"\partial", "d")):
            at = side.span[0]
            yield (at, at), sign


def _no_partial(scene: Scene, fractions: list[Fraction]) -> str:
    shown = f"{scene.between(fractions[0].num.span)} / {scene.between(fractions[0].den.span)}"
    more = " and others" if len(fractions) > 1 else ""
    return f"the partial sign is missing: {shown}{more} is a ratio, not a derivative"


# ---------------------------------------------------------------------------- sums


def sum_limits(scene: Scene) -> Iterator[Edit]:
    """The limits of a sum, and the same limit where it stands as an index."""
    for node in sums(scene.member):
        for side in (node.upper, node.lower):
            if side is None:
                continue
            yield from _limits(scene, side)


def _limits(scene: Scene, side: Row) -> Iterator[Edit]:
    text = scene.between(side.span)
    head, equals, value = text.rpartition("=")
    start = side.span[0] + len(head) + len(equals)
    options = dict.fromkeys((*_regrouped(value), *scene.words.sizes, *_stepped(value), *scene.words.numbers))
    for other in options:
        if other == value.strip():
            continue
        place = (start, side.span[1])
        text = f"{{{other}}}" if not side.braced and len(other) > 1 else other
        cost = 0.95 if other in _regrouped(value) else 1.1
        runs = "starts at {}, not at {}" if equals else "runs to {}, not to {}"
        yield Edit("sum_limit", ((place, text),), f"the sum {runs.format(other, value.strip())}", cost)


def _regrouped(value: str) -> list[str]:
    """`n_l+1` as `n_{l+1}`, and back."""
    match = re.fullmatch(r"\s*(\w+)_\{?(\w)\}?\s*([+-])\s*(\d)\s*", value)
    if match:
        name, index, sign, number = match.groups()
        return [f"{name}_{{{index}{sign}{number}}}"]
    match = re.fullmatch(r"\s*(\w+)_\{(\w)\s*([+-])\s*(\d)\}\s*", value)
    if match:
        name, index, sign, number = match.groups()
        return [f"{name}_{index}", f"{name}_{{{index}{'-' if sign == '+' else '+'}{number}}}"]
    match = re.fullmatch(r"\s*(\w+)_\{?(\w)\}?\s*", value)
    if match:
        return [f"{match[1]}_{{{match[2]}{step}}}" for step in ("+1", "-1")]
    return []


def _stepped(value: str) -> list[str]:
    text = value.strip()
    if text.isdecimal():
        return [str(int(text) + 1), str(max(0, int(text) - 1))]
    match = re.fullmatch(r"(.+?)\s*[+-]\s*1", text)
    return [match[1]] if match else [f"{text}-1", f"{text}+1"]


def limits_everywhere(scene: Scene) -> Iterator[Edit]:
    """A wrong limit that also stands as an index, as in a sum that is written out: replaced in every place."""
    found: dict[str, list[tuple[int, int]]] = {}
    for name in scene.names:
        if isinstance(name, Scripts) and name.sub is not None:
            found.setdefault(scene.between(name.sub.span), []).append(name.sub.span)
    for node in sums(scene.member):
        if node.upper is not None:
            found.setdefault(scene.between(node.upper.span), []).append(node.upper.span)
    for text, places in found.items():
        for other in _regrouped(text):
            changes = tuple((place, other) for place in places)
            yield Edit("sum_limit", changes, f"the sum runs to {other}, not to {text}", 1.1)


def missing_sums(scene: Scene) -> Iterator[Edit]:
    """A sum over a letter that the left side does not have, before the first factor with it; or one too many."""
    left = {letter for name in indexed(scene.statement.members[0]) for letter in letters_of(name)}
    mine = dict.fromkeys(letter for name in scene.indexed for letter in letters_of(name))
    for letter in mine:
        if letter in left:
            continue
        sentence = f"the sum over {letter} is missing"
        places: dict[int, float] = {scene.member.span[0]: 1.05}
        for product in products_in(scene):
            having = [factor for factor in product if letter in _letters_in(factor)]
            if having:
                behind = isinstance(having[0].nodes[0], BigOperator)
                for start, cost in ((having[0].span[0], 1.01 if behind else 1.0), (product[0].span[0], 1.02)):
                    places[start] = min(cost, places.get(start, cost))
        for start, cost in places.items():
            yield Edit("missing_sum", (((start, start), rf"\sum_{{{letter}}} "),), sentence, cost)
    for node in sums(scene.member):
        yield Edit("extra_sum", ((node.span, ""),), "the sum does not belong", 1.4)


def _letters_in(factor: Segment) -> set[str]:
    return {letter for name in indexed(Row(factor.span, factor.nodes)) for letter in letters_of(name)}


def letters_of(name: Markup) -> Iterator[str]:
    for token in index_tokens(name):
        if isinstance(token, Symbol) and len(token.name) == 1:
            yield token.name


def free_indices(scene: Scene) -> Iterator[Edit]:
    """An index on one side of an equation of vectors: taken off everywhere, or off this member."""
    letters = dict.fromkeys(letter for member in scene.statement.members for name in names(member)
                            for letter in letters_of(name))  # fmt: skip
    left = {letter for name in names(scene.statement.members[0]) for letter in letters_of(name)}
    for letter in letters:
        if letter not in left:
            continue  # that is a missing sum
        changes: list[Change] = []
        for member in scene.statement.members:
            for name in names(member):
                if isinstance(name, Scripts) and name.sub is not None and scene.between(name.sub.span) == letter:
                    changes.append((_script(scene, name.sub), ""))
        if changes:
            sentence = f"the index {letter} stands on components, the rest of the equation is about whole vectors"
            yield Edit("shape_mismatch", tuple(dict.fromkeys(changes)), sentence, 0.96)


def _script(scene: Scene, script: Row) -> tuple[int, int]:
    start = scene.source.rfind("_", 0, script.span[0] + 1)
    end = script.span[1] + (1 if scene.source[script.span[0] - 1] == "{" else 0)
    return start, end


def shapes(scene: Scene) -> Iterator[Edit]:
    r"""One size of a declared space: `\mathbb{R}^{n_l \times n_l}`, and the two sizes exchanged."""
    for node in walk(scene.member):
        base = base_symbol(node)
        if not (isinstance(node, Scripts) and node.sup is not None and base is not None and base.font == "bb"):
            continue
        found = [part for part in names(node.sup) if base_symbol(part) is not None]
        sentence = "the shape is wrong: {} should be {}"
        for part in found:
            text = scene.text(part)
            for other in dict.fromkeys((*_regrouped(text), *scene.words.sizes)):
                if other != text:
                    yield Edit("shape_mismatch", ((part.span, other),), sentence.format(text, other), 0.9)
        if len(found) == 2 and scene.text(found[0]) != scene.text(found[1]):
            first, second = found
            changes = (first.span, scene.text(second)), (second.span, scene.text(first))
            yield Edit("shape_mismatch", changes, "the two sizes are exchanged", 0.85)
