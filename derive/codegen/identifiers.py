"""Python identifiers for the names of a model, and a supply of fresh ones.

A model may call a value `lambda`, `z[3]`, `z'`, `θ` or `np`. Each gets an identifier that a colleague would have chosen
(`lambda_`, `z_3`, `z_prime`, `θ`, `np_`); no two values share one, and none hides what the emitted module uses.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

PRIME = {"'": "_prime", "′": "_prime", "″": "_second", "‴": "_third"}


def identifier(name: str) -> str:
    """The nearest identifier to a name: letters, digits and underscores, not a keyword."""
    text = unicodedata.normalize("NFKC", "".join(PRIME.get(ch, ch) for ch in name))
    text = re.sub(r"[^\w]+", "_", text).rstrip("_") if re.search(r"[^\w]", text) else text
    if not name.startswith("_"):
        text = text.lstrip("_")
    if not text or not (text[0].isalpha() or text[0] == "_"):
        text = f"v_{text}".rstrip("_")
    if not text.isidentifier():
        text = "v_" + "_".join(f"{ord(ch):x}" for ch in name)
    # two leading underscores are name-mangled in classes and reserved in modules
    text = "_" + text.lstrip("_") if text.startswith("__") else text
    return f"{text}_" if keyword.iskeyword(text) or keyword.issoftkeyword(text) else text


class Identifiers:
    """Hands out identifiers, each once."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = {"np", "math", *dir(builtins), *reserved}

    def claim(self, wanted: str, *others: str) -> str:
        """The first of the wanted names that is free, else the first with a number behind it."""
        candidates = [identifier(text) for text in (wanted, *others)]
        for candidate in candidates:
            if candidate not in self._taken:
                self._taken.add(candidate)
                return candidate
        base, number = candidates[0].rstrip("_"), 2
        while f"{base}_{number}" in self._taken:
            number += 1
        self._taken.add(f"{base}_{number}")
        return f"{base}_{number}"

    def temporary(self, prefix: str = "t") -> str:
        """A numbered name: t_1, t_2, ..."""
        number = getattr(self, "_last", 0) + 1
        while f"{prefix}_{number}" in self._taken:
            number += 1
        self._last = number
        self._taken.add(f"{prefix}_{number}")
        return f"{prefix}_{number}"
