"""How long the command takes to start: `derive --help` against an empty Python process."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import Row, interleaved


def rows() -> list[Row]:
    """Medians of whole processes, run alternately."""

    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    commands = {
        "python -c pass": lambda: run("-c", "pass"),
        "import derive": lambda: run("-c", "import derive"),
        "derive --help": lambda: run("-m", "derive", "--help"),
        "derive list": lambda: run("-m", "derive", "list"),
    }
    medians = interleaved(list(commands.values()), 9)
    return [Row(name, {"ms": f"{1e3 * t:.0f}"}) for name, t in zip(commands, medians, strict=True)]
