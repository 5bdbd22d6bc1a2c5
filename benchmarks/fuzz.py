"""Damaged formulas and pages: `python -m benchmarks fuzz --draws N --seed S` for N formulas and a tenth as many pages.

Formulas and pages that are right are damaged at random places: characters lost, doubled or moved, tokens put in, pieces
of other formulas, brackets nested hundreds deep, numbers of thousands of digits, very long lines, bytes that are no
text. Whatever comes of it, the answer is a report or an error with a message, in time and in bounded memory; and what
is then called true has equal values at points that the judge does not use.
"""

from __future__ import annotations

import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.mutants import lines
from benchmarks.mutation import equal_by_value
from benchmarks.searches.findings import Finding
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.model import load, loads
from derive.model.load import gallery
from derive.pages.scan import read_page
from derive.verification.verify import Options, verify, verify_formula

PAGES = Path(__file__).parents[1] / "tests" / "corpora" / "pages"
SECONDS = 10.0
"""Of the processor: what takes more than this hangs."""
INTERNAL = "internal error"
BARE = Options(repairs=False)
LARGE = 0.05
"""The share of accidents that make a text very deep or very long."""
SIGNS = "{}()[]^_+-=',&$|/*<>!~`@#%:;.0123xyzWLabijklmn"
COMMANDS = (
    r"\frac{ \frac \partial \sum \sum_{i=1}^n \cdot \odot \top ^\top ^T \sigma \delta \left( \right) \begin{cases}"
    r" \end{cases} \nabla \nabla_W \mathbf{1} \mathbb{R} \in \log \exp \sqrt \to \\ \, \| \mathrm{tr} \hat \prime"
    r" ^{(l)} _{ij} \newcommand"
)
ODD = (
    "\u2202\u2211\u00b7\u2299\u03c3\u03b4\u2032\u1d40\u00b2\u200b\u0301\x00\x07\x1b\x7f\x85\u2028\u3000\u00a0\u202e"
    "\uff0b\ud83d"
)
TOKENS = [*SIGNS, *COMMANDS.split(), *ODD]
NESTS = (("(", ")"), ("{", "}"), (r"\left(", r"\right)"), (r"\frac{1}{", "}"), (r"\sqrt{", "}"), ("x^{", "}"),
         (r"\sigma(", ")"), (r"\mathrm{", "}"), (r"\begin{cases}", r"\end{cases}"))  # fmt: skip
LONG = ("9", "1.", "0", "x", "+", "-", "x +", "(", "}", r"\sum_i", "'", "^2", "_i", r"\mathrm{tr}", "a b ", " ", "\t",
        "&", r"\\", r"\frac", r"\partial ", "= 1 ", "W ", r"W^\top ")  # fmt: skip
KINDS = ("traceback", "internal error", "slow", "wrong true")


def sources(names: Sequence[str] = ()) -> list[tuple[str, ComputationGraph]]:
    """Right formulas with their graphs: what derive prints, and the formulas of the pages of the tests."""
    found = [(line, graph) for name in names or gallery() for graph in [load(name)] for line in lines(graph, (None,))]
    for path in sorted(PAGES.glob("*.md")):
        if ".slips" in path.name:
            continue
        graphs: dict[str, ComputationGraph] = {}
        for item in read_page(path.read_text(encoding="utf-8")).items:
            text = item.model.text if item.model is not None else None
            if text is not None and item.kind == "formula":
                found.append((item.source, graphs.setdefault(text, loads(text))))
    return found


def damaged(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """The text after a small accident, or after a few, or after a large one."""
    if rng.random() < LARGE:
        return _swollen(rng, text)
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


def _swollen(rng: random.Random, text: str) -> str:
    """The text with something in it that is nested deeply, or repeated often."""
    at = rng.randrange(len(text) + 1)
    near = min(len(text), at + rng.choice([0, 1, 5]))
    often = rng.choice([20, 60, 200, 1000, 5000])
    if rng.randrange(2):
        opening, closing = rng.choice(NESTS)
        return text[:at] + opening * often + text[at:near] + closing * (often - rng.choice([0, 0, 1])) + text[near:]
    return text[:at] + rng.choice(LONG) * often + text[near:]


def peak_memory() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def try_formula(text: str, graph: ComputationGraph, *, repairs: bool) -> tuple[str, Finding | None]:
    """The verdict on a damaged formula, and what is wrong with it."""
    about = f"a formula of {graph.name or ', '.join(graph.bindings)}"
    start = time.process_time()
    try:
        verdict = verify_formula(text, graph, options=None if repairs else BARE).results[0]
    except Exception:
        return "raised", Finding("traceback", text, about, traceback.format_exc(limit=-3))
    seconds = time.process_time() - start
    if INTERNAL in verdict.diagnosis:
        return verdict.verdict, Finding("internal error", text, about, verdict.diagnosis)
    if seconds > SECONDS:
        return verdict.verdict, Finding("slow", text, about, f"{seconds:.1f} s")
    if verdict.verdict == "true" and not equal_by_value(text, graph):
        return "true", Finding("wrong true", text, about, verdict.reading)
    return verdict.verdict, None


def try_page(text: str) -> tuple[str, Finding | None]:
    """What becomes of a damaged page."""
    about = "a page"
    start = time.process_time()
    data = text.encode("utf-8", "surrogatepass")
    try:
        report = verify(data, folder=PAGES, options=BARE)
    except DeriveError:
        return "refused", None
    except Exception:
        return "raised", Finding("traceback", text, about, traceback.format_exc(limit=-3))
    seconds = time.process_time() - start
    for verdict in report.results:
        if INTERNAL in verdict.diagnosis:
            return "report", Finding("internal error", text, f"{about}: {verdict.latex}", verdict.diagnosis)
    limit = SECONDS + 0.5 * len(report.results)
    return "report", Finding("slow", text, about, f"{seconds:.1f} s") if seconds > limit else None


def run(
    draws: int, seed: int, *, names: Sequence[str] = (), pages: int | None = None
) -> tuple[Counter[str], list[Finding]]:
    """Damage and judge so many formulas, and a tenth as many pages."""
    rng = random.Random(seed)
    known = sources(names)
    texts = [text for text, _ in known]
    words: Counter[str] = Counter()
    findings: list[Finding] = []
    for number in range(draws):
        text, graph = rng.choice(known)
        word, finding = try_formula(damaged(rng, text, texts), graph, repairs=number % 20 == 0)
        words[f"formulas: {word}"] += 1
        findings += [finding] if finding is not None else []
    whole = [path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md")) if ".slips" not in path.name]
    for _ in range(draws // 10 if pages is None else pages):
        text = rng.choice(whole)
        for _ in range(rng.randint(1, 5)):
            text = damaged(rng, text, whole)
        word, finding = try_page(text)
        words[f"pages: {word}"] += 1
        findings += [finding] if finding is not None else []
    counts = Counter(dict(sorted(words.items())))
    counts["peak memory, MB"] = round(peak_memory())
    counts.update(dict.fromkeys(KINDS, 0))
    counts.update(finding.kind for finding in findings)
    return counts, findings
