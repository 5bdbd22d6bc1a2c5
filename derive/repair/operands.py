r"""Edits of names: operands, variables of derivatives, functions, unknown names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.meaning.vocabulary import key_of
from derive.repair.edit import Edit, Scene
from derive.repair.tree import base_symbol, names, partials
from derive.typography.nodes import Markup, Scripts, walk

_LAYER = re.compile(r"\([^()]*\)")


def operands(scene: Scene) -> Iterator[Edit]:
    """One name in the place of another: first those with the same scripts (a for z), then the rest."""
    skip = {id(fraction_name) for fraction_name in _tops(scene)} if scene.first else set()
    for name in scene.names:
        if id(name) in skip or scene.is_function(name):
            continue
        text = scene.text(name)
        for other, cost in _candidates(scene, name):
            yield Edit("wrong_operand", ((name.span, other),), f"{text} stands where {other} belongs", cost)
    same: dict[str, list[Markup]] = {}
    for name in scene.names:
        same.setdefault(scene.text(name), []).append(name)
    for text, alike in same.items():
        if len(alike) > 1 and not scene.is_function(alike[0]):
            for other, cost in _candidates(scene, alike[0]):
                changes = tuple((name.span, other) for name in alike)
                yield Edit("wrong_operand", changes, f"{text} stands where {other} belongs", cost + 0.15)


def _candidates(scene: Scene, name: Markup) -> Iterator[tuple[str, float]]:
    text = scene.text(name)
    base, scripts = _split(text)
    everything = dict.fromkeys((*scene.written, *scene.words.spellings.values()))
    for other in everything:
        if other == text or other in scene.words.functions:
            continue
        other_base, other_scripts = _split(other)
        if other_scripts == scripts and other_base != base:
            near = scene.words.joined(text, other) or scene.words.alike(text, other)
            yield other, 1.02 if near else 1.1
        elif other_base == base:
            yield other, 1.15
        else:
            yield other, 1.2 if other in scene.written else 1.3
    layer = _LAYER.search(scripts)
    unknown = layer is not None and not any(layer[0] in other for other in scene.words.spelled)
    made = [] if unknown else [head + scripts for head in dict.fromkeys(_split(other)[0] for other in everything)]
    for other in made:
        if other not in everything and other != text and scripts:
            yield other, 1.1
    if scripts.startswith("_") and len(scripts) == 2 and scripts[1].isalpha():
        heads = dict.fromkeys(_split(other)[0] for other in everything)
        letters = [letter for letter in scene.letters if letter.isalpha() and letter != scripts[1]]
        yield from ((f"{head}_{letter}", 1.3) for letter in letters for head in heads)


def _split(text: str) -> tuple[str, str]:
    """A name as written: what comes before its scripts, and the scripts without blanks and braces."""
    at = min((k for k in (text.find("_"), text.find("^"), text.find("'")) if k > 0), default=len(text))
    return text[:at], text[at:]


def _tops(scene: Scene) -> Iterator[Markup]:
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
