"""Plain `check_layer(layer, x)` on layers in the styles of public code, right and with a planted fault.

The layers of tests/gradients/plain_layers were written for this, in the styles of public repositories and before the
check knew them; the others are imported from packages of the registry where these are installed (`published`). A wrong
one that is not refused is an error; the cause is named if one of the expected keys is among the defects.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.published import PUBLISHED
from benchmarks.timing import Row
from derive import DeriveError, check_layer
from tests.gradients.plain_layers import CASES

Made = Callable[[], tuple[Any, list[Any]]]


@dataclass(frozen=True)
class Layer:
    """A layer that can be made, where it comes from, and the causes of which one is to be named if it is wrong."""

    label: str
    origin: str
    made: Made
    right: bool
    causes: frozenset[str] = frozenset()


def layers() -> Iterator[Layer]:
    """Right and wrong ones; of a package that is absent there is none."""
    for name, case in CASES.items():
        yield Layer(name, "written here", case.made, right=True)
        for k, (_, _, causes) in enumerate(case.faults):
            yield Layer(f"{name} {k}", "written here", lambda c=case, k=k: c.made(k), False, frozenset(causes.split()))
    for one in PUBLISHED:
        if one.made(wrong=False) is None:
            continue
        label, causes = f"{one.module}.{one.name}", frozenset(one.causes.split())
        if one.fault is not None:
            yield Layer(label, "from packages", lambda p=one: p.made(wrong=False), right=True)
            yield Layer(f"{label} wrong", "from packages", lambda p=one: p.made(wrong=True), False, causes)
        else:
            yield Layer(f"{label} as published", "wrong as published", lambda p=one: p.made(wrong=False), False, causes)


def judged(layer: Layer) -> tuple[str, bool, str]:
    """The verdict, whether the cause is named, and what is said."""
    made, inputs = layer.made()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = check_layer(made, *inputs)
    except DeriveError as error:
        return "error", False, str(error)
    named = bool(layer.causes & set(report.defects)) or ("any" in layer.causes and "wrong_value" not in report.defects)
    return report.verdict, report.verdict == "false" and named, report.diagnosis


def rows() -> list[Row]:
    """One row for each origin."""
    counts: dict[str, Counter[str]] = {}
    for layer in layers():
        verdict, named, text = judged(layer)
        count = counts.setdefault(layer.origin, Counter())
        count[f"{'right' if layer.right else 'wrong'} {verdict}"] += 1
        count["named"] += named
        if verdict != ("true" if layer.right else "false") or not (layer.right or named):
            print(f"{layer.label}: {verdict}: {text[:200]}")
    absent = sorted({one.module.split(".")[0] for one in PUBLISHED if one.made(wrong=False) is None})
    if absent:
        print(f"absent: {', '.join(absent)}")
    return [Row(origin, _cells(count)) for origin, count in counts.items()]


def _cells(count: Counter[str]) -> dict[str, str]:
    right, wrong = (sum(n for key, n in count.items() if key.startswith(kind)) for kind in ("right ", "wrong "))
    return {
        "right": str(right),
        "accepted": str(count["right true"]),
        "refused": str(count["right false"]),
        "error or undecided": str(right - count["right true"] - count["right false"]),
        "wrong": str(wrong),
        "accepted ": str(count["wrong true"]),
        "refused ": str(count["wrong false"]),
        "error or undecided ": str(wrong - count["wrong true"] - count["wrong false"]),
        "causes named": str(count["named"]),
    }
