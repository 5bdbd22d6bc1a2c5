"""The derivation of a matrix network by depth: from model text to all adjoint nodes, closed forms, printing, code.

`python -m benchmarks derivation`. Layers are `Z = A @ W + b`, `A = act(Z)` with sizes of their own; the loss is a mean
squared error. Times are medians after one run that fills the caches of derivatives.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from benchmarks.timing import Row
from derive.calculus.closed import closed_forms
from derive.calculus.derivation import Adjoints
from derive.calculus.reverse import backprop
from derive.codegen import source
from derive.model import loads
from derive.notation import document, print_derivation

DEPTHS = (2, 8, 32, 128, 512, 1024)


def network(depth: int, activation: str = "sigmoid") -> str:
    """Model text of a network of that many layers."""
    lines = ["A_0 : (m, n_0)", f"Y : (m, n_{depth})"]
    for k in range(1, depth + 1):
        lines += [f"W_{k} : (n_{k - 1}, n_{k})", f"b_{k} : (n_{k},)"]
    for k in range(1, depth + 1):
        lines += [f"Z_{k} = A_{k - 1} @ W_{k} + b_{k}", f"A_{k} = {activation}(Z_{k})"]
    return "\n".join([*lines, f"L = sum((A_{depth} - Y)**2) / (2*m)"])


def seconds(function: Callable[[], Any], repeats: int) -> float:
    """The median time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return median(times)


def _derived(text: str) -> Adjoints:
    return backprop(loads(text))


def rows() -> list[Row]:
    """Times by depth."""
    backprop(loads(network(2)))
    table = []
    for depth in DEPTHS:
        text = network(depth)
        repeats = max(3, 200 // depth)
        derivation = backprop(loads(text))
        adjoints = seconds(partial(_derived, text), repeats)
        closed = seconds(partial(closed_forms, derivation), 1 if depth > 128 else 3)
        code = seconds(partial(source, derivation), 1 if depth > 128 else 3)
        table.append(
            Row(
                f"{depth} layers",
                {
                    "adjoints, ms": f"{1e3 * adjoints:.1f}",
                    "per layer, us": f"{1e6 * adjoints / depth:.0f}",
                    "closed forms, ms": f"{1e3 * closed:.0f}",
                    "emitted source, ms": f"{1e3 * code:.0f}",
                },
            )
        )
    return table


def size_rows() -> list[Row]:
    """Characters of the printed derivation and of the emitted source, by depth and activation."""
    table = []
    for activation in ("sigmoid", "silu"):
        for depth in (8, 32, 128):
            derivation = backprop(loads(network(depth, activation)))
            start = time.perf_counter()
            printed = len(document(print_derivation(derivation)))
            spent = time.perf_counter() - start
            code = len(source(derivation))
            table.append(
                Row(
                    f"{activation}, {depth} layers",
                    {
                        "LaTeX, characters": str(printed),
                        "per layer": str(printed // depth),
                        "time, ms": f"{1e3 * spent:.0f}",
                        "source, characters": str(code),
                        "per layer ": str(code // depth),
                    },
                )
            )
    return table
