r"""Edits of indices and layers: `w_{ij}` for `w_{ji}`, `a_1` for `a_2`, `a^{(l-1)}` for `a^{(l)}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from derive.repair.edit import Change, Edit, Scene
from derive.repair.tree import base_symbol, indexed
from derive.typography.nodes import Group, Markup, Number, Offsets, Operator, Scripts, Symbol

_LAYER = re.compile(r"\s*([A-Za-z]|\d+)\s*(?:([+-])\s*(\d+))?\s*\Z")


def wrong_indices(scene: Scene) -> Iterator[Edit]:
    """One index of one name is another letter or number; the same everywhere in the member costs no more."""
    for name in scene.indexed:
        for place, text, other in _other_indices(scene, name):
            near = text.isdecimal() and other.isdecimal() and abs(int(text) - int(other)) == 1
            shown = scene.source[name.span[0] : place[0]] + other + scene.source[place[1] : name.span[1]]
            sentence = f"wrong index: {scene.text(name)} should be {shown}"
            yield Edit("wrong_index", ((place, other),), sentence, 1.0 if near or not text.isdecimal() else 1.05)
        tokens = index_tokens(name)
        if len(tokens) == 2 and all(isinstance(token, Symbol) for token in tokens):
            yield from _both_indices(scene, name, tokens)
    yield from _everywhere(scene)
    alike: dict[str, list[Markup]] = {}
    for name in scene.indexed:
        if name.sub is not None and len(index_tokens(name)) == 2:
            alike.setdefault(scene.between(name.sub.span), []).append(name)
    letters = [letter for letter in scene.letters if letter.isalpha()]
    for written, same in alike.items():
        for pair in permutations(letters, 2) if len(same) > 1 else ():
            spans = [(token.span, text) for name in same for token, text in zip(index_tokens(name), pair, strict=True)]
            yield Edit(
                "wrong_index", tuple(spans), f"wrong indices: {written} should be {' '.join(pair)} in every place", 1.3
            )


def _both_indices(scene: Scene, name: Markup, tokens: list[Markup]) -> Iterator[Edit]:
    letters = [letter for letter in scene.letters if letter.isalpha()]
    before = scene.text(tokens[0]), scene.text(tokens[1])
    for pair in permutations(letters, 2):
        if pair[0] != before[0] and pair[1] != before[1] and pair != before[::-1]:
            changes = (tokens[0].span, pair[0]), (tokens[1].span, pair[1])
            yield Edit("wrong_index", changes, f"wrong indices: {scene.text(name)} should have {' '.join(pair)}", 1.2)


def _everywhere(scene: Scene) -> Iterator[Edit]:
    groups: dict[tuple[str, str, str], list[Change]] = {}
    for name in scene.indexed:
        for place, text, other in _other_indices(scene, name):
            groups.setdefault((scene.text(name), text, other), []).append((place, other))
    for (shown, text, other), changes in groups.items():
        spans = [span for span, _ in changes]
        if len(changes) > 1 and len(set(spans)) == len(spans):
            yield Edit("wrong_index", tuple(changes), f"wrong index in {shown}: {text} should be {other}", 1.3)


def _other_indices(scene: Scene, name: Markup) -> Iterator[tuple[tuple[int, int], str, str]]:
    for part in index_tokens(name):
        text = scene.text(part)
        options: list[str] = []
        if isinstance(part, Number) and text.isdecimal():
            options = [str(int(text) + 1), str(max(0, int(text) - 1)), *(t for t in scene.letters if t.isdecimal())]
        elif isinstance(part, Symbol):
            options = [letter for letter in scene.letters if not letter.isdecimal()]
        for other in dict.fromkeys(options):
            if other != text:
                yield part.span, text, other


def index_tokens(name: Markup) -> list[Markup]:
    if not isinstance(name, Scripts) or name.sub is None:
        return []
    return [part for part in name.sub.items if isinstance(part, Number | Symbol)]


def index_orders(scene: Scene) -> Iterator[Edit]:
    """The two indices of a name exchanged."""
    for name in scene.indexed:
        tokens = index_tokens(name)
        if len(tokens) == 1 and isinstance(tokens[0], Number) and len(tokens[0].text) == 2:
            first, second = tuple(tokens[0].text)
            if first != second:
                yield _exchange(scene, name, ((tokens[0].span, second + first),))
        elif len(tokens) == 2:
            texts = [scene.text(token) for token in tokens]
            if texts[0] != texts[1]:
                yield _exchange(scene, name, ((tokens[0].span, texts[1]), (tokens[1].span, texts[0])))


def _exchange(scene: Scene, name: Markup, changes: tuple[Change, ...]) -> Edit:
    return Edit("index_order", changes, f"the indices of {scene.text(name)} are exchanged", 1.0)


def index_orders_everywhere(scene: Scene) -> Iterator[Edit]:
    """The two indices of one letter exchanged in every place of the statement."""
    found: dict[tuple[str, str, str], list[Change]] = {}
    for member in scene.statement.members:
        for name in indexed(member):
            tokens = index_tokens(name)
            texts = [scene.text(token) for token in tokens]
            if len(tokens) == 2 and texts[0] != texts[1]:
                key = (_stem(scene, name), *sorted(texts))
                changes = [(tokens[0].span, texts[1]), (tokens[1].span, texts[0])]
                found.setdefault((key[0], key[1], key[2]), []).extend(changes)
    for (stem, first, second), changes in found.items():
        if len(changes) > 2:
            sentence = f"the indices {first} and {second} of {stem} are exchanged in every place"
            yield Edit("index_order", tuple(changes), sentence, 1.02)


def digits(scene: Scene) -> Iterator[Edit]:
    """One digit of an index written as one number: w_{12} to w_{22}."""
    for name in scene.indexed:
        for token in index_tokens(name):
            text = scene.text(token)
            if not (isinstance(token, Number) and text.isdecimal() and len(text) == 2):
                continue
            for at in (0, 1):
                for digit in "123456789":
                    other = text[:at] + digit + text[at + 1 :]
                    if digit != text[at]:
                        cost = 1.0 + 0.02 * abs(int(digit) - int(text[at]))
                        yield Edit(
                            "wrong_index", ((token.span, other),), f"wrong index: {text} should be {other}", cost
                        )


def index_shifts(scene: Scene) -> Iterator[Edit]:
    """The layer of one name, of all names written alike, or the number of all names of one letter, off by one."""
    found: dict[tuple[str, str], list[tuple[Change, float]]] = {}
    for name in scene.names:
        run = _layer_run(scene, name)
        if run is None:
            continue
        text = scene.between(run)
        for rank, other in enumerate(_shifted(text)):
            shown = scene.source[name.span[0] : run[0]] + other + scene.source[run[1] : name.span[1]]
            far = 0.1 if rank > 1 else 0.0
            yield Edit(
                "index_shift", ((run, other),), f"the layer is off: {scene.text(name)} should be {shown}", 1.0 + far
            )
            found.setdefault((f"{_stem(scene, name)} at {text}", other), []).append(((run, other), far))
    for (stem, other), places in found.items():
        if len(places) > 1:
            changes = tuple(change for change, _ in places)
            sentence = f"the layer is off: {stem} should stand at {other} in every place"
            yield Edit("index_shift", changes, sentence, 1.2 + places[0][1])
    yield from _numbers_shifted(scene)


def _numbers_shifted(scene: Scene) -> Iterator[Edit]:
    """h_1, h_2, h_3 for h_0, h_1, h_2."""
    numbered: dict[str, list[Markup]] = {}
    for name in scene.indexed:
        tokens = index_tokens(name)
        if len(tokens) == 1 and scene.text(tokens[0]).isdecimal():
            numbered.setdefault(_stem(scene, name), []).append(tokens[0])
    for stem, alike in numbered.items():
        for step in (1, -1) if len(alike) > 1 else ():
            changes = tuple((token.span, str(int(scene.text(token)) + step)) for token in alike)
            if all(int(text) >= 0 for _, text in changes):
                yield Edit("index_shift", changes, f"the index of {stem} is off by one in every place", 1.15)


def _layer_run(scene: Scene, name: Markup) -> Offsets | None:
    """Where the layer of a name is written, without its brackets: `l-1` in `a^{(l-1)}`, the argument of a macro too."""
    if not isinstance(name, Scripts) or name.sup is None:
        return None
    items = name.sup.items
    if items and isinstance(items[0], Group):  # a transpose may follow the layer
        items = items[0].items
    elif items and isinstance(items[0], Number):
        return None  # a bare number is a power as likely as a layer
    if not items or not all(isinstance(node, Number | Symbol | Operator) for node in items):
        return None
    span = items[0].span[0], items[-1].span[1]
    return span if _LAYER.match(scene.between(span)) else None


def _stem(scene: Scene, name: Markup) -> str:
    base = base_symbol(name)
    return base.name if base is not None else scene.text(name)


def _shifted(text: str) -> list[str]:
    match = _LAYER.match(text)
    if match is None:
        return []
    letter, sign, number = match.groups()
    if letter.isdecimal():
        return [str(int(letter) + step) for step in (1, -1) if int(letter) + step >= 0]
    at = int(number or 0) * (-1 if sign == "-" else 1)
    offsets = [at + step for step in (1, -1, 2, -2)]
    return [f"{letter}{f'{offset:+d}' if offset else ''}" for offset in offsets]
