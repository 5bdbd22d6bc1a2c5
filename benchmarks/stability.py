"""Emitted code at extreme points: the value, the gradient and a Hessian times a vector of many forms.

`python -m benchmarks stability`. A result is right if every entry is within 1,024 roundings of its type (more where the
form says so), comes in the type of the inputs and without a warning. The same formulas run in JAX and PyTorch too,
where these are installed, in double and single precision, with the functions that a careful user calls there.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.other_libraries import Results, Runners, jax_runner, torch_runner
from benchmarks.stable_compositions import COMPOSITIONS
from benchmarks.stable_differences import DIFFERENCES
from benchmarks.stable_forms import FORMS, Form, Point
from benchmarks.stable_values import direction, right
from benchmarks.timing import Row
from derive.calculus.derivation import adjoint_name
from derive.calculus.reverse import backprop
from derive.codegen import lambdify
from derive.ir import build
from derive.ir.graph import Binding
from derive.model.text import loads

ROUNDINGS = 1024
TYPES = (np.float64, np.float32)


@dataclass(frozen=True)
class Outcome:
    """One order at one point in one type: what is wrong with it, if anything."""

    form: Form
    point: Point
    kind: type
    order: int
    fault: str | None


def emitted(form: Form) -> tuple[Runners, list[int]]:
    """The form by derive: a gradient, and the gradient of (gradient @ direction); with the inputs they are taken by."""
    graph = loads(form.text)
    names = list(graph.inputs)
    by = [name for name in names if graph.inputs[name].differentiable]
    derivation = backprop(graph)
    first = lambdify(derivation, wrt=by)
    second = lambdify(*hessian_product(derivation, by))

    def slopes(values: Sequence[Any]) -> Results:
        value, gradient = first(**dict(zip(names, values, strict=True)))
        return [{-1: value}, {names.index(name): gradient[name] for name in by}]

    def curvature(values: Sequence[Any]) -> Results:
        given = dict(zip(names, values, strict=True))
        towards = direction([given[name] for name in by])
        given |= {f"v_{name}": v.astype(np.asarray(given[name]).dtype) for name, v in zip(by, towards, strict=True)}
        return [{names.index(name): slope for name, slope in second(**given)[1].items()}]

    return (slopes, curvature), [names.index(name) for name in by]


def hessian_product(derivation: Any, by: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """The derivation of a number, the sum of (gradient by x) @ v_x, whose gradient is the Hessian times v."""
    gradient = derivation.gradient
    declarations = dict(gradient.declarations)
    terms = []
    for name in by:
        declarations[f"v_{name}"] = replace(declarations[name], name=f"v_{name}", facts=(), latex=None)
        adjoint = adjoint_name(derivation.loss, name)
        if adjoint in gradient.bindings:
            product = build.mul(gradient.ref(adjoint), build.ref(f"v_{name}", declarations[name].shape))
            terms.append(build.sum_over(product))
    total = Binding("towards", build.add(*terms) if terms else build.number(0))
    graph = replace(
        gradient, declarations=declarations, bindings={**gradient.bindings, "towards": total}, loss="towards"
    )
    return backprop(graph), by


def outcomes(form: Form, make: Callable[[Form], tuple[Runners, list[int]]] = emitted) -> Iterator[Outcome]:
    """Every order at every point of a form, in both types."""
    runners, by = make(form)
    for point, kind in ((point, kind) for point in form.points for kind in TYPES):
        inputs = _typed(point, kind)
        if inputs is None:
            continue
        wanted = _wanted(form, point, kind, tuple(by))
        for run, orders in zip(runners, ((0, 1), (2,)), strict=True):
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                got = run(inputs) if orders[0] <= point.orders else ()
            for order, result in zip(orders[: point.orders + 1 - orders[0]], got, strict=False):
                fault = _fault(form, wanted[order], result, kind)
                yield Outcome(
                    form, point, kind, order, fault or (str(seen[0].message) if seen and point.orders else None)
                )


def _typed(point: Point, kind: type) -> list[Any] | None:
    """The inputs in a type, None where it cannot hold them."""
    if kind is np.float32 and not point.single:
        return None
    with np.errstate(over="ignore"):
        inputs = [np.asarray(value).astype(kind)[()] for value in point.values]
    exact = [np.asarray(value, float) for value in point.values]
    lost = any(
        np.any(np.isinf(x) != np.isinf(y)) or np.any((x == 0) != (y == 0)) for x, y in zip(inputs, exact, strict=True)
    )
    return None if lost else inputs


@cache
def _wanted(form: Form, point: Point, kind: type, by: tuple[int, ...]) -> Results:
    inputs = _typed(point, kind)
    assert inputs is not None
    return right(form, point, inputs, by)


def _fault(form: Form, wanted: dict[int, Any], got: dict[int, Any], kind: type) -> str | None:
    info = np.finfo(kind)
    near = ROUNDINGS * form.factor * float(info.eps)
    for k, want in wanted.items():
        want, have = np.asarray(want, float), np.asarray(got[k])
        if have.dtype != kind:
            return f"{have.dtype} for {np.dtype(kind)}"
        with np.errstate(all="ignore"):
            have = have.astype(float)
            apart = np.abs(have - want) > near * np.abs(want) + form.absolute * float(info.eps) + float(info.tiny)
            wrong = np.where(np.isfinite(want), apart | ~np.isfinite(have), have != want)
        # what the type cannot hold is nobody's fault
        if np.any(wrong & ~(np.isfinite(want) & (np.abs(want) > float(info.max) / 4))):
            return f"{have.tolist()} for {want.tolist()}"
    return None


def rows() -> list[Row]:
    """One row a form: how many of its numbers are right, by derive and by JAX and PyTorch where these are installed."""
    makers: dict[str, Callable[[Form], tuple[Runners, list[int]]]] = {"derive": emitted}
    others = {"jax": jax_runner, "torch": torch_runner}
    makers |= {name: make for name, make in others.items() if importlib.util.find_spec(name) is not None}
    table: list[Row] = []
    totals: Counter[str] = Counter()
    for form in (*FORMS, *COMPOSITIONS, *DIFFERENCES):
        row: dict[str, str] = {}
        for name, make in makers.items():
            right_, all_ = counts(outcomes(form, make))
            for column in all_:
                row[f"{name} {column}"] = f"{right_[column]}/{all_[column]}"
            totals.update({f"{name} {column}": right_[column] for column in all_})
            totals.update({f"{name} {column} of": all_[column] for column in all_})
        table.append(Row(form.name, row))
    table.append(Row("all", {column: f"{totals[column]}/{totals[column + ' of']}" for column in table[0].cells}))
    return table


def counts(found: Iterator[Outcome]) -> tuple[Counter[str], Counter[str]]:
    """The right ones and all, by order and type."""
    good: Counter[str] = Counter()
    every: Counter[str] = Counter({f"{order} {bits}": 0 for bits in (64, 32) for order in ("value", "gradient", "H v")})
    for outcome in found:
        column = f"{('value', 'gradient', 'H v')[outcome.order]} {np.finfo(outcome.kind).bits}"
        every[column] += 1
        good[column] += outcome.fault is None
    return good, every
