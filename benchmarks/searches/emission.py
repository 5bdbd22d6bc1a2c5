"""Emitted code of random models: `python -m benchmarks emission --draws N --seed S`.

Every model is emitted for all gradients at once, for each input alone, for two bindings, and for an input and a binding
together, and run as a colleague would run it: the source by itself, every input of the model by keyword. Held against
an independent automatic differentiation (`benchmarks.searches.models`) are the value and the gradients; besides,

    a gradient has exactly the shape of its variable
    float32 in gives float32 out, the value and every gradient
    every input of the model is a parameter
    `ruff check` has nothing to say: no import and no variable is unused

Of every sixth model a Hessian times a vector is asked for, too: the gradient graph is differentiated once more, emitted
by `lambdify`, and held against central differences of the independent gradient, where these settle.
"""

from __future__ import annotations

import inspect
import json
import random
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import derive
from benchmarks.searches.expressions import SIZES, Values
from benchmarks.searches.findings import Finding
from benchmarks.searches.models import Model, random_model
from benchmarks.stability import hessian_product
from derive.calculus.derivation import Adjoints
from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.model import loads

SAME = 1e-6
KINDS = (
    *("not accepted", "no derivation", "no source", "raises", "signature", "value", "not finite", "gradient"),
    *("shape", "float32 lost", "unused name", "Hessian product"),
)
FUNCTION = "value_and_gradient"
EVERY = 6  # of so many models one is asked for a Hessian times a vector
STEP = 2e-5
SETTLED = 1e-6
SAME_CURVATURE = 1e-5


def demands(model: Model, rng: random.Random) -> list[list[str] | None]:
    """What is asked of a model: everything, each input by itself, two bindings, an input and a binding."""
    found: list[list[str] | None] = [None, *([name] for name in model.differentiable)]
    if len(model.bindings) > 1:
        found.append(rng.sample(model.bindings, 2))
    if model.bindings and model.differentiable:
        found.append([rng.choice(model.differentiable), rng.choice(model.bindings)])
    return found


def run(draws: int, seed: int) -> tuple[Counter[str], list[Finding]]:
    """How many models have a fault of each kind, and the faults."""
    counts, findings, sources = Counter[str](), list[Finding](), list[tuple[str, str, str]]()
    for k in range(draws):
        model = random_model(seed * 1_000_003 + k)
        found = faults(model, random.Random(k), sources)
        if k % EVERY == 0:
            asked, wrong = curvature(model, k)
            counts["Hessian products"] += asked
            found += wrong
        findings += found
        counts.update({finding.kind for finding in found})
        counts["models"] += 1
        counts["models without a fault"] += not found
    unused = _unused(sources)
    counts["unused name"] = len({finding.text for finding in unused})
    counts["modules"], counts["modules with an unused name"] = len(sources), len(unused)
    return counts, [*findings, *unused]


def faults(model: Model, rng: random.Random, sources: list[tuple[str, str, str]]) -> list[Finding]:
    """The faults of one model; `sources` gets text, demand and module of everything emitted."""
    text = model.text
    try:
        graph = derive.loads(text)
    except Exception as error:
        return [Finding("not accepted", text, "", repr(error))]
    try:
        derivation = graph.backprop()
    except Exception as error:
        return [Finding("no derivation", text, "", repr(error))]
    value, gradients = model.gradients()
    if not all(np.all(np.isfinite(slope)) for slope in (value, *gradients.values())):
        return []  # an exponential inside overflows: there is nothing to hold the code against
    found = []
    for demand in demands(model, rng):
        about = "all" if demand is None else ", ".join(demand)
        try:
            source = derivation.source(wrt=demand)
        except Exception as error:
            found.append(Finding("no source", text, about, repr(error)))
            continue
        sources.append((text, about, source))
        for kind, detail in _faults_of_source(source, model, demand or model.differentiable, value, gradients):
            found.append(Finding(kind, text, about, detail))
    return found


def _faults_of_source(
    source: str, model: Model, names: Sequence[str], value: float, gradients: dict[str, Any]
) -> list[tuple[str, str]]:
    scope: dict[str, Any] = {}
    exec(compile(source, "<emitted>", "exec"), scope)  # noqa: S102  (what derive has just written)
    function = scope[FUNCTION]
    parameters = inspect.signature(function).parameters
    missing = [name for name in model.inputs if name not in parameters]
    found = [("signature", f"no parameter {name}") for name in missing]
    sizes = {name: SIZES[name] for name in parameters if name in SIZES}

    def call(dtype: type) -> tuple[Any, dict[str, Any]]:
        arrays: dict[str, Any] = {n: np.asarray(v, dtype)[()] for n, v in model.values.items() if n not in missing}
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result: tuple[Any, dict[str, Any]] = function(**arrays, **sizes)
        return result

    try:
        got, slopes = call(np.float64)
        short_value, short = call(np.float32)
    except Exception as error:
        return [*found, ("raises", repr(error))]
    if np.shape(got) != () or not abs(got - value) <= SAME * max(1, abs(value)):
        found.append(("value", f"{np.asarray(got).tolist()} for {value}"))
    if getattr(short_value, "dtype", np.float32) != np.float32:
        found.append(("float32 lost", f"the value: {short_value.dtype}"))
    scale = max(1.0, *(float(np.max(np.abs(wanted))) for wanted in gradients.values()))
    for name in names:
        wanted, slope = np.asarray(gradients[name]), np.asarray(slopes[name])
        if slope.shape != wanted.shape:
            found.append(("shape", f"{name}: {slope.shape} for {wanted.shape}"))
        elif not np.all(np.isfinite(slope)):
            found.append(("not finite", f"{name}: {slope.tolist()}"))
        elif not np.max(np.abs(slope - wanted)) <= SAME * scale:
            found.append(("gradient", f"{name}: {slope.tolist()} for {wanted.tolist()}"))
        if getattr(short[name], "dtype", np.float32) != np.float32:
            found.append(("float32 lost", f"{name}: {short[name].dtype}"))
    return found


def curvature(model: Model, seed: int) -> tuple[bool, list[Finding]]:
    """Whether the Hessian of a model times a vector is known by differences, and what is wrong with the emitted one."""
    draw, names = np.random.default_rng(seed), model.differentiable
    towards = {name: draw.uniform(-1, 1, size=np.shape(model.values[name])) for name in names}

    def slopes(step: float) -> Values:
        moved = {n: v + step * towards[n] if n in towards else v for n, v in model.values.items()}
        return replace(model, values=moved).gradients()[1]

    def differences(step: float) -> Values:
        above, below = slopes(step), slopes(-step)
        return {name: np.asarray((above[name] - below[name]) / (2 * step)) for name in names}

    wide, wanted = differences(STEP), differences(STEP / 2)
    scale = max(1.0, *(float(np.max(np.abs(slope))) for slope in wanted.values()))
    if not all(np.max(np.abs(wide[name] - wanted[name])) <= SETTLED * scale for name in names):
        return False, []
    try:
        product, by = hessian_product(backprop(loads(model.text)), names)
        given = {f"v_{name}": v for name, v in towards.items()}
        function = lambdify(product, wrt=by)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            _, got = function(**model.values, **given, **_loose(product))
    except Exception as error:
        return True, [Finding("Hessian product", model.text, "", repr(error))]
    found = []
    for name in names:
        slope = np.asarray(got[name])
        if slope.shape != wanted[name].shape or not np.max(np.abs(slope - wanted[name])) <= SAME_CURVATURE * scale:
            found.append(f"{name}: {slope.tolist()} for {wanted[name].tolist()}")
    return True, [Finding("Hessian product", model.text, "", detail) for detail in found]


def _loose(derivation: Adjoints) -> dict[str, int]:
    """The sizes that a model names or declares."""
    declared = [name for name, found in derivation.graph.declarations.items() if found.kind == "size"]
    return {name: SIZES[name] for name in (*derivation.graph.size_names(), *declared) if name in SIZES}


def _unused(sources: Sequence[tuple[str, str, str]]) -> list[Finding]:
    """Modules that `ruff check` has something to say about."""
    with tempfile.TemporaryDirectory() as folder:
        for k, (_, _, source) in enumerate(sources):
            (Path(folder) / f"m{k}.py").write_text(source, "utf-8")
        ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--output-format", "json", folder]
        said = json.loads(subprocess.run(ruff, capture_output=True, text=True, check=False).stdout)
    by_module: dict[int, list[str]] = {}
    for item in said:
        by_module.setdefault(int(Path(item["filename"]).stem[1:]), []).append(item["message"])
    return [Finding("unused name", sources[k][0], sources[k][1], "; ".join(by_module[k])) for k in sorted(by_module)]
