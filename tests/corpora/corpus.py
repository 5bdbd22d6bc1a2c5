"""The pages of this folder: right formulas, and slips of them, each with what is expected.

`pages/NAME.md` or `NAME.tex` is a page whose formulas are all right. `pages/NAME.slips.md` holds wrong variants: before
each display stands `<!-- slip of (TAG): KEY|KEY -->` with the defect keys that name it, or the word `ambiguous`. Slips
are judged on a page that has the models and macros of the right one, and the displays marked `<!-- context -->` there;
after `<!-- alone -->` every slip has a page to itself. Every verdict was worked out by hand from the models alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from derive.judging.verdict import Verdict
from derive.verification.verify import verify

PAGES = Path(__file__).parent / "pages"
_FENCE = re.compile(r"```derive\n.*?```\n", re.S)
_CONTEXT = re.compile(r"<!-- context -->\n(\$\$.*?\$\$)", re.S)
_SLIP = re.compile(r"<!-- (model \d+|alone) -->|<!-- slip of \((.*?)\): (.*?) -->\n\$\$(.*?)\$\$", re.S)


@dataclass(frozen=True)
class Entry:
    """One formula with the verdicts that are right for it, and the keys that name its defect."""

    tag: str
    latex: str
    word: str
    defects: frozenset[str]


def pages() -> list[Path]:
    return sorted(path for path in PAGES.iterdir() if path.suffix in (".md", ".tex") and ".slips" not in path.name)


def judge(text: str, suffix: str) -> tuple[Verdict, ...]:
    return verify(text, folder=PAGES, latex=suffix == ".tex").results


def slips(path: Path) -> Iterator[tuple[str, list[Entry]]]:
    """Pages of slips, each with its entries in order."""
    page = path.read_text(encoding="utf-8")
    number, alone = 0, False
    blocks: list[tuple[int, list[Entry]]] = []
    for found in _SLIP.finditer(path.with_suffix(".slips.md").read_text(encoding="utf-8")):
        mark, tag, keys, latex = found.groups()
        if mark is not None:
            alone = mark == "alone"
            number = number if alone else int(mark.split()[1]) - 1
            blocks.append((number, []))
            continue
        word = "ambiguous" if keys.startswith("ambiguous") else "false"
        entry = Entry(tag, latex.strip(), word, frozenset(keys.split("|") if word == "false" else ()))
        if alone or not blocks:
            blocks.append((number, []))
        blocks[-1][1].append(entry)
    for place, block in blocks:
        if block:
            before, after = _frame(page, path.suffix, place)
            displays = "".join(f"$${entry.latex} \\tag{{slip {k}}}$$\n\n" for k, entry in enumerate(block))
            yield before + displays + after, block


def _frame(page: str, suffix: str, number: int) -> tuple[str, str]:
    if suffix == ".tex":
        head, _, _ = page.partition("\\begin{document}")
        return head + "\\begin{document}\n", "\\end{document}\n"
    fences = list(_FENCE.finditer(page))
    start = fences[number].end()
    end = fences[number + 1].start() if number + 1 < len(fences) else len(page)
    context = "\n\n".join(match[1] for match in _CONTEXT.finditer(page, start, end))
    return fences[number].group(0) + "\n" + context + "\n\n", ""
