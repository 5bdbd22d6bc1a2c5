"""What the names of a listing stand for in a model.

W1, w_1, params['W1']           an input or a binding, by spelling, else without case and underscores if one is left
                                (where a listing has both Z and z, and the model only Z, z is the author's own)
dW1, W1_grad, grads['W1']       the derivative of the loss by it
dL_dw, da_dz                    the derivative of one by the other
loss, cost                      the model's loss
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from derive.ir.graph import ComputationGraph

LOSS = ("loss", "cost")
GRADIENTS = re.compile(r"d|grads?|gradients?|dparams|deltas?", re.I)
_AFFIXES = (
    r"(?:grad|gradient)_?(?P<q>.+)", r"(?P<q>.+?)_?(?:grad|gradient)", r"d_?(?P<q>.+)",
)  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """`of` is a value; with `by`, its derivative; `of` None is the loss. `spelled` is how the listing writes it."""

    of: str | None
    by: str | None = None
    spelled: str = field(default="", compare=False)


def folded(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").casefold()


def found(name: str, names: list[str]) -> str | None:
    """The name of the model that is meant: as it is spelled, or the only one that differs in case and underscores."""
    if name in names:
        return name
    alike = [known for known in names if folded(known) == folded(name)]
    return alike[0] if len(alike) == 1 else None


def meaning(name: str, graph: ComputationGraph) -> Meaning | None:
    """What a name, or an entry of a dict as `grads['W1']`, stands for; None for a helper of the author's own."""
    names = [*graph.inputs, *graph.bindings]
    entry = re.fullmatch(r"(\w+)\['(.*)'\]", name)
    if entry is not None:
        within, key = entry.groups()
        if GRADIENTS.fullmatch(within):
            spelled = key if found(key, names) else _derived(key, names)
            return Meaning(None, found(spelled, names), spelled) if spelled is not None else None
        name = key
    if name in names:
        return Meaning(name, spelled=name)
    pair = re.fullmatch(r"d(.+?)_?d(.+)", name)
    if pair is not None:
        of, by = _value(pair[1].strip("_"), graph), found(pair[2].strip("_"), names)
        if of is not None and by is not None:
            return Meaning(of, by, pair[2].strip("_"))
    value = _value(name, graph)
    if value is not None:
        return Meaning(value, spelled=name)
    spelled = _derived(name, names)
    return Meaning(None, found(spelled, names), spelled) if spelled is not None else None


def claims(name: str, graph: ComputationGraph) -> bool:
    """Whether a name stands for something that the model says: a derivative, or a value that is no input."""
    stands = meaning(name, graph)
    return stands is not None and (stands.by is not None or stands.of not in graph.inputs)


def _value(name: str, graph: ComputationGraph) -> str | None:
    own = found(name, [*graph.inputs, *graph.bindings])
    if own is None and folded(name) in LOSS:
        return graph.loss
    return own


def _derived(name: str, names: list[str]) -> str | None:
    """What a name is the derivative by, as it is spelled there."""
    matches = [re.fullmatch(affix, name) for affix in _AFFIXES]
    return next((m["q"] for m in matches if m is not None and found(m["q"], names)), None)


def meanings(names: Iterable[str], graph: ComputationGraph) -> dict[str, Meaning]:
    """What each of the names of a listing stands for.

    Of several spellings of one thing that of the model counts, else the first: the others are the author's own.
    """
    every = {name: stands for name in names if (stands := meaning(name, graph)) is not None}
    counts: dict[Meaning, str] = {}
    for stands in every.values():
        if stands not in counts or stands.spelled == (stands.by or stands.of):
            counts[stands] = stands.spelled
    return {name: stands for name, stands in every.items() if counts[stands] == stands.spelled}
