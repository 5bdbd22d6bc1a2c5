"""What reports have in common: one verdict out of several, and plain data that JSON can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

WORST_FIRST = ("false", "undecided", "true")


def overall(verdicts: Iterable[str]) -> str:
    """false before undecided before true; nothing to judge is undecided."""
    found = set(verdicts)
    return next((v for v in WORST_FIRST if v in found), "undecided")


@dataclass
class Plain:
    """A dataclass that can be written as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Numbers, strings, lists and dicts only; NaN and infinity are None."""
        plain: dict[str, Any] = _plain({"schema": 1, **asdict(self)})
        return plain

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
