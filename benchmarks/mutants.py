r"""Wrong variants of the formulas that derive prints: one edit of the list of defects at one place of the text.

A printed equation `left = right` is split at its top level: terms at ` + ` and ` - `, factors at spaces. Every edit is
tried at every place where it applies, and yields the mutated LaTeX with the defect keys that name it. Whether the edit
changed the mathematics is not known here: `X^\top X` transposed is itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from derive.calculus.reverse import backprop
from derive.errors import DeriveError
from derive.ir.graph import ComputationGraph
from derive.notation import View
from derive.report.derivation import backward_sections, forward_sections, style_of


@dataclass(frozen=True)
class Printed:
    """An equation of a model as derive prints it: one left side and one right side."""

    model: str
    left: str
    right: str

    @property
    def latex(self) -> str:
        return f"{self.left} = {self.right}"


@dataclass(frozen=True)
class Mutant:
    """A printed equation with one edit, and the keys any of which names it."""

    original: Printed
    latex: str
    keys: frozenset[str]
    edit: str


def lines(graph: ComputationGraph, views: tuple[View | None, ...] = (None, "index", "matrix")) -> Iterator[str]:
    """The equations of a model in every view, each once; those of one side only are left out."""
    seen: set[str] = set()
    for view in views:
        style = style_of(graph, {"limits": view == "index"})
        try:
            sections = forward_sections(graph, view, style)
            if graph.loss is not None and not graph.shape(graph.loss):
                sections += backward_sections(backprop(graph), view, style)
        except DeriveError:
            continue  # this model has no such view
        for section in sections:
            for line in section.lines:
                if line.latex() not in seen:
                    seen.add(line.latex())
                    yield line.latex()


def equations(name: str, graph: ComputationGraph) -> list[Printed]:
    """Every right side of a printed line with its left side."""
    found: dict[tuple[str, str], None] = {}
    for line in lines(graph):
        if r"\quad" in line:
            continue
        left, *rest = split(line, [" = "])[0]
        found.update(dict.fromkeys((left, right) for right in rest))
    return [Printed(name, left, right) for left, right in found]


# ------------------------------------------------------------------------------------------- the text


def split(text: str, marks: list[str]) -> tuple[list[str], list[str]]:
    """The pieces of a text between marks that stand outside all brackets, and the marks."""
    pieces, found, depth, start, at = [], [], 0, 0, 0
    while at < len(text):
        mark = next((m for m in marks if depth == 0 and text.startswith(m, at)), None)
        if mark is not None:
            pieces.append(text[start:at])
            found.append(mark)
            at = start = at + len(mark)
            continue
        depth += (text[at] in "({[") - (text[at] in ")}]")
        depth += text.startswith(r"\begin", at) - text.startswith(r"\end", at)
        at += 1
    return [*pieces, text[start:]], found


def terms(text: str) -> tuple[list[str], list[str]]:
    """The terms of a sum and the signs between them. A sum sign reaches to the end of its term."""
    return split(text, [" + ", " - "])


def factors(term: str) -> list[str]:
    r"""The factors of a term; `\log x` is one, `\sum_i` stands by itself."""
    found: list[str] = []
    for piece in split(term, [" "])[0]:
        if found and re.fullmatch(r"\\(log|exp|tanh)", found[-1]):
            found[-1] += " " + piece
        else:
            found.append(piece)
    return found


def _rebuilt(pieces: list[str], signs: list[str]) -> str:
    return "".join(piece + sign for piece, sign in zip(pieces, [*signs, ""], strict=True))


# ------------------------------------------------------------------------------------------- the edits

Edit = Callable[[Printed], Iterator[tuple[str, set[str]]]]
"""From an equation, right sides with the keys that name what was done."""


def _signs(e: Printed) -> Iterator[tuple[str, set[str]]]:
    if e.right.startswith("-"):
        yield e.right[1:], {"wrong_sign"}
    elif len(terms(e.right)[0]) == 1:
        yield "-" + e.right, {"wrong_sign"}
    for found in re.finditer(r" ([+-]) ", e.right):
        other = "-" if found[1] == "+" else "+"
        yield e.right[: found.start(1)] + other + e.right[found.end(1) :], {"wrong_sign"}


def _factors(e: Printed) -> Iterator[tuple[str, set[str]]]:
    pieces, signs = terms(e.right)
    for k, term in enumerate(pieces):
        lead = "-" if term.startswith("-") else ""
        parts = factors(term[len(lead) :])
        for j, part in enumerate(parts):
            if part in (r"\circ", r"\odot") or part.startswith(r"\sum"):
                continue
            rest = parts[:j] + parts[j + 1 :]
            if j < len(rest) and rest[j] in (r"\circ", r"\odot"):
                rest = rest[:j] + rest[j + 1 :]
            elif rest and j == len(rest) and rest[-1] in (r"\circ", r"\odot"):
                rest = rest[:-1]
            if rest and not rest[-1].startswith(r"\sum"):
                keys = {"missing_factor", "missing_partial"} if r"\partial" in part else {"missing_factor"}
                yield _rebuilt([*pieces[:k], lead + " ".join(rest), *pieces[k + 1 :]], signs), keys
        for extra in ("2", r"\frac{1}{2}"):
            more = f"{lead}{extra} {term[len(lead) :]}"
            yield _rebuilt([*pieces[:k], more, *pieces[k + 1 :]], signs), {"extra_factor"}


def _terms(e: Printed) -> Iterator[tuple[str, set[str]]]:
    pieces, signs = terms(e.right)
    for k in range(len(pieces)) if len(pieces) > 1 else ():
        kept = pieces[:k] + pieces[k + 1 :]
        between = signs[1:] if k == 0 else signs[: k - 1] + signs[k:]
        lead = "-" if k == 0 and signs[0] == " - " else ""
        yield lead + _rebuilt(kept, between), {"missing_term"}


def _powers(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"\)\^2(?!\d)", e.right):
        yield e.right[: found.start() + 1] + e.right[found.end() :], {"missing_square"}


def _primes(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"(?<=\w)'(?=\()", e.right):
        yield e.right[: found.start()] + e.right[found.end() :], {"missing_prime"}


_BRACED = r"((?:[^{}]|\{[^{}]*\})*)"
_PARTIAL = re.compile(rf"\\frac\{{\\partial {_BRACED}\}}\{{\\partial {_BRACED}\}}")


def _partials(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(
        r"\\frac\{\\partial ((?:[^{}]|\{[^{}]*\})*)\}\{\\partial ((?:[^{}]|\{[^{}]*\})*)\}", e.right
    ):
        head, tail = e.right[: found.start()], e.right[found.end() :]
        yield f"{head}\\frac{{{found[1]}}}{{{found[2]}}}{tail}", {"missing_partial"}
        yield f"{head}\\frac{{\\partial {found[1]}}}{{{found[2]}}}{tail}", {"missing_partial"}


def _brackets(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"(?<![\w'}])\(", e.right):
        depth, at = 0, found.start()
        while True:
            depth += (e.right[at] in "({[") - (e.right[at] in ")}]")
            if depth == 0:
                break
            at += 1
        inner = e.right[found.end() : at]
        if len(terms(inner)[0]) > 1 and not e.right.startswith("^", at + 1):
            yield e.right[: found.start()] + inner + e.right[at + 1 :], {"missing_brackets"}


def _indices(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"_\{([i-n])([i-n])\}", e.right):
        head, tail, (a, b) = e.right[: found.start()], e.right[found.end() :], found.groups()
        yield f"{head}_{{{b}{a}}}{tail}", {"index_order", "wrong_index"}
        yield f"{head}_{{{a}{a}}}{tail}", {"wrong_index"}
        yield f"{head}_{{{b}{b}}}{tail}", {"wrong_index"}
    letters = sorted({letter for found in re.finditer(r"_\{?([i-n]{1,2})\}?", e.latex) for letter in found[1]})
    for found in re.finditer(r"_([i-n])(?![\w])", e.right):
        if e.right[: found.start()].endswith(r"\sum"):
            continue
        for letter in letters:
            if letter != found[1]:
                yield e.right[: found.start(1)] + letter + e.right[found.end(1) :], {"wrong_index"}


def _layers(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"\^\{\(([lL])([+-]1)?\)\}", e.right):
        for shift in ("+1", "-1", ""):
            if shift != (found[2] or "") and not (found[1] == "L" and shift == "+1"):
                yield f"{e.right[: found.start()]}^{{({found[1]}{shift})}}{e.right[found.end() :]}", {"index_shift"}


def _sums(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"\\sum(?:_\w|_\{[^}]*\}(?:\^\{[^}]*\}|\^\w)?) ", e.right):
        yield e.right[: found.start()] + e.right[found.end() :], {"missing_sum"}
    sizes = sorted({found[1] for found in re.finditer(r"\\sum_\{[^}]*\}\^(\{[^}]*\}|\w)", e.latex)})
    for found in re.finditer(r"\\sum_\{[^}]*\}\^(\{[^}]*\}|\w)", e.right):
        for size in sizes:
            if size != found[1]:
                yield e.right[: found.start(1)] + size + e.right[found.end(1) :], {"sum_limit"}


def _transposes(e: Printed) -> Iterator[tuple[str, set[str]]]:
    for found in re.finditer(r"\^\\top", e.right):
        yield e.right[: found.start()] + e.right[found.end() :], {"transposed"}


def _order(e: Printed) -> Iterator[tuple[str, set[str]]]:
    pieces, signs = terms(e.right)
    for k, term in enumerate(pieces):
        parts = factors(term.removeprefix("-"))
        for j in range(len(parts) - 1):
            if {r"\circ", r"\odot"} & set(parts[j : j + 2]) or parts[j].startswith(r"\sum"):
                continue
            swapped = " ".join([*parts[:j], parts[j + 1], parts[j], *parts[j + 2 :]])
            lead = "-" if term.startswith("-") else ""
            yield _rebuilt([*pieces[:k], lead + swapped, *pieces[k + 1 :]], signs), {"operand_order", "transposed"}


def _operands(e: Printed) -> Iterator[tuple[str, set[str]]]:
    """A pre-activation for its activation, and the other way round."""
    for pre, act in (("z", "a"), ("Z", "A"), ("x", "y")):
        for one, other in ((pre, act), (act, pre)):
            for found in re.finditer(rf"(?<![\w\\{{]){one}(?=[_^)\s]|$)", e.right):
                yield e.right[: found.start()] + other + e.right[found.end() :], {"wrong_operand"}


EDITS: dict[str, Edit] = {
    "sign": _signs,
    "factor": _factors,
    "term": _terms,
    "power": _powers,
    "prime": _primes,
    "partial": _partials,
    "brackets": _brackets,
    "index": _indices,
    "layer": _layers,
    "sum": _sums,
    "transpose": _transposes,
    "order": _order,
    "operand": _operands,
}


def mutants(equation: Printed) -> Iterator[Mutant]:
    """Every edit at every place of an equation, each text once."""
    seen = {equation.right}
    for name, edit in EDITS.items():
        for right, keys in edit(equation):
            if right not in seen:
                seen.add(right)
                yield Mutant(equation, f"{equation.left} = {right}", frozenset(keys), name)
