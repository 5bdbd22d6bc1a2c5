"""What a search found, and the command that all searches share: a table of counts, then the offenders."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

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


Search = Callable[[int, int], tuple[Counter[str], list[Finding]]]


def counts_table(counts: Counter[str], kinds: Sequence[str]) -> str:
    """The counts as a table: what was counted besides faults first, then every kind of fault."""
    names = [*(name for name in counts if name not in kinds), *kinds]
    return table([Row(name, {"count": str(counts[name])}) for name in names])


def option(arguments: Sequence[str], name: str, default: str) -> str:
    """The value after `--name`."""
    return arguments[arguments.index(f"--{name}") + 1] if f"--{name}" in arguments else default


def command(arguments: list[str], run: Search, kinds: Sequence[str]) -> None:
    """`--draws N --seed S [--offenders FILE]`: print the table; exit code 1 if there is a fault."""
    draws, seed = int(option(arguments, "draws", "1000")), int(option(arguments, "seed", "7"))
    counts, findings = run(draws, seed)
    print(counts_table(counts, kinds))
    listed = "\n".join(map(str, findings))
    if file := option(arguments, "offenders", ""):
        Path(file).write_text(listed, "utf-8")
    else:
        print(listed, file=sys.stderr)
    raise SystemExit(bool(findings))
