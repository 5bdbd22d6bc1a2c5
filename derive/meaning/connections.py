"""Which explicit neurons are connected, by the indices of the weights between them."""

from __future__ import annotations

from collections.abc import Mapping

from derive.ir.graph import ComputationGraph
from derive.meaning.vocabulary import Lexicon


def edges(graph: ComputationGraph, made: Lexicon) -> Mapping[str, set[tuple[int, int]]]:
    """The connections (from, to) of explicit neurons, by the letter of their weights: `w_12` leads from 1 to 2."""
    consumers = graph.consumers()
    places: dict[str, set[str]] = {}
    for key, entries in made.entries.items():
        for entry in entries:
            places.setdefault(entry.name, set()).add(key[1])
    found: dict[str, set[tuple[int, int]]] = {}
    for key, entries in made.entries.items():
        digits = key[1].replace(",", "")
        if len(digits) != 2 or not digits.isdecimal() or entries[0].kind != "value":
            continue
        a, b = int(digits[0]), int(digits[1])
        ends = {sub for user in consumers.get(entries[0].name, []) for sub in places.get(user, ())}
        if str(b) in ends or str(a) in ends:
            found.setdefault(key[0], set()).add((a, b) if str(b) in ends else (b, a))
    return found
