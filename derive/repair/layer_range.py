r"""A member that is right for some layers only: the display split into what holds for all, and what holds there.

A = B = C   with C right for l = L only        ->        A = B, \qquad A_L = C_L
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from derive.repair.edit import Edit
from derive.repair.variants import Bench
from derive.typography.layout import replaced

_SCOPE = re.compile(r"(\w+)\s*=\s*(\w+)")


def scoped(bench: Bench, texts: Mapping[int, str], limited: Sequence[int], edits: Sequence[Edit]) -> str:
    """The display with the members `limited` taken out and stated again where they hold."""
    match = next((found for edit in edits if edit.defect == "scope" and (found := _SCOPE.search(edit.sentence))), None)
    if match is None:
        return bench.source
    letter, layer = match.groups()
    members = [texts.get(k, bench.text(k)) for k in range(bench.count)]
    kept = [text for k, text in enumerate(members) if k not in limited]
    there = " = ".join(at_layer(text, letter, layer) for text in [members[0], *(members[k] for k in limited)])
    stated = f"{' = '.join(kept)}, \\qquad {there}" if len(kept) > 1 else there
    return replaced(bench.source, [((bench.place(0)[0], bench.place(bench.count - 1)[1]), stated)])


def at_layer(text: str, letter: str, layer: str) -> str:
    """A formula with a letter for the layer replaced."""
    return re.sub(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])", layer, text)
