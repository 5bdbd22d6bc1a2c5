r"""Edits of names: indices, layers, operands, variables of derivatives, unknown names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from derive.check.repair.edit import Change, Edit, Scene
from derive.check.repair.tree import base_symbol, indexed, names, partials
from derive.claims.names import key_of
from derive.claims.nodes import Group, Node, Number, Offsets, Operator, Scripts, Symbol, walk

_LAYER = re.compile(r"\s*([A-Za-z]|\d+)\s*(?:([+-])\s*(\d+))?\s*\Z")


# ---------------------------------------------------------------------------- indices


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
    alike: dict[str, list[Node]] = {}
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


def _both_indices(scene: Scene, name: Node, tokens: list[Node]) -> Iterator[Edit]:
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


def _other_indices(scene: Scene, name: Node) -> Iterator[tuple[tuple[int, int], str, str]]:
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


def index_tokens(name: Node) -> list[Node]:
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


def _exchange(scene: Scene, name: Node, changes: tuple[Change, ...]) -> Edit:
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
            yield Edit("index_order", tuple(changes), sentence, 1.2)


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
    numbered: dict[str, list[Node]] = {}
    for name in scene.indexed:
        tokens = index_tokens(name)
        if len(tokens) == 1 and scene.text(tokens[0]).isdecimal():
            numbered.setdefault(_stem(scene, name), []).append(tokens[0])
    for stem, alike in numbered.items():
        for step in (1, -1) if len(alike) > 1 else ():
            changes = tuple((token.span, str(int(scene.text(token)) + step)) for token in alike)
            if all(int(text) >= 0 for _, text in changes):
                yield Edit("index_shift", changes, f"the index of {stem} is off by one in every place", 1.15)


def _layer_run(scene: Scene, name: Node) -> Offsets | None:
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


def _stem(scene: Scene, name: Node) -> str:
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


# ---------------------------------------------------------------------------- names


def operands(scene: Scene) -> Iterator[Edit]:
    """One name in the place of another: first those with the same scripts (a for z), then the rest."""
    skip = {id(fraction_name) for fraction_name in _tops(scene)} if scene.first else set()
    for name in scene.names:
        if id(name) in skip or scene.is_function(name):
            continue
        text = scene.text(name)
        for other, cost in _candidates(scene, name):
            yield Edit("wrong_operand", ((name.span, other),), f"{text} stands where {other} belongs", cost)
    same: dict[str, list[Node]] = {}
    for name in scene.names:
        same.setdefault(scene.text(name), []).append(name)
    for text, alike in same.items():
        if len(alike) > 1 and not scene.is_function(alike[0]):
            for other, cost in _candidates(scene, alike[0]):
                changes = tuple((name.span, other) for name in alike)
                yield Edit("wrong_operand", changes, f"{text} stands where {other} belongs", cost + 0.15)


def _candidates(scene: Scene, name: Node) -> Iterator[tuple[str, float]]:
    text = scene.text(name)
    base, scripts = _split(text)
    everything = dict.fromkeys((*scene.written, *scene.words.spellings.values()))
    for other in everything:
        if other == text or other in scene.words.functions:
            continue
        other_base, other_scripts = _split(other)
        if other_scripts == scripts and other_base != base:
            yield other, 1.02
        elif other_base == base:
            yield other, 1.15
        else:
            yield other, 1.2 if other in scene.written else 1.3
    made = [head + scripts for head in dict.fromkeys(_split(other)[0] for other in everything)]
    for other in made:
        if other not in everything and other != text and scripts:
            yield other, 1.1


def _split(text: str) -> tuple[str, str]:
    """A name as written: what comes before its scripts, and the scripts without blanks and braces."""
    at = min((k for k in (text.find("_"), text.find("^"), text.find("'")) if k > 0), default=len(text))
    return text[:at], text[at:]


def _tops(scene: Scene) -> Iterator[Node]:
    for fraction in partials(scene.member):
        yield from names(fraction.num)


def left_sides(scene: Scene) -> Iterator[Edit]:
    """The right side belongs to another derivative: the variable of the left side is another."""
    if not scene.first:
        return
    for fraction in partials(scene.member):
        for name in names(fraction.den):
            for other, _ in _candidates(scene, name):
                sentence = f"it is the derivative by {other}, not by {scene.text(name)}"
                yield Edit("wrong_left_side", ((name.span, other),), sentence, 1.12)
        for name in names(fraction.num):
            for other, _ in _candidates(scene, name):
                sentence = f"it is the derivative of {other}, not of {scene.text(name)}"
                yield Edit("wrong_left_side", ((name.span, other),), sentence, 1.15)
    for node in walk(scene.member):
        if isinstance(node, Scripts) and node.sub is not None and base_symbol(node) is not None:
            base = base_symbol(node)
            if base is not None and base.name == r"\nabla":
                for name in names(node.sub):
                    for other, _ in _candidates(scene, name):
                        sentence = f"it is the gradient by {other}, not by {scene.text(name)}"
                        yield Edit("wrong_left_side", ((name.span, other),), sentence, 1.12)


def undefined(scene: Scene) -> Iterator[Edit]:
    """The name that nothing declares, replaced by one that the author or the model uses, wherever it is written so."""
    if scene.place is None:
        return
    start, end = scene.place
    here = [name for name in scene.names if name.span[0] < end and start < name.span[1]]
    for name in here:
        text = scene.text(name)
        alike = [other for other in scene.names if scene.text(other) == text]
        base = _split(text)[0]
        for other, cost in _candidates(scene, name):
            better = 0.0 if _split(other)[0] == base else 0.3
            changes = tuple((same.span, other) for same in alike)
            sentence = f"{text} is not defined; {other} is"
            yield Edit(_kind_of_change(text, other), changes, sentence, 0.9 + better + 0.1 * (cost - 1))


def _kind_of_change(text: str, other: str) -> str:
    """An index or a layer that is off, where nothing else changes; else the name is one that nothing declares."""
    first, second = key_of(text), key_of(other)
    if first is None or second is None or (first[0], first[3]) != (second[0], second[3]):
        return "undefined_symbol"
    if first[2] == second[2] and sorted(first[1]) == sorted(second[1]):
        return "index_order"
    if first[2] == second[2]:
        return "wrong_index" if first[1] else "undefined_symbol"
    return "index_shift" if first[1] == second[1] else "undefined_symbol"


def function_names(scene: Scene) -> Iterator[Edit]:
    """One function for another."""
    for name in scene.names:
        base = base_symbol(name)
        if base is None or not scene.is_function(name):
            continue
        for other in sorted(scene.words.functions):
            if other != base.name:
                yield Edit("wrong_operand", ((base.span, other),), f"{base.name} stands where {other} belongs", 1.2)
