"""`python -m benchmarks [NAME ...] [--draws N] [--seed S]`: run the named benchmarks and searches, all by default.

Their tables are printed and written into README.md; what a search finds is printed below its table, and a wrong
verdict makes the exit code 1. One thread, set before NumPy is loaded.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from benchmarks import derivation, emitted, fuzz, layers, mutation, stability, startup, verify_speed, written  # noqa: E402
from benchmarks.searches import branches, emission, laws, meaning, printed, tally  # noqa: E402
from benchmarks.searches.findings import counts_table  # noqa: E402
from benchmarks.timing import table  # noqa: E402

README = Path(__file__).with_name("README.md")
TABLES = {
    "emitted": emitted.rows,
    "stability": stability.rows,
    "derivation": derivation.rows,
    "size": derivation.size_rows,
    "startup": startup.rows,
    "layers": layers.rows,
    "verify": verify_speed.rows,
    "length": verify_speed.length_rows,
}
PAGES = {"counterparts": written.page}
SEARCHES = {"branches": branches.search, "laws": laws.search, "meaning": meaning.search}
COUNTED = {"emission": emission, "printed": printed, "fuzz": fuzz, "mutation": mutation}


def main() -> None:
    """Run the named benchmarks and searches and put their tables between the marks of README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*TABLES, *PAGES, *SEARCHES, *COUNTED]))
    parser.add_argument("--draws", type=int, default=2000, help="claims of each search (2000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the searches (0)")
    given = parser.parse_args()
    page = README.read_text("utf-8")
    wrong = False
    for name in given.names or [*TABLES, *PAGES, *SEARCHES, *COUNTED]:
        found = ""
        if name in SEARCHES:
            findings = list(SEARCHES[name](given.draws, given.seed))
            result, found = table(tally.rows(findings)), tally.offenders(findings)
            wrong |= bool(tally.shown_wrong(findings))
            result = f"{len(findings)} draws, seed {given.seed}.\n\n{result}"
        elif name in COUNTED:
            counts, faults = COUNTED[name].run(given.draws, given.seed)
            result, found = counts_table(counts, COUNTED[name].KINDS), "\n".join(map(str, faults))
            wrong |= bool(faults)
            result = f"{given.draws} draws, seed {given.seed}.\n\n{result}"
        elif name in PAGES:
            result = PAGES[name]()
        else:
            result = table(TABLES[name]())
        print(f"{name}\n{result}\n\n{found}")
        marks = f"<!-- {name} -->\n", f"\n<!-- end {name} -->"
        pattern = re.compile(f"(?s){re.escape(marks[0])}.*?{re.escape(marks[1])}")
        page = pattern.sub(lambda _: marks[0] + result + marks[1], page)  # noqa: B023
    README.write_text(page, "utf-8")
    raise SystemExit(wrong)


main()
