"""What a search through models found: a table of counts, then the offenders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.timing import Row, table


@dataclass(frozen=True)
class Finding:
    """A fault: its kind, the model, what was asked of it, and what came."""

    kind: str
    text: str
    about: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}: {self.detail}\n{self.text}"


def counts_table(counts: Counter[str], kinds: Sequence[str]) -> str:
    """The counts as a table: what was counted besides faults first, then every kind of fault."""
    names = [*(name for name in counts if name not in kinds), *kinds]
    return table([Row(name, {"count": str(counts[name])}) for name in names])
