"""`python -m benchmarks [NAME ...]`: run benchmarks (all by default), print, write the tables of README.md.

`python -m benchmarks SEARCH [--draws N] [--seed S]` runs a module of `benchmarks.searches`. One thread, set before
NumPy is loaded.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from benchmarks import derivation, emitted, startup, verify_speed  # noqa: E402
from benchmarks.timing import table  # noqa: E402

README = Path(__file__).with_name("README.md")
TABLES = {
    "emitted": emitted.rows,
    "derivation": derivation.rows,
    "size": derivation.size_rows,
    "startup": startup.rows,
    "verify": verify_speed.rows,
    "length": verify_speed.length_rows,
}


def main(names: list[str]) -> None:
    """Run the named benchmarks (all by default) and put their tables between the marks of README.md."""
    page = README.read_text("utf-8")
    for name in names or TABLES:
        result = table(TABLES[name]())
        print(f"{name}\n{result}\n")
        marks = f"<!-- {name} -->\n", f"\n<!-- end {name} -->"
        pattern = re.compile(f"(?s){re.escape(marks[0])}.*?{re.escape(marks[1])}")
        page = pattern.sub(lambda _: marks[0] + result + marks[1], page)  # noqa: B023
    README.write_text(page, "utf-8")


SEARCHES = {path.stem for path in (Path(__file__).parent / "searches").glob("*.py")}
if sys.argv[1:] and sys.argv[1] in SEARCHES:
    importlib.import_module(f"benchmarks.searches.{sys.argv[1]}").main(sys.argv[2:])
else:
    main(sys.argv[1:])
