"""Damaged formulas and pages: `python -m benchmarks.fuzz [--count N] [--seed S]`.

Formulas and pages that are right are damaged at random places: characters lost, doubled or moved, tokens put in, pieces
of other formulas, bytes that are no text. Whatever comes of it, the answer is a report or an error with a message, in
time; and what is then called true has equal values at points that the judge does not use.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutants import lines
from benchmarks.mutation import equal_by_value
from derive.check.formulas.verify import Options, verify, verify_formula
from derive.claims.pages.scan import read_page
from derive.errors import DeriveError
from derive.ir.graph import Graph
from derive.model import load, loads
from derive.model.load import gallery

PAGES = Path(__file__).parents[1] / "tests" / "corpora" / "pages"
SECONDS = 12.0
"""Longer than the limits of one formula together: what takes more than this hangs."""
INTERNAL = "internal error"
BARE = Options(repairs=False)
SIGNS = "{}()[]^_+-=',&$|/*<>!~`@#%:;.0123xyzWLabijklmn"
COMMANDS = (
    r"\frac{ \frac \partial \sum \sum_{i=1}^n \cdot \odot \top ^\top ^T \sigma \delta \left( \right) \begin{cases}"
    r" \end{cases} \nabla \nabla_W \mathbf{1} \mathbb{R} \in \log \exp \sqrt \to \\ \, \| \mathrm{tr} \hat \prime"
    r" ^{(l)} _{ij} \newcommand"
)
ODD = "\u2202\u2211\u00b7\u2299\u03c3\u03b4\u2032\u1d40\u00b2\u200b\u0301\x00\ud83d"
TOKENS = [*SIGNS, *COMMANDS.split(), *ODD]


@dataclass(frozen=True)
class Failure:
    """What went wrong, and with what."""

    kind: str
    text: str
    detail: str


def sources(names: Sequence[str] = ()) -> list[tuple[str, Graph]]:
    """Right formulas with their graphs: what derive prints, and the formulas of the pages of the tests."""
    found = [(line, graph) for name in names or gallery() for graph in [load(name)] for line in lines(graph, (None,))]
    for path in sorted(PAGES.glob("*.md")):
        if ".slips" in path.name:
            continue
        graphs: dict[str, Graph] = {}
        for item in read_page(path.read_text(encoding="utf-8")).items:
            text = item.model.text if item.model is not None else None
            if text is not None and item.kind == "formula":
                found.append((item.source, graphs.setdefault(text, loads(text))))
    return found


def damaged(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """The text after a small accident, or after a few."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        near = min(len(text), at + rng.choice([1, 1, 2, 5]))
        match rng.randrange(6):
            case 0:
                text = text[:at] + text[near:]
            case 1:
                text = text[:at] + rng.choice(TOKENS) + text[at:]
            case 2:
                text = text[:near] + text[at:near] + text[near:]
            case 3:
                text = text[:at] + rng.choice(TOKENS) + text[near:]
            case 4:
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                text = text[:at] + other[start : start + rng.randint(1, 12)] + text[at:]
            case 5:
                text = text[:at] + text[at:near][::-1] + text[near:]
    return text


def try_formula(text: str, graph: Graph, *, repairs: bool) -> tuple[str, Failure | None]:
    """The verdict on a damaged formula, and what is wrong with it."""
    start = time.perf_counter()
    try:
        verdict = verify_formula(text, graph, options=None if repairs else BARE).results[0]
    except Exception:
        return "raised", Failure("traceback", text, traceback.format_exc(limit=-3))
    seconds = time.perf_counter() - start
    if INTERNAL in verdict.diagnosis:
        return verdict.verdict, Failure("internal error", text, verdict.diagnosis)
    if seconds > SECONDS:
        return verdict.verdict, Failure("slow", text, f"{seconds:.1f} s")
    if verdict.verdict == "true" and not equal_by_value(text, graph):
        return "true", Failure("wrong true", text, verdict.reading)
    return verdict.verdict, None


def try_page(text: str) -> tuple[str, Failure | None]:
    """What becomes of a damaged page."""
    start = time.perf_counter()
    data = text.encode("utf-8", "surrogatepass")
    try:
        report = verify(data, folder=PAGES, options=BARE)
    except DeriveError:
        return "refused", None
    except Exception:
        return "raised", Failure("traceback", text, traceback.format_exc(limit=-3))
    seconds = time.perf_counter() - start
    for verdict in report.results:
        if INTERNAL in verdict.diagnosis:
            return "report", Failure("internal error", verdict.latex, verdict.diagnosis)
    limit = SECONDS + 0.5 * len(report.results)
    return "report", Failure("slow", text, f"{seconds:.1f} s") if seconds > limit else None


def run(
    count: int, seed: int, *, names: Sequence[str] = (), pages: int | None = None
) -> tuple[Counter[str], list[Failure]]:
    """Damage and judge `count` formulas, and a tenth as many pages."""
    rng = random.Random(seed)
    known = sources(names)
    texts = [text for text, _ in known]
    words: Counter[str] = Counter()
    failures: list[Failure] = []
    for number in range(count):
        text, graph = rng.choice(known)
        word, failure = try_formula(damaged(rng, text, texts), graph, repairs=number % 20 == 0)
        words[word] += 1
        failures += [failure] if failure is not None else []
    whole = [path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md")) if ".slips" not in path.name]
    for _ in range(count // 10 if pages is None else pages):
        text = rng.choice(whole)
        for _ in range(rng.randint(1, 5)):
            text = damaged(rng, text, whole)
        word, failure = try_page(text)
        words[f"page: {word}"] += 1
        failures += [failure] if failure is not None else []
    return words, failures


def main(arguments: list[str]) -> None:
    """Run, print the verdicts and every failure; exit code 1 if there is one."""
    count = int(arguments[arguments.index("--count") + 1]) if "--count" in arguments else 20_000
    seed = int(arguments[arguments.index("--seed") + 1]) if "--seed" in arguments else 0
    words, failures = run(count, seed)
    print(", ".join(f"{word} {number}" for word, number in words.most_common()))
    for failure in failures:
        print(f"\n{failure.kind}: {failure.text!r}\n{failure.detail}")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main(sys.argv[1:])
