"""What is printed about random models: `python -m benchmarks printed --draws N --seed S`.

lines          of the forward pass and of the derivatives, in every view and several styles, as LaTeX and as Unicode:
               each is right, so the reader must not call it false; what it cannot read or decide is counted
closed forms   against the gradients of an independent automatic differentiation: the node that is printed, and
               what `sympy()` gives in the matrix and in the index view, evaluated without derive
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import derive
from benchmarks.searches.expressions import SIZES
from benchmarks.searches.findings import Finding
from benchmarks.searches.models import Model, random_model
from benchmarks.searches.sympy_values import NotCovered, value
from derive.errors import DeriveError, UnsupportedError
from derive.notation.names import Names
from derive.notation.style import Style
from derive.ops.evaluate import Evaluator
from derive.report.derivation import backward_sections, forward_sections, style_of, view_of
from derive.verification.verify import Options, verify_formula

SAME = 1e-6
LINES = 16  # of a model that are read back
VERDICTS = ("true", "ambiguous", "undecided", "unread", "definition")
KINDS = ("not accepted", "raises", "printed line false", "closed form", "sympy: matrix", "sympy: index")
STYLES: tuple[Mapping[str, Any], ...] = (
    {},
    {"limits": True},
    {"adjoint": "delta", "transpose": "T", "hadamard": "odot"},
    {"adjoint": "d", "derivative": "d", "order": "inner"},
)


def run(draws: int, seed: int) -> tuple[Counter[str], list[Finding]]:
    """Counts of verdicts, of closed forms looked at, and of faults; and the faults."""
    counts, findings = Counter({"models": draws}), list[Finding]()
    counts.update(dict.fromkeys(["printed lines", *(f"read back {word}" for word in VERDICTS)], 0))
    for k in range(draws):
        rng = random.Random(seed * 1_000_003 + k)
        model = random_model(rng.randrange(2**40), lines=(4, 10), largest_rank=rng.choice([0, 1, 2, 2, 3]))
        found = faults(model, rng, counts)
        findings += found
        counts.update(finding.kind for finding in found)
        counts["models without a fault"] += not found
    return counts, findings


def faults(model: Model, rng: random.Random, counts: Counter[str]) -> list[Finding]:
    """What is wrong with what is printed about a model."""
    try:
        graph = derive.loads(model.text)
        lines = list(dict.fromkeys(printed(graph)))
    except DeriveError as error:
        return [Finding("not accepted", model.text, "", repr(error))]
    except Exception as error:
        return [Finding("raises", model.text, "", repr(error))]
    found = []
    for view, line in rng.sample(lines, min(LINES, len(lines))):
        counts["printed lines"] += 1
        (result,) = verify_formula(line, graph.data, options=Options(repairs=False)).results
        if result.verdict == "false":
            found.append(Finding("printed line false", model.text, f"{view}: {line}", result.diagnosis))
        else:
            counts[f"read back {result.verdict}"] += 1
    return [*found, *_closed_forms(model, graph, counts)]


def printed(graph: derive.Graph) -> Iterator[tuple[str, str]]:
    """Every line in every view and style, with the name of the view."""
    derivation = graph.backprop()
    for view in ("scalar", "index", "matrix"):
        for choices in STYLES:
            try:
                style = style_of(graph.data, choices)
                sections = forward_sections(graph.data, view_of(view), style)
                sections += backward_sections(derivation.data, view_of(view), style)
            except DeriveError:
                break  # this model has no such view
            for section in sections:
                for line in section.lines:
                    yield view, line.latex()
                    if not choices:
                        yield view, line.unicode()


def _closed_forms(model: Model, graph: derive.Graph, counts: Counter[str]) -> Iterator[Finding]:
    derivation = graph.backprop()
    _, gradients = model.gradients()
    values = model.run(model.values)
    numbers = {**values, **SIZES, **{f"∂L/∂{name}": slope for name, slope in gradients.items()}}
    arrays = {name: np.asarray(number, dtype=float) for name, number in numbers.items() if name not in SIZES}
    for name, wanted in gradients.items():
        counts["closed forms"] += 1
        scale = max(1.0, float(np.max(np.abs(wanted))))

        def differs(got: Any, wanted: Any = wanted, scale: float = scale) -> bool:
            return np.shape(got) != np.shape(wanted) or not np.max(np.abs(got - wanted)) <= SAME * scale

        partial = derivation[name]
        got = np.asarray(Evaluator(arrays, SIZES).value(partial.closed), dtype=float)
        if np.all(np.isfinite(got)) and differs(got):
            yield Finding("closed form", model.text, _shown(partial), f"{got.tolist()} for {wanted.tolist()}")
        for view in ("matrix", "index"):
            try:
                got = _by_sympy(partial, graph, view, numbers, np.shape(wanted))
            except (UnsupportedError, NotCovered):
                counts["closed forms without a value in SymPy"] += 1
                continue
            except (ZeroDivisionError, OverflowError):
                counts["closed forms not defined at the point"] += 1
                continue
            except Exception as error:
                yield Finding("raises", model.text, f"sympy, {view}: {_shown(partial)}", repr(error))
                continue
            if differs(got):
                told = f"{np.asarray(got).tolist()} for {wanted.tolist()}"
                yield Finding(f"sympy: {view}", model.text, _shown(partial), told)


def _shown(partial: derive.Partial) -> str:
    try:
        return partial.unicode()
    except DeriveError:
        return partial.name


def _by_sympy(partial: derive.Partial, graph: derive.Graph, view: str, numbers: Mapping[str, Any], shape: Any) -> Any:
    expression = partial.sympy(view=view)
    if getattr(expression, "is_Matrix", False):
        got = np.asarray(value(expression, numbers))
        return got.reshape(shape) if got.size == np.prod(shape, dtype=int) else got
    supply = iter(Names(graph.data, Style()).index_letters)
    letters = [next(supply) for _ in shape]
    got = np.zeros(shape)
    for at in np.ndindex(*shape):
        got[at] = value(expression, {**numbers, **dict(zip(letters, at, strict=True))})
    return got
